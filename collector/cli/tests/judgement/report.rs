//! `report`: one file of many answers; what it lacks is said.

use super::*;

/// A collector that has every part, but refuses one path with that status.
fn collector(refused: &'static str, status: u16, intact: bool) -> Server {
    Server::start(move |asked| answer(asked, refused, status, intact))
}

fn answer(asked: &server::Asked, refused: &str, status: u16, intact: bool) -> server::Answer {
    let path = asked.line.strip_prefix("GET /api/v1/").unwrap().split('?').next().unwrap();
    if path == refused {
        return (status, json!({"code": "x", "message": "no"}).to_string());
    }
    let acceptance = |covers: &str, status: &str, until: &str| {
        json!({"id": "a-1", "covers": covers, "status": status, "reason": HOSTILE, "owner": "ada",
            "expires_at": until})
    };
    let body = match path {
        "changes" => json!({"schema_version": 1, "changes": []}),
        "reports" => json!({"schema_version": 1, "reports": []}),
        "drift" => drifts(&[a_drift("d-17", "open", "critical")]),
        "acceptances" => json!({"schema_version": 1, "acceptances": [
            acceptance("source=now", "valid", "2026-12-22T08:00:00.000Z"),
            acceptance("source=long_ago", "expired", "2025-12-22T08:00:00.000Z"),
        ]}),
        "hosts" => json!({"schema_version": 1, "hosts": []}),
        "events" => json!({"schema_version": 1, "events": []}),
        "verify" => json!({"schema_version": 1, "intact": intact, "entries": 12, "head": "ab12",
            "reason": (!intact).then_some("entry 7 does not hold")}),
        other => panic!("{other} is not part of a report"),
    };
    (200, body.to_string())
}

const REPORT: [&str; 7] = ["report", "--from", "2026-11-01", "--to", "2026-12-01", "--env", "production"];

#[test]
fn a_report_has_every_part_fits_80_columns_and_asks_for_its_time_alone() {
    let server = collector("", 0, true);
    let made = run(&server, &REPORT);
    assert_eq!(code(&made), 0, "open drift is reported, not failed on: {}", err(&made));
    let text = out(&made);
    for part in [
        "Drift report: production\n",
        "0 changes in this time, by verdict.",
        "Around CI/CD\nNo change is out-of-band",
        "Open drift\nSEVERITY",
        "d-17",
        "Trend\nNo scan is scheduled",
        "Accepted differences\n",
        "source=now",
        "Gaps and incidents\nNo gap",
        "Whole: 12 entries, each holding to the one before.",
        "driftline verify --export history.ndjson",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("long_ago"), "what ended before is not of this time");
    assert_printable(&text);
    let asked = lines(&server);
    let times = "since=2026-11-01T00%3A00%3A00.000Z&until=2026-12-01T00%3A00%3A00.000Z";
    assert!(asked[0].starts_with("GET /api/v1/changes?env=production&") && asked[0].ends_with(times), "{asked:?}");
    assert!(asked.contains(&"GET /api/v1/drift?env=production".to_owned()), "{asked:?}");
    let refused = run(&server, &["report", "--from", "2026-12-01", "--to", "2026-11-01"]);
    assert_eq!((code(&refused), server.asked().len()), (64, asked.len()), "{}", err(&refused));
}

#[test]
fn what_a_report_lacks_is_said_and_is_inconclusive() {
    for (path, status, said) in [
        ("reports", 404, "Not in this report: scheduled scans (this collector has none)."),
        ("drift", 403, "Not in this report: open drift (not permitted)."),
        ("acceptances", 403, "Not in this report: acceptances (not permitted)."),
        ("hosts", 404, "Not in this report: hosts (this collector has none)."),
        ("events", 403, "Not in this report: events (not permitted)."),
        ("verify", 403, "Not in this report: the proof of the history (not permitted)."),
    ] {
        let made = run(&collector(path, status, true), &REPORT);
        assert_eq!((code(&made), out(&made).contains(said)), (3, true), "{path}: {}", out(&made));
    }
    let broken = run(&collector("hosts", 500, true), &REPORT);
    assert_eq!((code(&broken), out(&broken).as_str()), (70, ""), "a fault is no gap in a report");
}

/// A collector whose one path answers something else.
fn odd(path: &'static str, body: Value) -> Server {
    Server::start(move |asked| {
        let asks = asked.line.strip_prefix("GET /api/v1/").unwrap().split('?').next().unwrap() == path;
        if asks { (200, body.to_string()) } else { answer(asked, "", 0, true) }
    })
}

#[test]
fn what_was_not_looked_at_is_no_green_report() {
    let mut open = drifts(&[]);
    open["unchecked"] = json!(["web-1 (silent)"]);
    open["unheld"] = json!(["staging"]);
    open["more"] = json!(17);
    let made = run(&odd("drift", open), &REPORT);
    assert_eq!(code(&made), 3);
    for said in ["web-1 (silent)", "staging", "17 drifts beyond those listed"] {
        let text = out(&made).replace('\n', " ");
        assert!(text.contains(said), "{said}: {text}");
    }
    let table = run(
        &odd("drift", json!({"drifts": [], "unchecked": ["web-1 (silent)"]})),
        &[&REPORT[..], &["-o", "csv"]].concat(),
    );
    assert!(out(&table).contains("\r\nlacking,") && err(&table).contains("web-1 (silent)"), "{}", out(&table));
    assert!(out(&table).contains("\r\nhistory,"), "{}", out(&table));
}

#[test]
fn a_host_that_was_stopped_is_a_gap() {
    let event = json!({"id": 9, "at": "2026-11-20T08:00:00.000Z", "what": "host_stopped", "severity": "warning",
        "environment": "production", "host": "web-3", "message": "web-3 was stopped"});
    let made = run(&odd("events", json!({"schema_version": 1, "events": [event]})), &REPORT);
    assert!(out(&made).contains("web-3 was stopped") && !out(&made).contains("No gap"), "{}", out(&made));
}

#[test]
fn a_report_of_a_time_before_the_history_begins_lacks_it() {
    let server = Server::start(|asked| match asked.line.contains("/changes") {
        true => (200, json!({"schema_version": 1, "changes": [], "begins_at": "2026-11-15T00:00:01.000Z"}).to_string()),
        false => (403, json!({"code": "x", "message": "no"}).to_string()),
    });
    let made = run(&server, &REPORT);
    let said = "what was recorded before 2026-11-15 00:00:01 (utc), where the history begins: it was removed";
    assert_eq!((code(&made), out(&made).replace('\n', " ").contains(said)), (3, true), "{}", out(&made));
}

#[test]
fn a_history_that_does_not_hold_is_critical_in_every_form() {
    let server = collector("", 0, false);
    let made = run(&server, &REPORT);
    assert_eq!(code(&made), 1);
    assert!(out(&made).contains("Broken after 12 entries: entry 7 does not hold"), "{}", out(&made));
    let printed = run(&server, &[&REPORT[..], &["-o", "json"]].concat());
    assert_eq!((code(&printed), &json_of(&printed)["history"]["intact"]), (1, &json!(false)));
    let page = run(&server, &[&REPORT[..], &["-o", "html"]].concat());
    assert_eq!((code(&page), out(&page).contains('\u{1b}')), (1, false));
    assert!(!out(&page).contains("<script"), "{}", out(&page));
}
