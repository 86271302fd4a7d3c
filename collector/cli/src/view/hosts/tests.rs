//! Hosts, well and not.

use super::*;
use crate::printer::{Style, layout};

fn host(status: &str) -> Host {
    Host {
        host: "web-1".to_owned(),
        environment: "production".to_owned(),
        role: "web".to_owned(),
        agent: "a-1".to_owned(),
        status: status.to_owned(),
        last_seen: Some("2026-11-22T11:59:50.000Z".to_owned()),
        verified_at: Some("2026-11-22T11:59:48.000Z".to_owned()),
        agent_version: "0.1.0".to_owned(),
        os: "Debian 12".to_owned(),
        kernel: "6.1".to_owned(),
        architecture: "x86_64".to_owned(),
        boot_id: "b".to_owned(),
        agent_resident_bytes: 7 * 1024 * 1024 + 512 * 1024,
        clock_skew_ms: 86_400_000,
        sources: 2,
        degraded_sources: 1,
        problems: 3,
        coverage: Some(driftline_api::host::Coverage { found: 9, watched: 7 }),
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

#[test]
fn only_connected_and_stopped_hosts_are_well() {
    assert!(!is_unwell(&host("connected")) && !is_unwell(&host("stopped")));
    for status in ["silent", "never", "quarantined", "revoked", "something new"] {
        assert!(is_unwell(&host(status)), "{status}");
    }
}

#[test]
fn hosts_in_80_columns() {
    let found = layout::render(&document(&[host("connected")], now()), Style { width: 80, colour: false });
    let expected = "\
ENVIRONMENT  HOST   ROLE  STATUS     VERIFIED  SOURCES  COVERAGE  PROBLEMS
production   web-1  web   connected  12s ago   2        7 of 9    3 (1 degraded)
";
    assert_eq!(found, expected);
}

#[test]
fn d8_a_wrong_clock_is_shown() {
    let detail_of = HostDetail {
        schema_version: 1,
        at: None,
        host: host("connected"),
        sources: Vec::new(),
        unwatched: Vec::new(),
        next: None,
    };
    let found = layout::render(&detail(&detail_of, now()), Style { width: 80, colour: false });
    assert!(found.contains("clock skew          86400000 ms"), "{found}");
    assert!(found.contains("agent memory        7.5 MiB"), "{found}");
}

#[test]
fn what_is_not_watched_is_listed_with_its_reason() {
    let file = driftline_api::host::Unwatched { path: "/etc/a".to_owned(), reason: "loaded at boot".to_owned() };
    let whole = HostDetail {
        schema_version: 1,
        at: None,
        host: host("connected"),
        sources: Vec::new(),
        unwatched: vec![file],
        next: None,
    };
    let found = layout::render(&detail(&whole, now()), Style { width: 80, colour: false });
    assert!(found.contains("7 of 9 files that were found are watched"), "{found}");
    assert!(found.contains("Not watched") && found.contains("/etc/a  loaded at boot"), "{found}");
}

#[test]
fn a_problem_without_a_place_is_one_line() {
    let problem =
        Problem { kind: "missing".to_owned(), line: None, column: None, reason: "gone".to_owned(), excerpt: None };
    assert_eq!(problem_lines("/a", &problem), ["/a: gone"]);
}

#[test]
fn the_caret_stands_below_its_column_whatever_is_before_it() {
    for (excerpt, column, caret) in [
        ("PORT=****", 6, " 12 | PORT=****\n    |      ^"),
        ("\tA=****", 2, " 12 | \\tA=****\n    |   ^"),
        ("日本=****", 3, " 12 | 日本=****\n    |     ^"),
        ("e\u{301}=****", 3, " 12 | e\u{301}=****\n    |  ^"),
        ("A=\u{1b}", 4, " 12 | A=\\u{1b}\n    |         ^"),
        ("A", 99, " 12 | A\n    |  ^"),
    ] {
        let kind = "syntax".to_owned();
        let excerpt = Some(excerpt.to_owned());
        let problem = Problem { kind, line: Some(12), column: Some(column), reason: "no".to_owned(), excerpt };
        let lines = problem_lines("/a", &problem);
        assert_eq!(lines[0], format!("/a:12:{column}: no"));
        assert_eq!(lines[1..].join("\n"), caret, "{problem:?}");
    }
}

#[test]
fn w10_nothing_of_a_host_reaches_the_terminal_raw() {
    const EVIL: &str = "a\u{1b}]0;x\u{7}\n\u{202e}日本🦀\u{9b}2J";
    let mut odd = host(EVIL);
    odd.host = EVIL.to_owned();
    odd.os = EVIL.to_owned();
    odd.verified_at = Some(EVIL.to_owned());
    let problem = Problem {
        kind: EVIL.to_owned(),
        line: Some(1),
        column: Some(9),
        reason: EVIL.to_owned(),
        excerpt: Some(EVIL.to_owned()),
    };
    let item = driftline_api::host::Item {
        key: EVIL.to_owned(),
        display: Some(EVIL.to_owned()),
        secret: false,
        line: None,
        file: None,
        since: EVIL.to_owned(),
    };
    let source = Source {
        source: EVIL.to_owned(),
        kind: EVIL.to_owned(),
        path: EVIL.to_owned(),
        observed_at: EVIL.to_owned(),
        retired: false,
        items: vec![item],
        problems: vec![problem],
    };
    let odd_file = driftline_api::host::Unwatched { path: EVIL.to_owned(), reason: EVIL.to_owned() };
    let whole = HostDetail {
        schema_version: 1,
        at: None,
        host: odd.clone(),
        sources: vec![source],
        unwatched: vec![odd_file],
        next: None,
    };
    for document in [detail(&whole, now()), document(&[odd], now())] {
        let found = layout::render(&document, Style { width: 120, colour: false });
        let raw = found.chars().find(|&c| c != '\n' && (c.is_control() || driftline_canon::key::is_deceptive(c)));
        assert_eq!(raw, None, "{found}");
        assert!(found.contains("\\u{1b}"), "{found}");
    }
}
