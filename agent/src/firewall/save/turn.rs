//! When a backend is looked at, and what was seen of it last.
//!
//! Pure: the time comes in, and it runs nothing.

use std::time::{Duration, Instant};

use driftline_canon::{Problem, Root};

use super::super::Backend;
use super::super::desk::Commit;
use super::super::netlink::is_newer;
use crate::observe::MadeBy;

/// The longest pause between two tries of what fails.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// After a look, polling rests this many times as long as the look took: it
/// costs four hundredths of a core at most, however long the rules are.
const POLL_REST: u32 = 25;

/// The same for hints: a storm of them costs a fifth of a core at most.
const HINT_REST: u32 = 4;

/// The longest rest of that kind.
const REST_MAX: Duration = Duration::from_secs(30);

/// Why it is looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The time has come: whatever is new happened since the last look.
    Time,
    /// Something hinted at it at that time; by whom, if the kernel said so.
    Hint(i64, Option<MadeBy>),
}

/// How a look went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// The backend is not loaded, or holds nothing.
    Absent,
    /// It was read.
    There,
    /// It could not be read.
    Failed,
}

/// What was handed on last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    Absent(Option<Problem>),
    Whole(Root, Vec<Problem>),
    Failed(Problem),
}

/// Transactions of nftables that led to a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Calls {
    count: u64,
    /// When the first and the last of them were heard of.
    first_ms: i64,
    last_ms: i64,
    /// The generation that the last of them made.
    generation: u32,
}

/// States that were there and not seen: of so many transactions, from when to
/// when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) transactions: u64,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Calls {
    /// Whether what was seen is what one transaction has made, the generation
    /// having been asked for after it was read.
    pub(super) fn is_one(self, generation: Option<u32>) -> bool {
        self.count == 1 && generation == Some(self.generation)
    }
}

/// One backend.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) backend: Backend,
    /// What stands for what its program printed last.
    pub(super) print: Option<[u8; 32]>,
    pub(super) told: Told,
    /// When it was seen last; at first, when the agent last ran.
    pub(super) seen_ms: Option<i64>,
    /// Whether it was seen in this run, be it absent.
    pub(super) was_seen: bool,
    calls: Calls,
    /// What was seen last may be of a generation up to this one; and when the
    /// transaction was heard of that led to that look.
    read: Option<(u32, i64)>,
    due: Option<(Instant, Why)>,
    rest_until: Option<Instant>,
    /// A hint that led to nothing new: the next ones wait so long.
    deaf_until: Option<Instant>,
    failures: u32,
    /// Somebody tells of each of its changes.
    told_of: bool,
}

impl Turn {
    /// Due at once.
    pub(super) fn new(backend: Backend, now: Instant, last_alive_ms: Option<i64>) -> Self {
        Self {
            backend,
            print: None,
            told: Told::Nothing,
            seen_ms: last_alive_ms,
            was_seen: false,
            calls: Calls::default(),
            read: None,
            due: Some((now, Why::Time)),
            rest_until: None,
            deaf_until: None,
            failures: 0,
            told_of: false,
        }
    }

    /// From now on somebody tells of each of its changes, or nobody does. What
    /// changed just before may have been told to nobody.
    pub(super) fn is_told(&mut self, live: bool, now: Instant) {
        if std::mem::replace(&mut self.told_of, live) != live {
            self.call(now, Why::Time);
        }
    }

