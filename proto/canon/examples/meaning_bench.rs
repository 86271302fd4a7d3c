//! What the meaning of one rule costs beside rulesets of several sizes.
//!
//! `meaning_bench [SIZE …]`: for 10, 1,000 and 20,000 rules in place by default,
//! in both languages, the time of one rule that comes and goes, and the memory
//! that the ruleset keeps. It judges nothing.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a tool for a person at a terminal")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use driftline_canon::Format;
use driftline_canon::format;
use driftline_canon::format::firewall::meaning::Ruleset;

/// Rules that come and go for one number.
const ROUNDS: usize = 2_000;

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).map(|text| text.parse().expect("a number of rules")).collect();
    let sizes = if sizes.is_empty() { vec![10, 1_000, 20_000] } else { sizes };
    println!("{:<10} {:>7} {:>12} {:>10} {:>10} {:>10}", "language", "rules", "to make", "kept", "p50", "p99");
    for format in [Format::Nft, Format::IptablesSave] {
        for &size in &sizes {
            measure(format, size);
        }
    }
}

fn measure(format: Format, size: usize) {
    let text = if format == Format::Nft { nft(size) } else { iptables(size) };
    let reading = format::read(format, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let before = resident();
    let started = Instant::now();
    let mut ruleset = Ruleset::of(&reading.settings);
    let made = started.elapsed();
    let kept = resident().saturating_sub(before);
    let (chain, rule) = match format {
        Format::Nft => ("inet filter/web", "ip saddr 192.0.2.7 tcp dport 5432 accept"),
        _ => ("filter/web", "-s 192.0.2.7 -p tcp -m tcp --dport 5432 -j ACCEPT"),
    };
    let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let at = round % (size / 2).max(1);
        let started = Instant::now();
        ruleset.insert(chain, at, rule);
        let came = ruleset.settle();
        ruleset.remove(chain, at);
        let gone = ruleset.settle();
        times.push(started.elapsed() / 2);
        assert_eq!((came.len(), gone.len()), (2, 2));
    }
    times.sort();
    let name = format.as_str();
    let (p50, p99) = (times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
    println!("{name:<14} {size:>7} {made:>12.1?} {:>7} KiB {p50:>10.1?} {p99:>10.1?}", kept / 1024);
}

/// Half of the rules in a chain that is jumped to, half in chains of ten.
fn nft(size: usize) -> String {
    let mut text = String::from("table inet filter {\n chain web {\n");
    for number in 0..size / 2 {
        let _ = writeln!(
            text,
            "  ip saddr 10.{}.{}.0/24 tcp dport {} accept",
            number / 256 % 256,
            number % 256,
            1 + number % 60_000
        );
    }
    text.push_str(" }\n");
    for chain in 0..size / 20 {
        let _ = writeln!(text, " chain c{chain} {{");
        (0..10).for_each(|rule| {
            let _ = writeln!(text, "  tcp dport {} drop", 1 + rule);
        });
        text.push_str(" }\n");
    }
    text.push_str(" chain input {\n  type filter hook input priority 0; policy drop;\n  tcp flags syn jump web\n");
    for chain in 0..(size / 20).min(1_000) {
        let _ = writeln!(text, "  ip saddr 172.16.{}.{} jump c{chain}", chain / 256, chain % 256);
    }
    text + " }\n}\n"
}

fn iptables(size: usize) -> String {
    let mut text =
        String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n");
    (0..size / 20).for_each(|chain| {
        let _ = writeln!(text, ":c{chain} - [0:0]");
    });
    text.push_str("-A INPUT -p tcp --syn -j web\n");
    for number in 0..size / 2 {
        let _ = writeln!(
            text,
            "-A web -s 10.{}.{}.0/24 -p tcp --dport {} -j ACCEPT",
            number / 256 % 256,
            number % 256,
            1 + number % 60_000
        );
    }
    for chain in 0..size / 20 {
        let _ = writeln!(text, "-A INPUT -s 172.16.{}.{} -j c{chain}", chain / 256 % 256, chain % 256);
        (0..10).for_each(|rule| {
            let _ = writeln!(text, "-A c{chain} -p tcp --dport {} -j DROP", 1 + rule);
        });
    }
    text + "COMMIT\n"
}

/// Bytes of memory that this process holds.
fn resident() -> usize {
    let mut text = String::new();
    File::open("/proc/self/status").expect("a kernel with /proc").read_to_string(&mut text).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the memory held");
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<usize>().ok()).expect("a number") * 1024
}
