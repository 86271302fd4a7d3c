//! Links that lead out of what their owner may read.

use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas};

/// Somebody who owns a watched directory, and somebody else.
const OWNER: u32 = 54_321;
const OTHER: u32 = 54_322;

/// Owners can be given by root alone; where everything must run, that is said.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    assert!(root || std::env::var("CI").as_deref() != Ok("true"), "this case must run here, and needs root");
    root
}

#[test]
fn w5_a_link_to_what_is_not_its_owners_is_refused() {
    if !is_root() {
        return;
    }
    let rig = Rig::with_app();
    rig.write("secret", "TAKEN=1\n");
    rig.write("own", "A=1\n");
    chown(rig.path("own"), Some(OWNER), None).unwrap();
    symlink("own", rig.path("app.env")).unwrap();
    lchown(rig.path("app.env"), Some(OWNER), None).unwrap();
    let agent = rig.start();
    assert_eq!(agent.value("app", "A").as_deref(), Some("1"), "its own file");
    let link = |target: &str, owner: u32| {
        symlink(target, rig.path("next")).unwrap();
        lchown(rig.path("next"), Some(owner), None).unwrap();
        fs::rename(rig.path("next"), rig.path("app.env")).unwrap();
    };
    link("secret", OWNER);
    let reason = agent.until_problem("app", ProblemKind::OutOfBounds);
    assert_eq!(reason, format!("the link belongs to uid {OWNER}, its target to uid 0"));
    agent.until_value("app", "@state", Some("refused"));
    assert_eq!(agent.value("app", "TAKEN"), None);
    link("own", OTHER);
    agent.until("another's link is refused", |_| agent.value("app", "@target").as_deref() == Some("own"));
    assert_eq!(agent.value("app", "A"), None);
    link("secret", 0);
    agent.until_no_problem("app");
    agent.until_value("app", "TAKEN", Some("1"));
    assert!(deltas(&agent.records(), "app").len() >= 3);
}

#[test]
fn w5_a_directory_that_becomes_a_link_is_held_to_the_same() {
    if !is_root() {
        return;
    }
    let rig = Rig::new().source("env_file", "app", "conf/app.env").source("env_file", "all", "dirs/*/*.env");
    for dir in ["conf", "dirs", "secret"] {
        fs::create_dir(rig.path(dir)).unwrap();
    }
    rig.write("secret/app.env", "TAKEN=1\n");
    rig.write("conf/app.env", "A=1\n");
    let agent = rig.start();
    // Each link is its owner's before it stands where it is looked for.
    symlink("../secret", rig.path("in")).unwrap();
    lchown(rig.path("in"), Some(OWNER), None).unwrap();
    fs::rename(rig.path("in"), rig.path("dirs/in")).unwrap();
    symlink("secret", rig.path("next")).unwrap();
    lchown(rig.path("next"), Some(OWNER), None).unwrap();
    fs::rename(rig.path("conf"), rig.path("before")).unwrap();
    fs::rename(rig.path("next"), rig.path("conf")).unwrap();
    agent.until_problem("app", ProblemKind::OutOfBounds);
    agent.settle();
    assert_eq!((agent.value("app", "TAKEN"), agent.value("all/in/app.env", "@state")), (None, None));
    for link in ["conf", "dirs/in"] {
        lchown(rig.path(link), Some(0), None).unwrap();
    }
    agent.until_value("app", "TAKEN", Some("1"));
    agent.until_value("all/in/app.env", "TAKEN", Some("1"));
}
