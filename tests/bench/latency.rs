//! From a write to the alert: one env file, one change after the other.
//!
//! The clock runs from just before the system call that finishes the change
//! until the receiver has read the whole alert, which the collector sends only
//! after its commit. The next change comes when the last was seen.

use std::path::Path;
use std::time::{Duration, Instant};

use driftline_tests::process::PATIENCE;
use driftline_tests::webhook::{Webhook, changes};

use crate::agent::{Agent, source};
use crate::api::Api;
use crate::collector::Collector;
use crate::peers::Inotifywait;
use crate::stats::{Samples, pair, times};
use crate::table::{Line, Section};
use crate::{Setup, files, machine, runtime};

const P50_MAX: Duration = Duration::from_millis(3);
const P99_MAX: Duration = Duration::from_millis(15);

/// Between two changes, so that nothing of the last is still going on.
const PAUSE: Duration = Duration::from_millis(5);

/// Changes that are not counted: first uses of code and connections.
const WARM_UP: usize = 20;

/// How a file is changed.
#[derive(Debug, Clone, Copy)]
enum Way {
    InPlace,
    Rename,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let count = if setup.quick { 100 } else { 1000 };
    let disk = machine::append_and_sync(&setup.dir, count);
    let bare = [Way::InPlace, Way::Rename].map(|way| inotifywait(&setup.dir, way, count));
    let [in_place, rename] = ours(&setup.dir, count);
    let mut lines = Vec::new();
    for (name, ours, bare) in [
        ("write in place and close -> webhook, p50 / p99", &in_place, &bare[0]),
        ("atomic rename -> webhook, p50 / p99", &rename, &bare[1]),
    ] {
        let kept = ours.p50() <= P50_MAX && ours.p99() <= P99_MAX;
        let line = Line::new(name, pair(ours)).budget("3 ms / 15 ms", kept);
        lines.push(match bare {
            Some(bare) => line.beside(format!("inotifywait alone {}", pair(bare)), times(ours.p50(), bare.p50())),
            None => line,
        });
        let sync = format!("one append of 4 KiB + fdatasync {}", pair(&disk));
        lines.push(Line::new("", "").beside(sync, times(ours.p50(), disk.p50())));
    }
    let slowest = in_place.max().max(rename.max());
    let notes = vec![format!(
        "{} changes each way to an env file of 80 variables, real agent, real collector, TLS on loopback, signed webhook \
         to a receiver in the benchmark; the collector sends it only after its commit. The next change follows the last \
         one's alert by {} ms. Slowest of all: {} ms. Ratios are of the p50.",
        in_place.len(),
        PAUSE.as_millis(),
        slowest.as_millis()
    )];
    Section { title: "From a file to the webhook".to_owned(), lines, notes }
}

fn ours(dir: &Path, count: usize) -> [Samples; 2] {
    let webhook = Collector::webhook();
    let collector = Collector::start(dir, Some(&webhook));
    let watched = dir.join("watched");
    std::fs::create_dir(&watched).expect("a directory to watch");
    let file = watched.join("app.env");
    std::fs::write(&file, files::env(0)).expect("the env file");
    let runtime = runtime();
    let api = Api::of(&collector);
    let sources = source("env_file", "app", &file);
    let agent = runtime.block_on(Agent::enrol(dir, &collector, &api, "web-1", &sources));
    let (_process, _) = agent.start();
    first_alert(&webhook, &file);
    let mut turn = 0;
    [Way::InPlace, Way::Rename].map(|way| {
        let mut once = || {
            turn += 1;
            std::thread::sleep(PAUSE);
            let begun = change(&file, way, turn);
            alerted(&webhook, turn) - begun
        };
        (0..WARM_UP).for_each(|_| _ = once());
        Samples::new((0..count).map(|_| once()).collect())
    })
}

/// Writes until the first alert comes: until then the first observation may
/// still be on its way, and a change would be part of it.
fn first_alert(webhook: &Webhook, file: &Path) {
    let begun = Instant::now();
    let told = || webhook.calls().iter().any(|call| changes(call).any(|change| change["key"] == "FIRST"));
    for round in 0.. {
        std::fs::write(file, format!("{}FIRST={round}\n", files::env(0))).expect("the env file");
        std::thread::sleep(Duration::from_millis(100));
        if told() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "no alert at all");
    }
}

/// Changes the file; gives the moment before the call that finished it.
fn change(file: &Path, way: Way, turn: usize) -> Instant {
    let text = files::env(turn);
    match way {
        Way::InPlace => {
            let begun = Instant::now();
            std::fs::write(file, text).expect("the env file");
            begun
        }
        Way::Rename => {
            let beside = file.with_extension("new");
            std::fs::write(&beside, text).expect("a file beside it");
            let begun = Instant::now();
            std::fs::rename(&beside, file).expect("a rename");
            begun
        }
    }
}

fn alerted(webhook: &Webhook, turn: usize) -> Instant {
    let wanted = files::turned(turn);
    // Each turn before made one call at least, so none of those is looked at.
    webhook.wait(turn.saturating_sub(1), |call| {
        let found = changes(call).any(|change| change["after"]["display"] == wanted.as_str());
        found.then_some(call.at)
    })
}

/// The same changes, as inotifywait says them.
fn inotifywait(dir: &Path, way: Way, count: usize) -> Option<Samples> {
    let dir = tempfile::tempdir_in(dir).expect("a directory to watch");
    let file = dir.path().join("app.env");
    std::fs::write(&file, files::env(0)).expect("the env file");
    let watch = Inotifywait::start(dir.path())?;
    let once = |turn| {
        std::thread::sleep(PAUSE);
        let begun = change(&file, way, turn);
        watch.said("app.env") - begun
    };
    Some(Samples::new((1..=count).map(once).collect()))
}
