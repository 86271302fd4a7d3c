//! State and journal in one redb file, moved together in one transaction.
//!
//! Four tables: `state` (source name to [`SourceState`]), `items` (source name
//! and key to a block of items, of large sources alone), `journal` (sequence
//! number to [`Entry`]) and `meta` (one [`Meta`]). Sequence numbers of an epoch
//! have no holes: the journal is always `first_seq..next_seq`. A transaction is
//! durable when it returns (one fsync), or nothing of it happened.
//!
//! It decides nothing: what to write comes from `diff`, `fold` and `recovery`.
//!
//! [`SourceState`]: super::entry::SourceState

mod blocks;
mod sources;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use redb::Durability;
use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryHead};
use blocks::Blocks;
pub use sources::INLINE_ITEMS_MAX;
pub use view::View;

const STATE: TableDefinition<&str, &[u8]> = TableDefinition::new("state");
const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const META_KEY: &str = "meta";

/// Version of what is stored here. 2: items may name an included file, sources
/// have more kinds. 3: the items of a large source are kept in blocks; records
/// may say who did it and what it means, and amend earlier ones. All that older
/// versions wrote reads as it is.
pub const FORMAT: u32 = 3;

/// Bytes of pages that redb may keep in memory. The journal is written once
/// and read once, soon after: more would only grow the process.
const CACHE_BYTES: usize = 512 * 1024;

/// What is known about the journal as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// [`FORMAT`] of whoever wrote it.
    pub format: u32,
    /// Names this journal to the collector.
    pub epoch: [u8; 16],
    /// When the epoch began.
    pub epoch_ms: i64,
    /// The oldest record that is kept, or the next one if none is.
    pub first_seq: u64,
    /// The number of the next record.
    pub next_seq: u64,
    /// Bytes of the records that are kept.
    pub bytes: u64,
    /// When the agent was last known to be watching; 0: never.
    pub alive_ms: i64,
}

impl Meta {
    /// The meta of a new journal.
    #[must_use]
    pub fn new(epoch: [u8; 16], now_ms: i64) -> Self {
        Self { format: FORMAT, epoch, epoch_ms: now_ms, first_seq: 1, next_seq: 1, bytes: 0, alive_ms: 0 }
    }

    /// Records that are kept.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.next_seq.saturating_sub(self.first_seq)
    }
}

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine or the disk below it.
    #[error("{what} {} failed", path.display())]
    Engine {
        /// `opening`, `reading` or `writing`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// It could not be written for a while, before everything was on disk once.
    #[error("{} can be written again: everything is looked at anew", path.display())]
    Anew {
        /// Which file.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("{} is in use by another agent", path.display())]
    Locked {
        /// Which file.
        path: PathBuf,
    },
    /// Written by a newer version.
    #[error("{} has the format {found}, this version knows {FORMAT}", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// What is in it makes no sense.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What of it.
        what: String,
    },
}

impl StoreError {
    /// Whether redb refuses because something failed before.
    pub(super) fn is_of_before(&self) -> bool {
        matches!(self, Self::Engine { source, .. } if matches!(**source, redb::Error::PreviousIo))
    }

    /// The file could not be opened again yet.
    pub(super) fn closed(path: &Path) -> Self {
        let error = redb::Error::Io(std::io::Error::other("it is not open"));
        Self::Engine { what: "writing", path: path.to_owned(), source: Box::new(error) }
    }
}

/// The open file.
#[derive(Debug)]
pub struct Store {
    db: Database,
    path: Arc<Path>,
    /// Some source may have its items in blocks. Where none has, nobody pays
    /// for looking.
    blocks: AtomicBool,
}

