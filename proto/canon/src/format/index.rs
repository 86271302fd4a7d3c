//! Which place a key has among the settings of a reading.
//!
//! Holds no keys: it remembers their hashes and asks its owner's settings, so
//! that a file of a hundred thousand keys holds each of them once. The hash is
//! keyed at random for each reading: a file cannot be written to collide.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

use crate::ItemKey;

/// One key: half of its hash, and its place.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    place: u32,
}

impl Entry {
    /// The table takes its lowest and its highest bits; here both are of the
    /// half that is kept.
    fn spread(self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

/// The places of keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    state: RandomState,
    table: HashTable<Entry>,
}

impl Index {
    /// How many keys have a place.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The place of a key; `key_at` tells which key a place holds.
    pub(super) fn get<'a>(&self, key: &str, key_at: impl Fn(usize) -> Option<&'a ItemKey>) -> Option<usize> {
        let entry = self.entry(key, 0);
        let found = self.table.find(entry.spread(), |other| is_same(entry, *other, key, &key_at))?;
        Some(found.place as usize)
    }

    /// Gives a key a place, and returns the one that it had.
    pub(super) fn insert<'a>(
        &mut self,
        key: &str,
        place: usize,
        key_at: impl Fn(usize) -> Option<&'a ItemKey>,
    ) -> Option<usize> {
        let entry = self.entry(key, place);
        if let Some(found) = self.table.find_mut(entry.spread(), |other| is_same(entry, *other, key, &key_at)) {
            return Some(std::mem::replace(found, entry).place as usize);
        }
        self.table.insert_unique(entry.spread(), entry, |entry| entry.spread());
        None
    }

    /// Takes a key's place away, and returns it.
    pub(super) fn remove<'a>(&mut self, key: &str, key_at: impl Fn(usize) -> Option<&'a ItemKey>) -> Option<usize> {
        let entry = self.entry(key, 0);
        let found = self.table.find_entry(entry.spread(), |other| is_same(entry, *other, key, &key_at)).ok()?;
        Some(found.remove().0.place as usize)
    }

    fn entry(&self, key: &str, place: usize) -> Entry {
        let hash = self.state.hash_one(key) >> 32;
        // Places are below the number of settings, which is far below.
        Entry { hash: u32::try_from(hash).unwrap_or(0), place: u32::try_from(place).unwrap_or(u32::MAX) }
    }
}

fn is_same<'a>(one: Entry, other: Entry, key: &str, key_at: &impl Fn(usize) -> Option<&'a ItemKey>) -> bool {
    one.hash == other.hash && key_at(other.place as usize).is_some_and(|at| at.as_str() == key)
}

#[cfg(test)]
mod tests;
