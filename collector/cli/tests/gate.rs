//! `check` and `plan`, as a pipeline runs them: exit codes, GitHub's files, the
//! forms of findings.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads its own small files")]

#[path = "gate/files.rs"]
mod files;
#[path = "gate/plan_of_drift.rs"]
mod plan_of_drift;
#[path = "online/server.rs"]
#[allow(dead_code, reason = "shared with the other tests of the program")]
mod server;

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use server::Server;

fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
    command.args(arguments).env_clear().env("HOME", server.dir.path()).env("DRIFTLINE_CONFIG", server.config());
    command.current_dir(server.dir.path()).stdin(Stdio::null()).env("PATH", std::env::var_os("PATH").unwrap());
    command
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    command(server, arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn cell(display: Option<&str>, host: &str, secret: bool) -> Value {
    let state = if display.is_some() { "value" } else { "missing" };
    let at = json!({"host": host, "path": "/srv/app/.env", "line": 3, "included": false});
    json!({"state": state, "display": display, "secret": secret, "at": at})
}

fn difference(key: &str, what: &str, severity: &str) -> Value {
    let (left, right) = match what {
        "missing_left" => (cell(None, "s1", false), cell(Some("postgres://app:****@db/x"), "web-1", true)),
        "undetermined" => (json!({"state": "unknown", "secret": false}), cell(Some("1"), "web-1", false)),
        "equal" => (cell(Some("1"), "s1", false), cell(Some("1"), "web-1", false)),
        _ => (cell(Some("5s"), "s1", false), cell(Some("30s"), "web-1", false)),
    };
    json!({
        "role": "web", "source": "app", "kind": "env_file", "key": key, "what": what, "left": left, "right": right,
        "severity": severity, "class": "functional", "recommendation": format!("Sync '{key}'"), "metadata": false,
    })
}

fn comparison(unchecked: &[&str], differences: &[Value]) -> Value {
    json!({
        "schema_version": 1, "left": "staging", "right": "production", "left_hosts": 1, "right_hosts": 2, "keys": 80,
        "differing": differences.len(), "undetermined": 0, "percent": "1.3", "unchecked": unchecked,
        "metadata_differing": 0, "differences": differences,
    })
}

#[test]
fn what_hosts_say_is_no_command_to_a_runner() {
    let mut evil = difference("EVIL", "differs", "critical");
    evil["recommendation"] =
        json!("Sync 'EVIL': staging has ##[set-output name=deploy;]yes ::stop-commands::x ".repeat(3));
    for form in ["table", "markdown", "json", "junit", "html"] {
        let server = answering(&[], std::slice::from_ref(&evil));
        let mut check = command(&server, &["check", "--env", "staging", "--against", "production", "-o", form]);
        let output = check.env("GITHUB_ACTIONS", "true").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = out(&output);
        assert!(!text.contains("##["), "{form}: {text}");
        let own = |line: &&str| line.starts_with("::error ") || line.starts_with("::warning ");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).filter(|line| !own(line));
        assert_eq!(commands.count(), 0, "{form}: {text}");
    }
}

#[test]
fn a_reader_that_goes_away_makes_no_check_clean() {
    let server = answering(&[], &[difference("A", "differs", "critical")]);
    let mut check = command(&server, &["check", "--env", "staging", "--against", "production"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let done = check.stdout(writer).stderr(Stdio::null()).status().unwrap();
    assert_eq!(done.code(), Some(1));
}

#[test]
fn an_environment_is_not_held_against_itself() {
    let output = run(&answering(&[], &[]), &["check", "--env", "staging", "--against", "staging"]);
    assert_eq!(output.status.code(), Some(64), "{}", out(&output));
}

fn answering(unchecked: &[&str], differences: &[Value]) -> Server {
    let body = comparison(unchecked, differences).to_string();
    Server::start(move |_| (200, body.clone()))
}

const CHECK: [&str; 5] = ["check", "--env", "staging", "--against", "production"];

/// Exit code of a check with these differences.
fn code(unchecked: &[&str], found: &[(&str, &str)], more: &[&str]) -> i32 {
    let differences: Vec<Value> = found.iter().map(|(what, severity)| difference("K", what, severity)).collect();
    let output = run(&answering(unchecked, &differences), &[&CHECK[..], more].concat());
    output.status.code().unwrap()
}

#[test]
fn check_ends_as_the_section_says_with_1_before_3_before_2_before_0() {
    let (critical, warning, info) = (("differs", "critical"), ("differs", "warning"), ("differs", "info"));
    let unknown = ("undetermined", "critical");
    for (found, unchecked, expected) in [
        (&[][..], &[][..], 0),
        (&[info], &[], 0),
        (&[warning, info], &[], 2),
        (&[critical, warning], &[], 1),
        (&[unknown], &[], 3),
        (&[warning, unknown], &[], 3),
        (&[critical, unknown], &[], 1),
        (&[], &["web-2 (silent)"], 3),
        (&[warning], &["web-2 (silent)"], 3),
        (&[critical], &["web-2 (silent)"], 1),
    ] {
        assert_eq!(code(unchecked, found, &[]), expected, "{found:?} {unchecked:?}");
    }
    assert_eq!(code(&[], &[warning], &["--fail-on", "critical"]), 0);
    assert_eq!(code(&[], &[info], &["--fail-on", "info"]), 2);
    assert_eq!(code(&[], &[critical], &["--fail-on", "never"]), 0);
    assert_eq!(code(&["web-2 (silent)"], &[critical], &["--fail-on", "never"]), 3);
}

#[test]
fn j9_an_environment_that_is_not_there_is_no_clean_check() {
    let server =
        Server::start(|_| (404, json!({"code": "not_found", "message": "no host matches `staging`"}).to_string()));
    assert_eq!(run(&server, &CHECK).status.code(), Some(3));
}

#[test]
fn check_asks_for_the_sides_by_their_names() {
    let server = answering(&[], &[]);
    run(&server, &["check", "--env", "production", "--against", "desired"]);
    run(&server, &[&CHECK[..], &["--output", "junit"]].concat());
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/compare?left=production&right=desired%3Aproduction",
            "GET /api/v1/compare?all=true&left=staging&right=production",
        ]
    );
}

