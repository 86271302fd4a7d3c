//! What is durable at one moment, read while the journal writes on.
//!
//! It changes nothing.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use driftline_canon::{Observation, SourceName};
use redb::{ReadOnlyTable, ReadTransaction, TableDefinition};

use super::blocks::{ITEMS, items_of};
use super::sources::is_elsewhere;
use super::{JOURNAL, STATE, StoreError, damaged, decode, engine};
use crate::journal::entry::{Entry, EntryHead, SourceState, StateHead};

/// The store as it was at one moment. While it lives the file cannot be opened
/// again, so it must not be held for longer than a session takes to begin.
pub struct View {
    path: Arc<Path>,
    txn: ReadTransaction,
}

impl View {
    pub(super) fn new(path: Arc<Path>, txn: ReadTransaction) -> Self {
        Self { path, txn }
    }

    /// Records from `from` to `to`, until `bytes_max` are together; at least one
    /// if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn records(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Entry)>, StoreError> {
        let mut found = Vec::new();
        let mut bytes = 0;
        let Some(table) = self.table(JOURNAL)? else {
            return Ok(found);
        };
        for record in table.range(from..=to).map_err(|error| self.reading(error))? {
            let (seq, encoded) = record.map_err(|error| self.reading(error))?;
            bytes += encoded.value().len();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            let entry = Entry::decode(encoded.value()).map_err(|error| damaged(&self.path, error))?;
            found.push((seq.value(), entry));
        }
        Ok(found)
    }

    /// Visits the beginning of every record from `from` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn each_record(&self, from: u64, mut visit: impl FnMut(u64, EntryHead)) -> Result<(), StoreError> {
        let Some(table) = self.table(JOURNAL)? else {
            return Ok(());
        };
        for record in table.range(from..).map_err(|error| self.reading(error))? {
            let (seq, encoded) = record.map_err(|error| self.reading(error))?;
            let head = postcard::take_from_bytes(encoded.value()).map_err(|_| damaged(&self.path, "a record"))?.0;
            visit(seq.value(), head);
        }
        Ok(())
    }

    /// Visits root, kind and path of every source, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn each_source(&self, mut visit: impl FnMut(SourceName, StateHead)) -> Result<(), StoreError> {
        self.sources_after(None, usize::MAX, &mut visit)?;
        Ok(())
    }

    /// Visits at most `max` sources behind `after`, sorted by name; gives how
    /// many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sources_after(
        &self,
        after: Option<&SourceName>,
        max: usize,
        visit: &mut impl FnMut(SourceName, StateHead),
    ) -> Result<usize, StoreError> {
        let Some(table) = self.table(STATE)? else {
            return Ok(0);
        };
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
        let mut count = 0;
        for source in table.range::<&str>((from, Bound::Unbounded)).map_err(|error| self.reading(error))?.take(max) {
            let (name, encoded) = source.map_err(|error| self.reading(error))?;
            let head = postcard::take_from_bytes(encoded.value()).map_err(|_| damaged(&self.path, "a state"))?.0;
            let name = SourceName::new(name.value()).map_err(|_| damaged(&self.path, "a source name"))?;
            visit(name, head);
            count += 1;
        }
        Ok(count)
    }

    /// What is known of a source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source(&self, name: &SourceName) -> Result<Option<SourceState>, StoreError> {
        let Some(table) = self.table(STATE)? else {
            return Ok(None);
        };
        let Some(found) = table.get(name.as_str()).map_err(|error| self.reading(error))? else {
            return Ok(None);
        };
        let mut state: SourceState = decode(&self.path, found.value())?;
        if is_elsewhere(&state)
            && let Some(table) = self.table(ITEMS)?
        {
            let items = items_of(&table, name, |bytes| decode(&self.path, bytes), |error| self.reading(error))?;
            state.observation = Observation::new(items);
        }
        Ok(Some(state))
    }

    /// A table; none in a new file.
    fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.txn.open_table(table) {
            Ok(table) => Ok(Some(table)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(engine(&self.path, "reading", error)),
        }
    }

    fn reading(&self, error: redb::StorageError) -> StoreError {
        engine(&self.path, "reading", error)
    }
}
