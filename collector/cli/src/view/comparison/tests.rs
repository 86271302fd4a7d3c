//! The comparison in 80 columns, and how it ends the program.

use super::*;
use crate::printer::{Style, layout};

fn value(display: &str) -> Cell {
    Cell { state: CellState::Value, display: Some(display.to_owned()), secret: false, groups: Vec::new(), at: None }
}

fn empty(state: CellState) -> Cell {
    Cell { state, display: None, secret: false, groups: Vec::new(), at: None }
}

fn group(host: &str, count: u32, display: &str) -> Group {
    Group { hosts: vec![host.to_owned()], count, display: Some(display.to_owned()), missing: false }
}

fn one(key: &str, what: &str, severity: &str, left: Cell, right: Cell, recommendation: &str) -> Difference {
    Difference {
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        key: key.to_owned(),
        what: what.to_owned(),
        left,
        right,
        severity: severity.to_owned(),
        class: "functional".to_owned(),
        recommendation: recommendation.to_owned(),
        metadata: key.starts_with('@'),
        meant: None,
        meant_kind: None,
        violation: None,
    }
}

fn sample() -> Comparison {
    let groups = vec![group("web-1", 2, "30s"), group("web-3", 1, "60s")];
    let split = Cell { groups, display: Some("30s".to_owned()), ..empty(CellState::Split) };
    let url = "postgres://app:****@db-1.internal.example:5432/shop?sslmode=require";
    Comparison {
        schema_version: SCHEMA_VERSION,
        left: "production".to_owned(),
        right: "staging".to_owned(),
        left_hosts: 3,
        right_hosts: 1,
        keys: 80,
        differing: 3,
        accepted: 0,
        expected: 0,
        violations: 0,
        undetermined: 0,
        percent: "3.8".to_owned(),
        unchecked: vec![],
        uncovered: vec![],
        metadata_differing: 1,
        differences: vec![
            one(
                "DATABASE_URL",
                "differs",
                "critical",
                value(url),
                value("postgres://app:****@db/shop"),
                "Check 'DATABASE_URL': production and staging hold different secrets; share one only if that is meant",
            ),
            one(
                "REDIS_URL",
                "missing_right",
                "critical",
                value("redis://cache:6379"),
                empty(CellState::Missing),
                "Add 'REDIS_URL' to staging",
            ),
            one(
                "@mode",
                "differs",
                "warning",
                value("0600"),
                value("0640"),
                "Sync '@mode' of 'app': production has 0600, staging has 0640",
            ),
            one(
                "DB_TIMEOUT",
                "split",
                "warning",
                split,
                value("30s"),
                "Align 'DB_TIMEOUT': in production web-3 has 60s, web-1 and web-2 have 30s",
            ),
        ],
    }
}

#[test]
fn in_80_columns_it_reads_well() {
    let expected = "\
production (3 hosts) against staging
3 of 80 settings differ (3.8 %). Beside the settings: 1 difference.

SEVERITY  KEY           PRODUCTION                   STAGING
critical  DATABASE_URL  …p:****@db-1.internal.exam…  postgres://app:****@db/shop
          Check 'DATABASE_URL': production and staging hold different secrets;
          share one only if that is meant
critical  REDIS_URL     redis://cache:6379           —
          Add 'REDIS_URL' to staging
warning   DB_TIMEOUT    30s x2 | 60s x1              30s
          Align 'DB_TIMEOUT': in production web-3 has 60s, web-1 and web-2 have
          30s

Beside the settings
SEVERITY  KEY    PRODUCTION  STAGING
warning   @mode  0600        0640
          Sync '@mode' of 'app': production has 0600, staging has 0640
";
    let found = layout::render(&document(&sample()), Style { width: 80, colour: false });
    assert_eq!(found, expected, "\n{found}");
}

#[test]
fn nothing_that_differs_is_said_in_one_line() {
    let equal =
        Comparison { differing: 0, percent: "0.0".to_owned(), metadata_differing: 0, differences: vec![], ..sample() };
    let found = layout::render(&document(&equal), Style { width: 80, colour: false });
    assert_eq!(found, "production (3 hosts) against staging\n0 of 80 settings differ (0.0 %).\n");
    assert_eq!(exit(&equal, FailOn::Warning), Exit::Clean);
}

#[test]
fn the_worst_difference_decides_the_exit() {
    let mut comparison = sample();
    assert_eq!(exit(&comparison, FailOn::Warning), Exit::Critical);
    assert_eq!(exit(&comparison, FailOn::Never), Exit::Clean);
    comparison.differences.retain(|one| one.severity == "warning");
    assert_eq!(exit(&comparison, FailOn::Warning), Exit::Warning);
    assert_eq!(exit(&comparison, FailOn::Critical), Exit::Clean);
}

#[test]
fn j9_what_was_not_compared_is_never_green() {
    let mut comparison = Comparison { differences: vec![], differing: 0, undetermined: 1, ..sample() };
    assert_eq!(exit(&comparison, FailOn::Never), Exit::Inconclusive);
    comparison.undetermined = 0;
    comparison.right_hosts = 0;
    assert_eq!(exit(&comparison, FailOn::Warning), Exit::Inconclusive);
    let unknown = empty(CellState::Unknown);
    comparison = Comparison {
        differences: vec![one("@state", "undetermined", "info", unknown.clone(), unknown, "x")],
        ..sample()
    };
    assert_eq!(exit(&comparison, FailOn::Warning), Exit::Inconclusive);
}

#[test]
fn a_severity_of_a_newer_collector_is_taken_for_the_worst() {
    let mut comparison = sample();
    comparison.differences.truncate(1);
    comparison.differences[0].severity = "catastrophic".to_owned();
    assert_eq!(exit(&comparison, FailOn::Critical), Exit::Critical);
}

#[test]
fn several_sources_are_named() {
    let mut comparison = sample();
    comparison.differences[0].source = "worker".to_owned();
    let found = layout::render(&document(&comparison), Style { width: 100, colour: false });
    assert!(found.contains("SOURCE") && found.contains("web/worker"), "{found}");
}

#[test]
fn what_is_meant_stands_apart_and_fails_nothing_and_what_must_not_be_fails() {
    let mut meant = sample();
    meant.differences.truncate(1);
    meant.undetermined = 0;
    meant.differences[0].what = "differs".to_owned();
    meant.differences[0].severity = "critical".to_owned();
    meant.differences[0].meant = Some("accepted until 2026-12-31 by team-shop (a-3): slow network".to_owned());
    (meant.differing, meant.accepted) = (0, 1);
    let text = layout::render(&document(&meant), Style { width: 80, colour: false });
    assert!(text.contains("1 more: accepted."), "{text}");
    assert!(text.contains("Meant") && text.contains("by team-shop (a-3): slow network"), "{text}");
    assert_eq!(exit(&meant, FailOn::Info), Exit::Clean);

    let mut violated = meant.clone();
    violated.differences[0].what = "equal".to_owned();
    violated.differences[0].meant = None;
    violated.differences[0].violation = Some("a secret that must differ is the same on both sides".to_owned());
    assert_eq!(exit(&violated, FailOn::Critical), Exit::Critical);
}
