//! One row of an index over the history: the entries that one commit made
//! under one name.
//!
//! It reads and writes no table. A row lies under the id of its first entry
//! and never overlaps the next one, so that an index costs one row for each
//! name and commit instead of one for each entry.
//!
//! | bytes | what |
//! |---|---|
//! | 2 | [`Flags`] of the first entry, whose id is the row's |
//! | LEB128, then 2, for each further one | how much higher its id is, its flags |
//!
//! A row of one entry is what format 1 kept for every entry.

use std::collections::HashMap;

use crate::engine::WriteSet;
use crate::layout::{Flags, Table, joined};

/// Entries of one row. A row of usual gaps then stays below 1 KiB, so that
/// several share a page and a reader holds little at once.
pub(crate) const POSTING_ENTRIES_MAX: usize = 256;

/// A row while entries are added.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Posting {
    first: u64,
    last: u64,
    entries: usize,
    bytes: Vec<u8>,
}

impl Posting {
    fn begin(id: u64, flags: Flags) -> Self {
        Self { first: id, last: id, entries: 1, bytes: flags.encode().to_vec() }
    }

    fn push(&mut self, id: u64, flags: Flags) {
        let mut gap = id.saturating_sub(self.last);
        while let Some(low) = u8::try_from(gap & 0x7f).ok().filter(|_| gap > 0x7f) {
            self.bytes.push(low | 0x80);
            gap >>= 7;
        }
        self.bytes.extend(u8::try_from(gap));
        self.bytes.extend(flags.encode());
        self.last = id;
        self.entries += 1;
    }
}

/// The rows that one commit adds to one index.
#[derive(Debug)]
pub(crate) struct Postings {
    table: Table,
    open: HashMap<String, Posting>,
}

impl Postings {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, open: HashMap::new() }
    }

    /// Adds an entry under a name; ids rise.
    pub(crate) fn add(&mut self, name: &str, id: u64, flags: Flags, writes: &mut WriteSet) {
        match self.open.get_mut(name) {
            None => _ = self.open.insert(name.to_owned(), Posting::begin(id, flags)),
            Some(posting) if posting.entries < POSTING_ENTRIES_MAX => posting.push(id, flags),
            Some(full) => write(self.table, name, std::mem::replace(full, Posting::begin(id, flags)), writes),
        }
    }

    /// Writes what is still open.
    pub(crate) fn finish(self, writes: &mut WriteSet) {
        for (name, posting) in self.open {
            write(self.table, &name, posting, writes);
        }
    }
}

fn write(table: Table, name: &str, posting: Posting, writes: &mut WriteSet) {
    writes.put(table, joined(&[name], &posting.first.to_be_bytes()), posting.bytes);
}

/// The id of a row of these entries, and the row; none when there are none. They
/// are entries of one row, or some of them.
pub(crate) fn encode(entries: &[(u64, Flags)]) -> Option<(u64, Vec<u8>)> {
    let ((first, flags), more) = entries.split_first()?;
    let mut posting = Posting::begin(*first, *flags);
    more.iter().for_each(|(id, flags)| posting.push(*id, *flags));
    Some((*first, posting.bytes))
}

/// The entries of a row, in order of their ids; none when it is not one.
pub(crate) fn decode(first: u64, mut bytes: &[u8]) -> Option<Vec<(u64, Flags)>> {
    let mut id = first;
    let mut entries = Vec::with_capacity(1 + bytes.len() / 3);
    loop {
        let (flags, rest) = bytes.split_first_chunk::<2>()?;
        entries.push((id, Flags::decode(flags)?));
        if rest.is_empty() {
            return Some(entries);
        }
        let (gap, rest) = take_gap(rest)?;
        id = id.checked_add(gap).filter(|_| gap > 0)?;
        bytes = rest;
    }
}

fn take_gap(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut gap, mut shift) = (0_u64, 0_u32);
    for (at, byte) in bytes.iter().enumerate() {
        let low = u64::from(byte & 0x7f);
        let shifted = low.checked_shl(shift).filter(|shifted| shifted >> shift == low)?;
        gap |= shifted;
        if byte & 0x80 == 0 {
            return Some((gap, &bytes[at + 1..]));
        }
        shift += 7;
    }
    None
}

#[cfg(test)]
mod tests;
