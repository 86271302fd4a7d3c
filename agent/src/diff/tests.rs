use std::path::Path;
use std::sync::Arc;

use driftline_canon::{Digest, ItemKey, Problem, ProblemKind, SourceName};

use super::*;
use crate::config::{Config, SourceSpec};
use crate::observe::Clue;

fn spec(more: &str) -> Arc<SourceSpec> {
    let text = format!("[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n{more}\n");
    Arc::clone(&Config::parse(Path::new("agent.toml"), &text).unwrap().sources[0])
}

fn item(key: &str, value: u8) -> Item {
    Item {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    }
}

fn seen(more: &str, value: u8) -> Observed {
    let observation = Observation::new(vec![item("A", value), item("B", 0)]);
    Observed {
        name: SourceName::new("app").unwrap(),
        path: "/app.env".to_owned(),
        spec: spec(more),
        sight: Sight::Whole { observation, content: None, unreadable: Vec::new() },
        problems: Vec::new(),
        observed_ms: 100 + i64::from(value),
        unobserved_since_ms: Some(50),
        actor: None,
        clue: Clue::default(),
        meanings: Vec::new(),
    }
}

fn state(observed: &Observed) -> SourceState {
    decide(None, observed, KeyEpoch(1)).state.unwrap()
}

#[test]
fn a_new_source_is_told_whole_and_never_as_unobserved() {
    let decision = decide(None, &seen("", 1), KeyEpoch(1));
    assert_eq!(decision.entries.len(), 1);
    assert_eq!(decision.entries[0].unobserved_since_ms, None);
    let Body::Snapshot(all) = &decision.entries[0].body else { panic!("{decision:?}") };
    assert_eq!((all.reason, all.before, all.items.len()), (SnapshotReason::First, Root::empty(), 2));
}

#[test]
fn w7_a_change_is_one_delta_with_the_bounds_of_when() {
    let known = state(&seen("", 1));
    let decision = decide(Some(&known), &seen("", 2), KeyEpoch(1));
    let [Entry { body: Body::Delta(delta), unobserved_since_ms: Some(50), observed_ms: 102, .. }] =
        &decision.entries[..]
    else {
        panic!("{decision:?}")
    };
    assert_eq!((delta.before, delta.changes.len()), (known.head.root, 1));
}

#[test]
fn w15_the_same_again_is_nothing() {
    let decision = decide(Some(&state(&seen("", 1))), &seen("", 1), KeyEpoch(1));
    assert!(decision.entries.is_empty() && decision.state.is_none());
}

#[test]
fn problems_are_told_when_they_change_and_when_they_end() {
    let mut odd = seen("", 1);
    odd.problems.push(Problem::whole(ProblemKind::Syntax, "line 3"));
    let told = decide(Some(&state(&seen("", 1))), &odd, KeyEpoch(1));
    assert!(matches!(&told.entries[..], [Entry { body: Body::Problems(all), .. }] if all.len() == 1));
    assert!(decide(told.state.as_ref(), &odd, KeyEpoch(1)).entries.is_empty());
    let solved = decide(told.state.as_ref(), &seen("", 1), KeyEpoch(1));
    assert!(matches!(&solved.entries[..], [Entry { body: Body::Problems(all), .. }] if all.is_empty()));
}

#[test]
fn w13_an_unreadable_file_keeps_its_settings() {
    let known = state(&seen("", 1));
    let mut closed = seen("", 1);
    closed.sight = Sight::Unreadable { metadata: vec![item("@state", 9)] };
    let kept = decide(Some(&known), &closed, KeyEpoch(1)).state.unwrap();
    assert_eq!(kept.observation.items().len(), 3);
    // Not those of another key: they could not be compared with anything.
    let rekeyed = decide(Some(&known), &closed, KeyEpoch(2)).state.unwrap();
    assert_eq!(rekeyed.observation.items().len(), 1);
}

