//! A real firewalld, with a bus and a configuration of its own: what it does is
//! told as its own, and what it opens all the same.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use driftline_canon::{Effect, Meaning, Reach};

use crate::rig::{Follower, Netns, PATIENCE, Told};

/// A bus that anybody may own a name on, and whom it is for.
const BUS: &str = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
 \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\
 <busconfig><type>system</type><listen>unix:path=BUS_PATH</listen><auth>EXTERNAL</auth>\
 <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"method_call\"/>\
 <allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>";

/// Ends with the test.
struct Leashed(Child);

impl Drop for Leashed {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// firewalld in a namespace.
struct Firewalld<'a> {
    netns: &'a Netns,
    dir: tempfile::TempDir,
    daemon: Option<Leashed>,
    _bus: Leashed,
}

impl<'a> Firewalld<'a> {
    fn start(netns: &'a Netns) -> Self {
        let there = Path::new("/usr/sbin/firewalld").exists() && Path::new("/usr/bin/dbus-daemon").exists();
        assert!(there, "`firewalld` and `dbus` are not installed; tests/run installs them");
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("bus.conf"), BUS.replace("BUS_PATH", &path("bus").display().to_string())).unwrap();
        std::fs::create_dir(path("etc")).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg("--nofork").arg(format!("--config-file={}", path("bus.conf").display()));
        let bus = Leashed(bus.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait("a bus", || path("bus").exists());
        let mut it = Self { netns, dir, daemon: None, _bus: bus };
        let line = format!(
            "firewalld --nofork --nopid --system-config {0}/etc --log-target file --log-file {0}/log",
            it.dir.path().display()
        );
        it.daemon = Some(Leashed(it.inside(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()));
        wait("firewalld runs", || it.inside("firewall-cmd --state").output().unwrap().status.success());
        it
    }

    fn inside(&self, line: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.netns.0, "sh", "-c", &format!("exec {line}")]);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}/bus", self.dir.path().display()));
        command.stdin(Stdio::null());
        command
    }

    fn cmd(&self, arguments: &str) {
        let output = self.inside(&format!("firewall-cmd {arguments}")).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// What the next change means whose key holds that.
fn meaning_of(follower: &mut Follower, part: &str) -> (Meaning, Option<String>) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Told::Seen { observed, .. } = follower.next() {
            let found = observed.meanings.iter().find(|(key, _)| key.as_str().contains(part));
            if let Some((_, meaning)) = found {
                return (meaning.clone(), observed.clue.made_by.as_ref().map(|it| it.name.clone()));
            }
        }
    }
    panic!("no change of {part}");
}

#[test]
fn f6_firewalld_is_told_as_its_own_and_what_it_opens_as_an_opening() {
    let Some(netns) = Netns::new() else { return };
    let firewalld = Firewalld::start(&netns);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);

    firewalld.cmd("--add-port=5432/tcp");
    let (meaning, by) = meaning_of(&mut follower, "tcp dport 5432");
    assert_eq!((meaning.effect, meaning.reach), (Effect::Opens, Reach::Any), "{meaning:?}");
    assert_eq!(meaning.machine.as_ref().map(|machine| machine.as_str()), Some("firewalld"), "{meaning:?}");
    assert_eq!(by.as_deref(), Some("firewalld"), "the daemon commits, whoever asked it");
    firewalld.cmd("--remove-port=5432/tcp");
    let (meaning, _) = meaning_of(&mut follower, "tcp dport 5432");
    assert!(matches!(meaning.effect, Effect::Closes | Effect::Unclear), "{meaning:?}");

    follower.until_as_listed(&netns);
    while follower.next_within(std::time::Duration::from_millis(400)).is_some() {}
    let before = follower.state.clone();
    firewalld.cmd("--reload");
    follower.until_as_listed(&netns);
    while let Some(told) = follower.next_within(std::time::Duration::from_secs(1)) {
        let Told::Seen { observed, .. } = told else { continue };
        let others: Vec<_> = observed.meanings.iter().filter(|(_, meaning)| meaning.machine.is_none()).collect();
        assert!(others.is_empty(), "all of it is firewalld's: {others:?}");
    }
    assert_eq!(follower.state.root(), before.root(), "a reload comes to the same rules");
}
