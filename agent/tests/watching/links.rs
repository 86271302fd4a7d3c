//! Symbolic links, directories that come and go, and globs.

use std::fs;
use std::os::unix::fs::symlink;

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas, problems};

#[test]
fn w4_kubernetes_data_swap() {
    let rig = Rig::with_app();
    let version = |name: &str, text: &str| {
        fs::create_dir(rig.path(name)).unwrap();
        rig.write(&format!("{name}/app.env"), text);
    };
    version("..2024_1", "A=1\nB=1\nC=1\n");
    symlink("..2024_1", rig.path("..data")).unwrap();
    symlink("..data/app.env", rig.path("app.env")).unwrap();
    let agent = rig.start();
    for round in 2..5 {
        version(&format!("..2024_{round}"), &format!("A={round}\nB={round}\nC=1\n"));
        symlink(format!("..2024_{round}"), rig.path("..data_tmp")).unwrap();
        fs::rename(rig.path("..data_tmp"), rig.path("..data")).unwrap();
        fs::remove_dir_all(rig.path(&format!("..2024_{}", round - 1))).unwrap();
        agent.until_value("app", "B", Some(&round.to_string()));
    }
    let deltas = deltas(&agent.records(), "app");
    assert_eq!(deltas, [["A=2", "B=2"], ["A=3", "B=3"], ["A=4", "B=4"]]);
}

#[test]
fn w5_a_retargeted_link_is_a_change() {
    let rig = Rig::with_app();
    rig.write("one.env", "A=1\n");
    rig.write("two.env", "A=2\n");
    symlink("one.env", rig.path("app.env")).unwrap();
    let agent = rig.start();
    symlink("two.env", rig.path("next")).unwrap();
    fs::rename(rig.path("next"), rig.path("app.env")).unwrap();
    let records = agent.until_value("app", "A", Some("2"));
    assert_eq!(deltas(&records, "app"), [["@target=two.env", "A=2"]]);
    // What it leads to is watched now, and what it led to no longer counts.
    rig.write("one.env", "A=9\n");
    rig.write("two.env", "A=3\n");
    let records = agent.until_value("app", "A", Some("3"));
    assert_eq!(deltas(&records, "app").len(), 2);
}

