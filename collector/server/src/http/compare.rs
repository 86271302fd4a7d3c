//! Two sides of the fleet, held against each other.

mod places;

use axum::Json;
use axum::extract::State;
use driftline_api::SCHEMA_VERSION;
use driftline_api::compare as api;
use driftline_canon::{HostName, ItemKey, ProblemKind, SourceName};
use driftline_compare::Selector;
use driftline_compare::compare::{Comparison, Fact, Listing, Place, Side, SourceId, compare as hold};
use driftline_store::{HostRecord, HostStatus, Reader, StoreError};
use std::collections::HashMap;

use super::Shared;
use super::error::Problem;
use super::query::{Known, Pairs};
use crate::apply::ROOT_UNKNOWN;
use crate::render;

/// Hosts that a comparison names as not checked.
const UNCHECKED_MAX: usize = 20;

pub(super) async fn compare(State(http): State<Shared>, pairs: Pairs) -> Result<Json<api::Comparison>, Problem> {
    let known = Known::of(pairs, &["left", "right", "all"])?;
    let listing = match known.parsed::<bool>("all")? {
        Some(true) => Listing::Everything,
        Some(false) | None => Listing::Differences,
    };
    let side = |key: &str| -> Result<(String, Selector), Problem> {
        let text = known.text(key).ok_or_else(|| Problem::bad(format!("`{key}` is missing: a selector")))?;
        let selector = text.parse().map_err(|error| Problem::bad(format!("`{key}`: {error}")))?;
        Ok((text.to_owned(), selector))
    };
    let (left, right) = (side("left")?, side("right")?);
    let (left_name, right_name) = (left.0.clone(), right.0.clone());
    let sides = http.read(move |reader| {
        let mut unchecked = Vec::new();
        let left = filled(reader, left, &mut unchecked)?;
        let right = filled(reader, right, &mut unchecked)?;
        Ok((left, right, unchecked))
    });
    let (left, right, unchecked) = sides.await?;
    for (side, name) in [(&left, &left_name), (&right, &right_name)] {
        if side.hosts() == 0 {
            let hint = "`driftline hosts` lists hosts with environment and role";
            return Err(Problem::not_found(format!("no host matches `{name}`")).hint(hint));
        }
    }
    let compared = tokio::task::spawn_blocking(move || hold(&left, &right, listing));
    let compared = compared.await.map_err(|_| Problem::stopping())?;
    let answer = shown(&compared, left_name, right_name);
    let located = http.read(move |reader| {
        let mut places = places::Places::new(reader);
        compared.differences.into_iter().map(|one| places.difference(one)).collect::<Result<Vec<_>, _>>()
    });
    let differences = located.await?;
    Ok(Json(api::Comparison { unchecked, differences, ..answer }))
}

fn filled(
    reader: &Reader,
    (name, selector): (String, Selector),
    unchecked: &mut Vec<String>,
) -> Result<Side, StoreError> {
    let mut side = Side::new(name);
    for host in reader.hosts()? {
        if selector.matches(&host.environment, &host.role, &host.host) {
            fill(reader, &mut side, &host)?;
            if host.status != HostStatus::Connected && unchecked.len() < UNCHECKED_MAX {
                unchecked.push(format!("{} ({})", host.host, render::status_word(host.status)));
            }
        }
    }
    unchecked.dedup();
    Ok(side)
}

fn fill(reader: &Reader, side: &mut Side, host: &HostRecord) -> Result<(), StoreError> {
    side.host(&host.host, &host.role);
    let mut ids: HashMap<SourceName, SourceId> = HashMap::new();
    for source in reader.sources(&host.host)?.iter().filter(|source| !source.retired) {
        let place = Place { host: &host.host, role: &host.role, source: &source.source, kind: source.kind };
        let at = side.source(place);
        let lost = source.root == ROOT_UNKNOWN;
        if lost || source.problems.iter().any(|problem| is_blind(problem.kind)) {
            side.unreadable(at);
        }
        ids.insert(source.source.clone(), at);
    }
    let one: [HostName; 1] = [host.host.clone()];
    reader.scan_items(&one, |_, source, item| {
        let Some(&at) = ids.get(&source.source) else { return };
        let Ok(key) = ItemKey::from_canonical(item.key.to_owned()) else { return };
        side.item(at, Fact { key: &key, digest: &item.digest.0, secret: item.secret, display: item.display });
    })
}

/// What was last seen of such a source is not what is there now, whatever may
/// be shown of its state.
fn is_blind(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Unreadable | ProblemKind::NotAFile | ProblemKind::OutOfBounds)
}

fn shown(compared: &Comparison, left: String, right: String) -> api::Comparison {
    api::Comparison {
        schema_version: SCHEMA_VERSION,
        left,
        right,
        left_hosts: compared.left_hosts,
        right_hosts: compared.right_hosts,
        keys: compared.keys,
        differing: compared.differing,
        undetermined: compared.undetermined,
        percent: compared.percent(),
        unchecked: Vec::new(),
        metadata_differing: compared.metadata_differing,
        differences: Vec::new(),
    }
}
