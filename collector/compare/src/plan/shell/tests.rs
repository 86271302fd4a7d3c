//! Parts of the script by themselves.

use std::process::Command;

use super::*;

/// Runs the script's own functions.
fn with_prelude(command: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let script = format!("set -eu\n{PRELUDE}\n{command}");
    let done = Command::new("sh").args(["-c", &script, "sh"]).args(arguments).output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn the_script_spells_env_values_as_the_patch_does() {
    for value in ["", "plain", "two words", "it's", "say \"hi\"", "$5", "a#b", "=x", "é", "`id`"] {
        let (code, said) = with_prelude("as_env \"$1\"", &[value]);
        assert_eq!((code, Some(said)), (Some(0), spelling::env(value)), "{value}");
    }
    for value in ["it's $5", "it's \"x\"", "a\nb", "a\\b", "'`id`"] {
        assert_eq!(with_prelude("as_env \"$1\"", &[value]).0, Some(65), "{value}");
        assert_eq!(spelling::env(value), None, "{value}");
    }
}

#[test]
fn quotes_of_databases_are_doubled_or_refused() {
    assert_eq!(with_prelude("as_postgres \"$1\"", &["it's"]), (Some(0), "'it''s'".to_owned()));
    assert_eq!(with_prelude("as_postgres \"$1\"", &["a\\b"]).0, Some(65));
    assert_eq!(with_prelude("as_redis \"$1\"", &["1gb"]), (Some(0), "\"1gb\"".to_owned()));
    assert_eq!(with_prelude("as_redis \"$1\"", &["\"; FLUSHALL"]).0, Some(65));
}

#[test]
fn a_word_is_one_word_whatever_it_holds() {
    for text in ["", "a", "a b", "it's", "$(id)", "`id`", "-rf", "=ls", "a;b", "*", "\\", "é\"'"] {
        let script = format!("printf '%s' {}", spelling::shell(text));
        let done = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(done.stdout).unwrap(), text);
    }
}
