//! `policy`: mistakes with their lines, what is sent, versions, differences and
//! trials.

use super::*;

const GOOD: &str = "[[severity]]\nkey = \"LOG_*\"\nseverity = \"info\"\n";
const BAD: &str = "[[severity]]\nkey = \"LOG_*\"\nseverity = \"loud\"\n\n[settel]\nseconds = 60\n";

fn detail(version: u64, text: &str) -> Value {
    let policy = json!({"version": version, "in_force": true, "applied_by": "ada",
        "applied_at": "2026-11-22T08:00:00.000Z", "summary": "1 severity rule"});
    json!({"schema_version": 1, "policy": policy, "text": text})
}

fn nothing() -> Value {
    json!({"schema_version": 1, "text": ""})
}

/// A collector with versions 1 to 3, each with its own settling time.
fn versioned() -> Server {
    Server::start(|asked| {
        let number = asked.line.rsplit('/').next().unwrap().parse().unwrap_or(3);
        (200, detail(number, &format!("{GOOD}[settle]\nseconds = {number}0\n")).to_string())
    })
}

fn write(server: &Server, text: &str) {
    std::fs::write(server.dir.path().join("policy.toml"), text).unwrap();
}

#[test]
fn a_check_is_offline_and_tells_every_mistake_with_its_line() {
    let server = always(500, json!({}));
    write(&server, GOOD);
    std::fs::remove_file(server.dir.path().join("token")).unwrap();
    let good = run(&server, &["policy", "check", "policy.toml"]);
    assert_eq!((code(&good), out(&good).as_str()), (0, "policy.toml: good, 1 severity rule\n"), "{}", err(&good));
    write(&server, BAD);
    let bad = run(&server, &["policy", "check", "policy.toml"]);
    assert_eq!(code(&bad), 65);
    let text = out(&bad);
    assert!(
        text.contains("policy.toml:3:12: ") && text.contains(" 3 | severity = \"loud\"\n   |            ^\n"),
        "{text}"
    );
    assert!(text.contains("policy.toml:5:") && text.contains("settel"), "both are told: {text}");
    let told = json_of(&run(&server, &["policy", "check", "policy.toml", "-o", "json"]));
    assert_eq!((&told["schema_version"], &told["good"]), (&json!(1), &json!(false)));
    let places: Vec<_> = told["problems"].as_array().unwrap().iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(places, [3, 5]);
    let absent = run(&server, &["policy", "check", "nonesuch.toml"]);
    assert_eq!((code(&absent), out(&absent).as_str()), (3, ""));
    assert!(err(&absent).starts_with("error: cannot read the policy nonesuch.toml"), "{}", err(&absent));
    std::fs::write(server.dir.path().join("policy.toml"), b"# \xff\n").unwrap();
    assert_eq!(code(&run(&server, &["policy", "check", "policy.toml"])), 65);
    assert!(server.asked().is_empty());
}

#[test]
fn a_bad_policy_does_not_leave_the_machine() {
    let server = always(200, detail(4, GOOD));
    write(&server, BAD);
    for verb in ["apply", "test"] {
        let refused = run(&server, &["policy", verb, "policy.toml"]);
        assert_eq!(code(&refused), 65, "{verb}");
        assert!(out(&refused).contains("policy.toml:3:12: "), "{}", out(&refused));
    }
    assert!(server.asked().is_empty());
}

#[test]
fn a_policy_is_applied_as_it_is_written_over_the_version_that_was_named() {
    let server = always(200, detail(4, GOOD));
    write(&server, GOOD);
    let applied = run(&server, &["policy", "apply", "policy.toml", "--replaces", "3"]);
    assert_eq!((code(&applied), out(&applied).as_str()), (0, "policy 4 is in force: 1 severity rule\n"));
    assert_eq!(sent(&server), json!({"text": GOOD, "replaces": 3}));
    run(&server, &["policy", "apply", "policy.toml"]);
    assert_eq!(sent(&server), json!({"text": GOOD}));
    run(&server, &["policy", "apply", "policy.toml", "--replaces", "any"]);
    assert_eq!(sent(&server), json!({"text": GOOD, "replaces": 4}), "whatever is in force, by its number");
    let asked = ["PUT", "PUT", "GET", "PUT"].map(|method| format!("{method} /api/v1/policy"));
    assert_eq!(lines(&server), asked);
    assert_eq!(code(&run(&server, &["policy", "apply", "policy.toml", "--replaces", "newest"])), 64);
}

#[test]
fn a_policy_is_shown_alone_on_standard_output_and_never_cut() {
    let long = format!("# {}\n{GOOD}", "a long remark ".repeat(12));
    let server = always(200, detail(3, &long));
    let shown = run(&server, &["policy", "show"]);
    assert_eq!((code(&shown), out(&shown)), (0, long.clone()));
    assert_eq!(err(&shown), "policy 3, in force, applied by ada at 2026-11-22 08:00:00 UTC\n");
    assert_eq!(json_of(&run(&server, &["policy", "show", "3", "-o", "json"])), detail(3, &long));
    assert_eq!(lines(&server), ["GET /api/v1/policy", "GET /api/v1/policy/3"]);
    let never = run(&always(200, nothing()), &["policy", "show"]);
    assert_eq!((code(&never), out(&never).as_str()), (3, ""));
    assert!(err(&never).contains("hint: `driftline policy apply FILE` applies one"), "{}", err(&never));
}

