//! `baseline` and what `desired` reads: what was approved or declared, and where
//! hosts differ from it.

use super::*;

fn baseline() -> Value {
    json!({"number": 3, "selector": "env=production", "reason": "audited, AUD-7", "approved_by": "ada",
        "approved_at": "2026-11-22T08:00:00.000Z", "hosts": ["web-1", "web-2"], "items": 160, "in_force": true})
}

#[test]
fn an_approval_counts_what_it_took_and_is_not_green_when_a_host_was_not_seen() {
    let server = always(200, json!({"schema_version": 1, "baseline": baseline()}));
    let done = run(&server, &["baseline", "approve", "production", "--reason", "audited, AUD-7", "--source", "app"]);
    let said = "baseline 3 approves 160 items of 2 hosts (env=production).\n";
    assert_eq!((code(&done), out(&done).as_str()), (0, said), "{}", err(&done));
    assert_eq!(sent(&server), json!({"selector": "production", "source": "app", "reason": "audited, AUD-7"}));
    let skipped = json!({"schema_version": 1, "baseline": baseline(), "skipped": ["web-3 (silent)", HOSTILE]});
    let partly = run(&always(200, skipped), &["baseline", "approve", "production", "--reason", "r"]);
    assert_eq!(code(&partly), 3);
    assert!(out(&partly).contains("web-3 (silent),\nx\\u{1b}[2J"), "{}", out(&partly));
    assert_printable(&out(&partly));
    for bad in [&["baseline", "approve", "production"][..], &["baseline", "approve", "region=eu", "--reason", "r"]] {
        assert_eq!(code(&run(&server, bad)), 64, "{bad:?}");
    }
    assert_eq!(server.asked().len(), 1, "a selector is read before it is sent");
}

#[test]
fn approvals_are_listed_and_shown_with_secrets_masked() {
    let answer = json!({"schema_version": 1, "baselines": [baseline()]});
    let server = always(200, answer.clone());
    let listed = run(&server, &["baseline", "list", "--env", "production"]);
    assert_eq!(code(&listed), 0, "{}", err(&listed));
    assert_printable(&out(&listed));
    assert_eq!(json_of(&run(&server, &["baseline", "list", "-o", "json"])), answer);
    assert_eq!(lines(&server), ["GET /api/v1/baselines?env=production", "GET /api/v1/baselines"]);
    let none = always(200, json!({"schema_version": 1, "baselines": []}));
    let said = "nothing is approved: `driftline baseline approve` does it\n";
    assert_eq!(out(&run(&none, &["baseline", "list"])), said);
    let items = json!([
        {"host": "web-1", "source": "app", "key": "DB_PASSWORD", "display": "****", "secret": true},
        {"host": "web-1", "source": "app", "key": "LICENCE", "secret": true},
        {"host": "web-1", "source": "app", "key": "PORT", "display": "80", "secret": false},
    ]);
    let detail = json!({"schema_version": 1, "baseline": baseline(), "items": items});
    let server = always(200, detail.clone());
    let shown = run(&server, &["baseline", "show", "3"]);
    let expected = "\
baseline  3
for       env=production
hosts     web-1, web-2
approved  2026-11-22 08:00:00 by ada
reason    audited, AUD-7
in force  yes

HOST   SOURCE  KEY          VALUE        SECRET
web-1  app     DB_PASSWORD  ****         yes
web-1  app     LICENCE      (not shown)  yes
web-1  app     PORT         80
";
    assert_eq!((code(&shown), out(&shown).as_str()), (0, expected), "{}", err(&shown));
    assert_eq!(json_of(&run(&server, &["baseline", "show", "3", "-o", "json"])), detail);
    assert_eq!(lines(&server)[0], "GET /api/v1/baselines/3");
    assert_eq!(code(&run(&server, &["baseline", "show", "third"])), 64);
}

