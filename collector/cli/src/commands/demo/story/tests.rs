//! What is claimed is what was observed.

use bytes::Bytes;
use driftline_api::compare::{Cell, CellState, Difference, Group};

use super::super::change::tests::edited;
use super::*;

fn comparison(differing: u64, keys: u64, percent: &str) -> Comparison {
    Comparison {
        schema_version: 1,
        left: "production".to_owned(),
        right: "staging".to_owned(),
        left_hosts: 3,
        right_hosts: 1,
        keys,
        differing,
        accepted: 0,
        expected: 0,
        violations: 0,
        undetermined: 0,
        percent: percent.to_owned(),
        unchecked: vec![],
        uncovered: vec![],
        metadata_differing: 0,
        differences: Vec::new(),
    }
}

fn split(key: &str, outlier: &str) -> Difference {
    let group = |hosts: &[&str], display: &str| Group {
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        count: u32::try_from(hosts.len()).unwrap(),
        display: Some(display.to_owned()),
        missing: false,
    };
    let cell = |state, groups| Cell { state, display: None, secret: false, groups, at: None };
    Difference {
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        key: key.to_owned(),
        what: "split".to_owned(),
        left: cell(CellState::Split, vec![group(&["web-1", "web-3"], "a"), group(&[outlier], "b")]),
        right: cell(CellState::Value, Vec::new()),
        severity: "critical".to_owned(),
        class: "functional".to_owned(),
        recommendation: String::new(),
        metadata: false,
        meant: None,
        meant_kind: None,
        violation: None,
    }
}

fn holds(note: impl FnOnce(&mut Checks)) -> bool {
    let mut checks = Checks::default();
    note(&mut checks);
    checks.all_hold()
}

#[test]
fn the_sample_must_differ_in_12_of_80() {
    let shop = Shop::load(None).unwrap();
    assert!(holds(|checks| note_sample(checks, &shop, &comparison(12, 80, "15.0"))));
    assert!(!holds(|checks| note_sample(checks, &shop, &comparison(11, 80, "13.8"))));
    let blind = Comparison { undetermined: 1, ..comparison(12, 80, "15.0") };
    assert!(!holds(|checks| note_sample(checks, &shop, &blind)));
}

#[test]
fn the_outlier_must_be_the_edited_host_and_the_number_one_more() {
    let (edited, before) = (edited("x", true), comparison(12, 80, "15.0"));
    let after = |outlier: &str, differing| Comparison {
        differences: vec![split("PAYMENT_HOST", outlier)],
        ..comparison(differing, 80, "16.3")
    };
    assert!(holds(|checks| note_after(checks, &edited, &before, &after("web-2", 13))));
    assert!(!holds(|checks| note_after(checks, &edited, &before, &after("web-1", 13))));
    assert!(!holds(|checks| note_after(checks, &edited, &before, &after("web-2", 12))));
    assert!(!holds(|checks| note_after(checks, &edited, &before, &before)));
}

#[test]
fn p4_a_leak_in_an_alert_fails_the_demo() {
    let shop = Shop::load(None).unwrap();
    let clean = edited("x", true);
    assert!(holds(|checks| note_secrets(checks, &shop, &[&clean], &comparison(1, 2, "50.0"))));
    let mut leaking = edited("x", true);
    leaking.all_calls[0].body = Bytes::from_static(b"{\"display\":\"copper-meadow-29\"}");
    assert!(!holds(|checks| note_secrets(checks, &shop, &[&clean, &leaking], &comparison(1, 2, "50.0"))));
}
