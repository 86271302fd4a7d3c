//! Cases that need a process with less than this one has: no inotify, no right
//! to read everything. The test runs itself again, confined.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas, problems};

/// Set in the process that runs the case.
const CONFINED: &str = "DRIFTLINE_TEST_CONFINED";

/// Whether this process is the confined one. If not, it runs the test again
/// behind `by`, and fails with it.
pub(crate) fn confined(test: &str, by: &[&str]) -> bool {
    if std::env::var_os(CONFINED).is_some() {
        return true;
    }
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(by[0]);
    command.args(&by[1..]).arg(own).args(["--exact", test, "--nocapture"]).env(CONFINED, "1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A case that only root can run is left out aloud, and never where it counts.
pub(crate) fn left_out() -> bool {
    if is_root() {
        return false;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "this case must run here, and needs root");
    eprintln!("left out: needs root");
    true
}

/// So much inotify of that limit in a user namespace of its own (namespaces(7)).
pub(crate) fn with_inotify(limit: &str, most: u32) -> Vec<String> {
    let set = format!(r#"echo {most} > "/proc/sys/user/$0" && exec "$@""#);
    ["unshare", "--user", "--map-root-user", "sh", "-c", &set, limit].map(str::to_owned).to_vec()
}

/// None of it.
fn without_inotify(limit: &str) -> Vec<String> {
    with_inotify(limit, 0)
}

fn a_source_is_polled_and_says_why(limit: &str) {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    let reason = agent.until_problem("app", ProblemKind::Polled);
    assert!(reason.contains(limit), "{reason}");
    assert_eq!(agent.until_degraded(1), ["app"]);
    assert_eq!(agent.value("app", "A").as_deref(), Some("1"));
    // Nobody announces it: only polling can find it.
    rig.replace("app.env", "A=2\n");
    let records = agent.until_value("app", "A", Some("2"));
    assert_eq!(deltas(&records, "app"), [["A=2"]]);
    let change = records.iter().rev().find(|entry| entry.unobserved_since_ms.is_some());
    assert!(change.is_some(), "a polled change has bounds: {records:?}");
}

#[test]
fn w2_no_inotify_instance_is_left() {
    if left_out() {
        return;
    }
    let by = without_inotify("max_inotify_instances");
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    if confined("confined::w2_no_inotify_instance_is_left", &by) {
        a_source_is_polled_and_says_why("fs.inotify.max_user_instances");
    }
}

#[test]
fn w2_no_inotify_watch_is_left() {
    if left_out() {
        return;
    }
    let by = without_inotify("max_inotify_watches");
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    if confined("confined::w2_no_inotify_watch_is_left", &by) {
        a_source_is_polled_and_says_why("fs.inotify.max_user_watches");
    }
}

/// Root without its capabilities, or whoever runs the tests.
fn unprivileged(test: &str) -> bool {
    if is_root() {
        return confined(test, &["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]);
    }
    true
}

#[test]
fn w13_permission_lost_and_given_back() {
    if !unprivileged("confined::w13_permission_lost_and_given_back") {
        return;
    }
    let rig = Rig::with_app();
    let mode = |bits| fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(bits)).unwrap();
    rig.write("app.env", "A=1\nB=1\n");
    mode(0o600);
    let agent = rig.start();
    mode(0o000);
    let records = agent.until_value("app", "@state", Some("unreadable"));
    // Values are neither guessed nor taken for removed.
    assert_eq!(deltas(&records, "app"), [["@mode=0000", "@state=unreadable"]]);
    assert_eq!(agent.value("app", "A").as_deref(), Some("1"));
    assert!(agent.until_problem("app", ProblemKind::Unreadable).contains("may not read"));
    agent.until_degraded(1);
    // Replaced by a file that cannot be read either.
    rig.write("next.env", "A=2\nB=1\n");
    fs::set_permissions(rig.path("next.env"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::rename(rig.path("next.env"), rig.path("app.env")).unwrap();
    agent.settle();
    assert_eq!(agent.value("app", "A").as_deref(), Some("1"));
    mode(0o600);
    let records = agent.until_value("app", "A", Some("2"));
    assert_eq!(deltas(&records, "app").last().unwrap(), &["@mode=0600", "@state=present", "A=2"]);
    agent.until_no_problem("app");
    assert!(problems(&records, "app").is_empty());
    agent.until_degraded(0);
}

#[test]
fn w13_a_directory_that_may_not_be_entered() {
    if !unprivileged("confined::w13_a_directory_that_may_not_be_entered") {
        return;
    }
    let rig = Rig::new().source("env_file", "app", "closed/app.env");
    fs::create_dir(rig.path("closed")).unwrap();
    rig.write("closed/app.env", "A=1\n");
    let mode = |bits| fs::set_permissions(rig.path("closed"), fs::Permissions::from_mode(bits)).unwrap();
    let agent = rig.start();
    mode(0o000);
    agent.until_value("app", "@state", Some("unreadable"));
    assert_eq!(agent.value("app", "A").as_deref(), Some("1"));
    mode(0o700);
    agent.until_value("app", "@state", Some("present"));
    rig.write("closed/app.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
    agent.until_no_problem("app");
}

#[test]
fn w13_a_file_that_was_never_readable() {
    if !unprivileged("confined::w13_a_file_that_was_never_readable") {
        return;
    }
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(0o000)).unwrap();
    let agent = rig.start();
    agent.until_problem("app", ProblemKind::Unreadable);
    assert_eq!((agent.value("app", "A"), agent.value("app", "@mode").as_deref()), (None, Some("0000")));
    fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(0o400)).unwrap();
    agent.until_value("app", "A", Some("1"));
}

#[test]
fn w14_an_access_list_only() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(0o640)).unwrap();
    let list = |how: &[&str]| {
        let status = Command::new("setfacl").args(how).arg(rig.path("app.env")).status();
        assert!(status.unwrap().success(), "setfacl (package acl) on a filesystem with access lists is needed");
    };
    let agent = rig.start();
    list(&["-m", "u:12345:r--"]);
    let records = agent.until_value("app", "@acl", Some("user:12345:r--,mask::r--"));
    assert_eq!(deltas(&records, "app"), [["@acl=user:12345:r--,mask::r--"]]);
    list(&["-b"]);
    let records = agent.until_value("app", "@acl", None);
    assert_eq!(deltas(&records, "app").last().unwrap(), &["-@acl"]);
}
