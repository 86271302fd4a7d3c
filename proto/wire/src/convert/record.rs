//! Records: what must not be lost, whole.

use driftline_canon::limits::{ITEMS_MAX, PROBLEMS_MAX};
use driftline_canon::{Actor, Delta, ItemKey, Meaning, Observation, Problem, Root, SourceKind, SourceName};

use super::item::{decode_change, decode_item, decode_problem};
use super::{WireError, actor, field};
use crate::limits::{CHANGES_MAX, TEXT_BYTES_MAX};
use crate::v1;

/// Names a source: by what it is called everywhere, and where it is here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceRef {
    /// The same in every environment.
    pub name: SourceName,
    /// What it is.
    pub kind: SourceKind,
    /// Where it is on the host, for people: printable, at most
    /// [`TEXT_BYTES_MAX`] bytes.
    pub path: String,
}

impl SourceRef {
    /// Names a source whose path may be any bytes: it is escaped, and cut for
    /// display.
    #[must_use]
    pub fn new(name: SourceName, kind: SourceKind, path: &[u8]) -> Self {
        let path = field::printable(&driftline_canon::key::escape(path), TEXT_BYTES_MAX);
        Self { name, kind, path }
    }

    pub(super) fn encode(&self) -> v1::Source {
        v1::Source {
            name: self.name.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            path: field::printable(&self.path, TEXT_BYTES_MAX),
        }
    }

    pub(super) fn decode(source: Option<v1::Source>) -> Result<Self, WireError> {
        let source = field::required("source", source)?;
        // A newer agent's source is still a source: the rest of the stream must
        // not stand still for it.
        let kind = SourceKind::from_name(&source.kind).unwrap_or(SourceKind::File);
        Ok(Self {
            name: SourceName::new(source.name).map_err(|error| WireError::of("source.name", error))?,
            kind,
            path: field::text("source.path", source.path, TEXT_BYTES_MAX)?,
        })
    }
}

/// Something that must not be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Rises by one per record of an epoch, from 1.
    pub seq: u64,
    /// What it is about; none for a gap that concerns the agent as a whole.
    pub source: Option<SourceRef>,
    /// When the agent saw it.
    pub observed_ms: i64,
    /// Since when it may have been so, if nobody was watching.
    pub unobserved_since_ms: Option<i64>,
    /// Who did it, where the host could tell.
    pub actor: Option<Box<Actor>>,
    /// What changes of a delta mean, sorted by key. Those of other keys and of
    /// other bodies are not sent.
    pub meanings: Vec<(ItemKey, Meaning)>,
    /// What it says.
    pub body: RecordBody,
}

impl Record {
    /// A record of which nobody can say who did it.
    #[must_use]
    pub fn new(
        seq: u64,
        source: Option<SourceRef>,
        observed_ms: i64,
        unobserved_since_ms: Option<i64>,
        body: RecordBody,
    ) -> Self {
        Self { seq, source, observed_ms, unobserved_since_ms, actor: None, meanings: Vec::new(), body }
    }
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordBody {
    /// The source changed.
    Delta(Delta),
    /// All of the source, whatever was known before.
    Snapshot(Snapshot),
    /// Changes may have gone unseen.
    Gap(Gap),
    /// All open problems of the source; none means: all are solved.
    Problems(Vec<Problem>),
    /// The source is no longer in the agent's configuration.
    Retired,
    /// Who did what an earlier record tells.
    Amendment(Amendment),
}

/// What became known of a record's actor after it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// An earlier record of the same epoch and source.
    pub seq: u64,
    /// Who it was.
    pub actor: Box<Actor>,
}

/// All items of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Why all of it is sent.
    pub reason: SnapshotReason,
    /// The root that the agent computed; decoding has verified it.
    pub root: Root,
    /// The items.
    pub observation: Observation,
}

/// Why all of a source is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnapshotReason {
    /// The source is new to this agent.
    First,
    /// The collector asked for it.
    Resync,
    /// The fleet key changed: every digest is new, no value is.
    Rekey,
    /// The canonical form changed: same bytes, new items.
    Normaliser,
    /// What may be shown changed, by configuration.
    Policy,
}

impl SnapshotReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::First, Self::Resync, Self::Rekey, Self::Normaliser, Self::Policy];

    pub(super) fn encode(self) -> v1::SnapshotReason {
        match self {
            Self::First => v1::SnapshotReason::First,
            Self::Resync => v1::SnapshotReason::Resync,
            Self::Rekey => v1::SnapshotReason::Rekey,
            Self::Normaliser => v1::SnapshotReason::Normaliser,
            Self::Policy => v1::SnapshotReason::Policy,
        }
    }

    fn decode(number: i32) -> Result<Self, WireError> {
        let found = Self::ALL.into_iter().find(|reason| i32::from(reason.encode()) == number);
        found.ok_or_else(|| WireError::of("snapshot.reason", "not known to this version"))
    }
}

