//! What the journal keeps: a record before it is given to the wire, and the
//! last known state of a source.
//!
//! Stored as postcard (a compact serde format) under the journal's format
//! version; neither has a value in it.

use driftline_canon::{
    Actor, CANONICAL_FORM, Delta, Digest, DisplayPolicy, EnvDialect, Item, ItemKey, KeyEpoch, Meaning, Observation,
    Problem, Root, SourceKind, SourceName,
};
use serde::{Deserialize, Serialize};

use crate::config::{ReadAs, SourceSpec};
use crate::observe::stamp::Stamp;

/// A source as records name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Its name.
    pub name: SourceName,
    /// Its kind.
    pub kind: SourceKind,
    /// Its path, escaped for display.
    pub path: String,
}

/// A record without its sequence number. What stands beside it is stored behind
/// it ([`Entry::encode`]): records of older versions end before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which source; none for the whole agent.
    pub source: Option<SourceRef>,
    /// When it was seen.
    pub observed_ms: i64,
    /// Nobody was watching since then.
    pub unobserved_since_ms: Option<i64>,
    /// What is said.
    pub body: Body,
    /// Who did it, and what it means.
    #[serde(skip)]
    pub beside: Beside,
}

/// What is known of a record beside what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beside {
    /// Who did it.
    pub actor: Option<Box<Actor>>,
    /// What changes of a delta mean, sorted by key.
    pub meanings: Vec<(ItemKey, Meaning)>,
}

impl Entry {
    /// Of a source, or of the whole agent, and nothing known beside it.
    #[must_use]
    pub fn new(source: Option<SourceRef>, observed_ms: i64, unobserved_since_ms: Option<i64>, body: Body) -> Self {
        Self { source, observed_ms, unobserved_since_ms, body, beside: Beside::default() }
    }

    /// As it is stored: itself, then what is known beside it, if anything is.
    ///
    /// # Errors
    /// Never, of what was made here.
    pub fn encode(&self) -> postcard::Result<Vec<u8>> {
        let bytes = postcard::to_stdvec(self)?;
        if self.beside == Beside::default() { Ok(bytes) } else { postcard::to_extend(&self.beside, bytes) }
    }

    /// A stored record.
    ///
    /// # Errors
    /// When it is none.
    pub fn decode(bytes: &[u8]) -> postcard::Result<Self> {
        let (entry, rest) = postcard::take_from_bytes::<Self>(bytes)?;
        let beside = if rest.is_empty() { Beside::default() } else { postcard::from_bytes(rest)? };
        Ok(Self { beside, ..entry })
    }
}

/// The beginning of a stored [`Entry`]: what it starts from, read without its
/// items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHead {
    /// Which source; none for the whole agent.
    pub source: Option<SourceRef>,
    /// When it was seen.
    pub observed_ms: i64,
    unobserved_since_ms: Option<i64>,
    /// What sort of record it is. Last, so that the rest can stay unread.
    pub body: BodyHead,
}

/// The beginning of a stored [`Body`]: the same variants in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyHead {
    /// The root before.
    Delta(Root),
    /// Why, and the root before.
    Snapshot(SnapshotReason, Root),
    /// See [`Gap`].
    Gap,
    /// See [`Problem`].
    Problems,
    /// The root before.
    Retired(Root),
    /// The record that it amends.
    Amendment(u64),
}

impl BodyHead {
    /// Root of the source before, if the record changes its items.
    #[must_use]
    pub fn before(self) -> Option<Root> {
        match self {
            Self::Delta(before) | Self::Snapshot(_, before) | Self::Retired(before) => Some(before),
            Self::Gap | Self::Problems | Self::Amendment(_) => None,
        }
    }
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A change.
    Delta(Delta),
    /// All items.
    Snapshot(Snapshot),
    /// A stretch of time in which changes may have gone unseen.
    Gap(Gap),
    /// All open problems of the source.
    Problems(Vec<Problem>),
    /// The source is no longer configured; its root before.
    Retired(Root),
    /// Who did what an earlier record of the source tells.
    Amendment(Amendment),
}

/// What became known of a record's actor after it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// The record, of the same epoch. First, so that it can be read alone.
    pub seq: u64,
    /// Who it was.
    pub actor: Box<Actor>,
}

/// All items of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Why all are sent.
    pub reason: SnapshotReason,
    /// Root of the items before; that of no items for a new source.
    pub before: Root,
    /// Root of these items.
    pub root: Root,
    /// The items, sorted by key.
    pub items: Vec<Item>,
}

/// Why all items of a source are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotReason {
    /// The source is new to this agent.
    First,
    /// The collector asked for it.
    Resync,
    /// The fleet key changed.
    Rekey,
    /// The canonical form changed, or how the file is read.
    Normaliser,
    /// What may be shown changed, by configuration.
    Policy,
}

/// A stretch of time in which changes may have gone unseen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Since when.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// Why.
    pub reason: String,
}

/// What items depend on beside the file: when it changes, items may change
/// while the file does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Version of the canonical form.
    pub canonical_form: u32,
    /// Which fleet key.
    pub key_epoch: KeyEpoch,
    /// How the file is read.
    pub kind: SourceKind,
    /// In which format.
    pub way: Way,
    /// Bytes that are parsed.
    pub parsed_max: u64,
    /// What may be shown.
    pub display: DisplayPolicy,
}

/// In which format a file is read, as configured. New variants go to the end:
/// the first two are stored as `Option<EnvDialect>` was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Its own: content alone, or detected.
    Found,
    /// An env file of that dialect.
    Dialect(EnvDialect),
    /// The format of that name.
    Named(String),
}

impl Way {
    fn of(spec: &SourceSpec) -> Self {
        match (spec.dialect, spec.reading) {
            (Some(dialect), _) => Self::Dialect(dialect),
            (None, ReadAs::Format(format)) if spec.kind != SourceKind::EnvFile => {
                Self::Named(format.as_str().to_owned())
            }
            (None, _) => Self::Found,
        }
    }
}

impl Fingerprint {
    /// Of a source's configuration, now.
    #[must_use]
    pub fn of(spec: &SourceSpec, key_epoch: KeyEpoch) -> Self {
        Self {
            canonical_form: CANONICAL_FORM,
            key_epoch,
            kind: spec.kind,
            way: Way::of(spec),
            parsed_max: spec.file_bytes_max,
            display: spec.display,
        }
    }
}

/// The beginning of a stored state: all that a session needs of every source,
/// read without the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHead {
    /// Root of its items.
    pub root: Root,
    /// Its kind.
    pub kind: SourceKind,
    /// Its path, escaped for display.
    pub path: String,
}

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Root, kind and path. First, so that it can be read alone.
    pub head: StateHead,
    /// What the items depend on beside the file.
    pub fingerprint: Fingerprint,
    /// What stands for the bytes, and their stamp, when they were read last.
    pub content: Option<(Digest, Stamp)>,
    /// When the items were seen for the first time.
    pub observed_ms: i64,
    /// All open problems.
    pub problems: Vec<Problem>,
    /// The items.
    pub observation: Observation,
}

#[cfg(test)]
mod tests;
