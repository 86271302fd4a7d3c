use driftline_canon::meaning::MeaningText;

use super::*;

fn said(kind: SourceKind, key: &str, meaning: Option<&Meaning>) -> String {
    let key = ItemKey::from_canonical(key.to_owned()).unwrap();
    why(&Circumstances { kind, key: &key, sides: (None, Some(Facet::default())), meaning, actor: None })
}

#[test]
fn the_rule_is_named_in_words() {
    let table = [
        (SourceKind::EnvFile, "DB_HOST", "its key is about `host`"),
        (SourceKind::EnvFile, "READ_TIMEOUT", "its key is about `timeout`"),
        (SourceKind::EnvFile, "COLOUR", "no rule names its key"),
        (SourceKind::File, ItemKey::CONTENT, "only that the content changed is known, not what in it"),
        (SourceKind::Firewall, "chain: rule", "it is a rule of a firewall, and what it means was not told"),
        (SourceKind::DatabaseConfig, "fsync", "of what the setting does to who gets in, or to what is kept"),
    ];
    for (kind, key, expected) in table {
        assert_eq!(said(kind, key, None), expected, "{key}");
    }
    assert!(said(SourceKind::EnvFile, ItemKey::MODE, None).starts_with("`@mode` is about the file itself"));
}

#[test]
fn every_meaning_has_its_sentence_and_no_two_severities_share_one() {
    let mut seen = std::collections::BTreeMap::new();
    for effect in Effect::ALL {
        for reach in Reach::ALL {
            let meaning = Meaning { effect, reach, machine: None, text: MeaningText::new("x") };
            let key = ItemKey::from_bytes(b"chain: rule");
            let weighed = firewall::weigh(SourceKind::Firewall, &key, Some(&meaning), None).unwrap();
            let text = said(SourceKind::Firewall, "chain: rule", Some(&meaning));
            assert_eq!(*seen.entry(text.clone()).or_insert(weighed.severity), weighed.severity, "{text}");
        }
    }
    assert!(seen.len() >= 6, "{seen:?}");
}

#[test]
fn a_programs_rules_say_whether_they_were_taken_for_its_own() {
    let means = |effect, reach| Meaning {
        effect,
        reach,
        machine: Some(MeaningText::new("docker")),
        text: MeaningText::new("x"),
    };
    let quiet = said(SourceKind::Firewall, "c: r", Some(&means(Effect::Closes, Reach::Any)));
    assert_eq!(quiet, "it is among docker's own rules, and nothing is opened to any source");
    let loud = said(SourceKind::Firewall, "c: r", Some(&means(Effect::Opens, Reach::Any)));
    assert!(loud.ends_with("it stands among docker's own rules, but is not known to be that program's"), "{loud}");
}
