//! Who did what is in the journal already: finds the record, and puts the
//! answer into it or behind it.
//!
//! A record that may have been sent is not touched: the amendment is a record
//! of its own. It is put into the record only where that gets another number,
//! or was made by the same transaction.

use std::collections::BTreeMap;

use driftline_canon::Actor;

use crate::journal::Amend;
use crate::journal::entry::{Amendment, Body, BodyHead, Entry, SourceRef};
use crate::journal::store::{Changes, StoreError};
use crate::observe::ObservationNumber;

/// Observations whose record is remembered. Amendments come within seconds;
/// of a burst longer than this the later ones are the ones still asked for.
const RECENT_MAX: usize = 4096;

/// Which record tells of which observation, for the latest ones.
#[derive(Debug, Default)]
pub(super) struct Recent {
    epoch: [u8; 16],
    records: BTreeMap<ObservationNumber, u64>,
}

impl Recent {
    /// Notes the record that tells of an observation.
    pub(super) fn note(&mut self, epoch: [u8; 16], number: ObservationNumber, seq: u64) {
        self.begin(epoch);
        self.records.insert(number, seq);
        if self.records.len() > RECENT_MAX {
            self.records.pop_first();
        }
    }

    /// Numbers of another epoch stand for other records.
    fn begin(&mut self, epoch: [u8; 16]) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.records.clear();
        }
    }

    fn record(&mut self, epoch: [u8; 16], number: ObservationNumber) -> Option<u64> {
        self.begin(epoch);
        self.records.get(&number).copied()
    }
}

/// Says who it was; false when there is nothing to say. Records from `begun` on
/// are of this transaction: nobody has seen them.
pub(super) fn amend(
    changes: &mut Changes<'_>,
    recent: &mut Recent,
    amend: &Amend,
    begun: u64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    if !amend.actor.is_known() {
        return Ok(false);
    }
    let Some(seq) = recent.record(changes.meta.epoch, amend.number) else {
        tracing::debug!(source = %amend.source, "an amendment comes too late, or of no change");
        return Ok(false);
    };
    if seq >= begun && put(changes, seq, &amend.actor)? {
        return Ok(true);
    }
    let Some(state) = changes.source_without_items(&amend.source)? else {
        return Ok(false);
    };
    let source = SourceRef { name: amend.source.clone(), kind: state.head.kind, path: state.head.path };
    let body = Body::Amendment(Amendment { seq, actor: Box::new(amend.actor.clone()) });
    changes.append(&Entry::new(Some(source), now_ms, None, body))?;
    Ok(true)
}

/// Puts an actor into its record, unless that knows better; false when the
/// record is gone.
fn put(changes: &mut Changes<'_>, seq: u64, actor: &Actor) -> Result<bool, StoreError> {
    let Some(mut entry) = changes.record(seq)? else {
        return Ok(false);
    };
    let known = entry.beside.actor.as_ref().map(|actor| actor.confidence);
    if known.is_none_or(|known| known < actor.confidence) {
        entry.beside.actor = Some(Box::new(actor.clone()));
        changes.replace(seq, Some(&entry))?;
    }
    Ok(true)
}

/// Puts every amendment into the record that it amends, where that is still
/// kept. Only before records are folded: what took the place of one since then
/// is not what was amended.
pub(super) fn merge(changes: &mut Changes<'_>) -> Result<(), StoreError> {
    for seq in amendments(changes)? {
        if let Some(Entry { body: Body::Amendment(amendment), .. }) = changes.record(seq)? {
            put(changes, amendment.seq, &amendment.actor)?;
        }
    }
    Ok(())
}

/// Before records get other numbers: no amendment is left that names an old
/// one. Those of records that the collector has are lost with the numbers.
pub(super) fn remove(changes: &mut Changes<'_>) -> Result<(), StoreError> {
    amendments(changes)?.into_iter().try_for_each(|seq| changes.replace(seq, None))
}

fn amendments(changes: &Changes<'_>) -> Result<Vec<u64>, StoreError> {
    let mut found = Vec::new();
    for seq in changes.meta.first_seq..changes.meta.next_seq {
        if changes.record_head(seq)?.is_some_and(|head| matches!(head.body, BodyHead::Amendment(_))) {
            found.push(seq);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
