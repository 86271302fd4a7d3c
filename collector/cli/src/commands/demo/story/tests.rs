//! What is claimed is what was observed.

use bytes::Bytes;
use driftline_api::alert::Alert;
use driftline_api::change::{Side, What};
use driftline_api::compare::{Cell, CellState, Difference, Group};

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
        undetermined: 0,
        percent: percent.to_owned(),
        unchecked: vec![],
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
    let cell = |state, groups| Cell { state, display: None, secret: false, groups };
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
    }
}

fn edited(told_after: &str, signed: bool) -> Edited {
    let shop = Shop::load(None).unwrap();
    let edit = edit::plan(&shop.production().unwrap().0.files, true).unwrap();
    let side = |display: &str| Some(Side { display: Some(display.to_owned()), secret: false, line: None, file: None });
    let change = Change {
        id: 1,
        environment: "production".to_owned(),
        host: "web-2".to_owned(),
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        path: "/x".to_owned(),
        key: edit.key.clone(),
        what: What::Changed,
        before: side(&edit.before),
        after: side(told_after),
        observed_at: "2026-11-22T08:00:00.000Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-22T08:00:00.000Z".to_owned(),
        severity: "critical".to_owned(),
        class: "functional".to_owned(),
        verdict: "undetermined".to_owned(),
        marks: Vec::new(),
    };
    let alert = Alert {
        schema_version: 1,
        id: "7".to_owned(),
        severity: "critical".to_owned(),
        summary: "x".to_owned(),
        changes: vec![change.clone()],
        more_changes: 0,
        events: Vec::new(),
    };
    let body = Bytes::from(serde_json::to_vec(&alert).unwrap());
    let (id, signature) = ("7".to_owned(), "t=1,v1=00".to_owned());
    let call = Call { at: Instant::now(), id, signature, signed, body, alert: Some(alert) };
    let (after, all_calls) = (Duration::from_micros(2_345), vec![call.clone()]);
    Edited { host: "web-2".to_owned(), edit, live: Some((change, after)), alert: Some((call, after)), all_calls }
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
fn a_change_must_be_seen_signed_and_exact() {
    let good = edited("api.payments-test.example", true);
    assert!(holds(|checks| note_change(checks, &good)));
    assert!(!holds(|checks| note_change(checks, &edited("something else", true))));
    assert!(!holds(|checks| note_change(checks, &edited("api.payments-test.example", false))));
    assert!(!holds(|checks| note_change(checks, &Edited { live: None, ..edited("api.payments-test.example", true) })));
    assert!(!holds(|checks| note_change(checks, &Edited { alert: None, ..good })));
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
    assert!(holds(|checks| note_secrets(checks, &shop, &clean, &comparison(1, 2, "50.0"))));
    let mut leaking = edited("x", true);
    leaking.all_calls[0].body = Bytes::from_static(b"{\"display\":\"copper-meadow-29\"}");
    assert!(!holds(|checks| note_secrets(checks, &shop, &leaking, &comparison(1, 2, "50.0"))));
}

#[test]
fn what_is_printed_fits_80_columns() {
    let style = crate::printer::Style { width: 80, colour: false };
    let edited = edited("api.payments-test.example", true);
    for document in [live_document(&edited), alert_document(&edited, 80)] {
        let printed = layout::render(&document, style);
        assert!(printed.lines().all(|line| text::width(line) <= 80), "{printed}");
    }
    let mut far = edited;
    let path = format!("/tmp/{}/app.env", "deep/".repeat(30));
    far.alert.as_mut().unwrap().0.alert.as_mut().unwrap().summary.clone_from(&path);
    let printed = layout::render(&alert_document(&far, 80), style);
    assert!(!printed.contains('…') && printed.lines().all(|line| text::width(line) <= 80), "{printed}");
    assert!(printed.split_whitespace().collect::<String>().contains(&path), "folded, not cut: {printed}");
    assert!(printed.contains("It arrived 2.3 ms after the rename; the signature holds."), "{printed}");
    assert!(printed.contains("driftline-signature: t=1,v1=00"), "{printed}");
}
