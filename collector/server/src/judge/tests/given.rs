//! Revisions, windows and stores to judge with.

use driftline_canon::{ItemKey, SourceKind, SourceName};
use driftline_compare::desired::{Revision, Sheet, SheetItem};
use driftline_compare::window::Window;
use driftline_store::{Batch, EngineKind, Entry, EntryQuery, Store, StoreOptions};

use crate::config::AlertRoute;
use crate::desired::owner;
use crate::judge::Judge;
use crate::notify::Routes;
use crate::record::Draft;

/// A revision that declares these keys of source `app`; pushed at its number.
pub(crate) fn revision(number: u64, selector: &str, items: &[(&str, u8)]) -> (Revision, Sheet) {
    let source = SourceName::new("app").unwrap();
    let item = |(key, digest): &(&str, u8)| SheetItem {
        key: ItemKey::from_canonical((*key).to_owned()).unwrap(),
        digest: [*digest; 32],
        secret: false,
        display: None,
    };
    let items: Vec<SheetItem> = items.iter().map(item).collect();
    let revision = Revision {
        number,
        selector: selector.parse().unwrap(),
        revision: format!("r{number}"),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms: i64::try_from(number).unwrap(),
        expires_ms: None,
        fleet_key_epoch: 1,
        canonical_form: 1,
        sources: vec![(source.clone(), u32::try_from(items.len()).unwrap())],
    };
    (revision, Sheet { owner: owner(number), source, kind: SourceKind::EnvFile, items })
}

/// A window over production that is always open.
pub(crate) fn window(number: u64) -> Window {
    Window {
        number,
        selector: "production".parse().unwrap(),
        source: None,
        actor: None,
        ticket: format!("CHG-{number}"),
        opened_by: "ada".to_owned(),
        from_ms: 0,
        until_ms: i64::MAX,
        closed: None,
    }
}

/// A store, and commits as the writer makes them.
pub(crate) struct Room {
    _dir: tempfile::TempDir,
    pub(crate) store: Store,
    judge: Judge,
    routes: Routes,
    pub(crate) now_ms: i64,
}

impl Room {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
        Self { _dir: dir, store, judge: Judge::default(), routes: Routes::default(), now_ms: 1_000 }
    }

    /// With somebody to tell.
    pub(crate) fn telling(self, routes: &[AlertRoute]) -> Self {
        Self { routes: Routes::new(routes), ..self }
    }

    /// One commit.
    pub(crate) fn step<T>(&mut self, step: impl FnOnce(&mut Draft<'_>) -> T) -> T {
        let reader = self.store.reader().unwrap();
        let mut draft = Draft::new(&reader, self.now_ms, &self.routes).judged(&self.judge).unwrap();
        let done = step(&mut draft);
        let anew = draft.changes_the_book();
        let operations = draft.finish();
        drop(reader);
        self.store.writer().unwrap().commit(Batch { operations, now_ms: self.now_ms }).unwrap();
        if anew {
            self.judge.reread(&self.store.reader().unwrap()).unwrap();
        }
        done
    }

    pub(crate) fn push(&mut self, number: u64, selector: &str, items: &[(&str, u8)]) {
        self.push_at(i64::try_from(number).unwrap(), number, selector, items);
    }

    pub(crate) fn push_at(&mut self, pushed_ms: i64, number: u64, selector: &str, items: &[(&str, u8)]) {
        let (revision, sheet) = revision(number, selector, items);
        let revision = Revision { pushed_ms, ..revision };
        self.step(|draft| {
            draft.put_document(&sheet).unwrap();
            draft.put_document(&revision).unwrap();
        });
    }

    /// As a start of the collector would.
    pub(crate) fn restart(&mut self) {
        self.judge = Judge::read(&self.store.reader().unwrap(), self.now_ms).unwrap();
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.store.reader().unwrap().entries(&EntryQuery::default()).unwrap().entries
    }
}
