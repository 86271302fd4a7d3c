//! Snapshots: what hosts have or files say, to be compared elsewhere.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::snapshot::{SNAPSHOT_FORM, Snapshot, SnapshotHost, SnapshotItem, SnapshotRequest, SnapshotSource};
use driftline_canon::{Masked, Role};
use driftline_compare::Selector;
use driftline_daemon::clock::format_ms;
use driftline_store::{HostRecord, HostStatus, Reader, StoreError};

use super::Shared;
use super::auth::Operator;
use super::compare::sides::meant;
use super::desired::refused_body;
use super::error::Problem;
use super::query::{Known, Pairs};
use crate::baseline::is_blind;
use crate::desired::PushedSource;
use crate::{desired, hex, render};

/// Items of one snapshot: some 200 MB of JSON.
const ITEMS_MAX: usize = 1_000_000;

/// Hosts that are named as not checked.
const UNCHECKED_MAX: usize = 20;

/// The role of what files say, if none is given.
const ANY_ROLE: &str = "all";

pub(super) async fn of_hosts(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<Snapshot>, Problem> {
    let selector: Option<Selector> = Known::of(pairs, &["selector"])?.parsed("selector")?;
    let selector = selector.ok_or_else(|| Problem::bad("`selector` is missing"))?;
    operator.sees_all_of(&selector)?;
    let (name, now_ms, pepper) = (selector.to_string(), http.core.clock.now_ms(), http.core.pepper.id());
    let taken = http.read(move |reader| {
        let hosts = match meant(reader, &selector)? {
            Ok(hosts) => hosts,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut snapshot = empty(name, now_ms, pepper);
        let mut items = 0;
        for host in &hosts {
            if host.status != HostStatus::Connected && snapshot.unchecked.len() < UNCHECKED_MAX {
                snapshot.unchecked.push(format!("{} ({})", host.host, render::status_word(host.status)));
            }
            snapshot.hosts.push(of_host(reader, host, &mut items)?);
            if items > ITEMS_MAX {
                let said = format!("a snapshot has at most {ITEMS_MAX} items");
                return Ok(Err(Problem::conflict(said).hint("take it role by role")));
            }
        }
        Ok(Ok(snapshot))
    });
    Ok(Json(taken.await??))
}

pub(super) async fn of_files(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<SnapshotRequest>, JsonRejection>,
) -> Result<Json<Snapshot>, Problem> {
    operator.may_deploy()?;
    let Json(request) = request.map_err(|error| refused_body(&error))?;
    let role = request.role.unwrap_or_else(|| ANY_ROLE.to_owned());
    let role = Role::new(role).map_err(|error| Problem::bad(error.to_string()))?;
    let (epoch, form) = (request.declared.fleet_key_epoch, request.declared.canonical_form);
    let (pepper, declared) = (http.core.pepper.clone(), request.declared);
    let peppered = tokio::task::spawn_blocking(move || desired::checked::sources(declared, &pepper)).await;
    let sources = peppered.map_err(|_| Problem::stopping())??;
    let host = SnapshotHost {
        host: "files".to_owned(),
        role: role.to_string(),
        fleet_key_epoch: epoch,
        canonical_form: form,
        sources: sources.into_iter().map(of_source).collect(),
    };
    let snapshot = empty(request.name, http.core.clock.now_ms(), http.core.pepper.id());
    Ok(Json(Snapshot { declared: true, hosts: vec![host], ..snapshot }))
}

fn empty(name: String, now_ms: i64, pepper: String) -> Snapshot {
    Snapshot {
        schema_version: SCHEMA_VERSION,
        driftline_snapshot: SNAPSHOT_FORM,
        name,
        made_at: format_ms(now_ms),
        pepper,
        declared: false,
        hosts: Vec::new(),
        unchecked: Vec::new(),
    }
}

fn of_host(reader: &Reader, host: &HostRecord, items: &mut usize) -> Result<SnapshotHost, StoreError> {
    let mut sources = Vec::new();
    for source in reader.sources(&host.host)?.into_iter().filter(|source| !source.retired) {
        let own = reader.items(&host.host, &source.source)?;
        *items += own.len();
        let item = |item: driftline_store::ItemRecord| {
            shown(item.key.to_string(), &item.digest.0, item.secret, item.display.as_ref())
        };
        sources.push(SnapshotSource {
            source: source.source.to_string(),
            kind: source.kind.to_string(),
            unreadable: is_blind(&source),
            items: own.into_iter().map(item).collect(),
        });
    }
    Ok(SnapshotHost {
        host: host.host.to_string(),
        role: host.role.to_string(),
        fleet_key_epoch: host.fleet_key_epoch,
        canonical_form: host.canonical_form,
        sources,
    })
}

fn of_source(source: PushedSource) -> SnapshotSource {
    let items = source.items.iter();
    let items = items.map(|item| shown(item.key.to_string(), &item.digest, item.secret, item.display.as_ref()));
    SnapshotSource {
        source: source.source.to_string(),
        kind: source.kind.to_string(),
        unreadable: false,
        items: items.collect(),
    }
}

fn shown(key: String, digest: &[u8; 32], secret: bool, display: Option<&Masked>) -> SnapshotItem {
    SnapshotItem { key, digest: hex::encode(digest), secret, display: display.map(|text| text.as_str().to_owned()) }
}
