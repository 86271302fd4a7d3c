//! What the changes of each backend of a namespace mean: its rules as they were
//! handed on last, and what each new reading makes of them.
//!
//! It reads no firewall. Of sets of ipset it says nothing: what an element means
//! is in the rules that ask for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use driftline_canon::format::firewall::meaning::{Kept, Meant};
use driftline_canon::{Observation, Setting};

use super::Backend;

/// The rulesets of one namespace, by backend.
#[derive(Debug, Default)]
pub struct Meanings {
    kept: Mutex<HashMap<Backend, Kept>>,
}

impl Meanings {
    /// All of a backend is handed on: what changed means, held against what was
    /// handed on before, or, the first time in this run, against what is known.
    pub fn of_whole(
        &self,
        backend: Backend,
        settings: &[Setting],
        known: impl FnOnce() -> Option<Observation>,
    ) -> Meant {
        if backend == Backend::Ipset {
            return Meant::new();
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get_mut(&backend) {
            return kept.read(settings);
        }
        // Of a source that was never seen nothing has changed.
        let (now, meant) = match known() {
            Some(known) => Kept::since(&known, settings),
            None => (Kept::of(settings), Meant::new()),
        };
        kept.insert(backend, now);
        meant
    }

    /// The same for a backend that appeared while its namespace was watched: it
    /// was empty before.
    pub fn was_empty(&self, backend: Backend) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(backend).or_default();
    }

    /// A part of a backend is handed on.
    pub fn of_part(&self, backend: Backend, tell: impl FnOnce(&mut Kept) -> Meant) -> Meant {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        tell(kept.entry(backend).or_default())
    }
}

#[cfg(test)]
mod tests;