impl Store {
    /// Opens the file, repairs what a crash left, or makes a new one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let db = Database::builder().set_cache_size(CACHE_BYTES).create(path).map_err(|error| of_open(path, error))?;
        let store = Self { db, path: path.into(), blocks: AtomicBool::new(false) };
        match store.find_blocks() {
            Ok(()) => Ok(store),
            Err(redb::Error::Corrupted(what)) => Err(damaged(path, what)),
            Err(error) => Err(engine(path, "reading", error)),
        }
    }

    fn find_blocks(&self) -> Result<(), redb::Error> {
        match self.db.begin_read()?.open_table(blocks::ITEMS) {
            Ok(_) => self.has_blocks(),
            Err(redb::TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn may_have_blocks(&self) -> bool {
        self.blocks.load(Ordering::Relaxed)
    }

    fn has_blocks(&self) {
        self.blocks.store(true, Ordering::Relaxed);
    }

    /// What is known about the journal; none in a new file.
    ///
    /// # Errors
    /// [`StoreError::Newer`] and others.
    pub fn meta(&self) -> Result<Option<Meta>, StoreError> {
        let txn = self.db.begin_read().map_err(|error| self.engine("reading", error))?;
        let table = match txn.open_table(META) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(self.engine("reading", error)),
        };
        let Some(bytes) = table.get(META_KEY).map_err(|error| self.engine("reading", error))? else {
            return Ok(None);
        };
        // The format stands first, so that it can be read in any version.
        let (found, _) = postcard::take_from_bytes::<u32>(bytes.value()).map_err(|_| self.damaged("no format"))?;
        if found > FORMAT {
            return Err(StoreError::Newer { path: self.path.to_path_buf(), found });
        }
        let meta: Meta = self.decode(bytes.value())?;
        // With the next record older versions could no longer read all of it.
        Ok(Some(Meta { format: FORMAT, ..meta }))
    }

    /// What is durable now, unmoved by what is written meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn view(&self) -> Result<View, StoreError> {
        let txn = self.db.begin_read().map_err(|error| self.engine("reading", error))?;
        Ok(View::new(Arc::clone(&self.path), txn))
    }

    /// Changes state, journal and meta in one transaction. `change` returns
    /// whether there is anything to write; what it did to `meta` counts only if
    /// this succeeds and there was.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub fn write(
        &self,
        meta: &Meta,
        change: impl FnOnce(&mut Changes<'_>) -> Result<bool, StoreError>,
    ) -> Result<Option<Meta>, StoreError> {
        self.write_until(Durability::Immediate, meta, change)
    }

    /// The same; with [`Durability::None`] it is on disk only when the next
    /// durable one is.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then, and what was not durable may be
    /// gone.
    pub fn write_until(
        &self,
        durability: Durability,
        meta: &Meta,
        change: impl FnOnce(&mut Changes<'_>) -> Result<bool, StoreError>,
    ) -> Result<Option<Meta>, StoreError> {
        let writing = |error: redb::Error| self.engine("writing", error);
        let mut txn = self.db.begin_write().map_err(|error| writing(error.into()))?;
        txn.set_durability(durability).map_err(|error| writing(error.into()))?;
        let (written, meta) = {
            let mut changes = Changes {
                store: self,
                txn: &txn,
                blocks: None,
                state: txn.open_table(STATE).map_err(|error| writing(error.into()))?,
                journal: txn.open_table(JOURNAL).map_err(|error| writing(error.into()))?,
                meta: meta.clone(),
            };
            let written = change(&mut changes)?;
            (written, changes.meta)
        };
        if !written {
            txn.abort().map_err(|error| writing(error.into()))?;
            return Ok(None);
        }
        {
            let mut table = txn.open_table(META).map_err(|error| writing(error.into()))?;
            table.insert(META_KEY, self.encode(&meta)?.as_slice()).map_err(|error| writing(error.into()))?;
        }
        txn.commit().map_err(|error| writing(error.into()))?;
        Ok(Some(meta))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        decode(&self.path, bytes)
    }

    fn encode<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(value).map_err(|error| self.damaged(error))
    }

    fn damaged(&self, what: impl ToString) -> StoreError {
        damaged(&self.path, what)
    }

    fn engine(&self, what: &'static str, error: impl Into<redb::Error>) -> StoreError {
        engine(&self.path, what, error)
    }
}

fn decode<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, what: impl ToString) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what: what.to_string() }
}

fn engine(path: &Path, what: &'static str, error: impl Into<redb::Error>) -> StoreError {
    StoreError::Engine { what, path: path.to_owned(), source: Box::new(error.into()) }
}

/// A transaction under way.
pub struct Changes<'txn> {
    store: &'txn Store,
    txn: &'txn WriteTransaction,
    blocks: Option<Blocks<'txn>>,
    state: Table<'txn, &'static str, &'static [u8]>,
    journal: Table<'txn, u64, &'static [u8]>,
    /// The meta as it will be.
    pub meta: Meta,
}

