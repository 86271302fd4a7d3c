//! What is pasted works, however odd the paths are; what came is shown.

use std::time::Instant;

use bytes::Bytes;
use driftline_api::alert::Alert;
use driftline_api::change::Change;

use super::*;
use crate::printer::{Style, layout, text};

fn change(key: &str) -> Change {
    serde_json::from_value(serde_json::json!({
        "id": 26, "environment": "production", "host": "web-1", "role": "web", "source": "app", "kind": "env_file",
        "path": "/tmp/app.env", "key": key, "what": "changed", "observed_at": "2026-11-22T07:03:11.268Z",
        "before": {"display": "5s", "secret": false}, "after": {"display": "9s", "secret": false},
        "recorded_at": "2026-11-22T07:03:11.269Z", "severity": "warning", "class": "functional",
        "verdict": "undetermined",
    }))
    .unwrap()
}

fn call(alert: Option<Alert>, signed: bool) -> Call {
    let (id, signature) = ("21".to_owned(), "t=1,v1=00".to_owned());
    Call { at: Instant::now(), id, signature, signed, body: Bytes::new(), alert }
}

fn told(changes: Vec<Change>, more_changes: u64) -> Alert {
    Alert {
        schema_version: 1,
        id: "21".to_owned(),
        severity: "warning".to_owned(),
        summary: "x".to_owned(),
        changes,
        more_changes,
        events: Vec::new(),
        amendments: Vec::new(),
        rejudgements: Vec::new(),
    }
}

#[test]
fn the_line_to_paste_sets_both_variables_whatever_the_paths_hold() {
    let dir = tempfile::tempdir().unwrap();
    for odd in ["plain", "with a space", "it's", "$HOME", "*"] {
        let (programs, config) = (dir.path().join(odd).join("bin"), dir.path().join(odd).join("cli.toml"));
        let file = dir.path().join("env");
        std::fs::write(&file, environment_file(&programs, &config)).unwrap();
        let script = format!(". {}; printf '%s\\n' \"$PATH\" \"$DRIFTLINE_CONFIG\"", quoted(&file.to_string_lossy()));
        let shell =
            std::process::Command::new("/bin/sh").args(["-c", &script]).env("PATH", "/before").output().unwrap();
        let expected = format!("{}:/before\n{}\n", programs.display(), config.display());
        assert_eq!(String::from_utf8(shell.stdout).unwrap(), expected, "{odd}");
    }
}

#[test]
fn nothing_that_is_to_be_pasted_is_cut_and_watching_comes_last() {
    let long = format!("/tmp/{}/app.env", "x".repeat(100));
    let commands = vec![format!(". {long}"), "driftline status".to_owned(), "driftline watch".to_owned()];
    let hand =
        Hand { facts: vec![("API", "https://127.0.0.1:1".to_owned()), ("a file to edit", long.clone())], commands };
    let printed = layout::render(&hand.document(), Style { width: 80, colour: false });
    assert!(!printed.contains('…'), "{printed}");
    assert!(
        printed.contains(&format!("a file to edit  {long}\n")) && printed.contains(&format!("\n. {long}\n")),
        "{printed}"
    );
    let over: Vec<_> = printed.lines().filter(|line| text::width(line) > 80 && !line.contains(&long)).collect();
    assert!(over.is_empty(), "{over:?}");
}

#[test]
fn an_alert_that_came_later_is_shown_with_its_changes() {
    let shown = alert(&call(Some(told(vec![change("DB_TIMEOUT"), change("B")], 3)), true), 80);
    assert!(shown.contains("alert 21 at the webhook (signature holds):\n"), "{shown}");
    assert!(shown.contains("DB_TIMEOUT") && shown.contains("5s -> 9s") && shown.contains("  and 3 more\n"), "{shown}");
    assert!(shown.lines().all(|line| text::width(line) <= 80), "{shown}");
}

#[test]
fn an_alert_that_is_forged_or_garbage_says_so() {
    assert!(alert(&call(Some(told(vec![change("A")], 0)), false), 80).contains("does NOT hold"));
    assert!(alert(&call(None, false), 80).contains("not understood"));
}

#[test]
fn w10_an_alert_cannot_move_the_cursor() {
    let mut evil = call(Some(told(vec![change("A\u{1b}[2J")], 0)), true);
    evil.id = "\u{1b}]0;x\u{7}".to_owned();
    let shown = alert(&evil, 80);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown}");
}
