//! One commit, all of it or nothing, of any size.
//!
//! Up to [`OPERATIONS_MAX`] operations are one sled batch, with the number of
//! the commit (its sequence) in it. A larger one is written down first, in
//! chunks, and is decided by a mark that says how many there are; then it is
//! carried out in parts, and mark and chunks are removed. After a crash, what
//! has no mark never happened, and what has one is carried out again: putting
//! and removing the same rows twice is the same as once. The sequence tells a
//! mark that is still to be carried out from one that was.
//!
//! Internal keys begin with a zero byte, which no table has.

use std::fs::File;

use sled::{Batch, Db};

use super::{OPERATIONS_MAX, Row};
use crate::error::StoreError;

const SEQUENCE: &[u8] = b"\0sequence";
const MARK: &[u8] = b"\0mark";
const CHUNK: &[u8] = b"\0chunk";

/// Bytes of a chunk, about: well below the 128 KiB above which sled puts a
/// value into a file of its own.
const CHUNK_BYTES: usize = 32 * 1024;

/// Chunks in one sled batch.
const CHUNKS_AT_ONCE: usize = 8;

/// Stands for the length of a value that is to be removed.
const REMOVED: u32 = u32::MAX;

/// A key and its value, borrowed; `None` removes.
type RowView<'a> = (&'a [u8], Option<&'a [u8]>);

pub(super) struct Recovered {
    /// The last commit that was carried out.
    pub(super) sequence: u64,
    /// Whether it was carried out just now.
    pub(super) finished: bool,
}

/// sled's tree, and its file for the fsync that sled leaves out: on Linux its
/// `flush` calls sync_file_range(2), which flushes neither the size of the file
/// nor the cache of the disk.
pub(super) struct Disk {
    pub(super) db: Db,
    pub(super) file: File,
}

/// Carries out commit number `sequence` and flushes it.
pub(super) fn commit(disk: &Disk, sequence: u64, rows: &[Row<'_>]) -> Result<(), StoreError> {
    // One operation is the sequence itself.
    if rows.len() < OPERATIONS_MAX {
        apply(&disk.db, rows.iter().map(|(key, value)| (key.as_slice(), *value)), Some(sequence))?;
        return flush(disk);
    }
    let chunks = chunks(rows)?;
    note(disk, sequence, &chunks)?;
    carry_out(disk, sequence, rows.iter().map(|(key, value)| (key.as_slice(), *value)))?;
    forget(&disk.db)
}

/// Brings a store that was just opened to the end of its last commit.
pub(super) fn recover(disk: &Disk) -> Result<Recovered, StoreError> {
    let sequence = match read(&disk.db, SEQUENCE)? {
        Some(bytes) => u64::from_be_bytes(bytes.as_ref().try_into().map_err(|_| damaged("a sequence"))?),
        None => 0,
    };
    let Some(mark) = read(&disk.db, MARK)? else {
        forget(&disk.db)?;
        return Ok(Recovered { sequence, finished: false });
    };
    let (of, chunks) = mark.split_first_chunk::<8>().ok_or_else(|| damaged("a mark"))?;
    let of = u64::from_be_bytes(*of);
    let chunks = u32::from_be_bytes(chunks.try_into().map_err(|_| damaged("a mark"))?);
    if of > sequence {
        for number in 0..chunks {
            let chunk = read(&disk.db, &chunk_key(number))?.ok_or_else(|| damaged("a commit: a chunk is missing"))?;
            let rows = decode(&chunk)?;
            apply(&disk.db, rows.into_iter(), (number + 1 == chunks).then_some(of))?;
        }
        flush(disk)?;
    }
    forget(&disk.db)?;
    Ok(Recovered { sequence: of.max(sequence), finished: of > sequence })
}

/// Writes chunks and mark down; from the flush on, the commit has happened.
fn note(disk: &Disk, sequence: u64, chunks: &[Vec<u8>]) -> Result<(), StoreError> {
    let total = count(chunks.len())?;
    let mut number = 0;
    for group in chunks.chunks(CHUNKS_AT_ONCE) {
        let mut batch = Batch::default();
        for chunk in group {
            batch.insert(chunk_key(number).as_slice(), chunk.as_slice());
            number += 1;
        }
        apply_batch(&disk.db, batch)?;
    }
    flush(disk)?;
    let mut mark = Batch::default();
    mark.insert(MARK, [sequence.to_be_bytes().as_slice(), &total.to_be_bytes()].concat());
    apply_batch(&disk.db, mark)?;
    flush(disk)
}

fn carry_out<'a>(disk: &Disk, sequence: u64, rows: impl Iterator<Item = RowView<'a>>) -> Result<(), StoreError> {
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let part: Vec<_> = rows.by_ref().take(OPERATIONS_MAX - 1).collect();
        apply(&disk.db, part.into_iter(), rows.peek().is_none().then_some(sequence))?;
    }
    flush(disk)
}

