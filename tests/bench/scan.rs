//! The first scan of many small files: the agent beside the bare loop, openssl
//! and AIDE on the same files.
//!
//! The cache is warm: every file was written just before and read once.

use std::time::{Duration, Instant};

use crate::agent::{Agent, source};
use crate::api::Api;
use crate::collector::Collector;
use crate::stats::{bytes, count, duration, times};
use crate::table::{Line, Section};
use crate::{Setup, files, peers, proc, runtime, state};

/// How often each is repeated; the fastest counts, because everything else that
/// happens on the machine only adds.
const TIMES: usize = 2;

/// How much slower than the bare loop the agent may be.
const FLOOR_MAX: f64 = 1.6;

/// The agent's times.
#[derive(Debug, Clone, Copy)]
struct Ours {
    ready: Duration,
    shipped: Duration,
    peak: u64,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let number = if setup.quick { 10_000 } else { 100_000 };
    let dir = setup.dir.join("files");
    files::many(&dir, number);
    peers::bare_scan(&dir);
    let bare = (0..TIMES).map(|_| peers::bare_scan(&dir)).min().unwrap_or_default();
    let collector = Collector::start(&setup.dir, None);
    let api = Api::of(&collector);
    let runs: Vec<Ours> = (0..TIMES).map(|turn| ours(setup, &collector, &api, number, turn)).collect();
    let ready = runs.iter().map(|run| run.ready).min().unwrap_or_default();
    let shipped = runs.iter().map(|run| run.shipped).min().unwrap_or_default();
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default();

    let kept = ready.as_secs_f64() <= FLOOR_MAX * bare.as_secs_f64();
    let mut lines = vec![
        Line::new(format!("agent, start -> ready, {} files", count(number as u64)), duration(ready))
            .beside(format!("bare walk, open, read, SHA-256 {}", duration(bare)), times(ready, bare))
            .budget("1.6 x the bare loop", kept),
    ];
    if let Some(openssl) = peers::openssl(&dir) {
        let peer = format!("openssl dgst -sha256 {}", duration(openssl.took));
        lines.push(Line::new("", "").beside(peer, times(ready, openssl.took)));
    }
    if let Some(aide) = peers::aide(&dir, &setup.dir) {
        let peer = format!("aide --init {}, {}", duration(aide.took), bytes(aide.peak));
        lines.push(Line::new("", "").beside(peer, times(ready, aide.took)));
    }
    lines.push(
        Line::new("agent, start -> every file at the collector", duration(shipped))
            .beside("the bare loop", times(shipped, bare)),
    );
    lines.push(Line::new("agent's most resident memory by then", bytes(peak)));
    let notes = vec![format!(
        "{} files of 2 KB in directories of a thousand, warm cache, as `file` sources by one glob; the best of {TIMES}. \
         The bare loop uses one thread and SHA-NI where the processor has it. Ready means that everything was read, \
         digested and journalled.",
        count(number as u64)
    )];
    Section { title: "First scan".to_owned(), lines, notes }
}

/// A new agent over the same files.
fn ours(setup: &Setup, collector: &Collector, api: &Api, number: usize, turn: usize) -> Ours {
    let name = format!("scan-{turn}");
    let runtime = runtime();
    let sources = source("file", "many", &setup.dir.join("files").join(files::GLOB));
    let agent = runtime.block_on(Agent::enrol(&setup.dir, collector, api, &name, &sources));
    let entries = state::entries(api, &runtime);
    let begun = Instant::now();
    let (mut process, ready) = agent.start();
    state::wait_for_entries(api, &runtime, entries, number);
    let shipped = begun.elapsed();
    let peak = proc::peak(process.id());
    let _ = process.stop();
    Ours { ready, shipped, peak }
}
