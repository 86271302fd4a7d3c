//! What a revision says of one key, and whether it still counts.
//!
//! It compares digests that are peppered alike; where they were made with
//! another fleet key it says so and compares nothing.

use crate::Selector;
use crate::window::Window;

/// What a revision says of one key of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It has this value.
    Value([u8; 32]),
    /// It is not there: the source is declared, and the key is not in it.
    Absent,
    /// The source is declared, but nothing is said of such a key (the mode of
    /// the file, the order of its rules).
    Nothing,
    /// It declares other sources only.
    Elsewhere,
}

impl Says {
    /// Whether it declares the key, with a value or absent.
    #[must_use]
    pub fn is_of_the_key(self) -> bool {
        matches!(self, Self::Value(_) | Self::Absent)
    }

    /// Whether it declares exactly this.
    #[must_use]
    pub fn agrees(self, after: Option<&[u8; 32]>) -> bool {
        match self {
            Self::Value(digest) => after == Some(&digest),
            Self::Absent => after.is_none(),
            Self::Nothing | Self::Elsewhere => false,
        }
    }
}

/// Whether a revision counts at the time of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It counts.
    Valid,
    /// Its time was over.
    Expired {
        /// Since then.
        at_ms: i64,
    },
    /// A newer one for the same selector and source had settled.
    Superseded {
        /// Since then.
        at_ms: i64,
    },
}

/// Whether a revision counts for a change that was not made before `since_ms`.
/// `superseded_ms` is when the next one for the same selector and source was
/// pushed.
#[must_use]
pub fn validity(expires_ms: Option<i64>, superseded_ms: Option<i64>, settle_ms: i64, since_ms: i64) -> Validity {
    let settled_ms = superseded_ms.map(|at| at.saturating_add(settle_ms));
    match (expires_ms.filter(|at| *at <= since_ms), settled_ms.filter(|at| *at <= since_ms)) {
        (Some(expired), Some(settled)) if settled < expired => Validity::Superseded { at_ms: settled },
        (Some(at_ms), _) => Validity::Expired { at_ms },
        (None, Some(at_ms)) => Validity::Superseded { at_ms },
        (None, None) => Validity::Valid,
    }
}

/// A revision, as far as it is about one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration<'a> {
    /// What CI/CD calls it.
    pub revision: &'a str,
    /// Hosts it is for.
    pub selector: &'a Selector,
    /// Its ticket.
    pub ticket: Option<&'a str>,
    /// When it was pushed.
    pub pushed_ms: i64,
    /// What it says of the key.
    pub says: Says,
    /// Whether it counts.
    pub validity: Validity,
    /// Whether its digests were made as the host's are: with the same fleet key
    /// and canonical form.
    pub comparable: bool,
}

impl Declaration<'_> {
    /// Whether its digests can be held against the change's, and count.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.comparable && self.validity == Validity::Valid
    }

    /// Whether it is the deployment that a window was opened for: it has the
    /// same ticket, or was pushed while the window was open.
    #[must_use]
    pub fn is_of_window(&self, window: &Window) -> bool {
        self.ticket == Some(window.ticket.as_str()) || window.is_open_at(self.pushed_ms)
    }
}

#[cfg(test)]
mod tests;
