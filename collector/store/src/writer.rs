//! The one writer: a batch becomes one transaction.
//!
//! It decides nothing about what a batch says; it numbers, chains and indexes.
//! A batch that fails leaves nothing behind, and the next one is tried afresh.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::batch::{Batch, Committed};
use crate::codec::{Head, decode};
use crate::draft::Draft;
use crate::engine::Snapshot;
use crate::error::StoreError;
use crate::layout::{META_HEAD, Table};
use crate::store::Shared;

/// The one writer of a store.
pub struct Writer {
    shared: Arc<Shared>,
    /// Where the history stands; read again after a failure.
    head: Option<Head>,
    /// A failed batch of which it is not known yet whether it got to the disk.
    unsettled: Option<Unsettled>,
}

struct Unsettled {
    batch: Batch,
    commit: u64,
    committed: Committed,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, head: None, unsettled: None }
    }

    /// Carries out a batch: all of it, on disk, when this returns `Ok`.
    ///
    /// After an error, nothing of it is in the store and the writer can be
    /// used again. The one exception is a store that could not even be read
    /// after the failure: then the outcome shows at the next commit, and giving
    /// the same batch again gives its first outcome rather than a second copy.
    ///
    /// # Errors
    /// [`StoreError`]; `Full` and `Io` are worth another try.
    pub fn commit(&mut self, batch: impl Borrow<Batch>) -> Result<Committed, StoreError> {
        let batch = batch.borrow();
        if let Some(committed) = self.settle(batch)? {
            return Ok(committed);
        }
        if batch.operations.is_empty() {
            return Ok(Committed::default());
        }
        let head = self.head()?;
        let snapshot = self.shared.engine.snapshot()?;
        let (writes, head, committed) = Draft::new(&snapshot, head, batch.now_ms).carry_out(batch)?;
        // sled keeps what readers of older states need: this one is done.
        drop(snapshot);
        match self.shared.engine.apply(&writes) {
            Ok(()) => {
                self.head = Some(head);
                Ok(committed)
            }
            Err(error) => {
                self.head = None;
                self.unsettled = Some(Unsettled { batch: batch.clone(), commit: head.commit, committed });
                self.outcome(error)
            }
        }
    }

    /// After a failure: what became of the batch, if that can be read already.
    fn outcome(&mut self, error: StoreError) -> Result<Committed, StoreError> {
        let Ok(head) = self.read_head() else { return Err(error) };
        let Some(unsettled) = self.unsettled.take() else { return Err(error) };
        let happened = head.commit == unsettled.commit;
        self.head = Some(head);
        if happened { Ok(unsettled.committed) } else { Err(error) }
    }

    /// What became of an earlier failed batch, if this is it again.
    fn settle(&mut self, batch: &Batch) -> Result<Option<Committed>, StoreError> {
        if self.unsettled.is_none() {
            return Ok(None);
        }
        let head = self.read_head()?;
        let settled = self.unsettled.take();
        let happened = settled.filter(|unsettled| unsettled.commit == head.commit && unsettled.batch == *batch);
        self.head = Some(head);
        Ok(happened.map(|unsettled| unsettled.committed))
    }

    fn head(&mut self) -> Result<Head, StoreError> {
        match &self.head {
            Some(head) => Ok(head.clone()),
            None => self.read_head(),
        }
    }

    fn read_head(&self) -> Result<Head, StoreError> {
        head_of(&self.shared.engine.snapshot()?)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.give_writer_back();
    }
}

/// Where the history stands in a snapshot.
pub(crate) fn head_of(snapshot: &Snapshot) -> Result<Head, StoreError> {
    match snapshot.get(Table::Meta, META_HEAD)? {
        Some(bytes) => decode(Table::Meta, &bytes),
        None => Ok(Head::default()),
    }
}

#[cfg(test)]
mod tests;
