//! Records in parts: a record that does not fit a frame is sent as several, and
//! put together again.
//!
//! Every part repeats what the record is about, so that a part of another
//! record cannot slip in. The whole is bounded before it is held.

use driftline_canon::ItemChange;
use driftline_canon::limits::{ITEMS_MAX, PROBLEMS_MAX};
use prost::Message;
use prost::encoding::encoded_len_varint;

use super::item::{encode_change, encode_item, encode_problem};
use super::record::{Record, RecordBody, SourceRef, decode_record};
use super::{WireError, actor, field};
use crate::limits::{CHANGES_MAX, FRAME_BYTES_MAX, RECORD_BYTES_MAX, TEXT_BYTES_MAX};
use crate::v1::{self, agent_frame::Frame, record::Body};

/// Bytes of a frame that are left for what is not items: names, path, roots,
/// times, who did it, tags and lengths, each at its limit.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Bytes of items or changes in one frame.
const PART_BYTES_MAX: usize = FRAME_BYTES_MAX - HEADER_BYTES_MAX;

/// A part as it came; what is in it is checked when the record is whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPart(pub(super) Box<v1::Record>);

impl RecordPart {
    /// The sequence number of the record it belongs to.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.seq
    }

    /// Bytes that it takes on the wire.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        self.0.encoded_len()
    }
}

/// A record as the frames to send, in order: at least one, each within
/// [`FRAME_BYTES_MAX`].
///
/// # Errors
/// When the record breaks a limit of the wire: sending it would only have it
/// refused.
pub fn encode_record(record: &Record) -> Result<Vec<v1::AgentFrame>, WireError> {
    if record.source.is_none() && !matches!(record.body, RecordBody::Gap(_)) {
        return Err(WireError::of("source", "missing"));
    }
    field::rising("record.meanings", record.meanings.iter().map(|(key, _)| key))?;
    let means = |change: &ItemChange| {
        let found = record.meanings.binary_search_by(|(key, _)| key.cmp(&change.key)).ok();
        encode_change(change, found.map(|at| &record.meanings[at].1))
    };
    let bodies = match &record.body {
        RecordBody::Delta(delta) => {
            field::count("delta.changes", delta.changes.len(), CHANGES_MAX)?;
            let (before, after) = (delta.before.0.to_vec(), delta.after.0.to_vec());
            let parts = chunks(delta.changes.iter().map(means))?;
            let body = |changes| Body::Delta(v1::Delta { before: before.clone(), after: after.clone(), changes });
            parts.into_iter().map(body).collect()
        }
        RecordBody::Snapshot(snapshot) => {
            field::count("snapshot.items", snapshot.observation.items().len(), ITEMS_MAX)?;
            let (reason, root) = (snapshot.reason.encode().into(), snapshot.root.0.to_vec());
            let parts = chunks(snapshot.observation.items().iter().map(encode_item))?;
            parts.into_iter().map(|items| Body::Snapshot(v1::Snapshot { reason, root: root.clone(), items })).collect()
        }
        RecordBody::Gap(gap) => {
            let (from_ms, to_ms) = (field::sendable_time(gap.from_ms), field::sendable_time(gap.to_ms));
            // A clock that was stepped back ends a gap before it began.
            let (from_ms, to_ms) = (from_ms.min(to_ms), from_ms.max(to_ms));
            vec![Body::Gap(v1::Gap { from_ms, to_ms, reason: field::printable(&gap.reason, TEXT_BYTES_MAX) })]
        }
        RecordBody::Problems(problems) => {
            field::count("problems", problems.len(), PROBLEMS_MAX)?;
            vec![Body::Problems(v1::Problems { problems: problems.iter().map(encode_problem).collect() })]
        }
        RecordBody::Retired => vec![Body::Retired(v1::Retired {})],
        RecordBody::Amendment(amendment) if !(1..record.seq).contains(&amendment.seq) => {
            return Err(WireError::of("amendment.seq", "not an earlier record"));
        }
        RecordBody::Amendment(amendment) => {
            let actor = Some(actor::encode(&amendment.actor));
            vec![Body::Amendment(v1::Amendment { seq: amendment.seq, actor })]
        }
    };
    Ok(frames(record, bodies))
}

