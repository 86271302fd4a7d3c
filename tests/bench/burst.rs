//! Ten thousand changes in a second, over a thousand env files.
//!
//! Each file ends with a value that only its last writing had: whether the
//! collector has that one is asked of its API, and whether anything was lost of
//! its history.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_api::change::EventPage;
use driftline_api::host::HostDetail;
use tokio::runtime::Runtime;

use crate::agent::{Agent, source};
use crate::api::Api;
use crate::collector::Collector;
use crate::stats::{count, duration};
use crate::table::{Line, Section};
use crate::{Setup, runtime, state};

const FILES: usize = 1000;
const CHANGES: usize = 10_000;
const WITHIN: Duration = Duration::from_secs(1);
const ALL_WITHIN: Duration = Duration::from_secs(3);

/// Without a new entry for this long, it may be over: the state is asked for.
const QUIET: Duration = Duration::from_millis(300);

/// Without a new entry for this long, nothing more will come.
const GIVE_UP: Duration = Duration::from_secs(20);

/// Events of the history that would mean a loss.
const LOSSES: [&str; 4] = ["root_mismatch", "sequence_gap", "gap", "resynchronised"];

pub(crate) fn run(setup: &Setup) -> Section {
    let collector = Collector::start(&setup.dir, None);
    let api = Api::of(&collector);
    let runtime = runtime();
    let watched = setup.dir.join("watched");
    std::fs::create_dir(&watched).expect("a directory to watch");
    (0..FILES).for_each(|number| write(&watched, number, 0));
    let sources = source("env_file", "app", &watched.join("*.env"));
    let agent = runtime.block_on(Agent::enrol(&setup.dir, &collector, &api, "web-1", &sources));
    let entries = state::entries(&api, &runtime);
    let (_process, _) = agent.start();
    state::wait_for_entries(&api, &runtime, entries, FILES);
    std::thread::sleep(Duration::from_secs(1));

    let before = losses(&runtime.block_on(events(&api)));
    let begun = Instant::now();
    burst(&watched, begun);
    let written = begun.elapsed();
    let (wrong, all) = settle(&api, &runtime, begun);
    let lost = losses(&runtime.block_on(events(&api)));
    let seen = runtime.block_on(changes_seen(&api));
    section(written, all, wrong, &difference(&before, &lost), seen)
}

fn section(written: Duration, all: Duration, wrong: usize, lost: &str, seen: u64) -> Section {
    let right = FILES - wrong;
    let lines = vec![
        Line::new(
            format!("{} changes of {} files written in", count(CHANGES as u64), count(FILES as u64)),
            duration(written),
        ),
        Line::new("files whose last value is at the collector", format!("{right} of {FILES}"))
            .budget("all", wrong == 0),
        Line::new("gaps, mismatches, resends in the history", lost.to_owned()).budget("none", lost == "none"),
        Line::new("from the first write until all are there", duration(all))
            .budget("3 s", all <= ALL_WITHIN && wrong == 0),
        Line::new("after the last write", duration(all.saturating_sub(written))),
        Line::new("changes in the history", count(seen))
            .beside("writes", format!("{:.2} x", seen as f64 / CHANGES as f64)),
    ];
    let notes = vec![
        "Each file is rewritten in place ten times. A writing that was over before the file could be read again is part \
         of the next change: the history has fewer changes than there were writes, and every one it has follows from \
         the one before, root for root. The end is when the last entry of the history was appended."
            .to_owned(),
    ];
    Section { title: "Burst".to_owned(), lines, notes }
}

fn path(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("app-{number:04}.env"))
}

fn write(dir: &Path, number: usize, turn: usize) {
    std::fs::write(path(dir, number), format!("TURN={turn}\nNAME=service-{number}\n")).expect("an env file");
}

fn burst(dir: &Path, begun: Instant) {
    for change in 0..CHANGES {
        write(dir, change % FILES, change / FILES + 1);
        let due = WITHIN * u32::try_from(change + 1).expect("few") / u32::try_from(CHANGES).expect("few");
        let early = due.saturating_sub(begun.elapsed());
        // Shorter sleeps than this take longer than they say.
        if early > Duration::from_millis(1) {
            std::thread::sleep(early);
        }
    }
}

/// Waits until every file is right, or nothing has come for long; gives the
/// files that are wrong, and when the last entry of the history came.
fn settle(api: &Api, runtime: &Runtime, begun: Instant) -> (usize, Duration) {
    let (mut entries, mut last) = (0, Instant::now());
    let mut wrong = FILES;
    while wrong > 0 && last.elapsed() < GIVE_UP {
        std::thread::sleep(Duration::from_millis(10));
        let now = state::entries(api, runtime);
        if now != entries {
            (entries, last) = (now, Instant::now());
        } else if last.elapsed() > QUIET {
            wrong = wrong_now(&runtime.block_on(state::detail(api, "web-1")));
        }
    }
    (wrong, last - begun)
}

/// Files whose value at the collector is not their last.
fn wrong_now(host: &HostDetail) -> usize {
    let last = (CHANGES / FILES).to_string();
    let right = host.sources.iter().filter(|source| {
        source.items.iter().any(|item| item.key == "TURN" && item.display.as_deref() == Some(last.as_str()))
    });
    FILES.saturating_sub(right.count())
}

async fn events(api: &Api) -> EventPage {
    api.get("/api/v1/events?limit=1000").await
}

fn losses(page: &EventPage) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for event in page.events.iter().filter(|event| LOSSES.contains(&event.what.as_str())) {
        *all.entry(event.what.clone()).or_default() += 1;
    }
    all
}

/// What came since, in words.
fn difference(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> String {
    let mut text = String::new();
    for (what, number) in after {
        let new = number - before.get(what).copied().unwrap_or_default();
        if new > 0 {
            let _ = write!(text, "{new} {what} ");
        }
    }
    if text.is_empty() { "none".to_owned() } else { text.trim_end().to_owned() }
}

/// Changes of `TURN` in the history.
async fn changes_seen(api: &Api) -> u64 {
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let page: driftline_api::change::ChangePage =
            api.get(&format!("/api/v1/changes?key=TURN&limit=1000{cursor}")).await;
        seen += page.changes.len() as u64;
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[cfg(test)]
mod tests;
