//! Whether a change was meant, in words that a database can keep.
//!
//! Deciding it needs desired states, windows and rules; while an environment
//! has none of them every change is `undetermined`, which is never green.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a change was meant (DESIGN section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Could not be judged: nothing to judge by was ever given.
    Undetermined,
}

impl Verdict {
    /// The verdict's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What else is to be known about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It happened while nobody watched, between two known times.
    Unobserved,
    /// Several changes may hide in this one: only the net effect is known.
    Coalesced,
    /// The parser changed, not the file.
    NormaliserChange,
    /// The agent's state and the collector's did not fit; repaired by a resend.
    Resynchronised,
    /// A program changed rules of its own, and opened nothing by it that it is
    /// not known to open.
    MachineMade,
}

impl Mark {
    /// The mark's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unobserved => "unobserved",
            Self::Coalesced => "coalesced",
            Self::NormaliserChange => "normaliser_change",
            Self::Resynchronised => "resynchronised",
            Self::MachineMade => "machine_made",
        }
    }
}
