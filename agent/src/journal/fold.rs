//! Folds the records of one source into their net effect: what is left when
//! the journal is full.
//!
//! Pure. Applying the folded records gives what applying all of them gives;
//! intermediate states are lost, and the caller says so with a gap. Who did it
//! stays only where it was the same one each time, and what a key's change
//! means only where the key changed once: nobody answers for another's change.

use std::collections::BTreeMap;

use driftline_canon::{Delta, Digest, Item, ItemChange, ItemKey, Observation, Root};

use super::entry::{Beside, Body, Entry, Gap, Snapshot, SnapshotReason};

/// Records of one source, oldest first, folded: at most one that changes its
/// items, its open problems, and the gaps as one; so before, between and after
/// snapshots that stand alone.
#[must_use]
pub fn fold(run: Vec<Entry>) -> Vec<Entry> {
    let mut folding = Folding::default();
    run.into_iter().for_each(|entry| folding.take(entry));
    folding.finish()
}

/// [`fold`], one record after the other: what is held is the net effect so far.
#[derive(Default)]
pub struct Folding {
    folded: Vec<Entry>,
    net: Net,
}

impl Folding {
    /// Takes the next record.
    pub fn take(&mut self, entry: Entry) {
        if stands_alone(&entry.body) {
            self.folded.extend(std::mem::take(&mut self.net).finish());
            self.folded.push(entry);
        } else {
            self.net.take(entry);
        }
    }

    /// What is left of all of them.
    #[must_use]
    pub fn finish(mut self) -> Vec<Entry> {
        self.folded.extend(self.net.finish());
        self.folded
    }
}

/// A snapshot that says the same values in another way: the collector reports
/// no change for it, so a change that is folded into it would never be told.
fn stands_alone(body: &Body) -> bool {
    let Body::Snapshot(snapshot) = body else {
        return false;
    };
    match snapshot.reason {
        SnapshotReason::Rekey | SnapshotReason::Normaliser | SnapshotReason::Policy => true,
        SnapshotReason::First | SnapshotReason::Resync => false,
    }
}

#[derive(Default)]
struct Net {
    /// The first and the last of what changed items.
    first: Option<Entry>,
    last: Option<Entry>,
    change: Option<Change>,
    beside: Option<Beside>,
    problems: Option<Entry>,
    gap: Option<Entry>,
}

enum Change {
    Delta { before: Root, after: Root, changes: BTreeMap<ItemKey, Pair> },
    Snapshot(Snapshot),
    Retired(Root),
}

struct Pair {
    before: Option<Digest>,
    after: Option<Item>,
}

impl Net {
    fn take(&mut self, entry: Entry) {
        match &entry.body {
            Body::Problems(_) => self.problems = Some(entry),
            Body::Gap(gap) => self.take_gap(gap.clone(), entry),
            Body::Retired(_) => {
                // Its problems went with it. If it comes back, the retirement is
                // not told any more and this must be.
                let solved = Body::Problems(Vec::new());
                self.problems = Some(Entry { body: solved, beside: Beside::default(), ..entry.clone() });
                self.take_change(entry);
            }
            Body::Delta(_) | Body::Snapshot(_) => self.take_change(entry),
            // The caller has put it into the record that it amends.
            Body::Amendment(_) => {}
        }
    }

    fn take_gap(&mut self, gap: Gap, entry: Entry) {
        match &mut self.gap {
            None => self.gap = Some(entry),
            Some(Entry { body: Body::Gap(kept), .. }) => {
                kept.from_ms = kept.from_ms.min(gap.from_ms);
                kept.to_ms = kept.to_ms.max(gap.to_ms);
            }
            Some(_) => {}
        }
    }

    fn take_change(&mut self, mut entry: Entry) {
        let body = std::mem::replace(&mut entry.body, Body::Problems(Vec::new()));
        let next = std::mem::take(&mut entry.beside);
        self.beside = Some(match self.beside.take() {
            Some(kept) => both(kept, next, self.change.as_ref(), &body),
            None => next,
        });
        self.change = Some(merge(self.change.take(), body));
        if self.first.is_none() {
            self.first = Some(entry.clone());
        }
        self.last = Some(entry);
    }

    fn finish(self) -> Vec<Entry> {
        let mut folded = Vec::new();
        // Problems of a source that is gone would be those of nobody.
        let problems = self.problems.filter(|_| !matches!(self.change, Some(Change::Retired(_))));
        let body = self.change.and_then(body_of);
        if let (Some(first), Some(mut last), Some(body)) = (self.first, self.last, body) {
            // Seen last, and since the first of them: the operator is told the
            // stretch of time and not a moment that is made up.
            let since = first.unobserved_since_ms.unwrap_or(first.observed_ms);
            last.unobserved_since_ms = (since < last.observed_ms).then_some(since).or(last.unobserved_since_ms);
            last.beside = match &body {
                Body::Delta(delta) => of_delta(self.beside.unwrap_or_default(), delta),
                _ => Beside { meanings: Vec::new(), ..self.beside.unwrap_or_default() },
            };
            last.body = body;
            folded.push(last);
        }
        folded.extend(problems);
        folded.extend(self.gap);
        folded
    }
}

