//! The built program against a collector that says what the test tells it to.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads its own small files")]

#[path = "online/desired.rs"]
mod desired;
#[path = "online/refusals.rs"]
mod refusals;
#[path = "online/rules.rs"]
mod rules;
#[path = "online/server.rs"]
mod server;
#[path = "online/sides.rs"]
mod sides;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use driftline_canon::EnrolmentToken;
use serde_json::{Value, json};
use server::{Answer, Asked, Server};
use sha2::{Digest as _, Sha256};

fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
    command.args(arguments).env_clear().env("HOME", server.dir.path()).env("DRIFTLINE_CONFIG", server.config());
    command.current_dir(server.dir.path()).stdin(Stdio::null());
    command
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    command(server, arguments).output().unwrap()
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

fn ok(body: &Value) -> Answer {
    (200, body.to_string())
}

/// A server with one answer for everything.
fn always(status: u16, body: Value) -> Server {
    Server::start(move |_| (status, body.to_string()))
}

fn change(id: u64, key: &str) -> Value {
    json!({
        "id": id, "environment": "production", "host": "web-2", "role": "web", "source": "app", "kind": "env_file",
        "path": "/srv/shop/app.env", "key": key, "what": "changed",
        "before": {"display": "30s", "secret": false}, "after": {"display": "60s", "secret": false},
        "observed_at": "2026-11-22T08:00:05.123Z", "recorded_at": "2026-11-22T08:00:05.125Z",
        "severity": "warning", "class": "functional", "verdict": "undetermined",
    })
}

fn host(status: &str) -> Value {
    json!({
        "host": "web-2", "environment": "production", "role": "web", "agent": "a-1", "status": status,
        "agent_version": "0.1.0", "os": "Debian 12", "kernel": "6.1", "architecture": "x86_64", "boot_id": "b",
        "agent_resident_bytes": 7_340_032, "clock_skew_ms": 0, "sources": 1, "degraded_sources": 0, "problems": 0,
    })
}

#[test]
fn every_request_carries_the_token_and_only_it() {
    let server = always(200, json!({"schema_version": 1, "changes": []}));
    let output = run(&server, &["changes", "--env", "production", "--key", "DB_*", "--since", "2026-11-20"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "no changes\n"), "{}", err(&output));
    let asked = server.asked();
    assert_eq!(asked[0].token, "Bearer dlo_test");
    assert_eq!(
        asked[0].line,
        "GET /api/v1/changes?env=production&key=DB_*&limit=100&since=2026-11-20T00%3A00%3A00.000Z"
    );
}

#[test]
fn who_asks_for_what_was_removed_is_told_since_when_there_is_a_history() {
    let page = json!({"schema_version": 1, "changes": [change(7, "A")], "events": [], "begins_at": "2026-08-24T00:00:03.250Z"});
    let server = always(200, page);
    let said = "the history begins at 2026-08-24 00:00:03 (utc): what was recorded before was removed";
    for asked in [&["changes", "--since", "400d"][..], &["changes", "--events"], &["history", "A"]] {
        let output = run(&server, asked);
        assert_eq!((code(&output), err(&output).contains(said)), (0, true), "{asked:?}: {}", err(&output));
    }
    let printed = run(&server, &["changes", "-o", "json"]);
    let printed: Value = serde_json::from_str(&out(&printed)).unwrap();
    assert_eq!(printed["begins_at"], "2026-08-24T00:00:03.250Z");
}

#[test]
fn changes_are_a_table_in_80_columns() {
    let page = json!({"schema_version": 1, "changes": [change(7, "DB_TIMEOUT"), change(6, "PAYMENT_HOST")]});
    let output = run(&always(200, page), &["changes"]);
    let expected = "\
TIME (UTC)           SEVERITY  HOST              SOURCE  KEY
2026-11-22 08:00:05  warning   production/web-2  app     DB_TIMEOUT
                     30s -> 60s
2026-11-22 08:00:05  warning   production/web-2  app     PAYMENT_HOST
                     30s -> 60s
";
    assert_eq!(out(&output), expected);
}

