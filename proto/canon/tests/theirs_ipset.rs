//! Our reading of sets against that of ipset itself, in network namespaces:
//! what is restored and saved again must be what we read before.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail so, and say how much they compared")]

#[path = "support/namespace.rs"]
mod namespace;

use std::collections::BTreeMap;

use driftline_canon::{Format, ProblemKind, format};
use namespace::{Dice, may_run, run};

const ROUNDS: u64 = 24;

const ELEMENTS: usize = 40;

/// Types, with what they need beside, and how their elements are written.
const TYPES: &[(&str, &str, &[&str])] = &[
    ("hash:ip", "", &["H", "R"]),
    ("hash:ip", " netmask 24", &["H"]),
    ("hash:ip", " family inet6", &["h"]),
    ("hash:net", "", &["N", "NR"]),
    ("hash:net", " family inet6", &["n"]),
    ("hash:ip,port", "", &["H,P"]),
    ("hash:ip,port", " family inet6", &["h,p"]),
    ("hash:net,port", "", &["N,P"]),
    ("hash:ip,port,ip", "", &["H,P,L"]),
    ("hash:ip,port,net", "", &["H,P,N"]),
    ("hash:net,iface", "", &["N,I"]),
    ("bitmap:port", " range 0-1023", &["B"]),
    ("bitmap:ip", " range 10.0.0.0/16", &["L"]),
    ("bitmap:ip", " range 10.0.0.0-10.0.255.255 netmask 24", &["L"]),
    ("bitmap:ip,mac", " range 10.0.0.0/16", &["L,M", "L"]),
];

/// One part of an element, as a person may write it.
fn part(dice: &mut Dice, kind: &str) -> String {
    let octet = |dice: &mut Dice| dice.roll(250);
    match kind {
        "H" => format!("10.{}.{}.{}{}", octet(dice), octet(dice), octet(dice), dice.maybe(4, &["/32"])),
        "L" => format!("10.0.{}.{}", octet(dice), octet(dice)),
        "R" => {
            let first = octet(dice);
            let net = octet(dice);
            match dice.roll(2) {
                0 => format!("10.9.{net}.{first}/30"),
                _ => format!("10.8.{net}.{first}-10.8.{net}.{}", first + dice.roll(5)),
            }
        }
        "h" => format!("2001:{}8:0:0::{:x}", dice.one(&["db", "DB", "0d"]), dice.roll(60000)),
        "N" => format!("172.{}.{}.{}/{}", octet(dice), octet(dice), octet(dice), 8 + dice.roll(25)),
        "NR" => format!("192.0.{}.{}-192.0.{}.255", dice.roll(20), dice.roll(255), 20 + dice.roll(20)),
        "n" => format!("2001:db8:{:x}::/{}", dice.roll(60000), 20 + dice.roll(109)),
        "P" => dice
            .one(&[
                "80",
                "ssh",
                "tcp:http",
                "udp:53",
                "UDP:53",
                "17:54",
                "tcp:8000-8003",
                "icmp:echo-request",
                "icmp:3/1",
                "icmp:ping",
                "sctp:9",
                "gre:0",
                "47:0",
                "esp:0",
                "ah:0",
                "udplite:7",
                "icmp:host-unreachable",
                "icmp:13/0",
                "132:10",
                "tcp:https",
                "icmp:42/7",
            ])
            .to_owned(),
        "p" => dice
            .one(&[
                "80",
                "tcp:ssh",
                "udp:53",
                "icmpv6:echo-request",
                "ipv6-icmp:1/3",
                "58:no-route",
                "sctp:9",
                "icmpv6:packet-too-big",
            ])
            .to_owned(),
        "B" => match dice.roll(3) {
            0 => format!("{0}-{1}", dice.roll(500), 500 + dice.roll(4)),
            1 => dice.one(&["ssh", "domain", "https", "tcp:25"]).to_owned(),
            _ => dice.roll(1000).to_string(),
        },
        "M" => dice.one(&["aa:bb:cc:00:11:22", "AA:BB:CC:00:11:23", "0a:bb:CC:00:11:22"]).to_owned(),
        "I" => dice.one(&["eth0", "physdev:eth1", "wlan0"]).to_owned(),
        other => other.to_owned(),
    }
}

