//! Whether a change was meant: what a verdict rests on, what it lacked, and what
//! became known later.

use serde::{Deserialize, Serialize};

/// One piece of evidence, or one thing that was missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word. Evidence: `nothing_given`, `blind`, `declared`,
    /// `comes_with_declared`, `declared_otherwise`, `actor`, `window_open`,
    /// `not_in_deployment`, `frozen`, `nothing_covers`, `adopted_by`,
    /// `reverted_by`, `alternates`, `judged_again`. Missing: `no_revision`, `undeclarable`,
    /// `expired`, `superseded`, `other_key`, `actor_only_probable`,
    /// `actor_unknown`, `no_rule`, `no_window`, `window_closed`, `window_later`,
    /// `window_part`, `window_of_another`, `overruled`, `revision_part`.
    pub what: String,
    /// It as a sentence without its end.
    pub text: String,
}

/// What became known of a change later. The change itself is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// The entry of the history that says so.
    pub id: u64,
    /// When it was recorded.
    pub recorded_at: String,
    /// The mark that the change has from then on: `adopted`, `reverted`,
    /// `flapping`, `rejudged`.
    pub mark: String,
    /// The verdict from then on, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<String>,
    /// Why.
    pub because: Reason,
}

/// An entry of the history that says what an earlier change is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejudgement {
    /// Position in the history.
    pub id: u64,
    /// When it was on the collector's disk.
    pub recorded_at: String,
    /// Where.
    pub environment: String,
    /// Host name.
    pub host: String,
    /// Logical source name.
    pub source: String,
    /// Which key.
    pub key: String,
    /// The change that it is about.
    pub change: u64,
    /// The verdict that the change had, and keeps.
    pub verdict: String,
    /// The mark that it has from now on.
    pub mark: String,
    /// The verdict from now on, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub new_verdict: Option<String>,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// Why.
    pub because: Reason,
}