#[test]
fn pages_are_followed_up_to_the_limit() {
    let server = Server::start(|asked| {
        let next = if asked.line.contains("cursor=") { Value::Null } else { json!("more") };
        ok(&json!({"schema_version": 1, "changes": [change(7, "A"), change(6, "B")], "next": next}))
    });
    let output = run(&server, &["changes", "--output", "ndjson", "--limit", "3"]);
    assert_eq!(out(&output).lines().count(), 4);
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /api/v1/changes?limit=3", "GET /api/v1/changes?cursor=more&limit=1"]);
}

#[test]
fn a_key_with_slashes_stays_one_part_of_the_path() {
    let server = always(200, json!({"schema_version": 1, "changes": [change(7, "A")]}));
    assert_eq!(code(&run(&server, &["history", "a/b ?c", "--env", "dev"])), 0);
    assert_eq!(server.asked()[0].line, "GET /api/v1/history/a%2Fb%20%3Fc?env=dev&limit=100");
    let none = always(200, json!({"schema_version": 1, "changes": []}));
    assert_eq!(code(&run(&none, &["history", "NONE"])), 3);
}

#[test]
fn errors_of_the_collector_become_exit_codes_with_its_words() {
    for (status, exit) in [(401, 77), (403, 77), (404, 3), (400, 64), (503, 69), (500, 70)] {
        let body = json!({"code": "x", "message": "the collector's words", "hint": "the collector's hint"});
        let output = run(&always(status, body), &["show", "web-9"]);
        assert_eq!(code(&output), exit, "{status}");
        assert_eq!(err(&output), "error: the collector's words\nhint: the collector's hint\n");
        assert!(output.stdout.is_empty());
    }
    let output = run(&always(200, json!({"nonsense": true})), &["status"]);
    assert_eq!(code(&output), 65);
    assert!(err(&output).contains("is not understood"), "{}", err(&output));
}

#[test]
fn i6_another_ca_is_not_believed() {
    let (server, other) = (always(200, json!({})), always(200, json!({})));
    let ca = other.dir.path().join("ca.pem");
    let output = run(&server, &["status", "--ca-file", ca.to_str().unwrap()]);
    assert_eq!(code(&output), 69);
    assert!(err(&output).contains("hint: the collector's certificate is not signed by the CA"), "{}", err(&output));
    assert!(server.asked().is_empty(), "nothing was sent, and so no token");
}

