//! Where the time of a commit goes, phase by phase.
//!
//! It only measures: a commit that takes long is neither cut off nor told of.

use std::time::{Duration, Instant};

use driftline_daemon::clock;

use crate::metrics::{Metrics, Phase};

/// The phases of one commit, one after the other.
pub(super) struct Stopwatch {
    since: Instant,
    laps: Vec<(Phase, Duration)>,
}

impl Stopwatch {
    /// A commit begins; its first step was handed over at that time, if it has
    /// one that anybody handed over.
    pub(super) fn begin(first: Option<Instant>) -> Self {
        let since = clock::monotonic();
        let mut laps = Vec::with_capacity(Phase::ALL.len());
        laps.extend(first.map(|first| (Phase::Wait, since.saturating_duration_since(first))));
        Self { since, laps }
    }

    /// A phase ends here, and the next one begins.
    pub(super) fn lap(&mut self, phase: Phase) {
        let now = clock::monotonic();
        self.laps.push((phase, now.saturating_duration_since(self.since)));
        self.since = now;
    }

    /// Counts what was measured.
    pub(super) fn count(self, metrics: &Metrics) {
        self.laps.into_iter().for_each(|(phase, took)| metrics.phase(phase, took));
    }
}
