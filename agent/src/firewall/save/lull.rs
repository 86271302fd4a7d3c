//! When sets of ipset may be listed without standing in anybody's way: the
//! kernel refuses to swap, rename or destroy a set while somebody lists it, so
//! that a script of an administrator would fail.
//!
//! Pure. It waits for a lull between the runs of others, and never without end.

use std::time::{Duration, Instant};

/// How long after the last run of `ipset` its script is over: the runs of one
/// follow each other within milliseconds.
pub(super) const QUIET: Duration = Duration::from_millis(50);

/// How long a lull is waited for at the latest: somebody may add addresses all
/// day.
pub(super) const QUIET_MAX: Duration = Duration::from_millis(500);

/// How long an `ipset` may be running: a million elements are restored within
/// two seconds, and one that takes commands from a terminal stays for hours.
pub(super) const RUN_MAX: Duration = Duration::from_secs(2);

/// How often a listing gives way to somebody who begins meanwhile, before one
/// is finished whatever happens: two seconds of runs without a lull, or eight
/// of runs that overlap.
const GIVES_WAY_MAX: u32 = 4;

/// What others do with sets.
#[derive(Debug, Default)]
pub(super) struct Lull {
    /// When it was heard of them first, after the last lull.
    first: Option<Instant>,
    /// Until when is to be waited.
    until: Option<Instant>,
    given_way: u32,
}

impl Lull {
    /// Somebody begins to work on sets.
    pub(super) fn began(&mut self, now: Instant) {
        let first = self.first(now);
        self.until = Some(first + RUN_MAX);
    }

    /// Somebody has ended.
    pub(super) fn ended(&mut self, now: Instant) {
        let latest = self.first(now) + QUIET_MAX;
        self.until = Some((now + QUIET).min(latest.max(now)));
    }

    /// When others began, without a lull until now.
    fn first(&mut self, now: Instant) -> Instant {
        if self.over(now).is_none() {
            self.first = None;
        }
        *self.first.get_or_insert(now)
    }

    /// When sets may be listed; none: now.
    pub(super) fn over(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Whether a listing that begins now is to end if somebody begins.
    pub(super) fn gives_way(&self) -> bool {
        self.given_way < GIVES_WAY_MAX
    }

    /// A listing was given up.
    pub(super) fn gave_way(&mut self, now: Instant) {
        self.given_way += 1;
        self.first = None;
        self.began(now);
    }

    /// A listing was finished.
    pub(super) fn listed(&mut self) {
        *self = Self { until: self.until, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
