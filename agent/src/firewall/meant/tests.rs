use driftline_canon::format::{self, firewall::meaning::Meant};
use driftline_canon::{DisplayPolicy, Effect, FleetKey, Format, KeyEpoch, Observation, Setting};

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
    assert!(opens(&meanings.of_whole(Backend::IptablesNft, &saved(OPEN), || Some(observed(&saved(""))))));
    let again = meanings.of_whole(Backend::IptablesNft, &saved(OPEN), || panic!("asked once"));
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn what_was_never_seen_has_not_changed() {
    let meanings = Meanings::default();
    assert!(meanings.of_whole(Backend::IptablesLegacy, &saved(OPEN), || None).is_empty());
    meanings.was_empty(Backend::Ip6tablesLegacy);
    let appeared = meanings.of_whole(Backend::Ip6tablesLegacy, &saved(OPEN), || panic!("it is known to be empty"));
    // Before there were rules, everything was let in: these open nothing.
    assert!(!appeared.is_empty() && !opens(&appeared), "{appeared:?}");
}

#[test]
fn backends_do_not_mix() {
    let meanings = Meanings::default();
    let _ = meanings.of_whole(Backend::IptablesNft, &saved(OPEN), || None);
    let other = meanings.of_whole(Backend::IptablesLegacy, &saved(OPEN), || Some(observed(&saved(""))));
    assert!(opens(&other), "{other:?}");
    let sets = format::read(Format::IpsetSave, b"create a hash:ip\nadd a 10.0.0.1\n").settings;
    assert!(meanings.of_whole(Backend::Ipset, &sets, || Some(Observation::default())).is_empty());
}

#[test]
fn a_part_is_told_to_what_was_handed_on() {
    let meanings = Meanings::default();
    let _ = meanings.of_whole(Backend::Nft, &saved(""), || None);
    let rule = ["-p tcp -m tcp --dport 5432 -j ACCEPT"];
    let meant = meanings.of_part(Backend::Nft, |kept| kept.part([("filter/INPUT", rule.to_vec())], []));
    assert!(opens(&meant), "{meant:?}");
}
