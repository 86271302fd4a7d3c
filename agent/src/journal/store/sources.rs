//! What is known of sources, in a transaction under way: their states, and
//! where the items of each are kept.
//!
//! The items of a source stand in its state, or, when they are many, in blocks
//! (`blocks`): then its state names a root and has no items. States of formats
//! 1 and 2 have all their items, however many; they move with the next write.

use driftline_canon::{ItemChange, Observation, Root, SourceName};
use redb::ReadableTable;

use super::blocks::{self, Blocks};
use super::{Changes, StoreError};
use crate::journal::entry::SourceState;

/// Items that stand in the state itself. So many take some 50 KiB, which one
/// write still moves faster than several rows; nearly every file has fewer.
pub const INLINE_ITEMS_MAX: usize = 256;

/// A source whose items are in blocks keeps them there until it has no more
/// than these: one that grows and shrinks by a few does not move each time.
const INLINE_AGAIN_MAX: usize = INLINE_ITEMS_MAX / 2;

/// Whether the items that a state has are not all: they are in blocks.
pub(super) fn is_elsewhere(state: &SourceState) -> bool {
    state.observation.items().is_empty() && state.head.root != Root::empty()
}

impl<'txn> Changes<'txn> {
    /// What is known of a source, with what this transaction did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source(&mut self, name: &SourceName) -> Result<Option<SourceState>, StoreError> {
        let Some(mut state) = self.source_without_items(name)? else {
            return Ok(None);
        };
        if is_elsewhere(&state) {
            state.observation = Observation::new(self.blocks()?.all(name)?);
        }
        Ok(Some(state))
    }

    /// The same, but the items of a large source are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source_without_items(&self, name: &SourceName) -> Result<Option<SourceState>, StoreError> {
        let found = self.state.get(name.as_str()).map_err(|error| self.writing(error))?;
        found.map(|found| self.store.decode(found.value())).transpose()
    }

    /// Keeps what is known of a source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_source(&mut self, name: &SourceName, mut state: SourceState) -> Result<(), StoreError> {
        let items = state.observation.items().len();
        let in_blocks = self.store.may_have_blocks() && self.blocks()?.has(name.as_str())?;
        if items > INLINE_ITEMS_MAX || (in_blocks && items > INLINE_AGAIN_MAX) {
            let items = std::mem::take(&mut state.observation);
            self.blocks()?.replace(name, items.items())?;
        } else if in_blocks {
            self.blocks()?.remove(name.as_str())?;
        }
        self.put_state(name, &state)
    }

    /// Keeps a state whose items are those that are stored, with these changes,
    /// sorted by key. False, and nothing is done, if they do not start from
    /// what is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_source(
        &mut self,
        name: &SourceName,
        mut state: SourceState,
        changes: &[ItemChange],
    ) -> Result<bool, StoreError> {
        let Some(known) = self.source_without_items(name)? else {
            return Ok(false);
        };
        if !is_elsewhere(&known) {
            let Some(items) = blocks::changed(known.observation.into_items(), changes) else {
                return Ok(false);
            };
            state.observation = Observation::new(items);
            return self.put_source(name, state).map(|()| true);
        }
        if !self.blocks()?.change(name, changes)? {
            return Ok(false);
        }
        let shrinks = changes.iter().any(|change| change.after.is_none());
        if shrinks && let Some(items) = self.blocks()?.if_few(name, INLINE_AGAIN_MAX)? {
            state.observation = Observation::new(items);
            return self.put_source(name, state).map(|()| true);
        }
        self.put_state(name, &state).map(|()| true)
    }

    /// Forgets a source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_source(&mut self, name: &str) -> Result<(), StoreError> {
        self.state.remove(name).map_err(|error| self.store.engine("writing", error))?;
        if self.store.may_have_blocks() {
            self.blocks()?.remove(name)?;
        }
        Ok(())
    }

    /// Names of all sources that are `wanted`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source_names(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for entry in self.state.iter().map_err(|error| self.writing(error))? {
            let name = entry.map_err(|error| self.writing(error))?.0;
            if wanted(name.value()) {
                names.push(name.value().to_owned());
            }
        }
        Ok(names)
    }

    fn put_state(&mut self, name: &SourceName, state: &SourceState) -> Result<(), StoreError> {
        let encoded = self.store.encode(state)?;
        self.state.insert(name.as_str(), encoded.as_slice()).map_err(|error| self.store.engine("writing", error))?;
        Ok(())
    }

    /// The table of blocks, opened when it is first needed: most hosts have no
    /// large source.
    fn blocks(&mut self) -> Result<&mut Blocks<'txn>, StoreError> {
        let blocks = match self.blocks.take() {
            Some(blocks) => blocks,
            None => {
                self.store.has_blocks();
                Blocks::open(self.store, self.txn)?
            }
        };
        Ok(self.blocks.insert(blocks))
    }
}

#[cfg(test)]
mod tests;
