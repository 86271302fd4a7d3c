//! The engines' table: small items in durable batches of 1,000, through the
//! store and straight into the engine; and the scan that `compare` makes.
//!
//! It measures and prints one line of JSON; it judges nothing.
//! `engine_bench --engine redb|sled [--mode layer|raw|scan] [--items N] [--dir DIR]`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement, not a daemon")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_canon::{AgentId, Environment, HostName, ItemKey, Masked, Role, SourceKind, SourceName};
use driftline_store::{
    Batch, EngineKind, HostFacts, HostRecord, HostStatus, ItemRecord, Operation, SourceRecord, Store, StoreOptions,
    StoredDigest,
};

/// Items of one durable batch, as in the table of the design.
const BATCH_ITEMS: u64 = 1_000;

/// Page cache of each engine, as in that table.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

struct Arguments {
    engine: EngineKind,
    mode: String,
    items: u64,
    dir: PathBuf,
}

fn arguments() -> Arguments {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let given: BTreeMap<&str, &str> = words.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let of = |name, default| given.get(name).copied().unwrap_or(default);
    let default_dir = std::env::temp_dir().join(format!("engine-bench-{}", std::process::id()));
    Arguments {
        engine: EngineKind::from_name(of("--engine", "redb")).unwrap(),
        mode: of("--mode", "layer").to_owned(),
        items: of("--items", "1000000").parse().unwrap(),
        dir: given.get("--dir").map_or(default_dir, PathBuf::from),
    }
}

fn main() {
    let arguments = arguments();
    fs::create_dir_all(&arguments.dir).unwrap();
    let line = match arguments.mode.as_str() {
        "layer" => layer(&arguments),
        "raw" => raw(&arguments),
        "scan" => scan(&arguments),
        mode => panic!("no mode `{mode}`: layer, raw, scan"),
    };
    println!("{line}");
    fs::remove_dir_all(&arguments.dir).unwrap();
}

/// Spreads a number over the key space, as hashed keys are.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17)
}

fn item(number: u64) -> ItemRecord {
    let mut digest = [0x5a; 32];
    digest[..8].copy_from_slice(&spread(number).to_be_bytes());
    ItemRecord {
        key: ItemKey::from_bytes(format!("KEY_{:016x}", spread(number)).as_bytes()),
        digest: StoredDigest(digest),
        secret: false,
        display: Some(Masked::from_wire(format!("a value of some length, number {number:010}"))),
        line: Some(1),
        file: None,
        since_ms: 1_700_000_000_000,
    }
}

fn options() -> StoreOptions {
    StoreOptions { cache_bytes: CACHE_BYTES, ..StoreOptions::default() }
}

fn layer(arguments: &Arguments) -> String {
    let store = Store::open(&arguments.dir, arguments.engine, options()).unwrap();
    let mut writer = store.writer().unwrap();
    let (host, source) = (HostName::new("bench").unwrap(), SourceName::new("app").unwrap());
    let measured = batches(arguments.items, |numbers| {
        let items = numbers.map(item).collect();
        let operations = vec![Operation::PutItems { host: host.clone(), source: source.clone(), items }];
        writer.commit(Batch { operations, now_ms: 1 }).unwrap();
    });
    let resident = resident_mib();
    drop((store, writer));
    let reopened = Instant::now();
    drop(Store::open(&arguments.dir, arguments.engine, options()).unwrap());
    report(arguments, &measured, resident, reopened.elapsed())
}

fn row(number: u64) -> ([u8; 16], [u8; 120]) {
    let (mut key, mut value) = ([0; 16], [0x5a; 120]);
    key[..8].copy_from_slice(&spread(number).to_be_bytes());
    value[..8].copy_from_slice(&number.to_be_bytes());
    (key, value)
}

fn raw(arguments: &Arguments) -> String {
    match arguments.engine {
        EngineKind::Redb => raw_redb(arguments),
        EngineKind::Sled => raw_sled(arguments),
    }
}