/// One set with elements, in the words of a person.
fn set(dice: &mut Dice, name: &str, kind: &(&str, &str, &[&str])) -> String {
    let (kind, needs, elements) = kind;
    let comment = dice.roll(3) == 0;
    let timeout = dice.maybe(3, &[" timeout 0", " timeout 3600"]);
    let hash = if kind.starts_with("hash") {
        format!(
            "{}{}",
            dice.maybe(3, &[" hashsize 1000", " hashsize 4096"]),
            dice.maybe(4, &[" maxelem 100000", " bucketsize 4"])
        )
    } else {
        String::new()
    };
    let mut text = format!(
        "create {name} {kind}{}{timeout}{hash}{needs}{}{}\n",
        dice.maybe(3, &[" counters"]),
        if comment { " comment" } else { "" },
        dice.maybe(5, &[" skbinfo"]),
    );
    let skbinfo = text.contains(" skbinfo");
    for _ in 0..ELEMENTS {
        let form = dice.one(elements).to_owned();
        let element: Vec<String> = form.split(',').map(|kind| part(dice, kind)).collect();
        text += &format!("{} {name} {}", dice.one(&["add", "add", "-A"]), element.join(","));
        if !timeout.is_empty() {
            text += dice.maybe(2, &[" timeout 0", " timeout 500"]);
        }
        if comment {
            text += dice.maybe(2, &[" comment office", " comment \"two words\"", " comment \"x \\\\ y\""]);
        }
        if skbinfo {
            text += dice.maybe(3, &[" skbmark 0x1", " skbmark 0x0010/0xff skbqueue 5", " skbprio 1:10"]);
        }
        if kind.contains("net") {
            text += dice.maybe(6, &[" nomatch"]);
        }
        text += " -exist\n";
        if dice.roll(15) == 0 {
            text += &format!("del {name} {} -exist\n", element.join(","));
        }
    }
    text
}

fn items(text: &str) -> BTreeMap<String, String> {
    let reading = format::read(Format::IpsetSave, text.as_bytes());
    // That elements with a timeout are not watched is no mistake.
    let wrong = reading.problems.iter().find(|problem| problem.kind != ProblemKind::Unresolved);
    assert_eq!(wrong, None, "{text}");
    let item = |setting: &driftline_canon::Setting| {
        (setting.key.to_string(), String::from_utf8_lossy(setting.value.bytes()).into_owned())
    };
    reading.settings.iter().map(item).collect()
}

#[test]
fn what_ipset_saves_is_what_we_read_before() {
    if !may_run(&["ipset"]) {
        return;
    }
    let (mut compared, mut lines) = (0, 0);
    for round in 0..ROUNDS {
        let mut dice = Dice::new(0x51_7cc1_b727_2202 + round * 977);
        let sets = TYPES.iter().enumerate().map(|(at, kind)| set(&mut dice, &format!("set{at}"), kind));
        let mut written: String = sets.collect();
        written += "create all list:set\nadd all set0\nadd all set3 before set0\nadd all set1\nflush set1\n";
        lines += written.lines().count();
        let saved = run("ipset restore && ipset save", &written);
        let saved = saved.unwrap_or_else(|error| {
            let line = error.split("line ").nth(1).and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            panic!("{error}: {:?}", line.and_then(|line| written.lines().nth(line - 1)));
        });
        let (ours, theirs) = (items(&written), items(&saved));
        let differ: Vec<String> = ours
            .iter()
            .filter(|(key, value)| theirs.get(*key) != Some(value))
            .map(|(key, value)| format!("ours {key} = {value}"))
            .chain(
                theirs
                    .iter()
                    .filter(|(key, value)| ours.get(*key) != Some(value))
                    .map(|(key, value)| format!("theirs {key} = {value}")),
            )
            .collect();
        assert!(differ.is_empty(), "round {round}:\n{}", differ.join("\n"));
        compared += theirs.len();
    }
    eprintln!("compared {compared} sets and elements of {lines} lines with ipset save");
    assert!(compared > 5000);
}

/// What we call no command is none to ipset either.
#[test]
fn what_we_refuse_they_refuse() {
    if !may_run(&["ipset"]) {
        return;
    }
    for text in [
        "frob\n",
        "create a\n",
        "add a 10.0.0.1\n",
        "create a hash:ip\ncreate a hash:ip\n",
        "create a hash:ip\nadd a\n",
    ] {
        assert_ne!(format::read(Format::IpsetSave, text.as_bytes()).problems, [], "{text}");
        assert!(run("ipset restore", text).is_err(), "{text}");
    }
}
