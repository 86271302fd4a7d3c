//! Random transactions: what is handed on after each is what a listing says.

use driftline_canon::{Observation, delta};

use crate::rig::{Follower, Netns, Told};

/// A small generator of numbers, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const BASE: &str = "flush ruleset
table inet t { chain c0 { type filter hook input priority 0; }; chain c1 { }; chain c2 { };
 set s { type inet_service; }; set r { type ipv4_addr; flags interval; }; map m { type inet_service : verdict; }; }
table ip u { chain c0 { type filter hook output priority 5; }; chain c1 { }; chain c2 { }; set s { type inet_service; }; set r { type ipv4_addr; flags interval; }; map m { type inet_service : verdict; }; }\n";

/// A rule's own words.
fn rule(dice: &mut Dice) -> String {
    let port = dice.roll(6) + 1;
    let rules = [
        format!("tcp dport {port} accept"),
        format!("tcp dport {{ {port}, 22, 80-90 }} counter drop"),
        format!("ip saddr 192.0.2.{port} drop comment \"number {port}\""),
        "ct state established,related accept".to_owned(),
        format!("meta mark 0x{port} limit rate {port}/second log prefix \"x {port}\" accept"),
        "tcp dport @s accept".to_owned(),
        "tcp dport vmap @m".to_owned(),
        format!("udp dport vmap {{ {port} : accept, 99 : drop }}"),
        "ip daddr @r jump c2".to_owned(),
    ];
    rules[usize::try_from(dice.roll(rules.len() as u64)).unwrap()].clone()
}

/// One command; `handles` are those of rules that are there.
fn command(dice: &mut Dice, handles: &mut Vec<(String, u64)>) -> String {
    let table = ["inet t", "ip u"][usize::from(dice.roll(2) == 1)];
    let chain = format!("{table} c{}", dice.roll(2));
    let (a, b) = (dice.roll(9) + 1, dice.roll(9) + 1);
    match dice.roll(20) {
        0..=5 => format!("add rule {chain} {}", rule(dice)),
        6 | 7 => format!("insert rule {chain} {}", rule(dice)),
        8..=12 if !handles.is_empty() => {
            let at = usize::try_from(dice.roll(handles.len() as u64)).unwrap();
            let what = dice.roll(4);
            let (chain, handle) = if what < 2 { handles.remove(at) } else { handles[at].clone() };
            match what {
                0 => format!("delete rule {chain} handle {handle}"),
                1 => format!("replace rule {chain} handle {handle} {}", rule(dice)),
                2 => format!("add rule {chain} position {handle} {}", rule(dice)),
                _ => format!("insert rule {chain} position {handle} {}", rule(dice)),
            }
        }
        13 => {
            handles.retain(|(of, _)| *of != chain);
            format!("flush chain {chain}")
        }
        14 => format!("add element {table} s {{ {a}, {} }}", b + 10),
        15 => format!("add element {table} r {{ 10.{a}.0.0/16 }}"),
        16 => format!("flush set {table} {}", ["s", "r", "m"][usize::try_from(dice.roll(3)).unwrap()]),
        17 => format!("add element {table} m {{ {a} : accept }}"),
        18 => format!("add chain {table} c0 {{ policy {}; }}", ["accept", "drop"][usize::from(a > 4)]),
        _ => format!("add counter {table} n{a}"),
    }
}

fn handles(netns: &Netns) -> Vec<(String, u64)> {
    let listing: serde_json::Value = serde_json::from_str(&netns.run("nft -j list ruleset")).unwrap();
    let rules = listing["nftables"].as_array().unwrap().iter().filter_map(|object| object.get("rule"));
    let text = |rule: &serde_json::Value, name: &str| rule[name].as_str().unwrap().to_owned();
    let chain = |rule| format!("{} {} {}", text(rule, "family"), text(rule, "table"), text(rule, "chain"));
    rules.map(|rule| (chain(rule), rule["handle"].as_u64().unwrap())).collect()
}

/// So many transactions, each held against a listing.
fn transactions(count: usize, seed: u64) {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    let mut dice = Dice(seed);
    let (mut done, mut before, mut history) = (0, netns.listed(), Vec::new());
    while done < count {
        let mut known = handles(&netns);
        if known.len() > 60 {
            netns.nft(BASE);
        }
        let commands: Vec<String> = (0..=dice.roll(6)).map(|_| command(&mut dice, &mut known)).collect();
        let text = format!("{}\n", commands.join("\n"));
        // What the kernel refuses is no transaction, and nothing comes of it.
        if netns.try_nft(&text).status.success() {
            done += 1;
        }
        let after = netns.listed();
        history.push(text);
        check(&mut follower, &before, &after, &history[history.len().saturating_sub(8)..]);
        before = after;
    }
}

/// What was handed on leads from one listing to the next, without a listing.
fn check(follower: &mut Follower, before: &Observation, after: &Observation, text: &[String]) {
    while follower.state.root() != after.root() {
        match follower.next_within(std::time::Duration::from_secs(15)) {
            Some(Told::Seen { .. }) => {}
            // While a set of ranges is listed the next transaction may come: said,
            // and still the whole difference.
            Some(Told::Gap(reason)) if reason.contains("were seen as one") => {}
            Some(Told::Gap(reason)) => panic!("{text:#?}: {reason}"),
            None => {
                panic!("{text:#?}: {:#?}\nof\n{:#?}", delta::diff(&follower.state, after), delta::diff(before, after))
            }
        }
    }
}

#[test]
fn f1_a_thousand_random_transactions_come_to_what_a_listing_says() {
    transactions(1000, 1);
}