#[test]
fn versions_are_told_with_the_one_in_force_marked() {
    let mut old = detail(1, GOOD)["policy"].clone();
    old["in_force"] = json!(false);
    old["applied_by"] = json!(HOSTILE);
    let answer = json!({"schema_version": 1, "versions": [detail(2, GOOD)["policy"], old]});
    let server = always(200, answer.clone());
    let told = run(&server, &["policy", "history"]);
    let expected = "\
VERSION       APPLIED (UTC)        BY                   WHAT IS DIFFERENT
2 (in force)  2026-11-22 08:00:00  ada                  1 severity rule
1             2026-11-22 08:00:00  x\\u{1b}[2J\\u{202e}y  1 severity rule
";
    assert_eq!((code(&told), out(&told).as_str()), (0, expected));
    assert_eq!(json_of(&run(&server, &["policy", "history", "-o", "json"])), answer);
    let never = always(200, json!({"schema_version": 1, "versions": []}));
    assert_eq!(out(&run(&never, &["policy", "history"])), "no policy was ever applied: the built-in rules count\n");
}

#[test]
fn versions_and_files_are_held_against_each_other_line_by_line() {
    let server = versioned();
    let between = |left: &str, right: &str, was: u32, is: u32| {
        let head = format!("--- {left}\n+++ {right}\n@@\n key = \"LOG_*\"\n severity = \"info\"\n [settle]\n");
        format!("{head}-seconds = {was}0\n+seconds = {is}0\n")
    };
    let told = |arguments: &[&str]| {
        let output = run(&server, &[&["policy", "diff"], arguments].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    };
    assert_eq!(told(&[]), between("version 2", "version 3", 2, 3));
    assert_eq!(told(&["1"]), between("version 1", "version 3", 1, 3));
    assert_eq!(told(&["1", "2"]), between("version 1", "version 2", 1, 2));
    assert_eq!(told(&["2", "2"]), "version 2 and version 2 are the same\n");
    write(&server, &format!("{GOOD}[settle]\nseconds = 90\n"));
    assert_eq!(told(&["policy.toml"]), between("version 3", "policy.toml", 3, 9));
    let printed: Value = serde_json::from_str(&told(&["1", "2", "-o", "json"])).unwrap();
    assert_eq!((&printed["left"], &printed["right"]), (&json!("version 1"), &json!("version 2")));
    assert_eq!(printed["lines"].as_array().unwrap().last().unwrap(), "+seconds = 20");
    assert_eq!(code(&run(&server, &["policy", "diff", "policy.toml", "2"])), 64);
    assert_eq!(code(&run(&server, &["policy", "diff", "nonesuch.toml"])), 3);
    let first = run(&always(200, detail(1, GOOD)), &["policy", "diff"]);
    assert!(out(&first).starts_with("--- no policy\n+++ version 1\n+[[severity]]\n"), "{}", out(&first));
}

#[test]
fn w10_a_difference_of_hostile_texts_is_escaped() {
    let server = Server::start(|asked| {
        let text = if asked.line.ends_with("/1") { "a\n" } else { "a\u{1b}[2J\u{202e}\n" };
        (200, detail(2, text).to_string())
    });
    let told = run(&server, &["policy", "diff"]);
    assert_printable(&out(&told));
    assert!(out(&told).contains("+a\\u{1b}[2J\\u{202e}\n"), "{}", out(&told));
}

#[test]
fn a_trial_says_what_would_be_otherwise_and_changes_nothing() {
    let example = json!({"id": 41, "observed_at": "2026-11-22T08:00:05.123Z", "environment": "production",
        "host": "web-1", "source": "app", "key": "LOG_LEVEL", "severity_before": "warning",
        "severity_after": "info", "verdict_before": "window_only", "verdict_after": "out_of_band",
        "notes": ["the environment is frozen: christmas"]});
    let answer = json!({"schema_version": 1, "changes": 12, "cut_short": false, "weighed_otherwise": 1,
        "judged_otherwise": 1, "not_judged": 2,
        "severities": [{"before": "warning", "after": "info", "changes": 1}],
        "verdicts": [{"before": "window_only", "after": "out_of_band", "changes": 1}], "examples": [example]});
    let server = always(200, answer.clone());
    write(&server, GOOD);
    let told = run(&server, &["policy", "test", "policy.toml", "--days", "30"]);
    let expected = "\
12 changes of the last 30 days judged again: 1 would weigh otherwise, 1 would
have another verdict.

2 changes cannot be judged again: the host is gone, or has another fleet key.

       1  window only -> out of band
       1  warning -> info

TIME (UTC)           SEVERITY         HOST              SOURCE  KEY
2026-11-22 08:00:05  warning -> info  production/web-1  app     LOG_LEVEL
                     window only -> out of band; the environment is frozen:
                     christmas
";
    assert_eq!((code(&told), out(&told).as_str()), (0, expected), "{}", err(&told));
    assert_eq!(lines(&server), ["POST /api/v1/policy/test"]);
    assert_eq!(sent(&server), json!({"text": GOOD, "days": 30}));
    assert_eq!(json_of(&run(&server, &["policy", "test", "policy.toml", "-o", "json"])), answer);
    assert_eq!(sent(&server)["days"], 7);
    assert_eq!(code(&run(&server, &["policy", "test", "policy.toml", "--days", "91"])), 64);
}
