use driftline_canon::actor::ActorText;
use driftline_canon::{
    Confidence, DisplayPolicy, KeyEpoch, Observation, Problem, ProblemKind, Root, SourceKind, SourceName, delta,
};
use tempfile::TempDir;

use super::*;
use crate::journal::entry::{Fingerprint, Gap, SourceState, StateHead, Way};
use crate::journal::recovery::{self, Opened};

/// A journal with one source that is known.
struct Room {
    _dir: TempDir,
    opened: Opened,
    recent: Recent,
}

fn name() -> SourceName {
    SourceName::new("app").unwrap()
}

fn source() -> SourceRef {
    SourceRef { name: name(), kind: SourceKind::EnvFile, path: "/app.env".to_owned() }
}

fn by(process: &str, confidence: Confidence) -> Actor {
    Actor { confidence, name: Some(ActorText::new(process)), ..Actor::unknown() }
}

fn amendment(number: u64, actor: Actor) -> Amend {
    Amend { source: name(), number: ObservationNumber(number), actor }
}

/// Any record with a delta: here only its number matters.
fn change() -> Entry {
    let item = |value| driftline_canon::Item {
        key: driftline_canon::ItemKey::from_bytes(b"K"),
        digest: driftline_canon::Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    };
    let delta = delta::diff(&Observation::new(vec![item(1)]), &Observation::new(vec![item(2)])).unwrap();
    Entry::new(Some(source()), 5, None, Body::Delta(delta))
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = recovery::open(dir.path(), 1).unwrap();
        let mut room = Self { _dir: dir, opened, recent: Recent::default() };
        room.write(|changes, _| {
            let head = StateHead { root: Root::empty(), kind: SourceKind::EnvFile, path: "/app.env".to_owned() };
            let fingerprint = Fingerprint {
                canonical_form: 1,
                key_epoch: KeyEpoch(1),
                kind: SourceKind::EnvFile,
                way: Way::Found,
                parsed_max: 1,
                display: DisplayPolicy::Clear,
            };
            let problems = vec![Problem::whole(ProblemKind::Polled, "nfs")];
            let observation = Observation::default();
            let state = SourceState { head, fingerprint, content: None, observed_ms: 1, problems, observation };
            changes.put_source(&name(), state).unwrap();
        });
        room
    }

    /// One transaction.
    fn write(&mut self, work: impl FnOnce(&mut Changes<'_>, &mut Recent)) {
        let (store, recent) = (&self.opened.store, &mut self.recent);
        let written = store.write(&self.opened.meta, |changes| {
            work(changes, recent);
            Ok(true)
        });
        self.opened.meta = written.unwrap().unwrap();
    }

    /// A change of that observation, in a transaction of its own; its number.
    fn changes(&mut self, number: u64) -> u64 {
        let mut seq = 0;
        self.write(|changes, recent| {
            seq = changes.append(&change()).unwrap();
            recent.note(changes.meta.epoch, ObservationNumber(number), seq);
        });
        seq
    }

    fn amend(&mut self, one: &Amend) -> bool {
        let mut worth = false;
        self.write(|changes, recent| {
            let begun = changes.meta.next_seq;
            worth = amend(changes, recent, one, begun, 9).unwrap();
        });
        worth
    }

    fn records(&self) -> Vec<(u64, Entry)> {
        self.opened.store.view().unwrap().records(0, u64::MAX, usize::MAX).unwrap()
    }

    fn names(&self) -> Vec<Option<String>> {
        let name = |entry: &Entry| entry.beside.actor.as_ref()?.name.as_ref().map(ToString::to_string);
        self.records().iter().map(|(_, entry)| name(entry)).collect()
    }
}

#[test]
fn who_did_it_is_told_behind_a_record_that_may_have_been_sent() {
    let mut room = Room::new();
    let seq = room.changes(7);
    assert!(room.amend(&amendment(7, by("sed", Confidence::Exact))));
    let records = room.records();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].1, change(), "the record is as it was");
    let Body::Amendment(told) = &records[1].1.body else { panic!("{records:?}") };
    assert_eq!((told.seq, records[1].1.source.clone()), (seq, Some(source())));
    assert_eq!(*told.actor, by("sed", Confidence::Exact));
}

