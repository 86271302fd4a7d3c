//! Hosts as they are, or were.
//!
//! It says nothing of what nobody could see: such a source is unreadable.

mod keys;

use driftline_canon::{ItemKey, ProblemKind};
use driftline_compare::compare::{Fact, Place, SourceId};
use driftline_compare::{Made, Selector};
use driftline_daemon::clock::format_ms;
use driftline_store::{HostRecord, HostStatus, ItemRecord, Reader, StoreError};

use keys::Keys;

use super::{Covers, Filled, meant};
use crate::apply::ROOT_UNKNOWN;
use crate::http::error::Problem;
use crate::render;

pub(super) fn fill(
    reader: &Reader,
    name: &str,
    (selector, at_ms): (&Selector, Option<i64>),
    other: Option<&Covers>,
) -> Result<Result<Filled, Problem>, StoreError> {
    let hosts = match meant(reader, selector)? {
        Ok(hosts) => hosts,
        Err(problem) => return Ok(Err(problem)),
    };
    let (mut filled, mut keys) = (Filled::new(name), Keys::default());
    for host in &hosts {
        match at_ms {
            None => now(reader, (&mut filled, &mut keys), host, other)?,
            Some(at_ms) => then(reader, &mut filled, (host, at_ms), other)?,
        }
    }
    if let (Some(at_ms), 0) = (at_ms, filled.side.hosts()) {
        let said = format!("nothing is known of `{selector}` at {}", format_ms(at_ms));
        return Ok(Err(Problem::not_found(said).hint("its hosts were enrolled later")));
    }
    Ok(Ok(filled))
}

fn now(
    reader: &Reader,
    (filled, keys): (&mut Filled, &mut Keys),
    host: &HostRecord,
    other: Option<&Covers>,
) -> Result<(), StoreError> {
    let settings_only = other.is_some_and(|other| other.settings_only);
    filled.side.host(&host.host, &host.role);
    if host.status != HostStatus::Connected {
        filled.uncheck(format!("{} ({})", host.host, render::status_word(host.status)));
    }
    for source in reader.sources(&host.host)?.iter().filter(|source| !source.retired) {
        if other.is_some_and(|other| !other.holds(&host.host, &source.source)) {
            filled.uncovered.insert(source.source.clone());
            continue;
        }
        let at =
            filled.side.source(Place { host: &host.host, role: &host.role, source: &source.source, kind: source.kind });
        let lost = source.root == ROOT_UNKNOWN;
        if lost || source.problems.iter().any(|problem| is_blind(problem.kind)) {
            filled.side.unreadable(at);
        }
        filled.side.made(at, made_of(host));
        let mut known = keys.of(&source.source);
        reader.scan_items_of(&host.host, &source.source, |item| {
            let Some(key) = known.next(item.key) else { return };
            let fact = Fact { key, digest: &item.digest.0, secret: item.secret, display: item.display };
            feed(filled, at, fact, settings_only);
        })?;
    }
    Ok(())
}

fn then(
    reader: &Reader,
    filled: &mut Filled,
    (host, at_ms): (&HostRecord, i64),
    other: Option<&Covers>,
) -> Result<(), StoreError> {
    let then = reader.items_at(&host.host, at_ms)?;
    if let Some(why) = then.hidden {
        filled.side.host(&host.host, &host.role);
        filled.uncheck(format!("{} (unknown: {why})", host.host));
        return Ok(());
    }
    if then.sources.is_empty() && host.enrolled_ms > at_ms {
        return Ok(());
    }
    filled.side.host(&host.host, &host.role);
    let settings_only = other.is_some_and(|other| other.settings_only);
    for source in then.sources {
        let (name, kind) = (&source.source.source, source.source.kind);
        if other.is_some_and(|other| !other.holds(&host.host, name)) {
            filled.uncovered.insert(name.clone());
            continue;
        }
        let at = filled.side.source(Place { host: &host.host, role: &host.role, source: name, kind });
        // Behind a rotation it is hidden.
        filled.side.made(at, made_of(host));
        let first = source.unknown.first().map(|key| format!("nobody knows what `{key}` was"));
        if let Some(why) = source.hidden.or(first) {
            filled.side.unreadable(at);
            filled.uncheck(format!("{}/{name} (unknown: {why})", host.host));
        }
        source.items.iter().for_each(|item| feed(filled, at, fact(item), settings_only));
    }
    Ok(())
}

fn made_of(host: &HostRecord) -> Made {
    Made { fleet_key_epoch: host.fleet_key_epoch, canonical_form: host.canonical_form }
}

fn fact(item: &ItemRecord) -> Fact<'_> {
    let display = item.display.as_ref().map(|display| display.as_str());
    Fact { key: &item.key, digest: &item.digest.0, secret: item.secret, display }
}

/// Feeds an item, or only what its metadata says of the others.
fn feed(filled: &mut Filled, at: SourceId, fact: Fact<'_>, settings_only: bool) {
    if !(settings_only && fact.key.is_metadata()) {
        return filled.side.item(at, fact);
    }
    if fact.key.as_str() == ItemKey::STATE && matches!(fact.display, Some("unreadable" | "refused")) {
        filled.side.unreadable(at);
    }
}

/// What was last seen of such a source is not what is there now, whatever may
/// be shown of its state.
fn is_blind(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Unreadable | ProblemKind::NotAFile | ProblemKind::OutOfBounds)
}
