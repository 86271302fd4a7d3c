//! The items of a large source, in blocks by key: a change of one item writes
//! the block that it is in, and not all items.
//!
//! It knows nothing of roots and states. A source with few items has no block:
//! its items stand in its state, where one row is cheaper than two.

use std::ops::Bound;

use driftline_canon::{Item, ItemChange, SourceName};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::{Store, StoreError};

/// Source, and the least key that the block may hold; that of a source's first
/// block is empty.
type Key = (&'static str, &'static str);

/// Blocks are encoded items, sorted by key.
pub(super) const ITEMS: TableDefinition<'static, Key, &'static [u8]> = TableDefinition::new("items");

/// Items of one block. At some 200 bytes an item a change writes four pages of
/// redb, and 20,000 items are a few hundred rows.
pub(super) const BLOCK_ITEMS_MAX: usize = 64;

/// Items of each block that a full one is split into: room for as many again.
const BLOCK_ITEMS_SPLIT: usize = BLOCK_ITEMS_MAX / 2;

/// Fewer items than these join the block before.
const BLOCK_ITEMS_MIN: usize = BLOCK_ITEMS_MAX / 8;

/// The blocks of all sources, in a transaction under way.
pub(super) struct Blocks<'txn> {
    store: &'txn Store,
    table: Table<'txn, Key, &'static [u8]>,
}

struct Block {
    from: String,
    items: Vec<Item>,
}

impl<'txn> Blocks<'txn> {
    pub(super) fn open(store: &'txn Store, txn: &'txn WriteTransaction) -> Result<Self, StoreError> {
        let table = txn.open_table(ITEMS).map_err(|error| store.engine("writing", error))?;
        Ok(Self { store, table })
    }

    /// Whether the source has any.
    pub(super) fn has(&self, source: &str) -> Result<bool, StoreError> {
        Ok(self.table.get((source, "")).map_err(|error| self.writing(error))?.is_some())
    }

    /// All items of a source, sorted by key.
    pub(super) fn all(&self, source: &SourceName) -> Result<Vec<Item>, StoreError> {
        items_of(&self.table, source, |bytes| self.store.decode(bytes), |error| self.writing(error))
    }

    /// The items of a source if they are not more than `max`. Some that are
    /// fewer may be told as more.
    pub(super) fn if_few(&self, source: &SourceName, max: usize) -> Result<Option<Vec<Item>>, StoreError> {
        let rows = self.bounds(source.as_str(), max / BLOCK_ITEMS_MIN + 1)?.len();
        if rows > max / BLOCK_ITEMS_MIN {
            return Ok(None);
        }
        Ok(Some(self.all(source)?).filter(|items| items.len() <= max))
    }

    /// Keeps these as the items of a source, sorted by key. Blocks that stay as
    /// they are are not written.
    pub(super) fn replace(&mut self, source: &SourceName, items: &[Item]) -> Result<(), StoreError> {
        let mut bounds = self.bounds(source.as_str(), usize::MAX)?;
        if bounds.is_empty() {
            bounds.push(String::new());
        }
        let mut rest = items;
        for (at, from) in bounds.iter().enumerate() {
            let until = bounds.get(at + 1);
            let own = until.map_or(rest.len(), |until| rest.partition_point(|item| item.key.as_str() < until.as_str()));
            let (own, behind) = rest.split_at(own);
            self.put(source.as_str(), from, own)?;
            rest = behind;
        }
        Ok(())
    }

    /// Carries out changes, sorted by key; false, and nothing is done, if they
    /// do not start from what is stored.
    pub(super) fn change(&mut self, source: &SourceName, changes: &[ItemChange]) -> Result<bool, StoreError> {
        let mut made = Vec::new();
        let mut rest = changes;
        while let Some(first) = rest.first() {
            let Some((block, until)) = self.block_of(source.as_str(), first.key.as_str())? else {
                return Ok(false);
            };
            let own =
                until.map_or(rest.len(), |until| rest.partition_point(|change| change.key.as_str() < until.as_str()));
            let (own, behind) = rest.split_at(own);
            let Some(items) = changed(block.items, own) else {
                return Ok(false);
            };
            made.push(Block { from: block.from, items });
            rest = behind;
        }
        for block in made {
            self.put(source.as_str(), &block.from, &block.items)?;
        }
        Ok(true)
    }

    /// Forgets a source.
    pub(super) fn remove(&mut self, source: &str) -> Result<(), StoreError> {
        for from in self.bounds(source, usize::MAX)? {
            self.table.remove((source, from.as_str())).map_err(|error| self.store.engine("writing", error))?;
        }
        Ok(())
    }

    /// Puts the items of one block in its place: with the block before if they
    /// are few, in several blocks if they are many.
    fn put(&mut self, source: &str, from: &str, items: &[Item]) -> Result<(), StoreError> {
        if items.len() < BLOCK_ITEMS_MIN
            && let Some(mut before) = self.block_before(source, from)?
        {
            self.table.remove((source, from)).map_err(|error| self.store.engine("writing", error))?;
            before.items.extend_from_slice(items);
            return self.split(source, &before.from, &before.items);
        }
        self.split(source, from, items)
    }

    fn split(&mut self, source: &str, from: &str, items: &[Item]) -> Result<(), StoreError> {
        let each = if items.len() > BLOCK_ITEMS_MAX { BLOCK_ITEMS_SPLIT } else { BLOCK_ITEMS_MAX };
        let (first, rest) = items.split_at(items.len().min(each));
        self.insert(source, from, first)?;
        for piece in rest.chunks(each) {
            let from = piece.first().map_or("", |item| item.key.as_str());
            self.insert(source, from, piece)?;
        }
        Ok(())
    }

