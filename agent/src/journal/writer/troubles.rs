//! Which sources are polled or cannot be read, as seen last.
//!
//! All are counted and a few are named: an operator who sees twenty knows
//! enough.

use std::collections::{BTreeMap, HashSet};

use driftline_canon::ProblemKind;

use crate::journal::NameHash;
use crate::observe::Observed;
use crate::status::Trouble;

/// Sources that are named.
const NAMED_MAX: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Troubles {
    all: HashSet<NameHash>,
    named: BTreeMap<String, String>,
}

impl Troubles {
    /// Notes how a source was seen.
    pub(super) fn note(&mut self, observed: &Observed) {
        let name = observed.name.as_str();
        let hash = NameHash::of(name);
        match observed.problems.iter().find(|problem| is_trouble(problem.kind)) {
            Some(problem) => {
                self.all.insert(hash);
                if self.named.len() < NAMED_MAX || self.named.contains_key(name) {
                    self.named.insert(name.to_owned(), problem.reason.clone());
                }
            }
            None => {
                if self.all.remove(&hash) {
                    self.named.remove(name);
                }
            }
        }
    }

    /// How many there are, and some by name.
    pub(super) fn shown(&self) -> (u32, Vec<Trouble>) {
        let trouble = |(name, reason): (&String, &String)| Trouble { name: name.clone(), reason: reason.clone() };
        (u32::try_from(self.all.len()).unwrap_or(u32::MAX), self.named.iter().map(trouble).collect())
    }
}

fn is_trouble(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Polled | ProblemKind::Unreadable | ProblemKind::NotAFile | ProblemKind::Host)
}
