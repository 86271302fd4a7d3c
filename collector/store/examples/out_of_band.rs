//! Prints how long the newest out-of-band changes take to find, as JSON: a page
//! of 100 out of a history in which one change in 5,000 is one.
//!
//! `cargo run --release -p driftline-store --example out_of_band [ENTRIES] [DIRECTORY]`;
//! 10,000,000 entries take some 3 GB below the directory. A measurement, not a test.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "a measurement, not a program"
)]

use std::path::PathBuf;
use std::time::Instant;

use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::{Class, Severity, Verdict};
use driftline_store::{
    Batch, Beside, Change, EngineKind, EntryBody, EntryQuery, Operation, Side, Store, StoreOptions, StoredDigest,
};

/// Changes of one commit.
const BATCH: u64 = 1_000;

/// One change in so many is out of band.
const RARE: u64 = 5_000;

const QUERIES: usize = 400;

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
        let query = EntryQuery {
            verdict: Some(Verdict::OutOfBand),
            environment: environment.clone(),
            limit: 100,
            newest_first: true,
            ..EntryQuery::default()
        };
        let mut took: Vec<f64> = (0..QUERIES).map(|_| measure(&store, &query)).collect();
        took.sort_by(f64::total_cmp);
        let at = |part: usize| took[took.len() * part / 100];
        println!(
            "{{ \"entries\": {entries}, \"where\": \"{place}\", \"p50_ms\": {:.3}, \"p95_ms\": {:.3}, \"filled_s\": {:.0} }}",
            at(50),
            at(95),
            filled.as_secs_f64()
        );
    }
}

fn measure(store: &Store, query: &EntryQuery) -> f64 {
    let begun = Instant::now();
    let page = store.reader().unwrap().entries(query).unwrap();
    assert!(!page.entries.is_empty());
    begun.elapsed().as_secs_f64() * 1e3
}
