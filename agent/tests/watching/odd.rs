//! What stands in place of a file, hostile bytes, limits, other filesystems.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas};

#[test]
fn w9_a_fifo_in_place_of_the_file_blocks_nothing_and_loses_nothing() {
    let rig = Rig::with_app().source("env_file", "other", "other.env");
    let fifo = rig.path("app.env");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    rig.write("other.env", "A=1\n");
    let agent = rig.start();
    assert!(agent.until_problem("app", ProblemKind::NotAFile).contains("FIFO"));
    // Both ends open, so that neither open blocks this test.
    let mut both = fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    both.write_all(b"whole").unwrap();
    rig.write("other.env", "A=2\n");
    agent.until_value("other", "A", Some("2"));
    agent.settle();
    let mut bytes = [0; 5];
    std::io::Read::read_exact(&mut both, &mut bytes).unwrap();
    assert_eq!(&bytes, b"whole", "the agent consumed what was not its own");
}

#[test]
fn w9_sockets_and_files_of_proc_are_problems() {
    let rig = Rig::with_app().source("file", "proc", "proc");
    let _socket = UnixListener::bind(rig.path("app.env")).unwrap();
    symlink("/proc/self/environ", rig.path("proc")).unwrap();
    let agent = rig.start();
    assert!(agent.until_problem("app", ProblemKind::NotAFile).contains("socket"));
    assert!(agent.until_problem("proc", ProblemKind::NotAFile).contains("/proc"));
}

#[test]
fn w9_a_file_that_becomes_a_directory_and_back() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    fs::remove_file(rig.path("app.env")).unwrap();
    fs::create_dir(rig.path("app.env")).unwrap();
    agent.until_problem("app", ProblemKind::NotAFile);
    fs::remove_dir(rig.path("app.env")).unwrap();
    rig.write("app.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
    agent.until_no_problem("app");
}

#[test]
fn w10_bytes_that_deceive_are_escaped() {
    let rig = Rig::new().source("file", "all", "*.conf");
    let name = OsStr::from_bytes(b"new\nline\xff.conf");
    let override_name = "rtl\u{202e}x.conf";
    fs::write(rig.path("").join(name), "a").unwrap();
    fs::write(rig.path(override_name), "a").unwrap();
    let agent = rig.start();
    let names: Vec<String> = agent
        .records()
        .iter()
        .filter_map(|entry| entry.source.as_ref().map(|source| source.name.as_str().to_owned()))
        .collect();
    assert!(names.contains(&"all/new\\u{a}line\\xff.conf".to_owned()), "{names:?}");
    assert!(names.contains(&"all/rtl\\u{202e}x.conf".to_owned()), "{names:?}");
    let paths = agent.records().into_iter().filter_map(|entry| entry.source.map(|source| source.path));
    paths.for_each(|path| assert!(!path.contains(['\n', '\u{202e}']), "{path}"));
}

#[test]
fn w10_values_differ_by_their_bytes() {
    let rig = Rig::with_app();
    fs::write(rig.path("app.env"), b"A=\xff\n").unwrap();
    let agent = rig.start();
    fs::write(rig.path("app.env"), b"A=\xfe\n").unwrap();
    agent.until("the byte is another one", |records| deltas(records, "app").len() == 1);
}

#[test]
fn w11_a_file_over_the_limit_is_watched_by_content() {
    let rig = Rig::with_app().source("env_file", "other", "other.env").agent("file_bytes_max = 4096");
    rig.write("app.env", &format!("A=1\n# {}\n", "x".repeat(5000)));
    rig.write("other.env", "A=1\n");
    let agent = rig.start();
    assert!(agent.until_problem("app", ProblemKind::Limit).contains("4096"));
    rig.write("app.env", &format!("A=2\n# {}\n", "x".repeat(5000)));
    agent.until("its content differs", |records| deltas(records, "app") == [["@content=?"]]);
    rig.write("other.env", "A=2\n");
    agent.until_value("other", "A", Some("2"));
    rig.write("app.env", "A=3\n");
    agent.until_value("app", "A", Some("3"));
    agent.until_no_problem("app");
}

#[test]
fn w12_a_filesystem_that_is_unmounted_and_mounted_again() {
    if crate::confined::left_out() {
        return;
    }
    let rig = Rig::new().source("env_file", "app", "mount/app.env");
    fs::create_dir(rig.path("mount")).unwrap();
    rig.write("mount/app.env", "A=below\n");
    let agent = rig.start();
    let mount = || Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(rig.path("mount")).status();
    assert!(mount().unwrap().success(), "root can mount");
    let unmount = Unmount(rig.path("mount"));
    agent.until_value("app", "@state", Some("absent"));
    rig.write("mount/app.env", "A=above\n");
    agent.until_value("app", "A", Some("above"));
    rig.write("mount/app.env", "A=again\n");
    agent.until_value("app", "A", Some("again"));
    drop(unmount);
    agent.until_value("app", "A", Some("below"));
    rig.write("mount/app.env", "A=last\n");
    agent.until_value("app", "A", Some("last"));
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg("-l").arg(&self.0).status().unwrap().success());
    }
}
