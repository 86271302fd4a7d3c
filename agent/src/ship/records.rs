//! From the journal's entries to frames of the wire.
//!
//! What the wire does not take is replaced by a gap that says so: one record
//! must never hold up all that follow.

use driftline_canon::{Observation, Problem};
use driftline_wire::convert::{Amendment, Gap, Snapshot, SnapshotReason, SourceRoot, encode_record};
use driftline_wire::v1::AgentFrame;
use driftline_wire::version::Agreed;
use driftline_wire::{Record, RecordBody, SourceRef};

use crate::journal::NextRoot;
use crate::journal::entry::{self, Body, Entry};

/// The frames of one record. `open` are the source's open problems: an older
/// collector gets them instead of an amendment.
#[must_use]
pub fn frames(seq: u64, entry: Entry, agreed: Agreed, open: Vec<Problem>) -> Vec<AgentFrame> {
    let (observed_ms, source) = (entry.observed_ms, entry.source.clone().map(|one| source(one, agreed)));
    match encode_record(&agreed.record(record(seq, entry, agreed), || open)) {
        Ok(frames) => frames,
        Err(error) => {
            tracing::error!(seq, %error, "a record cannot be sent and is replaced by a gap");
            let reason = format!("record {seq} cannot be sent: {error}");
            let body = RecordBody::Gap(Gap { from_ms: observed_ms, to_ms: observed_ms, reason });
            let gap = Record::new(seq, source, observed_ms, None, body);
            encode_record(&gap).unwrap_or_default()
        }
    }
}

fn record(seq: u64, entry: Entry, agreed: Agreed) -> Record {
    let body = match entry.body {
        Body::Delta(delta) => RecordBody::Delta(delta),
        Body::Snapshot(snapshot) => RecordBody::Snapshot(Snapshot {
            reason: reason(snapshot.reason),
            root: snapshot.root,
            observation: Observation::new(snapshot.items),
        }),
        Body::Gap(gap) => RecordBody::Gap(Gap { from_ms: gap.from_ms, to_ms: gap.to_ms, reason: gap.reason }),
        Body::Problems(problems) => RecordBody::Problems(problems),
        Body::Retired(_) => RecordBody::Retired,
        Body::Amendment(one) => RecordBody::Amendment(Amendment { seq: one.seq, actor: one.actor }),
    };
    let named = entry.source.map(|one| source(one, agreed));
    Record {
        actor: entry.beside.actor,
        meanings: entry.beside.meanings,
        ..Record::new(seq, named, entry.observed_ms, entry.unobserved_since_ms, body)
    }
}

/// A source's root as the wire says it.
#[must_use]
pub fn root(next: NextRoot, agreed: Agreed) -> SourceRoot {
    SourceRoot { source: source(next.source, agreed), root: next.root, pending: next.pending }
}

fn source(source: entry::SourceRef, agreed: Agreed) -> SourceRef {
    SourceRef { name: source.name, kind: agreed.kind(source.kind), path: source.path }
}

fn reason(reason: entry::SnapshotReason) -> SnapshotReason {
    match reason {
        entry::SnapshotReason::First => SnapshotReason::First,
        entry::SnapshotReason::Resync => SnapshotReason::Resync,
        entry::SnapshotReason::Rekey => SnapshotReason::Rekey,
        entry::SnapshotReason::Normaliser => SnapshotReason::Normaliser,
        entry::SnapshotReason::Policy => SnapshotReason::Policy,
    }
}
