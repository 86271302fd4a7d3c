//! Whether a snapshot's digests can be held against the stored ones.
//!
//! After a new fleet key or canonical form they cannot, once for each source:
//! from its first snapshot on, what differs is a change again.

use std::collections::BTreeSet;

use driftline_canon::SourceName;
use driftline_wire::{Record, RecordBody};

/// What the digests of a stream have in common with those stored before it.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    /// The stored digests were made with another key or form.
    changed: bool,
    /// Sources whose digests have been replaced since.
    replaced: BTreeSet<SourceName>,
}

impl Lineage {
    pub(super) fn new(changed: bool) -> Self {
        Self { changed, replaced: BTreeSet::new() }
    }

    /// Whether this record is a snapshot that cannot be compared.
    pub(super) fn incomparable(&mut self, record: &Record) -> bool {
        match (&record.source, &record.body) {
            (Some(source), RecordBody::Snapshot(_)) => self.changed && self.replaced.insert(source.name.clone()),
            _ => false,
        }
    }
}
