//! Prints how long the writer is held by one piece that is taken off the
//! beginning of a history, as JSON, for each engine.
//!
//! `cargo run --release -p driftline-store --example cut_bench [ENTRIES]`. A measurement, not a test.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "a measurement, not a program"
)]

#[path = "../tests/support/samples.rs"]
mod samples;

use std::time::Instant;

use driftline_compare::chain::Beginning;
use driftline_store::*;
use samples::*;

/// Entries of one commit, as several agents make them together.
const BATCH: u64 = 50;

fn main() {
    let entries: u64 = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), engine, StoreOptions::default()).unwrap();
        let mut writer = store.writer().unwrap();
        for first in (0..entries).step_by(BATCH as usize) {
            let bodies = (first..first + BATCH).map(body).collect();
            writer.commit(batch(first as i64 * 1_000, vec![append(bodies)])).unwrap();
        }
        let hash = store.reader().unwrap().hash_of(entries).unwrap().unwrap();
        let message = Beginning::words(entries, &hash);
        let told = append(vec![EntryBody::Event(Event { message, ..event(2) })]);
        let mut took = Vec::new();
        for first in (CUT_ENTRIES_MAX + 1..=entries + 1).step_by(CUT_ENTRIES_MAX as usize) {
            let is_first = took.is_empty();
            let announced = is_first.then_some((entries, hash));
            let cut = Operation::Cut(Cut { first, keep: vec![first - 1], announced, days: 90, policy: 1 });
            let operations = is_first.then(|| told.clone()).into_iter().chain([cut]).collect();
            let begun = Instant::now();
            writer.commit(batch(entries as i64 * 1_000, operations)).unwrap();
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        assert!(store.reader().unwrap().verify(|_, _| {}).unwrap().is_whole());
        took.sort_by(f64::total_cmp);
        let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
        println!(
            "{{ \"engine\": \"{engine}\", \"entries\": {entries}, \"pieces\": {}, \"p50_ms\": {:.2}, \"p99_ms\": {:.2} }}",
            took.len(),
            at(50),
            at(99)
        );
    }
}
