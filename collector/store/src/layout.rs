//! The layout of the store: tables, key encodings and the format version.
//!
//! Nothing here reads or writes. Keys and values are bytes that both engines
//! keep in key order; the layout is the same over both.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | a name (`format`, `engine`, `created`, `head`, `anchor`) | see [`crate::codec`] |
//! | `hosts` | host | `HostRecord` |
//! | `sources` | host 00 source | `SourceRecord` |
//! | `items` | host 00 source 00 key | `ItemRecord` |
//! | `history` | id | hash (32 bytes), then the encoded body that it covers |
//! | `by_environment` | environment 00 id | entries from that id on, see [`crate::posting`] |
//! | `by_host` | host 00 id | the same |
//! | `by_key` | item key 00 id (changes only) | the same |
//! | `by_opens` | a reach or `anything` 00 id (changes that open a firewall only) | the same |
//! | `by_verdict` | a verdict, or verdict/environment 00 id (changes that are not `undetermined`) | the same |
//! | `amended` | host 00 sequence of a record, its epoch | how sure the amendment is, its id |
//! | `rejudged` | id of a change, id of the entry that says what it is now | nothing |
//! | `hours` | hour | lowest and highest id recorded in that hour |
//! | `counts` | environment 00 minute | changes recorded in it: info, warning, critical |
//! | `tokens` | token id | `TokenRecord` |
//! | `operators` | name | `OperatorRecord` |
//! | `operator_tokens` | SHA-256 of the bearer token | operator name |
//! | `documents` | kind (one byte), id | see [`crate::document`] |
//! | `outbox` | alert id | `AlertRecord` |
//! | `outbox_due` | next attempt, alert id | nothing |
//!
//! Numbers in keys are big-endian; times have their sign bit flipped, so that
//! bytes sort as the numbers do. Names and item keys hold no control
//! characters (canon checks them), so a NUL ends them and sorts before
//! everything that could follow. Times in `hours` and `counts` are the
//! collector's; they may step backwards, which is why `hours` keeps bounds and
//! nothing relies on ids and times rising together.

use driftline_compare::{Severity, Verdict};

/// Version of this layout. A store with a higher one is refused. 2: items and
/// changes may name an included file, sources may have more kinds, and an index
/// has one row for each name and commit; format 1 had one for each entry, which
/// is a row of one entry. 3: changes say who did it and what it means, and are
/// amended. 4: documents; verdicts, what they rest on, and what became known
/// later. 5: the history may begin behind its first entries, at an anchor. All
/// that older formats wrote reads as it is.
pub(crate) const FORMAT: u32 = 5;

/// The oldest version that reads as it is.
pub(crate) const FORMAT_OLDEST: u32 = 1;

pub(crate) const META_FORMAT: &[u8] = b"format";
pub(crate) const META_ENGINE: &[u8] = b"engine";
pub(crate) const META_CREATED: &[u8] = b"created";
pub(crate) const META_HEAD: &[u8] = b"head";
pub(crate) const META_ANCHOR: &[u8] = b"anchor";

/// One ordered table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Table {
    Meta = 1,
    Hosts = 2,
    Sources = 3,
    Items = 4,
    History = 5,
    ByEnvironment = 6,
    ByHost = 7,
    ByKey = 8,
    Hours = 9,
    Counts = 10,
    Tokens = 11,
    Operators = 12,
    OperatorTokens = 13,
    Outbox = 14,
    OutboxDue = 15,
    ByOpens = 16,
    Amended = 17,
    Documents = 18,
    ByVerdict = 19,
    Rejudged = 20,
}

impl Table {
    /// The table's name in redb and in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Hosts => "hosts",
            Self::Sources => "sources",
            Self::Items => "items",
            Self::History => "history",
            Self::ByEnvironment => "by_environment",
            Self::ByHost => "by_host",
            Self::ByKey => "by_key",
            Self::Hours => "hours",
            Self::Counts => "counts",
            Self::Tokens => "tokens",
            Self::Operators => "operators",
            Self::OperatorTokens => "operator_tokens",
            Self::Outbox => "outbox",
            Self::OutboxDue => "outbox_due",
            Self::ByOpens => "by_opens",
            Self::Amended => "amended",
            Self::Documents => "documents",
            Self::ByVerdict => "by_verdict",
            Self::Rejudged => "rejudged",
        }
    }

    /// The byte that stands for the table in front of its keys, where an
    /// engine has one key space only.
    pub(crate) fn prefix(self) -> u8 {
        self as u8
    }
}

