//! Documents: by kind and id, in one commit with everything else.

use driftline_store::*;
use serde::{Deserialize, Serialize};

use crate::samples::*;
use crate::{each_engine, open};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note(String, u64);

impl Document for Note {
    const KIND: DocumentKind = DocumentKind::Window;

    fn id(&self) -> String {
        format!("{}/{}", self.0, numbered(self.1))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Other(String);

impl Document for Other {
    const KIND: DocumentKind = DocumentKind::Policy;

    fn id(&self) -> String {
        self.0.clone()
    }
}

fn note(scope: &str, number: u64) -> Note {
    Note(scope.to_owned(), number)
}

fn put<D: Document>(document: &D) -> Operation {
    Written::put(document).unwrap().into()
}

#[test]
fn documents_are_listed_by_prefix_and_number() {
    each_engine(|store, writer| {
        let notes = [note("staging", 10), note("staging", 9), note("staging-2", 1), note("production", 100)];
        let mut operations: Vec<Operation> = notes.iter().map(put).collect();
        operations.push(put(&Other("staging/1".to_owned())));
        writer.commit(batch(1, operations)).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.documents::<Note>("staging/").unwrap(), [note("staging", 9), note("staging", 10)]);
        assert_eq!(reader.last_document::<Note>("staging/").unwrap(), Some(note("staging", 10)));
        assert_eq!(reader.documents::<Note>("").unwrap().len(), 4, "no other kind");
        assert_eq!(reader.document::<Note>(&note("production", 100).id()).unwrap(), Some(note("production", 100)));
        assert_eq!(reader.document::<Note>("production").unwrap(), None);
        assert_eq!(reader.last_document::<Note>("dev/").unwrap(), None);
    });
}

#[test]
fn a_document_is_replaced_and_removed() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let first = note("staging", 1);
        {
            let store = open(dir.path(), engine);
            let mut writer = store.writer().unwrap();
            writer.commit(batch(1, vec![put(&first), put(&note("staging", 2))])).unwrap();
            let gone = Written::remove(DocumentKind::Window, first.id());
            writer.commit(batch(2, vec![gone.clone().into(), gone.into(), put(&note("staging", 2))])).unwrap();
        }
        let reader = open(dir.path(), engine).reader().unwrap();
        assert_eq!(reader.documents::<Note>("").unwrap(), [note("staging", 2)], "{engine:?}, after reopening");
    }
}

#[test]
fn what_is_written_reads_back_before_it_is_committed() {
    let written = Written::put(&note("staging", 1)).unwrap();
    assert_eq!(written.read::<Note>().unwrap(), Some(note("staging", 1)));
    assert_eq!(written.read::<Other>().unwrap(), None, "of another kind");
    assert_eq!(Written::remove(DocumentKind::Window, "x").read::<Note>().unwrap(), None);
}

#[test]
fn an_id_that_is_none_is_refused() {
    for id in ["a\u{0}b".to_owned(), "line\nfeed".to_owned(), "x".repeat(DOCUMENT_ID_BYTES_MAX + 1)] {
        assert!(Written::put(&Other(id)).is_err());
    }
}
