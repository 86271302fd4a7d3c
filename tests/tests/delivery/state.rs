//! D6, D7, D8, D10: restored, wiped, cloned, with a wrong clock, badly
//! configured.

use std::fs;
use std::path::Path;
use std::process::Command;

use driftline_tests::fleet::{APP_ENV, Agent, Fleet};
use driftline_tests::process::{eventually, output, succeed};
use driftline_tests::webhook::events;

use super::{counter_changes, event_kinds, number, wait_for_counter, write_counter};

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let _ = succeed(Command::new("cp").arg("-a").arg(from).arg(to));
}

fn started(fleet: &Fleet) -> Agent {
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_counter(fleet, "web-1", 1);
    agent
}

#[test]
fn d6_a_collector_restored_from_a_backup_is_brought_up_to_date_and_says_so() {
    let fleet = Fleet::start();
    let agent = started(&fleet);
    let (state, backup) = (fleet.path("collector"), fleet.path("backup"));
    fleet.stop_collector();
    copy(&state, &backup);
    fleet.start_collector();
    for value in 2..=4 {
        write_counter(&agent.files(), value);
        wait_for_counter(&fleet, "web-1", value);
    }
    fleet.stop_collector();
    copy(&backup, &state);
    fleet.start_collector();
    wait_for_counter(&fleet, "web-1", 4);

    // What happened in between is known by its net effect, and the history says
    // that there was something between.
    let changes = counter_changes(&fleet);
    assert_eq!(number(&changes.last().unwrap()["after"]), 4, "{changes:#?}");
    let kinds = event_kinds(&fleet);
    let said = ["epoch_changed", "sequence_gap", "root_mismatch", "resynchronised"];
    assert!(kinds.iter().any(|kind| said.contains(&kind.as_str())), "{kinds:?}");
    write_counter(&agent.files(), 5);
    wait_for_counter(&fleet, "web-1", 5);
    assert!(fleet.cli(&["verify"]).status.success());
}

#[test]
fn d7_a_wiped_journal_starts_a_new_epoch_and_loses_no_truth() {
    let fleet = Fleet::start();
    let mut agent = started(&fleet);
    agent.stop();
    for entry in fs::read_dir(agent.state_dir()).unwrap().flatten() {
        if entry.file_name() != "identity.toml" {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
    write_counter(&agent.files(), 7);
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 7);
    let changes = counter_changes(&fleet);
    let last = changes.last().unwrap();
    assert_eq!((number(&last["before"]), number(&last["after"])), (1, 7), "{last:#}");
    assert!(last["marks"].as_array().unwrap().iter().any(|mark| mark == "coalesced" || mark == "unobserved"));
}

#[test]
fn d7_a_clone_is_quarantined_with_its_original() {
    let fleet = Fleet::start();
    let mut agent = started(&fleet);
    // Copied while nobody looks, started while the original lives.
    agent.stop();
    let clone_state = fleet.path("clone-state");
    copy(&agent.state_dir(), &clone_state);
    fleet.run(&mut agent);
    fleet.wait_for_host("web-1", "connected");
    let files = agent.files().display().to_string();
    let text = format!("state_dir = \"{}\"\n\n{}", clone_state.display(), APP_ENV.replace("{files}", &files));
    fs::write(fleet.path("clone.toml"), text).unwrap();
    let mut command = fleet.command("driftline-agent");
    command.arg("run").arg("--config").arg(fleet.path("clone.toml"));
    let clone = driftline_tests::process::Running::start(&mut command, &fleet.path("clone.log"));

    let host = fleet.webhook.wait(0, |call| {
        events(call).find(|event| event["what"] == "host_quarantined").map(|event| event["host"].clone())
    });
    assert_eq!(host, "web-1");
    fleet.wait_for_host("web-1", "quarantined");
    drop(clone);
}

#[test]
fn d8_a_clock_wrong_by_a_day_is_measured_and_locks_nobody_out() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    assert!(Path::new(library).exists(), "Debian's package `faketime` is not installed");
    for (offset, expected_h) in [("+24h", 24), ("-24h", -24)] {
        let mut command = fleet.agent_command(&agent, "run");
        command.env("LD_PRELOAD", library).env("FAKETIME", offset).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let log = fleet.path("skewed.log");
        let mut running = driftline_tests::process::Running::start(&mut command, &log);
        let host = eventually(&format!("the skew of {offset} is shown"), || {
            let host = fleet.wait_for_host("web-1", "connected");
            let hours = (host["clock_skew_ms"].as_i64()? as f64 / 3_600_000.0).round() as i64;
            (hours == expected_h).then_some(host)
        });
        let value = if expected_h > 0 { 2 } else { 3 };
        write_counter(&agent.files(), value);
        wait_for_counter(&fleet, "web-1", value);
        assert!(running.stop().success(), "{host:#}");
    }
    // By sequence, not by clock: the later change comes later although its
    // clock was two days behind.
    let seen: Vec<u64> = counter_changes(&fleet).iter().map(|change| number(&change["after"])).collect();
    assert_eq!(seen, [2, 3]);
}

