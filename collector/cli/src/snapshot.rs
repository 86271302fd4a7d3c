//! Snapshots in files: written, recognised, and compared without a collector.
//!
//! Digests of different peppers, fleet keys or canonical forms say nothing of
//! each other: such snapshots are refused, never called different.

use std::collections::BTreeSet;
use std::path::Path;

use driftline_api::compare::Comparison;
use driftline_api::snapshot::{SNAPSHOT_FORM, Snapshot, SnapshotHost, SnapshotSource};
use driftline_canon::{HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::Selector;
use driftline_compare::compare::{Fact, Listing, Place, Side};
use driftline_compare::expect::{self, Given};
use serde::Deserialize;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view::comparison;
use crate::{hex, input};

/// The role of files of which none was said.
const ANY_ROLE: &str = "all";

/// Bytes of a snapshot: a million items.
pub const SNAPSHOT_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Sources that are named as not compared, as the collector names them.
const UNCOVERED_MAX: usize = 20;

/// What a file must have to be a snapshot of any version.
#[derive(Deserialize)]
struct Marked {
    driftline_snapshot: u32,
}

/// Reads a snapshot; none if the file is something else.
///
/// # Errors
/// [`Failure`] when the file cannot be read, or is a snapshot that this version
/// does not understand.
pub fn open(path: &Path) -> Outcome<Option<Snapshot>> {
    let bytes = input::read_limited(path, SNAPSHOT_BYTES_MAX)
        .map_err(|error| Failure::file(Exit::Inconclusive, "read", path, &error))?;
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    let Ok(Marked { driftline_snapshot: form }) = serde_json::from_slice(&bytes) else { return Ok(None) };
    if form != SNAPSHOT_FORM {
        let said = format!("{} is a snapshot of form {form}, and this version reads {SNAPSHOT_FORM}", path.display());
        return Err(Failure::new(Exit::Inconclusive, said).hint("take it again with this version"));
    }
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|error| Failure::new(Exit::Data, format!("{} is damaged: {error}", path.display())))
}

/// Reads a file that must be a snapshot.
///
/// # Errors
/// [`Failure`] when it is none.
pub fn must_open(path: &Path) -> Outcome<Snapshot> {
    open(path)?.ok_or_else(|| {
        Failure::new(Exit::Data, format!("{} is no snapshot", path.display()))
            .hint("`driftline snapshot SELECTOR --to FILE` makes one")
    })
}

/// Compares two snapshots.
///
/// # Errors
/// [`Failure`] with code 3 when their digests cannot be held against each
/// other, 65 when one is damaged.
pub fn compared(left: &Snapshot, right: &Snapshot, listing: Listing) -> Outcome<Comparison> {
    must_compare(left, right)?;
    match (is_of_any_role(left), is_of_any_role(right)) {
        (true, false) if !right.declared => return compared(&for_hosts_of(right, left), right, listing),
        (false, true) if !left.declared => return compared(left, &for_hosts_of(left, right), listing),
        _ => {}
    }
    let (left_name, right_name) = names(left, right);
    let one = side(left, &left_name, Some(right).filter(|other| other.declared && !left.declared))?;
    let other = side(right, &right_name, Some(left).filter(|other| other.declared && !right.declared))?;
    // A name of files is no selector.
    let environment = |one: &Snapshot| {
        let selector = (!one.declared).then(|| one.name.parse::<Selector>().ok()).flatten();
        selector.and_then(|selector| selector.environment)
    };
    let (left_env, right_env) = (environment(left), environment(right));
    // What needs no policy counts here too: a secret of two environments.
    let given = Given { left: left_env.as_ref(), right: right_env.as_ref(), ..Given::default() };
    let judged = expect::compare(&one, &other, listing, &given);
    let mut answer = comparison::of_judged(&judged, &left_name, &right_name);
    answer.unchecked = left.unchecked.iter().chain(&right.unchecked).cloned().collect();
    answer.unchecked.dedup();
    answer.uncovered = uncovered(left, right);
    Ok(answer)
}

/// Whether it is of files, and nobody said of which role.
fn is_of_any_role(snapshot: &Snapshot) -> bool {
    !snapshot.hosts.is_empty() && snapshot.hosts.iter().all(|host| host.role == ANY_ROLE)
}