/// What a comparison found: one difference of that severity.
fn comparison(severity: &str, hosts: u32, unchecked: &[&str]) -> Value {
    let cell = |display: &str| json!({"state": "value", "display": display, "secret": false});
    let difference = json!({"role": "web", "source": "app", "kind": "env_file", "key": "DB_TIMEOUT",
        "what": "differs", "left": cell("30s"), "right": cell("5s"), "severity": severity, "class": "functional",
        "metadata": false, "recommendation": "look at it"});
    json!({"schema_version": 1, "left": "baseline:production", "right": HOSTILE, "left_hosts": 2,
        "right_hosts": hosts, "keys": 80, "differing": 1, "undetermined": 0, "percent": "1.3",
        "metadata_differing": 0, "unchecked": unchecked, "differences": [difference]})
}

#[test]
fn hosts_are_held_against_what_was_approved_or_declared_and_end_as_section_13_says() {
    let commands = [
        (&["baseline", "diff", "production"][..], "left=baseline%3Aproduction&right=production"),
        (&["desired", "diff", "--env", "production"], "left=desired%3Aproduction&right=production"),
        (
            &["desired", "diff", "--env", "production", "--role", "web", "--host", "web-1"],
            "left=desired%3Aenv%3Dproduction%2Crole%3Dweb%2Chost%3Dweb-1&right=env%3Dproduction%2Crole%3Dweb%2Chost%3Dweb-1",
        ),
        (&["desired", "diff", "4f2a91c", "81bb0e2"], "left=revision%3A4f2a91c&right=revision%3A81bb0e2"),
    ];
    for (arguments, query) in commands {
        for (severity, unchecked, fail_on, expected) in [
            ("critical", &[][..], "warning", 1),
            ("warning", &[], "warning", 2),
            ("warning", &[], "critical", 0),
            ("info", &[], "warning", 0),
            ("warning", &["web-2 (silent)"], "warning", 3),
            ("critical", &["web-2 (silent)"], "never", 3),
        ] {
            let server = always(200, comparison(severity, 2, unchecked));
            let output = run(&server, &[arguments, &["--fail-on", fail_on]].concat());
            assert_eq!(code(&output), expected, "{arguments:?} {severity} {unchecked:?} {fail_on}");
            assert_eq!(lines(&server), [format!("GET /api/v1/compare?{query}")]);
            assert_printable(&out(&output));
        }
    }
}

#[test]
fn a_side_without_hosts_is_named_and_never_green() {
    let nobody = run(&always(200, comparison("info", 0, &[])), &["baseline", "diff", "production"]);
    assert_eq!(code(&nobody), 3);
    assert_eq!(err(&nobody), "error: no host matches `x\\u{1b}[2J\\u{202e}y`\n");
    let server = always(500, json!({}));
    for bad in [&["desired", "diff"][..], &["desired", "diff", "one"], &["baseline", "diff", "region=eu"]] {
        assert_eq!(code(&run(&server, bad)), 64, "{bad:?}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn declared_revisions_are_told_in_the_shape_of_the_api() {
    let revision = json!({"number": 17, "selector": "env=production", "revision": HOSTILE, "status": "current",
        "pushed_by": "ci", "pushed_at": "2026-11-22T04:30:00.123Z", "sources": [{"source": "app", "items": 2}]});
    let list = json!({"schema_version": 1, "revisions": [revision]});
    let server = always(200, list.clone());
    assert_printable(&out(&run(&server, &["desired", "list"])));
    assert_eq!(json_of(&run(&server, &["desired", "list", "-o", "json"])), list);
    let item = json!({"source": "app", "kind": "env_file", "key": "K", "display": HOSTILE, "secret": false});
    let detail = json!({"schema_version": 1, "revision": revision, "items": [item]});
    let server = always(200, detail.clone());
    assert_printable(&out(&run(&server, &["desired", "show", "--env", "production"])));
    assert_eq!(json_of(&run(&server, &["desired", "show", "17", "-o", "json"])), detail);
    assert_eq!(lines(&server), ["GET /api/v1/desired/show?env=production", "GET /api/v1/desired/show?revision=17"]);
    let none = always(200, json!({"schema_version": 1, "revisions": []}));
    let said = "nothing is declared: `driftline desired push` does it\n";
    assert_eq!(out(&run(&none, &["desired", "list"])), said);
}
