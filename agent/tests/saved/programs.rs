//! Programs that are missing, hang, flood, print rubbish or fail: a problem
//! with the reason, the last known rules kept, and tried again.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use driftline_agent::firewall::namespace::Namespace;
use driftline_agent::firewall::tools::{Bounds, Tools};
use driftline_canon::ProblemKind;

use crate::rig::{Rig, Running};

const BACKEND: &str = "iptables-nft";

/// A directory of programs of one's own, of which `iptables-nft-save` is one.
struct Fakes(tempfile::TempDir);

impl Fakes {
    fn new(script: &str) -> Self {
        let fakes = Self(tempfile::tempdir().unwrap());
        fakes.put("ip6tables-nft-save", "exit 0");
        fakes.put(&format!("{BACKEND}-save"), script);
        fakes
    }

    /// Puts a program in place, as package managers do.
    fn put(&self, name: &str, script: &str) {
        let beside = self.0.path().join(".new");
        std::fs::write(&beside, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(beside, self.0.path().join(name)).unwrap();
    }

    fn save(&self, script: &str) {
        self.put(&format!("{BACKEND}-save"), script);
    }

    fn rig(&self) -> Rig {
        let bounds = Bounds { output_bytes_max: 100_000, time_max: Duration::from_millis(500) };
        let tools = Tools::below([self.0.path().to_owned()]).bounded(bounds);
        Rig::new(Namespace::Own, tools, Duration::from_secs(1))
    }

    fn start(&self) -> Running {
        self.rig().start()
    }
}

fn rules(port: u16) -> String {
    format!("printf '*filter\\n:INPUT ACCEPT [0:0]\\n-A INPUT -p tcp -m tcp --dport {port} -j ACCEPT\\nCOMMIT\\n'")
}

/// Whatever the program does, its rules stay, it is told why, and it is tried
/// again until it is well.
fn a_failure_is_told_and_healed(script: &str, kind: ProblemKind, reason: &str) {
    let fakes = Fakes::new(&rules(22));
    let agent = fakes.start();
    agent.until_item(BACKEND, "22");
    let before = agent.items(BACKEND);
    fakes.save(script);
    agent.commit();
    let told = agent.until_problem(BACKEND, kind);
    assert!(told.contains(reason), "{told}");
    assert_eq!(agent.items(BACKEND), before, "its last known rules stay");
    assert_eq!(agent.changes(BACKEND).len(), 1);
    fakes.save(&rules(23));
    // Nobody tells of a commit: it is tried again by itself.
    agent.until_item(BACKEND, "23");
    agent.until_no_problem(BACKEND);
    assert_eq!(agent.changes(BACKEND).len(), 2);
}

#[test]
fn a_program_that_has_no_right_is_a_problem() {
    let script = "echo 'iptables-nft-save v1.8.9: Could not fetch rule set generation id: Permission denied (you must be root)' >&2; exit 4";
    a_failure_is_told_and_healed(script, ProblemKind::Unreadable, "Permission denied (you must be root)");
}

#[test]
fn a_program_that_hangs_is_a_problem() {
    a_failure_is_told_and_healed("exec sleep 60", ProblemKind::Host, "took longer than 0.5 s");
}

#[test]
fn a_program_that_floods_is_a_problem() {
    a_failure_is_told_and_healed("exec cat /dev/zero", ProblemKind::Limit, "printed more than 100000 bytes");
}

#[test]
fn a_program_that_fails_half_way_has_said_nothing() {
    let script = format!("{}; exit 1", rules(4444));
    a_failure_is_told_and_healed(&script, ProblemKind::Unreadable, "exit status: 1");
}

#[test]
fn a_program_that_is_removed_is_a_problem() {
    let fakes = Fakes::new(&rules(22));
    let agent = fakes.start();
    agent.until_item(BACKEND, "22");
    std::fs::remove_file(fakes.0.path().join("iptables-nft-save")).unwrap();
    agent.commit();
    let reason = agent.until_problem(BACKEND, ProblemKind::Missing);
    assert!(reason.starts_with("`iptables-nft-save` is not installed"), "{reason}");
    fakes.save(&rules(22));
    agent.until_no_problem(BACKEND);
    assert_eq!(agent.changes(BACKEND).len(), 1, "its rules were the same all the time");
}

#[test]
fn rubbish_is_a_problem_and_watched_as_content() {
    let fakes = Fakes::new(&rules(22));
    let agent = fakes.start();
    agent.until_item(BACKEND, "22");
    fakes.save("echo Segmentation fault");
    agent.commit();
    agent.until_problem(BACKEND, ProblemKind::Syntax);
    agent.until_item(BACKEND, "@content=");
    fakes.save(&rules(22));
    agent.commit();
    agent.until_no_problem(BACKEND);
    agent.until_item(BACKEND, "22");
}

#[test]
fn a_program_that_never_worked_does_not_make_its_first_rules_a_change() {
    let fakes = Fakes::new("echo no >&2; exit 1");
    let agent = fakes.start();
    agent.until_problem(BACKEND, ProblemKind::Unreadable);
    fakes.save(&rules(22));
    agent.until_item(BACKEND, "22");
    assert!(agent.changes(BACKEND).iter().all(|one| *one == ["first"]), "{:?}", agent.changes(BACKEND));
}

#[test]
fn a_host_without_iptables_has_no_source_for_it_until_somebody_makes_a_table() {
    let fakes = Fakes::new("exit 0");
    std::fs::remove_file(fakes.0.path().join("iptables-nft-save")).unwrap();
    let agent = fakes.start();
    agent.settle();
    assert_eq!(agent.items(BACKEND), None);
    agent.commit();
    agent.until_problem(BACKEND, ProblemKind::Missing);
}

#[test]
fn a_table_that_iptables_does_not_print_stays_as_it_was_and_is_told() {
    let fakes = Fakes::new(&rules(22));
    let agent = fakes.start();
    agent.until_item(BACKEND, "22");
    let before = agent.items(BACKEND);
    let nat = "printf '*nat\\n:OUTPUT ACCEPT [0:0]\\nCOMMIT\\n'";
    fakes.save(&format!("echo \"# Table \\`filter' is incompatible, use 'nft' tool.\"; {nat}"));
    agent.commit();
    let reason = agent.until_problem(BACKEND, ProblemKind::Unreadable);
    assert!(reason.contains("`nft list table ip filter`"), "{reason}");
    let now = agent.items(BACKEND).unwrap();
    assert!(before.unwrap().iter().all(|one| now.contains(one)), "{now:?}");
    assert!(now.iter().any(|one| one.starts_with("nat/OUTPUT policy")), "{now:?}");
    fakes.save(&rules(23));
    agent.commit();
    agent.until_no_problem(BACKEND);
    let changes = agent.changes(BACKEND);
    assert!(changes.last().unwrap().iter().any(|one| one.contains("nat/OUTPUT")), "{changes:?}");
}

#[test]
fn many_commits_in_a_row_end_with_the_last_rules() {
    let fakes = Fakes::new(&rules(1000));
    let agent = fakes.start();
    agent.until_item(BACKEND, "1000");
    for port in 1001..1050 {
        fakes.save(&rules(port));
        agent.commit();
    }
    agent.until_item(BACKEND, "1049");
    agent.settle();
    let items = agent.items(BACKEND).unwrap();
    assert_eq!(items.iter().filter(|one| one.contains("dport")).count(), 1, "{items:?}");
}