#[test]
fn d10_a_bad_configuration_is_refused_with_its_place_and_touches_nothing() {
    let fleet = Fleet::start();
    let mut agent = started(&fleet);
    agent.stop();
    let journal = fs::read(agent.state_dir().join("state.redb")).unwrap();
    agent.configure("", &APP_ENV.replace("dialect", "dialekt"));
    let done = output(&mut fleet.agent_command(&agent, "run"));
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(78), "{text}");
    assert!(text.contains("agent.toml:") && text.contains("dialekt") && text.contains("dialect"), "{text}");
    assert!(journal == fs::read(agent.state_dir().join("state.redb")).unwrap(), "the journal was touched");

    fs::write(fleet.path("bad.toml"), "[listen]\ningest = \"127.0.0.1:99999\"\n").unwrap();
    let mut check = fleet.command("driftline-collector");
    let done = output(check.arg("check").arg("--config").arg(fleet.path("bad.toml")));
    assert_eq!(done.status.code(), Some(78), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stderr).contains("bad.toml:2"));
}

#[test]
fn d8_a_clock_that_steps_while_the_agent_runs_loses_nothing() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    assert!(Path::new(library).exists(), "Debian's package `faketime` is not installed");
    let clock = fleet.path("clock");
    fs::write(&clock, "+0").unwrap();
    let mut command = fleet.agent_command(&agent, "run");
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut running = driftline_tests::process::Running::start(&mut command, &fleet.path("stepped.log"));
    wait_for_counter(&fleet, "web-1", 1);
    for (step, offset) in ["+2h", "-2h", "+30d", "-1d", "+0"].iter().enumerate() {
        // As `date --set` or a careless NTP client does it, under a live stream.
        fs::write(&clock, offset).unwrap();
        let value = 2 + step as u64;
        write_counter(&agent.files(), value);
        wait_for_counter(&fleet, "web-1", value);
        assert!(running.is_running(), "{offset}: {}", running.log());
    }
    super::assert_unbroken(&counter_changes(&fleet), 1, 6);
    let kinds = event_kinds(&fleet);
    let bad = ["root_mismatch", "sequence_gap", "host_quarantined"];
    assert!(!kinds.iter().any(|kind| bad.contains(&kind.as_str())), "{kinds:?}");
    assert!(running.stop().success());
    assert!(fleet.cli(&["verify"]).status.success());
}

#[test]
fn p7_sighup_takes_a_good_configuration_over_and_never_a_bad_one() {
    let fleet = Fleet::start();
    let mut agent = started(&fleet);
    agent.configure("", "[[sauce]]\n");
    agent.process().signal("HUP");
    agent.process().wait_for_log("not reloaded");
    assert!(agent.log().contains("agent.toml:"), "the place is told: {}", agent.log());
    write_counter(&agent.files(), 2);
    wait_for_counter(&fleet, "web-1", 2);

    let more = format!("{APP_ENV}\n[[source]]\nkind = \"file\"\nname = \"more\"\npath = \"{{files}}/more.conf\"\n");
    agent.configure("", &more);
    agent.write("more.conf", "x");
    agent.process().signal("HUP");
    eventually("the added source is at the collector", || {
        let shown = fleet.json(&["show", "web-1"]);
        shown["sources"].as_array()?.iter().any(|source| source["source"] == "more").then_some(())
    });
    write_counter(&agent.files(), 3);
    wait_for_counter(&fleet, "web-1", 3);
    super::assert_unbroken(&counter_changes(&fleet), 1, 3);
    fleet.wait_for_host("web-1", "connected");
    let kinds = event_kinds(&fleet);
    assert!(!kinds.iter().any(|kind| kind == "host_quarantined" || kind == "host_silent"), "{kinds:?}");
}
