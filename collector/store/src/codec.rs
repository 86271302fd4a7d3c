//! Values as bytes: one byte of version, then postcard.
//!
//! Fields and variants are told apart by position, so records and enums only
//! ever grow at their end, together with a new version byte; the fixtures of
//! version 1 fail when bytes change. Unknown versions are refused, not guessed.

use driftline_canon::{Confidence, Position};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::layout::Table;
use crate::record::{Beside, Entry, EntryBody, StoredDigest};

/// Version of every record.
const RECORD_VERSION: u8 = 1;

/// Room that most records fit into, so that encoding one allocates once.
const RECORD_BYTES_USUAL: usize = 128;

/// The same for a row of `history`.
const HISTORY_BYTES_USUAL: usize = 384;

/// Where the writer stands: rewritten by every commit, in its transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Commits so far.
    pub(crate) commit: u64,
    /// Highest entry id.
    pub(crate) entry: u64,
    /// Hash of that entry.
    pub(crate) hash: [u8; 32],
    /// Highest alert id.
    pub(crate) alert: u64,
    /// Alerts in the outbox.
    pub(crate) outbox: u64,
}

pub(crate) fn encode<T: Serialize>(table: Table, record: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(RECORD_BYTES_USUAL);
    bytes.push(RECORD_VERSION);
    extended(table, record, bytes)
}

fn extended<T: Serialize>(table: Table, record: &T, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(record, bytes)
        .map_err(|error| StoreError::bug(format!("encode a record of `{}`", table.name()), error.to_string()))
}

pub(crate) fn decode<'a, T: Deserialize<'a>>(table: Table, bytes: &'a [u8]) -> Result<T, StoreError> {
    take(table, bytes).map(|(record, _)| record)
}

/// A record, and what comes behind it.
fn take<'a, T: Deserialize<'a>>(table: Table, bytes: &'a [u8]) -> Result<(T, &'a [u8]), StoreError> {
    let refused = |reason: String| StoreError::corrupt(format!("read a record of `{}`", table.name()), reason);
    match bytes.split_first() {
        Some((&RECORD_VERSION, rest)) => postcard::take_from_bytes(rest).map_err(|error| refused(error.to_string())),
        Some((version, _)) => Err(refused(format!("unknown record version {version}"))),
        None => Err(refused("it is empty".to_owned())),
    }
}

/// A row of `history` whose hash is still zeros: 32 bytes, then those that the
/// hash covers. What stands beside a change comes last, if there is anything,
/// and what its verdict rests on behind that, so that a change without them is
/// stored as it always was.
pub(crate) fn encode_history(recorded_ms: i64, body: &EntryBody) -> Result<Vec<u8>, StoreError> {
    let mut row = Vec::with_capacity(HISTORY_BYTES_USUAL);
    row.extend_from_slice(&[0; 32]);
    row.push(RECORD_VERSION);
    let row = extended(Table::History, &(recorded_ms, body), row)?;
    match body {
        EntryBody::Change(change) if change.beside != Beside::default() => {
            let row = extended(Table::History, &change.beside, row)?;
            match &change.beside.grounds {
                Some(grounds) => extended(Table::History, grounds, row),
                None => Ok(row),
            }
        }
        _ => Ok(row),
    }
}

/// Splits a row of `history` into hash and body.
pub(crate) fn split_history(value: &[u8]) -> Result<(&[u8; 32], &[u8]), StoreError> {
    value
        .split_first_chunk::<32>()
        .ok_or_else(|| StoreError::corrupt("read an entry of the history", format!("it has {} bytes", value.len())))
}

pub(crate) fn decode_entry(id: u64, value: &[u8]) -> Result<Entry, StoreError> {
    let (_, body) = split_history(value)?;
    let ((recorded_ms, mut body), rest) = take::<(i64, EntryBody)>(Table::History, body)?;
    if let (EntryBody::Change(change), false) = (&mut body, rest.is_empty()) {
        let refused = |error: postcard::Error| {
            StoreError::corrupt(format!("read what stands beside change {id} of the history"), error.to_string())
        };
        let (beside, rest) = postcard::take_from_bytes::<Beside>(rest).map_err(refused)?;
        let grounds = if rest.is_empty() { None } else { Some(postcard::from_bytes(rest).map_err(refused)?) };
        change.beside = Beside { grounds, ..beside };
    }
    Ok(Entry { id, recorded_ms, body })
}