#[test]
fn findings_are_annotated_only_where_github_runs_and_the_table_is_printed() {
    let server = answering(&["web-2 (silent)"], &[difference("DB_HOST", "differs", "critical")]);
    let said = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = command(&server, &[&CHECK[..], more].concat());
        command.envs(variables.iter().copied());
        out(&command.output().unwrap())
    };
    let github = [("GITHUB_ACTIONS", "true")];
    assert!(!said(&[], &[]).contains("::"));
    let annotated = said(&github, &[]);
    assert!(annotated.contains("\n::error title=not checked::web-2 (silent)\n"), "{annotated}");
    assert!(annotated.contains("\n::error title=DB_HOST differs::Sync 'DB_HOST'\n"), "{annotated}");
    let json: Value = serde_json::from_str(&said(&github, &["--output", "json"])).unwrap();
    assert_eq!(json["schema_version"], 1);
}

#[test]
fn the_step_summary_is_appended() {
    let server = answering(&[], &[difference("DB_HOST", "differs", "critical")]);
    let path = server.dir.path().join("summary.md");
    std::fs::write(&path, "before\n").unwrap();
    let output = command(&server, &CHECK).env("GITHUB_STEP_SUMMARY", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("before\n## staging against production"), "{text}");
    assert!(text.contains("| critical | DB\\_HOST | 5s | 30s | Sync 'DB\\_HOST' |"), "{text}");
}

