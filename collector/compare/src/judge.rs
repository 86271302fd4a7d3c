//! Whether a change was meant: the verdict as a pure function of the change and
//! of what was given for it.
//!
//! It looks nothing up and reads no clock: whoever asks has found the
//! declarations, windows and rules that may speak of the change ([`book`]).
//! Content decides first, then who did it; time alone never authorises.

pub mod book;
pub mod declaration;
pub mod evidence;
pub mod held;
pub mod later;
pub mod missing;
pub mod question;
mod windows;
mod words;

use driftline_canon::Confidence;
use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::window::Window;
pub use declaration::{Declaration, Says, Validity};
pub use evidence::Evidence;
pub use missing::Missing;
pub use question::{Blind, Given, Power, Question, RuleHit, Stretch};
use windows::Windows;

/// Pieces of evidence that one judgement keeps, at most: a person reads no more,
/// and a roll-out has two or three revisions at once.
pub const EVIDENCE_MAX: usize = 6;

/// The same for what was missing.
pub const MISSING_MAX: usize = 6;

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether it was meant.
    pub verdict: Verdict,
    /// What speaks for the verdict; never empty.
    pub evidence: Vec<Evidence>,
    /// What a better verdict would have needed.
    pub missing: Vec<Missing>,
}

/// Judges one change.
#[must_use]
pub fn judge(question: &Question<'_>, given: &Given<'_>) -> Judgement {
    let Judgement { verdict, mut evidence, mut missing } = judged(question, given);
    if let Some(blind) = question.blind {
        evidence.push(Evidence::Blind { why: blind, since_ms: question.when.since_ms });
    }
    if evidence.is_empty() {
        evidence.push(Evidence::NothingCovers { environment: question.environment.clone() });
    }
    evidence.truncate(EVIDENCE_MAX);
    missing.truncate(MISSING_MAX);
    Judgement { verdict, evidence, missing }
}

/// Judges a change as one that was made at the end of its stretch, and if other
/// revisions counted at the beginning, as one that was made then, too: where
/// both are not the same, nobody can tell.
fn judged(question: &Question<'_>, given: &Given<'_>) -> Judgement {
    let last = Case::of(question, given, End::Last);
    let in_part = || given.declarations.iter().filter(|one| one.counts_in_part());
    if in_part().next().is_none() || Case::of(question, given, End::First).verdict == last.verdict {
        return last;
    }
    let part = |one: &Declaration<'_>| Missing::RevisionPart { revision: words::clipped(one.revision) };
    Judgement { verdict: Verdict::Undetermined, evidence: Vec::new(), missing: in_part().map(part).collect() }
}

/// An end of the stretch in which a change was made.
#[derive(Debug, Clone, Copy)]
enum End {
    First,
    Last,
}

/// A change while it is judged, as one that was made at one end of its stretch.
struct Case<'a> {
    question: &'a Question<'a>,
    given: &'a Given<'a>,
    end: End,
    evidence: Vec<Evidence>,
    missing: Vec<Missing>,
}

impl<'a> Case<'a> {
    fn of(question: &'a Question<'a>, given: &'a Given<'a>, end: End) -> Judgement {
        let mut case = Case { question, given, end, evidence: Vec::new(), missing: Vec::new() };
        let verdict = case.decide();
        Judgement { verdict, evidence: case.evidence, missing: case.missing }
    }

    fn validity(&self, one: &Declaration<'_>) -> Validity {
        let [first, last] = one.validity;
        match self.end {
            End::First => first,
            End::Last => last,
        }
    }

    fn is_valid(&self, one: &Declaration<'_>) -> bool {
        self.validity(one).is_valid()
    }

    /// Whether its digests can be held against the change's, and count.
    fn is_usable(&self, one: &Declaration<'_>) -> bool {
        one.comparable && self.is_valid(one)
    }

    fn decide(&mut self) -> Verdict {
        if !self.given.anything_given {
            let environment = self.question.environment.clone();
            self.evidence.push(Evidence::NothingGiven { environment });
            return Verdict::Undetermined;
        }
        if self.is_declared() {
            return Verdict::Authorised;
        }
        let incomparable = self.is_incomparable();
        if let Some(reason) = self.given.frozen.filter(|_| !incomparable) {
            self.evidence.push(Evidence::Frozen { reason: reason.to_owned() });
            self.contradicted();
            self.without_content();
            return Verdict::OutOfBand;
        }
        if self.contradicted() {
            self.said_before();
            self.named_by_a_rule();
            return Verdict::ContentMismatch;
        }
        self.without_content();
        match self.named_by_a_rule() {
            Some(Power::Authorises) => Verdict::Authorised,
            rule => self.by_window(rule.is_some(), incomparable),
        }
    }

    /// Whether a valid revision declares the value that the key has now, or it
    /// comes with content that is declared.
    fn is_declared(&mut self) -> bool {
        let after = self.question.after;
        for one in self.given.declarations {
            if self.is_usable(one) && one.says.agrees(after) {
                let late_ms = one.pushed_ms.saturating_sub(self.question.when.until_ms);
                self.evidence.push(Evidence::Declared {
                    revision: words::clipped(one.revision),
                    selector: one.selector.clone(),
                    absent: after.is_none(),
                    pushed_after_ms: Some(late_ms).filter(|late_ms| *late_ms > 0),
                });
            }
        }
        // What is declared itself is right or wrong by that alone.
        let of_the_key = |one: &Declaration<'_>| self.is_valid(one) && one.says.is_of_the_key();
        if self.question.comes_with_declared && !self.given.declarations.iter().any(of_the_key) {
            self.evidence.push(Evidence::ComesWithDeclared);
        }
        !self.evidence.is_empty()
    }

