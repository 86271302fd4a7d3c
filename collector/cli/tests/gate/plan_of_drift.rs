//! `plan d-N`: which way it goes, in which forms, and when it is sure.

use serde_json::{Value, json};

use super::{Server, cell, out, run};

fn story(state: &str, toward: Value) -> Value {
    let drift = json!({
        "id": "d-17", "environment": "production", "role": "web", "source": "app", "kind": "env_file",
        "key": "DB_TIMEOUT", "rule": "desired", "what": "differs", "state": state, "severity": "critical",
        "class": "functional", "opened_at": "2026-11-20T08:00:05.123Z",
        "first_opened_at": "2026-11-20T08:00:05.123Z", "age_s": 172_800, "hosts": ["web-1"],
        "host_count": 1, "of_hosts": 3, "expected": "30s", "expected_by": "revision 4f2a91c", "actual": "60s",
        "secret": false, "headline": "it differs", "standing": "resolved at noon", "reopened": 0,
    });
    json!({"schema_version": 1, "drift": drift, "turns": [], "toward": toward})
}

fn toward(secret: bool) -> Value {
    let shown = |text| if secret { Some("****") } else { Some(text) };
    let mut right = cell(shown("30s"), "web-1", secret);
    right.as_object_mut().unwrap().remove("at");
    let difference = json!({
        "role": "web", "source": "app", "kind": "env_file", "key": "DB_TIMEOUT", "what": "differs",
        "left": cell(shown("60s"), "web-1", secret), "right": right, "severity": "critical",
        "class": "functional", "recommendation": "", "metadata": false,
    });
    json!({"reference": "revision 4f2a91c", "values": "in revision 4f2a91c", "restart": false,
        "difference": difference, "only": ["web-1"]})
}

fn told(answer: &Value, more: &[&str]) -> (i32, String, String) {
    let body = answer.to_string();
    let server = Server::start(move |_| (200, body.clone()));
    let output = run(&server, &[&["plan", "d-17"], more].concat());
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert!(lines.is_empty() || lines == ["GET /api/v1/drift/d-17"], "{lines:?}");
    (output.status.code().unwrap(), out(&output), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_drift_ends_by_what_is_wanted_on_the_hosts_that_differ() {
    let (code, text, said) = told(&story("open", toward(false)), &[]);
    let expected = "\
To make production like revision 4f2a91c: 1 step.

production, role web, source app (/srv/app/.env on web-1)
  critical: change DB_TIMEOUT from 60s to 30s on web-1 (line 3)
";
    assert_eq!((text.as_str(), code), (expected, 0), "{said}");
    assert_eq!(said, "if what is there is right: push it with `driftline desired push`, or accept it\n");
}

#[test]
fn p4_every_form_says_it_and_a_secret_is_where_it_was_declared() {
    let parts = [
        ("text", "change DB_TIMEOUT to <value of DB_TIMEOUT in revision 4f2a91c, source app>"),
        ("env", "+DB_TIMEOUT=<value of DB_TIMEOUT in revision 4f2a91c, source app>\n"),
        ("diff", "+DB_TIMEOUT = <value of DB_TIMEOUT in revision 4f2a91c, source app>\n"),
        ("shell", "value_1='<value of DB_TIMEOUT in revision 4f2a91c, source app>'\n"),
        ("ansible", "value_1: \"<value of DB_TIMEOUT in revision 4f2a91c, source app>\"\n"),
    ];
    for (form, part) in parts {
        let (code, text, _) = told(&story("open", toward(true)), &["--format", form]);
        assert!(code == 0 && text.contains(part) && !text.contains("****"), "{form}: {text}");
    }
    let (_, text, _) = told(&story("open", toward(false)), &["--format", "env"]);
    assert!(text.contains("# for production web-1:/srv/app/.env, on web-1 alone\n"), "{text}");
    assert!(text.contains("@@ -3,1 +3,1 @@\n-DB_TIMEOUT=60s\n+DB_TIMEOUT=30s\n"), "{text}");
    let (_, json, _) = told(&story("open", toward(false)), &["--output", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["steps"], &json["reference"]), (&json!(1), &json!("revision 4f2a91c")));
}

#[test]
fn what_has_ended_needs_no_plan_and_what_cannot_be_planned_is_not_green() {
    let (code, text, said) = told(&story("resolved", Value::Null), &[]);
    assert_eq!((code, text.as_str()), (0, ""));
    assert!(said.contains("d-17 is resolved at noon"), "{said}");
    let mut open = toward(false);
    open["open"] = json!("rules stand in another order");
    let (code, text, _) = told(&story("open", open), &[]);
    assert!(code == 3 && text.contains("Not planned:\n  DB_TIMEOUT of app: rules stand in another order\n"), "{text}");
    let mut silent = toward(false);
    silent["unchecked"] = json!(["web-1 (silent)"]);
    let (code, _, said) = told(&story("open", silent), &[]);
    assert!(code == 3 && said.contains("web-1 (silent)"), "{said}");
    // A collector that is older than this program.
    assert_eq!(told(&story("open", Value::Null), &[]).0, 3);
    let (code, text, _) = told(&story("open", toward(false)), &["--severity", "critical", "--key", "OTHER"]);
    assert_eq!((code, text.as_str()), (0, ""));
}

#[test]
fn one_side_that_is_no_drift_is_refused_before_anything_is_asked() {
    let server = Server::start(|_| (500, "{}".to_owned()));
    for one in ["staging", "d-", "d-x", "d-1x"] {
        let output = run(&server, &["plan", one]);
        assert_eq!(output.status.code(), Some(64), "{one}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("driftline plan d-17"));
    }
    assert!(server.asked().is_empty());
}
