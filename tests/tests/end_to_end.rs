//! The main job over real processes: a file is edited by hand, and an operator
//! sees which key, on which host, from what to what, and how environments now
//! differ.

#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

use driftline_tests::fleet::{APP_ENV, Fleet};
use driftline_tests::process::eventually;
use driftline_tests::webhook::{Call, changes, events};
use serde_json::Value;

fn change_of(call: &Call, key: &str) -> Value {
    changes(call).find(|change| change["key"] == key).cloned().unwrap_or(Value::Null)
}

/// Waits until the collector has `key` at `display` on a host.
fn wait_for_value(fleet: &Fleet, host: &str, key: &str, display: &str) {
    eventually(&format!("{host} has {key}={display}"), || {
        let shown = fleet.json(&["show", host]);
        let sources = shown["sources"].as_array()?;
        let mut items = sources.iter().filter_map(|source| source["items"].as_array()).flatten();
        items.any(|item| item["key"] == key && item["display"] == display).then_some(())
    });
}

#[test]
fn a_hand_edit_in_production_is_seen_by_the_operator() {
    let fleet = Fleet::start();
    let staging = fleet.enrol("stage-1", "staging", "web", APP_ENV);
    let production = fleet.enrol("web-1", "production", "web", APP_ENV);
    let text = "DB_HOST=db.internal\nDB_TIMEOUT=30s\nLOG_LEVEL=info\n";
    staging.write("app.env", text);
    production.write("app.env", text);
    let (mut staging, mut production) = (staging, production);
    fleet.run(&mut staging);
    fleet.run(&mut production);
    wait_for_value(&fleet, "stage-1", "DB_TIMEOUT", "30s");
    wait_for_value(&fleet, "web-1", "DB_TIMEOUT", "30s");

    // Nothing differs yet, and a first sight is no change.
    let before = fleet.json(&["compare", "staging", "production"]);
    assert_eq!((&before["keys"], &before["differing"]), (&3.into(), &0.into()), "{before}");
    assert_eq!(before["percent"], "0.0");
    assert!(fleet.changes().is_empty(), "{:?}", fleet.changes());

    production.replace("app.env", "DB_HOST=db.internal\nDB_TIMEOUT=5s\nLOG_LEVEL=info\n");
    let call = fleet.webhook.wait_for_key(0, "DB_TIMEOUT");
    assert!(call.signed);
    let change = change_of(&call, "DB_TIMEOUT");
    assert_eq!(change["host"], "web-1");
    assert_eq!(change["environment"], "production");
    assert_eq!(change["what"], "changed");
    assert_eq!(change["before"]["display"], "30s");
    assert_eq!(change["after"]["display"], "5s");
    assert_eq!(change["after"]["line"], 2);
    assert_eq!(change["severity"], "warning");
    assert_eq!(change["verdict"], "undetermined");

    let after = fleet.json(&["compare", "staging", "production"]);
    assert_eq!((&after["keys"], &after["differing"]), (&3.into(), &1.into()), "{after}");
    assert_eq!(after["percent"], "33.3");
    let difference = &after["differences"][0];
    assert_eq!(difference["key"], "DB_TIMEOUT");
    assert_eq!(difference["left"]["display"], "30s");
    assert_eq!(difference["right"]["display"], "5s");

    // The same is in every view of the operator.
    let listed = fleet.changes();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["id"], change["id"]);
    let history = fleet.json(&["history", "DB_TIMEOUT"]);
    assert_eq!(history["changes"][0]["id"], change["id"]);
    assert_eq!(fleet.cli(&["compare", "staging", "production"]).status.code(), Some(2));
    assert_eq!(fleet.cli(&["verify"]).status.code(), Some(0));

    production.stop();
    staging.stop();
    fleet.stop_collector();
}

