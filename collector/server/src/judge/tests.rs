mod again;
pub(crate) mod given;
mod replay;

use driftline_canon::ItemKey;
use driftline_store::{Entry, Side, StoredDigest};

use super::*;
use crate::testing::{change, host_record};
use given::Room;

/// A change of a key from one value to another.
fn moved(key: &str, before: u8, after: u8) -> Change {
    let side =
        |digest| Side { digest: StoredDigest([digest; 32]), secret: false, display: None, line: None, file: None };
    let (before, after) = (Some(before).filter(|one| *one > 0), Some(after).filter(|one| *one > 0));
    Change {
        key: ItemKey::from_canonical(key.to_owned()).unwrap(),
        before: before.map(side),
        after: after.map(side),
        observed_ms: i64::MAX,
        ..change(&host_record("web-1"), "X")
    }
}

fn told(room: &mut Room, changes: Vec<Change>) -> Vec<Change> {
    let first = room.entries().len();
    let host = host_record("web-1");
    room.step(|draft| draft.append_judged(&host, changes.into_iter().map(EntryBody::Change).collect()));
    let entries = room.entries().into_iter().skip(first);
    entries.filter_map(|entry| if let EntryBody::Change(change) = entry.body { Some(change) } else { None }).collect()
}

fn verdicts(changes: &[Change]) -> Vec<Verdict> {
    changes.iter().map(|change| change.verdict).collect()
}

fn rejudgements(room: &Room) -> Vec<(u64, u64, Mark)> {
    let of = |entry: Entry| match entry.body {
        EntryBody::Rejudgement(one) => Some((entry.id, one.later.change, one.later.mark)),
        _ => None,
    };
    room.entries().into_iter().filter_map(of).collect()
}

#[test]
fn where_nothing_was_given_a_change_is_undetermined_and_stored_as_it_always_was() {
    let mut room = Room::new();
    let changes = told(&mut room, vec![moved("KEY", 1, 2)]);
    assert_eq!(verdicts(&changes), [Verdict::Undetermined]);
    assert_eq!(changes[0].beside.grounds, None);
    room.push(1, "staging", &[("KEY", 2)]);
    assert_eq!(verdicts(&told(&mut room, vec![moved("OTHER", 1, 2)])), [Verdict::Undetermined]);
}

#[test]
fn a_push_counts_for_the_next_step_and_not_for_the_one_before() {
    let mut room = Room::new();
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 1, 2)])), [Verdict::Undetermined]);
    room.push(1, "production", &[("KEY", 3), ("GONE", 1)]);
    let changes = told(&mut room, vec![moved("KEY", 2, 3), moved("ORPHAN", 0, 1), moved("GONE", 1, 0)]);
    let (authorised, other) = (Verdict::Authorised, Verdict::ContentMismatch);
    assert_eq!(verdicts(&changes), [authorised, other, other]);
    let grounds = changes[0].beside.grounds.as_ref().unwrap();
    assert_eq!(grounds.evidence[0].sentence(), "declared by revision r1 for production");
    room.restart();
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 3, 4)])), [other], "the store is what counts");
}

#[test]
fn what_was_declared_for_a_time_gives_way_to_what_is_in_force_again() {
    let mut room = Room::new();
    room.push(1, "production", &[("KEY", 2)]);
    let (hotfix, sheet) = given::revision(2, "production", &[("KEY", 3)]);
    let hotfix = driftline_compare::desired::Revision { expires_ms: Some(90_000), ..hotfix };
    room.step(|draft| {
        draft.put_document(&sheet).unwrap();
        draft.put_document(&hotfix).unwrap();
    });
    room.now_ms = 50_000;
    let (authorised, mismatch) = (Verdict::Authorised, Verdict::ContentMismatch);
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 2, 3)])), [authorised]);
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 3, 2)])), [mismatch]);
    room.now_ms = 100_000;
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 3, 2)])), [authorised]);
    assert_eq!(verdicts(&told(&mut room, vec![moved("KEY", 2, 3)])), [mismatch]);
}

#[test]
fn the_order_of_rules_and_the_mode_of_a_new_file_come_with_declared_content() {
    let mut room = Room::new();
    room.push(1, "production", &[("KEY", 2), ("list: a", 1)]);
    let declared = vec![moved("@mode", 0, 7), moved("@order:list", 1, 2), moved("KEY", 0, 2), moved("list: a", 0, 1)];
    assert_eq!(verdicts(&told(&mut room, declared)), [Verdict::Authorised; 4]);
    let by_hand = vec![moved("@order:list", 2, 3), moved("list: b", 0, 5)];
    assert_eq!(verdicts(&told(&mut room, by_hand)), [Verdict::OutOfBand, Verdict::ContentMismatch]);
    let alone = vec![moved("@order:list", 3, 4)];
    assert_eq!(verdicts(&told(&mut room, alone)), [Verdict::OutOfBand]);
    // A mode that changes beside declared content was somebody else's thought.
    let mode = vec![moved("@mode", 7, 8), moved("KEY", 5, 2)];
    assert_eq!(verdicts(&told(&mut room, mode)), [Verdict::OutOfBand, Verdict::Authorised]);
    let opened = Change { severity: Severity::Critical, ..moved("@mode", 0, 9) };
    let readable = vec![opened, moved("KEY", 0, 2)];
    assert_eq!(verdicts(&told(&mut room, readable)), [Verdict::OutOfBand, Verdict::Authorised]);
}