/// Keys from `from` on, up to but without `to`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Option<Vec<u8>>,
}

impl Span {
    /// Every key of a table.
    pub(crate) fn all() -> Self {
        Self::default()
    }

    /// Keys below a text and its NUL.
    pub(crate) fn below(texts: &[&str]) -> Self {
        let from = joined(texts, b"");
        let mut to = from.clone();
        if let Some(last) = to.last_mut() {
            *last = 1;
        }
        Self { from, to: Some(to) }
    }

    /// Keys that begin with a prefix whose text goes on in UTF-8, which has no
    /// byte 255.
    pub(crate) fn starting_with(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: Some([prefix, &[0xff]].concat()) }
    }

    /// Ids `low..=high` behind a prefix.
    pub(crate) fn ids(prefix: &[u8], low: u64, high: u64) -> Self {
        let from = [prefix, &low.to_be_bytes()].concat();
        let to = match high.checked_add(1) {
            Some(end) => [prefix, &end.to_be_bytes()].concat(),
            None => [prefix, &high.to_be_bytes(), &[0]].concat(),
        };
        Self { from, to: Some(to) }
    }
}

/// Texts, each ended by a NUL, then bytes.
pub(crate) fn joined(texts: &[&str], tail: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum::<usize>() + tail.len());
    for text in texts {
        key.extend_from_slice(text.as_bytes());
        key.push(0);
    }
    key.extend_from_slice(tail);
    key
}

pub(crate) fn source_key(host: &str, source: &str) -> Vec<u8> {
    joined(&[host], source.as_bytes())
}

pub(crate) fn item_key(host: &str, source: &str, key: &str) -> Vec<u8> {
    joined(&[host, source], key.as_bytes())
}

/// A record of an agent, in `amended`.
pub(crate) fn amended_key(host: &str, epoch: &[u8], seq: u64) -> Vec<u8> {
    [&joined(&[host], &seq.to_be_bytes()), epoch].concat()
}

/// Under which names a change of that verdict is found; none where it was not
/// judged, as no change of an older format was.
pub(crate) fn verdict_names(verdict: Verdict, environment: &str) -> Option<[String; 2]> {
    // No name of a verdict has a `/`.
    let named = || [verdict.as_str().to_owned(), format!("{verdict}/{environment}")];
    (verdict != Verdict::Undetermined).then(named)
}

/// An entry that says what a change is now, in `rejudged`.
pub(crate) fn rejudged_key(change: u64, id: u64) -> Vec<u8> {
    [change.to_be_bytes(), id.to_be_bytes()].concat()
}

/// The last eight bytes of an index key: the id.
pub(crate) fn id_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// A signed number whose bytes sort as it does.
pub(crate) fn ordered(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub(crate) fn from_ordered(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

pub(crate) fn hour(time_ms: i64) -> i64 {
    time_ms.div_euclid(3_600_000)
}

pub(crate) fn minute(time_ms: i64) -> i64 {
    time_ms.div_euclid(60_000)
}

pub(crate) fn due_key(next_attempt_ms: i64, id: u64) -> Vec<u8> {
    [ordered(next_attempt_ms), id.to_be_bytes()].concat()
}

/// What an index row says of an entry, so that most filters need not read it:
/// `change` (1) or `event` (0), then the severity (0 to 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) change: bool,
    pub(crate) severity: Severity,
}

impl Flags {
    pub(crate) fn encode(self) -> [u8; 2] {
        [u8::from(self.change), severity_index(self.severity)]
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [change @ (0 | 1), severity] => {
                Some(Self { change: *change == 1, severity: *Severity::ALL.get(usize::from(*severity))? })
            }
            _ => None,
        }
    }
}

pub(crate) fn severity_index(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Warning => 1,
        Severity::Critical => 2,
    }
}

#[cfg(test)]
mod tests;
