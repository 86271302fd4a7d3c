//! What goes into one transaction, and how it is put there.
//!
//! It can be applied again when a transaction failed: it keeps what it took
//! until it is told that all of it is durable.

use driftline_canon::{KeyEpoch, SourceName};
use tokio::sync::oneshot;

use super::amend::{self, Recent};
use crate::diff;
use crate::journal::entry::{Body, Entry, Gap, Snapshot, SnapshotReason, SourceRef, SourceState};
use crate::journal::recovery::new_epoch;
use crate::journal::store::{Changes, StoreError};
use crate::journal::{Amend, Input, Mark, NameHash};
use crate::observe::part::WholeWanted;
use crate::observe::{Observed, Sight};

/// Items of one transaction. At some 200 bytes an item this bounds the memory
/// that a burst takes; a single larger source still fits alone.
const ITEMS_MAX: usize = 20_000;

/// Sources of one transaction: the point from which more no longer makes an
/// fsync cheaper per source.
const SOURCES_MAX: usize = 256;

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    works: Vec<Work>,
    items: usize,
    sources: usize,
    /// Sources that the collector wants whole.
    pub(super) resync: Vec<SourceName>,
    /// Why a new epoch is to begin.
    pub(super) begin_epoch: Option<String>,
    /// What was missed while nothing could be written.
    pub(super) gap: Option<Entry>,
    /// Trim, note that the agent is alive, fold.
    pub(super) housekeeping: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

#[derive(Debug)]
enum Work {
    Observed(Box<Observed>),
    Amend(Box<Amend>),
    Gap(Gap),
    Retain(std::collections::HashSet<NameHash>),
}

impl Batch {
    pub(super) fn take(&mut self, input: Input) {
        match input {
            Input::Observed(all) => {
                for observed in all {
                    self.sources += 1;
                    self.items += items(&observed);
                    self.works.push(Work::Observed(Box::new(observed)));
                }
            }
            Input::Mark(Mark::Gap(gap)) => self.works.push(Work::Gap(gap)),
            Input::Mark(Mark::Retain(names)) => self.works.push(Work::Retain(names)),
            Input::Amend(amend) => self.works.push(Work::Amend(amend)),
            Input::Mark(Mark::Durable(tell)) => self.waiting.push(tell),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.items >= ITEMS_MAX || self.sources >= SOURCES_MAX
    }

    /// Whether somebody waits for its being durable.
    pub(super) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.works.is_empty() && self.resync.is_empty() && self.begin_epoch.is_none() && self.gap.is_none()
    }

    pub(super) fn observed(&self) -> impl Iterator<Item = &Observed> {
        self.works.iter().filter_map(|work| match work {
            Work::Observed(observed) => Some(&**observed),
            Work::Amend(_) | Work::Gap(_) | Work::Retain(_) => None,
        })
    }

    /// Says that all of it is durable.
    pub(super) fn tell(self) {
        // Whoever asked may have stopped listening.
        self.waiting.into_iter().for_each(|tell| _ = tell.send(()));
    }

    /// Puts everything into a transaction; false when there was nothing.
    pub(super) fn apply(
        &self,
        changes: &mut Changes<'_>,
        recent: &mut Recent,
        key_epoch: KeyEpoch,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut worth = false;
        if let Some(reason) = &self.begin_epoch {
            // What the collector lost may be as old as the epoch that ends.
            let begun_ms = changes.meta.epoch_ms;
            amend::merge(changes)?;
            amend::remove(changes)?;
            changes.begin_epoch(new_epoch(), now_ms)?;
            changes.append(&gap(begun_ms, now_ms, reason.clone()))?;
            worth = true;
        }
        if let Some(gap) = &self.gap {
            changes.append(gap)?;
            worth = true;
        }
        let begun = changes.meta.next_seq;
        for work in &self.works {
            worth |= match work {
                Work::Observed(observed) => observe(changes, recent, observed, key_epoch)?,
                Work::Amend(one) => amend::amend(changes, recent, one, begun, now_ms)?,
                Work::Gap(found) => {
                    changes.append(&gap(found.from_ms, found.to_ms, found.reason.clone()))?;
                    true
                }
                Work::Retain(names) => retire(changes, names, now_ms)?,
            };
        }
        for name in &self.resync {
            worth |= resync(changes, name, now_ms)?;
        }
        Ok(worth)
    }
}

