//! The raw roots of a live stream. They exist only here, in memory: the store
//! keeps them peppered.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Root, SourceName};
use driftline_wire::convert::{Heartbeat, SourceRoot};
use driftline_wire::limits::SOURCES_MAX;
use driftline_wire::{Record, RecordBody, SourceRef};

/// The root of each source, as of the last record received.
#[derive(Debug, Default)]
pub(super) struct Roots {
    of: BTreeMap<SourceName, Root>,
    /// Sources whose stored state is known to be another one, until all of
    /// them comes.
    awaited: BTreeSet<SourceName>,
    /// Over all of them; forgotten when one moves.
    all: Option<Root>,
    /// Whether the last heartbeat disagreed: it is said once.
    disagreed: bool,
}

impl Roots {
    pub(super) fn begin(&mut self, roots: &[SourceRoot]) {
        self.of = roots.iter().map(|root| (root.source.name.clone(), root.root)).collect();
        self.all = None;
    }

    /// All of this source has to come before anything can be called equal.
    pub(super) fn await_all_of(&mut self, source: SourceName) {
        self.awaited.insert(source);
    }

    pub(super) fn follow(&mut self, record: &Record) {
        let Some(source) = &record.source else { return };
        let name = &source.name;
        if matches!(record.body, RecordBody::Snapshot(_) | RecordBody::Retired) {
            self.awaited.remove(name);
        }
        let moved = match &record.body {
            RecordBody::Delta(delta) => self.of.insert(name.clone(), delta.after) != Some(delta.after),
            RecordBody::Snapshot(snapshot) => self.of.insert(name.clone(), snapshot.root) != Some(snapshot.root),
            RecordBody::Retired => self.of.remove(name).is_some(),
            RecordBody::Gap(_) | RecordBody::Problems(_) | RecordBody::Amendment(_) => false,
        };
        if moved {
            self.all = None;
        }
    }

    /// Whether this record would make more sources than an agent may have.
    pub(super) fn are_full_for(&self, record: &Record) -> bool {
        let new = |source: &SourceRef| !self.of.contains_key(&source.name);
        self.of.len() >= SOURCES_MAX && record.source.as_ref().is_some_and(new)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &SourceName> {
        self.of.keys()
    }

    /// Whether a heartbeat has the same roots; none when it cannot be told, or
    /// was told before.
    pub(super) fn agree(&mut self, beat: &Heartbeat, received: u64) -> Option<bool> {
        if beat.seq != received && beat.seq != 0 {
            return None;
        }
        let of = &self.of;
        let all =
            *self.all.get_or_insert_with(|| Root::of_sources(of.iter().map(|(name, root)| (name.as_str(), root))));
        let equal = all == beat.sources_root;
        let said = std::mem::replace(&mut self.disagreed, !equal);
        match equal {
            true => self.awaited.is_empty().then_some(true),
            false => (!said).then_some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use driftline_canon::{Delta, SourceKind};

    use super::*;

    fn source(name: &str) -> SourceRef {
        SourceRef::new(SourceName::new(name).unwrap(), SourceKind::EnvFile, b"/etc/app.env")
    }

    fn beat(seq: u64, roots: &[(&str, Root)]) -> Heartbeat {
        let sources_root = Root::of_sources(roots.iter().map(|(name, root)| (*name, root)));
        Heartbeat {
            sent_ms: 0,
            seq,
            sources_root,
            agent_resident_bytes: 0,
            journal_records: 0,
            journal_bytes: 0,
            degraded_sources: 0,
            coverage: None,
        }
    }

    #[test]
    fn a_heartbeat_is_held_against_what_was_received() {
        let (a, b) = (Root([1; 32]), Root([2; 32]));
        let mut roots = Roots::default();
        roots.begin(&[SourceRoot { source: source("app"), root: a, pending: false }]);
        assert_eq!(roots.agree(&beat(0, &[("app", a)]), 0), Some(true));
        let delta = Delta { before: a, after: b, changes: Vec::new() };
        let record = Record::new(1, Some(source("app")), 0, None, RecordBody::Delta(delta));
        roots.follow(&record);
        assert_eq!(roots.agree(&beat(1, &[("app", b)]), 1), Some(true));
        assert_eq!(roots.agree(&beat(1, &[("app", a)]), 1), Some(false));
        assert_eq!(roots.agree(&beat(1, &[("app", a)]), 1), None, "said once");
        assert_eq!(roots.agree(&beat(2, &[("app", a)]), 1), None, "another position");
        assert_eq!(roots.agree(&beat(1, &[("app", b)]), 1), Some(true));
    }

    #[test]
    fn p10_nothing_is_equal_while_all_of_a_source_is_awaited() {
        let a = Root::empty();
        let mut roots = Roots::default();
        roots.begin(&[SourceRoot { source: source("app"), root: a, pending: false }]);
        roots.await_all_of(source("app").name);
        assert_eq!(roots.agree(&beat(0, &[("app", a)]), 0), None);
        let snapshot = driftline_wire::convert::Snapshot {
            reason: driftline_wire::convert::SnapshotReason::Resync,
            root: a,
            observation: driftline_canon::Observation::default(),
        };
        let record = Record::new(1, Some(source("app")), 0, None, RecordBody::Snapshot(snapshot));
        roots.follow(&record);
        assert_eq!(roots.agree(&beat(1, &[("app", a)]), 1), Some(true));
    }
}
