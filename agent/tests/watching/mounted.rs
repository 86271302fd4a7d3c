//! Other file systems in the way: bind mounts, overlays, too few watches. All
//! of them are real ones, and need root.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use driftline_canon::ProblemKind;

use crate::confined::{confined, left_out, with_inotify};
use crate::rig::{Rig, deltas};

/// A mount that ends with the test.
struct Mount(PathBuf);

impl Mount {
    fn new(arguments: &[&str], at: PathBuf) -> Self {
        let mounted = Command::new("mount").args(arguments).arg(&at).status().unwrap();
        assert!(mounted.success(), "mount {arguments:?} {}", at.display());
        Self(at)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg("-l").arg(&self.0).status().unwrap().success());
    }
}

#[test]
fn w12_a_bind_mount_is_seen_from_both_sides() {
    if left_out() {
        return;
    }
    let rig = Rig::new().source("env_file", "real", "real/app.env").source("env_file", "bound", "bound/app.env");
    fs::create_dir(rig.path("real")).unwrap();
    fs::create_dir(rig.path("bound")).unwrap();
    rig.write("real/app.env", "A=1\n");
    let _mount = Mount::new(&["--bind", rig.path("real").to_str().unwrap()], rig.path("bound"));
    let agent = rig.start();
    assert_eq!((agent.value("real", "A"), agent.value("bound", "A")), (Some("1".into()), Some("1".into())));
    // The kernel tells of one directory, whichever path it was watched by.
    for (at, name) in ["real/app.env", "bound/app.env", "real/app.env"].iter().enumerate() {
        let value = format!("{}", at + 2);
        rig.replace(name, &format!("A={value}\n"));
        agent.until_value("real", "A", Some(&value));
        agent.until_value("bound", "A", Some(&value));
    }
    let records = agent.records();
    for source in ["real", "bound"] {
        assert_eq!(deltas(&records, source), [["A=2"], ["A=3"], ["A=4"]], "{source}");
    }
}

#[test]
fn w12_a_file_that_is_bound_over_another_is_what_the_program_reads() {
    if left_out() {
        return;
    }
    let rig = Rig::with_app();
    rig.write("app.env", "A=below\n");
    rig.write("other.env", "A=above\n");
    let agent = rig.start();
    let mount = Mount::new(&["--bind", rig.path("other.env").to_str().unwrap()], rig.path("app.env"));
    agent.until_value("app", "A", Some("above"));
    drop(mount);
    agent.until_value("app", "A", Some("below"));
}

#[test]
fn w12_an_overlay_is_followed_through_its_copy_up() {
    if left_out() {
        return;
    }
    let rig = Rig::new().source("env_file", "app", "disk/merged/app.env");
    fs::create_dir(rig.path("disk")).unwrap();
    // An overlay cannot lie upon an overlay, which the machine may be on.
    let _disk = Mount::new(&["-t", "tmpfs", "tmpfs"], rig.path("disk"));
    for dir in ["lower", "upper", "work", "merged"] {
        fs::create_dir(rig.path("disk").join(dir)).unwrap();
    }
    rig.write("disk/lower/app.env", "A=image\n");
    let path = |name: &str| rig.path("disk").join(name).display().to_string();
    let options = format!("lowerdir={},upperdir={},workdir={}", path("lower"), path("upper"), path("work"));
    let _overlay = Mount::new(&["-t", "overlay", "-o", &options, "overlay"], rig.path("disk/merged"));
    let agent = rig.start();
    assert!(agent.until_problem("app", ProblemKind::Polled).contains("overlayfs"));
    assert_eq!(agent.value("app", "A").as_deref(), Some("image"));
    // The first write copies the file up: another inode, on another layer.
    rig.write("disk/merged/app.env", "A=copied-up\n");
    agent.until_value("app", "A", Some("copied-up"));
    assert_eq!(fs::read_to_string(path("lower") + "/app.env").unwrap(), "A=image\n");
    rig.replace("disk/merged/app.env", "A=replaced\n");
    agent.until_value("app", "A", Some("replaced"));
    // A whiteout: deleted above, still there below.
    fs::remove_file(rig.path("disk/merged/app.env")).unwrap();
    agent.until_value("app", "@state", Some("absent"));
}

fn a_tree_wider_than_the_watches_is_watched_all_the_same() {
    const DIRS: usize = 24;
    let rig = Rig::new().source("env_file", "all", "*/app.env");
    for dir in 0..DIRS {
        fs::create_dir(rig.path(&format!("d{dir}"))).unwrap();
        rig.write(&format!("d{dir}/app.env"), "A=1\n");
    }
    let agent = rig.start();
    let degraded = agent.progress().degraded as usize;
    assert!((1..DIRS).contains(&degraded), "some are polled and some are not: {degraded}");
    for dir in 0..DIRS {
        rig.replace(&format!("d{dir}/app.env"), "A=2\n");
    }
    for dir in 0..DIRS {
        agent.until_value(&format!("all/d{dir}/app.env"), "A", Some("2"));
    }
}

#[test]
fn w2_watches_that_end_half_way_leave_nothing_unwatched() {
    if left_out() {
        return;
    }
    let by = with_inotify("max_inotify_watches", 16);
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    if confined("mounted::w2_watches_that_end_half_way_leave_nothing_unwatched", &by) {
        a_tree_wider_than_the_watches_is_watched_all_the_same();
    }
}
