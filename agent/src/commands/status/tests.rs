//! What a person reads, and what is told when nobody answers.

use std::io::Write as _;
use std::os::unix::net::UnixListener;

use super::*;
use crate::cli::ConfigArguments;
use crate::status::{BusyFile, Trouble};

const NOW_MS: i64 = 1_800_000_000_000;
const DAY_MS: i64 = 86_400_000;

fn status() -> Status {
    Status {
        schema_version: 1,
        agent_version: "0.1.0".to_owned(),
        host: "web-1".to_owned(),
        environment: "production".to_owned(),
        role: "web".to_owned(),
        link: Link::Connected { endpoint: "collector:7441".to_owned() },
        acked_seq: 9,
        acked_ms: Some(NOW_MS - 1_500),
        skew_ms: Some(0),
        certificate_ends_ms: NOW_MS + DAY_MS,
        renewal_problem: None,
        journal_records: 1,
        journal_bytes: 2_324,
        journal_problem: None,
        degraded_sources: 0,
        troubles: Vec::new(),
        busy: Vec::new(),
        coverage: None,
        evidence: Vec::new(),
    }
}

#[test]
fn a_healthy_agent_in_full() {
    let expected = "\
host         web-1 (production, web)
collector    connected to collector:7441
last ack     record 9, 1 s ago
journal      1 record, 2324 bytes
degraded     0 sources
clock        agrees with the collector's
certificate  until 2027-01-16T08:00:00.000Z
";
    assert_eq!(table(&status(), NOW_MS), expected);
}

#[test]
fn everything_that_is_wrong_is_said() {
    let odd = Status {
        link: Link::Away { endpoint: "collector:7441".to_owned(), why: "connection refused".to_owned() },
        acked_ms: None,
        skew_ms: Some(-7_200_000),
        certificate_ends_ms: NOW_MS - 1,
        renewal_problem: Some("the collector said no".to_owned()),
        journal_problem: Some("no space left".to_owned()),
        degraded_sources: 1,
        troubles: vec![Trouble { name: "pipe".to_owned(), reason: "it is a FIFO".to_owned() }],
        busy: vec![BusyFile { path: "/mnt/slow/app.env".to_owned(), ms: 61_000 }],
        ..status()
    };
    let text = table(&odd, NOW_MS);
    for line in [
        "collector    away: collector:7441: connection refused\n",
        "             cannot be written: no space left\n",
        "degraded     1 source\n             pipe: it is a FIFO\n             /mnt/slow/app.env: has been read for 1 min,",
        "clock        2 h ahead of the collector's\n",
        "certificate  ended at 2027-01-15T07:59:59.999Z\n             not renewed: the collector said no\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert!(!text.contains("last ack"), "none came yet: {text}");
}

#[test]
fn links_and_clocks_in_words() {
    let endpoint = || "c:1".to_owned();
    assert_eq!(link(&Link::Starting), "starting");
    assert_eq!(link(&Link::Connecting { endpoint: endpoint() }), "connecting to c:1");
    for (skew_ms, words) in [
        (999, "agrees with the collector's"),
        (-999, "agrees with the collector's"),
        (1_000, "1 s behind the collector's"),
        (-1_000, "1 s ahead of the collector's"),
        (DAY_MS, "1 d behind the collector's"),
        (i64::MIN, "106751991167 d ahead of the collector's"),
    ] {
        assert_eq!(skew(skew_ms), words, "{skew_ms}");
    }
    for (ms, words) in [(-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_600_000, "1 h"), (DAY_MS * 3, "3 d")] {
        assert_eq!(span(ms), words, "{ms}");
    }
}

/// Asks an agent of that state directory.
fn asked(dir: &std::path::Path) -> Outcome {
    let config = dir.join("agent.toml");
    std::fs::write(&config, format!("state_dir = \"{}\"\n", dir.display())).unwrap();
    carry_out(&StatusArguments { output: Output::Json, config: ConfigArguments { config } })
}

#[test]
fn where_no_agent_runs_it_is_unreachable_with_a_hint() {
    let dir = tempfile::tempdir().unwrap();
    let error = asked(dir.path()).unwrap_err();
    assert_eq!(error.exit(), Exit::Unreachable);
    assert!(error.to_string().contains("status.sock") && error.hint().unwrap().contains("systemctl"), "{error}");
    // A socket that a killed agent has left behind is no agent either.
    drop(UnixListener::bind(dir.path().join(SOCKET)).unwrap());
    assert_eq!(asked(dir.path()).unwrap_err().exit(), Exit::Unreachable);
}

#[test]
fn what_answers_something_else_is_bad_data() {
    let dir = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(dir.path().join(SOCKET)).unwrap();
    let answers = ["", "hello\n", "{\"schema_version\":1}", "[]"];
    let server = std::thread::spawn(move || {
        for answer in answers {
            listener.accept().unwrap().0.write_all(answer.as_bytes()).unwrap();
        }
    });
    for answer in answers {
        let error = asked(dir.path()).unwrap_err();
        assert_eq!(error.exit(), Exit::Data, "{answer:?}: {error}");
    }
    server.join().unwrap();
}

#[test]
fn a_wrong_configuration_is_told_before_anybody_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, "state_dir = 5\n").unwrap();
    let error = carry_out(&StatusArguments { output: Output::Table, config: ConfigArguments { config } }).unwrap_err();
    assert_eq!(error.exit(), Exit::Config);
}

#[test]
fn coverage_is_told_once_it_is_known() {
    assert!(!table(&status(), NOW_MS).contains("coverage"));
    let coverage = Some(crate::status::Covered { found: 9, watched: 7 });
    let shown = table(&Status { coverage, ..status() }, NOW_MS);
    assert!(shown.contains("coverage     7 of 9 files that were found are watched\n"), "{shown}");
}
