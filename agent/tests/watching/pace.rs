//! Bursts: more events than anybody keeps.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::Duration;

use driftline_daemon::clock;

use crate::rig::{Rig, deltas, gaps, of};

/// Writes in place and at the same length: nothing is truncated, so that the
/// filesystem has no reason to flush and a burst stays a burst.
fn overwrite(rig: &Rig, name: &str, round: usize) {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(rig.path(name)).unwrap();
    file.write_all(format!("A={round:06}\n").as_bytes()).unwrap();
}

fn many(rig: &Rig, files: usize) {
    fs::create_dir(rig.path("all")).unwrap();
    (0..files).for_each(|file| overwrite(rig, &format!("all/{file}.env"), 0));
}

#[test]
fn w1_ten_thousand_changes_end_with_every_final_state() {
    const FILES: usize = 250;
    const ROUNDS: usize = 40;
    let rig = Rig::new().source("env_file", "all", "all/*.env");
    many(&rig, FILES);
    let agent = rig.start();
    for round in 1..=ROUNDS {
        (0..FILES).for_each(|file| overwrite(&rig, &format!("all/{file}.env"), round));
    }
    for file in 0..FILES {
        agent.wait_for_value(&format!("all/{file}.env"), "A", Some(&format!("{ROUNDS:06}")));
    }
}

#[test]
fn w1_an_overflow_is_said_with_its_bounds() {
    const FILES: usize = 40;
    // Two happenings each: more than the agent's queue of 16,384 holds.
    const WRITES: usize = 15_000;
    let rig = Rig::new().source("env_file", "all", "all/*.env");
    many(&rig, FILES);
    let started_ms = clock::now_ms();
    let (agent, gate) = rig.start_gated();
    gate.shut();
    // What the stages between can hold is filled one by one: then nobody reads.
    for round in 0..6 {
        overwrite(&rig, "all/0.env", 900_000 + round);
        std::thread::sleep(Duration::from_millis(60));
    }
    let burst_ms = clock::now_ms();
    for write in 0..WRITES {
        overwrite(&rig, &format!("all/{}.env", write % FILES), write);
    }
    let over_ms = clock::now_ms();
    assert!(gaps(&agent.records()).is_empty(), "the watch stage was to stand still");
    gate.open();
    let records = agent.until("the gap", |records| !gaps(records).is_empty());
    let (from_ms, to_ms, reason) = gaps(&records)[0].clone();
    assert!(reason.contains("overflowed"), "{reason}");
    assert!((started_ms..=burst_ms).contains(&from_ms), "{started_ms} {from_ms} {burst_ms}");
    assert!(to_ms >= over_ms, "{to_ms} {over_ms}");
    for file in 0..FILES {
        let last = (WRITES - FILES) + file;
        agent.wait_for_value(&format!("all/{file}.env"), "A", Some(&format!("{last:06}")));
    }
    // What is seen after the gap is seen as it happens again.
    let mut number = 950_000;
    let records = loop {
        overwrite(&rig, "all/7.env", number);
        let records = agent.until_value("all/7.env", "A", Some(&number.to_string()));
        // The first ones may be found by the scan that follows the gap.
        if of(&records, "all/7.env").last().unwrap().unobserved_since_ms.is_none() {
            break records;
        }
        number += 1;
        assert!(number < 950_100, "the scan never ends");
    };
    assert!(deltas(&records, "all/7.env").len() > 1);
    assert_eq!(gaps(&records).len(), 1, "{:?}", gaps(&records));
}