/// What files say, as if it were declared for each host of a snapshot that has
/// the source. A source that no host has is told as unchecked.
#[must_use]
pub fn for_hosts_of(hosts: &Snapshot, files: &Snapshot) -> Snapshot {
    let mut made = Snapshot { hosts: Vec::new(), ..files.clone() };
    let declared = || files.hosts.iter().flat_map(|host| &host.sources);
    for host in &hosts.hosts {
        let has = |one: &&SnapshotSource| host.sources.iter().any(|own| own.source == one.source);
        let making = files.hosts.first().unwrap_or(host);
        made.hosts.push(SnapshotHost {
            host: host.host.clone(),
            role: host.role.clone(),
            fleet_key_epoch: making.fleet_key_epoch,
            canonical_form: making.canonical_form,
            sources: declared().filter(has).cloned().collect(),
        });
    }
    let nobody =
        |one: &&SnapshotSource| !made.hosts.iter().flat_map(|host| &host.sources).any(|had| had.source == one.source);
    let nobody: Vec<String> =
        declared().filter(nobody).map(|one| format!("{} (declared, and no host watches it)", one.source)).collect();
    made.unchecked.extend(nobody);
    made
}

/// Sources of hosts that files of the other side say nothing of.
fn uncovered(left: &Snapshot, right: &Snapshot) -> Vec<String> {
    let (files, hosts) = match (left.declared, right.declared) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return Vec::new(),
    };
    let names = |snapshot: &Snapshot| -> BTreeSet<String> {
        snapshot.hosts.iter().flat_map(|host| &host.sources).map(|source| source.source.clone()).collect()
    };
    let left_out: Vec<String> = names(hosts).difference(&names(files)).cloned().collect();
    let more = left_out.len().saturating_sub(UNCOVERED_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    left_out.into_iter().take(UNCOVERED_MAX).chain(more).collect()
}

fn must_compare(left: &Snapshot, right: &Snapshot) -> Outcome<()> {
    let refuse = |why: &str| {
        let said = format!("the snapshots of {} and {} cannot be compared: {why}", left.name, right.name);
        Failure::new(Exit::Inconclusive, said)
    };
    if left.pepper != right.pepper {
        return Err(refuse("different collectors peppered their digests").hint("take both from one collector"));
    }
    let hosts = || left.hosts.iter().chain(&right.hosts);
    let keys: BTreeSet<u32> = hosts().map(|host| host.fleet_key_epoch).collect();
    if keys.len() > 1 {
        return Err(refuse("their digests were made with different fleet keys").hint("take both after the rotation"));
    }
    let forms: BTreeSet<u32> = hosts().map(|host| host.canonical_form).collect();
    if forms.len() > 1 {
        return Err(refuse("their digests are of different canonical forms").hint("take both after the upgrade"));
    }
    Ok(())
}

/// Names that tell the sides apart.
fn names(left: &Snapshot, right: &Snapshot) -> (String, String) {
    if left.name == right.name {
        return (format!("{}@{}", left.name, left.made_at), format!("{}@{}", right.name, right.made_at));
    }
    (left.name.clone(), right.name.clone())
}

/// A side of a snapshot; of what files declare only that is held against it.
fn side(snapshot: &Snapshot, name: &str, declared: Option<&Snapshot>) -> Outcome<Side> {
    let damaged =
        |what: &str| Failure::new(Exit::Data, format!("the snapshot of {} is damaged: {what}", snapshot.name));
    let wanted: Option<BTreeSet<&str>> = declared
        .map(|other| other.hosts.iter().flat_map(|host| &host.sources).map(|source| source.source.as_str()).collect());
    let mut side = Side::new(name);
    for SnapshotHost { host, role, sources, .. } in &snapshot.hosts {
        let host = HostName::new(host.as_str()).map_err(|error| damaged(&error.to_string()))?;
        let role = Role::new(role.as_str()).map_err(|error| damaged(&error.to_string()))?;
        side.host(&host, &role);
        let is_wanted =
            |source: &&SnapshotSource| wanted.as_ref().is_none_or(|wanted| wanted.contains(source.source.as_str()));
        for source in sources.iter().filter(is_wanted) {
            let name = SourceName::new(source.source.as_str()).map_err(|error| damaged(&error.to_string()))?;
            let kind = SourceKind::from_name(&source.kind).ok_or_else(|| damaged("a kind that nobody knows"))?;
            let at = side.source(Place { host: &host, role: &role, source: &name, kind });
            if source.unreadable {
                side.unreadable(at);
            }
            for item in &source.items {
                let key = ItemKey::from_canonical(item.key.clone()).map_err(|error| damaged(&error.to_string()))?;
                if key.is_metadata() && wanted.is_some() {
                    continue;
                }
                let digest = hex::decode::<32>(&item.digest).ok_or_else(|| damaged("a digest that is none"))?;
                let display = item.display.as_deref();
                side.item(at, Fact { key: &key, digest: &digest, secret: item.secret, display });
            }
        }
    }
    Ok(side)
}

#[cfg(test)]
mod tests;