#[test]
fn w3_an_atomic_rename_over_the_file_is_one_change_and_the_next_one_is_seen_too() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=0\nB=x\n");
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_value(&fleet, "web-1", "A", "0");
    for round in 1..=5 {
        agent.replace("app.env", format!("A={round}\nB=x\n"));
        wait_for_value(&fleet, "web-1", "A", &round.to_string());
    }
    let seen: Vec<_> = fleet.changes().iter().map(|change| change["after"]["display"].clone()).collect();
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
}

#[test]
fn w7_changes_while_the_agent_was_down_are_reported_between_two_times() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=1\nGONE=1\n");
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_value(&fleet, "web-1", "A", "1");
    for kill in [true, false] {
        if kill {
            agent.kill()
        } else {
            agent.stop()
        }
        let text = if kill { "A=2\nGONE=1\n" } else { "A=3\n" };
        agent.write("app.env", text);
        fleet.run(&mut agent);
        wait_for_value(&fleet, "web-1", "A", if kill { "2" } else { "3" });
    }
    let all = fleet.changes();
    assert_eq!(all.len(), 3, "{all:#?}");
    for change in &all {
        assert!(change["unobserved_since"].is_string(), "{change:#}");
        let marks = change["marks"].as_array().unwrap();
        assert!(marks.contains(&"unobserved".into()), "{change:#}");
    }
}

#[test]
fn w10_what_cannot_be_printed_is_escaped_everywhere() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=plain\n");
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_value(&fleet, "web-1", "A", "plain");
    agent.write("app.env", b"A=\xff\xfe\x1b[31mred\n");
    let call = fleet.webhook.wait_for_key(0, "A");
    let text = String::from_utf8(call.raw.clone()).expect("alerts are UTF-8");
    assert!(!text.contains('\u{1b}') && !text.contains("\\u001b"), "{text}");
    let table = fleet.cli(&["changes"]);
    assert!(!table.stdout.contains(&0x1b), "{}", String::from_utf8_lossy(&table.stdout));
}

#[test]
fn w13_deleted_then_back_is_told_and_nothing_is_guessed() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=1\n");
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_value(&fleet, "web-1", "A", "1");
    std::fs::remove_file(agent.files().join("app.env")).unwrap();
    wait_for_value(&fleet, "web-1", "@state", "absent");
    agent.write("app.env", "A=1\n");
    wait_for_value(&fleet, "web-1", "A", "1");
    let state: Vec<_> = fleet.changes().into_iter().filter(|change| change["key"] == "@state").collect();
    assert!(state.len() >= 2, "{state:#?}");
}

#[test]
fn i7_a_killed_agent_is_alerted_and_a_clean_stop_told_apart() {
    let fleet = Fleet::start();
    let mut killed = fleet.agent("web-1", "production", "web", APP_ENV);
    let mut stopped = fleet.agent("web-2", "production", "web", APP_ENV);
    let begun = std::time::Instant::now();
    stopped.stop();
    killed.kill();
    let silent = fleet
        .webhook
        .wait(0, |call| events(call).find(|event| event["what"] == "host_silent").map(|event| event["host"].clone()));
    assert_eq!(silent, "web-1");
    assert!(begun.elapsed().as_secs() < 30, "known after {:?}", begun.elapsed());
    fleet.wait_for_host("web-2", "stopped");
    fleet.wait_for_host("web-1", "silent");
    let of_stopped = fleet
        .webhook
        .calls()
        .iter()
        .any(|call| events(call).any(|event| event["what"] == "host_silent" && event["host"] == "web-2"));
    assert!(!of_stopped, "a clean stop was alerted as silence");
}