fn raw_redb(arguments: &Arguments) -> String {
    const ROWS: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("rows");
    let path = arguments.dir.join("raw.redb");
    let open = || redb::Builder::new().set_cache_size(CACHE_BYTES).create(&path).unwrap();
    let database = open();
    let measured = batches(arguments.items, |numbers| {
        let transaction = database.begin_write().unwrap();
        {
            let mut rows = transaction.open_table(ROWS).unwrap();
            for (key, value) in numbers.map(row) {
                rows.insert(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    });
    let resident = resident_mib();
    drop(database);
    let reopened = Instant::now();
    drop(open());
    report(arguments, &measured, resident, reopened.elapsed())
}

fn raw_sled(arguments: &Arguments) -> String {
    let path = arguments.dir.join("raw.sled");
    let config = sled::Config::new().path(&path).cache_capacity(32 * 1024 * 1024).flush_every_ms(None);
    let db = config.open().unwrap();
    let measured = batches(arguments.items, |numbers| {
        let mut batch = sled::Batch::default();
        for (key, value) in numbers.map(row) {
            batch.insert(key.as_slice(), value.as_slice());
        }
        db.apply_batch(batch).unwrap();
        db.flush().unwrap();
    });
    let resident = resident_mib();
    drop(db);
    let reopened = Instant::now();
    let opened = (0..500).find_map(|_| {
        std::thread::sleep(Duration::from_millis(2));
        config.open().ok()
    });
    drop(opened.unwrap());
    report(arguments, &measured, resident, reopened.elapsed())
}

/// Compare's work: 2 environments of 500 hosts with 200 keys each.
fn scan(arguments: &Arguments) -> String {
    const HOSTS: u64 = 1_000;
    const KEYS: u64 = 200;
    let store = Store::open(&arguments.dir, arguments.engine, StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    let hosts: Vec<_> = (0..HOSTS).map(|number| HostName::new(format!("host-{number:04}")).unwrap()).collect();
    for host in &hosts {
        writer.commit(Batch { operations: host_operations(host, KEYS), now_ms: 1 }).unwrap();
    }
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let started = Instant::now();
            let (mut items, mut bytes) = (0_u64, 0);
            store
                .reader()
                .unwrap()
                .scan_items(&hosts, |_, _, view| {
                    items += 1;
                    bytes += view.key.len() + view.display.map_or(0, str::len);
                })
                .unwrap();
            assert_eq!(items, HOSTS * KEYS);
            assert!(bytes > 0);
            started.elapsed()
        })
        .collect();
    times.sort();
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    format!(
        r#"{{"engine":"{}","mode":"scan","items":{},"median_ms":{:.1},"max_ms":{:.1},"resident_mib":{}}}"#,
        arguments.engine,
        HOSTS * KEYS,
        median.as_secs_f64() * 1e3,
        slowest.as_secs_f64() * 1e3,
        resident_mib()
    )
}

fn host_operations(host: &HostName, keys: u64) -> Vec<Operation> {
    let source = SourceName::new("app").unwrap();
    let record = HostRecord {
        host: host.clone(),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        agent: AgentId::new("a").unwrap(),
        serials: vec![],
        public_key_sha256: [0; 32],
        status: HostStatus::Connected,
        epoch: vec![],
        applied_seq: 0,
        instances: [vec![], vec![]],
        enrolled_ms: 0,
        last_seen_ms: 0,
        verified_ms: 0,
        skew_ms: 0,
        fleet_key_epoch: 1,
        canonical_form: 1,
        degraded_sources: 0,
        facts: HostFacts::default(),
    };
    let of = SourceRecord {
        host: host.clone(),
        source: source.clone(),
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        root: StoredDigest([0; 32]),
        items: 200,
        observed_ms: 0,
        retired: false,
        problems: vec![],
    };
    let items = (0..keys).map(item).collect();
    vec![
        Operation::PutHost(record),
        Operation::PutSource(of),
        Operation::PutItems { host: host.clone(), source, items },
    ]
}

struct Measured {
    total: Duration,
    batches: Vec<Duration>,
}

fn batches(items: u64, mut commit: impl FnMut(std::ops::Range<u64>)) -> Measured {
    let started = Instant::now();
    let mut batches = Vec::new();
    let mut from = 0;
    while from < items {
        let to = items.min(from + BATCH_ITEMS);
        let began = Instant::now();
        commit(from..to);
        batches.push(began.elapsed());
        from = to;
    }
    batches.sort();
    Measured { total: started.elapsed(), batches }
}

fn report(arguments: &Arguments, measured: &Measured, resident: u64, reopened: Duration) -> String {
    let p99 = measured.batches[measured.batches.len() * 99 / 100];
    let per_second = arguments.items as f64 / measured.total.as_secs_f64();
    format!(
        concat!(
            r#"{{"engine":"{}","mode":"{}","items":{},"batch":{},"items_per_s":{:.0},"p99_ms":{:.1},"#,
            r#""resident_mib":{},"disk_mib":{},"reopen_s":{:.3}}}"#
        ),
        arguments.engine,
        arguments.mode,
        arguments.items,
        BATCH_ITEMS,
        per_second,
        p99.as_secs_f64() * 1e3,
        resident,
        disk_bytes(&arguments.dir) / 1024 / 1024,
        reopened.as_secs_f64()
    )
}

/// VmRSS of this process (proc(5)).
fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn disk_bytes(path: &Path) -> u64 {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().map(|entry| disk_bytes(&entry.unwrap().path())).sum();
    }
    fs::metadata(path).unwrap().len()
}
