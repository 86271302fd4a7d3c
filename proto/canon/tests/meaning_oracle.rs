//! What a firewall's change is said to mean, held against what it does: small
//! rulesets are made, changed and asked packet by packet.
//!
//! A packet that gets in and was kept out before must be told: never less than
//! "opens" or "unclear", and to any source where it may come from any. The
//! simulation knows nothing of canon's readers: it goes over the rulesets that
//! it made, and hands their text to canon.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a world that cannot be made fails the test, and it says how much it saw"
)]

#[path = "meaning_oracle/change.rs"]
mod change;
#[path = "meaning_oracle/ruleset.rs"]
mod ruleset;
#[path = "meaning_oracle/simulation.rs"]
mod simulation;

use driftline_canon::format::firewall::meaning::{Ruleset, meanings};
use driftline_canon::format::{self, Setting};
use driftline_canon::{Effect, Format, ItemKey, Meaning, Reach};

use ruleset::{Language, Random, Rules};
use simulation::{Packet, accepted, packets};

/// Rulesets that are made, and how often each is changed. More of them are
/// asked for with `DRIFTLINE_ORACLE_RULESETS`.
const RULESETS: u64 = 250;
const CHANGES: usize = 6;

fn rulesets() -> u64 {
    std::env::var("DRIFTLINE_ORACLE_RULESETS").ok().and_then(|text| text.parse().ok()).unwrap_or(RULESETS)
}

fn read(rules: &Rules) -> Vec<Setting> {
    let text = rules.text();
    let format = if rules.language == Language::Nft { Format::Nft } else { Format::IptablesSave };
    let reading = format::read(format, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:?}\n{text}", reading.problems);
    reading.settings
}

/// What was said too much and what there was to say, over all cases.
#[derive(Default)]
struct Tally {
    opened: usize,
    closed: usize,
    said_open: usize,
    said_open_in_vain: usize,
    cases: usize,
}

/// What a ruleset does with each packet of the world.
fn decided(rules: &Rules) -> Vec<bool> {
    packets().iter().map(|packet| accepted(rules, packet)).collect()
}

fn check(
    seed: u64,
    (before, was): (&Rules, &[bool]),
    (after, is): (&Rules, &[bool]),
    said: &[(ItemKey, Meaning)],
    tally: &mut Tally,
) {
    let mut newly: Vec<Packet> = Vec::new();
    let mut no_longer = 0;
    for ((packet, was), is) in packets().into_iter().zip(was).zip(is) {
        match (was, is) {
            _ if packet.is_reply() => {}
            (false, true) => newly.push(packet),
            (true, false) => no_longer += 1,
            _ => {}
        }
    }
    let told = |wanted: Effect| said.iter().any(|(_, meaning)| meaning.effect == wanted);
    let reach = said
        .iter()
        .filter(|(_, meaning)| matches!(meaning.effect, Effect::Opens | Effect::Unclear))
        .map(|(_, meaning)| meaning.reach)
        .max();
    let needed = newly.iter().map(Packet::reach).max();
    let show = || {
        let said: Vec<String> =
            said.iter().map(|(key, it)| format!("{key}: {:?} {:?} {}", it.effect, it.reach, it.text)).collect();
        format!("seed {seed}\n{}\n=====>\n{}\nsaid:\n{}\n", before.text(), after.text(), said.join("\n"))
    };
    assert!(reach >= needed, "{:?} needs {needed:?}, said {reach:?}\n{}", newly.first(), show());
    let silent = said.iter().all(|(_, meaning)| meaning.effect == Effect::Neutral);
    assert!(no_longer == 0 || !silent, "{no_longer} packets are kept out and nothing is said\n{}", show());
    tally.cases += 1;
    tally.opened += usize::from(!newly.is_empty());
    tally.closed += usize::from(no_longer > 0);
    tally.said_open += usize::from(told(Effect::Opens));
    tally.said_open_in_vain += usize::from(told(Effect::Opens) && newly.is_empty());
}

fn run(language: Language) {
    let mut tally = Tally::default();
    for seed in 1..=rulesets() {
        let mut random = Random::new(seed);
        let mut before = Rules::made(language, &mut random);
        let (mut settings, mut was) = (read(&before), decided(&before));
        let mut kept = Ruleset::of(&settings);
        for _ in 0..CHANGES {
            let after = change::changed(&before, &mut random);
            let next = read(&after);
            let said = meanings(&settings, &next);
            let is = decided(&after);
            check(seed, (&before, &was), (&after, &is), &said, &mut tally);
            // A ruleset that was told each change says what a new one says.
            kept.tell(&settings, &next);
            assert_eq!(sorted(kept.settle()), sorted(said), "seed {seed}\n{}\n=====>\n{}", before.text(), after.text());
            (before, settings, was) = (after, next, is);
        }
    }
    let Tally { opened, closed, said_open, said_open_in_vain, cases } = tally;
    println!(
        "{cases} changes: {opened} opened, {closed} closed; {said_open} said to open, {said_open_in_vain} of them in vain"
    );
    assert!(opened * 20 > cases && closed * 20 > cases, "too few changes did anything");
    assert!(said_open_in_vain * 4 < cases, "too much is said to open that opens nothing");
}

/// What was said without the words: of several ways to one chain that are as
/// wide, a sentence names any.
fn sorted(said: Vec<(ItemKey, Meaning)>) -> Vec<(ItemKey, Effect, Reach)> {
    let mut said: Vec<_> = said.into_iter().map(|(key, meaning)| (key, meaning.effect, meaning.reach)).collect();
    said.sort();
    said
}

#[test]
fn what_gets_in_by_a_change_of_nftables_is_told() {
    run(Language::Nft);
}

#[test]
fn what_gets_in_by_a_change_of_iptables_is_told() {
    run(Language::Iptables);
}

#[test]
fn a_rule_in_a_chain_that_nothing_reaches_never_opens() {
    for seed in 1..=rulesets() {
        let mut random = Random::new(seed);
        let language = if seed % 2 == 0 { Language::Nft } else { Language::Iptables };
        let before = Rules::made(language, &mut random);
        let after = change::with_rule_in_lone_chain(&before, &mut random);
        for (key, meaning) in meanings(&read(&before), &read(&after)) {
            assert_ne!(meaning.effect, Effect::Opens, "seed {seed}, {key}: {}\n{}", meaning.text, after.text());
            assert_ne!(meaning.effect, Effect::Closes, "seed {seed}, {key}: {}\n{}", meaning.text, after.text());
        }
    }
}

#[test]
fn reaches_are_compared_as_the_simulation_needs_them() {
    assert!(Reach::Local < Reach::Bounded && Reach::Bounded < Reach::Any);
    assert!(None < Some(Reach::Local));
}
