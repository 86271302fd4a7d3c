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

/// The same while the beginning is cut off: there is less to tell apart.
const CUT_ROUNDS_DEFAULT: u64 = 15;

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

/// Entries of the store that is cut while it is killed.
const CUT_ENTRIES: u64 = 40_000;

/// Entries of one piece; no multiple of what was committed at once.
const PIECE: u64 = 97;

/// The next piece off the beginning, announced by itself, with one kept entry.
fn next_piece(reader: &Reader) -> Option<Batch> {
    let first = reader.anchor().unwrap().map_or(1, |anchor| anchor.first);
    let last = first + PIECE - 1;
    let hash = reader.hash_of(last).unwrap().filter(|_| last <= CUT_ENTRIES)?;
    let message = driftline_compare::chain::Beginning::words(last, &hash);
    let told = EntryBody::Event(Event { message, ..event(2) });
    let cut = Cut { first: last + 1, keep: vec![first], announced: Some((last, hash)), days: 90, policy: 1 };
    Some(batch(1, vec![append(vec![told]), Operation::Cut(cut)]))
}

/// Cuts on and on, and says how many pieces are off once that is acknowledged.
#[test]
fn child_cuts_until_killed() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (engine, dir) = child.split_once(':').unwrap();
    let store = Store::open(Path::new(dir), EngineKind::from_name(engine).unwrap(), StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    let mut out = std::io::stdout();
    loop {
        let Some(piece) = next_piece(&store.reader().unwrap()) else {
            std::thread::sleep(Duration::from_secs(600));
            continue;
        };
        writer.commit(piece).unwrap();
        let anchor = store.reader().unwrap().anchor().unwrap().unwrap();
        writeln!(out, "acknowledged {}", anchor.first / PIECE).unwrap();
        out.flush().unwrap();
    }
}

/// So many pieces are off, whole, with every row that told of them.
fn check_cut(reader: &Reader, pieces: u64) {
    let first = pieces * PIECE + 1;
    let report = reader.verify(|_, _| {}).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.entries, CUT_ENTRIES + pieces + 1 - first);
    let Some(anchor) = reader.anchor().unwrap() else { return assert_eq!(pieces, 0) };
    assert_eq!((anchor.first, anchor.beside(), anchor.announced_by), (first, pieces, CUT_ENTRIES + pieces));
    let ids = |query: EntryQuery| {
        let page = reader.entries(&EntryQuery { limit: 3, ..query }).unwrap();
        page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    let expected = |is: &dyn Fn(&EntryBody) -> bool| {
        let own = |id: &u64| is(&body(id - 1));
        (first..=CUT_ENTRIES).filter(own).take(3).collect::<Vec<_>>()
    };
    assert_eq!(ids(EntryQuery::default()), expected(&|_| true));
    let production = EntryQuery { environment: Some(environment("production")), ..EntryQuery::default() };
    let of_production = |body: &EntryBody| match body {
        EntryBody::Change(change) => change.environment.as_str() == "production",
        EntryBody::Event(event) => event.environment.as_ref().is_some_and(|one| one.as_str() == "production"),
        _ => false,
    };
    assert_eq!(ids(production), expected(&of_production));
    let of_key = |body: &EntryBody| matches!(body, EntryBody::Change(change) if change.key.as_str() == "DB_HOST");
    assert_eq!(ids(EntryQuery { key: Some(key("DB_HOST")), ..EntryQuery::default() }), expected(&of_key));
    for piece in 1..=pieces {
        let kept = (piece - 1) * PIECE + 1;
        assert_eq!(reader.entry(kept).unwrap().map(|entry| entry.body), Some(body(kept - 1)));
        assert_eq!(reader.entry(kept + 1).unwrap(), None);
    }
}

fn survives_while_cut(engine: EngineKind) {
    let rounds = std::env::var("DRIFTLINE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok());
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path(), engine, StoreOptions::default()).unwrap();
        let mut writer = store.writer().unwrap();
        for piece in 0..CUT_ENTRIES / 400 {
            let bodies = (piece * 400..piece * 400 + 400).map(body).collect();
            writer.commit(batch(i64::try_from(piece).unwrap() * 60_000, vec![append(bodies)])).unwrap();
        }
    }
    let (mut acknowledged, mut random) = (0, 0x2545_f491_u64);
    for round in 0..rounds.unwrap_or(CUT_ROUNDS_DEFAULT) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_micros(30_000 + (random >> 33) % 150_000);
        let said = run_and_kill(engine, dir.path(), "child_cuts_until_killed", after);
        acknowledged = said.unwrap_or(acknowledged).max(acknowledged);
        let store = Store::open(dir.path(), engine, StoreOptions::default()).unwrap();
        let cut = store.reader().unwrap().anchor().unwrap().map_or(0, |anchor| anchor.first / PIECE);
        assert!(cut == acknowledged || cut == acknowledged + 1, "round {round}: {cut} after {acknowledged}");
        check_cut(&store.reader().unwrap(), cut);
        acknowledged = cut;
    }
    assert!(acknowledged > 3, "the child did cut");
    println!("{engine}: {acknowledged} pieces");
}

#[test]
fn d1_redb_is_cut_whole_or_not_at_all() {
    survives_while_cut(EngineKind::Redb);
}

#[test]
fn d1_sled_is_cut_whole_or_not_at_all() {
    survives_while_cut(EngineKind::Sled);
}

/// Runs the child, kills it after a while and returns the last number it said.
fn run_and_kill(engine: EngineKind, dir: &Path, child: &str, after: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture", "--test-threads=1"])
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
        let said = run_and_kill(engine, dir.path(), "child_commits_until_killed", after);
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
