//! Legacy tables where audit is on: its records tell of each change, so that
//! nothing is polled, whatever lock is taken.

use std::process::Command;
use std::time::Duration;

use crate::lease::AuditLease;
use crate::quiet::Counted;
use crate::rig::{Netns, Rig};

/// Audit, on, for this test alone.
fn audit() -> Option<AuditLease> {
    match AuditLease::take() {
        Ok(mut lease) => {
            lease.enable(true);
            Some(lease)
        }
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "this case must run here: {why}");
            eprintln!("left out: {why}");
            None
        }
    }
}

/// A rule that keeps records of packet filters from everybody, until it is let
/// go.
struct Hidden;

impl Hidden {
    const RULE: [&str; 3] = ["always,exclude", "-F", "msgtype=NETFILTER_CFG"];

    fn new() -> Self {
        let output = Command::new("auditctl").arg("-a").args(Self::RULE).output().unwrap();
        assert!(output.status.success(), "auditctl: {}", String::from_utf8_lossy(&output.stderr));
        Self
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        _ = Command::new("auditctl").arg("-d").args(Self::RULE).output();
    }
}

#[test]
fn a_legacy_change_past_the_lock_is_heard_of_by_audit() {
    let Some(netns) = Netns::new() else { return };
    let Some(_lease) = audit() else { return };
    netns.run(
        "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; ip6tables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT",
    );
    let agent = Rig::of(&netns).audited().start();
    agent.until_item("iptables-legacy", "22");
    agent.until_item("ip6tables-legacy", "22");
    agent.until_audited(true);
    let dir = tempfile::tempdir().unwrap();
    let lock = dir.path().join("lock");
    let elsewhere = format!("export XTABLES_LOCKFILE={}", lock.display());
    netns.run(&format!("{elsewhere}; iptables-legacy -P INPUT DROP"));
    agent.until_item("iptables-legacy", "filter/INPUT policy=DROP");
    netns.run(&format!("{elsewhere}; ip6tables-legacy -I INPUT -p tcp --dport 4444 -j ACCEPT"));
    agent.until_item("ip6tables-legacy", "4444");
    let entries = agent.records("ip6tables-legacy");
    assert!(entries.last().unwrap().unobserved_since_ms.is_none(), "it was heard of, not found");
    // The first rule of a table, by a restore.
    netns.run(&format!("{elsewhere}; printf '*nat\\n-A OUTPUT -p tcp -m tcp --dport 99 -j ACCEPT\\nCOMMIT\\n' | iptables-legacy-restore"));
    agent.until_item("iptables-legacy", "nat/OUTPUT");
}

#[test]
fn legacy_tables_are_polled_only_while_audit_does_not_tell_of_them() {
    let Some(netns) = Netns::new() else { return };
    let Some(mut lease) = audit() else { return };
    netns.run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT");
    let counted = Counted::new();
    let agent = Rig::new(netns.place(), counted.tools(), Duration::from_secs(1)).audited().start();
    agent.until_item("iptables-legacy", "22");
    agent.until_audited(true);
    // Looks that were due already may still come.
    agent.settle();
    let runs = || counted.runs("iptables-legacy-save");
    // Audit tells of the tables of other tests too.
    agent.until("four seconds pass without a poll", |_| {
        let before = runs();
        std::thread::sleep(Duration::from_secs(4));
        runs() <= before + 1
    });
    lease.enable(false);
    agent.until_audited(false);
    let before = runs();
    agent.until("it is polled again", |_| runs() > before + 2);
    lease.enable(true);
    // The first record says that there are records.
    netns.run("iptables-legacy -A INPUT -p tcp --dport 23 -j ACCEPT");
    agent.until_audited(true);
    let hidden = Hidden::new();
    agent.until_audited(false);
    drop(hidden);
    agent.until_audited(true);
}
