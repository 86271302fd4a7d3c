//! The hash chain over the history, and the check that it is whole.
//!
//! Pure: it sees ids, bytes and hashes, wherever they come from. It cannot see
//! that the newest entries were cut off, or that everything was rewritten with
//! new hashes: for that, compare the head with one noted elsewhere.

use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// Separates entry hashes from every other SHA-256.
const LABEL: &[u8] = b"driftline history 1\0";

/// Hash of an entry: SHA-256 over the label, the hash of the entry before
/// (zeros for the first), the id (big-endian) and the encoded body.
#[must_use]
pub fn entry_hash(previous: &[u8; 32], id: u64, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update(previous);
    hash.update(id.to_be_bytes());
    hash.update(body);
    hash.finalize().into()
}

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
    /// Entries found whole, from the start.
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
    report: VerifyReport,
}

impl Default for ChainVerifier {
    fn default() -> Self {
        Self::after(0, [0; 32])
    }
}

impl ChainVerifier {
    /// A check that starts behind an entry already trusted.
    #[must_use]
    pub fn after(id: u64, hash: [u8; 32]) -> Self {
        Self { report: VerifyReport { entries: 0, head: (id, hash), broken_at: None, reason: None } }
    }

    /// Takes the next link. Says whether the chain is whole so far; after the
    /// first fault nothing more is looked at.
    pub fn push(&mut self, id: u64, body: &[u8], hash: &[u8; 32]) -> bool {
        if self.report.broken_at.is_some() {
            return false;
        }
        let (last, previous) = self.report.head;
        let Some(expected) = last.checked_add(1) else {
            return self.broken(last, "there is no id after it".to_owned());
        };
        if id != expected {
            return self.broken(expected, format!("entry {id} stands where entry {expected} belongs"));
        }
        if entry_hash(&previous, id, body) != *hash {
            return self.broken(id, "its hash does not fit its content and the entry before".to_owned());
        }
        self.report.entries += 1;
        self.report.head = (id, *hash);
        true
    }

    /// What was found, when every link was taken.
    #[must_use]
    pub fn finish(self) -> VerifyReport {
        self.report
    }

    /// What was found, held against the head that the store itself notes.
    pub(crate) fn finish_at(mut self, head: (u64, [u8; 32])) -> VerifyReport {
        if self.report.broken_at.is_none() && self.report.head != head {
            let (last, _) = self.report.head;
            if last < head.0 {
                self.broken(last + 1, format!("the history ends at {last}, its head says {}", head.0));
            } else {
                self.broken(last, format!("the history does not end in its head, entry {}", head.0));
            }
        }
        self.report
    }

    fn broken(&mut self, id: u64, reason: String) -> bool {
        self.report.broken_at = Some(id);
        self.report.reason = Some(reason);
        false
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