#[test]
fn every_output_of_a_check_is_read_by_its_readers() {
    let found = [
        difference("DB_HOST", "differs", "critical"),
        difference("PORT", "equal", "info"),
        difference("X", "undetermined", "info"),
    ];
    let server = answering(&[], &found);
    let said = |form: &str| {
        let output = run(&server, &[&CHECK[..], &["--output", form]].concat());
        assert_eq!(output.status.code(), Some(1), "{form}");
        out(&output)
    };
    let sarif: Value = serde_json::from_str(&said("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "file://s1/srv/app/.env");
    let junit = said("junit");
    assert!(junit.contains("tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""), "{junit}");
    let html = said("html");
    assert!(html.starts_with("<!doctype html>") && html.contains("<td>DB_HOST</td>"), "{html}");
    assert_eq!(said("ndjson").lines().count(), 3);
}

#[test]
fn a_command_without_findings_says_so() {
    let server = answering(&[], &[]);
    let output = run(&server, &["plan", "staging", "production", "--output", "sarif"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`--output sarif` is for `compare`"));
}

#[test]
fn a_plan_is_what_would_make_the_first_side_like_the_second() {
    let found =
        [difference("DB_TIMEOUT", "differs", "warning"), difference("DATABASE_URL", "missing_left", "critical")];
    let server = answering(&[], &found);
    let output = run(&server, &["plan", "staging", "production"]);
    let expected = "\
To make staging like production: 2 steps.

staging, role web, source app (/srv/app/.env on s1)
  critical: add DATABASE_URL = <value of DATABASE_URL on production web-1:/srv/app/.env>
  warning: change DB_TIMEOUT from 5s to 30s (line 3)
";
    assert_eq!((out(&output).as_str(), output.status.code()), (expected, Some(0)));
    let narrowed = run(&server, &["plan", "staging", "production", "--key", "DB_*", "--format", "env"]);
    assert!(out(&narrowed).contains("@@ -3,1 +3,1 @@\n-DB_TIMEOUT=5s\n+DB_TIMEOUT=30s\n"), "{}", out(&narrowed));
    assert!(!out(&narrowed).contains("DATABASE_URL"));
    assert!(server.asked()[1].line.contains("?all=true&"));
}

#[test]
fn j9_a_plan_from_what_was_last_seen_is_not_sure() {
    let server = answering(&["web-2 (silent)"], &[difference("DB_TIMEOUT", "differs", "warning")]);
    let output = run(&server, &["plan", "staging", "production"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("web-2 (silent)"));
}

#[test]
fn diff_as_sarif_names_the_line_of_the_file() {
    let server = answering(&[], &[]);
    std::fs::write(server.dir.path().join("a.env"), "# one\nDB_HOST=a\nPORT=1\n").unwrap();
    std::fs::write(server.dir.path().join("b.env"), "DB_HOST=b\nPORT=1\n").unwrap();
    let output = run(&server, &["diff", "a.env", "b.env", "--output", "sarif"]);
    let sarif: Value = serde_json::from_str(&out(&output)).unwrap();
    let physical = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(physical, &json!({"artifactLocation": {"uri": "a.env"}, "region": {"startLine": 2}}));
    let junit = out(&run(&server, &["diff", "a.env", "b.env", "--output", "junit"]));
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
}

/// A collector with a small week: two changes, a scan, a gap; no drift API.
fn week() -> Server {
    Server::start(|asked| {
        let change = |id: u64, verdict: &str| {
            json!({
                "id": id, "environment": "production", "host": "db-1", "role": "db", "source": "pg",
                "kind": "database_config", "path": "/etc/pg.conf", "key": "max_connections", "what": "changed",
                "before": {"display": "100", "secret": false}, "after": {"display": "=500", "secret": false},
                "observed_at": "2026-11-20T08:00:05.123Z", "recorded_at": "2026-11-20T08:00:05.125Z",
                "severity": "critical", "class": "functional", "verdict": verdict,
            })
        };
        let scan = json!({
            "number": 1, "schedule": "weekly", "left": "staging", "right": "production",
            "due_at": "2026-11-16T06:00:00.000Z", "ran_at": "2026-11-16T06:00:01.000Z",
            "found": {"keys": 80, "differing": 12, "undetermined": 0, "percent": "15.0", "critical": 8, "warning": 4,
                      "info": 0, "unchecked": 0},
        });
        let gap = json!({"id": 3, "at": "2026-11-19T01:00:00.000Z", "what": "gap", "severity": "warning",
                         "environment": "production", "host": "db-1", "message": "down for 3 min"});
        let path = asked.line.split(['?', ' ']).nth(1).unwrap_or_default();
        let body = match path.strip_prefix("/api/v1/").unwrap_or_default() {
            "changes" => json!({"schema_version": 1, "changes": [change(9, "out_of_band"), change(8, "authorised")]}),
            "events" => json!({"schema_version": 1, "events": [gap]}),
            "hosts" => json!({"schema_version": 1, "hosts": []}),
            "reports" => json!({"schema_version": 1, "reports": [scan]}),
            "verify" => json!({"schema_version": 1, "intact": true, "entries": 9, "head": "ab".repeat(32)}),
            _ => return (404, json!({"code": "not_found", "message": "there is nothing"}).to_string()),
        };
        (200, body.to_string())
    })
}

#[test]
fn a_report_is_one_page_with_everything_in_it() {
    let server = week();
    let output = run(&server, &["report", "--from", "2026-11-15", "--to", "2026-11-22", "--output", "html"]);
    let page = out(&output);
    for part in
        ["max_connections", "100 -&gt; =500", "<circle", "15.0 %", "down for 3 min", "9 entries", &"ab".repeat(32)]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script"));
    let asked = &server.asked()[0].line;
    assert!(asked.contains("since=2026-11-15T00%3A00%3A00.000Z") && asked.contains("until=2026-11-22"), "{asked}");
}

#[test]
fn p10_what_a_report_lacks_is_said_and_is_not_green() {
    let output = run(&week(), &["report", "--output", "markdown"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(out(&output).contains("Not in this report: open drift (this collector has none)."), "{}", out(&output));
}

#[test]
fn a_report_as_csv_has_every_change_and_no_formula() {
    let rows = out(&run(&week(), &["report", "--output", "csv"]));
    assert!(rows.starts_with("part,time,environment,host,source,key,severity,verdict,what,id\r\n"), "{rows}");
    assert_eq!(rows.lines().filter(|line| line.starts_with("change,")).count(), 2, "{rows}");
    assert!(rows.contains(",100 -> =500,9\r\n") && rows.contains("scan,2026-11-16T06:00:01.000Z"), "{rows}");
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused() {
    let output = run(&week(), &["report", "--from", "2026-11-22", "--to", "2026-11-15"]);
    assert_eq!(output.status.code(), Some(64));
}
