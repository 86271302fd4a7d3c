//! What becomes known of a change later: that its value went back, goes to and
//! fro, was declared after all, or who certainly made it.
//!
//! A verdict is never rewritten: this finds what is appended beside it. Pure;
//! who asks keeps the trails and knows the time.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Evidence, Judgement};
use crate::{Mark, Verdict};

/// A value that is back within an hour was reverted; later it is a new decision.
pub const REVERT_MS_MAX: i64 = 3_600_000;

/// Changes that make a fight of two writers: to and fro and to and fro.
pub const ALTERNATIONS: usize = 4;

/// The time that they take at most.
pub const FLAPPING_MS: i64 = 600_000;

/// Actors of a fight that are named.
const ACTORS_MAX: usize = 2;

/// One change on the trail of a key of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place in the history.
    pub change: u64,
    /// Digest before.
    pub before: Option<[u8; 32]>,
    /// Digest after.
    pub after: Option<[u8; 32]>,
    /// When, by the collector's clock.
    pub at_ms: i64,
    /// Who did it, in a few words, if anybody can be named.
    pub actor: Option<String>,
}

/// What is now known of an earlier change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// Its place in the history.
    pub change: u64,
    /// The mark that it has from now on.
    pub mark: Mark,
    /// Why.
    pub evidence: Evidence,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What is now known of earlier changes.
    pub later: Vec<Later>,
    /// The step itself belongs to a fight.
    pub flapping: bool,
    /// The fight was told of already: no alert for this step.
    pub quiet: bool,
}

/// The last changes of one key of one host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    steps: VecDeque<Step>,
    flapping: bool,
}

impl Trail {
    /// When its last change was made.
    #[must_use]
    pub fn last_ms(&self) -> Option<i64> {
        self.steps.back().map(|step| step.at_ms)
    }

    /// Takes the next change.
    pub fn push(&mut self, step: Step) -> Outcome {
        let back = self.steps.back().is_some_and(|last| goes_back(last, &step));
        if !back || self.last_ms().is_some_and(|last| step.at_ms.saturating_sub(last) > REVERT_MS_MAX) {
            self.steps.clear();
        }
        let soon = self.last_ms().is_some_and(|last| step.at_ms.saturating_sub(last) <= FLAPPING_MS);
        let told = std::mem::take(&mut self.flapping) && soon;
        self.steps.push_back(step);
        while self.steps.len() > ALTERNATIONS {
            self.steps.pop_front();
        }
        self.flapping = told || self.is_fight();
        if told {
            return Outcome { later: Vec::new(), flapping: true, quiet: true };
        }
        let later = if self.flapping { self.fight() } else { self.reverted() };
        Outcome { later: later.into_iter().collect(), flapping: self.flapping, quiet: false }
    }

    fn is_fight(&self) -> bool {
        self.steps.len() == ALTERNATIONS && self.lasted_ms() <= FLAPPING_MS
    }

    fn lasted_ms(&self) -> i64 {
        let (first, last) = (self.steps.front(), self.steps.back());
        first.zip(last).map_or(0, |(first, last)| last.at_ms.saturating_sub(first.at_ms))
    }

    /// One finding for all of it, at its first change.
    fn fight(&self) -> Option<Later> {
        let mut actors: Vec<String> = Vec::new();
        for actor in self.steps.iter().filter_map(|step| step.actor.as_ref()) {
            if actors.len() < ACTORS_MAX && !actors.contains(actor) {
                actors.push(actor.clone());
            }
        }
        let times = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        let evidence = Evidence::Alternates { times, within_ms: self.lasted_ms(), actors };
        Some(Later { change: self.steps.front()?.change, mark: Mark::Flapping, evidence })
    }

    fn reverted(&self) -> Option<Later> {
        let last = self.steps.back()?;
        let reverted = self.steps.get(self.steps.len().checked_sub(2)?)?;
        let after_ms = last.at_ms.saturating_sub(reverted.at_ms);
        let evidence = Evidence::RevertedBy { change: last.change, after_ms };
        Some(Later { change: reverted.change, mark: Mark::Reverted, evidence })
    }
}

fn goes_back(last: &Step, step: &Step) -> bool {
    last.after == step.before && last.before == step.after
}

/// Whether a push adopts an earlier change: it was not meant when it was made,
/// and the revision now declares what it left.
#[must_use]
pub fn adopted(change: u64, verdict: Verdict, (recorded_ms, pushed_ms): (i64, i64), revision: &str) -> Option<Later> {
    match verdict {
        Verdict::OutOfBand | Verdict::ContentMismatch | Verdict::WindowOnly | Verdict::Undetermined => {
            let after_ms = pushed_ms.saturating_sub(recorded_ms);
            let evidence = Evidence::AdoptedBy { revision: super::words::clipped(revision), after_ms };
            Some(Later { change, mark: Mark::Adopted, evidence })
        }
        Verdict::Authorised | Verdict::AuthorisedUnverified => None,
    }
}

/// What judging a change again comes to, now that it is certain who made it:
/// something only where a rule or window names them and the verdict is better by
/// that. What was meant never stops having been meant.
#[must_use]
pub fn judged_again(change: u64, had: Verdict, judgement: Judgement, after_ms: i64) -> Option<Later> {
    let Judgement { verdict, evidence, .. } = judgement;
    if greenness(verdict) <= greenness(had) {
        return None;
    }
    let names = |one: &Evidence| matches!(one, Evidence::Actor { .. } | Evidence::WindowOpen { .. });
    let because: Vec<Evidence> = evidence.into_iter().filter(names).collect();
    let evidence = Evidence::JudgedAgain { verdict, after_ms: after_ms.max(0), because };
    let by_somebody = matches!(&evidence, Evidence::JudgedAgain { because, .. } if !because.is_empty());
    by_somebody.then_some(Later { change, mark: Mark::Rejudged, evidence })
}

/// The verdict of a change as it is by now, by what became known in that order.
#[must_use]
pub fn verdict_now<'l>(had: Verdict, later: impl IntoIterator<Item = &'l Later>) -> Verdict {
    later.into_iter().filter_map(|one| one.evidence.new_verdict()).last().unwrap_or(had)
}

/// How sure it is that a change was meant.
fn greenness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Authorised => 2,
        Verdict::AuthorisedUnverified => 1,
        Verdict::Undetermined | Verdict::WindowOnly | Verdict::ContentMismatch | Verdict::OutOfBand => 0,
    }
}

#[cfg(test)]
mod tests;