#[test]
fn w5_a_link_into_another_directory_is_followed() {
    let rig = Rig::with_app();
    fs::create_dir_all(rig.path("far/away")).unwrap();
    rig.write("far/away/real.env", "A=1\n");
    symlink("far/away/real.env", rig.path("app.env")).unwrap();
    let agent = rig.start();
    rig.replace("far/away/real.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
}

#[test]
fn w5_loops_dangling_links_directories_and_devices_are_problems() {
    let rig = Rig::new()
        .source("env_file", "loop", "loop.env")
        .source("env_file", "dangling", "dangling.env")
        .source("env_file", "directory", "directory.env")
        .source("file", "zero", "zero")
        .source("env_file", "good", "good.env");
    symlink("loop2.env", rig.path("loop.env")).unwrap();
    symlink("loop.env", rig.path("loop2.env")).unwrap();
    symlink("nowhere", rig.path("dangling.env")).unwrap();
    fs::create_dir(rig.path("dir")).unwrap();
    symlink("dir", rig.path("directory.env")).unwrap();
    symlink("/dev/zero", rig.path("zero")).unwrap();
    rig.write("good.env", "A=1\n");
    let agent = rig.start();
    assert!(agent.until_problem("loop", ProblemKind::NotAFile).contains("circles"));
    agent.until_problem("dangling", ProblemKind::Missing);
    assert!(agent.until_problem("directory", ProblemKind::NotAFile).contains("directory"));
    assert!(agent.until_problem("zero", ProblemKind::NotAFile).contains("character device"));
    assert_eq!(agent.value("good", "A").as_deref(), Some("1"));
    // A dangling link that finds its target is seen at once.
    rig.write("nowhere", "A=1\n");
    agent.until_value("dangling", "A", Some("1"));
    assert!(problems(&agent.records(), "dangling").is_empty());
}

#[test]
fn w6_a_path_that_does_not_exist_yet() {
    let rig = Rig::new().source("env_file", "app", "later/deep/app.env");
    let agent = rig.start();
    agent.until_problem("app", ProblemKind::Missing);
    fs::create_dir_all(rig.path("later/deep")).unwrap();
    rig.write("later/deep/app.env", "A=1\n");
    agent.until_value("app", "A", Some("1"));
    rig.write("later/deep/app.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
}

#[test]
fn w6_a_directory_that_is_replaced_as_a_whole() {
    let rig = Rig::new().source("env_file", "app", "current/config/app.env");
    fs::create_dir_all(rig.path("current/config")).unwrap();
    rig.write("current/config/app.env", "A=0\n");
    let agent = rig.start();
    for round in 1..5 {
        fs::create_dir_all(rig.path("next/config")).unwrap();
        rig.write("next/config/app.env", &format!("A={round}\n"));
        fs::rename(rig.path("current"), rig.path(&format!("old{round}"))).unwrap();
        fs::rename(rig.path("next"), rig.path("current")).unwrap();
        agent.until_value("app", "A", Some(&round.to_string()));
    }
    rig.write("current/config/app.env", "A=in place\n");
    agent.until_value("app", "A", Some("in place"));
}

#[test]
fn w6_a_tree_filled_before_its_watch_exists() {
    let rig = Rig::new().source("env_file", "tree", "tree/**/*.env");
    fs::create_dir(rig.path("tree")).unwrap();
    let agent = rig.start();
    for round in 0..20 {
        let dir = format!("tree/a{round}/b/c");
        fs::create_dir_all(rig.path(&dir)).unwrap();
        rig.write(&format!("{dir}/x.env"), "A=1\n");
    }
    for round in 0..20 {
        agent.until_value(&format!("tree/a{round}/b/c/x.env"), "A", Some("1"));
    }
}

#[test]
fn w6_a_tree_that_is_moved_in() {
    let rig = Rig::new().source("env_file", "tree", "tree/*/app.env");
    fs::create_dir(rig.path("tree")).unwrap();
    fs::create_dir_all(rig.path("outside")).unwrap();
    rig.write("outside/app.env", "A=1\n");
    let agent = rig.start();
    fs::rename(rig.path("outside"), rig.path("tree/inside")).unwrap();
    agent.until_value("tree/inside/app.env", "A", Some("1"));
    rig.write("tree/inside/app.env", "A=2\n");
    agent.until_value("tree/inside/app.env", "A", Some("2"));
}

#[test]
fn a_glob_takes_new_files_and_leaves_hidden_ones() {
    let rig = Rig::new().source("env_file", "all", "*.env");
    rig.write("a.env", "A=1\n");
    let agent = rig.start();
    rig.write(".hidden.env", "A=1\n");
    rig.write("b.env", "A=1\n");
    agent.until_value("all/b.env", "A", Some("1"));
    assert_eq!(agent.value("all/.hidden.env", "A"), None);
    fs::remove_file(rig.path("a.env")).unwrap();
    agent.until_value("all/a.env", "@state", Some("absent"));
}

#[test]
fn w5_a_directory_moved_away_and_back_is_watched_again() {
    let rig = Rig::new().source("env_file", "app", "current/conf/deep/app.env");
    fs::create_dir_all(rig.path("current/conf/deep")).unwrap();
    rig.write("current/conf/deep/app.env", "A=1\n");
    let agent = rig.start();
    for round in 2..5 {
        fs::rename(rig.path("current"), rig.path("aside")).unwrap();
        fs::rename(rig.path("aside"), rig.path("current")).unwrap();
        agent.settle();
        rig.write("current/conf/deep/app.env", &format!("A={round}\n"));
        agent.until_value("app", "A", Some(&round.to_string()));
    }
}

#[test]
fn w5_a_directory_that_comes_back_later_is_watched_again() {
    let rig = Rig::new().source("env_file", "app", "current/conf/app.env");
    fs::create_dir_all(rig.path("current/conf")).unwrap();
    rig.write("current/conf/app.env", "A=1\n");
    let agent = rig.start();
    fs::rename(rig.path("current"), rig.path("aside")).unwrap();
    agent.until_problem("app", ProblemKind::Missing);
    fs::rename(rig.path("aside"), rig.path("current")).unwrap();
    agent.until_no_problem("app");
    rig.write("current/conf/app.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
}