    /// When it is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.as_ref().map(|(at, _)| *at)
    }

    /// Makes it due as soon as it has rested. Of two hints nobody can tell
    /// whose change is seen, and a hint says more than that the time has come.
    pub(super) fn call(&mut self, now: Instant, why: Why) {
        let deaf_until = self.deaf_until.filter(|_| why != Why::Time);
        let at = self.rest_until.into_iter().chain(deaf_until).fold(now, Instant::max);
        self.due = Some(match (self.due.take(), why) {
            (None, why) => (at, why),
            (Some((earlier, known)), Why::Time) => (earlier.min(at), known),
            (Some((earlier, Why::Time)), hint) => (earlier.min(at), hint),
            (Some((earlier, Why::Hint(ms, _))), Why::Hint(..)) => (earlier.min(at), Why::Hint(ms, None)),
        });
    }

    /// So many transactions have touched it, the last of them this one; none:
    /// nobody knows what happened.
    pub(super) fn committed(&mut self, now: Instant, count: u64, last: Option<&Commit>) {
        let why = match last {
            _ if count == 0 => return,
            None => Why::Time,
            Some(last) => {
                let first_ms = if self.calls.count == 0 { last.observed_ms } else { self.calls.first_ms };
                let count = self.calls.count.saturating_add(count);
                self.calls = Calls { count, first_ms, last_ms: last.observed_ms, generation: last.generation };
                Why::Hint(last.observed_ms, last.made_by.clone().filter(|_| count == 1))
            }
        };
        self.call(now, why);
    }

    /// The transactions that lead to the look that begins now.
    pub(super) fn take_calls(&mut self) -> Calls {
        std::mem::take(&mut self.calls)
    }

    /// After a look that these led to: which states it has not seen. A look that
    /// shows nothing new saw what the one before it has seen already, together
    /// with what led to that.
    pub(super) fn missed(&mut self, calls: Calls, generation: Option<u32>, is_new: bool) -> Option<Missed> {
        let before = self.read;
        if let Some(generation) = generation {
            let heard_ms = if calls.count > 0 { calls.last_ms } else { before.map_or(0, |(_, heard_ms)| heard_ms) };
            self.read = Some((generation, heard_ms));
        }
        let Calls { count, first_ms, last_ms, .. } = calls;
        match before {
            _ if !self.was_seen || count == 0 => None,
            _ if count > 1 => Some(Missed { transactions: count, from_ms: first_ms, to_ms: last_ms }),
            Some((read, heard_ms)) if !is_new && heard_ms > 0 && !is_newer(calls.generation, read) => {
                Some(Missed { transactions: 2, from_ms: heard_ms, to_ms: last_ms })
            }
            _ => None,
        }
    }

    /// Takes the reason, if it is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Why> {
        self.due.take_if(|(at, _)| *at <= now).map(|(_, why)| why)
    }

    /// A hint of another program's run led to nothing new: it only looked.
    pub(super) fn was_idle(&mut self, now: Instant, poll: Duration) {
        self.deaf_until = Some(now + poll);
    }

    /// After a look that took so long: when the next one is due.
    pub(super) fn rest(&mut self, went: Went, now: Instant, took: Duration, poll: Duration) {
        let rest = |times| took.saturating_mul(times).min(REST_MAX);
        self.rest_until = Some(now + rest(HINT_REST));
        self.failures = if went == Went::Failed { self.failures.saturating_add(1) } else { 0 };
        let pause = match went {
            Went::Failed => {
                let factor = 1 << self.failures.saturating_sub(1).min(6);
                Some(poll.saturating_mul(factor).min(RETRY_MAX.max(poll)))
            }
            // It is quiet about its changes.
            Went::There if is_quiet(self.backend) && !self.told_of => Some(poll.max(rest(POLL_REST))),
            Went::There | Went::Absent => None,
        };
        if let Some(pause) = pause {
            self.call(now + pause, Why::Time);
        }
    }

    /// Whether it is neither polled nor tried again by itself.
    pub(super) fn is_at_rest(&self) -> bool {
        self.due.is_none()
    }
}

/// Whether the kernel tells nobody when it changes, but audit where that is on.
pub(super) fn is_quiet(backend: Backend) -> bool {
    is_legacy(backend) || backend == Backend::Ipset
}

/// Whether it is of the tables that audit knows.
pub(super) fn is_legacy(backend: Backend) -> bool {
    matches!(backend, Backend::IptablesLegacy | Backend::Ip6tablesLegacy)
}

#[cfg(test)]
mod tests;
