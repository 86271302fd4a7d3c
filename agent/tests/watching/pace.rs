//! Bursts: more events than the kernel keeps.

use std::fs;

use crate::rig::{Rig, deltas, gaps};

#[test]
fn w1_ten_thousand_changes_end_with_every_final_state() {
    const FILES: usize = 500;
    const ROUNDS: usize = 20;
    let rig = Rig::new().source("env_file", "all", "all/*.env");
    fs::create_dir(rig.path("all")).unwrap();
    for file in 0..FILES {
        rig.write(&format!("all/{file}.env"), "A=0\n");
    }
    let agent = rig.start();
    for round in 1..=ROUNDS {
        for file in 0..FILES {
            rig.write(&format!("all/{file}.env"), &format!("A={round}\n"));
        }
    }
    for file in 0..FILES {
        agent.wait_for_value(&format!("all/{file}.env"), "A", Some(&ROUNDS.to_string()));
    }
}

#[test]
fn w1_an_overflow_is_said_with_its_bounds() {
    const FILES: usize = 40;
    let rig = Rig::new().source("env_file", "all", "all/*.env");
    fs::create_dir(rig.path("all")).unwrap();
    for file in 0..FILES {
        rig.write(&format!("all/{file}.env"), "A=0\n");
    }
    let agent = rig.start();
    // More happenings than any queue holds, from several writers at once.
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let rig = &rig;
            scope.spawn(move || {
                for round in 0..15_000_usize {
                    let file = (writer * 10 + round % 10) % FILES;
                    fs::write(rig.path(&format!("all/{file}.env")), format!("A={round}\n")).unwrap();
                }
            });
        }
    });
    for file in 0..FILES {
        let text = fs::read_to_string(rig.path(&format!("all/{file}.env"))).unwrap();
        let value = text.trim().strip_prefix("A=").unwrap().to_owned();
        agent.wait_for_value(&format!("all/{file}.env"), "A", Some(&value));
    }
    let records = agent.records();
    assert!(deltas(&records, "all/0.env").len() > 1);
    for (from, to, reason) in gaps(&records) {
        assert!(from <= to && reason.contains("overflowed"), "{reason}");
    }
}
