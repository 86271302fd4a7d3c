//! A delta: each of its changes is a change of the history.
//!
//! It fits if the root before it and each digest before it are the stored ones.
//! If not, its facts are recorded all the same, marked, and the whole source is
//! asked for.

use driftline_canon::{Actor, Delta, ItemChange, ItemKey, Meaning};
use driftline_compare::Mark;
use driftline_store::{Beside, EntryBody, EventKind, ItemRecord, Side, SourceRecord, StoreError, StoredDigest};
use driftline_wire::SourceRef;

use super::{Applied, At, ROOT_UNKNOWN, count, new_source};
use crate::record::Draft;
use crate::{classify, event};

pub(super) fn apply(
    draft: &mut Draft<'_>,
    at: &At<'_>,
    named: SourceRef,
    stored: Option<SourceRecord>,
    told: Told,
) -> Result<Applied, StoreError> {
    let Told { delta, actor, meanings } = told;
    let known = stored.as_ref().map_or_else(|| at.context.pepper.root(&driftline_canon::Root::empty()), |s| s.root);
    // Before the items are taken out: it reads them too.
    let has_secrets = has_secrets(draft, at, &named, &delta)?;
    let keys = delta.changes.iter().map(|change| &change.key);
    let stored_items = draft.take_items(&at.host.host, &named.name, keys)?;
    let told = |change: &ItemChange| change.before.map(|digest| at.pepper(&digest));
    let before: Vec<Before> = delta.changes.iter().map(told).zip(stored_items).map(Before::of).collect();
    let fits = known == at.context.pepper.root(&delta.before) && before.iter().all(Before::agrees);
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
    carry_out(draft, at, &source, Parts { delta, before, actor, meanings, has_secrets, fits }, &mut entries);
    draft.append_judged(at.host, entries);
    let name = source.source.clone();
    draft.put_source(source);
    Ok(if fits || asked_already {
        Applied::Done
    } else {
        Applied::SendAll { source: name, reason: "a delta does not follow from the stored state".to_owned() }
    })
}

/// A delta, and what its record says beside it.
pub(super) struct Told {
    pub(super) delta: Delta,
    /// Who did it.
    pub(super) actor: Option<Box<Actor>>,
    /// What its changes mean, sorted by key.
    pub(super) meanings: Vec<(ItemKey, Meaning)>,
}

/// One change's side before: what the agent says of it, and what is stored.
struct Before {
    told: Option<StoredDigest>,
    stored: Option<ItemRecord>,
}

impl Before {
    fn of((told, stored): (Option<StoredDigest>, Option<ItemRecord>)) -> Self {
        Self { told, stored }
    }

    fn agrees(&self) -> bool {
        self.told == self.stored.as_ref().map(|item| item.digest)
    }

    /// As stored if that is what the agent means, else only what the agent
    /// says.
    fn side(self) -> Option<Side> {
        let digest = self.told?;
        Some(match self.stored {
            Some(item) if item.digest == digest => {
                Side { digest, secret: item.secret, display: item.display, line: item.line, file: item.file }
            }
            other => {
                Side { digest, secret: other.is_some_and(|item| item.secret), display: None, line: None, file: None }
            }
        })
    }
}

struct Parts {
    delta: Delta,
    before: Vec<Before>,
    actor: Option<Box<Actor>>,
    meanings: Vec<(ItemKey, Meaning)>,
    has_secrets: bool,
    fits: bool,
}

fn carry_out(draft: &mut Draft<'_>, at: &At<'_>, source: &SourceRecord, parts: Parts, entries: &mut Vec<EntryBody>) {
    let marks: &[Mark] = if parts.fits { &[] } else { &[Mark::Resynchronised] };
    let circumstances = at.circumstances(source, parts.has_secrets, marks);
    let mut made = Vec::with_capacity(parts.delta.changes.len());
    // Both are sorted by key, and none means a key that did not change.
    let mut meanings = parts.meanings.into_iter().peekable();
    for (change, before) in parts.delta.changes.into_iter().zip(parts.before) {
        let after = change.after.map(|item| at.item(item));
        let meaning = meanings.next_if(|(key, _)| *key == change.key).map(|(_, meaning)| Box::new(meaning));
        let beside = Beside { actor: parts.actor.clone(), meaning, grounds: None };
        let side = after.as_ref().map(classify::side);
        let entry = classify::change(&circumstances, &change.key, before.side(), side, beside);
        entries.push(EntryBody::Change(entry));
        made.push((change.key, after));
    }
    draft.put_items(&at.host.host, &source.source, made);
}

fn resized(source: &SourceRecord, delta: &Delta, before: &[Before]) -> u32 {
    let both = || delta.changes.iter().zip(before);
    let gone = both().filter(|(change, before)| change.after.is_none() && before.stored.is_some());
    let come = both().filter(|(change, before)| change.after.is_some() && before.stored.is_none());
    source.items.saturating_sub(count(gone.count())).saturating_add(count(come.count()))
}

/// Only a change of the mode asks whether the file holds secrets: reading all
/// items for each small delta would cost more than the delta.
fn has_secrets(draft: &mut Draft<'_>, at: &At<'_>, named: &SourceRef, delta: &Delta) -> Result<bool, StoreError> {
    if delta.changes.iter().any(|change| change.after.as_ref().is_some_and(|item| item.secret)) {
        return Ok(true);
    }
    if !delta.changes.iter().any(|change| change.key.is_metadata()) {
        return Ok(false);
    }
    Ok(draft.items(&at.host.host, &named.name)?.values().any(|item| item.secret))
}
