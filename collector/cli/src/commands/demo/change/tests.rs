//! What is claimed of an edit is what was seen of it.

use std::time::Instant;

use bytes::Bytes;
use driftline_api::alert::Alert;
use driftline_api::change::{Side, What};

use super::super::shop::Shop;
use super::*;
use crate::printer::layout;

/// The sample's edit, seen and alerted; the alert tells that value.
pub(in super::super) fn edited(told_after: &str, signed: bool) -> Edited {
    let shop = Shop::load(None).unwrap();
    let edit = edit::plan(&shop.production().unwrap().0.files, true).unwrap();
    of("web-2", edit, told_after, signed)
}

fn of(host: &str, edit: Edit, told_after: &str, signed: bool) -> Edited {
    let side = |display: &str| Some(Side { display: Some(display.to_owned()), secret: false, line: None, file: None });
    let change = Change {
        id: 1,
        environment: "production".to_owned(),
        host: host.to_owned(),
        role: "web".to_owned(),
        source: edit.source.clone(),
        kind: "env_file".to_owned(),
        path: "/x".to_owned(),
        key: edit.key.clone(),
        what: What::Changed,
        before: edit.before.as_deref().and_then(side),
        after: side(told_after),
        observed_at: "2026-11-22T08:00:00.000Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-22T08:00:00.000Z".to_owned(),
        severity: "critical".to_owned(),
        class: "functional".to_owned(),
        verdict: "undetermined".to_owned(),
        marks: Vec::new(),
        evidence: Vec::new(),
        missing: Vec::new(),
        later: Vec::new(),
        actor: None,
        meaning: None,
        record: None,
    };
    let alert = Alert {
        schema_version: 1,
        id: "7".to_owned(),
        severity: "critical".to_owned(),
        summary: "x".to_owned(),
        changes: vec![change.clone()],
        more_changes: 0,
        events: Vec::new(),
        amendments: Vec::new(),
        rejudgements: Vec::new(),
    };
    let body = Bytes::from(serde_json::to_vec(&alert).unwrap());
    let (id, signature) = ("7".to_owned(), "t=1,v1=00".to_owned());
    let call = Call { at: Instant::now(), id, signature, signed, body, alert: Some(alert) };
    let (after, all_calls) = (Duration::from_micros(2_345), vec![call.clone()]);
    Edited { host: host.to_owned(), edit, live: Some((change, after)), alert: Some((call, after)), all_calls }
}

fn holds(note: impl FnOnce(&mut Checks)) -> bool {
    let mut checks = Checks::default();
    note(&mut checks);
    checks.all_hold()
}

/// The sample's edit of its database server.
fn by_hand(told_after: &str) -> Edited {
    let shop = Shop::load(None).unwrap();
    let edit = edit::plan_database(shop.production().unwrap().0.database.as_ref().unwrap()).unwrap();
    of("db-1", edit, told_after, true)
}

#[test]
fn a_change_must_be_seen_signed_and_exact() {
    let good = edited("api.payments-test.example", true);
    assert!(holds(|checks| note(checks, &good)));
    assert!(!holds(|checks| note(checks, &edited("something else", true))));
    assert!(!holds(|checks| note(checks, &edited("api.payments-test.example", false))));
    assert!(!holds(|checks| note(checks, &Edited { live: None, ..edited("api.payments-test.example", true) })));
    assert!(!holds(|checks| note(checks, &Edited { alert: None, ..good })));
}

#[test]
fn an_edit_of_a_database_server_must_be_told_with_its_severity_in_both_places() {
    let good = by_hand("off");
    assert!(holds(|checks| note(checks, &good)));
    assert!(holds(|checks| note_severity(checks, &good, "critical")));
    assert!(!holds(|checks| note_severity(checks, &good, "warning")));
    assert!(!holds(|checks| note(checks, &by_hand("on"))));
    assert!(!holds(|checks| note_severity(checks, &Edited { live: None, ..by_hand("off") }, "critical")));
    assert!(!holds(|checks| note_severity(checks, &Edited { alert: None, ..by_hand("off") }, "critical")));
    let mut mild = by_hand("off");
    mild.alert.as_mut().unwrap().0.alert.as_mut().unwrap().changes[0].severity = "info".to_owned();
    assert!(!holds(|checks| note_severity(checks, &mild, "critical")));
}

#[test]
fn what_did_not_come_is_said() {
    let style = crate::printer::Style { width: 80, colour: false };
    let blind = Edited { live: None, alert: None, ..by_hand("off") };
    let live = layout::render(&live_document("5. By hand", &blind), style);
    assert!(live.contains("db-1: fsync in postgresql.conf goes from on to off") && live.contains("did not show it"));
    assert!(layout::render(&alert_brief(&blind), style).contains("No alert came."));
    let printed = layout::render(&alert_brief(&by_hand("off")), style);
    assert!(printed.contains("the signature holds") && printed.contains("critical  x"), "{printed}");
}

#[test]
fn what_is_printed_fits_80_columns() {
    let style = crate::printer::Style { width: 80, colour: false };
    let edited = edited("api.payments-test.example", true);
    let of_database = by_hand("off");
    let brief = alert_brief(&of_database);
    for document in [
        brief,
        live_document("5. By hand", &of_database),
        live_document("2. By hand", &edited),
        alert_document("3. The alert", &edited, 80),
    ] {
        let printed = layout::render(&document, style);
        assert!(printed.lines().all(|line| text::width(line) <= 80), "{printed}");
    }
    let mut far = edited;
    let path = format!("/tmp/{}/app.env", "deep/".repeat(30));
    far.alert.as_mut().unwrap().0.alert.as_mut().unwrap().summary.clone_from(&path);
    let printed = layout::render(&alert_document("3. The alert", &far, 80), style);
    assert!(!printed.contains('…') && printed.lines().all(|line| text::width(line) <= 80), "{printed}");
    assert!(printed.split_whitespace().collect::<String>().contains(&path), "folded, not cut: {printed}");
    assert!(printed.contains("It arrived 2.3 ms after the rename; the signature holds."), "{printed}");
    assert!(printed.contains("driftline-signature: t=1,v1=00"), "{printed}");
}
