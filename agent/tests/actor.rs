//! Who made a change, asked of the real kernel: audit and fanotify, as root.
//!
//! It leaves no rule of audit behind, and audit as it found it.

#![allow(clippy::disallowed_methods, reason = "reads and writes files that these tests have just made")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

#[path = "actor/auditd.rs"]
mod auditd;
#[path = "actor/kernel.rs"]
mod kernel;
#[path = "actor/rig.rs"]
mod rig;

use std::time::{Duration, Instant};

use driftline_agent::actor::audit::KEY;
use driftline_agent::actor::audit::rule::Rule;
use driftline_canon::{Confidence, Evidence};

use kernel::AuditLease;
use rig::{Rig, as_login, is_root, skip};

const LOGIN: u32 = 4242;
const RUNS: usize = 100;

#[allow(clippy::print_stderr, reason = "a measurement is told to whoever runs the test")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// A hundred edits, each by a process that is gone at once: how many were named
/// with their login, and how late.
fn hundred_edits(rig: &mut Rig, evidence: Evidence) -> usize {
    let mut changes = Vec::new();
    let mut took = Vec::new();
    for run in 0..RUNS {
        let script = format!("sed -i 's/X=.*/X={}/' {}", run + 1, rig.path.display());
        assert!(as_login(LOGIN, &script));
        let ended = Instant::now();
        let change = rig.change();
        took.push(change.at.saturating_duration_since(ended));
        changes.push(change);
        changes.extend(rig.quiet(Duration::from_millis(15)));
    }
    changes.extend(rig.quiet(Duration::from_millis(200)));
    took.sort_unstable();
    say(&format!("{evidence:?}: from the end of sed to the journal p50 {:?} p99 {:?}", took[RUNS / 2], took[RUNS - 2]));
    let named = changes.iter().filter(|change| {
        rig.actor(change).is_some_and(|actor| {
            let login = actor.login.as_ref().is_some_and(|login| login.uid == LOGIN);
            let command = actor.command.as_ref().is_some_and(|command| command.as_str().starts_with("sed -i"));
            let name = actor.name.as_ref().is_some_and(|name| name.as_str() == "sed");
            let whole = login && name && actor.evidence.contains(&evidence) && actor.confidence == Confidence::Exact;
            if !(whole && command) {
                say(&format!("{:?} {}", actor.evidence, actor.summary()));
            }
            // One that has ended and was not waited for tells its login, not its arguments.
            whole
        })
    });
    let named = named.count();
    say(&format!("{evidence:?}: {named} of {} named", changes.len()));
    assert!(named <= changes.len());
    RUNS.saturating_sub(changes.len() - named)
}

#[test]
fn fanotify_alone_names_99_of_100_short_edits() {
    if !is_root() {
        return skip("fanotify needs CAP_SYS_ADMIN");
    }
    let mut rig = Rig::start("audit = \"off\"");
    let standing = rig.standing();
    assert!(standing.iter().any(|one| one.source == Evidence::Fanotify && one.live), "{standing:?}");
    assert!(hundred_edits(&mut rig, Evidence::Fanotify) >= 99);
}

#[test]
fn audit_alone_names_99_of_100_short_edits() {
    let mut lease = match AuditLease::take() {
        Ok(lease) => lease,
        Err(why) => return skip(&why),
    };
    lease.enable(false);
    let mut rig = Rig::start("audit = \"on\"\nfanotify = false");
    let standing = rig.standing();
    assert!(standing.iter().any(|one| one.source == Evidence::Audit && one.live), "{standing:?}");
    assert!(lease.is_enabled() && lease.rules().len() == 1);
    assert!(hundred_edits(&mut rig, Evidence::Audit) >= 99);
    drop(rig);
    assert!(!lease.is_enabled() && lease.rules().is_empty(), "it leaves audit as it found it");
}

#[test]
fn rules_that_a_crashed_run_left_behind_are_taken_out() {
    let mut lease = match AuditLease::take() {
        Ok(lease) => lease,
        Err(why) => return skip(&why),
    };
    lease.enable(true);
    let dir = tempfile::tempdir().unwrap();
    let stale = Rule::File(dir.path().join("stale"));
    lease.add(&stale.encode(KEY).unwrap());
    let note = serde_json::to_vec(&[&stale]).unwrap();
    let rig = Rig::start_noting("audit = \"listen\"\nfanotify = false", &note);
    assert!(lease.rules().is_empty(), "it listens, and takes out what was its own");
    drop(rig);
    let rig = Rig::start("audit = \"auto\"\nfanotify = false");
    assert_eq!(lease.rules().len(), 1, "audit is on, not locked, and nobody else's");
    drop(rig);
    assert!(lease.rules().is_empty() && lease.is_enabled());
}

#[test]
fn audit_that_a_crashed_run_has_switched_on_is_switched_off() {
    let mut lease = match AuditLease::take() {
        Ok(lease) => lease,
        Err(why) => return skip(&why),
    };
    lease.enable(true);
    let stale = Rule::File("/etc/stale-of-driftline".into());
    lease.add(&stale.encode(KEY).unwrap());
    let note = serde_json::json!({ "rules": [&stale], "enabled": true });
    let rig = Rig::start_noting("audit = \"listen\"\nfanotify = false", &serde_json::to_vec(&note).unwrap());
    assert!(lease.rules().is_empty() && !lease.is_enabled());
    drop(rig);
    // Who switches it on later is not the one who crashed.
    lease.enable(true);
    let rig = Rig::start("audit = \"listen\"\nfanotify = false");
    assert!(lease.is_enabled());
    drop(rig);
    assert!(lease.is_enabled());
}

#[test]
fn two_of_one_second_are_told_apart_and_sudo_names_the_person() {
    if !is_root() {
        return skip("fanotify needs CAP_SYS_ADMIN");
    }
    let mut rig = Rig::start("audit = \"off\"");
    for (login, value) in [(4001, "a"), (4002, "b"), (4001, "c")] {
        // Another user, as behind `su`: the login stays.
        let path = rig.path.display();
        let script = format!(
            "chown 65534 {path} $(dirname {path}); chmod 755 $(dirname $(dirname {path})); setpriv --reuid 65534 sh -c 'sleep 0.3; echo X={value} > {path}; sleep 0.1'"
        );
        assert!(as_login(login, &script));
        let changes = rig.quiet(Duration::from_millis(500));
        let last = changes.last().expect("a change is observed");
        let actor = rig.actor(last).expect("somebody is named");
        assert_eq!(actor.login.map(|login| login.uid), Some(login));
        assert_eq!(actor.user.map(|user| user.uid), Some(65534));
        assert!(!actor.parents.is_empty());
    }
}

#[test]
fn without_privilege_nothing_is_claimed() {
    let mut rig = Rig::start("audit = \"off\"\nfanotify = false");
    std::fs::write(&rig.path, "X=1\n").unwrap();
    let change = rig.change();
    rig.quiet(Duration::from_millis(50));
    assert_eq!(rig.actor(&change), None);
    let standing = rig.standing();
    assert!(standing.iter().all(|one| !one.live && one.note.contains("switched off")), "{standing:?}");
}
