//! What the shipping stage reads of the journal while the journal writes on.
//!
//! It changes nothing. Readers see what was durable when they began.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use driftline_canon::digest::SourcesRoot;
use driftline_canon::{Root, SourceName};

use super::NameHash;
use super::entry::{BodyHead, Entry, EntryHead, SourceRef, SourceState};
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

    /// What is known of all sources that one `[[source]]` table made; none
    /// while the store is being opened again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sources_of(&self, name: &SourceName) -> Result<Option<Vec<SourceState>>, StoreError> {
        let prefix = format!("{name}/");
        self.with(|view| {
            let mut names = Vec::new();
            view.each_source(|one, _| {
                if one == *name || one.as_str().starts_with(&prefix) {
                    names.push(one);
                }
            })?;
            let states = names.iter().map(|one| view.source(one)).collect::<Result<Vec<_>, _>>()?;
            Ok(states.into_iter().flatten().collect())
        })
    }

    /// One root over all sources as they were before record `from`, without
    /// those that appeared after record `listed`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sources_root(&self, from: u64, listed: u64) -> Result<Root, StoreError> {
        let mut all = SourcesRoot::new();
        self.next_roots(from, listed, |next| all.add(next.source.name.as_str(), &next.root))?;
        Ok(all.finish())
    }

    /// Every source as it was before record `from`, sorted by name, without
    /// those that appeared after record `listed`; gives the newest record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_roots(&self, from: u64, listed: u64, mut visit: impl FnMut(NextRoot)) -> Result<u64, StoreError> {
        let Some(mut roots) = self.roots(from, listed)? else {
            return Ok(from.saturating_sub(1));
        };
        while roots.next(PAGE_SOURCES, &mut visit)? {}
        Ok(roots.last())
    }

    /// The same, some at a time: all of one moment, however long it takes to
    /// send them. None while the store is being opened again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roots(&self, from: u64, listed: u64) -> Result<Option<Roots>, StoreError> {
        let view = match &*self.shared.read().unwrap_or_else(PoisonError::into_inner) {
            Some(store) => store.view()?,
            None => return Ok(None),
        };
        let pending = Pending::read(&view, from)?;
        Ok(Some(Roots { view, pending, listed, after: None }))
    }

    fn with<T>(&self, read: impl FnOnce(&View) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        let read = match &*self.shared.read().unwrap_or_else(PoisonError::into_inner) {
            Some(store) => store.view().and_then(|view| read(&view)),
            None => return Ok(None),
        };
        match read {
            Ok(read) => Ok(Some(read)),
            // The writer has met it too and opens the store again.
            Err(error) if error.is_of_before() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Sources of one step where nobody waits between steps.
const PAGE_SOURCES: usize = 10_000;

/// Every source as it was before some record, read some at a time.
pub struct Roots {
    view: View,
    pending: Pending,
    listed: u64,
    after: Option<SourceName>,
}

impl Roots {
    /// The newest record of that moment.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.pending.last
    }

    /// Visits some `max` more, sorted by name; false when there are no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next(&mut self, max: usize, visit: &mut impl FnMut(NextRoot)) -> Result<bool, StoreError> {
        let (pending, listed) = (&mut self.pending, self.listed);
        let mut last = None;
        let count = self.view.sources_after(self.after.as_ref(), max, &mut |name, head| {
            last = Some(name.clone());
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
        self.after = last.or(self.after.take());
        if count < max {
            std::mem::take(&mut pending.retired).into_values().for_each(visit);
            return Ok(false);
        }
        Ok(true)
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
    fn read(view: &View, from: u64) -> Result<Self, StoreError> {
        let mut all = Self { first: HashMap::new(), retired: BTreeMap::new(), last: from.saturating_sub(1) };
        view.each_record(from, |seq, entry| all.take(seq, entry))?;
        Ok(all)
    }

    fn take(&mut self, seq: u64, entry: EntryHead) {
        self.last = seq;
        let (Some(source), Some(before)) = (entry.source, entry.body.before()) else {
            return;
        };
        let new = before == Root::empty();
        let root =
            self.first.entry(NameHash::of(source.name.as_str())).or_insert(First { root: before, seq, new }).root;
        if matches!(entry.body, BodyHead::Retired(_)) {
            self.retired.insert(source.name.clone(), NextRoot { source, root, pending: true });
        }
    }
}
