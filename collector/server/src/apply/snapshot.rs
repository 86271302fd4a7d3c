//! A snapshot: all of a source, held against what was stored.
//!
//! What differs is a change, unless the reason says that no value changed (a
//! new fleet key, a new canonical form, another display policy) or the source
//! is new here.

use std::collections::BTreeMap;

use driftline_canon::ItemKey;
use driftline_compare::Mark;
use driftline_store::{ANOTHER_FORM, Beside, EntryBody, EventKind, ItemRecord, SourceRecord, StoreError};
use driftline_wire::SourceRef;
use driftline_wire::convert::{Snapshot, SnapshotReason};

use super::{At, ROOT_UNKNOWN, added, count, new_source};
use crate::record::Draft;
use crate::{classify, event};

/// How to take what differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// The first state of this source.
    New,
    /// As changes, with these marks.
    Changes(&'static [Mark]),
    /// As the same values in another form.
    SameValues(&'static str),
}

pub(super) fn apply(
    draft: &mut Draft<'_>,
    at: &At<'_>,
    named: SourceRef,
    stored: Option<SourceRecord>,
    snapshot: Snapshot,
) -> Result<(), StoreError> {
    let taken = taken(at, stored.as_ref(), snapshot.reason);
    let was_lost = stored.as_ref().is_some_and(|source| source.root == ROOT_UNKNOWN);
    let was_retired = stored.as_ref().is_some_and(|source| source.retired);
    let old = draft.items(&at.host.host, &named.name)?;
    let new: BTreeMap<ItemKey, ItemRecord> = snapshot
        .observation
        .into_items()
        .into_iter()
        .map(|item| (item.key.clone(), at.item(item)))
        .map(|(key, item)| (key, since(item, &old)))
        .collect();
    let observed_before = stored.as_ref().map_or(at.observed_ms, |source| source.observed_ms);
    let mut source = stored.unwrap_or_else(|| new_source(at, named.clone()));
    source.kind = named.kind;
    source.path = named.path;
    source.root = at.context.pepper.root(&snapshot.root);
    source.items = count(new.len());
    source.retired = false;
    source.observed_ms = at.observed_ms;
    let differing = differing(&old, &new);
    let mut entries = Vec::new();
    if taken == Taken::New || was_retired {
        entries.push(added(at, &source, new.len()));
    }
    match taken {
        Taken::New => {}
        Taken::Changes(marks) => entries.extend(changes(at, &source, observed_before, marks, (&old, &new, &differing))),
        Taken::SameValues(why) if !differing.is_empty() => {
            let items = driftline_canon::count(differing.len() as u64, "item", "items");
            let message = format!("{items} of {}{ANOTHER_FORM}{why}", source.path);
            entries.push(event::of_source(at.host, &source.source, EventKind::Resynchronised, message));
        }
        Taken::SameValues(_) => {}
    }
    if was_lost {
        let message = format!("{} and the collector agree on {} again", at.host.host, source.path);
        entries.push(event::of_source(at.host, &source.source, EventKind::Resynchronised, message));
    }
    draft.append_judged(at.host, entries);
    replace(draft, at, &source, old, new);
    draft.put_source(source);
    Ok(())
}

fn taken(at: &At<'_>, stored: Option<&SourceRecord>, reason: SnapshotReason) -> Taken {
    let empty = at.context.pepper.root(&driftline_canon::Root::empty());
    if stored.is_none_or(|source| source.items == 0 && source.root == empty) {
        return Taken::New;
    }
    match reason {
        SnapshotReason::Rekey => Taken::SameValues("the fleet key was rotated"),
        SnapshotReason::Normaliser => Taken::SameValues("normaliser change, by an upgrade of the agent"),
        SnapshotReason::Policy => Taken::SameValues("what may be shown was configured anew"),
        SnapshotReason::First | SnapshotReason::Resync if at.context.incomparable => {
            Taken::SameValues("the agent's state was lost together with the old fleet key or canonical form")
        }
        SnapshotReason::First => Taken::Changes(&[Mark::Unobserved, Mark::Coalesced]),
        SnapshotReason::Resync => Taken::Changes(&[Mark::Coalesced, Mark::Resynchronised]),
    }
}

/// An item whose value did not change keeps the time since when it has it.
fn since(mut item: ItemRecord, old: &BTreeMap<ItemKey, ItemRecord>) -> ItemRecord {
    if let Some(before) = old.get(&item.key).filter(|before| before.digest == item.digest) {
        item.since_ms = before.since_ms;
    }
    item
}

type Items = BTreeMap<ItemKey, ItemRecord>;

fn differing(old: &Items, new: &Items) -> Vec<ItemKey> {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let other = new.values().filter(|item| old.get(&item.key).map(|before| before.digest) != Some(item.digest));
    let mut keys: Vec<ItemKey> = gone.cloned().chain(other.map(|item| item.key.clone())).collect();
    keys.sort();
    keys
}

fn changes(
    at: &At<'_>,
    source: &SourceRecord,
    observed_before: i64,
    marks: &[Mark],
    (old, new, differing): (&Items, &Items, &[ItemKey]),
) -> Vec<EntryBody> {
    let has_secrets = old.values().chain(new.values()).any(|item| item.secret);
    let mut circumstances = at.circumstances(source, has_secrets, marks);
    if circumstances.unobserved_since_ms.is_none() {
        // Since the later of the last change seen and the last proof that
        // nothing differed.
        circumstances.unobserved_since_ms = Some(observed_before.max(at.host.verified_ms).min(at.observed_ms));
    }
    let side = |items: &Items, key: &ItemKey| items.get(key).map(classify::side);
    // Neither is told of all of a source: who and what for belongs to one look.
    let change = |key| {
        let (before, after) = (side(old, key), side(new, key));
        EntryBody::Change(classify::change(&circumstances, key, before, after, Beside::default()))
    };
    differing.iter().map(change).collect()
}

fn replace(draft: &mut Draft<'_>, at: &At<'_>, source: &SourceRecord, old: Items, new: Items) {
    let gone: Vec<ItemKey> = old.keys().filter(|key| !new.contains_key(*key)).cloned().collect();
    let other = new.into_iter().filter(|(key, item)| old.get(key) != Some(item));
    let made = other.map(|(key, item)| (key, Some(item)));
    draft.put_items(&at.host.host, &source.source, gone.into_iter().map(|key| (key, None)).chain(made));
}
