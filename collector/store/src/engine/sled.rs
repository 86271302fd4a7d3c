//! sled: one tree for all tables, with what it lacks built around it.
//!
//! It keeps no more than [`OPERATIONS_MAX`] operations in one sled batch:
//! larger ones cost sled hundreds of megabytes, so they go through an intent
//! (`intent.rs`) that makes their parts one. sled has no snapshots: old values
//! are kept in memory for the readers that still need them (`past.rs`).

mod intent;
mod opening;
mod past;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use self::intent::Disk;
use self::past::Past;
use crate::engine::{Direction, Flow, Opening, Visit, WriteSet};
use crate::error::{ErrorKind, OpenError, StoreError};
use crate::layout::{Span, Table};
use crate::store::StoreOptions;

/// Operations in one sled batch, at most. Measured: a batch of 300 costs sled
/// 19 MiB over its life, one of 500 already 459 MiB.
pub(crate) const OPERATIONS_MAX: usize = 200;

/// Rows that a scan takes in one go, while commits wait.
const SCAN_CHUNK_ROWS: usize = 256;

pub(crate) struct SledEngine {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    cache_bytes: usize,
    reserve_bytes: u64,
    /// Held to write while a commit is applied and flushed, so that nobody
    /// reads half of one, or what is not on the disk yet.
    state: RwLock<State>,
}

struct State {
    /// None while an opening after an I/O error has failed too.
    disk: Option<Disk>,
    /// Number of the last commit that was carried out (see `intent.rs`).
    sequence: u64,
    past: Past,
}

impl SledEngine {
    pub(crate) fn make(path: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        let disk = opening::make(path, options.cache_bytes)?;
        Ok(Self::over(path, options, disk, 0))
    }

    pub(crate) fn open(path: &Path, options: &StoreOptions) -> Result<(Self, Opening), OpenError> {
        let mut opening = Opening::default();
        let disk = opening::open(path, options.cache_bytes, &mut opening)?;
        let recovered = intent::recover(&disk).map_err(|error| OpenError::store(path, &error))?;
        if recovered.finished {
            opening.repaired.push(format!("{}: finished a commit that a crash had cut short", path.display()));
        }
        Ok((Self::over(path, options, disk, recovered.sequence), opening))
    }

    fn over(path: &Path, options: &StoreOptions, disk: Disk, sequence: u64) -> Self {
        let state = State { disk: Some(disk), sequence, past: Past::default() };
        Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                cache_bytes: options.cache_bytes,
                reserve_bytes: options.reserve_bytes,
                state: RwLock::new(state),
            }),
        }
    }

    pub(crate) fn snapshot(&self) -> Result<SledSnapshot, StoreError> {
        let state = self.shared.state()?;
        let version = state.past.enter();
        Ok(SledSnapshot { shared: Arc::clone(&self.shared), version })
    }

    pub(crate) fn apply(&self, writes: &WriteSet) -> Result<(), StoreError> {
        drop(self.shared.state()?);
        self.shared.refuse_without_room()?;
        let mut guard = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        let Some(disk) = &state.disk else { return Err(self.shared.closed()) };
        let rows: Vec<Row> = writes.iter().map(|(table, key, value)| (full_key(table, key), value)).collect();
        if state.past.is_read() {
            for (key, _) in &rows {
                let old = disk.db.get(key).map_err(|error| StoreError::sled("read before a commit", &error))?;
                state.past.keep(key, old);
            }
        }
        state.past.advance();
        let written = intent::commit(disk, state.sequence + 1, &rows);
        match &written {
            Ok(()) => state.sequence += 1,
            Err(error) => {
                tracing::warn!(error = %error, path = %self.shared.path.display(), "commit failed, opening the store again");
                if let Err(error) = self.shared.reopen(state) {
                    tracing::error!(error = %error, "store did not open again");
                }
            }
        }
        written
    }

    pub(crate) fn close(self) -> Result<(), StoreError> {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        match state.disk.take() {
            Some(disk) => disk.db.flush().map(drop).map_err(|error| StoreError::sled("close the store", &error)),
            None => Ok(()),
        }
    }
}

/// A key with its table's byte in front, and its value; `None` removes.
pub(crate) type Row<'a> = (Vec<u8>, Option<&'a [u8]>);

