//! A delta: each of its changes is a change of the history.
//!
//! It fits if the root before it and each digest before it are the stored ones.
//! If not, its facts are recorded all the same, marked, and the whole source is
//! asked for.

use driftline_canon::{Delta, ItemChange};
use driftline_compare::Mark;
use driftline_store::{EntryBody, EventKind, ItemRecord, Side, SourceRecord, StoreError};
use driftline_wire::SourceRef;

use super::{Applied, At, ROOT_UNKNOWN, count, new_source};
use crate::record::Draft;
use crate::{classify, event};

pub(super) fn apply(
    draft: &mut Draft<'_>,
    at: &At<'_>,
    named: SourceRef,
    stored: Option<SourceRecord>,
    delta: Delta,
) -> Result<Applied, StoreError> {
    let known = stored.as_ref().map_or_else(|| at.context.pepper.root(&driftline_canon::Root::empty()), |s| s.root);
    let mut before = Vec::with_capacity(delta.changes.len());
    for change in &delta.changes {
        before.push(draft.item(&at.host.host, &named.name, &change.key)?);
    }
    let fits = known == at.context.pepper.root(&delta.before)
        && delta.changes.iter().zip(&before).all(|(change, item)| digests_agree(at, change, item.as_ref()));
    let asked_already = known == ROOT_UNKNOWN;
    let root = if fits { at.context.pepper.root(&delta.after) } else { ROOT_UNKNOWN };
    let mut source = stored.unwrap_or_else(|| new_source(at, named.clone()));
    source.kind = named.kind;
    source.path = named.path;
    source.root = root;
    source.retired = false;
    source.observed_ms = at.observed_ms;
    source.items = resized(&source, &delta, &before);
    let mut entries = Vec::with_capacity(delta.changes.len() + 1);
    if !fits && !asked_already {
        let message = format!("what {} sent of {} does not follow from what was stored", at.host.host, source.path);
        entries.push(event::of_source(at.host, &source.source, EventKind::RootMismatch, message));
    }
    let has_secrets = has_secrets(draft, at, &source, &delta)?;
    carry_out(draft, at, &source, Parts { delta, before, has_secrets, fits }, &mut entries);
    draft.append(entries);
    let name = source.source.clone();
    draft.put_source(source);
    Ok(if fits || asked_already {
        Applied::Done
    } else {
        Applied::SendAll { source: name, reason: "a delta does not follow from the stored state".to_owned() }
    })
}

struct Parts {
    delta: Delta,
    before: Vec<Option<ItemRecord>>,
    has_secrets: bool,
    fits: bool,
}

fn carry_out(draft: &mut Draft<'_>, at: &At<'_>, source: &SourceRecord, parts: Parts, entries: &mut Vec<EntryBody>) {
    let marks: &[Mark] = if parts.fits { &[] } else { &[Mark::Resynchronised] };
    let circumstances = at.circumstances(source, parts.has_secrets, marks);
    for (change, stored) in parts.delta.changes.into_iter().zip(parts.before) {
        let before = side_before(at, &change, stored.as_ref());
        let after = change.after.map(|item| at.item(item));
        let entry = classify::change(&circumstances, &change.key, before, after.as_ref().map(classify::side));
        entries.push(EntryBody::Change(entry));
        match after {
            Some(item) => draft.put_item(&at.host.host, &source.source, item),
            None => draft.remove_item(&at.host.host, &source.source, change.key),
        }
    }
}

fn digests_agree(at: &At<'_>, change: &ItemChange, stored: Option<&ItemRecord>) -> bool {
    change.before.map(|digest| at.pepper(&digest)) == stored.map(|item| item.digest)
}

/// The side before: as stored if that is what the agent means, else only what
/// the agent says.
fn side_before(at: &At<'_>, change: &ItemChange, stored: Option<&ItemRecord>) -> Option<Side> {
    let digest = at.pepper(&change.before?);
    Some(match stored.filter(|item| item.digest == digest) {
        Some(item) => classify::side(item),
        None => Side { digest, secret: stored.is_some_and(|item| item.secret), display: None, line: None, file: None },
    })
}

fn resized(source: &SourceRecord, delta: &Delta, before: &[Option<ItemRecord>]) -> u32 {
    let gone = delta.changes.iter().zip(before).filter(|(change, item)| change.after.is_none() && item.is_some());
    let come = delta.changes.iter().zip(before).filter(|(change, item)| change.after.is_some() && item.is_none());
    source.items.saturating_sub(count(gone.count())).saturating_add(count(come.count()))
}

/// Only a change of the mode asks whether the file holds secrets: reading all
/// items for each small delta would cost more than the delta.
fn has_secrets(draft: &mut Draft<'_>, at: &At<'_>, source: &SourceRecord, delta: &Delta) -> Result<bool, StoreError> {
    if delta.changes.iter().any(|change| change.after.as_ref().is_some_and(|item| item.secret)) {
        return Ok(true);
    }
    if !delta.changes.iter().any(|change| change.key.is_metadata()) {
        return Ok(false);
    }
    Ok(draft.items(&at.host.host, &source.source)?.values().any(|item| item.secret))
}
