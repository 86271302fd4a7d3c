//! Answers as findings: one check for each key or change.
//!
//! It judges nothing: severities and verdicts are as they came, and what could
//! not be told is never passed.

use driftline_api::change::Change;
use driftline_api::compare::{At, Comparison, Difference};

use super::{changes, severity};
use crate::exit::FailOn;
use crate::printer::findings::{Check, Findings, Outcome, Place};

/// A comparison, the left side being the one that is checked. `place` says
/// where a difference stands, if that is not on a host.
#[must_use]
pub fn of_comparison(
    comparison: &Comparison,
    fail_on: FailOn,
    place: impl Fn(&Difference) -> Option<Place>,
) -> Findings {
    let check = |one: &Difference| Check {
        rule: one.what.clone(),
        group: format!("{}/{}", one.role, one.source),
        key: one.key.clone(),
        occurrence: None,
        outcome: outcome(one, fail_on),
        message: one.recommendation.clone(),
        place: place(one).or_else(|| on_host(one.left.at.as_ref())).or_else(|| on_host(one.right.at.as_ref())),
    };
    let mut unchecked: Vec<String> = comparison.unchecked.clone();
    for (name, hosts) in [(&comparison.left, comparison.left_hosts), (&comparison.right, comparison.right_hosts)] {
        if hosts == 0 {
            unchecked.push(format!("no host matches {name}"));
        }
    }
    if comparison.keys == 0 {
        unchecked.push("there is no setting to compare".to_owned());
    }
    Findings {
        title: format!("{} against {}", comparison.left, comparison.right),
        checks: comparison.differences.iter().map(check).collect(),
        unchecked,
    }
}

fn outcome(one: &Difference, fail_on: FailOn) -> Outcome {
    let severity = severity(&one.severity);
    match one.what.as_str() {
        "equal" if one.violation.is_none() => Outcome::Passed,
        _ if one.meant.is_some() => Outcome::Passed,
        "undetermined" => Outcome::Unknown,
        _ => Outcome::Failed { severity, fails: fail_on.fails(severity) },
    }
}

fn on_host(at: Option<&At>) -> Option<Place> {
    let at = at?;
    Some(Place { host: Some(at.host.clone()), path: at.path.clone()?, line: at.line })
}

/// Changes, each by its verdict.
#[must_use]
pub fn of_changes(found: &[Change]) -> Findings {
    let checks = found.iter().map(|change| {
        let severity = severity(&change.severity);
        let side = change.after.as_ref().or(change.before.as_ref());
        let path = side.and_then(|side| side.file.clone()).unwrap_or_else(|| change.path.clone());
        let line = side.and_then(|side| side.line);
        Check {
            rule: change.verdict.clone(),
            group: format!("{}/{}/{}", change.environment, change.host, change.source),
            key: change.key.clone(),
            occurrence: Some(change.id),
            outcome: match change.verdict.as_str() {
                "authorised" => Outcome::Passed,
                "undetermined" => Outcome::Unknown,
                _ => Outcome::Failed { severity, fails: true },
            },
            message: format!("{}: {}", change.key, changes::what(change)),
            place: (!path.is_empty()).then(|| Place { host: Some(change.host.clone()), path, line }),
        }
    });
    Findings { title: "changes".to_owned(), checks: checks.collect(), unchecked: Vec::new() }
}

#[cfg(test)]
pub(crate) mod tests;
