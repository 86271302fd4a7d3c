//! What a delta of one item costs the collector in a source of 10, 1,000 and
//! 20,000 items, applied and durable.
//!
//! `cargo run --release -p driftline-server --example one_delta [DIRECTORY]`; it writes
//! below the directory alone (the system's temporary one by default).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement, not a program"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_canon::{
    AgentId, Digest, Environment, HostName, Item, ItemKey, Masked, Observation, Pairs, Role, SourceKind, SourceName,
};
use driftline_server::apply::{self, Applied, Context};
use driftline_server::classify::KeyClasses;
use driftline_server::notify::Routes;
use driftline_server::pepper::Pepper;
use driftline_server::record::Draft;
use driftline_store::{Batch, EngineKind, HostFacts, HostRecord, HostStatus, Store, StoreOptions, Writer};
use driftline_wire::convert::{Snapshot, SnapshotReason};
use driftline_wire::{Record, RecordBody, SourceRef};

const ROUNDS: usize = 200;

fn item(at: usize, round: usize) -> Item {
    let rule =
        format!("ip saddr 10.{}.{}.0/24 tcp dport {} ct state new counter accept", at / 256, at % 256, 1000 + at);
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&(round as u64).to_be_bytes());
    Item {
        key: ItemKey::from_bytes(format!("inet filter/input: {rule}").as_bytes()),
        digest: Digest(digest),
        secret: false,
        display: Some(Masked::from_wire(rule)),
        line: None,
        file: None,
    }
}

fn host() -> HostRecord {
    HostRecord {
        host: HostName::new("web-1").unwrap(),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        agent: AgentId::new("a1").unwrap(),
        serials: vec![vec![1]],
        public_key_sha256: [0; 32],
        status: HostStatus::Never,
        epoch: Vec::new(),
        applied_seq: 0,
        instances: [Vec::new(), Vec::new()],
        enrolled_ms: 0,
        last_seen_ms: 0,
        verified_ms: 0,
        skew_ms: 0,
        fleet_key_epoch: 1,
        canonical_form: 1,
        degraded_sources: 0,
        facts: HostFacts::default(),
    }
}

struct Room {
    store: Store,
    writer: Writer,
    host: HostRecord,
    pepper: Pepper,
    seq: u64,
}

impl Room {
    fn new(dir: &Path, engine: EngineKind) -> Self {
        let store = Store::open(dir, engine, StoreOptions::default()).unwrap();
        let writer = store.writer().unwrap();
        Self { store, writer, host: host(), pepper: Pepper::new(&[3; 32]), seq: 0 }
    }

    /// As the writer does it: decided against what is stored, then committed.
    fn apply(&mut self, body: RecordBody) -> Duration {
        self.seq += 1;
        let name = SourceName::new("firewall/nft").unwrap();
        let source = Some(SourceRef::new(name, SourceKind::EnvFile, b"nft"));
        let record = Record::new(self.seq, source, 5, None, body);
        let (routes, classes) = (Routes::default(), KeyClasses::default());
        let began = Instant::now();
        let reader = self.store.reader().unwrap();
        let mut draft = Draft::new(&reader, 10, &routes);
        let context = Context { pepper: &self.pepper, classes: &classes, incomparable: false };
        let applied = apply::record(&mut draft, &self.host, record, context).unwrap();
        let operations = draft.finish();
        drop(reader);
        self.writer.commit(Batch { operations, now_ms: 10 }).unwrap();
        assert_eq!(applied, Applied::Done);
        began.elapsed()
    }
}

fn show(what: &str, mut all: Vec<Duration>) {
    all.sort();
    let ms = |part: usize| all[(all.len() * part / 100).min(all.len() - 1)].as_secs_f64() * 1e3;
    println!("{what:<44} p50 {:8.3} ms   p99 {:8.3} ms", ms(50), ms(99));
}

fn measure(dir: &Path, engine: EngineKind, count: usize) {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let mut room = Room::new(dir.path(), engine);
    let observation = Observation::new((0..count).map(|at| item(at, 0)).collect());
    let mut pairs = Pairs::of(&observation);
    room.apply(RecordBody::Snapshot(Snapshot { reason: SnapshotReason::First, root: pairs.root(), observation }));
    let mut all = Vec::new();
    for round in 1..=ROUNDS {
        let changed = item(round * 7919 % count, round);
        let delta = pairs.change([(changed.key.clone(), Some(changed))]).unwrap();
        all.push(room.apply(RecordBody::Delta(delta)));
    }
    show(&format!("{engine:?}, {count} items: one delta, durable"), all);
}

fn main() {
    let dir = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    for engine in [EngineKind::Redb, EngineKind::Sled] {
        for count in [10, 1_000, 20_000] {
            measure(&dir, engine, count);
        }
    }
}
