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
ENVIRONMENT  HOST   ROLE  STATUS     VERIFIED  SOURCES  PROBLEMS
production   web-1  web   connected  12s ago   2        3 (1 source degraded)
";
    assert_eq!(found, expected);
}

#[test]
fn d8_a_wrong_clock_is_shown() {
    let detail_of = HostDetail { schema_version: 1, host: host("connected"), sources: Vec::new() };
    let found = layout::render(&detail(&detail_of, now()), Style { width: 80, colour: false });
    assert!(found.contains("clock skew          86400000 ms"), "{found}");
    assert!(found.contains("agent memory        7.5 MiB"), "{found}");
}

#[test]
fn a_problem_without_a_place_is_one_line() {
    let problem =
        Problem { kind: "missing".to_owned(), line: None, column: None, reason: "gone".to_owned(), excerpt: None };
    assert_eq!(problem_lines("/a", &problem), ["/a: gone"]);
}
