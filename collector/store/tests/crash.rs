//! kill -9 at random instants: what was acknowledged is there, whole; what was
//! not is there whole or not at all; the chain holds; the next commit works.
//!
//! A kill keeps the page cache, so this says nothing about power cuts.
//! `DRIFTLINE_CRASH_ROUNDS` sets the number of kills (40 by default).
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "tests")]

#[path = "support/samples.rs"]
mod samples;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use driftline_store::*;
use samples::*;

/// Set in the child: engine and directory, with a `:` between.
const CHILD: &str = "DRIFTLINE_CRASH_CHILD";

/// Kills per engine unless set: under a minute for both.
const ROUNDS_DEFAULT: u64 = 40;

/// Items of a batch: small ones, and some that sled cannot take at once.
fn items_of(number: u64) -> u64 {
    match number % 4 {
        0 => 450,
        1 => 1,
        2 => 12,
        _ => 210,
    }
}

/// Batch N: N items-worth of rows of host N mod 3 that all say N, entries that
/// say N, and one alert.
fn numbered(number: u64) -> Batch {
    let host = host_name(&format!("h{}", number % 3));
    let items =
        (0..items_of(number)).map(|index| ItemRecord { digest: digest(number), ..item(&format!("K{index}"), 1) });
    let told = |_| EntryBody::Change(Change { agent_seq: number, host: host.clone(), ..change(number) });
    let applied = HostRecord { applied_seq: number, ..samples::host(host.as_str(), "production") };
    let operations = vec![
        Operation::PutHost(applied),
        Operation::PutItems { host: host.clone(), source: source_name("app"), items: items.collect() },
        Operation::Append { entries: (0..1 + number % 5).map(told).collect(), alerts: vec![("r".to_owned(), vec![0])] },
        Operation::AlertDone(number.saturating_sub(20)),
    ];
    Batch { operations, now_ms: i64::try_from(number).unwrap() * 1_000 }
}

fn last_number(reader: &Reader) -> u64 {
    let (id, _) = reader.head().unwrap();
    match reader.entry(id).unwrap().map(|entry| entry.body) {
        Some(EntryBody::Change(change)) => change.agent_seq,
        _ => 0,
    }
}

/// Commits on and on, and says each number once it is acknowledged.
#[test]
fn child_commits_until_killed() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (engine, dir) = child.split_once(':').unwrap();
    let store = Store::open(Path::new(dir), EngineKind::from_name(engine).unwrap(), StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    let mut out = std::io::stdout();
    for number in last_number(&store.reader().unwrap()) + 1.. {
        // Readers come and go meanwhile, as in the collector.
        let reader = number.is_multiple_of(3).then(|| store.reader().unwrap());
        writer.commit(numbered(number)).unwrap();
        drop(reader);
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Runs the child, kills it after a while and returns the last number it said.
fn run_and_kill(engine: EngineKind, dir: &Path, after: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_commits_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{engine}:{}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading = std::thread::spawn(move || {
        let acknowledged = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("acknowledged ").and_then(|(_, number)| number.parse::<u64>().ok()));
        acknowledged.last()
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    assert!(child.wait().unwrap().code().is_none(), "the child ended before it was killed");
    reading.join().unwrap()
}

/// Everything of batch 1 to `last`, and nothing of any later one.
fn check_whole(reader: &Reader, last: u64) {
    let entries: u64 = (1..=last).map(|number| 1 + number % 5).sum();
    let report = reader.verify(|_, _| {}).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.entries, entries);
    assert_eq!(reader.outbox_len().unwrap(), last.min(20));
    for residue in 0..3 {
        let name = host_name(&format!("h{residue}"));
        let newest = (1..=last).rev().find(|number| number % 3 == residue);
        assert_eq!(reader.host(&name).unwrap().map(|host| host.applied_seq), newest);
        for (index, item) in reader.items(&name, &source_name("app")).unwrap().into_iter().enumerate() {
            let index = item.key.as_str()[1..].parse::<u64>().unwrap_or(u64::try_from(index).unwrap());
            let writer = (1..=last).rev().find(|number| number % 3 == residue && items_of(*number) > index);
            assert_eq!(Some(item.digest), writer.map(digest), "K{index} of {name} after {last}");
        }
    }
}

fn survives(engine: EngineKind) {
    let rounds = std::env::var("DRIFTLINE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok());
    let dir = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut repaired) = (0, 0);
    // Fixed instants that spread over opening, committing and flushing.
    let mut random = 0x9e37_79b9_u64;
    for round in 0..rounds.unwrap_or(ROUNDS_DEFAULT) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_micros(30_000 + (random >> 33) % 250_000);
        let said = run_and_kill(engine, dir.path(), after);
        acknowledged = said.unwrap_or(acknowledged).max(acknowledged);

        let store = Store::open(dir.path(), engine, StoreOptions::default()).unwrap();
        repaired += store.report().repaired.len();
        let last = last_number(&store.reader().unwrap());
        assert!(last >= acknowledged, "round {round}: {acknowledged} was acknowledged, {last} is the last there");
        assert!(last <= acknowledged + 1, "round {round}: {last} was committed after {acknowledged} only");
        check_whole(&store.reader().unwrap(), last);
        store.writer().unwrap().commit(numbered(last + 1)).unwrap();
        check_whole(&store.reader().unwrap(), last + 1);
        acknowledged = last + 1;
    }
    assert!(acknowledged > rounds.unwrap_or(ROUNDS_DEFAULT), "the child did commit");
    println!("{engine}: {acknowledged} batches, {repaired} repairs");
}

#[test]
fn d1_redb_survives_kills_at_any_instant() {
    survives(EngineKind::Redb);
}

#[test]
fn d1_sled_survives_kills_at_any_instant() {
    survives(EngineKind::Sled);
}
