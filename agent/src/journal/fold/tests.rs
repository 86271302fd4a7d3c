use driftline_canon::{SourceKind, SourceName, delta};
use proptest::prelude::*;

use super::*;
use crate::journal::entry::SourceRef;

/// Whether a snapshot comes instead of a delta, and the keys with their values;
/// none retires the source.
type State = (bool, Option<Vec<(u8, u8)>>);

fn observation(keys: &[(u8, u8)]) -> Observation {
    let item = |(key, value): &(u8, u8)| Item {
        key: ItemKey::from_bytes(&[b'a' + key]),
        digest: Digest([*value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    };
    Observation::new(keys.iter().map(item).collect())
}

fn entry(observed_ms: i64, body: Body) -> Entry {
    let source =
        SourceRef { name: SourceName::new("app").unwrap(), kind: SourceKind::EnvFile, path: "/app".to_owned() };
    Entry::new(Some(source), observed_ms, None, body)
}

fn apply(state: Observation, entries: &[Entry]) -> Observation {
    entries.iter().fold(state, |state, entry| match &entry.body {
        Body::Delta(delta) => delta.apply(&state).unwrap(),
        Body::Snapshot(snapshot) => {
            let made = Observation::new(snapshot.items.clone());
            assert_eq!(made.root(), snapshot.root);
            made
        }
        Body::Retired(_) => Observation::default(),
        Body::Gap(_) | Body::Problems(_) | Body::Amendment(_) => state,
    })
}

/// A run of records from a list of states.
fn run(first: &Observation, states: &[State]) -> Vec<Entry> {
    let mut known = Some(first.clone());
    let mut entries = Vec::new();
    for (at, (whole, next)) in states.iter().enumerate() {
        let at = i64::try_from(at).unwrap();
        let before = known.clone().unwrap_or_default();
        let next = next.as_ref().map(|keys| observation(keys));
        match (&next, known.is_some()) {
            (Some(next), true) if !whole => {
                entries.extend(delta::diff(&before, next).map(|delta| entry(at, Body::Delta(delta))));
            }
            (Some(next), _) => {
                let reason = SnapshotReason::First;
                let (root, items) = (next.root(), next.items().to_vec());
                entries.push(entry(at, Body::Snapshot(Snapshot { reason, before: before.root(), root, items })));
            }
            (None, true) => entries.push(entry(at, Body::Retired(before.root()))),
            (None, false) => {}
        }
        known = next;
    }
    entries
}

fn states() -> impl Strategy<Value = Vec<State>> {
    let keys = prop::collection::vec((0..6_u8, 0..4_u8), 0..6);
    prop::collection::vec((prop::bool::weighted(0.1), prop::option::weighted(0.95, keys)), 0..12)
}

proptest! {
    #[test]
    fn d3_folding_then_applying_is_applying_all(states in states(), first in prop::collection::vec((0..6_u8, 0..4_u8), 0..6)) {
        let first = observation(&first);
        let entries = run(&first, &states);
        let folded = fold(entries.clone());
        // One change, and that a source which came back has no problems.
        prop_assert!(folded.len() <= 2);
        let expected = apply(first.clone(), &entries);
        prop_assert_eq!(apply(first, &folded).root(), expected.root());
        // Folding again changes nothing.
        prop_assert_eq!(fold(folded.clone()), folded);
    }
}

#[test]
fn d3_there_and_back_leaves_nothing() {
    let (a, b) = (observation(&[(0, 1)]), observation(&[(0, 2)]));
    let there = entry(1, Body::Delta(delta::diff(&a, &b).unwrap()));
    let back = entry(2, Body::Delta(delta::diff(&b, &a).unwrap()));
    assert_eq!(fold(vec![there, back]), []);
}

#[test]
fn d3_the_last_problems_and_the_widest_gap_stay() {
    let gap = |from_ms, to_ms| Body::Gap(Gap { from_ms, to_ms, reason: "a".to_owned() });
    let run = vec![
        entry(1, gap(5, 6)),
        entry(2, Body::Problems(vec![driftline_canon::Problem::whole(driftline_canon::ProblemKind::Missing, "x")])),
        entry(3, gap(1, 9)),
        entry(4, Body::Problems(Vec::new())),
    ];
    let folded: Vec<Body> = fold(run).into_iter().map(|entry| entry.body).collect();
    assert_eq!(folded, [Body::Problems(Vec::new()), gap(1, 9)]);
}

#[test]
fn d3_a_source_that_went_leaves_no_problems_behind() {
    let problems = Body::Problems(vec![driftline_canon::Problem::whole(driftline_canon::ProblemKind::Syntax, "x")]);
    let gone = Body::Retired(observation(&[(0, 1)]).root());
    let bodies = |run: Vec<Entry>| -> Vec<Body> { fold(run).into_iter().map(|entry| entry.body).collect() };
    let left = bodies(vec![entry(1, problems.clone()), entry(2, gone.clone())]);
    assert!(left.len() == 1 && left[0] == gone, "{left:?}");
    // Those of a source that came back are its own.
    let back = observation(&[(0, 2)]);
    let snapshot = Body::Snapshot(Snapshot {
        reason: SnapshotReason::First,
        before: Root::empty(),
        root: back.root(),
        items: back.items().to_vec(),
    });
    let run = vec![entry(1, gone.clone()), entry(2, snapshot.clone()), entry(3, problems.clone())];
    assert_eq!(bodies(run)[1..], *std::slice::from_ref(&problems));
    // Of one that came back without any, those of before are solved.
    let run = vec![entry(1, problems), entry(2, gone), entry(3, snapshot)];
    assert_eq!(bodies(run)[1..], [Body::Problems(Vec::new())]);
}

#[test]
fn d3_a_change_is_never_folded_into_a_snapshot_that_tells_none() {
    let states: Vec<Observation> = (1..5).map(|value| observation(&[(0, value)])).collect();
    let delta = |at: usize| Body::Delta(delta::diff(&states[at], &states[at + 1]).unwrap());
    for reason in [SnapshotReason::Rekey, SnapshotReason::Normaliser, SnapshotReason::Policy] {
        let (root, items) = (states[2].root(), states[2].items().to_vec());
        let told = Body::Snapshot(Snapshot { reason, before: root, root, items });
        let run = vec![entry(1, delta(0)), entry(2, delta(1)), entry(3, told.clone()), entry(4, delta(2))];
        let folded: Vec<Body> = fold(run).into_iter().map(|entry| entry.body).collect();
        let net = Body::Delta(delta::diff(&states[0], &states[2]).unwrap());
        assert_eq!(folded, [net, told, delta(2)], "{reason:?}");
    }
}

/// A change of one key, by a process, which means what it says.
fn told(before: &[(u8, u8)], after: &[(u8, u8)], process: &str, means: &[u8]) -> Entry {
    use driftline_canon::actor::ActorText;
    use driftline_canon::meaning::MeaningText;
    use driftline_canon::{Actor, Confidence, Effect, Meaning, Reach};
    let actor = Actor { confidence: Confidence::Exact, name: Some(ActorText::new(process)), ..Actor::unknown() };
    let meaning = |key: &u8| {
        let text = MeaningText::new(process);
        let meaning = Meaning { effect: Effect::Opens, reach: Reach::Any, machine: None, text };
        (ItemKey::from_bytes(&[b'a' + key]), meaning)
    };
    let delta = delta::diff(&observation(before), &observation(after)).unwrap();
    let beside = Beside { actor: Some(Box::new(actor)), meanings: means.iter().map(meaning).collect() };
    Entry { beside, ..entry(1, Body::Delta(delta)) }
}

fn of(entries: &[Entry]) -> (Option<String>, Vec<String>) {
    let [one] = entries else { panic!("{entries:?}") };
    let actor = one.beside.actor.as_ref().and_then(|actor| actor.name.as_ref()).map(ToString::to_string);
    let meanings = one.beside.meanings.iter().map(|(key, meaning)| format!("{key}: {}", meaning.text));
    (actor, meanings.collect())
}

#[test]
fn folded_changes_have_an_actor_only_if_it_was_the_same_each_time() {
    let (a, b) = (&[(0, 1)][..], &[(0, 1), (1, 1)][..]);
    let twice = fold(vec![told(&[], a, "sed", &[0]), told(a, b, "sed", &[1])]);
    assert_eq!(of(&twice), (Some("sed".to_owned()), vec!["a: sed".to_owned(), "b: sed".to_owned()]));
    let others = fold(vec![told(&[], a, "sed", &[0]), told(a, b, "vi", &[1])]);
    assert_eq!(of(&others), (None, vec!["a: sed".to_owned(), "b: vi".to_owned()]));
    let nobody = Entry { beside: Beside::default(), ..told(a, b, "", &[]) };
    assert_eq!(of(&fold(vec![told(&[], a, "sed", &[]), nobody])).0, None);
    assert_eq!(of(&fold(vec![told(&[], a, "sed", &[0])])), (Some("sed".to_owned()), vec!["a: sed".to_owned()]));
}

#[test]
fn a_key_that_changed_twice_means_neither() {
    let (a, b) = (&[(0, 1), (1, 1)][..], &[(0, 2), (1, 1)][..]);
    let run = vec![told(&[], a, "sed", &[0, 1]), told(a, b, "sed", &[0])];
    assert_eq!(of(&fold(run)).1, ["b: sed"]);
    let back = vec![told(&[], a, "sed", &[0, 1]), told(a, &[(1, 1)], "sed", &[0])];
    assert_eq!(of(&fold(back)).1, ["b: sed"], "and one that is as it was means nothing");
}
