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

/// A directory of one test, in which somebody may have put something.
fn scratch(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("driftline-shell-{name}-{}", std::process::id()));
    _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn read(path: &std::path::Path) -> String {
    #[allow(clippy::disallowed_methods, reason = "a small file that the test wrote")]
    std::fs::read_to_string(path).unwrap()
}

fn mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_is_not_touched_where_others_could_swap_it() {
    for (name, bits) in [("group", 0o775), ("other", 0o757), ("sticky", 0o1777)] {
        let dir = scratch(name);
        let file = dir.join("app.env");
        std::fs::write(&file, "A=1\n").unwrap();
        mode(&dir, bits);
        let path = file.display().to_string();
        for command in ["put \"$1\" A A=2", "beside chmod 0777 \"$1\""] {
            assert_eq!(with_prelude(command, &[&path]).0, Some(65), "{name}: {command}");
        }
        mode(&dir, 0o755);
        assert_eq!(read(&file), "A=1\n");
        assert_eq!(with_prelude("put \"$1\" A A=2", &[&path]).0, Some(0), "{name}");
        assert_eq!(read(&file), "A=2\n");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_file_in_the_directory_of_another_is_not_touched() {
    let dir = scratch("owner");
    let file = dir.join("app.env");
    std::fs::write(&file, "A=1\n").unwrap();
    // Only root can give a directory away; whoever else runs this, its parent
    // does as well.
    if std::os::unix::fs::chown(&dir, Some(65_534), None).is_err() {
        return;
    }
    let path = file.display().to_string();
    assert_eq!(with_prelude("put \"$1\" A A=2", &[&path]).0, Some(65));
    let deeper = dir.join("conf");
    std::fs::create_dir(&deeper).unwrap();
    let inner = deeper.join("app.env");
    std::fs::write(&inner, "A=1\n").unwrap();
    assert_eq!(with_prelude("put \"$1\" A A=2", &[&inner.display().to_string()]).0, Some(65));
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn links_are_not_followed_and_no_name_is_foreseen() {
    let dir = scratch("links");
    let (victim, link) = (dir.join("victim"), dir.join("app.env"));
    std::fs::write(&victim, "A=1\n").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let path = link.display().to_string();
    for command in ["put \"$1\" A A=2", "beside chmod 0777 \"$1\""] {
        assert_eq!(with_prelude(command, &[&path]).0, Some(65), "{command}");
    }
    assert_eq!(read(&victim), "A=1\n");
    assert!(!PRELUDE.contains("$$"), "a name that holds the process id can be foreseen");
    std::fs::remove_dir_all(&dir).unwrap();
}
