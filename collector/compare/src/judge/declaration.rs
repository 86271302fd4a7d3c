//! What a revision says of one key, and whether it still counts.
//!
//! It compares digests that are peppered alike; where they were made with
//! another fleet key it says so and compares nothing.

use crate::Selector;
use crate::desired::Revision;
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

/// Whether a revision counts at a moment.
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
    /// One for another selector counts before it, for the same host and source,
    /// and had settled.
    Overruled,
}

impl Validity {
    /// Whether it counts.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self == Self::Valid
    }
}

/// Whether a revision counts at a moment, beside all that are for the same host
/// and declare the same source. Whichever counts first takes the place of the
/// others once it has settled, and for as long as it has not expired.
#[must_use]
pub fn validity(revision: &Revision, rivals: &[&Revision], settle_ms: i64, at_ms: i64) -> Validity {
    let settled_ms = |one: &Revision| one.pushed_ms.saturating_add(settle_ms);
    let in_place = |one: &&&Revision| {
        one.rank() > revision.rank()
            && settled_ms(one) <= at_ms
            && one.expires_ms.is_none_or(|expires_ms| at_ms < expires_ms)
    };
    let (newer, others): (Vec<&Revision>, Vec<&Revision>) =
        rivals.iter().filter(in_place).partition(|one| one.selector == revision.selector);
    let newer_ms = newer.into_iter().map(settled_ms).min();
    match (revision.expires_ms.filter(|expires_ms| *expires_ms <= at_ms), newer_ms) {
        (Some(expired_ms), Some(newer_ms)) if newer_ms < expired_ms => Validity::Superseded { at_ms: newer_ms },
        (Some(at_ms), _) => Validity::Expired { at_ms },
        (None, Some(at_ms)) => Validity::Superseded { at_ms },
        (None, None) if !others.is_empty() => Validity::Overruled,
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
    /// Whether it counts, at the beginning and at the end of the stretch in
    /// which the change was made.
    pub validity: [Validity; 2],
    /// Whether its digests were made as the host's are: with the same fleet key
    /// and canonical form.
    pub comparable: bool,
}

impl Declaration<'_> {
    /// Whether it counts at one end only.
    #[must_use]
    pub fn counts_in_part(&self) -> bool {
        self.validity[0].is_valid() != self.validity[1].is_valid()
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