#[test]
fn a_reorder_does_not_ride_along_with_declared_rules_of_another_list() {
    let mut room = Room::new();
    room.push(1, "production", &[("in: accept", 1), ("in: drop", 1), ("@order:in", 7)]);
    let (authorised, mismatch) = (Verdict::Authorised, Verdict::ContentMismatch);
    // Junk goes elsewhere, and of a list of which nothing is declared the order changes.
    let elsewhere = vec![moved("@order:out", 1, 2), moved("junk: x", 1, 0)];
    assert_eq!(verdicts(&told(&mut room, elsewhere)), [Verdict::OutOfBand, authorised]);
    // Junk of the list itself goes, and what is left changes places.
    let same_list = vec![moved("@order:in", 6, 8), moved("in: junk", 1, 0)];
    assert_eq!(verdicts(&told(&mut room, same_list)), [mismatch, authorised]);
    let deployed = vec![moved("@order:in", 8, 7), moved("in: drop", 0, 1)];
    assert_eq!(verdicts(&told(&mut room, deployed)), [authorised; 2]);
    // A rule whose value changes brings no order with it.
    let changed = vec![moved("@order:free", 1, 2), moved("in: drop", 2, 1)];
    assert_eq!(verdicts(&told(&mut room, changed)), [Verdict::OutOfBand, authorised]);
}

#[test]
fn an_amendment_that_looks_far_back_moves_no_ids_of_its_commit() {
    let mut room = Room::new();
    let other = host_record("web-2");
    let busy = |seq| EntryBody::Change(Change { agent_seq: seq, ..change(&other, "X") });
    room.step(|draft| draft.append((1..=500).map(busy).collect()));
    let seen = room.step(|draft| {
        let before = draft.charged();
        let mut seen = 0;
        assert!(draft.latest_changes(&other.host, &[1], 1, |_| seen += 1).unwrap());
        assert!(draft.charged() > before, "looking costs its host");
        draft.append_judged(&host_record("web-1"), vec![EntryBody::Change(moved("KEY", 1, 2))]);
        seen
    });
    told(&mut room, vec![moved("KEY", 2, 1)]);
    assert_eq!((seen, rejudgements(&room)), (1, vec![(503, 501, Mark::Reverted)]));
}

#[test]
fn a_window_is_read_with_the_next_commit() {
    let mut room = Room::new();
    room.step(|draft| draft.put_document(&given::window(1)).unwrap());
    let changes = told(&mut room, vec![moved("KEY", 1, 2)]);
    assert_eq!(verdicts(&changes), [Verdict::WindowOnly]);
    let closed = driftline_compare::window::Window { closed: Some(("ada".to_owned(), 10)), ..given::window(1) };
    room.step(|draft| draft.put_document(&closed).unwrap());
    let changes = told(&mut room, vec![moved("KEY", 2, 3)]);
    let missing: Vec<String> =
        changes[0].beside.grounds.as_ref().unwrap().missing.iter().map(|one| one.sentence()).collect();
    assert_eq!(verdicts(&changes), [Verdict::OutOfBand]);
    assert_eq!(missing.last().unwrap(), "nearest window CHG-1 closed 990 ms before");
}

#[test]
fn a_value_that_goes_back_is_noted_at_the_change_that_it_undoes() {
    let mut room = Room::new();
    told(&mut room, vec![moved("A", 1, 2), moved("KEY", 1, 2)]);
    // Known by its place in the history, also over a restart.
    room.restart();
    told(&mut room, vec![moved("KEY", 2, 1)]);
    assert_eq!(rejudgements(&room), [(4, 2, Mark::Reverted)]);
    let reader = room.store.reader().unwrap();
    let later = reader.rejudged(2).unwrap();
    assert_eq!(later[0].later.evidence, Evidence::RevertedBy { change: 3, after_ms: 0 });
    assert!(reader.verify(|_, _| {}).unwrap().is_whole());
}

#[test]
fn j4_two_automations_that_fight_are_told_of_once() {
    let mut room = Room::new();
    let mut marked = 0;
    for n in 0..10_u8 {
        let to = 1 + n % 2;
        let changes = told(&mut room, vec![moved("KEY", 3 - to, to)]);
        marked += usize::from(changes[0].marks.contains(&Mark::Flapping));
    }
    let flapping = rejudgements(&room).into_iter().filter(|(_, _, mark)| *mark == Mark::Flapping);
    assert_eq!((flapping.map(|(_, change, _)| change).collect::<Vec<_>>(), marked), (vec![1], 7));
}

#[test]
fn j4_a_fight_alerts_four_times_and_then_is_quiet() {
    let judge = Judge::default();
    let mut quiet = Vec::new();
    for n in 0..8_u8 {
        let to = 1 + n % 2;
        let mut entries = vec![EntryBody::Change(moved("KEY", 3 - to, to))];
        let at = Moment { now_ms: 1_000, first_id: u64::from(n) * 2 + 1 };
        quiet.push(judge.record(&host_record("web-1"), &mut entries, at).quiet);
    }
    assert_eq!(quiet.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1, 1]);
}
