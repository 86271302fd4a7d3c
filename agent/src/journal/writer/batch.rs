//! What goes into one transaction, and how it is put there.
//!
//! It can be applied again when a transaction failed: it keeps what it took
//! until it is told that all of it is durable.

use driftline_canon::{KeyEpoch, SourceName};
use tokio::sync::oneshot;

use crate::diff;
use crate::journal::entry::{Body, Entry, Gap, Snapshot, SnapshotReason, SourceRef, SourceState};
use crate::journal::recovery::new_epoch;
use crate::journal::store::{Changes, StoreError};
use crate::journal::{Input, Mark, NameHash};
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
            Input::Mark(Mark::Durable(tell)) => self.waiting.push(tell),
            // No record has room for it yet.
            Input::Amend(_) => {}
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
            Work::Gap(_) | Work::Retain(_) => None,
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
        key_epoch: KeyEpoch,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut worth = false;
        if let Some(reason) = &self.begin_epoch {
            // What the collector lost may be as old as the epoch that ends.
            let begun_ms = changes.meta.epoch_ms;
            changes.begin_epoch(new_epoch(), now_ms)?;
            changes.append(&gap(begun_ms, now_ms, reason.clone()))?;
            worth = true;
        }
        if let Some(gap) = &self.gap {
            changes.append(gap)?;
            worth = true;
        }
        for work in &self.works {
            worth |= match work {
                Work::Observed(observed) => observe(changes, observed, key_epoch)?,
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
    Entry { source: None, observed_ms: to_ms, unobserved_since_ms: None, body }
}

fn observe(changes: &mut Changes<'_>, observed: &Observed, key_epoch: KeyEpoch) -> Result<bool, StoreError> {
    let Sight::Part { delta, whole } = &observed.sight else {
        let known = changes.source(&observed.name)?;
        let decision = diff::decide(known.as_ref(), observed, key_epoch);
        drop(known);
        append(changes, &decision.entries)?;
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
        return append(changes, &decision.entries).map(|()| true);
    }
    refuse(changes, known, observed, whole)
}

fn append(changes: &mut Changes<'_>, entries: &[Entry]) -> Result<(), StoreError> {
    entries.iter().try_for_each(|entry| changes.append(entry).map(|_| ()))
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
        if let Some(state) = changes.source(&source_name)? {
            let source = SourceRef { name: source_name, kind: state.head.kind, path: state.head.path };
            let body = Body::Retired(state.head.root);
            changes.append(&Entry { source: Some(source), observed_ms: now_ms, unobserved_since_ms: None, body })?;
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
    let entry = |body| Entry { source: Some(source.clone()), observed_ms: now_ms, unobserved_since_ms: None, body };
    changes.append(&entry(Body::Snapshot(snapshot)))?;
    changes.append(&entry(Body::Problems(state.problems)))?;
    Ok(true)
}
