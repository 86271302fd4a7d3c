//! The hash chain of the history: each entry's hash covers the one before, so
//! that nothing can be changed, dropped or put in between unnoticed.
//!
//! It knows bytes and positions only: what an entry says, where it is kept and
//! who may read it are not known here. The collector writes by this formula and
//! the command line proves by the same one, offline.

use sha2::{Digest as _, Sha256};

/// Separates history hashes from every other SHA-256.
const LABEL: &[u8] = b"driftline history 1\0";

/// What stands before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256(label ‖ previous ‖ id, big endian ‖ body).
#[must_use]
pub fn link(previous: &[u8; 32], id: u64, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update(previous);
    hash.update(id.to_be_bytes());
    hash.update(body);
    hash.finalize().into()
}

/// Why a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing, or one is there twice.
    #[error("entry {expected} is missing: entry {found} follows entry {before}")]
    Hole {
        /// The last entry that holds.
        before: u64,
        /// The entry that must come next.
        expected: u64,
        /// The entry that came.
        found: u64,
    },
    /// An entry, or its hash, was changed.
    #[error("entry {id} is not the one that was recorded: its hash does not match")]
    Hash {
        /// Its position.
        id: u64,
    },
    /// No position is left for another entry.
    #[error("entry {} is the last that there can be, yet another follows", u64::MAX)]
    End,
}

impl Broken {
    /// The first position that does not hold.
    #[must_use]
    pub fn at(&self) -> u64 {
        match self {
            Self::Hole { expected, .. } => *expected,
            Self::Hash { id } => *id,
            Self::End => u64::MAX,
        }
    }
}

/// Walks a chain entry by entry, from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    head: [u8; 32],
    last: u64,
}

impl Default for Walk {
    fn default() -> Self {
        Self::after(0, GENESIS)
    }
}

impl Walk {
    /// A walk that starts behind an entry already trusted.
    #[must_use]
    pub fn after(id: u64, hash: [u8; 32]) -> Self {
        Self { head: hash, last: id }
    }

    /// Checks the next entry.
    ///
    /// # Errors
    /// [`Broken`] when it is not the next one, or not what was recorded.
    pub fn step(&mut self, id: u64, body: &[u8], hash: &[u8; 32]) -> Result<(), Broken> {
        let expected = self.last.checked_add(1).ok_or(Broken::End)?;
        if id != expected {
            return Err(Broken::Hole { before: self.last, expected, found: id });
        }
        if link(&self.head, id, body) != *hash {
            return Err(Broken::Hash { id });
        }
        self.head = *hash;
        self.last = id;
        Ok(())
    }

    /// Hash of the last entry that holds; [`GENESIS`] before the first.
    #[must_use]
    pub fn head(&self) -> &[u8; 32] {
        &self.head
    }

    /// Position of the last entry that holds: from the first entry on, also how
    /// many hold. 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }
}

/// Where a chain begins whose first entries were removed, and what must vouch
/// for it: an entry of the chain itself that announced the removal. So nobody
/// can cut a beginning off unnoticed without making every hash from there anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// The first entry of the chain.
    pub first: u64,
    /// Hash of the entry before it.
    pub before: [u8; 32],
    /// Up to which entry was announced to be removed, and its hash. What is not
    /// removed yet of that is still part of the chain.
    pub announced: (u64, [u8; 32]),
    /// The entry that announced it.
    pub announced_by: u64,
}

impl Beginning {
    /// The words with which an entry vouches for a removal up to an entry.
    #[must_use]
    pub fn words(last: u64, hash: &[u8; 32]) -> String {
        use std::fmt::Write as _;
        let mut words = format!("up to entry {last}, whose hash is ");
        for byte in hash {
            // Writing to a text never fails.
            _ = write!(words, "{byte:02x}");
        }
        words
    }

    /// A walk from here on.
    #[must_use]
    pub fn walk(&self) -> Walk {
        Walk::after(self.first.saturating_sub(1), self.before)
    }
}

/// Looks among the entries of a chain for what vouches for its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    beginning: Beginning,
    vouched: bool,
    same: bool,
}

impl Voucher {
    /// For a chain that begins there.
    #[must_use]
    pub fn of(beginning: Beginning) -> Self {
        let Beginning { first, before, announced: (last, hash), .. } = beginning;
        let same = first.checked_sub(1) == Some(last) && before == hash;
        Self { beginning, vouched: false, same }
    }

    /// Takes an entry that holds.
    pub fn see(&mut self, id: u64, body: &[u8], hash: &[u8; 32]) {
        let (last, announced) = self.beginning.announced;
        self.same |= (id, hash) == (last, &announced);
        if id == self.beginning.announced_by {
            let words = Beginning::words(last, &announced);
            self.vouched |= body.windows(words.len()).any(|part| part == words.as_bytes());
        }
    }

    /// Why the beginning is not to be believed; none when an entry vouches for
    /// it.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let Beginning { first, announced: (last, _), announced_by, .. } = self.beginning;
        if self.vouched && self.same {
            return None;
        }
        Some(format!(
            "the history begins at entry {first}, and entry {announced_by} does not say that what came before was \
             removed, up to entry {last}"
        ))
    }
}

#[cfg(test)]
mod tests;
