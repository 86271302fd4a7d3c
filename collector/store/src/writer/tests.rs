//! The second try of a batch whose first outcome nobody knew.

use driftline_compare::Severity;

use super::*;
use crate::record::{Event, EventKind};
use crate::{EngineKind, EntryBody, Operation, Store, StoreOptions};

fn batch(message: &str) -> Batch {
    let event = EntryBody::Event(Event {
        kind: EventKind::Operator,
        severity: Severity::Info,
        environment: None,
        host: None,
        source: None,
        between_ms: None,
        message: message.to_owned(),
    });
    Batch { operations: vec![Operation::Append { entries: vec![event], alerts: Vec::new() }], now_ms: 1 }
}

fn each(test: impl Fn(&Store, Writer)) {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), engine, StoreOptions::default()).unwrap();
        let writer = store.writer().unwrap();
        test(&store, writer);
    }
}

/// As after a commit that failed while the store could not be read.
fn unknown(writer: &mut Writer, batch: Batch, commit: u64, committed: Committed) {
    writer.head = None;
    writer.unsettled = Some(Unsettled { batch, commit, committed });
}

#[test]
fn a_batch_that_did_get_to_the_disk_is_not_written_again() {
    each(|store, mut writer| {
        let committed = writer.commit(batch("a")).unwrap();
        let commit = writer.read_head().unwrap().commit;
        unknown(&mut writer, batch("a"), commit, committed.clone());
        assert_eq!(writer.commit(batch("a")).unwrap(), committed, "its first outcome");
        assert_eq!(store.reader().unwrap().head().unwrap().0, 1);
        assert_eq!(writer.commit(batch("a")).unwrap().entries, [2], "told once, then it is another batch");
    });
}

#[test]
fn a_batch_that_did_not_is_written_now() {
    each(|store, mut writer| {
        writer.commit(batch("a")).unwrap();
        let commit = writer.read_head().unwrap().commit + 1;
        let promised = Committed { entries: vec![77], alerts: Vec::new() };
        unknown(&mut writer, batch("b"), commit, promised);
        assert_eq!(writer.commit(batch("b")).unwrap().entries, [2]);
        assert!(store.reader().unwrap().verify(|_, _| {}).unwrap().is_whole());
    });
}

#[test]
fn another_batch_in_between_is_never_taken_for_the_unsettled_one() {
    each(|store, mut writer| {
        let committed = writer.commit(batch("a")).unwrap();
        let commit = writer.read_head().unwrap().commit;
        unknown(&mut writer, batch("a"), commit, committed);
        assert_eq!(writer.commit(batch("b")).unwrap().entries, [2]);
        assert_eq!(writer.commit(batch("a")).unwrap().entries, [3], "the outcome is asked for at once or never");
        assert_eq!(store.reader().unwrap().head().unwrap().0, 3);
    });
}

#[test]
fn nothing_to_do_commits_nothing() {
    each(|_, mut writer| {
        assert_eq!(writer.commit(Batch::default()).unwrap(), Committed::default());
        assert_eq!(writer.read_head().unwrap().commit, 0);
    });
}