/// A stretch of time in which changes may have gone unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end, not before the beginning.
    pub to_ms: i64,
    /// Why.
    pub reason: String,
}

/// A record that has been put together from its parts.
pub(super) fn decode_record(record: v1::Record) -> Result<Record, WireError> {
    if record.seq == 0 {
        return Err(WireError::of("record.seq", "0 is no sequence number"));
    }
    let since = field::time("record.unobserved_since_ms", record.unobserved_since_ms)?;
    let told = decode_body(field::required("record.body", record.body)?)?;
    let (body, meanings) = told;
    if let RecordBody::Amendment(amendment) = &body
        && !(1..record.seq).contains(&amendment.seq)
    {
        return Err(WireError::of("amendment.seq", "not an earlier record"));
    }
    let source = match (record.source, &body) {
        (None, RecordBody::Gap(_)) => None,
        (source, _) => Some(SourceRef::decode(source)?),
    };
    Ok(Record {
        seq: record.seq,
        source,
        observed_ms: field::time("record.observed_ms", record.observed_ms)?,
        unobserved_since_ms: (since > 0).then_some(since),
        actor: record.actor.map(actor::decode).transpose()?.map(Box::new),
        meanings,
        body,
    })
}

/// What changes of a delta mean, by key.
type Meanings = Vec<(ItemKey, Meaning)>;

fn decode_body(body: v1::record::Body) -> Result<(RecordBody, Meanings), WireError> {
    use v1::record::Body;
    let body = match body {
        Body::Delta(delta) => {
            let (delta, meanings) = decode_delta(delta)?;
            return Ok((RecordBody::Delta(delta), meanings));
        }
        Body::Snapshot(snapshot) => RecordBody::Snapshot(decode_snapshot(snapshot)?),
        Body::Gap(gap) => RecordBody::Gap(decode_gap(gap)?),
        Body::Problems(problems) => {
            field::count("problems", problems.problems.len(), PROBLEMS_MAX)?;
            RecordBody::Problems(problems.problems.into_iter().map(decode_problem).collect::<Result<_, _>>()?)
        }
        Body::Retired(v1::Retired {}) => RecordBody::Retired,
        Body::Amendment(amendment) => RecordBody::Amendment(Amendment {
            seq: amendment.seq,
            actor: Box::new(actor::decode(field::required("amendment.actor", amendment.actor)?)?),
        }),
    };
    Ok((body, Vec::new()))
}

fn decode_delta(delta: v1::Delta) -> Result<(Delta, Meanings), WireError> {
    let before = Root(field::array("delta.before", &delta.before)?);
    let after = Root(field::array("delta.after", &delta.after)?);
    field::count("delta.changes", delta.changes.len(), CHANGES_MAX)?;
    if delta.changes.is_empty() || before == after {
        return Err(WireError::of("delta", "changes nothing"));
    }
    let (mut changes, mut meanings) = (Vec::with_capacity(delta.changes.len()), Vec::new());
    for change in delta.changes {
        let (change, means) = decode_change(change)?;
        meanings.extend(means.map(|means| (change.key.clone(), means)));
        changes.push(change);
    }
    field::rising("delta.changes", changes.iter().map(|change| &change.key))?;
    Ok((Delta { before, after, changes }, meanings))
}

fn decode_snapshot(snapshot: v1::Snapshot) -> Result<Snapshot, WireError> {
    let reason = SnapshotReason::decode(snapshot.reason)?;
    let root = Root(field::array("snapshot.root", &snapshot.root)?);
    field::count("snapshot.items", snapshot.items.len(), ITEMS_MAX)?;
    let items = snapshot.items.into_iter().map(decode_item).collect::<Result<Vec<_>, _>>()?;
    field::rising("snapshot.items", items.iter().map(|item| &item.key))?;
    let observation = Observation::new(items);
    if observation.root() != root {
        return Err(WireError::of("snapshot.root", "not the root of its items"));
    }
    Ok(Snapshot { reason, root, observation })
}

fn decode_gap(gap: v1::Gap) -> Result<Gap, WireError> {
    let from_ms = field::time("gap.from_ms", gap.from_ms)?;
    let to_ms = field::time("gap.to_ms", gap.to_ms)?;
    if from_ms > to_ms {
        return Err(WireError::of("gap", "ends before it begins"));
    }
    Ok(Gap { from_ms, to_ms, reason: field::text("gap.reason", gap.reason, TEXT_BYTES_MAX)? })
}
