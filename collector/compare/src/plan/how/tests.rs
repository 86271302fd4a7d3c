//! What is left to a person, and why.

use super::*;
use crate::Severity;
use crate::plan::step::{Value, Where};

fn step(kind: SourceKind, source: &str, key: &str, path: &str) -> Step {
    Step {
        side: "staging".to_owned(),
        role: "web".to_owned(),
        only: Vec::new(),
        source: source.parse().unwrap(),
        kind,
        key: ItemKey::from_canonical(key.to_owned()).unwrap(),
        action: Action::Add,
        at: Some(Where { host: "s1".parse().unwrap(), path: path.to_owned(), line: None, included: false }),
        old: Value::Nothing,
        new: Value::Shown("x".to_owned()),
        severity: Severity::Info,
    }
}

fn is_by_hand(kind: SourceKind, source: &str, key: &str, path: &str) -> bool {
    matches!(of(&step(kind, source, key, path)), How::ByHand(_))
}

#[test]
fn files_that_programs_write_are_left_alone() {
    assert!(is_by_hand(SourceKind::DatabaseConfig, "pg", "work_mem", "/var/lib/postgresql/postgresql.auto.conf"));
    assert!(is_by_hand(SourceKind::FirewallDump, "rules", "filter/INPUT policy", "/etc/iptables/rules.v4"));
    assert!(is_by_hand(SourceKind::ProcessEnv, "web", "A", ""));
}

#[test]
fn keys_that_are_no_plain_names_are_left_to_a_person() {
    for key in ["a b", "1A", "A\\x00", "", "\u{e9}"] {
        let Ok(key) = ItemKey::from_canonical(key.to_owned()) else { continue };
        assert!(is_by_hand(SourceKind::EnvFile, "app", key.as_str(), "/srv/.env"), "{key}");
    }
    assert!(is_by_hand(SourceKind::DatabaseConfig, "pg", "host all all trust", "/etc/postgresql/pg_hba.conf"));
    assert!(is_by_hand(SourceKind::EnvFile, "app", "A", "/srv/\\x01.env"));
}

#[test]
fn a_rule_is_its_words() {
    let step = step(SourceKind::Firewall, "firewall/ip6tables-nft", "filter/INPUT: -s a --comment \"b c\" -j DROP", "");
    let How::Rule { tool, table, chain, words } = of(&step) else { panic!() };
    assert_eq!((tool, table, chain), ("ip6tables-nft", "filter", "INPUT"));
    assert_eq!(words, ["-s", "a", "--comment", "b c", "-j", "DROP"]);
}

#[test]
fn a_rule_whose_words_are_not_plain_is_left_to_a_person() {
    for key in
        ["filter/INPUT: -j DROP #2", "filter/IN;id: -j DROP", "filter/INPUT: -j \"DROP", "inet filter/input: accept"]
    {
        assert!(is_by_hand(SourceKind::Firewall, "firewall/iptables-nft", key, ""), "{key}");
    }
    assert!(is_by_hand(SourceKind::Firewall, "firewall/nft", "filter/INPUT: -j DROP", ""));
}

#[test]
fn a_rule_hands_no_option_to_root_that_is_not_of_a_rule() {
    for rule in [
        "-p tcp --modprobe=/tmp/evil -j ACCEPT",
        "-p tcp -M /tmp/evil -j ACCEPT",
        "-p tcp --modp /tmp/evil -j ACCEPT",
        "-j ACCEPT -t nat",
        "-j ACCEPT --wait=9",
        "-m ../../tmp/evil -j ACCEPT",
        "-j ../evil",
        "-m comment --comment --modprobe=/tmp/evil -j ACCEPT",
    ] {
        let key = format!("filter/INPUT: {rule}");
        assert!(is_by_hand(SourceKind::Firewall, "firewall/iptables-legacy", &key, ""), "{rule}");
    }
    let plain =
        "filter/INPUT: ! -s 10.0.0.0/8 -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT";
    assert!(!is_by_hand(SourceKind::Firewall, "firewall/iptables-nft", plain, ""));
}