    fn insert(&mut self, source: &str, from: &str, items: &[Item]) -> Result<(), StoreError> {
        let encoded = self.store.encode(&items)?;
        let stored = self.table.get((source, from)).map_err(|error| self.writing(error))?;
        if stored.is_some_and(|stored| stored.value() == encoded) {
            return Ok(());
        }
        let inserted = self.table.insert((source, from), encoded.as_slice());
        inserted.map_err(|error| self.store.engine("writing", error))?;
        Ok(())
    }

    /// Where the blocks of a source begin: at most so many.
    fn bounds(&self, source: &str, max: usize) -> Result<Vec<String>, StoreError> {
        let rows = self.table.range::<(&str, &str)>(span(source, &end(source))).map_err(|error| self.writing(error))?;
        rows.take(max)
            .map(|row| row.map(|(key, _)| key.value().1.to_owned()).map_err(|error| self.writing(error)))
            .collect()
    }

    /// The block that a key belongs to, and where the next one begins.
    fn block_of(&self, source: &str, key: &str) -> Result<Option<(Block, Option<String>)>, StoreError> {
        let up_to = (Bound::Included((source, "")), Bound::Included((source, key)));
        let Some(block) = self.last(up_to)? else {
            return Ok(None);
        };
        let end = end(source);
        let behind = (Bound::Excluded((source, key)), Bound::Excluded((end.as_str(), "")));
        let mut behind = self.table.range::<(&str, &str)>(behind).map_err(|error| self.writing(error))?;
        let until = behind.next().transpose().map_err(|error| self.writing(error))?;
        Ok(Some((block, until.map(|(key, _)| key.value().1.to_owned()))))
    }

    fn block_before(&self, source: &str, from: &str) -> Result<Option<Block>, StoreError> {
        self.last((Bound::Included((source, "")), Bound::Excluded((source, from))))
    }

    fn last(&self, span: Span<'_>) -> Result<Option<Block>, StoreError> {
        // redb refuses a range that ends where it begins.
        if matches!(span, (Bound::Included(from), Bound::Excluded(to)) if from == to) {
            return Ok(None);
        }
        let mut rows = self.table.range::<(&str, &str)>(span).map_err(|error| self.writing(error))?;
        let Some((key, bytes)) = rows.next_back().transpose().map_err(|error| self.writing(error))? else {
            return Ok(None);
        };
        Ok(Some(Block { from: key.value().1.to_owned(), items: self.store.decode(bytes.value())? }))
    }

    fn writing(&self, error: redb::StorageError) -> StoreError {
        self.store.engine("writing", error)
    }
}

#[cfg(test)]
impl Blocks<'_> {
    /// Every block of a source, with where it begins.
    pub(super) fn rows(&self, source: &str) -> Vec<(String, Vec<Item>)> {
        let rows = self.table.range::<(&str, &str)>(span(source, &end(source))).unwrap();
        let row = |row: Result<_, redb::StorageError>| -> (String, Vec<Item>) {
            let (key, bytes): (redb::AccessGuard<'_, Key>, redb::AccessGuard<'_, &'static [u8]>) = row.unwrap();
            (key.value().1.to_owned(), self.store.decode(bytes.value()).unwrap())
        };
        rows.map(row).collect()
    }
}

type Span<'a> = (Bound<(&'a str, &'a str)>, Bound<(&'a str, &'a str)>);

/// All blocks of a source.
fn span<'a>(source: &'a str, end: &'a str) -> Span<'a> {
    (Bound::Included((source, "")), Bound::Excluded((end, "")))
}

/// The least text behind a source's name: no name holds a NUL.
fn end(source: &str) -> String {
    format!("{source}\0")
}

/// All items of a source in a table of blocks, sorted by key.
pub(super) fn items_of(
    table: &impl ReadableTable<Key, &'static [u8]>,
    source: &SourceName,
    decode: impl Fn(&[u8]) -> Result<Vec<Item>, StoreError>,
    failed: impl Fn(redb::StorageError) -> StoreError,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    let end = end(source.as_str());
    for row in table.range::<(&str, &str)>(span(source.as_str(), &end)).map_err(&failed)? {
        let (_, bytes) = row.map_err(&failed)?;
        items.extend(decode(bytes.value())?);
    }
    Ok(items)
}

/// Sorted items with changes that are sorted by key; none if the changes do
/// not start from these items, or are not sorted.
pub(super) fn changed(items: Vec<Item>, changes: &[ItemChange]) -> Option<Vec<Item>> {
    let is_whole = |change: &ItemChange| change.after.as_ref().is_none_or(|item| item.key == change.key);
    if !changes.is_sorted_by(|a, b| a.key < b.key) || !changes.iter().all(is_whole) {
        return None;
    }
    let mut made = Vec::with_capacity(items.len() + changes.len());
    let mut items = items.into_iter().peekable();
    for change in changes {
        while let Some(kept) = items.next_if(|item| item.key < change.key) {
            made.push(kept);
        }
        let before = items.next_if(|item| item.key == change.key);
        if before.map(|item| item.digest) != change.before {
            return None;
        }
        made.extend(change.after.clone());
    }
    made.extend(items);
    Some(made)
}
