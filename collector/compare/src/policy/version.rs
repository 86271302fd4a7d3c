//! Versions of the policy: each that was ever applied, as it was written.
//!
//! The text is the truth. What it means is read from it again, so that comments
//! stay and nothing is stored twice.

use serde::{Deserialize, Serialize};

use super::{Policy, PolicyErrors};

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Rises with each that is applied, from 1.
    pub number: u64,
    /// The whole text.
    pub text: String,
    /// Who applied it.
    pub applied_by: String,
    /// When.
    pub applied_ms: i64,
    /// What is different from the version before, in one sentence.
    pub summary: String,
}

impl PolicyVersion {
    /// What it means.
    ///
    /// # Errors
    /// When this version of driftline does not understand it.
    pub fn policy(&self) -> Result<Policy, PolicyErrors> {
        Policy::parse(&self.text)
    }
}

/// What is different between two policies, in one sentence of counts.
#[must_use]
pub fn summary(before: &Policy, after: &Policy) -> String {
    let counts = [
        ("severity rule", changed(&before.severities, &after.severities)),
        ("expectation", changed(&before.expectations, &after.expectations)),
        ("actor rule", changed(&before.actors, &after.actors)),
        ("freeze", changed(&before.freezes, &after.freezes)),
        ("schedule", changed(&before.schedules, &after.schedules)),
    ];
    let said = |(what, (more, less)): &(&str, (usize, usize))| {
        let plural = if more.max(less) == &1 { "" } else { "s" };
        match (more, less) {
            (0, 0) => None,
            (more, 0) => Some(format!("{more} {what}{plural} added")),
            (0, less) => Some(format!("{less} {what}{plural} removed")),
            (more, less) => Some(format!("{what}s: {more} added, {less} removed")),
        }
    };
    let mut parts: Vec<String> = counts.iter().filter_map(said).collect();
    if before.settle_ms != after.settle_ms {
        parts.push(format!("settling {} s, was {} s", after.settle_ms / 1_000, before.settle_ms / 1_000));
    }
    if before.retention_days != after.retention_days {
        let days = |days: Option<u32>| days.map_or_else(|| "not given".to_owned(), |days| format!("{days} days"));
        parts.push(format!("retention {}, was {}", days(after.retention_days), days(before.retention_days)));
    }
    if parts.is_empty() {
        return if before == after { "no rule is different" } else { "the order of rules is different" }.to_owned();
    }
    parts.join("; ")
}

/// How many of the one are not in the other, both ways.
fn changed<T: PartialEq>(before: &[T], after: &[T]) -> (usize, usize) {
    let missing = |from: &[T], of: &[T]| of.iter().filter(|one| !from.contains(one)).count();
    (missing(before, after), missing(after, before))
}

#[cfg(test)]
mod tests;
