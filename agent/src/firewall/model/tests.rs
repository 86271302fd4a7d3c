//! What single events come to.

use serde_json::{Value as Json, json};

use super::apply::{Astray, News};
use super::touched::{Touched, Unclear};
use super::*;
use crate::firewall::event::{Spot, What};

fn id() -> TableId {
    TableId { family: 1, name: "t".into() }
}

fn model() -> Model {
    let mut model = Model::default();
    for object in [
        json!({"table": {"family": "inet", "name": "t", "handle": 1}}),
        json!({"chain": {"family": "inet", "table": "t", "name": "c", "handle": 1}}),
        json!({"set": {"family": "inet", "table": "t", "name": "s", "handle": 2, "type": "inet_service", "elem": [22]}}),
        json!({"set": {"family": "inet", "table": "t", "name": "r", "handle": 3, "type": "ipv4_addr", "flags": ["interval"]}}),
        rule(4, "accept"),
    ] {
        model.take(&object);
    }
    model.finish(&[]);
    model
}

fn rule(handle: u64, verdict: &str) -> Json {
    json!({"rule": {"family": "inet", "table": "t", "chain": "c", "handle": handle, "expr": [{verdict: null}]}})
}

struct Bench(Model);

impl Bench {
    /// What follows of these events, as `KEY` or `-KEY`.
    fn told(&mut self, all: &[(What, u64, bool, Json)]) -> Result<Vec<String>, Astray> {
        let mut touched = Touched::default();
        for (what, handle, gone, said) in all {
            let said = said.as_object().and_then(|said| said.iter().next()).map(|(kind, inner)| (kind.as_str(), inner));
            self.0.apply(&News { table: &id(), what, handle: *handle, gone: *gone, said }, &mut touched)?;
        }
        self.0.settle(&mut touched);
        let items = touched.outcome(&mut self.0).items;
        let known: Vec<String> = self.0.settings().iter().map(|one| one.key.to_string()).collect();
        let mut told: Vec<String> =
            items.iter().map(|(key, now)| format!("{}{key}", if now.is_some() { "" } else { "-" })).collect();
        assert!(items.iter().all(|(key, now)| known.contains(&key.to_string()) == now.is_some()), "{told:?}");
        told.sort();
        Ok(told)
    }
}

fn in_chain(spot: Spot) -> What {
    What::Rule { chain: "c".into(), spot, sets: Vec::new() }
}

#[test]
fn a_second_rule_of_the_same_words_is_counted() {
    let mut bench = Bench(model());
    let told = bench.told(&[(in_chain(Spot::Front), 9, false, rule(9, "accept"))]).unwrap();
    assert_eq!(told, ["@order:inet t/c", "inet t/c: accept", "inet t/c: accept #2"]);
    // The first goes, and the second is the first.
    let told = bench.told(&[(in_chain(Spot::End), 9, true, Json::Null)]).unwrap();
    assert_eq!(told, ["-inet t/c: accept #2", "@order:inet t/c", "inet t/c: accept"]);
}

#[test]
fn elements_come_and_go_and_a_set_of_ranges_is_to_be_listed() {
    let mut bench = Bench(model());
    let element = |port: u16| json!({"element": {"name": "s", "elem": {"set": [port]}}});
    let what = || What::Elements { set: "s".into(), lasting: true };
    let told = bench.told(&[(what(), 0, false, element(80)), (what(), 0, true, element(22))]).unwrap();
    assert_eq!(told, ["-inet t/@s: 22", "inet t/@s: 80"]);
    let mut touched = Touched::default();
    let ranges = What::Elements { set: "r".into(), lasting: true };
    let news = News { table: &id(), what: &ranges, handle: 0, gone: false, said: None };
    bench.0.apply(&news, &mut touched).unwrap();
    assert!(touched.unclear.contains(&Unclear::Set(id(), "r".into())));
}

#[test]
fn a_table_that_goes_takes_all_with_it() {
    let mut bench = Bench(model());
    let told = bench.told(&[(What::Table { flags: 0 }, 1, true, Json::Null)]).unwrap();
    assert!(told.iter().all(|one| one.starts_with('-')) && told.len() >= 6, "{told:?}");
    assert!(bench.0.settings().is_empty());
    // What is told of it again after that is nothing.
    assert_eq!(bench.told(&[(in_chain(Spot::End), 4, true, Json::Null)]), Ok(Vec::new()));
}