#[test]
fn status_shows_the_environments_and_is_not_green_with_a_silent_host() {
    let status = |unwell: u32| {
        json!({"schema_version": 1, "collector_version": "0.1.0", "now": "2026-11-22T08:00:00.000Z",
            "started_at": "2026-11-22T07:00:00.000Z", "engine": "redb", "history_entries": 12, "alerts_pending": 0,
            "environments": [{"environment": "production", "hosts": 3, "connected": 3 - unwell, "unwell": unwell,
                "changes_24h": {"critical": 1, "warning": 0, "info": 2}, "problems": 0}]})
    };
    let output = run(&always(200, status(0)), &["status"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("production   3      3          0       1 critical, 2 info"), "{}", out(&output));
    assert_eq!(code(&run(&always(200, status(1)), &["status"])), 3);
}

#[test]
fn hosts_and_show_are_tables_and_say_when_a_host_is_not_well() {
    let page = json!({"schema_version": 1, "hosts": [host("connected")]});
    let output = run(&always(200, page), &["hosts"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("production   web-2  web   connected"), "{}", out(&output));
    let silent = json!({"schema_version": 1, "hosts": [host("silent")]});
    assert_eq!(code(&run(&always(200, silent), &["hosts"])), 3);
    let nobody = json!({"schema_version": 1, "hosts": []});
    assert_eq!(code(&run(&always(200, nobody), &["hosts", "--env", "qa"])), 3);
    let source = json!({"source": "app", "kind": "env_file", "path": "/srv/app.env",
        "observed_at": "2026-11-22T08:00:00.000Z", "retired": false,
        "items": [{"key": "DB_HOST", "display": "db-1", "secret": false, "since": "2026-11-22T08:00:00.000Z"}],
        "problems": [{"kind": "syntax", "line": 3, "column": 5, "reason": "no `=`", "excerpt": "**** X"}]});
    let detail = json!({"schema_version": 1, "host": host("connected"), "sources": [source]});
    let output = run(&always(200, detail.clone()), &["show", "web-2"]);
    let text = out(&output);
    assert!(text.contains("app (env_file): /srv/app.env") && text.contains("DB_HOST  db-1"), "{text}");
    assert!(text.contains("/srv/app.env:3:5: no `=`\n 3 | **** X\n   |     ^"), "{text}");
    assert_eq!(code(&output), 0);
    assert_eq!(code(&run(&always(200, detail), &["show", "web-2", "--source", "nonesuch"])), 3);
}

#[test]
fn compare_checks_selectors_before_it_asks() {
    let server = always(500, json!({}));
    let output = run(&server, &["compare", "production", "region=eu"]);
    assert_eq!(code(&output), 64);
    assert!(err(&output).contains("unknown selector key `region`"), "{}", err(&output));
    assert!(server.asked().is_empty());
}

#[test]
fn compare_ends_as_the_worst_difference_says() {
    let cell = |display: &str| json!({"state": "value", "display": display, "secret": false});
    let difference = json!({"role": "web", "source": "app", "kind": "env_file", "key": "DB_TIMEOUT", "what": "differs",
        "left": cell("30s"), "right": cell("5s"), "severity": "warning", "class": "functional", "metadata": false,
        "recommendation": "Sync 'DB_TIMEOUT': production has 30s, staging has 5s"});
    let comparison = json!({"schema_version": 1, "left": "production", "right": "staging", "left_hosts": 3,
        "right_hosts": 1, "keys": 80, "differing": 1, "undetermined": 0, "percent": "1.3",
        "metadata_differing": 0, "differences": [difference]});
    let server = always(200, comparison);
    let output = run(&server, &["compare", "production", "staging"]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(out(&output).contains("1 of 80 settings differs (1.3 %)."), "{}", out(&output));
    assert_eq!(code(&run(&server, &["compare", "production", "staging", "--fail-on", "critical"])), 0);
    let json: Value = serde_json::from_slice(&run(&server, &["compare", "a", "b", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["differences"][0]["key"], "DB_TIMEOUT");
    assert_eq!(server.asked()[0].line, "GET /api/v1/compare?left=production&right=staging");
}

#[test]
fn watch_resumes_after_the_last_entry_and_shows_nothing_twice() {
    let server = Server::start(|asked: &Asked| {
        if asked.line.starts_with("GET /api/v1/changes/stream") {
            let event = |id: u64, key: &str| format!("event: change\nid: {id}\ndata: {}\n\n", change(id, key));
            return match asked.last_event.as_deref() {
                Some("5") => (200, format!(": hello\n\n{}{}", event(6, "FIRST"), event(7, "SECOND"))),
                Some("7") => (200, format!("{}{}", event(7, "SECOND"), event(8, "THIRD"))),
                _ => (503, json!({"code": "unavailable", "message": "stopping"}).to_string()),
            };
        }
        let changes = if asked.line.contains("/changes") { vec![change(5, "OLD")] } else { vec![] };
        ok(&json!({"schema_version": 1, "changes": changes, "events": []}))
    });
    let mut child = command(&server, &["watch", "--output", "ndjson"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let keys: Vec<String> = lines
        .take(3)
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()["key"].as_str().unwrap().to_owned())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(keys, ["FIRST", "SECOND", "THIRD"]);
}

#[test]
fn watch_whose_operator_was_revoked_ends_with_the_reason() {
    let server = Server::start(|asked: &Asked| {
        if asked.line.starts_with("GET /api/v1/changes/stream") {
            let end =
                json!({"code": "unauthorised", "message": "the operator ada was revoked", "hint": "ask\u{1b}[31m bob"});
            return (200, format!("event: end\ndata: {end}\n\n"));
        }
        ok(&json!({"schema_version": 1, "changes": [], "events": []}))
    });
    let output = run(&server, &["watch", "--output", "ndjson"]);
    assert_eq!(code(&output), 77, "{}", err(&output));
    let said = err(&output);
    assert!(said.contains("the operator ada was revoked") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn watch_that_may_not_listen_ends_at_once() {
    let output = run(&always(401, json!({"code": "unauthorised", "message": "no"})), &["watch"]);
    assert_eq!(code(&output), 77);
    assert_eq!(code(&run(&always(200, json!({})), &["watch", "-o", "markdown"])), 64);
}

fn grant(ca_sha256: &str) -> Value {
    json!({"id": "t-1", "expires_s": 2_000_000_000_u64, "ca_sha256": ca_sha256, "enrol": ["127.0.0.1:7442"],
        "ingest": ["127.0.0.1:7441"]})
}

#[test]
fn p4_a_token_is_made_here_and_the_collector_sees_only_a_hash() {
    let ca = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let named = std::sync::Arc::clone(&ca);
    let server = Server::start(move |_| ok(&grant(named.get().unwrap())));
    ca.set(hex(&Sha256::digest(&server.ca))).unwrap();
    let output = run(&server, &["token", "create", "--env", "staging", "--role", "web", "--valid", "15m"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert_eq!(text.lines().count(), 1, "the token stands alone");
    let token = EnrolmentToken::decode(&text).unwrap();
    assert_eq!((token.id.as_str(), token.environment.as_str(), token.role.as_str()), ("t-1", "staging", "web"));
    assert_eq!((token.fleet_key.expose(), token.fleet_key.epoch().0), (&[0xab; 32], 2));
    let asked = server.asked();
    let sent: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(sent["secret_sha256"], hex(&EnrolmentToken::secret_hash(&token.secret)));
    assert_eq!(sent["valid_s"], 900);
    assert!(!asked[0].body.contains(&hex(&token.secret)) && !asked[0].body.contains(&"ab".repeat(32)));
}

#[test]
fn i5_a_grant_that_names_another_ca_makes_no_token() {
    let server = always(200, grant(&"00".repeat(32)));
    let output = run(&server, &["token", "create", "--env", "staging", "--role", "web"]);
    assert_eq!(code(&output), 77);
    assert!(output.stdout.is_empty());
    assert_eq!(code(&run(&server, &["token", "create", "--env", "a b", "--role", "web"])), 64);
    assert_eq!(code(&run(&server, &["token", "create", "--env", "a", "--role", "web", "--valid", "8d"])), 64);
}

#[test]
fn tokens_are_listed_and_revoked() {
    let token = json!({"id": "t-1", "environment": "dev", "role": "web", "status": "open", "created_by": "admin",
        "created_at": "2026-11-22T08:00:00.000Z", "expires_at": "2026-11-22T09:00:00.000Z"});
    let server = always(200, json!({"schema_version": 1, "tokens": [token]}));
    let output = run(&server, &["token", "list"]);
    assert!(out(&output).contains("t-1  dev          web   open"), "{}", out(&output));
    assert_eq!(code(&run(&server, &["token", "revoke", "t-1"])), 0);
    assert_eq!(server.asked()[1].line, "DELETE /api/v1/tokens/t-1");
}

#[test]
fn login_writes_a_private_configuration_once_the_collector_has_answered() {
    use std::os::unix::fs::PermissionsExt as _;
    let me = json!({"schema_version": 1, "operator": "admin", "roles": ["admin"], "collector_version": "0.1.0"});
    let server = always(200, me);
    let target = server.dir.path().join("new/cli.toml");
    let from = server.config();
    let login = |server: &Server| {
        let mut login = command(server, &["login", "--from", from.to_str().unwrap()]);
        login.env("DRIFTLINE_CONFIG", &target).output().unwrap()
    };
    let output = login(&server);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("admin (admin)"), "{}", out(&output));
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&target).unwrap();
    assert!(text.contains(&format!("token_file = \"{}", server.dir.path().display())), "{text}");
    assert!(!text.contains("dlo_test"), "paths, not secrets");
    let output = command(&server, &["token", "list"]).env("DRIFTLINE_CONFIG", &target).output().unwrap();
    assert_eq!(server.asked().len(), 2, "{}", err(&output));

    std::fs::remove_file(&target).unwrap();
    let refusing = always(401, json!({"code": "unauthorised", "message": "no"}));
    let mut login = command(&refusing, &["login", "--from", refusing.config().to_str().unwrap()]);
    assert_eq!(code(&login.env("DRIFTLINE_CONFIG", &target).output().unwrap()), 77);
    assert!(!target.exists(), "nothing is written for a token that is not accepted");
}

fn history(bodies: &[&str]) -> String {
    use base64::Engine as _;
    let mut previous = driftline_compare::chain::GENESIS;
    let mut lines = String::new();
    for (id, body) in (1_u64..).zip(bodies) {
        previous = driftline_compare::chain::link(&previous, id, body.as_bytes());
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        lines.push_str(&format!("{}\n", json!({"id": id, "body": body, "hash": hex(&previous)})));
    }
    lines
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn p8_an_exported_history_is_proved_offline_and_tampering_is_found() {
    let whole = history(&["one", "two", "three"]);
    let sent = whole.clone();
    let server = Server::start(move |_| (200, sent.clone()));
    let output = run(&server, &["verify", "--export", "history.ndjson"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let path = server.dir.path().join("history.ndjson");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    assert_eq!(code(&run(&server, &["verify", "--export", "history.ndjson"])), 70, "never replaces a file");
    assert_eq!(code(&run(&server, &["verify", "--file", "history.ndjson"])), 0);

    let lines: Vec<&str> = whole.lines().collect();
    let head: Value = serde_json::from_str(lines[1]).unwrap();
    let head = head["hash"].as_str().unwrap();
    assert_eq!(code(&run(&server, &["verify", "--file", "history.ndjson", "--head", head])), 0);
    let cases = [
        ("changed", whole.replace(&base64_of("two"), &base64_of("TWO")), 1),
        ("dropped", format!("{}\n{}\n", lines[0], lines[2]), 1),
        ("no history", "hello\n".to_owned(), 65),
    ];
    for (what, text, exit) in cases {
        std::fs::write(&path, text).unwrap();
        let output = run(&server, &["verify", "--file", "history.ndjson"]);
        assert_eq!(code(&output), exit, "{what}: {}{}", out(&output), err(&output));
    }
    std::fs::write(&path, format!("{}\n", lines[0])).unwrap();
    assert_eq!(code(&run(&server, &["verify", "--file", "history.ndjson"])), 0, "a cut history is whole in itself");
    let output = run(&server, &["verify", "--file", "history.ndjson", "--head", head]);
    assert_eq!(code(&output), 1, "but not for whoever noted a head");
    assert!(out(&output).contains("no entry has the hash that was noted"), "{}", out(&output));
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn verify_proves_what_the_collector_sends_and_does_not_ask_its_opinion() {
    let tampered = history(&["one", "two"]).replace(&base64_of("two"), &base64_of("TWO"));
    let server = Server::start(move |_| (200, tampered.clone()));
    assert_eq!(code(&run(&server, &["verify"])), 1);
    assert!(server.asked().iter().all(|asked| asked.line == "GET /api/v1/export"), "{:?}", server.asked());
}

#[test]
fn a_file_that_proves_nothing_is_not_whole() {
    let server = Server::start(|_| (404, String::new()));
    std::fs::write(server.dir.path().join("empty.ndjson"), "").unwrap();
    assert_eq!(code(&run(&server, &["verify", "--file", "empty.ndjson"])), 3);
    std::fs::write(server.dir.path().join("h.ndjson"), history(&["one"])).unwrap();
    let output = run(&server, &["verify", "--file", "h.ndjson"]);
    assert!(out(&output).contains("as far as the file goes"), "{}", out(&output));
}

#[test]
fn a_form_that_a_command_has_not_is_refused_before_anything_is_done() {
    let server = Server::start(|_| (200, String::new()));
    for (arguments, form) in [
        (vec!["baseline", "approve", "production", "--reason", "x"], "junit"),
        (vec!["revoke", "web-1"], "sarif"),
        (vec!["compare", "a", "b"], "csv"),
    ] {
        let mut command = command(&server, &arguments);
        let output = command.env("DRIFTLINE_OUTPUT", form).output().unwrap();
        assert_eq!((code(&output), server.asked().len()), (64, 0), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains("nothing was done"), "{}", err(&output));
    }
}

#[test]
fn a_flag_that_was_typed_wins_over_the_variable_of_the_token() {
    let server = Server::start(|_| (200, json!({"schema_version": 1, "hosts": []}).to_string()));
    std::fs::write(server.dir.path().join("typed.token"), "dlo_typed\n").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(server.dir.path().join("typed.token"), private).unwrap();
    let said = |arguments: &[&str]| {
        let output = command(&server, arguments).env("DRIFTLINE_TOKEN", "dlo_variable").output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        server.asked().last().unwrap().token.clone()
    };
    assert_eq!(said(&["hosts"]), "Bearer dlo_variable");
    assert_eq!(said(&["hosts", "--token-file", "typed.token"]), "Bearer dlo_typed");
}

#[test]
fn verify_quick_takes_the_collectors_word_and_says_so() {
    let broken = json!({"schema_version": 1, "intact": false, "entries": 4, "head": "00", "broken_at": 5,
        "reason": "its hash does not match"});
    let whole = json!({"schema_version": 1, "intact": true, "entries": 4, "head": "00"});
    let said = run(&always(200, whole), &["verify", "--quick"]);
    assert!(code(&said) == 0 && out(&said).contains("the collector says so"), "{}", out(&said));
    let output = run(&always(200, broken), &["verify", "--quick"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("the history is broken at entry 5: its hash does not match"), "{}", out(&output));
}

#[test]
fn w10_what_a_host_sent_cannot_move_the_cursor() {
    let mut evil = change(7, "KEY");
    evil["after"]["display"] = json!("\u{1b}[2J\u{202e}gotcha");
    for output in ["table", "markdown"] {
        let page = json!({"schema_version": 1, "changes": [evil.clone()]});
        let output = run(&always(200, page), &["changes", "-o", output]);
        assert!(!out(&output).contains('\u{1b}') && !out(&output).contains('\u{202e}'), "{}", out(&output));
    }
}

#[test]
fn a_host_is_forgotten_by_name_and_environment() {
    let server = Server::start(|_| (204, String::new()));
    let done = run(&server, &["host", "forget", "web-2", "--env", "production"]);
    assert_eq!((code(&done), out(&done).as_str()), (0, ""), "{}", err(&done));
    assert!(err(&done).contains("web-2 is forgotten"), "{}", err(&done));
    assert_eq!(server.asked()[0].line, "POST /api/v1/hosts/web-2/forget?env=production");
    assert_eq!(code(&run(&server, &["host", "forget", "web-2"])), 64, "the environment is asked for");
}

#[test]
fn an_environment_that_is_not_there_is_inconclusive_and_said() {
    let said = json!({"code": "not_found", "message": "there is no environment `nope`", "hint": "`driftline status` lists them"});
    let server = always(404, said);
    for arguments in
        [&["changes", "--env", "nope"][..], &["hosts", "--env", "nope"], &["changes", "--events", "--env", "nope"]]
    {
        let done = run(&server, arguments);
        assert_eq!((code(&done), out(&done).as_str()), (3, ""), "{arguments:?}");
        assert!(err(&done).contains("there is no environment `nope`"), "{}", err(&done));
    }
}

/// What was asked for, as far as the first line.
fn lines(server: &Server) -> Vec<String> {
    server.asked().iter().map(|asked| asked.line.clone()).collect()
}

/// What a collector says of change 41, which opened a port.
fn explained() -> Value {
    let mut opened = change(41, "inet filter input: tcp dport 5432 accept");
    opened["kind"] = json!("firewall");
    opened["severity"] = json!("critical");
    opened["meaning"] = json!({"effect": "opens", "reach": "any", "text": "opens tcp/5432 to any source"});
    opened["actor"] = json!({
        "confidence": "exact", "summary": "alice (root): nft -f rules", "evidence": ["audit"],
        "login": {"uid": 1000, "name": "alice"}, "pid": 4242,
    });
    json!({
        "schema_version": 1, "change": opened, "why": "it lets in from any source what was kept out",
        "missing": ["no desired state was ever given"],
        "now": {"host": "web-2", "source": "app", "path": "nft", "key": "k", "state": "so"},
        "persisted": [{"source": "saved", "path": "/etc/nftables.conf", "holds": false}],
    })
}

#[test]
fn a_change_is_explained_in_sentences_and_as_json() {
    let server = always(200, explained());
    let told = run(&server, &["explain", "41"]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    for part in [
        "change 41: opens tcp/5432 to any source",
        "alice (root): nft -f rules",
        "critical: it lets in from any source",
        "not in /etc/nftables.conf as watched by source saved: gone at reboot",
    ] {
        assert!(out(&told).contains(part), "{part}: {}", out(&told));
    }
    for line in out(&told).lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    let json: Value = serde_json::from_str(&out(&run(&server, &["explain", "41", "-o", "json"]))).unwrap();
    assert_eq!(json, explained());
    assert_eq!(lines(&server)[0], "GET /api/v1/explain/41");
    let by_key = always(200, explained());
    run(&by_key, &["explain", "--host", "web-2", "inet filter input: accept", "--source", "fw"]);
    assert_eq!(lines(&by_key), ["GET /api/v1/explain?host=web-2&key=inet+filter+input%3A+accept&source=fw"]);
}

#[test]
fn what_is_not_there_to_explain_is_inconclusive_and_a_key_needs_its_host() {
    let server = always(404, json!({"code": "not_found", "message": "the history has no entry 41"}));
    let unknown = run(&server, &["explain", "41"]);
    assert_eq!((code(&unknown), out(&unknown).as_str()), (3, ""));
    let key = run(&server, &["explain", "DB_HOST"]);
    assert_eq!(code(&key), 64);
    assert!(err(&key).contains("--host NAME"), "{}", err(&key));
}

#[test]
fn who_and_what_can_be_asked_for() {
    let server = always(200, json!({"schema_version": 1, "changes": []}));
    run(&server, &["changes", "--source", "firewall", "--opens", "any", "--actor", "alice"]);
    assert_eq!(lines(&server), ["GET /api/v1/changes?actor=alice&limit=100&opens=any&source=firewall"]);
    assert_eq!(code(&run(&server, &["changes", "--opens", "doors"])), 64);
    assert_eq!(code(&run(&server, &["changes", "--events", "--opens", "any"])), 64);
}
