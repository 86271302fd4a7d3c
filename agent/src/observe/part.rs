//! What an observer keeps that hands on parts: sources so large that the whole
//! of them is not to be handed on for each change.
//!
//! Such an observer begins with a whole observation ([`Account::whole`]) and goes
//! on with what changed: [`Account::part`], [`Account::part_of`] where all of it
//! is read to know, [`Account::same`] where only its problems are others. Beside
//! what it waits for anyway it waits for [`Account::whole_wanted`], and then
//! hands on a whole observation. Sights are handed on in the order in which they
//! were made, none is left out; `Sight::Unreadable` without metadata may come in
//! between.
//!
//! It holds keys and digests alone, and looks at nothing by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftline_canon::{Delta, Item, ItemKey, Observation, Pairs, Root};
use tokio::sync::Notify;

use super::Sight;

/// How the journal asks the observer of a source for a whole observation. It
/// never waits for the observer, and asking again before the observer took
/// notice is asking once.
#[derive(Debug, Clone, Default)]
pub struct WholeWanted(Arc<Wanted>);

#[derive(Debug, Default)]
struct Wanted {
    asked: AtomicBool,
    wake: Notify,
}

impl WholeWanted {
    /// Asks; false if that was done before and nobody took notice yet.
    pub(crate) fn ask(&self) -> bool {
        let first = !self.0.asked.swap(true, Ordering::AcqRel);
        self.0.wake.notify_one();
        first
    }

    /// Waits until it is asked for. It may be asked once more for a part that
    /// was on its way already.
    pub async fn asked(&self) {
        self.0.wake.notified().await;
        self.0.asked.store(false, Ordering::Release);
    }
}

/// What was handed on of one source.
#[derive(Debug)]
pub struct Account {
    pairs: Pairs,
    wanted: WholeWanted,
}

impl Default for Account {
    fn default() -> Self {
        Self { pairs: Pairs::of(&Observation::default()), wanted: WholeWanted::default() }
    }
}

impl Account {
    /// All of it, to be handed on.
    #[must_use]
    pub fn whole(&mut self, observation: Observation) -> Sight {
        self.pairs = Pairs::of(&observation);
        Sight::Whole { observation, content: None, unreadable: Vec::new() }
    }

    /// What changed, to be handed on: each key with its item, or with none if
    /// it went; of equal keys the last counts. None if nothing did: a key that
    /// has the digest it had is no change.
    pub fn part(&mut self, changes: impl IntoIterator<Item = (ItemKey, Option<Item>)>) -> Option<Sight> {
        let delta = self.pairs.change(changes)?;
        Some(Sight::Part { delta, whole: self.wanted.clone() })
    }

    /// The same from all that is there now: for a source of which everything is
    /// read to know what changed. It costs a comparison of digests, where a
    /// whole observation costs reading and writing all of it.
    pub fn part_of(&mut self, observation: &Observation) -> Option<Sight> {
        let delta = self.pairs.turn_into(observation)?;
        Some(Sight::Part { delta, whole: self.wanted.clone() })
    }

    /// That nothing changed: to be handed on where there is something else to
    /// say of the source, as its problems.
    #[must_use]
    pub fn same(&self) -> Sight {
        let root = self.pairs.root();
        let delta = Delta { before: root, after: root, changes: Vec::new() };
        Sight::Part { delta, whole: self.wanted.clone() }
    }

    /// The root of what was handed on last.
    #[must_use]
    pub fn root(&self) -> Root {
        self.pairs.root()
    }

    /// Waits until the journal asks for a whole observation. It may be dropped
    /// and waited for again: no question is lost.
    pub async fn whole_wanted(&self) {
        self.wanted.asked().await;
    }
}

#[cfg(test)]
mod tests;