fn items(observed: &Observed) -> usize {
    match &observed.sight {
        Sight::Whole { observation, .. } => observation.items().len(),
        Sight::Unreadable { metadata } => metadata.len(),
        Sight::Part { delta, .. } => delta.changes.len(),
    }
}

fn gap(from_ms: i64, to_ms: i64, reason: String) -> Entry {
    let body = Body::Gap(Gap { from_ms: from_ms.min(to_ms), to_ms, reason });
    Entry::new(None, to_ms, None, body)
}

fn observe(
    changes: &mut Changes<'_>,
    recent: &mut Recent,
    observed: &Observed,
    key_epoch: KeyEpoch,
) -> Result<bool, StoreError> {
    let Sight::Part { delta, whole } = &observed.sight else {
        let known = changes.source(&observed.name)?;
        let decision = diff::decide(known.as_ref(), observed, key_epoch);
        drop(known);
        append(changes, recent, observed, &decision.entries)?;
        return match decision.state {
            Some(state) => changes.put_source(&observed.name, state).map(|()| true),
            None => Ok(false),
        };
    };
    let known = changes.source_without_items(&observed.name)?;
    let decision = diff::decide(known.as_ref(), observed, key_epoch);
    let follows = match decision.state {
        _ if decision.refused => false,
        Some(state) => changes.change_source(&observed.name, state, &delta.changes)?,
        None => return Ok(false),
    };
    if follows {
        return append(changes, recent, observed, &decision.entries).map(|()| true);
    }
    refuse(changes, known, observed, whole)
}

/// Appends what follows from an observation, and remembers which record an
/// amendment of it would be about.
fn append(
    changes: &mut Changes<'_>,
    recent: &mut Recent,
    observed: &Observed,
    entries: &[Entry],
) -> Result<(), StoreError> {
    for entry in entries {
        let seq = changes.append(entry)?;
        if let (Some(number), Body::Delta(_)) = (observed.clue.number, &entry.body) {
            recent.note(changes.meta.epoch, number, seq);
        }
    }
    Ok(())
}

/// The observer hands on all of it next, as one change: what came in between
/// is not told apart. One gap says so, however many parts are on their way.
fn refuse(
    changes: &mut Changes<'_>,
    known: Option<SourceState>,
    observed: &Observed,
    whole: &WholeWanted,
) -> Result<bool, StoreError> {
    let first = whole.ask();
    tracing::warn!(source = %observed.name, "a change does not follow from what is stored, all is looked at anew");
    let Some(known) = known.filter(|_| first) else {
        return Ok(false);
    };
    let reason = "a change did not follow from what was stored: all is looked at anew";
    let source = SourceRef { name: observed.name.clone(), kind: known.head.kind, path: known.head.path };
    let gap = gap(known.observed_ms, observed.observed_ms, reason.to_owned());
    changes.append(&Entry { source: Some(source), ..gap })?;
    Ok(true)
}

fn retire(
    changes: &mut Changes<'_>,
    kept: &std::collections::HashSet<NameHash>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let mut worth = false;
    for name in changes.source_names(|name| !kept.contains(&NameHash::of(name)))? {
        let Ok(source_name) = SourceName::new(name.as_str()) else {
            continue;
        };
        if let Some(state) = changes.source_without_items(&source_name)? {
            let source = SourceRef { name: source_name, kind: state.head.kind, path: state.head.path };
            let body = Body::Retired(state.head.root);
            changes.append(&Entry::new(Some(source), now_ms, None, body))?;
        }
        changes.remove_source(&name)?;
        worth = true;
    }
    Ok(worth)
}

fn resync(changes: &mut Changes<'_>, name: &SourceName, now_ms: i64) -> Result<bool, StoreError> {
    let Some(state) = changes.source(name)? else {
        // Retired meanwhile: the record that says so is on its way.
        return Ok(false);
    };
    let root = state.head.root;
    let snapshot =
        Snapshot { reason: SnapshotReason::Resync, before: root, root, items: state.observation.into_items() };
    let source = SourceRef { name: name.clone(), kind: state.head.kind, path: state.head.path };
    let entry = |body| Entry::new(Some(source.clone()), now_ms, None, body);
    changes.append(&entry(Body::Snapshot(snapshot)))?;
    changes.append(&entry(Body::Problems(state.problems)))?;
    Ok(true)
}
