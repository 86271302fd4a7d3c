use std::fs::{self, File};
use std::time::Duration;

use super::*;

/// What is heard within a moment.
async fn heard(ear: &mut Ear) -> Option<Hint> {
    tokio::time::timeout(Duration::from_millis(300), ear.hint()).await.ok()
}

const LEGACY: Option<Hint> = Some(Hint { legacy: true, ipset: false, at_sets: false });
const IPSET: Option<Hint> = Some(Hint { legacy: false, ipset: true, at_sets: false });

fn lock(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join(LOCK_NAME)
}

#[tokio::test]
async fn the_end_of_whoever_held_the_lock_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(lock(&dir), "").unwrap();
    let mut ear = Ear::at(dir.path(), None);
    let held = File::open(lock(&dir)).unwrap();
    assert_eq!(heard(&mut ear).await, None, "it is not over yet");
    drop(held);
    assert_eq!(heard(&mut ear).await, LEGACY);
    assert_eq!(heard(&mut ear).await, None);
}

#[tokio::test]
async fn the_first_use_of_the_lock_is_heard_and_so_is_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut ear = Ear::at(dir.path(), None);
    fs::write(lock(&dir), "").unwrap();
    assert_eq!(heard(&mut ear).await, LEGACY);
    drop(File::open(lock(&dir)).unwrap());
    assert_eq!(heard(&mut ear).await, LEGACY);
}

#[tokio::test]
async fn a_lock_that_was_removed_and_made_again_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(lock(&dir), "").unwrap();
    let mut ear = Ear::at(dir.path(), None);
    fs::remove_file(lock(&dir)).unwrap();
    while heard(&mut ear).await.is_some() {}
    fs::write(lock(&dir), "").unwrap();
    assert_eq!(heard(&mut ear).await, LEGACY);
    while heard(&mut ear).await.is_some() {}
    drop(File::open(lock(&dir)).unwrap());
    assert_eq!(heard(&mut ear).await, LEGACY);
}

#[tokio::test]
async fn other_files_of_the_directory_are_no_hint() {
    let dir = tempfile::tempdir().unwrap();
    let mut ear = Ear::at(dir.path(), None);
    fs::write(dir.path().join("other.lock"), "").unwrap();
    assert_eq!(heard(&mut ear).await, None);
}

#[tokio::test]
async fn a_run_of_ipset_is_heard_unless_it_is_the_agents_own() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("ipset");
    fs::copy("/bin/true", &program).unwrap();
    let run = || assert!(std::process::Command::new(&program).status().unwrap().success());
    let mut ear = Ear::at(dir.path(), Some(program.clone()));
    run();
    assert_eq!(ended(&mut ear).await, IPSET);
    let own = OwnRun::begin();
    run();
    drop(own);
    assert_eq!(heard(&mut ear).await, None);
    run();
    assert_eq!(ended(&mut ear).await, IPSET);
}

#[tokio::test]
async fn somebody_who_begins_during_an_own_run_is_told_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("ipset");
    fs::copy("/bin/sleep", &program).unwrap();
    let run = || std::process::Command::new(&program).arg("0.5").spawn().unwrap();
    let mut ear = Ear::at(dir.path(), Some(program.clone()));
    let own = OwnRun::begin();
    let mut listing = run();
    let moment = Duration::from_millis(200);
    assert!(tokio::time::timeout(moment, ear.other_begins()).await.is_err(), "it is the agent's own");
    let mut other = run();
    ear.other_begins().await;
    listing.wait().unwrap();
    drop(own);
    other.wait().unwrap();
    assert_eq!(ended(&mut ear).await, IPSET, "the end of the other is no own one");
}

/// The end of a run, whose beginning may be heard before.
async fn ended(ear: &mut Ear) -> Option<Hint> {
    let begins = Hint { at_sets: true, ..Hint::default() };
    match heard(ear).await {
        Some(hint) if hint == begins => heard(ear).await,
        hint => hint,
    }
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_no_error_and_no_hint() {
    let dir = tempfile::tempdir().unwrap();
    let mut ear = Ear::at(&dir.path().join("nowhere"), Some(dir.path().join("nothing")));
    assert_eq!(heard(&mut ear).await, None);
}
