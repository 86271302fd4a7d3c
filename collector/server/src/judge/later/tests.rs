use driftline_store::{EntryBody, StoredDigest};

use super::*;
use crate::judge::tests::given::{self, Room};
use crate::testing::{change, host_record};

fn push_and_adopt(room: &mut Room, number: u64, items: &[(&str, u8)]) -> usize {
    let (revision, sheet) = given::revision(number, "production", items);
    room.step(|draft| {
        draft.put_document(&sheet).unwrap();
        draft.put_document(&revision).unwrap();
        adopted(draft, &revision, &[sheet]).unwrap()
    })
}

/// `web-1` gets this value by hand.
fn by_hand(room: &mut Room, key: &str, value: u8) {
    let host = host_record("web-1");
    let mut one = change(&host, key);
    if let Some(after) = &mut one.after {
        after.digest = StoredDigest([value; 32]);
    }
    room.step(|draft| draft.append_judged(&host, vec![EntryBody::Change(one)]));
}

#[test]
fn j3_a_hotfix_is_adopted_by_the_push_that_declares_it_and_by_no_other() {
    let mut room = Room::new();
    assert_eq!(push_and_adopt(&mut room, 1, &[("KEY", 1), ("OTHER", 1)]), 0);
    by_hand(&mut room, "KEY", 9);
    by_hand(&mut room, "OTHER", 8);
    assert_eq!(push_and_adopt(&mut room, 2, &[("KEY", 3)]), 0);
    assert_eq!(push_and_adopt(&mut room, 3, &[("KEY", 9), ("OTHER", 1)]), 1);
    let reader = room.store.reader().unwrap();
    let later = reader.rejudged(1).unwrap();
    assert_eq!((later.len(), later[0].later.mark), (1, Mark::Adopted));
    assert!(later[0].later.evidence.sentence().starts_with("revision r3 declared the same content"));
    let Some(entry) = reader.entry(1).unwrap() else { panic!() };
    let EntryBody::Change(change) = entry.body else { panic!() };
    assert_eq!(change.verdict, Verdict::ContentMismatch, "the history is not rewritten");
    assert_eq!(reader.rejudged(2).unwrap(), []);
    drop(reader);
    assert_eq!(push_and_adopt(&mut room, 4, &[("KEY", 9)]), 0, "it is adopted once");
}

#[test]
fn what_was_never_judged_is_not_adopted() {
    let mut room = Room::new();
    by_hand(&mut room, "KEY", 9);
    assert_eq!(push_and_adopt(&mut room, 1, &[("KEY", 9)]), 0);
}
