//! A report of a small week, in each form.

use driftline_api::change::{Side, What};
use driftline_api::report::Found;

use super::*;
use crate::printer::{Style, html, layout, markdown};

fn change(id: u64, verdict: &str, severity: &str) -> Change {
    let side = |text: &str| Some(Side { display: Some(text.to_owned()), secret: false, line: Some(3), file: None });
    Change {
        id,
        environment: "production".to_owned(),
        host: "db-1".to_owned(),
        role: "db".to_owned(),
        source: "pg".to_owned(),
        kind: "database_config".to_owned(),
        path: "/etc/postgresql/15/main/postgresql.conf".to_owned(),
        key: "max_connections".to_owned(),
        what: What::Changed,
        before: side("100"),
        after: side("500"),
        observed_at: "2026-11-20T08:00:05.123Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-20T08:00:05.125Z".to_owned(),
        severity: severity.to_owned(),
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

fn scan(number: u64, percent: Option<&str>) -> Report {
    let found = |percent: &str| Found {
        keys: 80,
        differing: 12,
        undetermined: 0,
        percent: percent.to_owned(),
        critical: 8,
        warning: 4,
        info: 0,
        unchecked: 0,
    };
    Report {
        number,
        schedule: "weekly parity".to_owned(),
        left: "staging".to_owned(),
        right: "production".to_owned(),
        due_at: format!("2026-11-{number:02}T06:00:00.000Z"),
        ran_at: format!("2026-11-{number:02}T06:00:01.000Z"),
        missed: u32::from(percent.is_none()) * 2,
        found: percent.map(found),
        failed: percent.is_none().then(|| "no host matches `staging`".to_owned()),
    }
}

fn changes() -> Vec<Change> {
    vec![
        change(9, "out_of_band", "critical"),
        change(8, "authorised", "critical"),
        change(7, "authorised", "info"),
        change(6, "undetermined", "warning"),
    ]
}

pub(crate) fn sample() -> Audit {
    let all = changes();
    Audit {
        schema_version: 1,
        from: "2026-11-15T00:00:00.000Z".to_owned(),
        to: "2026-11-22T00:00:00.000Z".to_owned(),
        made_at: "2026-11-22T08:00:00.000Z".to_owned(),
        environment: Some("production".to_owned()),
        verdicts: verdicts(&all),
        out_of_band: all.into_iter().filter(is_notable).collect(),
        drift: vec![Drift {
            id: "drift-12".to_owned(),
            environment: "production".to_owned(),
            role: "db".to_owned(),
            source: "pg".to_owned(),
            key: "max_connections".to_owned(),
            rule: "desired".to_owned(),
            severity: "critical".to_owned(),
            opened_at: "2026-08-20T08:00:05.123Z".to_owned(),
        }],
        acceptances: vec![Acceptance {
            id: "3".to_owned(),
            status: "valid".to_owned(),
            covers: "LOG_LEVEL of app in staging".to_owned(),
            reason: "staging is verbose".to_owned(),
            owner: "ops@example.com".to_owned(),
            expires_at: "2027-01-01T00:00:00.000Z".to_owned(),
        }],
        scans: vec![scan(1, Some("15.0")), scan(8, None), scan(15, Some("2.0"))],
        hosts: Vec::new(),
        gaps: vec![Event {
            id: 5,
            at: "2026-11-19T01:00:00.000Z".to_owned(),
            what: "gap".to_owned(),
            severity: "warning".to_owned(),
            environment: Some("production".to_owned()),
            host: Some("db-1".to_owned()),
            source: None,
            message: "the agent was down for 3 min".to_owned(),
        }],
        history: Some(Verification {
            schema_version: 1,
            intact: true,
            entries: 4711,
            head: "ab".repeat(32),
            begins: None,
            broken_at: None,
            reason: None,
        }),
        lacking: Vec::new(),
    }
}

#[test]
fn changes_are_counted_by_verdict_and_severity() {
    let found = verdicts(&changes());
    let rows: Vec<_> = found.iter().map(|one| (one.verdict.as_str(), one.critical, one.warning, one.info)).collect();
    assert_eq!(rows, [("authorised", 1, 0, 1), ("out_of_band", 1, 0, 0), ("undetermined", 0, 1, 0)]);
}

#[test]
fn the_report_has_what_an_auditor_asks_for() {
    let text = layout::render(&document(&sample()), Style { width: 100, colour: false });
    for part in [
        "Drift report: production",
        "4 changes in this time, by verdict.",
        "max_connections",
        "100 -> 500",
        "drift-12",
        "2026-11-01 06:00:01  ############################## 15.0 %",
        "2026-11-08 06:00:01  not known",
        "no host matches `staging`; 2 runs before it were missed",
        "ops@example.com",
        "staging is verbose",
        "the agent was down for 3 min",
        "Whole: 4711 entries",
        "driftline verify --export",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn a_nightly_baseline_is_drawn_beside_the_parity_trend_and_says_what_it_left_out() {
    let nightly = |number, percent, unchecked| {
        let mut one = scan(number, Some(percent));
        one.schedule = "nightly baseline".to_owned();
        (one.left, one.right) = ("baseline:production".to_owned(), "production".to_owned());
        one.found.as_mut().unwrap().unchecked = unchecked;
        one
    };
    let mut audit = sample();
    audit.scans.extend([nightly(16, "0.0", 0), nightly(17, "1.3", 2)]);
    let text = layout::render(&document(&audit), Style { width: 100, colour: false });
    for part in [
        "nightly baseline: settings of production that are not as its baseline has them",
        "weekly parity: settings of staging and production that differ",
        "2 hosts were not checked",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert_eq!(html::render(&document(&audit)).matches("<svg viewBox=").count(), 2);
}

#[test]
fn p10_what_could_not_be_had_is_said_on_top() {
    let audit = Audit { lacking: vec!["hosts (not permitted)".to_owned()], history: None, ..sample() };
    let text = markdown::render(&document(&audit));
    assert!(text.contains("Not in this report: hosts (not permitted)."), "{text}");
    assert!(text.contains("It could not be proven."), "{text}");
}

#[test]
fn a_broken_history_is_not_called_whole() {
    let broken = Verification { intact: false, reason: Some("entry 7 is not".to_owned()), ..sample().history.unwrap() };
    let text = markdown::render(&document(&Audit { history: Some(broken), ..sample() }));
    assert!(text.contains("Broken after 4711 entries: entry 7 is not"), "{text}");
}

#[test]
fn a_history_without_its_oldest_entries_says_since_when_and_why() {
    let begins = Beginning {
        first: 41,
        before: "ef".repeat(32),
        at: "2026-08-24T00:00:03.250Z".to_owned(),
        removed: 38,
        beside: 2,
        cut_at: "2026-11-22T00:01:00.000Z".to_owned(),
        days: 90,
        policy: 7,
        announced: 40,
        announced_hash: "ef".repeat(32),
        announced_by: 101,
    };
    let cut = Verification { begins: Some(begins), ..sample().history.unwrap() };
    let text = markdown::render(&document(&Audit { history: Some(cut), ..sample() })).replace('\n', " ");
    for part in [
        "It begins at entry 41, recorded 2026-08-24 00:00:03 (utc). 38 entries from before were removed",
        "the last on 2026-11-22 00:01:00, as policy 7 keeps 90 days; entry 101 says so",
        "2 entries from before are kept beside it, unproven",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_page_draws_the_trend_and_needs_nothing_else() {
    let page = html::render(&document(&sample()));
    assert!(page.contains("<svg viewBox="), "{page}");
    assert_eq!(page.matches("<circle").count(), 2);
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"), "{page}");
}

#[test]
fn rows_are_every_change_and_all_the_rest() {
    let found = rows(&sample(), &changes());
    assert!(found.iter().all(|row| row.len() == TITLES.len()));
    let parts: Vec<&str> = found.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        parts,
        ["change", "change", "change", "change", "history", "drift", "acceptance", "scan", "scan", "scan", "gap"]
    );
    assert_eq!(found[8][8], "no host matches `staging`");
}
