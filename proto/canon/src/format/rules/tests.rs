use super::*;
use crate::format::Reading;
use crate::secret::classify_all;
use crate::{Setting, Value};

fn read(rules: &[&str]) -> Reading {
    let mut gather = Gather::new();
    let mut list = RuleList::new(b"hba");
    for (rule, line) in rules.iter().zip(1..) {
        list.push(&mut gather, rule.as_bytes(), rule.as_bytes(), Place { line, column: 1 });
    }
    list.finish(&mut gather);
    gather.finish(b"")
}

fn pairs(reading: &Reading) -> Vec<(String, Value)> {
    let mut pairs: Vec<_> =
        reading.settings.iter().map(|Setting { key, value, .. }| (key.as_str().to_owned(), value.clone())).collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

#[test]
fn a_rule_is_an_item_and_so_is_the_order() {
    let reading = read(&["local all all peer", "host all all samenet md5"]);
    let keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["hba: local all all peer", "hba: host all all samenet md5", "@order:hba"]);
    assert_eq!(reading.settings[1].line, Some(2));
    assert!(reading.settings[2].value.bytes().starts_with(b"2 rules, order "));
}

#[test]
fn an_inserted_rule_changes_itself_and_the_order_alone() {
    let before = pairs(&read(&["a", "b", "c"]));
    let after = pairs(&read(&["a", "x", "b", "c"]));
    let changed: Vec<&str> = after.iter().filter(|pair| !before.contains(pair)).map(|(key, _)| key.as_str()).collect();
    assert_eq!(changed, ["@order:hba", "hba: x"]);
}

#[test]
fn rules_that_swap_places_change_the_order_alone() {
    let (before, after) = (pairs(&read(&["a", "b"])), pairs(&read(&["b", "a"])));
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn a_second_identical_rule_is_counted() {
    let reading = read(&["a", "a", "b", "a"]);
    let keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["hba: a", "hba: a #2", "hba: b", "hba: a #3", "@order:hba"]);
    assert_eq!(reading.problems, []);
}

#[test]
fn long_rules_are_cut_and_kept_apart() {
    let long = |end: &str| format!("{} {end}", "é ".repeat(300));
    let (one, other) = (long("a"), long("b"));
    let reading = read(&[&one, &other]);
    let keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
    assert!(keys[0].len() < SHOWN_BYTES_MAX + 40, "{}", keys[0].len());
    assert_ne!(keys[0], keys[1]);
    assert!(keys[0].contains('…'));
    assert_eq!(reading.settings[0].value, text(one));
}

#[test]
fn no_list_without_rules_has_an_order() {
    assert_eq!(read(&[]).settings, []);
}

#[test]
fn a_word_that_looks_like_a_secret_is_in_no_key() {
    let reading = read(&["accept comment ghp_0123456789abcdefghijABCDEFGHIJ012345"]);
    assert_eq!(reading.settings[0].key.as_str(), "hba: accept comment ****");
    assert_eq!(classify_all(&reading.settings)[0], Some(crate::SecretReason::Format));
}

#[test]
fn words_of_a_rule_name_no_secret() {
    let long = format!("host all {} 0.0.0.0/0 password", vec!["someone"; 80].join(","));
    let reading = read(&["host all all 0.0.0.0/0 password", "host all all 0.0.0.0/0 password", &long]);
    assert_eq!(classify_all(&reading.settings), [None; 4]);
}

#[test]
fn what_the_format_masked_is_a_secret() {
    let mut gather = Gather::new();
    let mut list = RuleList::new(b"hba");
    let place = Place { line: 1, column: 1 };
    list.push(&mut gather, b"ldap ldapbindpasswd=quiet", b"ldap ldapbindpasswd=****", place);
    let reading = gather.finish(b"");
    assert_eq!(reading.settings[0].key.as_str(), "hba: ldap ldapbindpasswd=****");
    assert_eq!(classify_all(&reading.settings)[0], Some(crate::SecretReason::Format));
}

#[test]
fn a_mask_hides_nothing_beside_it() {
    let reading = read(&["radius radiussecrets=**** b", "ldap ghp_0123456789abcdefghijABCDEFGHIJ012345**** x"]);
    assert_eq!(reading.settings[0].key.as_str(), "hba: radius radiussecrets=**** b");
    assert_eq!(reading.settings[1].key.as_str(), "hba: ldap **** x");
    assert_eq!(reading.problems, []);
}

#[test]
fn a_word_that_is_masked_in_the_key_is_not_shown_in_the_value() {
    let reading = read(&["-m comment --comment aB3dE9fGh1Jk2LmN4pQ5rS6tU7vW -j TAG"]);
    assert_eq!(reading.settings[0].key.as_str(), "hba: -m comment --comment **** -j TAG");
    assert_eq!(classify_all(&reading.settings)[0], Some(crate::SecretReason::Format));
}

/// Bits of hashes collide long before rules repeat; each is told apart all the
/// same, and what repeats is counted wherever its first one was.
#[test]
fn many_rules_in_a_list_without_room_are_told_apart() {
    let mut gather = Gather::new();
    let mut list = RuleList::with_room(b"hba", 4);
    let rules: Vec<String> = (0..500).map(|n| format!("rule {n}")).collect();
    for (rule, line) in rules.iter().chain(&rules[100..]).chain(&rules[499..]).zip(1..) {
        list.push(&mut gather, rule.as_bytes(), rule.as_bytes(), Place { line, column: 1 });
    }
    list.finish(&mut gather);
    let reading = gather.finish(b"");
    assert_eq!(reading.problems, []);
    let count = |end: &str| reading.settings.iter().filter(|one| one.key.as_str().ends_with(end)).count();
    assert_eq!((count(" #2"), count(" #3"), reading.settings.len()), (400, 1, 500 + 401 + 1));
}

/// A list that is full takes no key, and so knows of none: what stands there
/// twice is counted all the same, as it is watched under its names.
#[test]
fn rules_beyond_the_limit_are_counted() {
    let mut gather = Gather::new();
    for n in 0..ITEMS_MAX {
        gather.set(format!("k{n}").as_bytes(), text("v"), Place { line: 1, column: 1 });
    }
    let mut list = RuleList::with_room(b"hba", 4);
    let hash = [7; 32];
    list.key = b"hba: a".to_vec();
    assert_eq!([(); 3].map(|()| list.count(&gather, &hash)), [1, 2, 3]);
}
