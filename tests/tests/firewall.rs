//! The live firewall, from a rule on a host to the operator's screen: which
//! rule, what it opens, by whom.
//!
//! Each test has a network namespace of its own; the rules of the machine are
//! neither read nor changed.

use std::time::Duration;

use driftline_tests::fleet::{Agent, Fleet};
use driftline_tests::netns::Namespace;
use driftline_tests::process::eventually;
use driftline_tests::webhook::{Call, changes};
use serde_json::Value;

const TABLE: &str = "table inet shop {\n chain input {\n  type filter hook input priority 0; policy drop;\n  \
                     ct state established,related accept\n  iif lo accept\n  tcp dport 22 accept\n }\n}\n";

/// A fleet with one host that watches the rules of one namespace, whose first
/// rules are at the collector.
fn watched(namespace: &Namespace, more: &str) -> (Fleet, Agent) {
    watched_with(namespace, more, "")
}

/// The same, with rules saved on the host.
fn watched_with(namespace: &Namespace, more: &str, saved: &str) -> (Fleet, Agent) {
    let fleet = Fleet::start();
    let source = format!(
        "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\nnamespaces = [\"{}\"]\n{more}",
        namespace.name()
    );
    let mut agent = fleet.enrol("web-1", "production", "web", &source);
    agent.write("nftables.conf", saved);
    fleet.run(&mut agent);
    fleet.wait_for_host("web-1", "connected");
    (fleet, agent)
}

/// Waits until the collector has the source of a backend.
fn seen(fleet: &Fleet, source: &str) {
    eventually(source, || {
        let host = fleet.json(&["show", "web-1"]);
        let sources = host["sources"].as_array()?;
        let holds =
            |one: &&Value| one["source"] == source && one["items"].as_array().is_some_and(|all| !all.is_empty());
        sources.iter().find(holds).map(|_| ())
    });
}

/// The first change at the webhook whose key ends with that rule.
fn told(fleet: &Fleet, from: usize, rule: &str, what: &str) -> (Call, Value) {
    fleet.webhook.wait(from, |call| {
        let ends =
            |change: &&Value| change["key"].as_str().is_some_and(|key| key.ends_with(rule)) && change["what"] == what;
        changes(call).find(ends).map(|change| (call.clone(), change.clone()))
    })
}

#[test]
fn a_rule_is_told_with_what_it_opens_and_by_whom() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let (fleet, _agent) = watched(&namespace, "");
    let source = format!("firewall/{}/nft", namespace.name());
    seen(&fleet, &source);

    let mut nft = namespace.interactive();
    nft.say("add rule inet shop input tcp dport 5432 accept");
    let (_, change) = told(&fleet, 0, "tcp dport 5432 accept", "added");
    assert_eq!(change["source"], source.as_str());
    assert_eq!(change["severity"], "critical", "{change:#}");
    assert_eq!(change["meaning"]["effect"], "opens", "{change:#}");
    assert_eq!(change["meaning"]["reach"], "any", "{change:#}");
    let text = change["meaning"]["text"].as_str().unwrap_or_default();
    assert!(text.contains("opens tcp/5432 to any source"), "{text}");
    assert_eq!(change["actor"]["pid"], nft.id(), "{change:#}");
    assert_eq!(change["actor"]["name"], "nft", "{change:#}");
    assert_ne!(change["actor"]["confidence"], "unknown", "{change:#}");

    nft.say("add rule inet shop input ip saddr 10.0.0.0/8 tcp dport 6379 accept");
    let (_, bounded) = told(&fleet, 0, "ip saddr 10.0.0.0/8 tcp dport 6379 accept", "added");
    assert_eq!(bounded["meaning"]["reach"], "bounded", "{bounded:#}");
    assert_eq!(bounded["severity"], "warning", "{bounded:#}");

    let opened = fleet.json(&["changes", "--source", "firewall", "--opens", "any"]);
    let opened = opened["changes"].as_array().expect("changes");
    assert_eq!(opened.len(), 1, "{opened:#?}");
    assert_eq!(opened[0]["id"], change["id"]);
    let id = change["id"].to_string();
    let story = String::from_utf8(fleet.cli(&["explain", &id]).stdout).expect("text");
    for word in ["tcp dport 5432 accept", "opens tcp/5432 to any source", "nft", "critical", "web-1"] {
        assert!(story.contains(word), "`{word}` is missing:\n{story}");
    }
    assert!(story.lines().all(|line| line.chars().count() <= 80), "{story}");
}

