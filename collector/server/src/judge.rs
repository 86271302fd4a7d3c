//! Stage 3, judge: whether a change was meant.
//!
//! Desired states, windows and rules do not exist yet; without any of them a
//! change cannot be judged, and what could not be judged is never green.

use driftline_compare::Verdict;
use driftline_store::Change;

/// What is known beside the change itself. Nothing yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence;

/// The verdict on a change, by the evidence.
#[must_use]
pub fn verdict(_change: &Change, _evidence: &Evidence) -> Verdict {
    Verdict::Undetermined
}

/// The change with its verdict.
#[must_use]
pub fn judged(mut change: Change) -> Change {
    change.verdict = verdict(&change, &Evidence);
    change
}
