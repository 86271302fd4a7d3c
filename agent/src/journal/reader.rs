//! What the shipping stage reads of the journal while the journal writes on.
//!
//! It changes nothing. Readers see what was durable when they began.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use driftline_canon::{Root, SourceName};

use super::NameHash;
use super::entry::{Body, Entry, SourceRef, SourceState};
use super::store::{Store, StoreError, View};

/// The open store; none while it is opened again after a failure.
pub(super) type Shared = Arc<RwLock<Option<Store>>>;

/// Reads a journal.
#[derive(Debug, Clone)]
pub struct JournalReader {
    shared: Shared,
}

/// A source as it was before the first record that is still to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRoot {
    /// Which source.
    pub source: SourceRef,
    /// Its root then.
    pub root: Root,
    /// The next record of the source starts from that root.
    pub pending: bool,
}

impl JournalReader {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Records from `from` to `to`, until `bytes_max` are together; none while
    /// the store is being opened again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn records(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Entry)>, StoreError> {
        Ok(self.with(|view| view.records(from, to, bytes_max))?.unwrap_or_default())
    }

    /// What is known of a source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source(&self, name: &SourceName) -> Result<Option<SourceState>, StoreError> {
        Ok(self.with(|view| view.source(name))?.flatten())
    }

    /// One root over all sources as they were before record `from`, without
    /// those that appeared after record `listed`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sources_root(&self, from: u64, listed: u64) -> Result<Root, StoreError> {
        let mut all: Vec<(SourceName, Root)> = Vec::new();
        self.next_roots(from, listed, |next| all.push((next.source.name, next.root)))?;
        Ok(Root::of_sources(all.iter().map(|(name, root)| (name.as_str(), root))))
    }

    /// Every source as it was before record `from`, sorted by name, without
    /// those that appeared after record `listed`; gives the newest record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roots(&self, from: u64, listed: u64, mut visit: impl FnMut(NextRoot)) -> Result<u64, StoreError> {
        let last = self.with(|view| {
            let mut pending = Pending::read(view, from)?;
            view.each_source(|name, head| {
                while pending.retired.first_key_value().is_some_and(|(first, _)| *first < name) {
                    pending.retired.pop_first().into_iter().for_each(|(_, root)| visit(root));
                }
                // A source that was retired and came back is told once.
                pending.retired.remove(&name);
                let first = pending.first.get(&NameHash::of(name.as_str()));
                if first.is_some_and(|first| first.new && first.seq > listed) {
                    return;
                }
                let source = SourceRef { name, kind: head.kind, path: head.path };
                visit(NextRoot { source, root: first.map_or(head.root, |first| first.root), pending: first.is_some() });
            })?;
            pending.retired.into_values().for_each(&mut visit);
            Ok(pending.last)
        })?;
        Ok(last.unwrap_or(from.saturating_sub(1)))
    }

    fn with<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match &*self.shared.read().unwrap_or_else(PoisonError::into_inner) {
            Some(store) => read(&store.view()?).map(Some),
            None => Ok(None),
        }
    }
}

/// The first pending record of a source that changes its items.
struct First {
    root: Root,
    seq: u64,
    /// The source was not known before.
    new: bool,
}

struct Pending {
    first: HashMap<NameHash, First>,
    /// Sources of which only a retirement is left.
    retired: BTreeMap<SourceName, NextRoot>,
    last: u64,
}

impl Pending {
    fn read(view: &View<'_>, from: u64) -> Result<Self, StoreError> {
        let mut all = Self { first: HashMap::new(), retired: BTreeMap::new(), last: from.saturating_sub(1) };
        view.each_record(from, |seq, entry| all.take(seq, entry))?;
        Ok(all)
    }

    fn take(&mut self, seq: u64, entry: Entry) {
        self.last = seq;
        let (Some(source), Some(before)) = (entry.source, before(&entry.body)) else {
            return;
        };
        let new = before == Root::empty();
        let root =
            self.first.entry(NameHash::of(source.name.as_str())).or_insert(First { root: before, seq, new }).root;
        if matches!(entry.body, Body::Retired(_)) {
            self.retired.insert(source.name.clone(), NextRoot { source, root, pending: true });
        }
    }
}

fn before(body: &Body) -> Option<Root> {
    match body {
        Body::Delta(delta) => Some(delta.before),
        Body::Snapshot(snapshot) => Some(snapshot.before),
        Body::Retired(before) => Some(*before),
        Body::Gap(_) | Body::Problems(_) => None,
    }
}