/// What holds beside two changes together.
fn both(kept: Beside, next: Beside, before: Option<&Change>, body: &Body) -> Beside {
    let actor = kept.actor.filter(|actor| next.actor.as_ref() == Some(actor));
    let (Some(Change::Delta { changes, .. }), Body::Delta(delta)) = (before, body) else {
        return Beside { actor, meanings: Vec::new() };
    };
    let again = |key: &ItemKey| delta.changes.binary_search_by(|change| change.key.cmp(key)).is_ok();
    let mut meanings: Vec<_> = kept.meanings.into_iter().filter(|(key, _)| !again(key)).collect();
    meanings.extend(next.meanings.into_iter().filter(|(key, _)| !changes.contains_key(key)));
    meanings.sort_by(|a, b| a.0.cmp(&b.0));
    Beside { actor, meanings }
}

/// Without what keys mean that did not change in the end.
fn of_delta(mut beside: Beside, delta: &Delta) -> Beside {
    beside.meanings.retain(|(key, _)| delta.changes.binary_search_by(|change| change.key.cmp(key)).is_ok());
    beside
}

fn merge(kept: Option<Change>, next: Body) -> Change {
    match (kept, next) {
        (None, Body::Delta(delta)) => {
            let changes = delta.changes.into_iter().map(pair).collect();
            Change::Delta { before: delta.before, after: delta.after, changes }
        }
        (Some(Change::Delta { before, mut changes, .. }), Body::Delta(delta)) => {
            for change in delta.changes {
                let (key, next) = pair(change);
                match changes.get_mut(&key) {
                    Some(pair) => pair.after = next.after,
                    None => _ = changes.insert(key, next),
                }
            }
            Change::Delta { before, after: delta.after, changes }
        }
        (Some(Change::Snapshot(kept)), Body::Delta(delta)) => Change::Snapshot(advance(kept, delta)),
        (Some(Change::Retired(before)), Body::Delta(delta)) => {
            let items = delta.changes.into_iter().filter_map(|change| change.after).collect();
            Change::Snapshot(Snapshot { reason: SnapshotReason::Resync, before, root: delta.after, items })
        }
        (kept, Body::Snapshot(mut next)) => {
            next.before = before_of(kept.as_ref()).unwrap_or(next.before);
            if let Some(Change::Snapshot(kept)) = kept {
                next.reason = kept.reason;
            }
            Change::Snapshot(next)
        }
        (kept, Body::Retired(before)) => Change::Retired(before_of(kept.as_ref()).unwrap_or(before)),
        // The caller sorts these out.
        (Some(kept), Body::Gap(_) | Body::Problems(_) | Body::Amendment(_)) => kept,
        (None, Body::Gap(_) | Body::Problems(_) | Body::Amendment(_)) => Change::Retired(Root::empty()),
    }
}

fn pair(change: ItemChange) -> (ItemKey, Pair) {
    (change.key, Pair { before: change.before, after: change.after })
}

fn before_of(change: Option<&Change>) -> Option<Root> {
    change.map(|change| match change {
        Change::Delta { before, .. } | Change::Retired(before) => *before,
        Change::Snapshot(snapshot) => snapshot.before,
    })
}

fn advance(kept: Snapshot, delta: Delta) -> Snapshot {
    let touched = |key: &ItemKey| delta.changes.binary_search_by(|change| change.key.cmp(key)).is_ok();
    let mut items: Vec<Item> = kept.items.into_iter().filter(|item| !touched(&item.key)).collect();
    items.extend(delta.changes.into_iter().filter_map(|change| change.after));
    Snapshot { items: Observation::new(items).into_items(), root: delta.after, ..kept }
}

fn body_of(change: Change) -> Option<Body> {
    match change {
        Change::Delta { before, after, .. } if before == after => None,
        Change::Delta { before, after, changes } => {
            let differs = |pair: &Pair| pair.before != pair.after.as_ref().map(|item| item.digest);
            let changes = changes.into_iter().filter(|(_, pair)| differs(pair));
            let changes = changes.map(|(key, pair)| ItemChange { key, before: pair.before, after: pair.after });
            Some(Body::Delta(Delta { before, after, changes: changes.collect() }))
        }
        Change::Snapshot(snapshot) => Some(Body::Snapshot(snapshot)),
        Change::Retired(before) => Some(Body::Retired(before)),
    }
}

/// The gap that says what folding lost.
#[must_use]
pub fn folded_gap(from_ms: i64, to_ms: i64, records: u64) -> Entry {
    let records = driftline_canon::count(records, "record", "records");
    let reason = format!("the journal was full: {records} folded into their net effect");
    Entry::new(None, to_ms, None, Body::Gap(Gap { from_ms, to_ms, reason }))
}

#[cfg(test)]
mod tests;
