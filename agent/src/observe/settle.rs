//! When to look at a source: a state machine without a clock.
//!
//! A finished write is looked at at once. A file that is held open and written
//! is looked at after 250 ms of quiet, at the latest after 2 s. One source is
//! never looked at twice at the same time, so its observations stay in order.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::look::{Look, SourceId, Urgency};

/// How long a file must be left alone. Programs that write a file in pieces do
/// so within a few milliseconds; people do not notice a quarter of a second.
pub const QUIET: Duration = Duration::from_millis(250);

/// How long a file that is never left alone may go unread.
pub const LATEST: Duration = Duration::from_secs(2);

/// A look to be carried out now.
#[derive(Debug, Clone)]
pub struct Due {
    /// The look.
    pub look: Look,
    /// The file was left alone for the quiet time: an empty one is meant so.
    pub settled: bool,
}

/// What to do with what a look saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It counts.
    Keep,
    /// It does not: the file is looked at again soon.
    Discard,
}

#[derive(Debug)]
struct Pending {
    look: Look,
    first: Instant,
    settled: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Waiting(Instant),
    Ready,
    Looking { again: Option<Look>, last: bool },
}

/// Sources that are to be looked at.
#[derive(Debug, Default)]
pub struct Settle {
    pending: HashMap<SourceId, Pending>,
    timers: BTreeSet<(Instant, SourceId)>,
    ready: VecDeque<SourceId>,
}

impl Settle {
    /// Takes a wish.
    pub fn add(&mut self, look: Look, now: Instant) {
        let id = look.id;
        let Some(pending) = self.pending.get_mut(&id) else {
            let waits = look.urgency == Urgency::Settle;
            self.pending.insert(id, Pending { look, first: now, settled: false, phase: Phase::Ready });
            if waits {
                self.wait(id, now)
            } else {
                self.ready.push_back(id)
            }
            return;
        };
        if look.urgency == Urgency::IfChanged && !matches!(pending.phase, Phase::Looking { .. }) {
            return;
        }
        match &mut pending.phase {
            Phase::Looking { again: Some(again), .. } => again.merge(look),
            Phase::Looking { again, .. } => *again = Some(look),
            Phase::Ready => pending.look.merge(look),
            Phase::Waiting(_) if look.urgency == Urgency::Settle => {
                pending.look.merge(look);
                self.wait(id, now);
            }
            Phase::Waiting(at) => {
                let timer = (*at, id);
                pending.look.merge(look);
                pending.phase = Phase::Ready;
                self.timers.remove(&timer);
                self.ready.push_back(id);
            }
        }
    }

    /// The next moment at which [`Self::take`] has more.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Looks that are due, at most `max`, oldest first.
    pub fn take(&mut self, max: usize, now: Instant) -> Vec<Due> {
        while let Some(&(at, id)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            if let Some(pending) = self.pending.get_mut(&id) {
                pending.phase = Phase::Ready;
                pending.settled = true;
                self.ready.push_back(id);
            }
        }
        let mut due = Vec::new();
        while due.len() < max
            && let Some(id) = self.ready.pop_front()
        {
            if let Some(pending) = self.pending.get_mut(&id) {
                let last = now.saturating_duration_since(pending.first) >= LATEST;
                pending.phase = Phase::Looking { again: None, last };
                due.push(Due { look: pending.look.clone(), settled: pending.settled });
            }
        }
        due
    }

    /// A look was carried out; `unsettled` if the file did not hold still.
    pub fn done(&mut self, id: SourceId, unsettled: bool, now: Instant) -> Ruling {
        let Some(pending) = self.pending.get_mut(&id) else {
            return Ruling::Discard;
        };
        let Phase::Looking { again, last } = &mut pending.phase else {
            return Ruling::Discard;
        };
        let (again, last) = (again.take(), *last);
        // Written while it was read: within one tick of the file system's
        // clock the stamps would not show it.
        let written = again.as_ref().is_some_and(|look| look.urgency == Urgency::Settle);
        if (unsettled || written) && !last {
            if let Some(again) = again {
                pending.look.merge(again);
            }
            self.wait(id, now);
            return Ruling::Discard;
        }
        self.pending.remove(&id);
        if let Some(again) = again {
            self.add(again, now);
        }
        Ruling::Keep
    }

    /// Sources whose look is due or under way.
    #[must_use]
    pub fn busy(&self) -> Vec<SourceId> {
        let busy = self.pending.iter().filter(|(_, one)| !matches!(one.phase, Phase::Waiting(_)));
        busy.map(|(id, _)| *id).collect()
    }

    /// Looks that are due and not taken.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether nothing is waiting, due or under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The agent stops: what waits for quiet is due now.
    pub fn hurry(&mut self) {
        for (_, id) in std::mem::take(&mut self.timers) {
            if let Some(pending) = self.pending.get_mut(&id) {
                pending.phase = Phase::Ready;
                // No time is left: what is seen counts.
                pending.first = pending.first.checked_sub(LATEST).unwrap_or(pending.first);
                self.ready.push_back(id);
            }
        }
    }

    fn wait(&mut self, id: SourceId, now: Instant) {
        let Some(pending) = self.pending.get_mut(&id) else {
            return;
        };
        if let Phase::Waiting(at) = pending.phase {
            self.timers.remove(&(at, id));
        }
        let at = (now + QUIET).min((pending.first + LATEST).max(now));
        pending.phase = Phase::Waiting(at);
        self.timers.insert((at, id));
    }
}

#[cfg(test)]
mod tests;
