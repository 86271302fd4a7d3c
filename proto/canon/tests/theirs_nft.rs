//! Our reading of nftables rulesets against nft itself, in network namespaces:
//! a file by hand, its listing as text and its listing as JSON are one.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail so, and say how much they compared")]

#[path = "support/namespace.rs"]
#[allow(dead_code, reason = "shared with the other programs' tests")]
mod namespace;

use driftline_canon::{Format, ProblemKind, Reading, format};
use namespace::{Dice, may_run, run};

const RULES: usize = 500;

fn read(format: Format, text: &str) -> Reading {
    format::read(format, text.as_bytes())
}

fn settings(reading: &Reading) -> Vec<(String, String)> {
    let one = |setting: &driftline_canon::Setting| {
        (setting.key.to_string(), String::from_utf8_lossy(setting.value.bytes()).into_owned())
    };
    let mut found: Vec<_> = reading.settings.iter().map(one).collect();
    found.sort();
    found
}

/// The rules of a chain, in order.
fn rules(reading: &Reading) -> Vec<String> {
    let rules = reading.settings.iter().filter(|setting| setting.key.as_str().starts_with("inet t/c: "));
    rules.map(|setting| String::from_utf8_lossy(setting.value.bytes()).into_owned()).collect()
}

fn matching(dice: &mut Dice) -> String {
    let not = dice.maybe(4, &["!= "]);
    match dice.roll(22) {
        0 => format!(
            "tcp dport {not}{}",
            dice.one(&["22", "ssh", "{ 80, 22, https }", "1000-2000", "{ 22 }", "{ 1-5, 80 }"])
        ),
        1 => format!("udp sport {not}{}", dice.one(&["53", "domain", "{ 123, 53 }"])),
        2 => format!(
            "ip saddr {not}{}",
            dice.one(&[
                "10.0.0.1",
                "10.1.2.3/8",
                "{ 10.0.0.0/8, 1.2.3.4 }",
                "10.0.0.1-10.0.0.9",
                "@nets",
                "192.168.0.0/16"
            ])
        ),
        3 => format!("ip6 daddr {not}{}", dice.one(&["2001:DB8::1", "fe80::/10", "{ ::1, fe80::/10 }"])),
        4 => format!(
            "{} {}",
            dice.one(&["iifname", "oifname", "meta iifname"]),
            dice.one(&["eth0", "\"eth*\"", "{ eth0, eth1 }", "!= lo"])
        ),
        5 => format!(
            "ct state {}",
            dice.one(&["new", "established,related", "related,established", "{ new, invalid }", "invalid"])
        ),
        6 => format!("{} {not}{}", dice.one(&["meta mark", "mark", "ct mark"]), dice.one(&["1", "0x10", "0xff"])),
        7 => "meta mark & 0xff == 0x1".to_owned(),
        8 => {
            format!("icmp type {not}{}", dice.one(&["echo-request", "8", "{ echo-request, destination-unreachable }"]))
        }
        9 => format!("icmpv6 type {}", dice.one(&["nd-neighbor-solicit", "{ nd-router-advert, echo-request }"])),
        10 => format!("meta l4proto {not}{}", dice.one(&["tcp", "{ tcp, udp }", "icmp"])),
        11 => dice
            .one(&["tcp flags & (fin|syn|rst|ack) == syn", "tcp flags syn / fin,syn", "tcp flags & (fin | syn) == fin"])
            .to_owned(),
        12 => format!(
            "limit rate {}{}",
            dice.maybe(3, &["over "]),
            dice.one(&[
                "5/second",
                "10/minute burst 5 packets",
                "3/hour burst 9 packets",
                "10 mbytes/second",
                "400/day"
            ])
        ),
        13 => format!("ip protocol {not}{}", dice.one(&["tcp", "udp", "6"])),
        14 => "ip saddr . tcp dport { 1.2.3.4 . 22, 10.0.0.1 . 80 }".to_owned(),
        15 => format!("fib daddr type {not}{}", dice.one(&["local", "{ broadcast, multicast }"])),
        16 => format!("meta {} {not}{}", dice.one(&["skuid", "skgid"]), dice.one(&["0", "1000", "{ 0, 5 }"])),
        17 => format!("ip dscp {not}{}", dice.one(&["ef", "af41", "cs1"])),
        18 => format!("ip ttl {}", dice.one(&["< 5", "64", ">= 10", "le 3"])),
        19 => format!("meta pkttype {not}{}", dice.one(&["broadcast", "{ broadcast, multicast }"])),
        20 => format!("ether saddr {not}00:11:22:AA:bb:cc"),
        _ => format!("meta l4proto {{ tcp, udp }} th dport {not}{}", dice.one(&["53", "{ 53, 80 }"])),
    }
}

