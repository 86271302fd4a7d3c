//! Every command that asks, held against collectors that refuse, are of another
//! version, answer nothing, or say more than was asked for.

use super::*;

/// Every way to ask, with as little as it takes.
const ASKING: &[&[&str]] = &[
    &["status"],
    &["hosts"],
    &["show", "web-1"],
    &["compare", "staging", "production"],
    &["changes"],
    &["changes", "--events"],
    &["history", "KEY"],
    &["explain", "7"],
    &["explain", "--host", "web-1", "KEY"],
    &["watch"],
    &["verify"],
    &["verify", "--export", "out.ndjson"],
    &["token", "list"],
    &["token", "create", "--env", "dev", "--role", "web"],
    &["token", "revoke", "t-1"],
    &["revoke", "web-1"],
    &["login"],
];

#[test]
fn a_token_that_is_not_known_ends_every_command_with_77_and_prints_nothing() {
    let refusal = json!({"code": "unauthorised", "message": "this needs a valid bearer token"});
    let server = always(401, refusal);
    for arguments in ASKING {
        let output = run(&server, arguments);
        assert_eq!(code(&output), 77, "{arguments:?}: {}", err(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", out(&output));
        assert!(err(&output).contains("error: this needs a valid bearer token\nhint: "), "{}", err(&output));
    }
}

#[test]
fn an_answer_of_another_version_is_bad_data_and_never_half_shown() {
    let server = always(200, json!({"schema_version": 99, "surprise": [1, 2, 3]}));
    // What deletes reads no answer; an export is a stream of lines.
    let reading = ASKING.iter().filter(|arguments| !arguments.contains(&"revoke"));
    for arguments in reading {
        let output = run(&server, arguments);
        assert_eq!(code(&output), 65, "{arguments:?}: {}{}", out(&output), err(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", out(&output));
    }
}

#[test]
fn what_is_no_json_at_all_is_told_by_its_status() {
    for (status, exit) in [(502, 69), (404, 3), (500, 70), (429, 69)] {
        let server = Server::start(move |_| (status, "<html>a proxy's words</html>".to_owned()));
        let output = run(&server, &["status"]);
        assert_eq!(code(&output), exit, "{status}");
        assert!(err(&output).contains(&format!("the collector answered {status}")), "{}", err(&output));
        assert!(!err(&output).contains("html"), "what is not understood is not repeated");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    // The token must not go where a redirect points.
    let server = always(302, json!({}));
    let output = run(&server, &["status"]);
    assert_eq!(code(&output), 70, "{}", err(&output));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn w10_the_words_of_a_refusal_cannot_move_the_cursor() {
    let server = always(
        404,
        json!({"code": "not_found", "message": "\u{1b}[2Jno\u{202e}body\nhint: run this",
        "hint": "\u{1b}]0;x\u{7}"}),
    );
    let said = err(&run(&server, &["show", "web-1"]));
    assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{said:?}");
    assert!(!said.contains("\nhint: run this"), "a collector writes no hint into a message: {said:?}");
}

fn event(id: u64, what: &str) -> Value {
    json!({"id": id, "at": "2026-11-22T08:00:05.123Z", "what": what, "severity": "warning",
        "environment": "production", "host": "web-2", "message": "the journal was full"})
}

#[test]
fn events_are_asked_for_and_shown_page_by_page() {
    let server = Server::start(|asked| {
        let next = if asked.line.contains("cursor=") { Value::Null } else { json!("more") };
        ok(&json!({"schema_version": 1, "events": [event(7, "gap"), event(6, "host_silent")], "next": next}))
    });
    let output = run(&server, &["changes", "--events", "--severity", "warning"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("host_silent") && out(&output).contains("the journal was full"), "{}", out(&output));
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let expected = "GET /api/v1/events?limit=100&severity=warning";
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1], "GET /api/v1/events?cursor=more&limit=98&severity=warning");
    assert_eq!(lines.len(), 2);

    let output = run(&server, &["changes", "--events", "--key", "A"]);
    assert_eq!((code(&output), server.asked().len()), (64, 2), "nothing is asked: {}", err(&output));
    let none = always(200, json!({"schema_version": 1, "events": []}));
    assert_eq!(out(&run(&none, &["changes", "--events"])), "no events\n");
}

#[test]
fn hosts_are_followed_page_by_page_and_an_environment_without_any_is_inconclusive() {
    let server = Server::start(|asked| {
        let next = if asked.line.contains("cursor=") { Value::Null } else { json!("more") };
        ok(&json!({"schema_version": 1, "hosts": [host("connected")], "next": next}))
    });
    let output = run(&server, &["hosts", "-o", "json"]);
    let page: driftline_api::host::HostPage = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((page.hosts.len(), page.next), (2, None));
    assert!(server.asked()[1].line.contains("cursor=more"));

    let nobody = always(200, json!({"schema_version": 1, "hosts": []}));
    let output = run(&nobody, &["hosts", "--env", "qa"]);
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("`qa`"), "{}", err(&output));
    let output = run(&nobody, &["hosts"]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("driftline token create"), "{}", out(&output));
}

#[test]
fn revoking_says_what_was_done_and_how_to_undo_it() {
    let server = Server::start(|_| (204, String::new()));
    let output = run(&server, &["revoke", "web-2"]);
    assert_eq!((code(&output), server.asked()[0].line.as_str()), (0, "DELETE /api/v1/hosts/web-2"));
    assert!(output.stdout.is_empty() && err(&output).contains("--host web-2"), "{}", err(&output));
}

#[test]
fn the_fleet_key_is_needed_before_a_token_is_asked_for() {
    let server = always(200, grant(&"00".repeat(32)));
    std::fs::remove_file(server.dir.path().join("fleet-key.toml")).unwrap();
    let output = run(&server, &["token", "create", "--env", "dev", "--role", "web"]);
    assert_eq!(code(&output), 78, "{}", err(&output));
    assert!(output.stdout.is_empty());
    assert!(server.asked().is_empty(), "no grant lies around unused");
}

#[test]
fn a_token_that_others_could_read_is_not_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = always(200, json!({}));
    std::fs::set_permissions(server.dir.path().join("token"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = run(&server, &["status"]);
    assert_eq!(code(&output), 78, "{}", err(&output));
    assert!(err(&output).contains("mode 0644") && err(&output).contains("hint: chmod 0600"), "{}", err(&output));
    assert!(server.asked().is_empty());
}

#[test]
fn login_takes_a_directory_that_was_copied_with_paths_of_another_machine() {
    let me = json!({"schema_version": 1, "operator": "admin", "roles": ["admin"], "collector_version": "0.1.0"});
    let server = always(200, me);
    let config = std::fs::read_to_string(server.config()).unwrap();
    let elsewhere = |name: &str| format!("\"/another/machine/{name}\"");
    let foreign = ["ca.pem", "token", "fleet-key.toml"]
        .iter()
        .fold(config, |text, name| text.replace(&format!("\"{name}\""), &elsewhere(name)));
    assert!(foreign.contains("/another/machine/token"), "{foreign}");
    let copy = server.dir.path().join("copied.toml");
    std::fs::write(&copy, foreign).unwrap();
    let target = server.dir.path().join("new/cli.toml");
    let mut login = command(&server, &["login", "--from", copy.to_str().unwrap()]);
    let output = login.env("DRIFTLINE_CONFIG", &target).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(!std::fs::read_to_string(&target).unwrap().contains("/another/machine"));
}

#[test]
fn an_export_that_failed_leaves_nothing_in_the_way_of_the_next_try() {
    let whole = history(&["one", "two"]);
    let tries = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => (503, json!({"code": "unavailable", "message": "the collector is stopping"}).to_string()),
        1 => (200, "no history\n".to_owned()),
        _ => (200, whole.clone()),
    });
    let export = ["verify", "--export", "history.ndjson"];
    let path = server.dir.path().join("history.ndjson");
    assert_eq!((code(&run(&server, &export)), path.exists()), (69, false));
    assert_eq!((code(&run(&server, &export)), path.exists()), (65, false));
    let output = run(&server, &export);
    assert_eq!((code(&output), path.exists()), (0, true), "{}", err(&output));
}