#[test]
fn f8_a_rule_that_was_there_for_a_moment_is_two_changes_and_both_are_alerted() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let (fleet, _agent) = watched(&namespace, "");
    seen(&fleet, &format!("firewall/{}/nft", namespace.name()));
    let mut nft = namespace.interactive();
    nft.say("add table inet moment\nadd chain inet moment c\nadd rule inet moment c tcp dport 31337 accept\ndelete table inet moment");
    let (_, added) = told(&fleet, 0, "tcp dport 31337 accept", "added");
    let (_, removed) = told(&fleet, 0, "tcp dport 31337 accept", "removed");
    assert!(added["id"].as_u64() < removed["id"].as_u64(), "{added:#} {removed:#}");
}

#[test]
fn f3_nft_and_both_iptables_are_seen_each_under_its_backend() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let (fleet, _agent) = watched(&namespace, "poll_s = 1\n");
    seen(&fleet, &format!("firewall/{}/nft", namespace.name()));
    let rule = ["-A", "INPUT", "-p", "tcp", "-m", "multiport", "--dports", "80,443", "-j", "ACCEPT"];
    for (backend, program) in [
        ("iptables-nft", "iptables-nft"),
        ("ip6tables-nft", "ip6tables-nft"),
        ("iptables-legacy", "iptables-legacy"),
        ("ip6tables-legacy", "ip6tables-legacy"),
    ] {
        let source = format!("firewall/{}/{backend}", namespace.name());
        let _ = namespace.run(&[program, "-P", "INPUT", "DROP"]);
        seen(&fleet, &source);
        let _ = namespace.run(&[&[program][..], &rule].concat());
        let change = eventually(&source, || {
            let changes = fleet.json(&["changes", "--source", &source]);
            let found = changes["changes"].as_array()?.iter().find(|change| {
                change["what"] == "added" && change["key"].as_str().is_some_and(|key| key.contains("--dports 80,443"))
            });
            found.cloned()
        });
        assert_eq!(change["meaning"]["effect"], "opens", "{backend}: {change:#}");
    }
    let nft = fleet.json(&["changes", "--source", &format!("firewall/{}/nft", namespace.name())]);
    assert_eq!(nft["changes"].as_array().map(Vec::len), Some(0), "{nft:#}");
}

#[test]
fn f9_a_rule_that_no_file_has_is_a_finding_until_it_is_saved() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let dump = "\n[[source]]\nkind = \"firewall_dump\"\nname = \"saved\"\npath = \"{files}/nftables.conf\"\nformat = \"nft\"\n";
    let (fleet, agent) = watched_with(&namespace, &format!("config = \"saved\"\n{dump}"), TABLE);
    seen(&fleet, &format!("firewall/{}/nft", namespace.name()));
    // What differs from the beginning is no change.
    eventually("both sides have been compared", || {
        let host = fleet.json(&["show", "web-1"]);
        host["sources"].as_array()?.iter().find(|one| one["source"] == "firewall/at-reboot").map(|_| ())
    });
    namespace.nft("add rule inet shop input tcp dport 9200 accept\n");
    let key = "nft: inet shop/input: tcp dport 9200 accept";
    let (_, unsaved) = told(&fleet, 0, key, "added");
    assert_eq!(unsaved["source"], "firewall/at-reboot", "{unsaved:#}");
    let what = unsaved["after"]["display"].as_str().unwrap_or_default();
    assert!(what.contains("gone at reboot"), "{what}");
    agent.write("nftables.conf", TABLE.replace("tcp dport 22 accept", "tcp dport 22 accept\n  tcp dport 9200 accept"));
    let (_, saved) = told(&fleet, 0, key, "removed");
    assert!(saved["id"].as_u64() > unsaved["id"].as_u64());
    // What was flushed is saved still, and in force no longer.
    namespace.nft("flush ruleset\n");
    let (_, flushed) = told(&fleet, 0, "nft: inet shop/input: tcp dport 22 accept", "added");
    assert_eq!(flushed["source"], "firewall/at-reboot", "{flushed:#}");
    let what = flushed["after"]["display"].as_str().unwrap_or_default();
    assert!(what.contains("not in force"), "{what}");
}

#[test]
fn rules_changed_while_the_agent_was_down_are_found_and_said_to_be_unobserved() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let (fleet, mut agent) = watched(&namespace, "");
    seen(&fleet, &format!("firewall/{}/nft", namespace.name()));
    agent.stop();
    namespace.nft("add rule inet shop input tcp dport 9200 accept\n");
    std::thread::sleep(Duration::from_millis(50));
    fleet.run(&mut agent);
    let (_, change) = told(&fleet, 0, "tcp dport 9200 accept", "added");
    assert!(change["unobserved_since"].is_string(), "{change:#}");
    assert_eq!(change["meaning"]["reach"], "any", "{change:#}");
    assert!(change["actor"].is_null() || change["actor"]["confidence"] == "unknown", "nobody saw it: {change:#}");
}
