//! Values as they were before a commit, for readers that began before it.
//!
//! Bounded: a reader that outlives what is kept gets an error, never a mix of
//! two states. Nothing here reaches the disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use sled::IVec;

use crate::error::{ErrorKind, StoreError};

/// Bytes of old values kept for readers. A reader lives as long as one answer;
/// 64 MiB are minutes of a busy collector.
const PAST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes that the bookkeeping of one value takes, roughly.
const VALUE_OVERHEAD_BYTES: usize = 96;

#[derive(Debug, Default)]
pub(super) struct Past {
    /// Commits so far, since the store was opened.
    version: u64,
    /// For each key: up to (not with) commit N it had this value. Rising.
    values: BTreeMap<Vec<u8>, Vec<(u64, Option<IVec>)>>,
    bytes: usize,
    /// Readers of older versions than this one were let down.
    oldest: u64,
    /// What was kept for readers older than this one is gone already.
    forgotten: u64,
    /// Versions that readers look at, and how many of them.
    live: Mutex<BTreeMap<u64, usize>>,
}

impl Past {
    /// A new reader: the version it sees.
    pub(super) fn enter(&self) -> u64 {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner).entry(self.version).or_default() += 1;
        self.version
    }

    /// A reader is done.
    pub(super) fn leave(&self, version: u64) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = live.get_mut(&version) {
            *count -= 1;
            if *count == 0 {
                live.remove(&version);
            }
        }
    }

    /// Whether anybody reads: old values have to be kept.
    pub(super) fn is_read(&self) -> bool {
        self.first_live().is_some()
    }

    /// Keeps the value that the next commit replaces.
    pub(super) fn keep(&mut self, key: &[u8], old: Option<IVec>) {
        self.bytes += key.len() + old.as_ref().map_or(0, |value| value.len()) + VALUE_OVERHEAD_BYTES;
        self.values.entry(key.to_vec()).or_default().push((self.version + 1, old));
    }

    /// A commit begins: forgets what nobody needs any more, or can be afforded.
    pub(super) fn advance(&mut self) {
        self.version += 1;
        match self.first_live() {
            None => self.clear(),
            Some(_) if self.bytes > PAST_BYTES_MAX => {
                self.oldest = self.version;
                self.clear();
            }
            Some(first) if first > self.forgotten => self.forget(first),
            Some(_) => {}
        }
    }

    /// What a key was for a reader, if it is no longer that.
    pub(super) fn value(&self, version: u64, key: &[u8]) -> Result<Option<Option<&IVec>>, StoreError> {
        self.admit(version)?;
        Ok(self.values.get(key).and_then(|values| at(values, version)))
    }

    /// Makes of a range as it is now, in the order it was read, what it was.
    /// The answer is in rising order if `rising` or if anything was put back.
    pub(super) fn restore(
        &self,
        version: u64,
        range: Range<Vec<u8>>,
        rows: Vec<(IVec, IVec)>,
        rising: bool,
    ) -> Result<Vec<(IVec, IVec)>, StoreError> {
        self.admit(version)?;
        let mut changed = self.values.range(range).filter_map(|(key, values)| Some((key, at(values, version)?)));
        let Some(first) = changed.next() else { return Ok(rows) };
        let mut merged: BTreeMap<IVec, IVec> = rows.into_iter().collect();
        for (key, old) in std::iter::once(first).chain(changed) {
            match old {
                Some(value) => merged.insert(IVec::from(key.as_slice()), value.clone()),
                None => merged.remove(key.as_slice()),
            };
        }
        let merged = merged.into_iter();
        Ok(if rising { merged.collect() } else { merged.rev().collect() })
    }

    fn first_live(&self) -> Option<u64> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).keys().next().copied()
    }

    fn admit(&self, version: u64) -> Result<(), StoreError> {
        if version < self.oldest {
            return Err(StoreError::new(
                ErrorKind::Io,
                "read an old state",
                "too much was committed since the reader was made; take a new one",
            ));
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.values.clear();
        self.bytes = 0;
        self.forgotten = self.version;
    }

    fn forget(&mut self, first: u64) {
        let mut bytes = 0;
        self.values.retain(|key, values| {
            values.retain(|(until, _)| *until > first);
            let kept = |(_, old): &(u64, Option<IVec>)| {
                key.len() + old.as_ref().map_or(0, |value| value.len()) + VALUE_OVERHEAD_BYTES
            };
            bytes += values.iter().map(kept).sum::<usize>();
            !values.is_empty()
        });
        self.bytes = bytes;
        self.forgotten = first;
    }
}

/// The value that held at a version, if a later commit replaced it.
fn at(values: &[(u64, Option<IVec>)], version: u64) -> Option<Option<&IVec>> {
    values.iter().find(|(until, _)| *until > version).map(|(_, old)| old.as_ref())
}

#[cfg(test)]
mod tests;
