//! Expectations: what a key should be across environments, so that what is
//! meant to differ is no finding, and what must differ and does not is one.
//!
//! How much a difference matters is the policy's to say here too, as it is for
//! changes and drift.
//!
//! It is applied to a comparison that was made. What could not be compared is
//! never made green here, and nothing that differs goes unlisted: it is a
//! difference, or one that is accepted or expected and says so.

use driftline_canon::{Environment, ItemKey, SourceKind, SourceName};

use crate::acceptance::{Active, Place};
use crate::classify::{Class, Severity};
use crate::compare::{self, CellState, Comparison, Difference, Listing, Rules, Side, What};
use crate::policy::{Expectation, Must, SeverityRule};

/// Why a difference is no finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Somebody accepted it.
    Accepted {
        /// Number of the acceptance.
        number: u64,
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// Until when.
        expires_ms: i64,
    },
    /// The policy expects it.
    Expected {
        /// [`Must::as_str`].
        expected: &'static str,
        /// Why; may be empty.
        reason: String,
    },
}

impl Meant {
    /// Its kind in JSON: `accepted` or `expected`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Expected { .. } => "expected",
        }
    }
}

/// What a comparison is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// Expectations of the policy, in its order.
    pub expectations: &'a [Expectation],
    /// Severity rules of the policy, in its order.
    pub severities: &'a [SeverityRule],
    /// The environments that either side has hosts of, or is declared for.
    pub environments: &'a [Environment],
    /// Acceptances.
    pub acceptances: &'a [Active<'a>],
    /// The one environment of the left side, if it is one.
    pub left: Option<&'a Environment>,
    /// The one environment of the right side, if it is one.
    pub right: Option<&'a Environment>,
    /// The time.
    pub now_ms: i64,
}

impl Given<'_> {
    /// Whether the sides are different environments: only then a value may be
    /// the same too often.
    fn is_across(&self) -> bool {
        self.left.zip(self.right).is_some_and(|(left, right)| left != right)
    }

    /// The first expectation about a key.
    fn about(&self, source: &SourceName, key: &ItemKey) -> Option<&Expectation> {
        Expectation::first(self.expectations, source, key.as_str())
    }

    /// What a difference weighs: in each environment by the first rule that
    /// matches there, or else as built in, and of those the most.
    fn weigh(
        &self,
        source: &SourceName,
        kind: SourceKind,
        key: &ItemKey,
        built_in: (Severity, Class),
    ) -> (Severity, Class) {
        if self.severities.is_empty() {
            return built_in;
        }
        let by_rule = |environment: &Environment| {
            let said = SeverityRule::first(self.severities, environment, source, kind, key.as_str());
            said.map_or(built_in, |rule| (rule.severity, rule.class.unwrap_or(built_in.1)))
        };
        self.environments.iter().map(by_rule).max_by_key(|(severity, _)| *severity).unwrap_or(built_in)
    }

    /// Whether an equal key has to be looked at.
    fn may_not_be_equal(&self, source: &SourceName, key: &ItemKey, secret: bool) -> bool {
        match self.about(source, key).map(|one| &one.must) {
            Some(Must::Differ | Must::OnlyIn(_)) => true,
            Some(Must::Equal | Must::Any) => false,
            None => secret,
        }
    }
}

/// Compares two sides and applies what is expected and accepted.
#[must_use]
pub fn compare(left: &Side, right: &Side, listing: Listing, given: &Given<'_>) -> Comparison {
    let across = given.is_across();
    let also = |source: &SourceName, key: &ItemKey, secret: bool| across && given.may_not_be_equal(source, key, secret);
    let weigh = |source: &SourceName, kind, key: &ItemKey, built_in| given.weigh(source, kind, key, built_in);
    let mut comparison = compare::compare_with(left, right, listing, &Rules { also: &also, weigh: &weigh });
    apply(&mut comparison, listing, given);
    comparison
}

/// Takes what is meant out of the count and finds what is too equal among what
/// is listed; equal keys that are no finding go unless they are wanted.
pub fn apply(comparison: &mut Comparison, listing: Listing, given: &Given<'_>) {
    for difference in &mut comparison.differences {
        let counted = difference.what;
        judge(difference, given);
        if difference.meant.is_some() && is_difference(counted) {
            let meant = match difference.meant {
                Some(Meant::Accepted { .. }) => &mut comparison.accepted,
                _ => &mut comparison.expected,
            };
            *meant += 1;
            let from = if difference.metadata { &mut comparison.metadata_differing } else { &mut comparison.differing };
            *from = from.saturating_sub(1);
        }
        comparison.violations += u64::from(difference.violation.is_some());
    }
    if listing == Listing::Differences {
        comparison.differences.retain(|one| one.what != What::Equal || one.violation.is_some());
    }
    compare::sort(&mut comparison.differences);
}

