//! The built program, offline: what it prints, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A run with no configuration and no terminal.
fn driftline(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
    command.args(arguments).current_dir(fixtures()).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn golden(arguments: &[&str], expected: &str, exit: i32) {
    let output = driftline(arguments);
    let found = text(&output.stdout);
    assert_eq!(found, expected, "\n--- found\n{found}--- stderr\n{}", text(&output.stderr));
    assert_eq!(code(&output), exit, "{}", text(&output.stderr));
    assert!(found.lines().all(|line| line.chars().count() <= 80), "{found}");
}

#[test]
fn diff_in_80_columns() {
    golden(&["diff", "production.env", "staging.env"], include_str!("fixtures/diff.txt"), 1);
}

#[test]
fn diff_as_markdown() {
    let output = driftline(&["diff", "-o", "markdown", "production.env", "staging.env"]);
    assert_eq!(text(&output.stdout), include_str!("fixtures/diff.md"), "{}", text(&output.stdout));
}

#[test]
fn diff_of_a_file_with_itself_is_clean() {
    golden(
        &["diff", "staging.env", "./staging.env"],
        "staging.env against ./staging.env\n0 of 5 settings differ (0.0 %).\n",
        0,
    );
}

#[test]
fn diff_as_json_has_the_shape_of_the_api() {
    let output = driftline(&["diff", "--output", "json", "production.env", "staging.env"]);
    let json: driftline_api::compare::Comparison = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json.schema_version, json.keys, json.differing, json.percent.as_str()), (1, 6, 4, "66.7"));
    assert_eq!(json.differences.len(), 4);
    let output = driftline(&["diff", "--output", "ndjson", "production.env", "staging.env"]);
    assert_eq!(text(&output.stdout).lines().count(), 4);
}

#[test]
fn p4_no_secret_is_printed() {
    for output in ["table", "json", "ndjson", "markdown"] {
        let diffed = driftline(&["diff", "--all", "-o", output, "production.env", "staging.env"]);
        let inspected = driftline(&["inspect", "-o", output, "production.env"]);
        let printed = [diffed.stdout, diffed.stderr, inspected.stdout, inspected.stderr].concat();
        let printed = text(&printed);
        assert!(!printed.contains("tr0ub4dor") && !printed.contains("c0rrect"), "{printed}");
    }
}

#[test]
fn fail_on_is_a_flag_a_variable_and_a_key() {
    let files = ["diff", "production.env", "staging.env"];
    let with = |extra: &[&str]| code(&driftline(&[&files, extra].concat()));
    assert_eq!((with(&[]), with(&["--fail-on", "never"])), (1, 0));
    let by_variable = command(&files).env("DRIFTLINE_FAIL_ON", "never").output().unwrap();
    assert_eq!(code(&by_variable), 0);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("cli.toml");
    std::fs::write(&config, "fail_on = \"never\"\n").unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(with(&["--config", config]), 0);
    assert_eq!(with(&["--config", config, "--fail-on", "critical"]), 1, "a flag beats the file");
    let both = command(&files).env("DRIFTLINE_CONFIG", config).env("DRIFTLINE_FAIL_ON", "warning").output().unwrap();
    assert_eq!(code(&both), 1, "a variable beats the file");
}

#[test]
fn inspect_in_80_columns() {
    golden(&["inspect", "production.env"], include_str!("fixtures/inspect.txt"), 0);
}

#[test]
fn inspect_shows_problems_with_a_caret_and_is_inconclusive() {
    let output = driftline(&["inspect", "--dialect", "dotenv", "broken.env"]);
    let printed = text(&output.stdout);
    assert!(printed.contains("broken.env:2:") && printed.contains('^'), "{printed}");
    assert_eq!(code(&output), 3, "{printed}");
}

#[test]
fn j9_a_file_that_is_not_there_is_inconclusive() {
    let output = driftline(&["inspect", "none.env"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).starts_with("error: cannot read none.env: "), "{}", text(&output.stderr));
    assert_eq!(code(&driftline(&["diff", "production.env", "none.env"])), 3);
    assert_eq!(code(&driftline(&["inspect", "."])), 3);
    assert!(output.stdout.is_empty());
}