#[test]
fn a_record_that_was_acknowledged_and_trimmed_is_amended_all_the_same() {
    let mut room = Room::new();
    let seq = room.changes(7);
    room.write(|changes, _| changes.trim(seq).unwrap());
    assert!(room.amend(&amendment(7, by("sed", Confidence::Exact))));
    assert!(matches!(&room.records()[..], [(2, Entry { body: Body::Amendment(one), .. })] if one.seq == seq));
}

#[test]
fn a_record_of_the_same_transaction_gets_the_actor_itself() {
    let mut room = Room::new();
    room.write(|changes, recent| {
        let begun = changes.meta.next_seq;
        let seq = changes.append(&change()).unwrap();
        recent.note(changes.meta.epoch, ObservationNumber(7), seq);
        assert!(amend(changes, recent, &amendment(7, by("sed", Confidence::Probable)), begun, 9).unwrap());
        assert!(amend(changes, recent, &amendment(7, by("vi", Confidence::Exact)), begun, 9).unwrap());
        assert!(amend(changes, recent, &amendment(7, by("cat", Confidence::Probable)), begun, 9).unwrap());
    });
    assert_eq!(room.names(), [Some("vi".to_owned())], "the surest");
    let bytes: usize = room.records().iter().map(|(_, entry)| entry.encode().unwrap().len()).sum();
    assert_eq!(room.opened.meta.bytes, bytes as u64);
}

#[test]
fn nobody_an_unknown_observation_and_a_source_that_is_gone_say_nothing() {
    let mut room = Room::new();
    room.changes(7);
    assert!(!room.amend(&amendment(7, Actor::unknown())));
    assert!(!room.amend(&amendment(8, by("sed", Confidence::Exact))));
    room.write(|changes, _| changes.remove_source("app").unwrap());
    assert!(!room.amend(&amendment(7, by("sed", Confidence::Exact))));
    assert_eq!(room.records().len(), 1);
}

#[test]
fn only_the_latest_observations_are_remembered() {
    let mut recent = Recent::default();
    for number in 0..=RECENT_MAX as u64 {
        recent.note([1; 16], ObservationNumber(number), number + 1);
    }
    assert_eq!(recent.records.len(), RECENT_MAX);
    assert_eq!(recent.record([1; 16], ObservationNumber(0)), None);
    assert_eq!(recent.record([1; 16], ObservationNumber(1)), Some(2));
    assert_eq!(recent.record([2; 16], ObservationNumber(1)), None, "another epoch");
}

#[test]
fn no_amendment_outlives_the_numbers_it_names() {
    let mut room = Room::new();
    room.changes(1);
    room.changes(2);
    room.changes(3);
    for (number, process) in [(1, "old"), (3, "sed")] {
        assert!(room.amend(&amendment(number, by(process, Confidence::Exact))));
    }
    room.write(|changes, _| {
        changes.trim(1).unwrap();
        merge(changes).unwrap();
        remove(changes).unwrap();
        changes.begin_epoch([9; 16], 10).unwrap();
        changes
            .append(&Entry::new(None, 1, None, Body::Gap(Gap { from_ms: 0, to_ms: 1, reason: "x".into() })))
            .unwrap();
    });
    let numbers: Vec<u64> = room.records().iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, [1, 2, 3], "two changes and the gap, without holes");
    assert_eq!(room.names(), [None, Some("sed".to_owned()), None]);
    let bytes: usize = room.records().iter().map(|(_, entry)| entry.encode().unwrap().len()).sum();
    assert_eq!(room.opened.meta.bytes, bytes as u64);
    assert!(!room.amend(&amendment(2, by("late", Confidence::Exact))), "numbers of before mean nothing now");
}

#[test]
fn what_took_the_place_of_a_record_is_not_what_was_amended() {
    let mut room = Room::new();
    room.changes(1);
    room.changes(2);
    assert!(room.amend(&amendment(2, by("alice", Confidence::Exact))));
    room.write(|changes, _| {
        merge(changes).unwrap();
        let kept = changes.record(2).unwrap().unwrap();
        assert!(kept.beside.actor.is_some(), "before it is folded");
        // As a fold does it: both as one, in the place of the last.
        let both = crate::journal::fold::fold(vec![changes.record(1).unwrap().unwrap(), kept]);
        changes.replace(1, None).unwrap();
        changes.replace(2, both.first()).unwrap();
        remove(changes).unwrap();
        changes.begin_epoch([9; 16], 10).unwrap();
    });
    assert!(room.names().iter().all(Option::is_none), "{:?}", room.names());
}
