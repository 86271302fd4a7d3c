//! The commands that judge and decide (drift, acceptances, windows, policies,
//! operators, baselines, declared state, reports), as the built program runs
//! them against a collector that says what the test tells it to.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads its own small files")]

#[path = "judgement/accept.rs"]
mod accept;
#[path = "judgement/approved.rs"]
mod approved;
#[path = "judgement/drift.rs"]
mod drift;
#[path = "judgement/people.rs"]
mod people;
#[path = "judgement/policy.rs"]
mod policy;
#[path = "judgement/refusals.rs"]
mod refusals;
#[path = "judgement/report.rs"]
mod report;
#[path = "online/server.rs"]
#[allow(dead_code, reason = "shared with the other tests of the program")]
mod server;

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use server::Server;

/// Runs the program where the server's operator has their files.
fn run(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
    command.args(arguments).env_clear().env("HOME", server.dir.path()).env("DRIFTLINE_CONFIG", server.config());
    command.current_dir(server.dir.path()).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// What the program printed as JSON.
fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server with one answer for everything.
fn always(status: u16, body: Value) -> Server {
    Server::start(move |_| (status, body.to_string()))
}

/// Method and path of everything that was asked.
fn lines(server: &Server) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.line).collect()
}

/// The JSON of the last request.
fn sent(server: &Server) -> Value {
    serde_json::from_str(&server.asked().last().unwrap().body).unwrap()
}

/// Nothing that moves a cursor, turns text around or is wider than 80 columns.
fn assert_printable(text: &str) {
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r']), "{text:?}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
}

/// A name that tries to clear the screen and to turn the rest around.
const HOSTILE: &str = "x\u{1b}[2J\u{202e}y";

fn a_drift(id: &str, state: &str, severity: &str) -> Value {
    json!({
        "id": id, "environment": "production", "role": "web", "source": "app", "kind": "env_file",
        "key": "DB_TIMEOUT", "rule": "desired", "what": "differs", "state": state, "severity": severity,
        "class": "functional", "opened_at": "2026-11-20T08:00:05.123Z",
        "first_opened_at": "2026-11-20T08:00:05.123Z", "age_s": 172_800, "hosts": ["web-1", "web-2"],
        "host_count": 3, "of_hosts": 3, "expected": "30s", "expected_by": "revision 4f2a91c", "actual": "60s",
        "secret": false, "headline": "DB_TIMEOUT is 60s, and revision 4f2a91c declares 30s",
        "standing": "open for 2 days", "opened_by": {"change": 41, "host": "web-1", "actor": "alice"}, "reopened": 0,
    })
}

fn drifts(some: &[Value]) -> Value {
    json!({"schema_version": 1, "drifts": some, "more": 0})
}
