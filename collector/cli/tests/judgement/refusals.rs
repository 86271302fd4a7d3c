//! Every command here against a collector that refuses: codes, hints, and
//! nothing on standard output.

use super::*;

/// Every way to ask, with as little as it takes.
const ASKING: &[&[&str]] = &[
    &["drift"],
    &["explain", "d-1"],
    &["accept", "d-1", "--reason", "r", "--owner", "o", "--expires", "1d"],
    &["accept", "list"],
    &["accept", "revoke", "a-1"],
    &["window", "open", "--env", "production", "--ticket", "T", "--for", "1h"],
    &["window", "close", "1"],
    &["window", "list"],
    &["policy", "apply", "policy.toml"],
    &["policy", "apply", "policy.toml", "--replaces", "any"],
    &["policy", "show"],
    &["policy", "history"],
    &["policy", "diff"],
    &["policy", "test", "policy.toml"],
    &["operator", "add", "ci", "--role", "viewer"],
    &["operator", "list"],
    &["operator", "revoke", "ci"],
    &["operator", "rotate", "ci"],
    &["desired", "list"],
    &["desired", "show"],
    &["desired", "diff", "--env", "production"],
    &["baseline", "approve", "production", "--reason", "r"],
    &["baseline", "list"],
    &["baseline", "show", "1"],
    &["baseline", "diff", "production"],
    &["report"],
];

fn refusing(status: u16, body: Value) -> Server {
    let server = always(status, body);
    std::fs::write(server.dir.path().join("policy.toml"), "[settle]\nseconds = 60\n").unwrap();
    server
}

#[test]
fn a_refusal_ends_every_command_with_its_code_the_collectors_words_and_no_result() {
    let missing = "vic has viewer; this needs the role `operator` in production";
    let grant = "an administrator grants it: `driftline operator add NAME --role operator:production`";
    for (status, exit, message, hint) in [
        (403, 77, missing, grant),
        (404, 3, "there is no such thing", "`list` tells what there is"),
        (409, 65, "policy 4 is in force, and yours was made from 3", "look at `driftline policy diff 3`"),
        (503, 69, "the collector is stopping", "try again"),
    ] {
        let server = refusing(status, json!({"code": "x", "message": message, "hint": hint}));
        for arguments in ASKING {
            let output = run(&server, arguments);
            assert_eq!(code(&output), exit, "{status} {arguments:?}: {}", err(&output));
            assert!(output.stdout.is_empty(), "{status} {arguments:?}: {}", out(&output));
            assert_eq!(err(&output), format!("error: {message}\nhint: {hint}\n"), "{arguments:?}");
        }
        assert_eq!(server.asked().len(), ASKING.len(), "each asks once and does not go on");
    }
}

#[test]
fn an_answer_of_another_version_is_bad_data_and_never_half_shown() {
    let server = refusing(200, json!({"schema_version": 99, "surprise": [1, 2, 3]}));
    // What deletes reads no answer.
    for arguments in ASKING.iter().filter(|all| !all.contains(&"revoke") && !all.contains(&"close")) {
        let output = run(&server, arguments);
        assert_eq!(code(&output), 65, "{arguments:?}: {}{}", out(&output), err(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", out(&output));
        assert!(err(&output).contains("hint: are collector and command line of the same version?"), "{}", err(&output));
    }
}