#[test]
fn usage_errors_end_with_64() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["diff", "one"],
        &["diff", "--fail-on", "sometimes", "a", "b"],
        &["inspect", "--dialect", "cobol", "a"],
        &["changes", "--since", "yesterday"],
        &["changes", "--limit", "0"],
        &["token", "create", "--env", "production"],
        &["verify", "--file", "a", "--export", "b"],
        &["verify", "--head", "xyz"],
    ] {
        let output = driftline(arguments);
        assert_eq!(code(&output), 64, "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_is_data_and_has_examples() {
    for command in [
        "login", "status", "hosts", "show", "compare", "changes", "watch", "history", "inspect", "diff", "verify",
        "demo",
    ] {
        let output = driftline(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(text(&output.stdout).contains("Usage: driftline"), "{command}");
        assert!(command == "status" || text(&output.stdout).contains("Example"), "{command}");
    }
    let output = driftline(&["--help"]);
    assert!(text(&output.stdout).contains("Exit codes: 0 clean"));
    assert!(text(&driftline(&["--version"]).stdout).starts_with("driftline 0."));
}

#[test]
fn without_a_configuration_the_hint_is_login() {
    let output = driftline(&["status"]);
    assert_eq!(code(&output), 78);
    let said = text(&output.stderr);
    assert!(said.starts_with("error: no `collector` is configured\nhint: `driftline login`"), "{said}");
}

#[test]
fn d10_a_wrong_configuration_names_the_place_and_the_nearest_key() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("cli.toml");
    std::fs::write(&config, "# mine\ntoken_fiel = \"x\"\n").unwrap();
    let output = command(&["diff", "production.env", "staging.env"]).env("DRIFTLINE_CONFIG", &config).output().unwrap();
    assert_eq!(code(&output), 78);
    let said = text(&output.stderr);
    assert!(said.contains("cli.toml:2:1: unknown key `token_fiel`\nhint: did you mean `token_file`?"), "{said}");
    let output = command(&["--help"]).env("DRIFTLINE_CONFIG", &config).output().unwrap();
    assert_eq!(code(&output), 0, "help must be had whatever the file says");
}

#[test]
fn an_unreachable_collector_ends_with_69() {
    let dir = tempfile::tempdir().unwrap();
    let ca = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    std::fs::write(dir.path().join("ca.pem"), ca).unwrap();
    driftline_cli::input::write_private(&dir.path().join("token"), b"dlo_x\n").unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = format!("collector = \"https://{free}\"\nca_file = \"ca.pem\"\ntoken_file = \"token\"\n");
    std::fs::write(dir.path().join("cli.toml"), config).unwrap();
    let output = command(&["status"]).env("DRIFTLINE_CONFIG", dir.path().join("cli.toml")).output().unwrap();
    assert_eq!(code(&output), 69, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("hint: "), "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(&["diff", "--output", "json", "production.env", "staging.env"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.code().is_some(), "not killed by a signal");
}

#[test]
fn an_empty_variable_is_as_none() {
    let files = ["diff", "production.env", "staging.env"];
    let with = |name: &str| code(&command(&files).env(name, "").output().unwrap());
    for name in ["DRIFTLINE_CONFIG", "DRIFTLINE_OUTPUT", "DRIFTLINE_FAIL_ON", "DRIFTLINE_ALL", "DRIFTLINE_TOKEN_FILE"] {
        assert_eq!(with(name), 1, "{name}");
    }
    let named = command(&["status"]).env("DRIFTLINE_COLLECTOR", "").env("DRIFTLINE_CONFIG", "").output().unwrap();
    assert!(text(&named.stderr).starts_with("error: no `collector` is configured"), "{}", text(&named.stderr));
}

#[test]
fn inspect_as_ndjson_has_the_problems_too() {
    let output = driftline(&["inspect", "-o", "ndjson", "--dialect", "dotenv", "broken.env"]);
    let rows = text(&output.stdout);
    let rows: Vec<serde_json::Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let whole = driftline(&["inspect", "-o", "json", "--dialect", "dotenv", "broken.env"]);
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    let rows_of = |name: &str| rows.iter().filter_map(|row| row.get(name).cloned()).collect::<Vec<_>>();
    assert_eq!(serde_json::Value::from(rows_of("problem")), whole["problems"]);
    assert!(!rows_of("problem").is_empty());
    assert_eq!(rows_of("key").len(), whole["items"].as_array().unwrap().len());
}

#[test]
fn policy_check_tells_every_mistake_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("policy.toml");
    let check = |text: &str, form: &str| {
        std::fs::write(&path, text).unwrap();
        driftline(&["policy", "check", path.to_str().unwrap(), "--output", form])
    };
    let good = check("[settle]\nseconds = 60\n", "table");
    assert_eq!((code(&good), text(&good.stdout)), (0, format!("{}: good, no rule\n", path.display())));
    let bad = check("[[severity]]\nkey = 're:('\nseverity = 'hot'\n[colours]\n", "table");
    let lines = text(&bad.stdout);
    assert_eq!((code(&bad), lines.lines().filter(|line| line.ends_with('^')).count()), (65, 3), "{lines}");
    assert!(lines.contains(":2:7: `key`: not a regular expression: unclosed group\n 2 | key = 're:('\n   |       ^"));
    let bad = check("x", "json");
    assert!(text(&bad.stdout).contains("\"good\": false") && code(&bad) == 65);
    assert_eq!(code(&driftline(&["policy", "check", "/nonexistent/policy.toml"])), 3);
}

#[test]
fn the_policy_that_is_shipped_is_good() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/policy.toml");
    let output = driftline(&["policy", "check", shipped]);
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("3 severity rules, 4 expectations, 3 actor rules, 1 freeze, 2 schedules\n"));
}