/// Removes the mark, then the chunks. Not flushed: the sequence says that they
/// are of no use any more.
fn forget(db: &Db) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.remove(MARK);
    loop {
        apply_batch(db, std::mem::take(&mut batch))?;
        let keys: sled::Result<Vec<_>> = db.scan_prefix(CHUNK).keys().take(OPERATIONS_MAX).collect();
        let keys = keys.map_err(|error| StoreError::sled("remove a finished commit", &error))?;
        if keys.is_empty() {
            return Ok(());
        }
        keys.into_iter().for_each(|key| batch.remove(key));
    }
}

fn apply<'a>(db: &Db, rows: impl Iterator<Item = RowView<'a>>, sequence: Option<u64>) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    for (key, value) in rows {
        match value {
            Some(value) => batch.insert(key, value),
            None => batch.remove(key),
        }
    }
    if let Some(sequence) = sequence {
        batch.insert(SEQUENCE, &sequence.to_be_bytes());
    }
    apply_batch(db, batch)
}

fn apply_batch(db: &Db, batch: Batch) -> Result<(), StoreError> {
    db.apply_batch(batch).map_err(|error| StoreError::sled("commit", &error))
}

fn flush(disk: &Disk) -> Result<(), StoreError> {
    disk.db.flush().map_err(|error| StoreError::sled("flush a commit", &error))?;
    disk.file.sync_data().map_err(|error| StoreError::io("flush a commit", &error))
}

fn read(db: &Db, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
    db.get(key).map_err(|error| StoreError::sled("read the last commit", &error))
}

fn chunk_key(number: u32) -> Vec<u8> {
    [CHUNK, &number.to_be_bytes()].concat()
}

fn count(chunks: usize) -> Result<u32, StoreError> {
    u32::try_from(chunks).map_err(|_| StoreError::bug("commit", "the batch has too many parts"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::corrupt("finish the last commit", format!("{what} does not read"))
}

/// Rows as chunks of limited size and number of rows.
fn chunks(rows: &[Row<'_>]) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut chunks, mut chunk, mut held) = (Vec::new(), Vec::new(), 0);
    for (key, value) in rows {
        if held == OPERATIONS_MAX - 1 || chunk.len() >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut chunk));
            held = 0;
        }
        encode(&mut chunk, key, *value)?;
        held += 1;
    }
    chunks.push(chunk);
    Ok(chunks)
}

fn encode(chunk: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
    let length = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).ok().filter(|&length| length != REMOVED);
        length.ok_or_else(|| StoreError::bug("commit", "a row is larger than 4 GiB"))
    };
    chunk.extend_from_slice(&length(key)?.to_be_bytes());
    chunk.extend_from_slice(&value.map_or(Ok(REMOVED), length)?.to_be_bytes());
    chunk.extend_from_slice(key);
    chunk.extend_from_slice(value.unwrap_or_default());
    Ok(())
}

fn decode(mut chunk: &[u8]) -> Result<Vec<RowView<'_>>, StoreError> {
    let mut rows = Vec::new();
    while !chunk.is_empty() {
        let (row, rest) = decode_row(chunk).ok_or_else(|| damaged("a chunk"))?;
        rows.push(row);
        chunk = rest;
    }
    Ok(rows)
}

fn decode_row(chunk: &[u8]) -> Option<(RowView<'_>, &[u8])> {
    let (key_length, rest) = chunk.split_first_chunk::<4>()?;
    let (value_length, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*key_length)).ok()?)?;
    match u32::from_be_bytes(*value_length) {
        REMOVED => Some(((key, None), rest)),
        length => {
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some(((key, Some(value)), rest))
        }
    }
}

#[cfg(test)]
mod tests;
