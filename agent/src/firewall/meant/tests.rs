use driftline_canon::format::{self, firewall::meaning::Meant};
use driftline_canon::{DisplayPolicy, Effect, FleetKey, Format, KeyEpoch, Observation, Reach, Setting};

use super::Meanings;
use crate::firewall::Backend;

const OPEN: &str = "-A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT\n";

fn saved(rules: &str) -> Vec<Setting> {
    format::read(Format::IptablesSave, format!("*filter\n:INPUT DROP [0:0]\n{rules}COMMIT\n").as_bytes()).settings
}

fn opens(meant: &Meant) -> bool {
    meant.iter().any(|(key, meaning)| key.as_str().contains("5432") && meaning.effect == Effect::Opens)
}

fn observed(settings: &[Setting]) -> Observation {
    Observation::of_settings(settings, &FleetKey::new([7; 32], KeyEpoch(1)).keyed(), DisplayPolicy::Clear)
}

#[test]
fn the_first_reading_is_held_against_what_is_known() {
    let meanings = Meanings::default();
    assert!(opens(&meanings.of_whole(Backend::IptablesNft, &saved(OPEN), |_| Some(observed(&saved(""))))));
    let again = meanings.of_whole(Backend::IptablesNft, &saved(OPEN), |_| panic!("asked once"));
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn what_was_never_seen_has_not_changed() {
    let meanings = Meanings::default();
    assert!(meanings.of_whole(Backend::IptablesLegacy, &saved(OPEN), |_| None).is_empty());
    meanings.was_empty(Backend::Ip6tablesLegacy);
    let appeared = meanings.of_whole(Backend::Ip6tablesLegacy, &saved(OPEN), |_| panic!("it is known to be empty"));
    // Before there were rules, everything was let in: these open nothing.
    assert!(!appeared.is_empty() && !opens(&appeared), "{appeared:?}");
}

#[test]
fn backends_do_not_mix() {
    let meanings = Meanings::default();
    let _ = meanings.of_whole(Backend::IptablesNft, &saved(OPEN), |_| None);
    let other = meanings.of_whole(Backend::IptablesLegacy, &saved(OPEN), |_| Some(observed(&saved(""))));
    assert!(opens(&other), "{other:?}");
}

const BY_SET: &str = "-A INPUT -p tcp -m tcp --dport 5432 -m set --match-set web src -j ACCEPT\n";

fn sets(elements: &[&str]) -> Vec<Setting> {
    let lines: String = elements.iter().map(|element| format!("add web {element}\n")).collect();
    format::read(Format::IpsetSave, format!("create web hash:net\n{lines}").as_bytes()).settings
}

fn one(meant: Meant, part: &str) -> (Effect, Reach, String) {
    let found = meant.into_iter().find(|(key, _)| key.as_str().contains(part));
    let (_, meaning) = found.unwrap_or_else(|| panic!("nothing is said of {part}"));
    (meaning.effect, meaning.reach, meaning.text.as_str().to_owned())
}

#[test]
fn an_element_means_what_the_rules_of_another_backend_do_with_it() {
    let meanings = Meanings::default();
    let known = |backend: Backend| match backend {
        Backend::Ipset => Some(observed(&sets(&["10.0.0.0/8"]))),
        _ => Some(observed(&saved(BY_SET))),
    };
    assert!(meanings.of_whole(Backend::IptablesNft, &saved(BY_SET), known).is_empty());
    assert!(meanings.of_whole(Backend::Ip6tablesNft, &saved(OPEN), |_| None).is_empty());
    assert!(meanings.of_whole(Backend::Ipset, &sets(&["10.0.0.0/8"]), known).is_empty(), "as it was known");
    let told = one(meanings.of_whole(Backend::Ipset, &sets(&["10.0.0.0/8", "0.0.0.0/1"]), known), "0.0.0.0/1");
    assert_eq!((told.0, told.1), (Effect::Opens, Reach::Any), "{told:?}");
    assert!(told.2.contains("tcp/5432") && told.2.contains("0.0.0.0/1 is in web"), "{told:?}");
    let told = one(meanings.of_whole(Backend::Ipset, &sets(&["10.0.0.0/8"]), known), "0.0.0.0/1");
    assert_eq!(told.0, Effect::Closes, "{told:?}");
}

#[test]
fn what_was_put_into_a_set_while_nobody_watched_is_told_too() {
    let meanings = Meanings::default();
    let known = |backend: Backend| match backend {
        Backend::Ipset => Some(observed(&sets(&[]))),
        _ => Some(observed(&saved(BY_SET))),
    };
    assert!(meanings.of_whole(Backend::IptablesLegacy, &saved(BY_SET), known).is_empty());
    let told = one(meanings.of_whole(Backend::Ipset, &sets(&["192.0.2.7"]), known), "192.0.2.7");
    assert_eq!((told.0, told.1), (Effect::Opens, Reach::Bounded), "{told:?}");
}

#[test]
fn a_rule_that_begins_to_look_into_a_set_knows_its_elements() {
    let meanings = Meanings::default();
    meanings.was_empty(Backend::Ipset);
    let _ = meanings.of_whole(Backend::Ipset, &sets(&["192.0.2.7"]), |_| None);
    let _ = meanings.of_whole(Backend::IptablesNft, &saved(""), |_| None);
    assert_ne!(one(meanings.of_whole(Backend::IptablesNft, &saved(BY_SET), |_| None), "match-set").0, Effect::Neutral);
    let told = one(meanings.of_whole(Backend::Ipset, &sets(&[]), |_| None), "192.0.2.7");
    assert_eq!(told.0, Effect::Closes, "what the set had is known: {told:?}");
}

#[test]
fn a_set_that_is_seen_first_has_not_changed() {
    let meanings = Meanings::default();
    let _ = meanings.of_whole(Backend::IptablesNft, &saved(BY_SET), |_| None);
    assert!(meanings.of_whole(Backend::Ipset, &sets(&["192.0.2.7"]), |_| None).is_empty());
    let told = one(meanings.of_whole(Backend::Ipset, &sets(&["192.0.2.7", "192.0.2.8"]), |_| None), "192.0.2.8");
    assert_eq!(told.0, Effect::Opens);
}

#[test]
fn a_part_is_told_to_what_was_handed_on() {
    let meanings = Meanings::default();
    let _ = meanings.of_whole(Backend::Nft, &saved(""), |_| None);
    let rule = ["-p tcp -m tcp --dport 5432 -j ACCEPT"];
    let meant = meanings.of_part(Backend::Nft, |kept| kept.part([("filter/INPUT", rule.into_iter().collect())], []));
    assert!(opens(&meant), "{meant:?}");
}
