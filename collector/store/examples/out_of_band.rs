//! Prints how long the newest out-of-band changes take to find, and how long the
//! proof takes that the history is whole, as JSON: a page of 100 out of a history
//! in which one change in 5,000 is one, and the chain over the first million.
//!
//! `cargo run --release -p driftline-store --example out_of_band [ENTRIES] [DIRECTORY] [EXPORT]`;
//! 10,000,000 entries take some 5 GB below the directory. What is proved is also
//! written to EXPORT, as the API exports it. A measurement, not a test.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a measurement, not a program"
)]

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::{Class, Severity, Verdict};
use driftline_store::{
    Batch, Beside, ChainVerifier, Change, EngineKind, EntryBody, EntryQuery, Operation, Side, Store, StoreOptions,
    StoredDigest,
};
use sha2::{Digest as _, Sha256};

/// Changes of one commit.
const BATCH: u64 = 1_000;

/// One change in so many is out of band.
const RARE: u64 = 5_000;

const QUERIES: usize = 400;

/// Entries of which the chain is proved, at most.
const PROVED_MAX: u64 = 1_000_000;

fn change(number: u64) -> EntryBody {
    let side = |byte: u64| Side {
        digest: StoredDigest([byte as u8; 32]),
        secret: false,
        display: None,
        line: Some(3),
        file: None,
    };
    EntryBody::Change(Change {
        environment: Environment::new(["production", "staging"][number as usize % 2]).unwrap(),
        host: HostName::new(format!("web-{}", number % 500)).unwrap(),
        role: Role::new("web").unwrap(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        key: ItemKey::from_bytes(format!("KEY_{}", number % 200).as_bytes()),
        before: Some(side(number)),
        after: Some(side(number + 1)),
        observed_ms: number as i64,
        unobserved_since_ms: None,
        severity: Severity::Warning,
        class: Class::Functional,
        verdict: if number.is_multiple_of(RARE) { Verdict::OutOfBand } else { Verdict::Authorised },
        marks: Vec::new(),
        agent_seq: number,
        agent_epoch: vec![1; 16],
        beside: Beside::default(),
    })
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let entries: u64 = arguments.next().map_or(10_000_000, |text| text.parse().unwrap());
    let below = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let export = arguments.next().map(PathBuf::from);
    let dir = tempfile::tempdir_in(below).unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    let begun = Instant::now();
    for first in (0..entries).step_by(BATCH as usize) {
        let entries = (first..first + BATCH).map(change).collect();
        let operations = vec![Operation::Append { entries, alerts: Vec::new() }];
        writer.commit(Batch { operations, now_ms: first as i64 }).unwrap();
    }
    let filled = begun.elapsed();
    for environment in [None, Some(Environment::new("production").unwrap())] {
        let place = environment.as_ref().map_or("everywhere", |name| name.as_str());
        let query = |verdict| EntryQuery {
            verdict,
            environment: environment.clone(),
            limit: 100,
            newest_first: true,
            ..EntryQuery::default()
        };
        let [p50, p95] = percentiles(&store, &query(Some(Verdict::OutOfBand)));
        let [any, _] = percentiles(&store, &query(None));
        println!(
            "{{ \"entries\": {entries}, \"where\": \"{place}\", \"p50_ms\": {p50:.3}, \"p95_ms\": {p95:.3}, \"any_ms\": {any:.3}, \"filled_s\": {:.0} }}",
            filled.as_secs_f64()
        );
    }
    prove(&store, entries.min(PROVED_MAX), export.as_deref());
}

/// Nearest ranks of 50 and 95 in a hundred, in milliseconds.
fn percentiles(store: &Store, query: &EntryQuery) -> [f64; 2] {
    let mut took: Vec<f64> = (0..QUERIES).map(|_| measure(store, query)).collect();
    took.sort_by(f64::total_cmp);
    [50, 95].map(|percent| took[(took.len() * percent).div_ceil(100) - 1])
}

/// Proves the chain over the first entries, beside the bare hash of as many
/// bytes, and exports what was proved.
fn prove(store: &Store, entries: u64, export: Option<&Path>) {
    let reader = store.reader().unwrap();
    let (mut verifier, mut bytes, mut last) = (ChainVerifier::default(), 0, 0);
    let begun = Instant::now();
    reader
        .chain(1, |id, body, hash| {
            (bytes, last) = (bytes + body.len(), id);
            verifier.push(id, body, hash) && id < entries
        })
        .unwrap();
    let report = verifier.finish();
    let took = begun.elapsed();
    assert!(report.is_whole() && report.entries == entries, "{report:?} up to {last}");
    let body = vec![0x5a_u8; bytes / entries as usize];
    let begun = Instant::now();
    for _ in 0..entries {
        std::hint::black_box(Sha256::digest(&body));
    }
    let hashed = begun.elapsed();
    if let Some(path) = export {
        let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
        reader
            .chain(1, |id, body, hash| {
                let hash = hash.iter().fold(String::new(), |mut text, byte| {
                    write!(text, "{byte:02x}").unwrap();
                    text
                });
                let body = STANDARD.encode(body);
                writeln!(file, "{{\"id\":{id},\"body\":\"{body}\",\"hash\":\"{hash}\"}}").unwrap();
                id < entries
            })
            .unwrap();
        file.flush().unwrap();
    }
    println!(
        "{{ \"proved\": {entries}, \"bytes\": {bytes}, \"verify_s\": {:.3}, \"sha256_s\": {:.3} }}",
        took.as_secs_f64(),
        hashed.as_secs_f64()
    );
}

fn measure(store: &Store, query: &EntryQuery) -> f64 {
    let begun = Instant::now();
    let page = store.reader().unwrap().entries(query).unwrap();
    assert!(!page.entries.is_empty());
    begun.elapsed().as_secs_f64() * 1e3
}
