//! Where the history begins, once its oldest entries were removed, and how a
//! piece of its beginning is cut off.
//!
//! Only ever the beginning: the chain from the anchor on is whole. What is old
//! enough, and which of the old entries somebody still needs, is not decided
//! here.

use driftline_compare::chain::Beginning;
use serde::{Deserialize, Serialize};

/// Entries that one commit takes off the beginning, at most: with the rows of
/// their indexes some ten milliseconds, which is as long as ingest waits for it.
pub const CUT_ENTRIES_MAX: u64 = 500;

/// Where the history begins, and why there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The first entry of the chain.
    pub first: u64,
    /// Hash of the entry before it.
    pub before: [u8; 32],
    /// Entries that were removed, since ever. Those that came before and are
    /// kept beside the chain are not counted.
    pub removed: u64,
    /// When the newest of what was taken out of the chain had been recorded.
    pub newest_ms: i64,
    /// When the last piece was taken out.
    pub cut_ms: i64,
    /// Days that the policy kept entries for, then.
    pub days: u32,
    /// The version of that policy.
    pub policy: u64,
    /// Up to which entry the removal was announced in the history, and its hash.
    pub announced: (u64, [u8; 32]),
    /// The entry that announced it.
    pub announced_by: u64,
}

impl Anchor {
    /// What a proof of the chain starts from.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        let Self { first, before, announced, announced_by, .. } = *self;
        Beginning { first, before, announced, announced_by }
    }

    /// Entries from before it that are kept beside the chain.
    #[must_use]
    pub fn beside(&self) -> u64 {
        self.first.saturating_sub(1).saturating_sub(self.removed)
    }
}

/// A piece of the beginning of the history to be cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The entry that will be the first. One that is not above the first of
    /// now cuts nothing off.
    pub first: u64,
    /// Entries before it that stay readable beside the chain, by their key
    /// alone; each is part of this piece.
    pub keep: Vec<u64>,
    /// If the last entry that this batch appended announces a removal: up to
    /// which entry, and its hash. Nothing is cut off that was not announced.
    pub announced: Option<(u64, [u8; 32])>,
    /// Days that the policy keeps entries for.
    pub days: u32,
    /// The version of that policy.
    pub policy: u64,
}
