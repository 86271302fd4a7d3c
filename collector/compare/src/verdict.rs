//! Whether a change was meant, in words that a database can keep.
//!
//! Names and numbers only: [`crate::judge`] decides. Variants are appended, never
//! moved, because the store keeps their numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a change was meant (DESIGN section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Could not be judged: nothing to judge by was ever given, or nobody
    /// watched, or what was declared cannot be held against it. Never green.
    Undetermined,
    /// The value is one that CI/CD declared, or its cause is certain.
    Authorised,
    /// An allowed actor inside an open window; nothing proves the content.
    AuthorisedUnverified,
    /// Inside a window, and nothing else speaks for it.
    WindowOnly,
    /// Declared, but with another value: a bad deployment, or tampering.
    ContentMismatch,
    /// None of these: around CI/CD.
    OutOfBand,
}

impl Verdict {
    /// Every verdict, as they are numbered.
    pub const ALL: [Self; 6] = [
        Self::Undetermined,
        Self::Authorised,
        Self::AuthorisedUnverified,
        Self::WindowOnly,
        Self::ContentMismatch,
        Self::OutOfBand,
    ];

    /// The verdict's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undetermined => "undetermined",
            Self::Authorised => "authorised",
            Self::AuthorisedUnverified => "authorised_unverified",
            Self::WindowOnly => "window_only",
            Self::ContentMismatch => "content_mismatch",
            Self::OutOfBand => "out_of_band",
        }
    }

    /// The verdict of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Whether the change was meant, beyond doubt. What could not be judged is
    /// not, and neither is what only fell into a window.
    #[must_use]
    pub fn is_green(self) -> bool {
        match self {
            Self::Authorised | Self::AuthorisedUnverified => true,
            Self::Undetermined | Self::WindowOnly | Self::ContentMismatch | Self::OutOfBand => false,
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
    /// The value went back soon to the one before.
    Reverted,
    /// The value goes to and fro: two writers fight.
    Flapping,
    /// A later push declared the same content.
    Adopted,
    /// It was judged again when it became certain who made it.
    Rejudged,
}

impl Mark {
    /// Every mark, as they are numbered.
    pub const ALL: [Self; 9] = [
        Self::Unobserved,
        Self::Coalesced,
        Self::NormaliserChange,
        Self::Resynchronised,
        Self::MachineMade,
        Self::Reverted,
        Self::Flapping,
        Self::Adopted,
        Self::Rejudged,
    ];

    /// The mark's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unobserved => "unobserved",
            Self::Coalesced => "coalesced",
            Self::NormaliserChange => "normaliser_change",
            Self::Resynchronised => "resynchronised",
            Self::MachineMade => "machine_made",
            Self::Reverted => "reverted",
            Self::Flapping => "flapping",
            Self::Adopted => "adopted",
            Self::Rejudged => "rejudged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_only_two_verdicts_are_green() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_name(verdict.as_str()), Some(verdict));
        }
        assert_eq!(Verdict::from_name("green"), None);
        let green: Vec<Verdict> = Verdict::ALL.into_iter().filter(|one| one.is_green()).collect();
        assert_eq!(green, [Verdict::Authorised, Verdict::AuthorisedUnverified]);
    }

    #[test]
    fn the_numbers_that_are_stored_never_move() {
        let numbers = Verdict::ALL.map(|verdict| serde_json::to_value(verdict).unwrap());
        assert_eq!(numbers[0], "undetermined");
        assert!(Verdict::ALL.iter().enumerate().all(|(at, verdict)| *verdict as usize == at));
        assert!(Mark::ALL.iter().enumerate().all(|(at, mark)| *mark as usize == at));
    }
}