    /// Whether a valid revision may declare it, in digests that say nothing
    /// here.
    fn is_incomparable(&mut self) -> bool {
        let before = self.missing.len();
        for one in self.given.declarations {
            if self.is_valid(one) && !one.comparable && one.says.is_of_the_key() {
                self.missing.push(Missing::OtherKey { revision: words::clipped(one.revision) });
            }
        }
        self.missing.len() > before
    }

    /// Whether a valid revision declares another value; each is noted.
    fn contradicted(&mut self) -> bool {
        let after = self.question.after;
        let before = self.evidence.len();
        for one in self.given.declarations {
            if self.is_usable(one) && one.says.is_of_the_key() && !one.says.agrees(after) {
                self.evidence.push(Evidence::DeclaredOtherwise {
                    revision: words::clipped(one.revision),
                    selector: one.selector.clone(),
                    absent: one.says == Says::Absent,
                });
            }
        }
        self.evidence.len() > before
    }

    /// Notes the revisions that declare it and do not count, and says whether
    /// any declares it at all.
    fn said_before(&mut self) -> bool {
        let mut spoken_of = false;
        for one in self.given.declarations.iter().filter(|one| one.says.agrees(self.question.after)) {
            let revision = words::clipped(one.revision);
            let ago = |at_ms: i64| self.question.when.until_ms.saturating_sub(at_ms).max(0);
            spoken_of = true;
            self.missing.push(match self.validity(one) {
                // Noted as of another key already.
                Validity::Valid => continue,
                Validity::Expired { at_ms } => Missing::Expired { revision, ago_ms: ago(at_ms) },
                Validity::Superseded { at_ms } => Missing::Superseded { revision, ago_ms: ago(at_ms) },
                Validity::Overruled => Missing::Overruled { revision },
            });
        }
        spoken_of
    }

    /// Why nothing proves the content.
    fn without_content(&mut self) {
        let spoken_of = self.said_before();
        let declarations = self.given.declarations;
        if declarations.iter().any(|one| self.is_valid(one) && one.says == Says::Nothing) {
            self.missing.push(Missing::Undeclarable { key: self.question.key.to_string() });
        } else if !spoken_of && !declarations.iter().any(|one| self.is_usable(one) && one.says.is_of_the_key()) {
            self.missing.push(Missing::NoRevision { source: self.question.source.to_string() });
        }
    }

    /// The rule that names who did it, if it is certain that they did.
    fn named_by_a_rule(&mut self) -> Option<Power> {
        let confidence = self.question.confidence();
        match (&self.given.actor_rule, confidence) {
            (Some(rule), Confidence::Exact) => {
                self.evidence.push(Evidence::Actor { rule: words::clipped(rule.name), power: rule.power });
                Some(rule.power)
            }
            (Some(rule), Confidence::Probable | Confidence::Unknown) => {
                self.missing.push(Missing::ActorOnlyProbable { rule: words::clipped(rule.name) });
                None
            }
            (None, Confidence::Unknown) => {
                self.missing.push(Missing::ActorUnknown);
                None
            }
            (None, Confidence::Probable | Confidence::Exact) => {
                self.missing.push(Missing::NoRule);
                None
            }
        }
    }

    /// What windows come to, for a change that nothing else authorises.
    fn by_window(&mut self, is_allowed: bool, incomparable: bool) -> Verdict {
        let windows = match Windows::of(self.question, self.given.windows) {
            Windows::None(missing) => {
                self.missing.push(missing);
                return self.otherwise(incomparable);
            }
            Windows::OfActor(window) => {
                self.opened(window);
                return Verdict::AuthorisedUnverified;
            }
            Windows::OfAnybody(windows) => windows,
        };
        let spoken_for = windows.iter().find(|window| !self.is_left_out(window));
        let Some(window) = spoken_for.or(windows.first()) else { return self.otherwise(incomparable) };
        self.opened(window);
        if is_allowed {
            return Verdict::AuthorisedUnverified;
        }
        if incomparable {
            return Verdict::Undetermined;
        }
        if spoken_for.is_some() {
            return Verdict::WindowOnly;
        }
        let source = || self.question.source.to_string();
        let outside = |one: &Declaration<'_>| Evidence::NotInDeployment {
            revision: words::clipped(one.revision),
            source: source(),
        };
        let outside: Vec<Evidence> = self.deployments(window).map(outside).collect();
        self.evidence.extend(outside);
        Verdict::OutOfBand
    }

    fn opened(&mut self, window: &Window) {
        self.evidence.push(Evidence::WindowOpen { ticket: words::clipped(&window.ticket) });
    }

    /// Valid revisions that a window was opened for.
    fn deployments<'w>(&'w self, window: &'w Window) -> impl Iterator<Item = &'w Declaration<'w>> {
        self.given.declarations.iter().filter(|one| self.is_valid(one) && one.is_of_window(window))
    }

    /// Whether a window has deployments, and none of them is about the source.
    fn is_left_out(&self, window: &Window) -> bool {
        let mut deployments = self.deployments(window).peekable();
        deployments.peek().is_some() && deployments.all(|one| one.says == Says::Elsewhere)
    }

    /// Nothing speaks for it. Where nobody could have seen what might have, that
    /// is no verdict.
    fn otherwise(&mut self, incomparable: bool) -> Verdict {
        if incomparable || self.question.blind.is_some() { Verdict::Undetermined } else { Verdict::OutOfBand }
    }
}

#[cfg(test)]
mod tests;
