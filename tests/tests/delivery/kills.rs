//! D1: kill -9 of either side at random instants under a stream of changes.

use std::collections::HashMap;
use std::time::Duration;

use driftline_tests::fleet::{APP_ENV, Fleet, Wishes};
use driftline_tests::webhook::changes;

use super::{Writer, assert_unbroken, counter_changes, event_kinds, wait_for_counter, write_counter};

/// Kills of either side; `DRIFTLINE_KILLS` may ask for more.
const KILLS: u64 = 200;

/// A small generator with a seed that a failure prints (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

fn kills() -> u64 {
    std::env::var("DRIFTLINE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn d1(engine: &'static str, rounds: u64, seed: u64) {
    let fleet = Fleet::with(Wishes { engine, ..Wishes::default() });
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 1);

    let mut random = Random(seed);
    let writer = Writer::start(&agent, 1, Duration::from_millis(7));
    for _ in 0..rounds {
        std::thread::sleep(Duration::from_millis(random.below(150)));
        if random.below(2) == 0 {
            agent.kill();
            fleet.run(&mut agent);
        } else {
            fleet.kill_collector();
            fleet.start_collector();
        }
    }
    let last = writer.stop();
    wait_for_counter(&fleet, "web-1", last);

    assert_unbroken(&counter_changes(&fleet), 1, last);
    let kinds = event_kinds(&fleet);
    for bad in ["root_mismatch", "sequence_gap", "host_quarantined"] {
        assert!(!kinds.iter().any(|kind| kind == bad), "{bad} after kills (seed {seed}): {kinds:?}");
    }
    assert!(fleet.cli(&["verify"]).status.success(), "the chain is broken (seed {seed})");
    assert_decisions_are_single(&fleet);
}

/// A crash neither loses nor doubles a decision: every change is told in alerts
/// of one id.
fn assert_decisions_are_single(fleet: &Fleet) {
    let mut told: HashMap<u64, String> = HashMap::new();
    for call in fleet.webhook.calls() {
        for change in changes(&call) {
            let id = change["id"].as_u64().unwrap();
            let first = told.entry(id).or_insert_with(|| call.id.clone());
            assert_eq!(*first, call.id, "change {id} was decided twice");
        }
    }
    for change in counter_changes(fleet) {
        let id = change["id"].as_u64().unwrap();
        assert!(told.contains_key(&id), "change {id} was never told");
    }
}

#[test]
fn d1_kill_9_of_either_side_loses_and_doubles_nothing_on_redb() {
    d1("redb", kills(), 0x5eed_0001);
}

#[test]
fn d1_kill_9_of_either_side_loses_and_doubles_nothing_on_sled() {
    d1("sled", kills() / 4, 0x5eed_0002);
}
