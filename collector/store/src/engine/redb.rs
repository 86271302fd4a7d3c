//! redb: one file, one transaction for each commit.
//!
//! It never runs without a bounded cache and never commits without fsync. A
//! redb `Database` that met an I/O error answers every later call with
//! `PreviousIo`; so after one it is closed and opened again here, at once or
//! when it is next needed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use redb::{
    Builder, Database, DatabaseError, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, StorageError,
    TableDefinition, WriteTransaction,
};

use crate::engine::{Direction, Flow, Opening, Visit, WriteSet};
use crate::error::{ErrorKind, OpenError, StoreError};
use crate::layout::{Span, Table};
use crate::store::StoreOptions;

/// Saves the allocator with every commit and commits in two phases: an opening
/// after a crash need not walk the whole file, and after a failed fsync the
/// file says for certain whether the commit happened.
const QUICK_REPAIR: bool = true;

/// A table of bytes, open to read.
pub(crate) type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(crate) struct RedbEngine {
    path: PathBuf,
    cache_bytes: usize,
    /// None while an opening after an I/O error has failed too.
    database: RwLock<Option<Database>>,
}

fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

impl RedbEngine {
    pub(crate) fn make(path: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.map_err(|error| OpenError::io(path, &error))?;
        // redb takes an empty file for a new database, if it may.
        let database = Builder::new().set_cache_size(options.cache_bytes).create(path);
        let database = database.map_err(|error| refused(path, error))?;
        Ok(Self::over(path, options, database))
    }

    pub(crate) fn open(path: &Path, options: &StoreOptions) -> Result<(Self, Opening), OpenError> {
        let (database, repaired) = open_database(path, options.cache_bytes, options.check_integrity)?;
        let mut opening = Opening::default();
        if repaired {
            opening.repaired.push(format!("{}: not closed cleanly; checked and repaired", path.display()));
        }
        Ok((Self::over(path, options, database), opening))
    }

    /// An engine over a database that is open already, whose file is `path`.
    pub(crate) fn over(path: &Path, options: &StoreOptions, database: Database) -> Self {
        Self { path: path.to_owned(), cache_bytes: options.cache_bytes, database: RwLock::new(Some(database)) }
    }

    pub(crate) fn snapshot(&self) -> Result<RedbSnapshot, StoreError> {
        let guard = self.database()?;
        let database = guard.as_ref().ok_or_else(|| self.closed())?;
        let transaction = database.begin_read().map_err(|error| StoreError::redb("begin a read", error))?;
        Ok(RedbSnapshot { transaction })
    }

    pub(crate) fn apply(&self, writes: &WriteSet) -> Result<(), StoreError> {
        let written = {
            let guard = self.database()?;
            write(guard.as_ref().ok_or_else(|| self.closed())?, writes)
        };
        if let Err(error) = &written
            && error.kind() != ErrorKind::Bug
        {
            tracing::warn!(error = %error, path = %self.path.display(), "commit failed, opening the store again");
            if let Err(error) = self.reopen() {
                tracing::error!(error = %error, "store did not open again");
            }
        }
        written
    }

    pub(crate) fn close(self) -> Result<(), StoreError> {
        match self.database.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(database) => database.close().map_err(|error| StoreError::redb("close the store", error)),
            None => Ok(()),
        }
    }

    /// The open database, opened again if it has to be.
    fn database(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, StoreError> {
        let guard = self.database.read().unwrap_or_else(PoisonError::into_inner);
        if guard.is_some() {
            return Ok(guard);
        }
        drop(guard);
        self.reopen()?;
        Ok(self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut guard = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The file is locked until the broken handle is gone; what closing it
        // reports is the error that brought us here.
        drop(guard.take());
        let (database, _) = open_database(&self.path, self.cache_bytes, false)
            .map_err(|error| error.into_store_error("open the store again after an I/O error"))?;
        *guard = Some(database);
        Ok(())
    }

    fn closed(&self) -> StoreError {
        StoreError::new(ErrorKind::Io, "use the store", format!("{} is not open", self.path.display()))
    }
}

/// Opens the file and says whether it had to be repaired.
fn open_database(path: &Path, cache_bytes: usize, check: bool) -> Result<(Database, bool), OpenError> {
    let repaired = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&repaired);
    let opened = Builder::new()
        .set_cache_size(cache_bytes)
        .set_check_integrity_on_open(check)
        .set_repair_callback(move |_| noted.store(true, Ordering::Relaxed))
        .open(path);
    match opened {
        Ok(database) => Ok((database, repaired.load(Ordering::Relaxed))),
        Err(error) => Err(refused(path, error)),
    }
}

fn refused(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse { path: path.to_owned() }
        }
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            OpenError::Corrupt { path: path.to_owned(), reason: "the file ends too early".to_owned() }
        }
        error => OpenError::store(path, &StoreError::redb("open the file", error)),
    }
}

fn write(database: &Database, writes: &WriteSet) -> Result<(), StoreError> {
    let mut transaction = database.begin_write().map_err(|error| StoreError::redb("begin a commit", error))?;
    transaction
        .set_durability(Durability::Immediate)
        .map_err(|error| StoreError::bug("begin a commit", error.to_string()))?;
    transaction.set_quick_repair(QUICK_REPAIR);
    fill(&transaction, writes)?;
    transaction.commit().map_err(|error| StoreError::redb("commit", error))
}

fn fill(transaction: &WriteTransaction, writes: &WriteSet) -> Result<(), StoreError> {
    let failed = |error| StoreError::redb("write in a commit", error);
    let mut rows = writes.iter().peekable();
    while let Some(&(table, _, _)) = rows.peek() {
        let mut open = transaction
            .open_table(definition(table))
            .map_err(|error| StoreError::redb("open a table to write", error))?;
        while let Some((_, key, value)) = rows.next_if(|&(of, _, _)| of == table) {
            match value {
                Some(value) => open.insert(key, value).map_err(failed)?,
                None => open.remove(key).map_err(failed)?,
            };
        }
    }
    Ok(())
}

pub(crate) struct RedbSnapshot {
    transaction: ReadTransaction,
}

impl RedbSnapshot {
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(open) = self.table(table)? else { return Ok(None) };
        get(&open, key)
    }

    pub(crate) fn scan(
        &self,
        table: Table,
        span: &Span,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let Some(open) = self.table(table)? else { return Ok(()) };
        let from = span.from.as_slice();
        let range = match span.to.as_deref() {
            Some(to) if to <= from => return Ok(()),
            Some(to) => open.range::<&[u8]>(from..to),
            None => open.range::<&[u8]>(from..),
        };
        let mut range = range.map_err(|error| StoreError::redb("begin a scan", error))?;
        loop {
            let row = match direction {
                Direction::Up => range.next(),
                Direction::Down => range.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            let (key, value) = row.map_err(|error| StoreError::redb("scan a table", error))?;
            if visit(key.value(), value.value())? == Flow::Stop {
                return Ok(());
            }
        }
    }

    pub(crate) fn table(&self, table: Table) -> Result<Option<Rows>, StoreError> {
        match self.transaction.open_table(definition(table)) {
            Ok(open) => Ok(Some(open)),
            // A table is made by its first row.
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(StoreError::redb("open a table", error)),
        }
    }
}

pub(crate) fn get(open: &Rows, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let found = open.get(key).map_err(|error| StoreError::redb("read a row", error))?;
    Ok(found.map(|value| value.value().to_vec()))
}
