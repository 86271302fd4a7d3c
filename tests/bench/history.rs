//! A long history: the newest out-of-band changes in it, and the proof that it
//! is whole.
//!
//! The store's own example fills it and asks; this reads what it prints, and has
//! `driftline verify` prove what it exported.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use driftline_tests::process::{program, succeed};
use serde::Deserialize;

use crate::Setup;
use crate::stats::{bytes, count, duration, times};
use crate::table::{Line, Section};

/// Changes in the history.
const ENTRIES: &str = "DRIFTLINE_BENCH_HISTORY";

/// As many as are filled in half a minute; the budget is for ten times that.
const ENTRIES_DEFAULT: u64 = 1_000_000;

const FIND_MAX: Duration = Duration::from_millis(10);
const PROVE_MAX: Duration = Duration::from_secs(5);

/// What the example prints of each question.
#[derive(Debug, Deserialize)]
struct Asked {
    entries: u64,
    #[serde(rename = "where")]
    place: String,
    p50_ms: f64,
    p95_ms: f64,
    any_ms: f64,
    filled_s: f64,
}

/// What it prints of the proof.
#[derive(Debug, Deserialize)]
struct Proved {
    proved: u64,
    bytes: u64,
    verify_s: f64,
    sha256_s: f64,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let asked_for = std::env::var(ENTRIES).ok().and_then(|text| text.parse().ok());
    let entries = if setup.quick { ENTRIES_DEFAULT / 10 } else { asked_for.unwrap_or(ENTRIES_DEFAULT) };
    let export = setup.dir.join("export.ndjson");
    let mut example = Command::new(program("examples/out_of_band"));
    let text = succeed(example.arg(entries.to_string()).arg(&setup.dir).arg(&export));
    let (asked, proved) = read(&text);
    let mut lines: Vec<Line> = asked.iter().map(found).collect();
    lines.extend(proofs(&proved, by_file(&export)));
    let filled = asked.first().map_or(0.0, |one| one.filled_s);
    let notes = vec![
        format!(
            "A page of the newest 100 out-of-band changes, where one change in 5,000 is one, 400 times; beside it the newest \
             100 changes of any kind. Filling took {filled:.0} s, in durable batches of 1,000. The proof hashes each entry \
             with the hash of the one before it; beside it is the bare SHA-256 of as many bytes in as many pieces. \
             `driftline verify --file` proves an export of {} without the collector: it reads JSON and base64 too.",
            bytes(std::fs::metadata(&export).map_or(0, |data| data.len()))
        ),
        format!("`{ENTRIES}=10000000` fills the history that the budget is for. {FULL_SIZE}"),
    ];
    Section { title: "A long history".to_owned(), lines, notes }
}

/// The lines of the example, told apart by what they have.
fn read(text: &str) -> (Vec<Asked>, Proved) {
    let mut asked = Vec::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(one) => asked.push(one),
            Err(_) => return (asked, serde_json::from_str(line).expect("the example prints JSON")),
        }
    }
    panic!("the example proves nothing: {text}");
}

fn found(one: &Asked) -> Line {
    let of_ms = |ms: f64| Duration::from_secs_f64(ms / 1000.0);
    let (p50, p95, any) = (of_ms(one.p50_ms), of_ms(one.p95_ms), of_ms(one.any_ms));
    let place = if one.place == "everywhere" { String::new() } else { format!(" of {}", one.place) };
    Line::new(
        format!("newest out-of-band changes{place} out of {}, p50 / p95", count(one.entries)),
        format!("{} / {}", duration(p50), duration(p95)),
    )
    .beside(format!("newest of any kind {}", duration(any)), times(p50, any))
    .budget("p95 10 ms", p95 <= FIND_MAX)
}

fn proofs(proved: &Proved, by_file: Duration) -> [Line; 2] {
    let (took, bare) = (Duration::from_secs_f64(proved.verify_s), Duration::from_secs_f64(proved.sha256_s));
    // Fewer entries have as much less time.
    let max = PROVE_MAX.mul_f64(proved.proved as f64 / ENTRIES_DEFAULT as f64);
    let line = |what: &str, took: Duration| {
        Line::new(format!("{what} of {} entries", count(proved.proved)), duration(took))
            .beside(format!("SHA-256 of as much ({}) {}", bytes(proved.bytes), duration(bare)), times(took, bare))
            .budget(duration(max), took <= max)
    };
    [line("verify in the collector", took), line("driftline verify --file", by_file)]
}

fn by_file(export: &Path) -> Duration {
    let begun = Instant::now();
    let _ = succeed(Command::new(program("driftline")).arg("verify").arg("--file").arg(export));
    begun.elapsed()
}

/// Measured once, and not by this run.
const FULL_SIZE: &str = "That was done on 2026-11-22, while the two cores were compiling too: p50 / p95 140 µs / 283 µs \
     everywhere and 140 µs / 639 µs in one environment, after 843 s of filling.";

#[cfg(test)]
mod tests;
