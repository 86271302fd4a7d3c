use driftline_store::{Batch, EngineKind, Store, StoreOptions};

use super::*;
use crate::notify::Routes;

const ONE: &str = "[[severity]]\nkey = 'A'\nseverity = 'info'\n";
const TWO: &str = "[settle]\nseconds = 60\n";

struct Room {
    _dir: tempfile::TempDir,
    store: Store,
    writer: driftline_store::Writer,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store"), EngineKind::Redb, StoreOptions::default()).unwrap();
        let writer = store.writer().unwrap();
        Self { _dir: dir, store, writer }
    }

    /// Applies in one commit what several operators ask for.
    fn apply(&mut self, asked: &[(&str, Option<u64>, &str)]) -> Vec<Applied> {
        let reader = self.store.reader().unwrap();
        let routes = Routes::default();
        let mut draft = Draft::new(&reader, 1_000, &routes);
        let one = |(text, replaces, by): &(&str, Option<u64>, &str)| {
            let policy = Policy::parse(text).unwrap();
            apply(&mut draft, ((*text).to_owned(), &policy), *replaces, by).unwrap()
        };
        let applied = asked.iter().map(one).collect();
        let operations = draft.finish();
        drop(reader);
        self.writer.commit(&Batch { operations, now_ms: 1_000 }).unwrap();
        applied
    }
}

#[test]
fn the_second_of_two_who_apply_at_once_must_look_first() {
    let mut room = Room::new();
    assert_eq!(in_force(&room.store.reader().unwrap()).unwrap(), Policy::default());
    let applied = room.apply(&[(ONE, None, "ada"), (TWO, None, "bob")]);
    let Applied::New(first) = &applied[0] else { panic!("{applied:?}") };
    assert_eq!((first.number, first.summary.as_str()), (1, "1 severity rule added"));
    assert_eq!(applied[1], Applied::Other(Some(first.clone())));
    assert_eq!(in_force(&room.store.reader().unwrap()).unwrap().severities.len(), 1);
    let applied = room.apply(&[(TWO, Some(1), "bob"), (TWO, Some(1), "ada"), (ONE, Some(1), "ada")]);
    let [Applied::New(second), Applied::Same(same), Applied::Other(Some(other))] = &applied[..] else {
        panic!("{applied:?}")
    };
    assert_eq!((second.number, same, other), (2, second, second));
    // Every version is kept.
    let all: Vec<PolicyVersion> = room.store.reader().unwrap().documents("").unwrap();
    assert_eq!(all.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), [ONE, TWO]);
}

#[test]
fn a_version_that_never_was_is_not_replaced() {
    let mut room = Room::new();
    assert_eq!(room.apply(&[(ONE, Some(7), "ada")]), [Applied::Other(None)]);
    assert_eq!(in_force(&room.store.reader().unwrap()).unwrap(), Policy::default());
}

#[test]
fn a_stored_text_that_is_not_understood_counts_for_nothing() {
    let version = PolicyVersion {
        number: 1,
        text: "[from_the_future]\n".to_owned(),
        applied_by: "ada".to_owned(),
        applied_ms: 0,
        summary: String::new(),
    };
    assert_eq!(meant(&version), Policy::default());
}
