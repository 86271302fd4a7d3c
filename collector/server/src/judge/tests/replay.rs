//! Histories that the writer made, judged again under the policy that was in
//! force and under another one.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{Actor, Confidence};
use driftline_compare::desired::Revision;
use driftline_compare::policy::{Policy, PolicyVersion};
use driftline_compare::window::Window;
use driftline_store::Entry;
use proptest::prelude::*;

use super::given::{Room, revision, window};
use super::*;
use crate::classify::weighed_by;
use crate::judge::replay::Replay;

/// What happens, one after the other.
#[derive(Debug, Clone)]
enum Happens {
    /// CI/CD declares a value of a key.
    Push { selector: usize, key: usize, value: u8, lasts_ms: Option<i64> },
    /// Somebody opens a window.
    Opens { lasts_ms: i64, actor: Option<&'static str>, closes_ms: Option<i64> },
    /// A host has another value, by somebody.
    Changes { keys: Vec<(usize, u8)>, actor: Option<(&'static str, Confidence)> },
    /// Time goes by.
    Rests(i64),
}

const KEYS: [&str; 4] = ["LOG_LEVEL", "DB_HOST", "@mode", "@order:list"];
const SELECTORS: [&str; 3] = ["production", "env=production,role=web", "staging"];
const WHO: [&str; 3] = ["deploy", "ada", "eve"];

/// Policies, all with something to say.
const POLICIES: [&str; 5] = [
    "",
    "[[actor]]\nname = 'deploys'\neffect = 'authorises'\nlogin = 'deploy'\n",
    "[[actor]]\nname = 'ada'\neffect = 'allows'\nlogin = 'ada'\n[settle]\nseconds = 3\n",
    "[[freeze]]\nselector = 'production'\nfrom = '1970-01-01T00:00:40Z'\nreason = 'audit'\n",
    "[[severity]]\nkey = 'LOG_*'\nseverity = 'critical'\n[[severity]]\nkey = 'DB_*'\nseverity = 'info'\n",
];

fn happens() -> impl Strategy<Value = Happens> {
    let who = || prop::sample::select(WHO.to_vec());
    let sure = prop_oneof![Just(Confidence::Exact), Just(Confidence::Exact), Just(Confidence::Probable)];
    let push = (0..SELECTORS.len(), 0..2_usize, 1..4_u8, prop::option::weighted(0.3, 1..60_000_i64));
    let opens = (1..60_000_i64, prop::option::of(who()), prop::option::weighted(0.3, 0..60_000_i64));
    let changes = (prop::collection::vec((0..KEYS.len(), 0..4_u8), 1..4), prop::option::of((who(), sure)));
    prop_oneof![
        1 => push.prop_map(|(selector, key, value, lasts_ms)| Happens::Push { selector, key, value, lasts_ms }),
        1 => opens.prop_map(|(lasts_ms, actor, closes_ms)| Happens::Opens { lasts_ms, actor, closes_ms }),
        4 => changes.prop_map(|(keys, actor)| Happens::Changes { keys, actor }),
        1 => (1..20_000_i64).prop_map(Happens::Rests),
    ]
}

/// A history as the writer makes it under a policy.
fn made_of(all: &[Happens], policy: &str) -> Room {
    let mut room = Room::new();
    if !policy.is_empty() {
        let version = PolicyVersion {
            number: 1,
            text: policy.to_owned(),
            applied_by: "ada".to_owned(),
            applied_ms: room.now_ms,
            summary: String::new(),
        };
        room.step(|draft| draft.put_document(&version).unwrap());
    }
    let policy = Policy::parse(policy).unwrap();
    room.step(|draft| draft.put_host(host_record("web-1")));
    for (number, one) in (1..).zip(all) {
        room.now_ms += 1;
        happened(&mut room, number, one, &policy);
    }
    room
}

fn happened(room: &mut Room, number: u64, one: &Happens, policy: &Policy) {
    let now_ms = room.now_ms;
    match one {
        Happens::Push { selector, key, value, lasts_ms } => {
            let (revision, sheet) = revision(number, SELECTORS[*selector], &[(KEYS[*key], *value)]);
            let expires_ms = lasts_ms.map(|lasts_ms| now_ms + lasts_ms);
            let revision = Revision { pushed_ms: now_ms, expires_ms, ..revision };
            room.step(|draft| {
                draft.put_document(&sheet).unwrap();
                draft.put_document(&revision).unwrap();
            });
        }
        Happens::Opens { lasts_ms, actor, closes_ms } => {
            let until_ms = now_ms + lasts_ms;
            let closed = closes_ms.map(|closes_ms| ("ada".to_owned(), now_ms + closes_ms));
            let actor = actor.map(str::to_owned);
            let window = Window { from_ms: now_ms, until_ms, actor, closed, ..window(number) };
            room.step(|draft| draft.put_document(&window).unwrap());
        }
        Happens::Changes { keys, actor } => {
            let actor = actor.map(|(login, confidence)| {
                let login = Some(User { uid: 1_000, name: Some(ActorText::new(login)) });
                Box::new(Actor { confidence, login, ..Actor::unknown() })
            });
            let changed = |(key, value): &(usize, u8)| {
                let mut change = Change { observed_ms: now_ms, agent_seq: number, ..moved(KEYS[*key], 9, *value) };
                change.beside.actor.clone_from(&actor);
                (change.severity, change.class) = weighed_by(policy, &change);
                EntryBody::Change(change)
            };
            let entries: Vec<EntryBody> = keys.iter().map(changed).collect();
            room.step(|draft| draft.append_judged(&host_record("web-1"), entries));
        }
        Happens::Rests(rest_ms) => room.now_ms += rest_ms,
    }
}

fn records(room: &Room) -> Vec<Vec<Entry>> {
    let mut records: Vec<Vec<Entry>> = Vec::new();
    for entry in room.store.reader().unwrap().entries(&driftline_store::EntryQuery::default()).unwrap().entries {
        let EntryBody::Change(change) = &entry.body else { continue };
        let seq = change.agent_seq;
        let is_same = |last: &Vec<Entry>| matches!(&last[0].body, EntryBody::Change(one) if one.agent_seq == seq);
        match records.last_mut().filter(|last| is_same(last)) {
            Some(last) => last.push(entry),
            None => records.push(vec![entry]),
        }
    }
    records
}

fn recorded(room: &Room) -> Vec<(Verdict, Severity)> {
    let changes = records(room).into_iter().flatten();
    let of = |entry: Entry| match entry.body {
        EntryBody::Change(change) => (change.verdict, change.severity),
        _ => unreachable!("only changes are in records"),
    };
    changes.map(of).collect()
}

fn replayed(room: &Room, policy: &str) -> Vec<(Verdict, Severity)> {
    let (reader, policy) = (room.store.reader().unwrap(), Policy::parse(policy).unwrap());
    let mut replay = Replay::new(&reader, &policy).unwrap();
    let mut all = Vec::new();
    for record in records(room) {
        let these = replay.record(&record).unwrap();
        all.extend(these.into_iter().map(|one| (one.verdict.expect("its host is there").0, one.weight.0)));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What a replay says is what the writer would have said.
    #[test]
    fn a_replay_under_a_policy_is_the_history_that_it_would_have_made(
        all in prop::collection::vec(happens(), 1..25),
        (before, after) in (prop::sample::select(POLICIES.to_vec()), prop::sample::select(POLICIES.to_vec())),
    ) {
        let (was, is) = (made_of(&all, before), made_of(&all, after));
        prop_assert_eq!(replayed(&was, before), recorded(&was), "nothing changes by looking again");
        prop_assert_eq!(replayed(&was, after), recorded(&is));
    }
}

#[test]
fn what_a_host_without_a_record_did_keeps_its_verdict_and_is_said_not_to_be_judged() {
    let mut room = Room::new();
    told(&mut room, vec![moved("KEY", 1, 2)]);
    let (reader, policy) = (room.store.reader().unwrap(), Policy::parse(POLICIES[3]).unwrap());
    let records = records(&room);
    let one = &Replay::new(&reader, &policy).unwrap().record(&records[0]).unwrap()[0];
    assert_eq!((one.had, one.verdict.is_none()), (Verdict::Undetermined, true));
}

#[test]
fn what_was_declared_with_another_fleet_key_is_not_judged_again() {
    let mut room = Room::new();
    room.push(1, "production", &[("KEY", 2)]);
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 1, 2)])), [Verdict::Authorised]);
    room.step(|draft| draft.put_host(HostRecord { fleet_key_epoch: 2, ..host_record("web-1") }));
    let (reader, policy) = (room.store.reader().unwrap(), Policy::default());
    let records = records(&room);
    let one = &Replay::new(&reader, &policy).unwrap().record(&records[0]).unwrap()[0];
    assert_eq!((one.had, one.verdict.is_none()), (Verdict::Authorised, true));
}
