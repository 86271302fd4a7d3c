//! `window` and `operator`: who may do what, and when it is expected.

use sha2::{Digest as _, Sha256};

use super::*;

fn window() -> Value {
    json!({"id": 7, "status": "open", "selector": "env=production,role=web", "source": "app", "actor": "deploy",
        "ticket": "CHG-123", "opened_by": "ci", "from": "2026-11-22T08:00:00.000Z",
        "until": "2026-11-22T10:00:00.000Z"})
}

const OPEN: [&str; 8] = ["window", "open", "--env", "production", "--ticket", "CHG-123", "--for", "2h"];

#[test]
fn an_opened_window_prints_its_number_alone_for_the_script_that_closes_it() {
    let server = always(200, window());
    let more = ["--role", "web", "--host", "web-1", "--source", "app", "--actor", "deploy"];
    let opened = run(&server, &[&OPEN[..], &more].concat());
    assert_eq!((code(&opened), out(&opened).as_str()), (0, "7\n"), "{}", err(&opened));
    assert_eq!(err(&opened), "window 7 for env=production,role=web is open until 2026-11-22 10:00:00 UTC\n");
    let asked = json!({"selector": "env=production,role=web,host=web-1", "source": "app", "actor": "deploy",
        "ticket": "CHG-123", "seconds": 7200});
    assert_eq!(sent(&server), asked);
    let plain = run(&server, &[&OPEN[..], &["-o", "json"]].concat());
    assert_eq!((json_of(&plain), err(&plain).as_str()), (window(), ""));
    assert_eq!(sent(&server), json!({"selector": "production", "ticket": "CHG-123", "seconds": 7200}));
}

#[test]
fn a_window_needs_a_ticket_a_time_and_a_name_that_can_be_one() {
    let server = always(500, json!({}));
    for (at, word) in [(2, "--env"), (4, "--ticket"), (6, "--for")] {
        let refused = run(&server, &[&OPEN[..at], &OPEN[at + 2..]].concat());
        assert_eq!((code(&refused), err(&refused).contains(word)), (64, true), "{}", err(&refused));
    }
    assert_eq!(code(&run(&server, &[&OPEN[..7], &["a while"]].concat())), 64);
    let two = run(&server, &["window", "open", "--env", "a,env=b", "--ticket", "T", "--for", "1h"]);
    assert_eq!(code(&two), 64, "a name smuggles no second part in: {}", err(&two));
    assert_eq!(code(&run(&server, &["window", "close", "seven"])), 64);
    assert!(server.asked().is_empty());
}

#[test]
fn windows_are_listed_and_closed() {
    let answer = json!({"schema_version": 1, "windows": [window()]});
    let server = always(200, answer.clone());
    let listed = run(&server, &["window", "list", "--env", "production", "--all"]);
    assert_eq!(code(&listed), 0, "{}", err(&listed));
    assert_printable(&out(&listed));
    assert!(out(&listed).contains("app, by…") || out(&listed).contains("app, by deploy"), "{}", out(&listed));
    assert_eq!(json_of(&run(&server, &["window", "list", "-o", "json"])), answer);
    let asked = ["GET /api/v1/windows?all=true&env=production", "GET /api/v1/windows?all=false"];
    assert_eq!(lines(&server), asked);
    let none = always(200, json!({"schema_version": 1, "windows": []}));
    assert_eq!(out(&run(&none, &["window", "list"])), "no window is open\n");
    assert_eq!(out(&run(&none, &["window", "list", "--all"])), "no window was ever opened\n");
    let server = Server::start(|_| (204, String::new()));
    let closed = run(&server, &["window", "close", "7"]);
    assert_eq!((code(&closed), out(&closed).as_str(), err(&closed).as_str()), (0, "", "window 7 is closed\n"));
    assert_eq!(lines(&server), ["DELETE /api/v1/windows/7"]);
}

