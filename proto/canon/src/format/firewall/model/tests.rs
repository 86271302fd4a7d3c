//! Chains take changes as the tools would.

use super::*;

fn rule(text: &str) -> RuleText {
    RuleText { text: text.into(), line: 1, file: None }
}

fn rules(chains: &mut Chains, name: &str) -> Vec<String> {
    chains.chain(name).rules.iter().map(|rule| rule.text.to_string()).collect()
}

#[test]
fn insertions_and_removals_keep_the_order() {
    let mut chains = Chains::default();
    chains.chain("a").rules.push_back(rule("1"));
    chains.insert("a", 0, rule("0")).unwrap();
    chains.insert("a", 2, rule("2")).unwrap();
    assert_eq!(chains.insert("a", 4, rule("x")), Err(Refused::Missing));
    assert_eq!(rules(&mut chains, "a"), ["0", "1", "2"]);
    assert_eq!(chains.remove("a", "1").map(|rule| rule.text.into()), Ok("1".to_owned()));
    assert_eq!(chains.remove("a", "1"), Err(Refused::Missing));
    assert_eq!(chains.remove_at("a", 5), Err(Refused::Missing));
    assert!(chains.remove_at("a", 0).is_ok());
    assert_eq!(rules(&mut chains, "a"), ["2"]);
}

#[test]
fn passing_over_rules_has_an_end() {
    let mut chains = Chains::default();
    for _ in 0..10_000 {
        chains.chain("a").rules.push_back(rule("x"));
    }
    let refused = (0..10_000).map(|_| chains.remove("a", "y")).find(|result| *result == Err(Refused::Limit));
    assert!(refused.is_some());
}

#[test]
fn a_table_goes_with_its_own_chains_alone() {
    let mut chains = Chains::default();
    for name in ["filter/A", "filter2/A", "\"filter/A\"/B", "nat/A"] {
        chains.chain(name).rules.push_back(rule("x"));
    }
    chains.flush_table("filter").unwrap();
    assert!(chains.has("filter/A") && rules(&mut chains, "filter/A").is_empty());
    chains.remove_table("filter");
    assert!(!chains.has("filter/A") && chains.has("nat/A"));
    for name in ["filter2/A", "\"filter/A\"/B", "nat/A"] {
        assert_eq!(rules(&mut chains, name), ["x"], "{name}");
    }
}

#[test]
fn flushing_tables_has_an_end() {
    let mut chains = Chains::default();
    for at in 0..10_000 {
        chains.chain(&format!("filter/{at}"));
    }
    assert!((0..10_000).any(|_| chains.flush_table("filter") == Err(Refused::Limit)));
}

#[test]
fn names_that_could_be_more_than_one_are_quoted() {
    for (name, key) in [("a", "a"), ("a-b_c.d1", "a-b_c.d1"), ("a/b", "\"a/b\""), ("a b", "\"a b\""), ("@a", "\"@a\"")]
    {
        assert_eq!(name_in_key(name), key);
    }
    assert_eq!(table_of("ip a/b/c"), Some("ip a"));
    assert_eq!(table_of("ip \"a/b\"/c"), Some("ip \"a/b\""));
    assert_eq!(table_of("ip \"a\\\"/b\"/c"), Some("ip \"a\\\"/b\""));
    assert_eq!(table_of("ip \"a\\\\\"/c"), Some("ip \"a\\\\\""));
    assert_eq!(table_of("filter"), None);
}
