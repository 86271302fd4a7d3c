//! What a scheduled scan found: numbers that are kept, so that a trend is seen.
//!
//! Shapes, and when a scan is due. It reads no clock and compares nothing.

use serde::{Deserialize, Serialize};

use crate::Severity;
use crate::compare::{Comparison, What, percent};

/// Bytes of the reason of a failed run.
pub const REASON_BYTES_MAX: usize = 1_024;

/// What one run of a schedule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rises with each run, over all schedules.
    pub number: u64,
    /// Name of the schedule.
    pub schedule: String,
    /// Left side.
    pub left: String,
    /// Right side.
    pub right: String,
    /// When it was due.
    pub due_ms: i64,
    /// When it ran.
    pub ran_ms: i64,
    /// Runs before it that were due while nobody ran them.
    pub missed: u32,
    /// What was found, or why nothing was.
    pub outcome: Outcome,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Both sides were compared.
    Found(Found),
    /// They could not be, and why.
    Failed(String),
}

/// A comparison in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    /// Settings compared.
    pub keys: u64,
    /// Settings that differ.
    pub differing: u64,
    /// Settings that could not be compared.
    pub undetermined: u64,
    /// Differences by severity: critical, warning, info; metadata included.
    pub by_severity: [u64; 3],
    /// Hosts that were not connected, or have nothing to be held against.
    pub unchecked: u64,
}

impl Found {
    /// A comparison in numbers.
    #[must_use]
    pub fn of(comparison: &Comparison, unchecked: u64) -> Self {
        let mut by_severity = [0; 3];
        for one in &comparison.differences {
            let at = match (one.what, one.severity) {
                (What::Equal | What::Undetermined, _) => continue,
                (_, Severity::Critical) => 0,
                (_, Severity::Warning) => 1,
                (_, Severity::Info) => 2,
            };
            by_severity[at] += 1;
        }
        let Comparison { keys, differing, undetermined, .. } = *comparison;
        Self { keys, differing, undetermined, by_severity, unchecked }
    }

    /// The share that differs, one decimal.
    #[must_use]
    pub fn percent(&self) -> String {
        percent::one_decimal(self.differing, self.keys)
    }
}

/// A run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it was due.
    pub due_ms: i64,
    /// Runs before it that nobody ran.
    pub missed: u32,
}

/// Whether a schedule is due. `last_due` gives its latest time at or before a
/// moment; `after_ms` is when it ran last, or since when it is there. However
/// many times went by, it runs once: what was then cannot be compared any more.
#[must_use]
pub fn due(last_due: impl Fn(i64) -> i64, after_ms: i64, now_ms: i64) -> Option<Due> {
    /// Missed runs that are counted: a daily one for three years.
    const MISSED_MAX: u32 = 1_000;
    let due_ms = last_due(now_ms);
    if due_ms <= after_ms || due_ms > now_ms {
        return None;
    }
    let (mut missed, mut before) = (0, last_due(due_ms - 1));
    while before > after_ms && missed < MISSED_MAX {
        missed += 1;
        before = last_due(before - 1);
    }
    Some(Due { due_ms, missed })
}

/// A reason that may be kept.
#[must_use]
pub fn reason(text: &str) -> String {
    text[..text.floor_char_boundary(REASON_BYTES_MAX)].to_owned()
}

#[cfg(test)]
mod tests;
