//! `check` finds what would keep `run` from starting, and says which file.

use std::path::PathBuf;

use driftline_daemon::files;
use driftline_daemon::{Exit, ExitKind as _};

use super::*;
use crate::commands::init::testing::initialised;

/// What `check` says of a collector to which something was done.
fn checked(harm: impl FnOnce(&Path)) -> Result<(), ServerError> {
    let dir = initialised();
    harm(dir.path());
    check(&dir.path().join("collector.toml"))
}

fn refused(harm: impl FnOnce(&Path)) -> String {
    let error = checked(harm).unwrap_err();
    assert_eq!(error.exit(), Exit::Config, "{error}");
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(one) = cause {
        said.push_str(&format!(": {one}"));
        cause = one.source();
    }
    said
}

fn append(path: PathBuf, text: &str) {
    let mut whole = config_text(&path);
    whole.push_str(text);
    files::write_private(&path, whole.as_bytes()).unwrap();
}

fn config_text(path: &Path) -> String {
    String::from_utf8(files::read_limited(path, 64 * 1024).unwrap()).unwrap()
}

#[test]
fn a_collector_as_it_was_made_is_right() {
    checked(|_| {}).unwrap();
}

#[test]
fn a_certificate_that_is_gone_is_no_mistake() {
    // The next start issues another.
    checked(|dir| std::fs::remove_file(dir.join("state/server.pem")).unwrap()).unwrap();
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    for (file, content) in [
        ("state/initialised", None),
        ("state/ca.key", None),
        ("state/ca.key", Some("garbage")),
        ("state/ca.pem", Some("garbage")),
    ] {
        let said = refused(|dir| match content {
            None => std::fs::remove_file(dir.join(file)).unwrap(),
            Some(text) => std::fs::write(dir.join(file), text).unwrap(),
        });
        assert!(said.contains("/state"), "{file}: {said}");
    }
    let pepper = checked(|dir| std::fs::remove_file(dir.join("state/pepper")).unwrap()).unwrap_err();
    assert!(pepper.to_string().contains("state/pepper"), "{pepper}");
}

#[test]
fn a_route_without_a_secret_is_found_before_an_alert_is_due() {
    let route = |dir: &Path| {
        let secret = dir.join("secret");
        let text = format!(
            "\n[[alert]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"https://a.example/\"\nsecret_file = \"{}\"\n",
            secret.display()
        );
        append(dir.join("collector.toml"), &text);
        secret
    };
    let said = refused(|dir| drop(route(dir)));
    assert!(said.contains("the secret file") && said.contains("/secret"), "{said}");
    checked(|dir| files::write_private(&route(dir), b"sixteen bytes !!\n").unwrap()).unwrap();
}

#[test]
fn a_wrong_setting_is_shown_with_its_line() {
    let said = refused(|dir| append(dir.join("collector.toml"), "\n[agents]\nsilence_s = 0\n"));
    assert!(
        said.contains("collector.toml:") && said.contains("`agents.silence_s`") && said.contains("silence_s = "),
        "{said}"
    );
}

#[test]
fn a_store_that_a_running_collector_has_is_left_alone() {
    let dir = initialised();
    let _running = Lock::take(&dir.path().join("state").join(state::LOCK_FILE)).unwrap();
    check(&dir.path().join("collector.toml")).unwrap();
    let config = Config::load(&dir.path().join("collector.toml")).unwrap();
    assert!(check_store(&config).unwrap().contains("not opened"));
}
