//! What of old entries is still needed: the change that gave a setting the
//! value it has now, the change that began a drift which is there, and what
//! became known of these later.
//!
//! So `explain` answers for whatever is there, however long ago it came. It
//! removes nothing.

use std::collections::BTreeSet;

use driftline_canon::ItemKey;
use driftline_compare::drift::Drift;
use driftline_store::{Amendment, Change, Entry, EntryBody, EntryFilter, EntryQuery, Reader, StoreError};

/// Changes of a key before an amendment that are looked through for the one that
/// is amended: it is nearly always the last.
const LOOKED_AT_MAX: usize = 3;

/// The changes that began a drift which is there.
pub(super) fn openers(reader: &Reader) -> Result<BTreeSet<u64>, StoreError> {
    let there = reader.documents::<Drift>("")?.into_iter().filter(|drift| drift.state.is_there());
    Ok(there.filter_map(|drift| drift.opener.map(|opener| opener.entry)).collect())
}

/// Those of the entries `from..first` that are needed when the history begins
/// at `first`.
pub(super) fn among(
    reader: &Reader,
    (from, first): (u64, u64),
    openers: &BTreeSet<u64>,
) -> Result<Vec<u64>, StoreError> {
    let mut kept = BTreeSet::new();
    for entry in reader.oldest(from, first.saturating_sub(1))? {
        // What came before is needed or gone already.
        let is_kept = |id: u64| id < from || kept.contains(&id);
        if is_needed(reader, &entry, openers, is_kept)? {
            kept.insert(entry.id);
        }
    }
    Ok(kept.into_iter().collect())
}

/// Of some entries kept beside the chain, with ids above `after`: the last, and
/// those that are needed no more. None when there are no further ones.
pub(super) fn no_more(
    reader: &Reader,
    after: u64,
    openers: &BTreeSet<u64>,
) -> Result<Option<(u64, Vec<u64>)>, StoreError> {
    let Some(anchor) = reader.anchor()? else { return Ok(None) };
    if anchor.first <= after.saturating_add(1) {
        return Ok(None);
    }
    let entries = reader.oldest(after + 1, anchor.first - 1)?;
    let Some(last) = entries.last().map(|entry| entry.id) else { return Ok(None) };
    let mut gone = BTreeSet::new();
    for entry in entries {
        if !is_needed(reader, &entry, openers, |id| id < anchor.first && !gone.contains(&id))? {
            gone.insert(entry.id);
        }
    }
    Ok(Some((last, gone.into_iter().collect())))
}

fn is_needed(
    reader: &Reader,
    entry: &Entry,
    openers: &BTreeSet<u64>,
    is_kept: impl Fn(u64) -> bool,
) -> Result<bool, StoreError> {
    match &entry.body {
        EntryBody::Change(change) => Ok(openers.contains(&entry.id) || made_what_is_there(reader, change)?),
        EntryBody::Rejudgement(one) => Ok(is_kept(one.later.change) && reader.entry(one.later.change)?.is_some()),
        EntryBody::Amendment(amendment) => {
            for key in &amendment.keys {
                if amended(reader, (entry.id, amendment), key)?.into_iter().any(&is_kept) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        EntryBody::Event(_) => Ok(false),
    }
}

/// Whether a change gave its item the value that it has now: by its time, as a
/// new fleet key makes another digest of the same value.
fn made_what_is_there(reader: &Reader, change: &Change) -> Result<bool, StoreError> {
    if change.after.is_none() {
        return Ok(false);
    }
    let item = reader.item(&change.host, &change.source, &change.key)?;
    Ok(item.is_some_and(|item| item.since_ms == change.observed_ms))
}

/// The latest changes of a key that belong to the record which is amended.
fn amended(reader: &Reader, (id, amendment): (u64, &Amendment), key: &ItemKey) -> Result<Vec<u64>, StoreError> {
    let page = reader.entries(&EntryQuery {
        host: Some(amendment.host.clone()),
        source: Some(amendment.source.clone()),
        key: Some(key.clone()),
        kept_too: true,
        before_id: Some(id),
        filter: EntryFilter::Changes,
        limit: LOOKED_AT_MAX,
        newest_first: true,
        ..EntryQuery::default()
    })?;
    let is_of = |entry: &&Entry| match &entry.body {
        EntryBody::Change(change) => {
            (change.agent_seq, &change.agent_epoch) == (amendment.agent_seq, &amendment.agent_epoch)
        }
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => false,
    };
    Ok(page.entries.iter().filter(is_of).map(|entry| entry.id).collect())
}
