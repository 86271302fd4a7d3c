//! Which sources of evidence are live, and why others are not: for `status` and
//! `check`.
//!
//! It holds texts for people and counts; nothing decides by them.

use std::sync::{Arc, Mutex, PoisonError};

use driftline_canon::Evidence;
use serde::{Deserialize, Serialize};

/// One source of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceStatus {
    /// Which.
    pub source: Evidence,
    /// Whether it is live.
    pub live: bool,
    /// Why not, or how.
    pub note: String,
    /// Pieces of evidence that were lost.
    #[serde(default)]
    pub lost: u64,
}

/// Whether a source is live, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// It is.
    Yes(String),
    /// It is not.
    No(String),
}

/// How all sources stand; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Standing(Arc<Mutex<Vec<EvidenceStatus>>>);

impl Standing {
    /// A source is live, or not.
    pub fn set(&self, source: Evidence, live: Live) {
        let (live, note) = match live {
            Live::Yes(note) => (true, note),
            Live::No(note) => (false, note),
        };
        self.change(source, |status| (status.live, status.note) = (live, note));
    }

    /// A source has lost something.
    pub fn lost(&self, source: Evidence, count: u64) {
        self.change(source, |status| status.lost = status.lost.saturating_add(count));
    }

    fn change(&self, source: Evidence, change: impl FnOnce(&mut EvidenceStatus)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|status| status.source == source).unwrap_or_else(|| {
            all.push(EvidenceStatus { source, live: false, note: String::new(), lost: 0 });
            all.len() - 1
        });
        change(&mut all[at]);
        all.sort_by_key(|status| status.source);
    }

    /// All of them, in the order of [`Evidence`].
    #[must_use]
    pub fn all(&self) -> Vec<EvidenceStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_there_once_with_its_losses() {
        let standing = Standing::default();
        standing.set(Evidence::Fanotify, Live::Yes("3 directories".to_owned()));
        standing.lost(Evidence::Audit, 2);
        standing.set(Evidence::Audit, Live::No("off".to_owned()));
        let all = standing.all();
        assert_eq!(all.iter().map(|one| one.source).collect::<Vec<_>>(), [Evidence::Audit, Evidence::Fanotify]);
        assert_eq!((all[0].live, all[0].lost, all[0].note.as_str()), (false, 2, "off"));
    }
}