#[test]
fn another_key_dialect_or_policy_is_no_change_of_the_file() {
    let known = state(&seen("", 1));
    let reason = |observed: &Observed, epoch| {
        let decision = decide(Some(&known), observed, KeyEpoch(epoch));
        match &decision.entries[..] {
            [Entry { body: Body::Snapshot(all), .. }] => all.reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason(&seen("", 1), 2), SnapshotReason::Rekey);
    assert_eq!(reason(&seen("dialect = \"dotenv\"", 1), 1), SnapshotReason::Normaliser);
    assert_eq!(reason(&seen("display = \"digest\"", 1), 1), SnapshotReason::Policy);
}

fn item_in(key: &str, value: u8, file: &str) -> Item {
    Item { file: Some(file.into()), ..item(key, value) }
}

#[test]
fn w13_what_an_unreadable_included_file_set_stays_as_it_was() {
    let sight = |items: Vec<Item>, unreadable: &[&str]| {
        let unreadable = unreadable.iter().map(|name| unread(name, &[])).collect();
        Observed {
            sight: Sight::Whole { observation: Observation::new(items), content: None, unreadable },
            ..seen("", 1)
        }
    };
    let all = vec![item("A", 1), item_in("B", 2, "/x/b.conf"), item_in("C", 3, "/d/c.conf"), item_in("D", 4, "/e")];
    let known = decide(None, &sight(all.clone(), &[]), KeyEpoch(1)).state.unwrap();
    // The main file says something else of B, which the other one overruled.
    let rest = vec![item("A", 1), item("B", 9)];
    let decision = decide(Some(&known), &sight(rest.clone(), &["/x/b.conf", "/d/"]), KeyEpoch(1));
    let Body::Delta(delta) = &decision.entries[0].body else { panic!("{decision:?}") };
    assert_eq!(delta.changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["D"]);
    let decision = decide(Some(&known), &sight(rest, &[]), KeyEpoch(1));
    let Body::Delta(delta) = &decision.entries[0].body else { panic!("{decision:?}") };
    assert_eq!(delta.changes.len(), 3, "without a reason nothing is kept");
}

fn unread(name: &str, later: &[&str]) -> Unread {
    Unread { name: name.to_owned(), later: later.iter().map(|name| (*name).into()).collect() }
}

#[test]
fn w13_what_a_file_sets_that_is_read_after_an_unreadable_one_wins() {
    let sight = |items: Vec<Item>, unreadable: Vec<Unread>| Observed {
        sight: Sight::Whole { observation: Observation::new(items), content: None, unreadable },
        ..seen("", 1)
    };
    let known = vec![item_in("A", 1, "/d/b.conf"), item_in("B", 1, "/d/b.conf"), item_in("C", 1, "/d/b.conf")];
    let known = decide(None, &sight(known, Vec::new()), KeyEpoch(1)).state.unwrap();
    let now = vec![item_in("A", 2, "/d/a.conf"), item_in("B", 2, "/d/c.conf")];
    let decision = decide(Some(&known), &sight(now, vec![unread("/d/b.conf", &["/d/c.conf"])]), KeyEpoch(1));
    let Body::Delta(delta) = &decision.entries[0].body else { panic!("{decision:?}") };
    assert_eq!(delta.changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["B"]);
}

#[test]
fn w13_a_long_name_is_in_its_unreadable_directory() {
    let directory = format!("/{}/", "long/".repeat(400));
    let file: FileName = format!("{directory}x.conf").into();
    let stored = position::bounded(&file);
    assert_ne!(stored, file);
    assert!(is_in(&stored, &directory) && is_in(&stored, &file) && is_in(&file, &directory));
    assert!(!is_in(&stored, "/other/") && !is_in(&stored, "/other/x.conf"));
}

#[test]
fn what_is_added_to_an_empty_firewall_is_a_change() {
    let config = "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\n";
    let spec = Config::parse(Path::new("x"), config).unwrap().firewall.unwrap();
    let sight = |items: Vec<Item>, problems: Vec<Problem>| Observed {
        spec: Arc::clone(&spec.source),
        sight: Sight::Whole { observation: Observation::new(items), content: None, unreadable: Vec::new() },
        problems,
        ..seen("", 1)
    };
    let body = |known: &Observed| {
        let known = decide(None, known, KeyEpoch(1)).state.unwrap();
        decide(Some(&known), &sight(vec![item("rule", 1)], Vec::new()), KeyEpoch(1)).entries.remove(0).body
    };
    assert!(matches!(body(&sight(Vec::new(), Vec::new())), Body::Delta(_)));
    // One that could not be read may have held the rule all the time.
    let unreadable = vec![Problem::whole(ProblemKind::Unreadable, "not permitted")];
    assert!(matches!(body(&sight(Vec::new(), unreadable)), Body::Snapshot(_)));
}

#[test]
fn who_did_it_and_what_it_means_goes_with_the_changes_it_is_about() {
    use driftline_canon::meaning::MeaningText;
    use driftline_canon::{Actor, Effect, Meaning, Reach};
    let meaning =
        |text| Meaning { effect: Effect::Opens, reach: Reach::Any, machine: None, text: MeaningText::new(text) };
    let key = |name: &str| ItemKey::from_bytes(name.as_bytes());
    let known = state(&seen("", 1));
    let next = Observed {
        actor: Some(Actor { pid: Some(7), ..Actor::unknown() }),
        meanings: vec![(key("Z"), meaning("none")), (key("B"), meaning("same")), (key("A"), meaning("opens"))],
        problems: vec![Problem::whole(ProblemKind::Limit, "x")],
        ..seen("", 2)
    };
    let told = decide(Some(&known), &next, KeyEpoch(1)).entries;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].beside.actor.as_ref().and_then(|actor| actor.pid), Some(7));
    assert_eq!(told[0].beside.meanings, [(key("A"), meaning("opens"))], "only of what changed");
    assert_eq!(told[1].beside, Beside::default(), "nobody made the problem");
    let first = decide(None, &next, KeyEpoch(1)).entries;
    assert!(first.iter().all(|entry| entry.beside == Beside::default()), "nor was the first sight anybody's change");
}

#[test]
fn what_a_change_means_repeats_no_rule_where_no_value_may_be_shown() {
    let meaning =
        |text: &str| Meaning { effect: Effect::Opens, reach: Reach::Any, machine: None, text: MeaningText::new(text) };
    let key = ItemKey::from_bytes(b"A");
    let told = |more: &str| {
        let known = state(&seen(more, 1));
        let next = Observed { meanings: vec![(key.clone(), meaning("opens tcp/5432 to any source"))], ..seen(more, 2) };
        decide(Some(&known), &next, KeyEpoch(1)).entries[0].beside.meanings[0].1.clone()
    };
    assert_eq!(told(""), meaning("opens tcp/5432 to any source"));
    assert_eq!(told("display = \"digest\""), meaning("opens something to any source"));
}
