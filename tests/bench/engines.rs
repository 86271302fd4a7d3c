//! The table of engines: the same durable batches into redb and sled, through
//! the store's layer and straight into the engine, and the scan that comparing
//! makes.
//!
//! The store's own example does the work; this only reads what it prints. Each
//! measurement is a process of its own, so that memory is counted from nothing.

use std::process::Command;

use driftline_tests::process::{program, succeed};
use serde::Deserialize;

use crate::Setup;
use crate::stats::{count, ratio};
use crate::table::{Line, Section};

const ENGINES: [&str; 2] = ["redb", "sled"];

/// What the example prints of one engine's batches.
#[derive(Debug, Deserialize)]
struct Batches {
    items: u64,
    batch: u64,
    items_per_s: f64,
    p99_ms: f64,
    resident_mib: u64,
    disk_mib: u64,
    reopen_s: f64,
}

/// What the example prints of one scan.
#[derive(Debug, Deserialize)]
struct Scan {
    items: u64,
    median_ms: f64,
    resident_mib: u64,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let items = if setup.quick { 100_000 } else { 1_000_000 };
    let mut lines = Vec::new();
    for (mode, name) in [("layer", "through the store"), ("raw", "straight into the engine")] {
        let [redb, sled]: [Batches; 2] = ENGINES.map(|engine| measure(setup, engine, mode, items));
        let faster = ratio(redb.items_per_s, sled.items_per_s);
        let what = format!("{} items {name}, batches of {}", count(redb.items), count(redb.batch));
        lines.push(Line::new(what, rate("redb", &redb)).beside(rate("sled", &sled), faster));
        let smaller = ratio(redb.resident_mib as f64, sled.resident_mib as f64);
        lines.push(Line::new("resident / on disk", space("redb", &redb)).beside(space("sled", &sled), smaller));
        let ends = |one: &Batches| format!("p99 {:.1} ms, reopen {:.2} s", one.p99_ms, one.reopen_s);
        lines.push(Line::new("slowest batches, opening again", ends(&redb)).beside(ends(&sled), ""));
    }
    let [redb, sled]: [Scan; 2] = ENGINES.map(|engine| measure(setup, engine, "scan", items));
    let of = |name: &str, one: &Scan| format!("{name} {:.0} ms, {} MiB", one.median_ms, one.resident_mib);
    lines.push(
        Line::new(format!("scan of {} items of 1,000 hosts", count(redb.items)), of("redb", &redb))
            .beside(of("sled", &sled), ratio(redb.median_ms, sled.median_ms)),
    );
    let notes = vec![
        "redb is the default as long as its lines are the better ones; the ratio is redb's number over sled's. Every batch \
         is on disk before the next begins; the page cache is 32 MiB. Through the store each item is a record with its \
         key, digest and display; straight into the engine it is 16 bytes of key and 120 of value. The layer never \
         hands sled more than 200 entries at once (see ARCHITECTURE.md); straight into it goes the whole batch."
            .to_owned(),
    ];
    Section { title: "Engines of the store".to_owned(), lines, notes }
}

fn measure<T: for<'de> Deserialize<'de>>(setup: &Setup, engine: &str, mode: &str, items: u64) -> T {
    let dir = setup.dir.join(format!("{engine}-{mode}"));
    let mut command = Command::new(program("examples/engine_bench"));
    command.args(["--engine", engine, "--mode", mode, "--items", &items.to_string(), "--dir"]).arg(dir);
    let text = succeed(&mut command);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{engine} {mode}: {error}: {text}"))
}

fn rate(name: &str, one: &Batches) -> String {
    format!("{name} {} /s", count(one.items_per_s as u64))
}

fn space(name: &str, one: &Batches) -> String {
    format!("{name} {} / {} MiB", one.resident_mib, one.disk_mib)
}
