//! What passes, what fails, and what is neither.

use driftline_api::change::{Side, What};
use driftline_api::compare::{Cell, CellState};
use driftline_compare::Severity;

use super::*;

fn cell(host: &str, line: Option<u32>) -> Cell {
    let at = At { host: host.to_owned(), path: Some("/srv/.env".to_owned()), line, included: false };
    Cell { state: CellState::Value, display: Some("x".to_owned()), secret: false, groups: Vec::new(), at: Some(at) }
}

fn difference(key: &str, what: &str, severity: &str) -> Difference {
    Difference {
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        key: key.to_owned(),
        what: what.to_owned(),
        left: cell("s1", Some(4)),
        right: cell("w1", Some(9)),
        severity: severity.to_owned(),
        class: "functional".to_owned(),
        recommendation: format!("Sync '{key}'"),
        metadata: false,
        meant: None,
        meant_kind: None,
        violation: None,
    }
}

pub(crate) fn comparison() -> Comparison {
    Comparison {
        schema_version: 1,
        left: "staging".to_owned(),
        right: "production".to_owned(),
        left_hosts: 1,
        right_hosts: 1,
        keys: 4,
        differing: 2,
        accepted: 0,
        expected: 0,
        violations: 0,
        undetermined: 1,
        percent: "50.0".to_owned(),
        unchecked: Vec::new(),
        uncovered: Vec::new(),
        metadata_differing: 0,
        differences: vec![
            difference("DB_HOST", "differs", "critical"),
            difference("LOG", "missing_left", "info"),
            difference("PORT", "equal", "info"),
            difference("X", "undetermined", "info"),
        ],
    }
}

fn outcomes(comparison: &Comparison, fail_on: FailOn) -> Vec<Outcome> {
    of_comparison(comparison, fail_on, |_| None).checks.iter().map(|check| check.outcome).collect()
}

#[test]
fn only_equal_passes_and_what_is_unknown_is_neither() {
    let fails = |severity, fails| Outcome::Failed { severity, fails };
    assert_eq!(
        outcomes(&comparison(), FailOn::Warning),
        [fails(Severity::Critical, true), fails(Severity::Info, false), Outcome::Passed, Outcome::Unknown]
    );
    assert_eq!(outcomes(&comparison(), FailOn::Info)[1], fails(Severity::Info, true));
    assert_eq!(outcomes(&comparison(), FailOn::Never)[0], fails(Severity::Critical, false));
}

#[test]
fn j9_nobody_to_ask_is_a_finding() {
    let nobody = Comparison { right_hosts: 0, keys: 0, differences: Vec::new(), ..comparison() };
    let found = of_comparison(&nobody, FailOn::Warning, |_| None);
    assert_eq!(found.unchecked, ["no host matches production", "there is no setting to compare"]);
    assert!(found.is_inconclusive());
}

#[test]
fn a_finding_stands_on_the_side_that_is_checked() {
    let found = of_comparison(&comparison(), FailOn::Warning, |_| None);
    let place = found.checks[0].place.as_ref().unwrap();
    assert_eq!((place.host.as_deref(), place.line), (Some("s1"), Some(4)));
}

fn change(id: u64, verdict: &str) -> Change {
    Change {
        id,
        environment: "production".to_owned(),
        host: "web-1".to_owned(),
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        path: "/srv/.env".to_owned(),
        key: "DB_HOST".to_owned(),
        what: What::Added,
        before: None,
        after: Some(Side { display: Some("db".to_owned()), secret: false, line: Some(3), file: None }),
        observed_at: "2026-11-22T04:30:00.123Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-22T04:30:00.456Z".to_owned(),
        severity: "critical".to_owned(),
        class: "functional".to_owned(),
        verdict: verdict.to_owned(),
        marks: Vec::new(),
        evidence: Vec::new(),
        missing: Vec::new(),
        later: Vec::new(),
        actor: None,
        meaning: None,
        record: None,
    }
}

#[test]
fn p10_only_an_authorised_change_passes() {
    let verdicts = ["authorised", "undetermined", "out_of_band", "window_only", "a_later_one"];
    let all: Vec<Change> = verdicts.iter().zip(1..).map(|(verdict, id)| change(id, verdict)).collect();
    let found = of_changes(&all);
    let passed: Vec<_> = found.checks.iter().map(|check| check.outcome == Outcome::Passed).collect();
    assert_eq!(passed, [true, false, false, false, false]);
    assert_eq!(found.checks[1].outcome, Outcome::Unknown);
}

#[test]
fn two_changes_of_one_key_are_two_findings() {
    let found = of_changes(&[change(1, "out_of_band"), change(2, "out_of_band")]);
    assert_ne!(found.checks[0].fingerprint(), found.checks[1].fingerprint());
}
