//! The check that the hash chain over the history is whole.
//!
//! The formula and the walk are `driftline_compare::chain`: the command line
//! proves an export by the same ones. This is pure: it sees ids, bytes and hashes, wherever they come from. It cannot see
//! that the newest entries were cut off, or that everything was rewritten with
//! new hashes: for that, compare the head with one noted elsewhere. A beginning
//! that was cut off is believed only when an entry of the rest announced it.

pub use driftline_compare::chain::link as entry_hash;
use driftline_compare::chain::{GENESIS, Voucher, Walk};

use crate::anchor::Anchor;
use crate::error::StoreError;

/// One entry as it is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// Position.
    pub id: u64,
    /// Encoded body.
    pub body: Vec<u8>,
    /// Hash.
    pub hash: [u8; 32],
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Entries found whole, from where the history begins.
    pub entries: u64,
    /// Id and hash of the last whole entry (0 and zeros for none).
    pub head: (u64, [u8; 32]),
    /// The first entry that is wrong or missing.
    pub broken_at: Option<u64>,
    /// What is wrong with it.
    pub reason: Option<String>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.broken_at.is_none()
    }
}

/// Checks a chain link by link.
#[derive(Debug, Clone)]
pub struct ChainVerifier {
    walk: Walk,
    trusted: u64,
    voucher: Option<Voucher>,
    broken: Option<(u64, String)>,
}

impl From<&Anchor> for ChainVerifier {
    /// A check that starts where the history begins.
    fn from(anchor: &Anchor) -> Self {
        let beginning = anchor.beginning();
        let started = Self::after(beginning.first.saturating_sub(1), beginning.before);
        Self { voucher: Some(Voucher::of(beginning)), ..started }
    }
}

impl Default for ChainVerifier {
    fn default() -> Self {
        Self::after(0, GENESIS)
    }
}

impl ChainVerifier {
    /// A check that starts behind an entry already trusted.
    #[must_use]
    pub fn after(id: u64, hash: [u8; 32]) -> Self {
        Self { walk: Walk::after(id, hash), trusted: id, voucher: None, broken: None }
    }

    /// Takes the next link. Says whether the chain is whole so far; after the
    /// first fault nothing more is looked at.
    pub fn push(&mut self, id: u64, body: &[u8], hash: &[u8; 32]) -> bool {
        if self.broken.is_none() {
            self.broken = self.walk.step(id, body, hash).err().map(|broken| (broken.at(), broken.to_string()));
            if let Some(voucher) = self.voucher.as_mut().filter(|_| self.broken.is_none()) {
                voucher.see(id, body, hash);
            }
        }
        self.broken.is_none()
    }

    /// What was found, when every link was taken.
    #[must_use]
    pub fn finish(mut self) -> VerifyReport {
        let last = self.walk.last();
        if self.broken.is_none() {
            let doubt = self.voucher.as_ref().and_then(Voucher::doubt);
            self.broken = doubt.map(|why| (self.trusted.saturating_add(1), why));
        }
        let (broken_at, reason) = self.broken.unzip();
        VerifyReport { entries: last.saturating_sub(self.trusted), head: (last, *self.walk.head()), broken_at, reason }
    }

    /// What was found, held against the head that the store itself notes.
    pub(crate) fn finish_at(mut self, head: (u64, [u8; 32])) -> VerifyReport {
        let last = self.walk.last();
        if self.broken.is_none() && (last, *self.walk.head()) != head {
            self.broken = Some(if last < head.0 {
                (last.saturating_add(1), format!("the history ends at {last}, its head says {}", head.0))
            } else {
                (last, format!("the history does not end in its head, entry {}", head.0))
            });
        }
        self.finish()
    }
}

/// Checks an exported chain from its first entry.
///
/// # Errors
/// The first error of the iterator.
pub fn verify_chain(
    links: impl IntoIterator<Item = Result<ChainLink, StoreError>>,
) -> Result<VerifyReport, StoreError> {
    let mut verifier = ChainVerifier::default();
    for link in links {
        let link = link?;
        if !verifier.push(link.id, &link.body, &link.hash) {
            break;
        }
    }
    Ok(verifier.finish())
}
