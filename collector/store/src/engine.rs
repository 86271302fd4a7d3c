//! Ordered tables of bytes over one of two engines: snapshots to read from and
//! atomic, durable sets of writes.
//!
//! It knows no record and no index. The set of engines is closed; what differs
//! between them stays in their files.

pub(crate) mod redb;
pub(crate) mod sled;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::error::{OpenError, StoreError};
use crate::layout::{Span, Table};
use crate::store::StoreOptions;

use self::redb::{RedbEngine, RedbSnapshot};
use self::sled::{SledEngine, SledSnapshot};

/// Which engine keeps a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum EngineKind {
    /// redb: one file, copy-on-write B-trees. The default.
    #[default]
    Redb,
    /// sled: a directory, a log-structured tree.
    Sled,
}

impl EngineKind {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::Redb, Self::Sled];

    /// The engine's name in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::Sled => "sled",
        }
    }

    /// The engine of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The file or directory that the engine keeps below the store's.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Redb => "store.redb",
            Self::Sled => "store.sled",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// What a visitor wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Go,
    Stop,
}

/// Takes one row of a scan.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<Flow, StoreError> + 'a;

/// Writes that happen together; `None` removes. Sorted, so that an engine
/// walks its pages once.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
}

impl WriteSet {
    pub(crate) fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.tables.entry(table).or_default().insert(key.into(), Some(value.into()));
    }

    pub(crate) fn remove(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.tables.entry(table).or_default().insert(key.into(), None);
    }

    /// What this set makes of a key, if it touches it.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        self.tables.get(&table)?.get(key).map(Option::as_deref)
    }

    /// Keys of a span that this set touches.
    pub(crate) fn keys_within(&self, table: Table, span: &Span) -> Vec<Vec<u8>> {
        let within = |key: &&Vec<u8>| **key >= span.from && span.to.as_ref().is_none_or(|to| *key < to);
        self.tables.get(&table).into_iter().flat_map(|rows| rows.keys().filter(within).cloned()).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        self.tables
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(|(key, value)| (*table, key.as_slice(), value.as_deref())))
    }
}

/// What an engine had to do to open.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    pub(crate) repaired: Vec<String>,
}

/// An open engine.
pub(crate) enum Engine {
    Redb(RedbEngine),
    Sled(SledEngine),
}

impl Engine {
    /// Makes an empty one at `path`.
    pub(crate) fn make(kind: EngineKind, path: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        match kind {
            EngineKind::Redb => RedbEngine::make(path, options).map(Self::Redb),
            EngineKind::Sled => SledEngine::make(path, options).map(Self::Sled),
        }
    }

    /// Opens what is at `path`; an empty file or directory is damage.
    pub(crate) fn open(kind: EngineKind, path: &Path, options: &StoreOptions) -> Result<(Self, Opening), OpenError> {
        match kind {
            EngineKind::Redb => RedbEngine::open(path, options).map(|(engine, opening)| (Self::Redb(engine), opening)),
            EngineKind::Sled => SledEngine::open(path, options).map(|(engine, opening)| (Self::Sled(engine), opening)),
        }
    }

    /// The state as of the last commit, unmoved by later ones.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        match self {
            Self::Redb(engine) => engine.snapshot().map(Snapshot::Redb),
            Self::Sled(engine) => engine.snapshot().map(Snapshot::Sled),
        }
    }

    /// All of the writes or none, on disk when it returns. After an error the
    /// engine has tried to open itself again; which of the two happened is to
    /// be read from a new snapshot.
    pub(crate) fn apply(&self, writes: &WriteSet) -> Result<(), StoreError> {
        match self {
            Self::Redb(engine) => engine.apply(writes),
            Self::Sled(engine) => engine.apply(writes),
        }
    }

    /// Releases files and locks before it returns.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Redb(engine) => engine.close(),
            Self::Sled(engine) => engine.close(),
        }
    }
}

/// A consistent state to read from.
pub(crate) enum Snapshot {
    Redb(RedbSnapshot),
    Sled(SledSnapshot),
}

impl Snapshot {
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Redb(snapshot) => snapshot.get(table, key),
            Self::Sled(snapshot) => snapshot.get(table, key),
        }
    }

    /// One table, for many reads: opening it costs as much as a read.
    pub(crate) fn rows(&self, table: Table) -> Result<Rows<'_>, StoreError> {
        match self {
            Self::Redb(snapshot) => snapshot.table(table).map(Rows::Redb),
            Self::Sled(snapshot) => Ok(Rows::Sled(snapshot, table)),
        }
    }

    /// Visits the rows of a span in order, a bounded number at a time in memory.
    pub(crate) fn scan(
        &self,
        table: Table,
        span: &Span,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Redb(snapshot) => snapshot.scan(table, span, direction, visit),
            Self::Sled(snapshot) => snapshot.scan(table, span, direction, visit),
        }
    }
}

/// One table of a snapshot.
pub(crate) enum Rows<'a> {
    Redb(Option<self::redb::Rows>),
    Sled(&'a SledSnapshot, Table),
}

impl Rows<'_> {
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Redb(Some(rows)) => self::redb::get(rows, key),
            Self::Redb(None) => Ok(None),
            Self::Sled(snapshot, table) => snapshot.get(*table, key),
        }
    }
}