fn full_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(key.len() + 1);
    full.push(table.prefix());
    full.extend_from_slice(key);
    full
}

impl Shared {
    /// The state, with the database opened again if it has to be.
    fn state(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.disk.is_some() {
            return Ok(state);
        }
        drop(state);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.disk.is_none() {
            self.reopen(&mut state)?;
        }
        drop(state);
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn refuse_without_room(&self) -> Result<(), StoreError> {
        let disk = rustix::fs::statvfs(&self.path)
            .map_err(|error| StoreError::io("look for room on the disk", &error.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < self.reserve_bytes {
            return Err(StoreError::new(
                ErrorKind::Full,
                "commit",
                format!("{free} bytes are free on the disk, and sled needs {}", self.reserve_bytes),
            ));
        }
        Ok(())
    }

    /// sled answers every call with its first I/O error until it is opened
    /// again.
    fn reopen(&self, state: &mut State) -> Result<(), StoreError> {
        state.disk = None;
        let disk = opening::open(&self.path, self.cache_bytes, &mut Opening::default())
            .map_err(|error| error.into_store_error("open the store again after an I/O error"))?;
        state.sequence = intent::recover(&disk)?.sequence;
        state.disk = Some(disk);
        Ok(())
    }

    fn closed(&self) -> StoreError {
        StoreError::new(ErrorKind::Io, "use the store", format!("{} is not open", self.path.display()))
    }
}

pub(crate) struct SledSnapshot {
    shared: Arc<Shared>,
    version: u64,
}

impl Drop for SledSnapshot {
    fn drop(&mut self) {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner).past.leave(self.version);
    }
}

impl SledSnapshot {
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.shared.state()?;
        let key = full_key(table, key);
        if let Some(old) = state.past.value(self.version, &key)? {
            return Ok(old.map(|value| value.to_vec()));
        }
        let disk = state.disk.as_ref().ok_or_else(|| self.shared.closed())?;
        let found = disk.db.get(key).map_err(|error| StoreError::sled("read a row", &error))?;
        Ok(found.map(|value| value.to_vec()))
    }

    pub(crate) fn scan(
        &self,
        table: Table,
        span: &Span,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let mut from = full_key(table, &span.from);
        let mut to = match &span.to {
            Some(to) => full_key(table, to),
            None => vec![table.prefix() + 1],
        };
        while from < to {
            let (rows, seen) = self.chunk(&from, &to, direction)?;
            for (key, value) in &rows {
                if visit(&key[1..], value)? == Flow::Stop {
                    return Ok(());
                }
            }
            match (seen, direction) {
                (None, _) => return Ok(()),
                (Some(last), Direction::Up) => from = [last.as_slice(), &[0]].concat(),
                (Some(last), Direction::Down) => to = last,
            }
        }
        Ok(())
    }

    /// Some rows of a range as this snapshot sees them, and the last key looked
    /// at, unless that was the end.
    fn chunk(&self, from: &[u8], to: &[u8], direction: Direction) -> Result<Chunk, StoreError> {
        let state = self.shared.state()?;
        let disk = state.disk.as_ref().ok_or_else(|| self.shared.closed())?;
        let range = disk.db.range(from..to);
        let rows: sled::Result<Rows> = match direction {
            Direction::Up => range.take(SCAN_CHUNK_ROWS).collect(),
            Direction::Down => range.rev().take(SCAN_CHUNK_ROWS).collect(),
        };
        let rows = rows.map_err(|error| StoreError::sled("scan a table", &error))?;
        let seen = rows.last().filter(|_| rows.len() == SCAN_CHUNK_ROWS).map(|(key, _)| key.to_vec());
        let (from, to) = match (&seen, direction) {
            (None, _) => (from.to_vec(), to.to_vec()),
            (Some(last), Direction::Up) => (from.to_vec(), [last.as_slice(), &[0]].concat()),
            (Some(last), Direction::Down) => (last.clone(), to.to_vec()),
        };
        let rows = state.past.restore(self.version, from..to, rows, direction == Direction::Up)?;
        Ok((rows, seen))
    }
}

type Rows = Vec<(sled::IVec, sled::IVec)>;
type Chunk = (Rows, Option<Vec<u8>>);
