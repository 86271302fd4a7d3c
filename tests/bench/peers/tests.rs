use super::*;
use crate::files;

#[test]
fn the_bare_scan_and_openssl_read_every_file() {
    let dir = tempfile::tempdir().unwrap();
    files::many(dir.path(), 30);
    assert!(bare_scan(dir.path()) > Duration::ZERO);
    assert!(openssl(dir.path()).is_some(), "openssl is installed by tests/run");
}

#[test]
fn a_peer_that_fails_or_is_not_there_gives_nothing() {
    assert!(run(&mut Command::new("false"), false).is_none());
    assert!(run(&mut Command::new("no-such-program-anywhere"), false).is_none());
    assert!(run(Command::new("sleep").arg("0.05"), true).is_some_and(|ran| ran.peak > 0));
}

#[test]
fn inotifywait_says_a_write_and_a_rename() {
    let dir = tempfile::tempdir().unwrap();
    let watch = Inotifywait::start(dir.path()).expect("inotify-tools is installed by tests/run");
    let begun = Instant::now();
    std::fs::write(dir.path().join("one"), "1").unwrap();
    assert!(watch.said("one") >= begun);
    std::fs::rename(dir.path().join("one"), dir.path().join("two")).unwrap();
    watch.said("two");
}
