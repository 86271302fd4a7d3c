use driftline_canon::SourceName;
use driftline_store::{Batch, EngineKind, Operation, Store, StoreOptions, Written};

use super::*;
use crate::judge::tests::given;

#[test]
fn a_book_is_what_the_documents_say_and_reads_no_sheet_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let put = |written: Vec<Written>| {
        let operations = written.into_iter().map(Operation::from).collect();
        store.writer().unwrap().commit(Batch { operations, now_ms: 1 }).unwrap();
    };
    let (revision, sheet) = given::revision(1, "production", &[("KEY", 2)]);
    put(vec![Written::put(&revision).unwrap(), Written::put(&sheet).unwrap()]);
    let first = read(&store.reader().unwrap(), &Book::default()).unwrap();
    assert_eq!(first.wanted(), []);
    assert!(first.speaks_of(&"production".parse().unwrap()) && !first.speaks_of(&"staging".parse().unwrap()));
    put(vec![Written::remove(DocumentKind::Sheet, format!("{}/app", owner(1)))]);
    let reader = store.reader().unwrap();
    assert_eq!(read(&reader, &first).unwrap().wanted(), [], "it has what the earlier one had");
    let anew = read(&reader, &Book::default()).unwrap();
    assert_eq!(anew.wanted(), [(1, SourceName::new("app").unwrap())]);
}

#[test]
fn only_what_is_judged_by_begins_a_new_book() {
    let kinds = [
        (DocumentKind::Revision, true),
        (DocumentKind::Sheet, true),
        (DocumentKind::Window, true),
        (DocumentKind::Policy, true),
        (DocumentKind::Acceptance, false),
        (DocumentKind::Baseline, false),
        (DocumentKind::Drift, false),
        (DocumentKind::Report, false),
    ];
    for (kind, does) in kinds {
        assert_eq!(counts(kind), does, "{kind:?}");
    }
}