/// A program that keeps its arguments and waits.
struct Waiting(std::process::Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn what_is_there_and_not_watched_is_shown_to_the_operator() {
    let fleet = Fleet::start();
    let mut agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=1\n");
    agent.write("unwatched.toml", "[a]\nb = 1\n");
    let path = |name: &str| agent.files().canonicalize().unwrap().join(name).display().to_string();
    let (watched, unwatched) = (path("app.env"), path("unwatched.toml"));
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", "read -r _", "app", "--env-file", &watched, "--config", &unwatched]);
    let _waiting = Waiting(command.stdin(std::process::Stdio::piped()).spawn().unwrap());
    fleet.run(&mut agent);
    let shown = eventually("web-1 says what it does not watch", || {
        let shown = fleet.json(&["show", "web-1"]);
        shown["host"]["coverage"].is_object().then_some(shown)
    });
    let listed = shown["unwatched"].as_array().unwrap();
    let one = listed.iter().find(|one| one["path"] == unwatched.as_str());
    let one = one.unwrap_or_else(|| panic!("{unwatched} is not listed: {shown:#}"));
    assert!(one["reason"].as_str().unwrap().contains("a running sh has it as `--config`"), "{one}");
    assert!(listed.iter().all(|one| one["path"] != watched.as_str()), "{shown:#}");
    let coverage = &shown["host"]["coverage"];
    let count = |key: &str| coverage[key].as_u64().unwrap();
    assert!(count("watched") >= 1 && count("found") > count("watched"), "{coverage}");
    let table = String::from_utf8(fleet.cli(&["hosts"]).stdout).unwrap();
    assert!(table.contains(&format!("{} of {}", count("watched"), count("found"))), "{table}");
}

const SAVED: &str =
    "[[source]]\nkind = \"firewall_dump\"\nname = \"saved\"\npath = \"{files}/rules.v4\"\nformat = \"iptables-save\"\n";

/// A ruleset that keeps everything out but what the rules let in.
fn saved(rules: &str) -> String {
    format!("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n")
}

#[test]
fn what_a_dump_file_opens_is_critical_found_by_what_it_opens_and_explained() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("fw-1", "production", "web", SAVED);
    agent.write("rules.v4", saved("-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n"));
    let mut agent = agent;
    fleet.run(&mut agent);
    eventually("the rules are known", || {
        let shown = fleet.json(&["show", "fw-1"]);
        (shown["sources"][0]["items"].as_array()?.len() > 3).then_some(())
    });
    let ssh = "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n";
    agent.replace("rules.v4", saved(&format!("{ssh}-A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT\n")));
    let opened = eventually("what it opens is found", || {
        let found = fleet.json(&["changes", "--source", "firewall_dump", "--opens", "any"]);
        found["changes"].as_array()?.first().cloned()
    });
    assert_eq!(opened["severity"], "critical", "{opened:#}");
    let text = opened["meaning"]["text"].as_str().unwrap();
    assert!(text.contains("5432") && text.contains("any source"), "{text}");
    let table = String::from_utf8(fleet.cli(&["changes"]).stdout).unwrap();
    assert!(table.contains(text), "{table}");
    let id = opened["id"].to_string();
    let story = fleet.json(&["explain", &id]);
    assert_eq!(story["change"]["id"], opened["id"]);
    assert_eq!((&story["now"]["state"], &story["change"]["meaning"]), (&"so".into(), &opened["meaning"]));
    assert!(story["why"].as_str().unwrap().contains("lets in from any source"), "{story:#}");
    let told = fleet.cli(&["explain", &id]);
    assert_eq!(told.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&told.stdout).contains("no live firewall of fw-1 is watched"));
    let key = opened["key"].as_str().unwrap();
    assert_eq!(fleet.json(&["explain", "--host", "fw-1", key])["change"]["id"], opened["id"]);

    // Taken back: it is no longer so, and the story goes on.
    agent.replace("rules.v4", saved(ssh));
    eventually("it is gone", || (fleet.json(&["explain", &id])["now"]["state"] == "absent").then_some(()));
    let story = fleet.json(&["explain", &id]);
    let later = &story["later"][0];
    assert_eq!((&later["what"], &later["severity"]), (&"removed".into(), &"info".into()), "{later:#}");
    for unknown in [&["explain", "999999"][..], &["explain", "--host", "fw-1", "no such rule"]] {
        assert_eq!(fleet.cli(unknown).status.code(), Some(3), "{unknown:?}");
    }
    assert_eq!(fleet.cli(&["verify"]).status.code(), Some(0));
}
