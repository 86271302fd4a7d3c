//! A real auditd, with a configuration of its own, beside the agent: both hear
//! of every record, and neither takes anything from the other.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftline_canon::{Actor, Evidence};

use crate::LOGIN;
use crate::kernel::AuditLease;
use crate::rig::{Rig, as_login, skip};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// auditd in the foreground. It ends with the test.
struct Auditd {
    child: Child,
    dir: tempfile::TempDir,
}

impl Auditd {
    fn start(lease: &mut AuditLease) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        std::fs::create_dir(path("plugins.d")).unwrap();
        let ignore = ["space_left", "admin_space_left", "disk_full", "disk_error"];
        let ignore: String = ignore.map(|what| format!("{what}_action = IGNORE\n")).concat();
        let config = format!(
            "local_events = yes\nwrite_logs = yes\nlog_file = {}\nlog_format = RAW\nflush = NONE\n\
             max_log_file = 8\nmax_log_file_action = IGNORE\nspace_left = 3\nadmin_space_left = 2\n{ignore}plugin_dir = {}\n",
            path("audit.log"),
            path("plugins.d")
        );
        std::fs::write(path("auditd.conf"), config).unwrap();
        let mut command = Command::new("auditd");
        command.args(["-n", "-s", "enable", "-c"]).arg(dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().expect("`auditd` is not installed; tests/run installs it");
        let it = Self { child, dir };
        wait("auditd is the daemon", || lease.daemon() == it.child.id());
        it
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("audit.log")).unwrap_or_default()
    }

    fn stop(mut self, lease: &mut AuditLease) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::TERM)
            .unwrap();
        self.child.wait().unwrap();
        wait("no daemon is left", || lease.daemon() == 0);
    }
}

impl Drop for Auditd {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A rule of somebody else, until it is let go.
struct Theirs(PathBuf);

impl Theirs {
    fn watch(path: PathBuf) -> Self {
        let it = Self(path);
        assert!(it.auditctl("-w"), "auditctl takes a rule");
        it
    }

    fn auditctl(&self, what: &str) -> bool {
        let mut command = Command::new("auditctl");
        command.arg(what).arg(&self.0).args(["-p", "wa", "-k", "theirs"]);
        command.output().unwrap().status.success()
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        self.auditctl("-W");
    }
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One edit by somebody who logged in, and who it was by all that is known in
/// the end.
fn edit(rig: &mut Rig, value: u32) -> Vec<Actor> {
    assert!(as_login(LOGIN, &format!("sed -i 's/X=.*/X={value}/' {}", rig.path.display())));
    let mut changes = vec![rig.change()];
    let begun = Instant::now();
    loop {
        // What comes late amends, within two seconds.
        changes.extend(rig.quiet(Duration::from_millis(200)));
        let actors: Vec<_> = changes.iter().filter_map(|change| rig.actor(change)).collect();
        if actors.iter().any(is_named) || begun.elapsed() > Duration::from_secs(5) {
            return actors;
        }
    }
}

fn is_named(actor: &Actor) -> bool {
    actor.evidence.contains(&Evidence::Audit) && actor.login.as_ref().is_some_and(|login| login.uid == LOGIN)
}

#[test]
fn auditd_and_the_agent_both_hear_of_each_edit() {
    let mut lease = match AuditLease::take() {
        Ok(lease) => lease,
        Err(why) => return skip(&why),
    };
    let auditd = Auditd::start(&mut lease);

    // Beside auditd nothing is added unless it was said so; its rules are heard.
    let mut rig = Rig::start("fanotify = false");
    let standing = rig.standing();
    let audit = standing.iter().find(|one| one.source == Evidence::Audit).unwrap();
    assert!(audit.live && audit.note.contains("beside auditd"), "{audit:?}");
    assert!(lease.rules().is_empty());
    let theirs = Theirs::watch(rig.path.clone());
    let actors = edit(&mut rig, 1);
    assert!(actors.iter().any(is_named), "by a rule of theirs: {actors:?}; {}", auditd.log());
    wait("auditd has it too", || auditd.log().contains("key=\"theirs\""));
    drop(theirs);
    drop(rig);

    // Told to, it adds its own, and takes them out again.
    let mut rig = Rig::start("audit = \"on\"\nfanotify = false");
    assert_eq!(lease.rules().len(), 1);
    let actors = edit(&mut rig, 2);
    assert!(actors.iter().any(is_named), "by a rule of ours: {actors:?}; {}", auditd.log());
    wait("auditd has it too", || auditd.log().contains("key=\"driftline\""));
    drop(rig);
    assert!(lease.rules().is_empty());
    assert_eq!(lease.daemon(), auditd.child.id(), "it is the daemon all the time");
    assert!(lease.is_enabled(), "audit is auditd's, and stays on");
    auditd.stop(&mut lease);
}
