//! Policies, windows and operators from the command line.

use super::*;

const GOOD: &str = "[[severity]]\nkey = \"DB_*\"\nseverity = \"warning\"\n";

fn detail(version: u64, text: &str) -> Value {
    let info = json!({
        "version": version, "in_force": true, "applied_by": "ada", "applied_at": "2026-11-22T08:00:05.123Z",
        "summary": "1 severity rule added",
    });
    json!({"schema_version": 1, "policy": info, "text": text})
}

fn file(server: &Server, text: &str) {
    std::fs::write(server.dir.path().join("policy.toml"), text).unwrap();
}

#[test]
fn a_policy_is_read_before_it_is_sent() {
    let server = always(200, detail(1, GOOD));
    file(&server, "[[severity]]\nkey = \"A\"\nseverty = \"info\"\n");
    for command in [&["policy", "apply", "policy.toml"][..], &["policy", "test", "policy.toml"]] {
        let output = run(&server, command);
        assert_eq!(code(&output), 65, "{}", err(&output));
        assert!(
            out(&output).contains("policy.toml:3:1: unknown key `severty`; did you mean `severity`?\n 3 | severty")
        );
    }
    assert!(server.asked().is_empty(), "a bad policy does not leave the machine");
    file(&server, GOOD);
    let output = run(&server, &["policy", "apply", "policy.toml"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "policy 1 is in force: 1 severity rule added\n"));
    let asked = server.asked();
    assert_eq!(asked[0].line, "PUT /api/v1/policy");
    assert_eq!(serde_json::from_str::<Value>(&asked[0].body).unwrap(), json!({"text": GOOD}));
}

#[test]
fn the_version_that_a_policy_replaces_is_said() {
    let server = always(200, detail(4, GOOD));
    file(&server, GOOD);
    assert_eq!(code(&run(&server, &["policy", "apply", "policy.toml", "--replaces", "3"])), 0);
    assert_eq!(code(&run(&server, &["policy", "apply", "policy.toml", "--replaces", "any"])), 0);
    assert_eq!(code(&run(&server, &["policy", "apply", "policy.toml", "--replaces", "x"])), 64);
    let asked = server.asked();
    let lines: Vec<&str> = asked.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(lines, ["PUT /api/v1/policy", "GET /api/v1/policy", "PUT /api/v1/policy"]);
    let replaces = |at: usize| serde_json::from_str::<Value>(&asked[at].body).unwrap()["replaces"].clone();
    assert_eq!((replaces(0), replaces(2)), (json!(3), json!(4)));
}

#[test]
fn a_policy_is_shown_as_it_was_written_and_compared() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /api/v1/policy" => ok(&detail(2, GOOD)),
        "GET /api/v1/policy/1" => ok(&detail(1, "[settle]\nseconds = 1\n")),
        other => panic!("{other}"),
    });
    let output = run(&server, &["policy", "show"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, GOOD));
    assert_eq!(err(&output), "policy 2, in force, applied by ada at 2026-11-22 08:00:05 UTC\n");
    let output = run(&server, &["policy", "diff"]);
    assert!(out(&output).starts_with("--- version 1\n+++ version 2\n-[settle]\n-seconds = 1\n+[[severity]]\n"));
    file(&server, GOOD);
    assert_eq!(out(&run(&server, &["policy", "diff", "policy.toml"])), "version 2 and policy.toml are the same\n");
    let none = always(200, json!({"schema_version": 1, "text": ""}));
    assert_eq!(code(&run(&none, &["policy", "show"])), 3);
}

#[test]
fn a_window_is_opened_for_what_the_flags_say() {
    let window = json!({
        "id": 7, "status": "open", "selector": "env=production,role=web", "ticket": "CHG-1", "opened_by": "ada",
        "from": "2026-11-22T08:00:05.123Z", "until": "2026-11-22T08:30:05.123Z",
    });
    let server = always(200, window);
    let flags = ["window", "open", "--env", "production", "--role", "web", "--ticket", "CHG-1", "--for", "30m"];
    let output = run(&server, &flags);
    assert_eq!((code(&output), out(&output).as_str()), (0, "7\n"), "{}", err(&output));
    let sent: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(sent, json!({"selector": "env=production,role=web", "ticket": "CHG-1", "seconds": 1800}));
    let output = run(&always(204, Value::Null), &["window", "close", "7"]);
    assert_eq!((code(&output), err(&output).as_str()), (0, "window 7 is closed\n"));
    let output = run(&always(200, json!({"schema_version": 1, "windows": []})), &["window", "list"]);
    assert_eq!(out(&output), "no window is open\n");
}

#[test]
fn an_access_token_is_printed_once_and_only_its_hash_is_sent() {
    let added = json!({
        "name": "ci", "roles": ["deployer:staging"], "created_at": "2026-11-22T08:00:05.123Z", "revoked": false,
    });
    let server = always(200, added);
    for flags in [&["operator", "add", "ci", "--role", "deployer:staging"][..], &["operator", "rotate", "ci"]] {
        let output = run(&server, flags);
        assert_eq!(code(&output), 0, "{}", err(&output));
        let token = out(&output).trim_end().to_owned();
        assert!(token.starts_with("dlo_") && token.len() == 47, "{token}");
        assert!(!err(&output).contains(&token));
        let body = server.asked().last().unwrap().body.clone();
        let hash: String = Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(body.contains(&hash) && !body.contains(&token), "{body}");
    }
    let asked = server.asked();
    let sent: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!((&sent["name"], &sent["roles"]), (&json!("ci"), &json!(["deployer:staging"])));
    assert_eq!(asked[1].line, "POST /api/v1/operators/ci/rotate");
    // Several roles, as the help says.
    assert_eq!(code(&run(&server, &["operator", "add", "x", "--role", "viewer,deployer:dev"])), 0);
    let sent: Value = serde_json::from_str(&server.asked()[2].body).unwrap();
    assert_eq!(sent["roles"], json!(["viewer", "deployer:dev"]));
}