/// Three counters, by severity.
pub(crate) fn encode_counts(counts: [u64; 3]) -> Vec<u8> {
    counts.iter().flat_map(|count| count.to_be_bytes()).collect()
}

pub(crate) fn decode_counts(bytes: &[u8]) -> Result<[u64; 3], StoreError> {
    let [info, warning, critical] = decode_numbers::<3>(Table::Counts, bytes)?;
    Ok([info, warning, critical])
}

/// A row of `amended`: how sure it is, and the entry that says it.
pub(crate) fn encode_amended(confidence: Confidence, id: u64) -> Vec<u8> {
    let rank = Confidence::ALL.iter().position(|one| *one == confidence).and_then(|at| u8::try_from(at).ok());
    [&[rank.unwrap_or(0)][..], &id.to_be_bytes()].concat()
}

pub(crate) fn decode_amended(bytes: &[u8]) -> Result<(Confidence, u64), StoreError> {
    let refused = || StoreError::corrupt("read a record of `amended`", format!("it has {} bytes", bytes.len()));
    let (rank, id) = bytes.split_first().ok_or_else(refused)?;
    let confidence = Confidence::ALL.get(usize::from(*rank)).ok_or_else(refused)?;
    Ok((*confidence, u64::from_be_bytes(id.try_into().map_err(|_| refused())?)))
}

/// Lowest and highest id.
pub(crate) fn encode_bounds(low: u64, high: u64) -> Vec<u8> {
    [low.to_be_bytes(), high.to_be_bytes()].concat()
}

pub(crate) fn decode_bounds(bytes: &[u8]) -> Result<(u64, u64), StoreError> {
    let [low, high] = decode_numbers::<2>(Table::Hours, bytes)?;
    Ok((low, high))
}

fn decode_numbers<const N: usize>(table: Table, bytes: &[u8]) -> Result<[u64; N], StoreError> {
    let mut numbers = [0; N];
    let (chunks, rest) = bytes.as_chunks::<8>();
    if chunks.len() != N || !rest.is_empty() {
        return Err(StoreError::corrupt(
            format!("read a record of `{}`", table.name()),
            format!("it has {} bytes", bytes.len()),
        ));
    }
    for (number, chunk) in numbers.iter_mut().zip(chunks) {
        *number = u64::from_be_bytes(*chunk);
    }
    Ok(numbers)
}

/// An item as it lies in the store, borrowed: for comparing hundreds of
/// thousands of them without an allocation each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemView<'a> {
    /// Key.
    pub key: &'a str,
    /// Peppered digest.
    pub digest: StoredDigest,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    pub display: Option<&'a str>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    pub file: Option<&'a str>,
    /// Since when it has this value.
    pub since_ms: i64,
}

impl<'a> ItemView<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, StoreError> {
        // The digest leads with 32 plain bytes that serde would take one by
        // one; everything around it is short.
        let refused = || StoreError::corrupt("read a record of `items`", "it is cut short or of an unknown version");
        let rest = match bytes.split_first() {
            Some((&RECORD_VERSION, rest)) => rest,
            _ => return Err(refused()),
        };
        let (key, rest) = postcard::take_from_bytes::<&str>(rest).map_err(|_| refused())?;
        let (digest, rest) = rest.split_first_chunk::<32>().ok_or_else(refused)?;
        let (secret, display, position, since_ms) =
            postcard::from_bytes::<(bool, Option<&str>, Position<&str>, i64)>(rest).map_err(|_| refused())?;
        let (line, file) = position.split();
        Ok(Self { key, digest: StoredDigest(*digest), secret, display, line, file, since_ms })
    }
}

#[cfg(test)]
mod tests;
