//! What happens while the agent is down, between two runs, and to its state.

use std::fs;

use driftline_agent::journal::entry::SnapshotReason;
use driftline_agent::journal::{Body, Request};

use crate::rig::{Rig, deltas, gaps, of};

fn reasons(records: &[driftline_agent::journal::Entry], source: &str) -> Vec<SnapshotReason> {
    let reason = |entry: &&driftline_agent::journal::Entry| match &entry.body {
        Body::Snapshot(snapshot) => Some(snapshot.reason),
        _ => None,
    };
    of(records, source).iter().filter_map(reason).collect()
}

#[test]
fn w7_changes_while_stopped_are_reported_with_their_bounds() {
    let rig = Rig::new().source("env_file", "all", "*.env");
    rig.write("a.env", "A=1\n");
    rig.write("b.env", "B=1\n");
    let agent = rig.start();
    agent.stop();
    rig.write("a.env", "A=2\n");
    fs::remove_file(rig.path("b.env")).unwrap();
    rig.write("c.env", "C=1\n");
    let before = driftline_daemon::clock::now_ms();
    let agent = rig.start();
    let records = agent.records();
    assert_eq!(deltas(&records, "all/a.env"), [["A=2"]]);
    let change = of(&records, "all/a.env").pop().unwrap().clone();
    let since = change.unobserved_since_ms.unwrap();
    assert!(since <= before && change.observed_ms >= before, "{since} {before} {}", change.observed_ms);
    assert_eq!(reasons(&records, "all/c.env"), [SnapshotReason::First]);
    // That a file went is a change, told once.
    assert!(deltas(&records, "all/b.env")[0].contains(&"-B".to_owned()), "{:?}", deltas(&records, "all/b.env"));
    assert_eq!(agent.value("all/b.env", "B"), None);
    assert!(of(&records, "all/b.env").iter().all(|entry| !matches!(entry.body, Body::Retired(_))));
    let gone = of(&records, "all/b.env").into_iter().find(|entry| matches!(entry.body, Body::Delta(_))).unwrap();
    assert!(gone.unobserved_since_ms.is_some_and(|since| since <= before), "{gone:?}");
    // It may come back; a file whose end was told is retired by the next start.
    rig.write("b.env", "B=2\n");
    agent.until_value("all/b.env", "B", Some("2"));
    fs::remove_file(rig.path("b.env")).unwrap();
    agent.until_value("all/b.env", "B", None);
    agent.stop();
    let agent = rig.start();
    assert!(matches!(of(&agent.records(), "all/b.env").pop().unwrap().body, Body::Retired(_)));
}

#[test]
fn w7_a_glob_that_is_no_longer_configured_retires_a_file_that_is_gone() {
    let mut rig = Rig::new().source("env_file", "all", "deep/**/*.env");
    fs::create_dir_all(rig.path("deep/a/b")).unwrap();
    rig.write("deep/a/b/x.env", "A=1\n");
    rig.start().stop();
    fs::remove_dir_all(rig.path("deep/a")).unwrap();
    let agent = rig.start();
    assert!(deltas(&agent.records(), "all/a/b/x.env")[0].contains(&"-A".to_owned()));
    agent.stop();
    rig.forget_sources();
    let agent = rig.start();
    assert!(matches!(of(&agent.records(), "all/a/b/x.env").pop().unwrap().body, Body::Retired(_)));
}

#[test]
fn w7_nothing_changed_means_nothing_is_written() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    rig.start().stop();
    let agent = rig.start();
    assert_eq!(of(&agent.records(), "app").len(), 1);
}

#[test]
fn a_source_that_is_no_longer_configured_is_retired() {
    let mut rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    rig.start().stop();
    rig.forget_sources();
    let agent = rig.start();
    assert!(matches!(of(&agent.records(), "app").pop().unwrap().body, Body::Retired(_)));
}

#[test]
fn another_fleet_key_is_no_change() {
    let mut rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    rig.start().stop();
    rig.rekey();
    let agent = rig.start();
    let records = agent.records();
    assert_eq!(reasons(&records, "app"), [SnapshotReason::First, SnapshotReason::Rekey]);
    assert!(deltas(&records, "app").is_empty() && gaps(&records).is_empty());
}