fn frames(record: &Record, bodies: Vec<Body>) -> Vec<v1::AgentFrame> {
    let last = bodies.len().saturating_sub(1);
    let part = |(at, body)| v1::Record {
        seq: record.seq,
        more: at < last,
        source: record.source.as_ref().map(SourceRef::encode),
        observed_ms: field::sendable_time(record.observed_ms),
        unobserved_since_ms: field::sendable_time(record.unobserved_since_ms.unwrap_or(0)),
        actor: record.actor.as_deref().map(actor::encode),
        body: Some(body),
    };
    bodies.into_iter().enumerate().map(part).map(|part| v1::AgentFrame { frame: Some(Frame::Record(part)) }).collect()
}

/// Groups of messages that fit a frame; one empty group for none at all.
fn chunks<M: Message>(messages: impl Iterator<Item = M>) -> Result<Vec<Vec<M>>, WireError> {
    let mut groups = vec![Vec::new()];
    let (mut in_group, mut in_all) = (0, 0);
    for message in messages {
        let length = message.encoded_len();
        // The tag, a byte, and the length before each repeated message.
        let bytes = 1 + encoded_len_varint(u64::try_from(length).unwrap_or(u64::MAX)) + length;
        in_all += bytes;
        if in_group + bytes > PART_BYTES_MAX {
            groups.push(Vec::new());
            in_group = 0;
        }
        in_group += bytes;
        if let Some(group) = groups.last_mut() {
            group.push(message);
        }
    }
    let headers = groups.len() * HEADER_BYTES_MAX;
    if in_all + headers > RECORD_BYTES_MAX {
        return Err(WireError::of("record", format!("{in_all} bytes of items, over {RECORD_BYTES_MAX} with headers")));
    }
    Ok(groups)
}

/// Puts the parts of one stream together again, one record at a time.
#[derive(Debug, Default)]
pub struct RecordAssembler {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    record: v1::Record,
    bytes: usize,
}

impl RecordAssembler {
    /// No part yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a record has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes the next part; gives the record with its last one.
    ///
    /// # Errors
    /// When the part belongs to another record than the one that is open, the
    /// whole gets too large, or the record breaks a limit or the canonical
    /// form. What was open is dropped.
    pub fn push(&mut self, part: RecordPart) -> Result<Option<Record>, WireError> {
        let part = *part.0;
        let (bytes, more) = (part.encoded_len(), part.more);
        let open = match self.open.take() {
            None => Open { record: part, bytes },
            Some(mut open) => {
                open.bytes += bytes;
                merge(&mut open.record, part)?;
                open
            }
        };
        if open.bytes > RECORD_BYTES_MAX {
            return Err(WireError::of("record", format!("over {RECORD_BYTES_MAX} bytes in parts")));
        }
        if more {
            self.open = Some(open);
            return Ok(None);
        }
        decode_record(open.record).map(Some)
    }
}

/// Appends a part to what is open, if both speak of the same.
fn merge(open: &mut v1::Record, part: v1::Record) -> Result<(), WireError> {
    let other = || WireError::of("record", "a part of another record came in between");
    let same_head = open.seq == part.seq
        && open.source == part.source
        && open.observed_ms == part.observed_ms
        && open.unobserved_since_ms == part.unobserved_since_ms
        && open.actor == part.actor;
    if !same_head {
        return Err(other());
    }
    match (&mut open.body, part.body) {
        (Some(Body::Delta(open)), Some(Body::Delta(part)))
            if open.before == part.before && open.after == part.after =>
        {
            field::count("delta.changes", open.changes.len() + part.changes.len(), CHANGES_MAX)?;
            open.changes.extend(part.changes);
        }
        (Some(Body::Snapshot(open)), Some(Body::Snapshot(part)))
            if open.root == part.root && open.reason == part.reason =>
        {
            field::count("snapshot.items", open.items.len() + part.items.len(), ITEMS_MAX)?;
            open.items.extend(part.items);
        }
        _ => return Err(other()),
    }
    Ok(())
}
