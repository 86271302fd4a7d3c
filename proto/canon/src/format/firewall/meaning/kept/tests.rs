use super::{Kept, Meant, Rewritten};
use crate::format::{self, Format, Setting};
use crate::{DisplayPolicy, FleetKey, KeyEpoch, Observation, Value};

fn read(text: &str) -> Vec<Setting> {
    let reading = format::read(Format::Nft, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.settings
}

fn table(policy: &str, rules: &[&str]) -> String {
    let rules = rules.join("\n");
    format!("table inet t {{\nchain c {{\ntype filter hook input priority 0; policy {policy};\n{rules}\n}}\n}}\n")
}

fn said(meant: &Meant) -> Vec<String> {
    let mut all: Vec<_> = meant.iter().map(|(key, meaning)| format!("{key} => {}", meaning.text)).collect();
    all.sort();
    all
}

fn observed(settings: &[Setting], policy: DisplayPolicy) -> Observation {
    Observation::of_settings(settings, &FleetKey::new([7; 32], KeyEpoch(1)).keyed(), policy)
}

#[test]
fn each_reading_is_held_against_the_last_one() {
    let mut kept = Kept::of(&read(&table("drop", &["tcp dport 22 accept"])));
    let more = read(&table("drop", &["tcp dport 22 accept", "tcp dport 5432 accept"]));
    let came = said(&kept.read(&more));
    let rules: Vec<_> = came.iter().filter(|one| !one.starts_with("@order")).collect();
    assert_eq!(rules.len(), 1, "{came:?}");
    assert!(rules[0].contains("=> opens tcp/5432 to any source"), "{came:?}");
    assert!(said(&kept.read(&more)).is_empty(), "nothing came or went");
    let gone = kept.read(&[]);
    assert!(said(&gone).iter().any(|one| one.contains("tcp dport 5432 accept")), "{gone:?}");
}

#[test]
fn a_part_means_what_the_whole_means() {
    let before = table("drop", &["tcp dport 22 accept", "tcp dport 80 accept"]);
    for (policy, rules) in [
        ("drop", &["tcp dport 22 accept", "tcp dport 5432 accept", "tcp dport 80 accept"][..]),
        ("drop", &["tcp dport 80 accept"][..]),
        ("accept", &["tcp dport 22 accept", "tcp dport 80 accept"][..]),
        ("drop", &[][..]),
    ] {
        let now = read(&table(policy, rules));
        let whole = Kept::of(&read(&before)).read(&now);
        let facts = now.iter().filter(|one| super::is_fact(&one.key)).map(|one| (&one.key, Some(&one.value)));
        let part = Kept::of(&read(&before)).part([("inet t/c", rules.iter().copied().collect())], facts);
        assert_eq!(said(&whole), said(&part));
        assert!(!whole.is_empty());
    }
}

#[test]
fn what_changed_while_nobody_looked_is_told_by_what_was_known() {
    let before = read(&table("drop", &["tcp dport 22 accept", "tcp dport 23 drop"]));
    let now = read(&table("accept", &["tcp dport 22 accept", "tcp dport 5432 accept"]));
    for policy in [DisplayPolicy::Clear, DisplayPolicy::Digest] {
        let (mut kept, meant) = Kept::since(&observed(&before, policy), &now);
        let said = said(&meant);
        let of = |part: &str| said.iter().find(|one| one.starts_with(part)).map_or("", String::as_str);
        assert!(of("inet t/c: tcp dport 5432 accept").contains("5432"), "{said:?}");
        assert!(!of("inet t/c: tcp dport 23 drop").is_empty(), "{said:?}");
        if policy == DisplayPolicy::Clear {
            assert!(of("inet t/c policy").contains("opens"), "{said:?}");
        }
        assert!(kept.read(&now).is_empty(), "it has caught up");
    }
    let (_, same) = Kept::since(&observed(&before, DisplayPolicy::Clear), &before);
    assert!(same.is_empty(), "{same:?}");
}

#[test]
fn a_value_watched_by_content_is_no_rule() {
    let mut kept = Kept::of(&[]);
    let part = kept.part([], [(&crate::ItemKey::metadata(crate::ItemKey::CONTENT), Some(&Value::Inherited))]);
    assert!(part.iter().all(|(_, meaning)| !meaning.text.as_str().is_empty()));
}

#[test]
fn sets_of_another_source_are_told_as_they_are_now() {
    let rules =
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 99 -m set --match-set web src -j ACCEPT\nCOMMIT\n";
    let rules = format::read(Format::IptablesSave, rules.as_bytes()).settings;
    let key = |text: &str| crate::ItemKey::from_bytes(text.as_bytes());
    let (set, one, two) = (key("ipset/web"), key("ipset/web: 192.0.2.1"), key("ipset/web: 192.0.2.2"));
    let known = observed(&rules, DisplayPolicy::Clear);
    let (mut kept, meant) = Kept::since_beside(&known, &rules, [(&set, "hash:ip"), (&one, "present")]);
    assert!(meant.is_empty(), "{meant:?}");
    assert!(kept.read_beside([(&set, "hash:ip"), (&one, "present")]).is_empty());
    let came = said(&kept.read_beside([(&set, "hash:ip"), (&one, "present"), (&two, "present")]));
    assert_eq!(came, ["ipset/web: 192.0.2.2 => opens tcp/99 for 192.0.2.2: 192.0.2.2 is in web"]);
    assert!(kept.read(&rules).is_empty(), "the rules are read without the sets");
    let gone = said(&kept.read_beside([(&set, "hash:ip"), (&two, "present")]));
    assert_eq!(gone, ["ipset/web: 192.0.2.1 => closes tcp/99 for 192.0.2.1: 192.0.2.1 is no longer in web"]);
}

#[test]
fn what_is_between_rules_that_stay_means_what_all_rules_mean() {
    let all: Vec<String> = (20..30).map(|port| format!("tcp dport {port} accept")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let before = read(&table("drop", &all));
    for (front, back, between) in [
        (10, 0, &["tcp dport 99 accept"][..]),
        (0, 10, &["udp dport 53 drop", "tcp dport 99 accept"][..]),
        (4, 5, &["tcp dport 99 accept"][..]),
        (4, 5, &[][..]),
        (3, 3, &["tcp dport 26 accept", "tcp dport 23 accept", "tcp dport 24 accept", "tcp dport 25 accept"][..]),
        (0, 0, &["tcp dport 99 accept"][..]),
    ] {
        let now = [&all[..front], between, &all[10 - back..]].concat();
        let (mut whole, mut part) = (Kept::of(&before), Kept::of(&before));
        let told = whole.part([("inet t/c", now.iter().copied().collect())], []);
        let rewritten = Rewritten { front, back, rules: between.to_vec() };
        assert_eq!(said(&told), said(&part.part([("inet t/c", rewritten)], [])));
        assert!(!told.is_empty());
        assert_eq!(part.ruleset.rules("inet t/c").collect::<Vec<_>>(), now);
        assert_eq!(part.count("inet t/c"), now.len());
    }
    assert_eq!(Kept::of(&before).count("inet t/other"), 0);
}