fn is_difference(what: What) -> bool {
    matches!(what, What::Differs | What::MissingLeft | What::MissingRight | What::Split)
}

fn judge(one: &mut Difference, given: &Given<'_>) {
    let secret = one.left.secret || one.right.secret;
    let about = given.about(&one.source, &one.key).filter(|_| given.is_across());
    match about.map(|about| (&about.must, about)) {
        Some((Must::Differ, about)) => differ(one, Some(about)),
        Some((Must::Any, about)) => any(one, about),
        Some((Must::OnlyIn(environments), about)) => only_in(one, environments, about, given),
        Some((Must::Equal, _)) => {}
        // The same secret in two environments is one leak for both.
        None if secret && given.is_across() && one.shared => differ(one, None),
        None => {}
    }
    if one.meant.is_none() && is_difference(one.what) && one.violation.is_none() {
        one.meant = accepted(one, given);
    }
}

fn expected(about: &Expectation) -> Option<Meant> {
    Some(Meant::Expected { expected: about.must.as_str(), reason: about.reason.clone().unwrap_or_default() })
}

fn differ(one: &mut Difference, about: Option<&Expectation>) {
    if one.shared && !is_empty(one) {
        let thing = if one.left.secret || one.right.secret { "a secret" } else { "a value" };
        violates(one, Severity::Critical, format!("{thing} that must differ is the same on both sides"));
        one.class = Class::Security;
    } else if one.what == What::Differs
        && let Some(about) = about
    {
        one.meant = expected(about);
    }
}

fn any(one: &mut Difference, about: &Expectation) {
    if is_difference(one.what) {
        one.meant = expected(about);
    }
}

fn only_in(one: &mut Difference, environments: &[Environment], about: &Expectation, given: &Given<'_>) {
    let side = |environment: Option<&Environment>, cell: &compare::Cell| {
        let there = matches!(cell.state, CellState::Value | CellState::Split);
        let known = cell.state != CellState::Unknown;
        environment.filter(|_| known).map(|name| (name.clone(), there, environments.contains(name)))
    };
    let sides = [side(given.left, &one.left), side(given.right, &one.right)];
    let wrong: Vec<String> =
        sides.iter().flatten().filter(|(_, there, may)| *there && !*may).map(|(name, ..)| name.to_string()).collect();
    if !wrong.is_empty() {
        let names: Vec<&str> = environments.iter().map(Environment::as_str).collect();
        let said = format!("it is in {} and should be only in {}", wrong.join(" and "), names.join(", "));
        return violates(one, one.severity.max(Severity::Warning), said);
    }
    let as_said = sides.iter().all(|side| matches!(side, Some((_, there, may)) if there == may));
    if as_said && matches!(one.what, What::MissingLeft | What::MissingRight) {
        one.meant = expected(about);
    }
}

/// An empty secret is none: it is the same everywhere and opens nothing.
fn is_empty(one: &Difference) -> bool {
    let empty = |cell: &compare::Cell| cell.display.as_deref() == Some("");
    empty(&one.left) && empty(&one.right)
}

fn violates(one: &mut Difference, severity: Severity, said: String) {
    one.severity = one.severity.max(severity);
    one.recommendation = match &one.recommendation {
        advice if advice.is_empty() || one.what == What::Equal => format!("Change '{}': {said}", one.key),
        advice => format!("{advice}; {said}"),
    };
    one.violation = Some(said);
}

fn accepted(one: &Difference, given: &Given<'_>) -> Option<Meant> {
    let at = |environment| Place { environment, role: &one.role, source: &one.source, key: &one.key };
    let covers = |active: &&Active<'_>| {
        // Who answers for one environment does not answer for what another is
        // held against: the left side is the one that is checked.
        given.left.or(given.right).is_some_and(|name| active.covers_place(&at(name), given.now_ms))
    };
    let best = given.acceptances.iter().filter(covers);
    let best = best.max_by_key(|one| (one.acceptance.expires_ms, std::cmp::Reverse(one.acceptance.number)))?;
    Some(Meant::Accepted {
        number: best.acceptance.number,
        reason: best.acceptance.reason.clone(),
        owner: best.acceptance.owner.clone(),
        expires_ms: best.acceptance.expires_ms,
    })
}

#[cfg(test)]
mod tests;