fn acting(dice: &mut Dice) -> String {
    let counter = dice.maybe(3, &["counter ", "counter packets 5 bytes 9 "]);
    let log = dice.maybe(
        4,
        &[
            "log ",
            "log prefix \"a b\" ",
            "log level info prefix \"x\" ",
            "log group 3 prefix \"y: \" ",
            "log level warn ",
            "log flags all ",
        ],
    );
    let verdict = match dice.roll(10) {
        0 => "drop".to_owned(),
        1 => format!("jump {}", dice.one(&["other", "more"])),
        2 => "goto other".to_owned(),
        3 => format!(
            "reject{}",
            dice.maybe(2, &[" with icmpx type port-unreachable", " with icmpx admin-prohibited", " with tcp reset"])
        ),
        4 => format!("meta mark set {}", dice.one(&["1", "0x10", "ct mark"])),
        5 => "ct mark set meta mark".to_owned(),
        6 => "return".to_owned(),
        7 => "tcp dport vmap { 23 : drop, 22 : accept, http : jump other }".to_owned(),
        _ => "accept".to_owned(),
    };
    format!("{counter}{log}{verdict}{}", dice.maybe(4, &[" comment \"plain\"", " comment \"two words 2026-11-22\""]))
}

fn ruleset(rules: &[String]) -> String {
    format!(
        "flush ruleset\ntable inet t {{\n set nets {{ type ipv4_addr; flags interval; elements = {{ 192.168.0.0/16, 10.0.0.0/8, 1.2.3.4, 172.16.0.1-172.16.0.9 }}; }}\n \
         set seen {{ type ipv4_addr; flags dynamic,timeout; timeout 90s; size 1000; }}\n map ports {{ type inet_service : verdict; elements = {{ ssh : accept, 80 : drop }}; }}\n \
         chain other {{ }}\n chain more {{ }}\n chain c {{\n  type filter hook input priority filter + 5; policy drop;\n{}\n }}\n}}\n\
         table ip nat {{\n chain post {{ type nat hook postrouting priority srcnat; oifname eth0 masquerade; ip saddr 10.0.0.0/8 snat to 1.2.3.4; tcp dport 8080 snat to 1.2.3.4:1000-2000 random; }}\n \
         chain pre {{ type nat hook prerouting priority -100; tcp dport 80 dnat to 10.0.0.1:8080; tcp dport 81 redirect to :82; }}\n}}\n",
        rules.concat()
    )
}

fn generated() -> Vec<String> {
    let mut dice = Dice::new(4242);
    let mut rules = Vec::new();
    for _ in 0..RULES {
        let matches: Vec<String> = (0..dice.roll(3)).map(|_| matching(&mut dice)).collect();
        let rule = format!("  {} {}\n", matches.join(" "), acting(&mut dice));
        // Two matches of ports by two names are listed in another order.
        if !rule.contains("th dport") || !rule.contains("tcp dport") && !rule.contains("udp sport") {
            rules.push(rule);
        }
    }
    rules
}

/// The rules that nft takes: some contradict themselves.
fn accepted(rules: &[String]) -> Vec<String> {
    if run("nft -f -", &ruleset(rules)).is_ok() {
        return rules.to_vec();
    }
    if rules.len() == 1 {
        return Vec::new();
    }
    let (before, behind) = rules.split_at(rules.len() / 2);
    [accepted(before), accepted(behind)].concat()
}

fn compare(rules_by_hand: &[String], written: &Reading, listed: &Reading, what: &str) {
    // That elements with a timeout are not watched is said of both.
    let wrong = |reading: &Reading| {
        let problems = reading.problems.iter().filter(|problem| problem.kind != ProblemKind::Unresolved);
        problems.cloned().collect::<Vec<_>>()
    };
    assert_eq!((wrong(written), wrong(listed)), (vec![], vec![]), "{what}");
    let (ours, theirs) = (rules(written), rules(listed));
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let differ: Vec<String> = rules_by_hand
        .iter()
        .zip(ours.iter().zip(&theirs))
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|(rule, (ours, theirs))| format!("  written {}\n  ours    {ours}\n  theirs  {theirs}\n", rule.trim()))
        .collect();
    assert!(differ.is_empty(), "{what}: {} differ\n{}", differ.len(), differ.concat());
    let (ours, theirs) = (settings(written), settings(listed));
    let only: Vec<_> = ours
        .iter()
        .filter(|one| !theirs.contains(one))
        .chain(theirs.iter().filter(|one| !ours.contains(one)))
        .collect();
    assert!(only.is_empty(), "{what}: {only:#?}");
}

#[test]
fn a_file_by_hand_and_its_listing_are_one() {
    if !may_run(&["nft"]) {
        return;
    }
    let rules = accepted(&generated());
    assert!(rules.len() > RULES / 2, "{}", rules.len());
    let written = ruleset(&rules);
    let listed = run("nft -f - && nft list ruleset", &written).unwrap();
    eprintln!("compared {} rules with nft list ruleset", rules.len());
    compare(&rules, &read(Format::Nft, &written), &read(Format::Nft, &listed), "listing");
}

#[test]
fn a_listing_as_text_and_as_json_are_one() {
    if !may_run(&["nft"]) {
        return;
    }
    let rules = accepted(&generated());
    let written = ruleset(&rules);
    let listed = run("nft -f - && nft list ruleset", &written).unwrap();
    let json = run("nft -f - && nft -j list ruleset", &written).unwrap();
    eprintln!("compared {} rules with nft -j list ruleset", rules.len());
    compare(&rules, &read(Format::Nft, &listed), &read(Format::NftJson, &json), "json");
}