#[test]
fn a_collector_that_asks_gets_all_of_a_source() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    let name = driftline_canon::SourceName::new("app").unwrap();
    agent.requests().blocking_send(Request::SendAll(vec![name])).unwrap();
    agent.until("a snapshot", |records| reasons(records, "app").contains(&SnapshotReason::Resync));
}

#[test]
fn a_new_epoch_keeps_what_was_not_sent() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    rig.write("app.env", "A=2\n");
    agent.until_value("app", "A", Some("2"));
    let (before, records) = (agent.progress().meta, agent.records());
    agent.requests().blocking_send(Request::Acked { epoch: before.epoch, seq: 1 }).unwrap();
    agent.requests().blocking_send(Request::BeginEpoch { reason: "a test".to_owned() }).unwrap();
    agent.until("the epoch's gap", |records| !gaps(records).is_empty());
    let after = agent.progress().meta;
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.first_seq, 1);
    assert_eq!(agent.records()[..records.len()], records[..]);
}

#[test]
fn d1_a_damaged_state_is_set_aside_and_said() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    rig.start().stop();
    let state = rig.state_dir().join("state.redb");
    fs::write(&state, "this is no database").unwrap();
    let agent = rig.start();
    let records = agent.records();
    assert!(gaps(&records)[0].2.contains("damaged"), "{records:?}");
    assert_eq!(reasons(&records, "app"), [SnapshotReason::First]);
    let aside = fs::read_dir(rig.state_dir()).unwrap().flatten();
    let aside: Vec<_> = aside.filter(|entry| entry.file_name().to_string_lossy().contains("damaged-")).collect();
    assert_eq!(fs::read(aside[0].path()).unwrap(), b"this is no database");
}

#[test]
fn d3_a_full_journal_is_folded_and_says_so() {
    let rig = Rig::with_app().agent("journal_bytes_max = 1048576");
    let text =
        |round: usize| -> String { (0..200).map(|key| format!("KEY_{key}={}\n", (round * 7 + key) % 1000)).collect() };
    rig.write("app.env", &text(0));
    let agent = rig.start();
    for round in 1..=60 {
        rig.replace("app.env", &text(round));
        agent.until_value("app", "KEY_0", Some(&((round * 7) % 1000).to_string()));
    }
    let records = agent.until("a gap", |records| !gaps(records).is_empty());
    assert!(gaps(&records)[0].2.contains("full"), "{:?}", gaps(&records));
    assert!(agent.progress().meta.bytes <= 1_048_576);
    assert!(records.len() < 60, "{}", records.len());
}

#[test]
fn d2_a_full_disk_loses_nothing_and_is_said() {
    if crate::confined::left_out() {
        return;
    }
    let rig = Rig::with_app();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs"])
        .arg(rig.state_dir())
        .status();
    assert!(mounted.unwrap().success(), "root can mount");
    let _unmount = Unmount(rig.state_dir().to_owned());
    let text = |round: usize| -> String { (0..2000).map(|key| format!("KEY_{key}={round}\n")).collect() };
    rig.write("app.env", &text(0));
    let agent = rig.start();
    fill(&rig.state_dir().join("filler"));
    let mut round = 0;
    while agent.progress().blocked.is_none() {
        round += 1;
        assert!(round < 200, "the disk never filled");
        rig.replace("app.env", &text(round));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    rig.replace("app.env", &text(999));
    fs::remove_file(rig.state_dir().join("filler")).unwrap();
    agent.wait_for_value("app", "KEY_0", Some("999"));
    assert!(agent.progress().blocked.is_none());
    let records = agent.records();
    assert!(
        gaps(&records).iter().any(|(_, _, reason)| reason.contains("could not be written")),
        "{:?}",
        gaps(&records)
    );
}

/// Writes until there is no room.
fn fill(path: &std::path::Path) {
    let mut file = fs::File::create(path).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