impl Changes<'_> {
    /// Appends a record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn append(&mut self, entry: &Entry) -> Result<u64, StoreError> {
        let encoded = entry.encode().map_err(|error| self.store.damaged(error))?;
        let seq = self.meta.next_seq;
        self.journal.insert(seq, encoded.as_slice()).map_err(|error| self.store.engine("writing", error))?;
        self.meta.next_seq += 1;
        self.meta.bytes += encoded.len() as u64;
        Ok(seq)
    }

    /// Forgets records up to and with `seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn trim(&mut self, seq: u64) -> Result<(), StoreError> {
        while self.meta.first_seq <= seq && self.meta.first_seq < self.meta.next_seq {
            let removed =
                self.journal.remove(self.meta.first_seq).map_err(|error| self.store.engine("writing", error))?;
            let length = removed.map_or(0, |removed| removed.value().len() as u64);
            self.meta.bytes = self.meta.bytes.saturating_sub(length);
            self.meta.first_seq += 1;
        }
        Ok(())
    }

    /// Every record of a range as this transaction sees it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record(&self, seq: u64) -> Result<Option<Entry>, StoreError> {
        let found = self.journal.get(seq).map_err(|error| self.writing(error))?;
        found.map(|found| Entry::decode(found.value())).transpose().map_err(|error| self.store.damaged(error))
    }

    /// The beginning of a record, as this transaction sees it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_head(&self, seq: u64) -> Result<Option<EntryHead>, StoreError> {
        let found = self.journal.get(seq).map_err(|error| self.writing(error))?;
        let head = found.map(|found| postcard::take_from_bytes(found.value()).map(|(head, _)| head));
        head.transpose().map_err(|error| self.store.damaged(error))
    }

    /// Removes one record, or puts another in its place. Call
    /// [`Self::begin_epoch`] afterwards: it closes the holes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replace(&mut self, seq: u64, by: Option<&Entry>) -> Result<(), StoreError> {
        let encoded = by.map(Entry::encode).transpose().map_err(|error| self.store.damaged(error))?;
        let writing = |error: redb::StorageError| self.store.engine("writing", error);
        let removed = self.journal.remove(seq).map_err(writing)?.map_or(0, |removed| removed.value().len() as u64);
        self.meta.bytes = self.meta.bytes.saturating_sub(removed);
        if let Some(encoded) = encoded {
            self.journal.insert(seq, encoded.as_slice()).map_err(writing)?;
            self.meta.bytes += encoded.len() as u64;
        }
        Ok(())
    }

    /// Begins a new epoch: the records that are kept are numbered from 1 again,
    /// without holes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_epoch(&mut self, epoch: [u8; 16], now_ms: i64) -> Result<(), StoreError> {
        let writing = |error: redb::StorageError| self.store.engine("writing", error);
        let mut next = 1;
        for old in self.meta.first_seq..self.meta.next_seq {
            let Some(taken) = self.journal.remove(old).map_err(writing)?.map(|taken| taken.value().to_vec()) else {
                continue;
            };
            self.journal.insert(next, taken.as_slice()).map_err(writing)?;
            next += 1;
        }
        self.meta.epoch = epoch;
        self.meta.epoch_ms = now_ms;
        self.meta.first_seq = 1;
        self.meta.next_seq = next;
        Ok(())
    }

    fn writing(&self, error: redb::StorageError) -> StoreError {
        self.store.engine("writing", error)
    }
}

fn of_open(path: &Path, error: redb::DatabaseError) -> StoreError {
    use redb::{DatabaseError, StorageError};
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => StoreError::Locked { path },
        DatabaseError::Storage(StorageError::Corrupted(what)) => StoreError::Damaged { path, what },
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
            StoreError::Damaged { path, what: error.to_string() }
        }
        // redb says so of a file that is none of its own.
        DatabaseError::Storage(StorageError::Io(source))
            if matches!(source.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof) =>
        {
            StoreError::Damaged { path, what: source.to_string() }
        }
        error => StoreError::Engine { what: "opening", path, source: Box::new(error.into()) },
    }
}
