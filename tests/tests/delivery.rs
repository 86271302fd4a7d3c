//! Nothing acknowledged is lost, nothing happens twice, order is kept: over real
//! processes that are killed, cut off, slowed down, restored and cloned.

#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

#[path = "delivery/faults.rs"]
mod faults;
#[path = "delivery/kills.rs"]
mod kills;
#[path = "delivery/state.rs"]
mod state;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use driftline_tests::fleet::{Agent, Fleet};
use driftline_tests::process::eventually;
use serde_json::Value;

/// Replaces an env file with a rising COUNTER until it is told to stop.
struct Writer {
    stop: Arc<AtomicBool>,
    last: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    fn start(agent: &Agent, from: u64, every: Duration) -> Self {
        let (stop, last) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(from)));
        let (stopping, counter, dir) = (Arc::clone(&stop), Arc::clone(&last), agent.files());
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::SeqCst) {
                write_counter(&dir, counter.load(Ordering::SeqCst) + 1);
                counter.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(every);
            }
        });
        Self { stop, last, thread: Some(thread) }
    }

    /// Stops, and gives the last value written.
    fn stop(mut self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        self.last.load(Ordering::SeqCst)
    }
}

fn write_counter(dir: &Path, value: u64) {
    let beside = dir.join(".app.env.new");
    std::fs::write(&beside, format!("COUNTER={value}\nOTHER=same\n")).unwrap();
    std::fs::rename(beside, dir.join("app.env")).unwrap();
}

fn wait_for_counter(fleet: &Fleet, host: &str, value: u64) {
    let value = value.to_string();
    eventually(&format!("{host} has COUNTER={value}"), || {
        let shown = fleet.json(&["show", host]);
        let items =
            shown["sources"].as_array()?.iter().find(|one| one["source"] == "app")?["items"].as_array()?.clone();
        items.iter().any(|item| item["key"] == "COUNTER" && item["display"] == *value).then_some(())
    });
}

/// All changes of COUNTER, oldest first, over all pages.
fn counter_changes(fleet: &Fleet) -> Vec<Value> {
    let done = fleet.cli(&["--output", "ndjson", "changes", "--key", "COUNTER", "--limit", "100000"]);
    let text = String::from_utf8(done.stdout).unwrap();
    let mut all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    all.sort_by_key(|change| change["id"].as_u64());
    all
}

fn number(side: &Value) -> u64 {
    side["display"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no number: {side}"))
}

/// Each change starts where the one before ended, and values only rise: so no
/// change is lost between two others, none is there twice, and order is kept.
fn assert_unbroken(changes: &[Value], first: u64, last: u64) {
    assert!(!changes.is_empty(), "no changes at all");
    let mut at = first;
    for change in changes {
        assert_eq!(number(&change["before"]), at, "a change does not start where the last one ended: {change:#}");
        let after = number(&change["after"]);
        assert!(after > at, "order is broken: {change:#}");
        at = after;
    }
    assert_eq!(at, last, "the last change is missing");
}

/// The kinds of events in the history.
fn event_kinds(fleet: &Fleet) -> Vec<String> {
    let page = fleet.json(&["changes", "--events", "--limit", "1000"]);
    let events = page["events"].as_array().cloned().unwrap_or_default();
    events.iter().filter_map(|event| event["what"].as_str().map(str::to_owned)).collect()
}
