//! Whatever a host says its rules are: asking what a change means never panics,
//! and never takes long.

#![allow(clippy::unwrap_used, reason = "a ruleset that cannot be made fails the test")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use driftline_canon::format::firewall::meaning::{Ruleset, meanings};
use driftline_canon::format::{self, Setting};
use driftline_canon::meaning::MEANING_TEXT_BYTES_MAX;
use driftline_canon::{Effect, Format, ItemKey, Meaning};
use proptest::prelude::*;

/// No transaction may take near this, on any machine and however it is built: a
/// debug build takes twenty times as long as what is shipped.
const TIME_MAX: Duration = Duration::from_secs(60);

fn read(format: Format, text: &str) -> Vec<Setting> {
    format::read(format, text.as_bytes()).settings
}

/// The meanings, in bounded time.
fn in_time(before: &[Setting], after: &[Setting]) -> Vec<(ItemKey, Meaning)> {
    let started = Instant::now();
    let said = meanings(before, after);
    assert!(started.elapsed() < TIME_MAX, "took {:?}", started.elapsed());
    said
}

/// What rules are made of, in both languages.
const PIECES: &str = "ip|saddr|daddr|tcp|dport|vmap|{|}|{ 22 : accept }|@s|!=|accept|drop|jump|goto|c|return|meta|mark|set|\
1|ct|state|established|iifname|lo|.|&|==|limit rate|5/second|log|prefix \"x\"|queue|\
dnat to 1.2.3.4:80|masquerade|map|fib|type|local|add @s { ip saddr }|counter|reject|with tcp reset|\
comment \"é\"|json {}|-s|10.0.0.0/8|!|-j|ACCEPT|DROP|-g|web|-m|--match-set|src|-p|--dport|22|\
multiport|--dports|1,2|recent|--set|\"|0.0.0.0/0-1|::/0|1.2.3.4-|/|*|:|,|numgen|inc|mod|2|vmap @m|\
RETURN|CT|--notrack";

fn piece() -> impl Strategy<Value = String> {
    let known: Vec<&str> = PIECES.split('|').collect();
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_rule_or_item_panics(rules in prop::collection::vec(prop::collection::vec(piece(), 0..10), 0..6), key in "\\PC{0,30}") {
        for chain in ["inet t/c", "filter/INPUT", "filter/web", "", "inet \"a/b\"/c", "x"] {
            let mut ruleset = Ruleset::default();
            ruleset.set("inet t/c hook", None, Some("type filter hook input priority 0"));
            ruleset.set("inet t/@s: 10.0.0.1", None, Some("jump c"));
            ruleset.set(&key, None, Some("present"));
            for (at, words) in rules.iter().enumerate() {
                ruleset.insert(chain, at / 2, &words.join(" "));
            }
            ruleset.settle_quietly();
            ruleset.remove(chain, 0);
            ruleset.insert(chain, 9, "jump c");
            ruleset.set(&key, Some("present"), None);
            ruleset.set("inet t/@s: 10.0.0.1", Some("jump c"), Some("accept"));
            for (_, meaning) in ruleset.settle() {
                prop_assert!(meaning.text.as_str().len() <= MEANING_TEXT_BYTES_MAX);
            }
        }
    }

    #[test]
    fn no_text_panics(pieces in prop::collection::vec(piece(), 0..60)) {
        let text = pieces.join(" ");
        let nft = format!("table inet t {{ chain c {{ type filter hook input priority 0; policy drop; {} }} }}", text.replace(" - ", "\n"));
        let dump = format!("*filter\n:INPUT DROP [0:0]\n:web - [0:0]\n-A INPUT {text}\n-A web {text}\nCOMMIT\n");
        for (format, text) in [(Format::Nft, nft), (Format::IptablesSave, dump)] {
            let settings = read(format, &text);
            in_time(&[], &settings);
            in_time(&settings, &[]);
        }
    }
}

/// `count` chains, each of which jumps to the next ones by `step`.
fn chains(count: usize, jumps: impl Fn(usize) -> Vec<usize>) -> String {
    let mut text = String::from("*filter\n:INPUT DROP [0:0]\n");
    (0..count).for_each(|chain| {
        let _ = writeln!(text, ":c{chain} - [0:0]");
    });
    text.push_str("-A INPUT -j c0\n");
    for chain in 0..count {
        for to in jumps(chain) {
            let _ = writeln!(text, "-A c{chain} -j c{to}");
        }
    }
    text
}

#[test]
fn a_deep_row_of_jumps_is_cut_and_taken_for_the_worst() {
    let base = chains(5_000, |chain| if chain + 1 < 5_000 { vec![chain + 1] } else { Vec::new() });
    let before = read(Format::IptablesSave, &format!("{base}COMMIT\n"));
    let after = read(Format::IptablesSave, &format!("{base}-A c4999 -s 10.0.0.1 -j ACCEPT\nCOMMIT\n"));
    let said = in_time(&before, &after);
    assert!(said.iter().any(|(_, meaning)| meaning.effect == Effect::Opens), "{said:?}");
    in_time(&[], &after);
    in_time(&after, &[]);
}

#[test]
fn loops_and_webs_of_jumps_end() {
    let round = chains(1_000, |chain| vec![(chain + 1) % 1_000, chain]);
    let web = chains(120, |chain| (chain + 1..120).collect());
    for base in [round, web] {
        let before = read(Format::IptablesSave, &format!("{base}COMMIT\n"));
        let after =
            read(Format::IptablesSave, &format!("{base}-A c100 -p tcp --dport 1 -j ACCEPT\n-P INPUT ACCEPT\nCOMMIT\n"));
        let said = in_time(&before, &after);
        assert!(said.iter().any(|(_, meaning)| meaning.effect == Effect::Opens), "{said:?}");
        in_time(&[], &after);
        in_time(&after, &[]);
    }
}

#[test]
fn tens_of_thousands_of_rules_come_and_go_in_time() {
    let mut text = String::from("table inet t { chain c { type filter hook input priority 0; policy accept;\n");
    for number in 0..20_000 {
        let verdict = if number % 3 == 0 { "drop" } else { "accept" };
        let _ = writeln!(
            text,
            "ip saddr 10.{}.{}.1 tcp dport {} {verdict}",
            number / 256 % 256,
            number % 256,
            number % 65_535
        );
    }
    let settings = read(Format::Nft, &format!("{text}}} }}\n"));
    assert!(settings.len() > 20_000);
    in_time(&[], &settings);
    in_time(&settings, &[]);
    let mut shuffled = settings.clone();
    shuffled.reverse();
    in_time(&settings, &shuffled);
}

#[test]
fn a_huge_set_used_by_many_rules_is_asked_about_in_time() {
    let elements: Vec<String> = (0..20_000).map(|number| format!("10.{}.{}.1", number / 256, number % 256)).collect();
    let rules: String = (0..500).map(|port| format!("ip saddr @s tcp dport {} accept\n", port + 1)).collect();
    let text = |elements: &str| {
        format!(
            "table inet t {{ set s {{ type ipv4_addr; {elements} }} chain c {{ type filter hook input priority 0; policy drop;\n{rules} }} }}\n"
        )
    };
    let empty = read(Format::Nft, &text(""));
    let full = read(Format::Nft, &text(&format!("elements = {{ {} }};", elements.join(", "))));
    let said = in_time(&empty, &full);
    assert!(said.iter().all(|(_, meaning)| meaning.effect >= Effect::Unclear), "more may be let in by each element");
    in_time(&full, &empty);
}
