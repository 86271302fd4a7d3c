//! The demo is what a visitor sees first: it must work, fit 80 columns, and
//! leave nothing behind.

#![allow(clippy::disallowed_methods, reason = "writes what these tests need")]

use std::path::Path;
use std::process::{Command, Stdio};

use driftline_tests::process::{eventually, output, program, read_text};

/// A demo whose directory is made below `tmp`.
fn demo(tmp: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("driftline"));
    command.arg("demo").args(arguments).env("TMPDIR", tmp).env_remove("DRIFTLINE_CONFIG").env("COLUMNS", "80");
    command
}

/// What a visitor does next: edits the file that the demo names.
fn edit_by_hand(told: &str) {
    let file = told.lines().find_map(|line| line.strip_prefix("file to edit")).unwrap().trim();
    let text = read_text(Path::new(file));
    assert!(text.contains("\nLOG_LEVEL=info\n"), "{text}");
    std::fs::write(file, text.replace("\nLOG_LEVEL=info\n", "\nLOG_LEVEL=by-hand\n")).unwrap();
}

fn is_empty(dir: &Path) -> bool {
    dir.read_dir().unwrap().next().is_none()
}

#[test]
fn the_demo_observes_all_of_it_and_leaves_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let done = output(&mut demo(tmp.path(), &["--once"]));
    let told = String::from_utf8(done.stdout).unwrap();
    let talk = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}{talk}");
    assert!(told.contains("12 of 80 settings differ (15.0 %)"), "{told}");
    assert!(told.contains("13 of 80 settings differ (16.3 %)"), "{told}");
    assert!(told.contains("Align 'PAYMENT_HOST'") && told.contains("the signature holds"), "{told}");
    // As root the firewall is opened twice; two checks each.
    let as_root = told.contains("opens tcp/5432 to any source");
    assert!(as_root || told.contains("Left out: it needs root"), "{told}");
    let expected = if as_root { 20 } else { 16 };
    assert_eq!(told.lines().filter(|line| line.starts_with("ok    ")).count(), expected, "{told}");
    assert!(told.contains("db-1: fsync in postgresql.conf goes from on to off"), "{told}");
    assert!(told.contains("critical  production/db-1  postgres  fsync: on -> off"), "{told}");
    assert!(told.contains("both say that fsync = off on db-1 is critical"), "{told}");
    assert!(!told.contains("FAILED"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    assert!(!told.contains('\u{1b}'), "no colour where no terminal is");
    assert!(is_empty(tmp.path()), "{talk}");
}

#[test]
fn the_demo_runs_over_an_operators_own_files_and_changes_none_of_them() {
    let (tmp, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (path, text) in [
        ("prod/.env", "NAME=shop\nAPI_KEY=not-to-be-seen-anywhere\n"),
        ("prod/worker.env", "THREADS=4\n"),
        ("qa/.env", "NAME=shop-qa\nAPI_KEY=neither-is-this-one-here\n"),
    ] {
        std::fs::create_dir_all(own.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(own.path().join(path), text).unwrap();
    }
    let from = own.path().to_str().unwrap();
    let done = output(&mut demo(tmp.path(), &["--once", "--from", from]));
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("Left out: prod has no postgresql.conf."), "{told}");
    assert!(told.contains("4 agents enrolled") && told.contains("prod (3 hosts) against qa"), "{told}");
    assert!(!told.contains("not-to-be-seen") && !told.contains("neither-is-this"), "{told}");
    assert_eq!(read_text(&own.path().join("prod/.env")), "NAME=shop\nAPI_KEY=not-to-be-seen-anywhere\n");
    assert!(is_empty(tmp.path()));
}

/// One that has `fsync` not set, and an include that is not there.
#[test]
fn the_demo_takes_an_operators_own_database_server() {
    const WRITTEN: &str = "include_if_exists = 'more.conf'\nprimary_conninfo = 'host=a password=not-to-be-seen-either'";
    let (tmp, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (path, text) in [("prod/.env", "NAME=shop\n"), ("prod/postgresql.conf", WRITTEN), ("qa/.env", "NAME=qa\n")] {
        std::fs::create_dir_all(own.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(own.path().join(path), text).unwrap();
    }
    let done = output(&mut demo(tmp.path(), &["--once", "--from", own.path().to_str().unwrap()]));
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("prod-db-1: fsync in postgresql.conf goes from its default to off"), "{told}");
    assert!(told.contains("1 database server joined") && told.contains("fsync: added off"), "{told}");
    assert!(!told.contains("not-to-be-seen"), "{told}");
    assert_eq!(read_text(&own.path().join("prod/postgresql.conf")), WRITTEN);
    assert!(is_empty(tmp.path()));
}

#[test]
fn a_demo_that_waits_ends_with_sigterm_and_its_children_with_it() {
    let tmp = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut child = demo(tmp.path(), &[]);
    let mut child = child.stdin(Stdio::null()).stdout(log.reopen().unwrap()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the demo says how to go on by hand", || {
        read_text(log.path()).contains("Ctrl-C stops everything").then_some(())
    });
    let told = read_text(log.path());
    // Paths are whole, however long: below `/tmp` all of it fits.
    let usual = told.replace(&*tmp.path().to_string_lossy(), "/tmp");
    let over: Vec<_> = usual.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(over.is_empty(), "{over:#?}");
    let paste = told.lines().find(|line| line.starts_with(". ")).unwrap();
    let script = format!("{paste}; driftline status -o json && printf %s \"$DRIFTLINE_CONFIG\" >&2");
    let status = output(Command::new("sh").args(["-c", &script]));
    let config = String::from_utf8_lossy(&status.stderr).into_owned();
    assert!(status.status.success(), "the printed commands work: {config}");
    edit_by_hand(&told);
    eventually("the webhook's alert of an edit made later is shown", || {
        // However its lines are broken: a path or a time may need the room.
        let told = read_text(log.path());
        told.split_whitespace().collect::<Vec<_>>().join(" ").contains("LOG_LEVEL: info -> by-hand").then_some(())
    });
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(is_empty(tmp.path()));
    let after = output(Command::new(program("driftline")).args(["status", "--config", &config]));
    assert_eq!(after.status.code(), Some(78), "its configuration is gone");
}
