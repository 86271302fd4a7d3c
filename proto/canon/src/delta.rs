//! Deltas: what turned one observation into the next. A fact, not a judgement.
//!
//! `apply(a, diff(a, b)) == b` for all a and b (as far as keys and digests go),
//! and applying to anything but `a` is refused: the root before is part of the
//! delta.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{Digest, Item, ItemKey, Observation, Root};

/// What happened to one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemChange {
    /// Which key.
    pub key: ItemKey,
    /// Its digest before; none when it was added.
    pub before: Option<Digest>,
    /// The item after; none when it was removed.
    pub after: Option<Item>,
}

/// What turned one observation of a source into the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Root of the observation it applies to.
    pub before: Root,
    /// Root of the observation it makes.
    pub after: Root,
    /// One entry per key, sorted by key, never the same digest on both sides.
    pub changes: Vec<ItemChange>,
}

/// Why a delta cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The observation is not the one the delta was made from.
    #[error("delta applies to root {expected}, the observation has {found}")]
    Before {
        /// Root the delta names.
        expected: Root,
        /// Root found.
        found: Root,
    },
    /// The result is not what the delta promises.
    #[error("delta promises root {expected}, applying it gives {found}")]
    After {
        /// Root the delta names.
        expected: Root,
        /// Root made.
        found: Root,
    },
}

/// The delta from one observation to another; none when they have the same
/// root.
#[must_use]
pub fn diff(before: &Observation, after: &Observation) -> Option<Delta> {
    let changes = changes(before, after);
    (!changes.is_empty()).then(|| Delta { before: before.root(), after: after.root(), changes })
}

/// What changed from one observation to another, sorted by key: [`diff`] for
/// those who know the roots already.
#[must_use]
pub fn changes(before: &Observation, after: &Observation) -> Vec<ItemChange> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (before.items().iter().peekable(), after.items().iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.key.cmp(&b.key),
        };
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        changes.extend(change(gone, come));
    }
    changes
}

fn change(gone: Option<&Item>, come: Option<&Item>) -> Option<ItemChange> {
    let key = come.or(gone)?.key.clone();
    let before = gone.map(|item| item.digest);
    if before == come.map(|item| item.digest) {
        return None;
    }
    Some(ItemChange { key, before, after: come.cloned() })
}

impl Delta {
    /// Applies this delta.
    ///
    /// # Errors
    /// [`ApplyError`] when the observation has another root than the one this
    /// delta was made from, or the result another than it promises.
    pub fn apply(&self, to: &Observation) -> Result<Observation, ApplyError> {
        let found = to.root();
        if found != self.before {
            return Err(ApplyError::Before { expected: self.before, found });
        }
        let touched = |key: &ItemKey| self.changes.binary_search_by(|change| change.key.cmp(key)).is_ok();
        let kept = to.items().iter().filter(|item| !touched(&item.key)).cloned();
        let made = self.changes.iter().filter_map(|change| change.after.clone());
        let result = Observation::new(kept.chain(made).collect());
        let found = result.root();
        if found == self.after { Ok(result) } else { Err(ApplyError::After { expected: self.after, found }) }
    }
}

#[cfg(test)]
mod tests;
