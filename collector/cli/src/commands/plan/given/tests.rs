//! What a collector said of each key reaches the plan.

use driftline_compare::plan::{Action, Form};

use super::*;

fn cell(state: CellState, display: Option<&str>, host: &str) -> Cell {
    let at = At { host: host.to_owned(), path: Some("/srv/.env".to_owned()), line: Some(3), included: false };
    Cell { state, display: display.map(str::to_owned), secret: false, groups: Vec::new(), at: Some(at) }
}

fn difference(key: &str, what: &str, left: Cell, right: Cell) -> Difference {
    Difference {
        role: "web~app".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        key: key.to_owned(),
        what: what.to_owned(),
        left,
        right,
        severity: "warning".to_owned(),
        class: "functional".to_owned(),
        recommendation: String::new(),
        metadata: false,
        meant: None,
        meant_kind: None,
        violation: None,
    }
}

fn comparison(differences: Vec<Difference>) -> Comparison {
    Comparison {
        schema_version: 1,
        left: "staging".to_owned(),
        right: "production".to_owned(),
        left_hosts: 1,
        right_hosts: 1,
        keys: 2,
        differing: 1,
        accepted: 0,
        expected: 0,
        violations: 0,
        undetermined: 0,
        percent: "50.0".to_owned(),
        unchecked: Vec::new(),
        uncovered: Vec::new(),
        metadata_differing: 0,
        differences,
    }
}

#[test]
fn the_left_side_is_the_one_that_changes() {
    let (left, right) = (cell(CellState::Value, Some("5s"), "s1"), cell(CellState::Value, Some("30s"), "w1"));
    let plan = plan(&comparison(vec![difference("T", "differs", left, right)]));
    let step = &plan.steps[0];
    assert_eq!((step.action, step.side.as_str(), step.role.as_str()), (Action::Change, "staging", "web"));
    assert_eq!((step.old.to_string(), step.new.to_string()), ("5s".to_owned(), "30s".to_owned()));
    assert!(plan.render(Form::Env).contains("--- /srv/.env\n+++ /srv/.env\n@@ -3,1 +3,1 @@\n-T=5s\n+T=30s\n"));
}

#[test]
fn j9_what_this_version_does_not_know_is_open_and_not_left_out() {
    let empty = || cell(CellState::Missing, None, "s1");
    let mut strange = difference("A", "differs", empty(), empty());
    strange.kind = "quantum".to_owned();
    let plan = plan(&comparison(vec![strange, difference("B", "entangled", empty(), empty())]));
    assert!(plan.steps.is_empty());
    assert_eq!(plan.open.len(), 2);
    assert!(plan.open[0].reason.contains("quantum"));
}

#[test]
fn outliers_reach_the_plan_by_name() {
    let group = |host: &str, display: &str| Group {
        hosts: vec![host.to_owned()],
        count: 1,
        display: Some(display.to_owned()),
        missing: false,
    };
    let mut left = cell(CellState::Split, None, "s1");
    left.groups = vec![group("s1", "30s"), group("s2", "60s")];
    let right = cell(CellState::Value, Some("30s"), "w1");
    let plan = plan(&comparison(vec![difference("T", "split", left, right)]));
    assert_eq!(plan.steps[0].only.iter().map(HostName::as_str).collect::<Vec<_>>(), ["s2"]);
}