fn operator(name: &str, revoked: bool) -> Value {
    json!({"name": name, "roles": ["deployer:staging", "viewer:production"],
        "created_at": "2026-11-22T08:00:00.000Z", "revoked": revoked})
}

#[test]
fn i9_an_access_token_is_made_here_shown_once_and_sent_as_a_hash() {
    let server = always(200, operator("ci", false));
    let add = ["operator", "add", "ci", "--role", "deployer:staging,viewer:production"];
    let added = run(&server, &add);
    assert_eq!(code(&added), 0, "{}", err(&added));
    let token = out(&added);
    let token = token.strip_suffix('\n').unwrap();
    assert!(token.starts_with("dlo_") && token.len() == 47 && !token.contains('\n'), "the token stands alone");
    assert!(!err(&added).contains(token) && err(&added).contains("the only time"), "{}", err(&added));
    let hash = |token: &str| Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        sent(&server),
        json!({"name": "ci", "roles": ["deployer:staging", "viewer:production"], "token_sha256": hash(token)})
    );
    let rotated = run(&server, &["operator", "rotate", "ci", "-o", "json"]);
    let made = json_of(&rotated);
    let new = made["token"].as_str().unwrap();
    assert_ne!(new, token, "a new one");
    assert_eq!(made["roles"], operator("ci", false)["roles"]);
    assert_eq!(made["schema_version"], 1);
    assert_eq!(sent(&server), json!({"token_sha256": hash(new)}));
    assert_eq!(lines(&server), ["POST /api/v1/operators", "POST /api/v1/operators/ci/rotate"]);
    for asked in server.asked() {
        assert!(!asked.body.contains("dlo_"), "{}", asked.body);
    }
    assert_eq!(code(&run(&server, &["operator", "add", "ci"])), 64, "nobody is added without a role");
}

#[test]
fn operators_are_listed_and_revoked() {
    let answer = json!({"schema_version": 1, "operators": [operator("ci", false), operator("dan", true)]});
    let server = always(200, answer.clone());
    let expected = "\
NAME  ROLES                                ADDED (UTC)          STATUS
ci    deployer:staging, viewer:production  2026-11-22 08:00:00  active
dan   deployer:staging, viewer:production  2026-11-22 08:00:00  revoked
";
    assert_eq!(out(&run(&server, &["operator", "list"])), expected);
    assert_eq!(json_of(&run(&server, &["operator", "list", "-o", "json"])), answer);
    let server = Server::start(|_| (204, String::new()));
    let done = run(&server, &["operator", "revoke", "a/b"]);
    assert_eq!((code(&done), err(&done).as_str()), (0, "a/b is revoked\n"));
    assert_eq!(lines(&server), ["DELETE /api/v1/operators/a%2Fb"]);
}

#[test]
fn w10_names_of_windows_and_operators_are_escaped_in_results_and_in_talk() {
    let mut bad = window();
    for field in ["selector", "source", "actor", "ticket", "opened_by", "until"] {
        bad[field] = json!(format!("{HOSTILE}\nerror: z"));
    }
    let said = err(&run(&always(200, bad.clone()), &OPEN));
    assert!(!said.contains(['\u{1b}', '\u{202e}']) && said.lines().count() == 1, "{said:?}");
    let list = always(200, json!({"schema_version": 1, "windows": [bad]}));
    assert_printable(&out(&run(&list, &["window", "list"])));
    let server = always(200, operator(&format!("{HOSTILE}\nerror: z"), false));
    for arguments in [&["operator", "add", "ci", "--role", "viewer"][..], &["operator", "rotate", "ci"]] {
        let said = err(&run(&server, arguments));
        assert!(!said.contains(['\u{1b}', '\u{202e}']) && !said.contains("\nerror"), "{said:?}");
    }
    let list = always(200, json!({"schema_version": 1, "operators": [operator(HOSTILE, true)]}));
    assert_printable(&out(&run(&list, &["operator", "list"])));
}