#[test]
fn what_does_not_fit_is_said() {
    let mut bench = Bench(model());
    let nowhere = What::Rule { chain: "x".into(), spot: Spot::End, sets: Vec::new() };
    assert!(bench.told(&[(nowhere, 9, false, rule(9, "accept"))]).is_err());
    assert!(bench.told(&[(in_chain(Spot::End), 9, false, Json::Null)]).is_err());
    let within = What::Rule { chain: "__chain0".into(), spot: Spot::End, sets: Vec::new() };
    assert_eq!(bench.told(&[(within, 9, false, Json::Null)]), Ok(Vec::new()));
}

#[test]
fn a_print_tells_rulesets_apart_and_nothing_else() {
    let (one, mut other) = (model(), model());
    assert_eq!(one.print(), other.print());
    let renamed = chain::Rule { handle: 77, ..other.tables[0].chains[0].rules[0].clone() };
    other.tables[0].chains[0].rules.replace(0, renamed);
    assert_eq!(one.print(), other.print(), "handles are noise");
    other.take(&rule(5, "drop"));
    assert_ne!(one.print(), other.print());
}

#[test]
fn a_rule_that_is_said_without_its_set_is_to_be_listed() {
    let looks = |sets: &[&str], right: Json| {
        let what =
            What::Rule { chain: "c".into(), spot: Spot::End, sets: sets.iter().map(|set| (*set).into()).collect() };
        let said = json!({"handle": 9, "expr": [{"match": {"op": "==", "left": "x", "right": right}}]});
        let (mut model, mut touched) = (model(), Touched::default());
        let news = News { table: &id(), what: &what, handle: 9, gone: false, said: Some(("rule", &said)) };
        model.apply(&news, &mut touched).unwrap();
        !touched.unclear.is_empty()
    };
    assert!(!looks(&["s"], json!("@s")) && !looks(&["__set0"], json!({"set": [1]})));
    assert!(looks(&["s"], json!("s")) && looks(&["__set0"], json!(1)) && looks(&[], json!("__chain0")));
}

/// What whoever knows so many rules of the chain is told after these events.
fn rewritten(model: &mut Model, known: usize, all: &[(Spot, u64, Option<&str>)]) -> (usize, usize, Vec<String>) {
    let mut touched = Touched::default();
    for (spot, handle, verdict) in all {
        let said = verdict.map(|verdict| rule(*handle, verdict)["rule"].clone());
        let what = in_chain(*spot);
        let said = said.as_ref().map(|said| ("rule", said));
        let news = News { table: &id(), what: &what, handle: *handle, gone: said.is_none(), said };
        model.apply(&news, &mut touched).unwrap();
    }
    model.settle(&mut touched);
    let outcome = touched.outcome(model);
    let one = &outcome.chains[0];
    let told = model.rules(&one.table, &one.name, one.since, known);
    (told.front, told.back, told.rules.into_iter().map(str::to_owned).collect())
}

#[test]
fn only_rules_between_those_that_stay_are_told() {
    let mut model = model();
    (10..20).for_each(|handle| model.take(&rule(handle, "accept")));
    let all = rewritten(&mut model, 11, &[(Spot::End, 30, Some("drop"))]);
    assert_eq!((all.0, all.1, all.2.len()), (0, 0, 12), "nothing was known before");
    let drop = || vec!["drop".to_owned()];
    assert_eq!(rewritten(&mut model, 12, &[(Spot::End, 31, Some("drop"))]), (12, 0, drop()));
    assert_eq!(rewritten(&mut model, 13, &[(Spot::Behind(10), 32, Some("drop"))]), (2, 11, drop()));
    assert_eq!(rewritten(&mut model, 14, &[(Spot::End, 32, None)]), (2, 11, Vec::new()));
    let two = [(Spot::Front, 33, Some("drop")), (Spot::End, 31, None)];
    assert_eq!(
        rewritten(&mut model, 13, &two),
        (0, 0, model.rules(&id(), "c", Since::default(), 1).rules.iter().map(|one| (*one).to_owned()).collect())
    );
    let all = rewritten(&mut model, 99, &[(Spot::End, 34, Some("drop"))]);
    assert_eq!((all.0, all.1, all.2.len()), (0, 0, 14), "whoever knows another number is told of all");
}
