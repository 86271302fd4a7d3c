use std::collections::BTreeMap;

use driftline_canon::{
    DisplayPolicy, FleetKey, HostName, ItemKey, KeyEpoch, Observation, Root, Setting, SourceKind, Value, diff,
};
use driftline_store::{Batch, EngineKind, EntryBody, EntryQuery, Store, StoreOptions};
use driftline_wire::convert::{Snapshot, SnapshotReason};
use proptest::prelude::*;

use super::*;
use crate::notify::Routes;
use crate::testing::host_record;

struct Room {
    _dir: tempfile::TempDir,
    store: Store,
    pepper: Pepper,
    seq: u64,
}

type Values = BTreeMap<u8, u8>;

fn observed(values: &Values) -> Observation {
    let setting = |(key, value): (&u8, &u8)| Setting {
        key: ItemKey::from_bytes(format!("KEY_{key}").as_bytes()),
        value: Value::text(value.to_string().into_bytes()),
        line: Some(u32::from(*key)),
        template: None,
        file: None,
        secret: false,
    };
    let settings: Vec<Setting> = values.iter().map(setting).collect();
    Observation::of_settings(&settings, &FleetKey::new([1; 32], KeyEpoch(1)).keyed(), DisplayPolicy::Clear)
}

fn name() -> SourceName {
    SourceName::new("app").unwrap()
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
        Self { _dir: dir, store, pepper: Pepper::new(&[3; 32]), seq: 0 }
    }

    fn apply(&mut self, body: RecordBody) -> Applied {
        self.apply_as(body, |record| record)
    }

    fn apply_as(&mut self, body: RecordBody, told: impl FnOnce(Record) -> Record) -> Applied {
        self.seq += 1;
        let (reader, routes) = (self.store.reader().unwrap(), Routes::default());
        let mut draft = Draft::new(&reader, 10, &routes);
        let source = Some(SourceRef::new(name(), SourceKind::EnvFile, b"/etc/app.env"));
        let record = told(Record::new(self.seq, source, 5, None, body));
        let classes = KeyClasses::default();
        let context = Context { pepper: &self.pepper, classes: &classes, incomparable: false };
        let applied = super::record(&mut draft, &host_record("web-1"), record, context).unwrap();
        let operations = draft.finish();
        self.store.writer().unwrap().commit(Batch { operations, now_ms: 10 }).unwrap();
        applied
    }

    fn snapshot(&mut self, reason: SnapshotReason, values: &Values) {
        let observation = observed(values);
        self.apply(RecordBody::Snapshot(Snapshot { reason, root: observation.root(), observation }));
    }

    /// What is stored is this observation: items and root.
    fn holds(&self, values: &Values) {
        let (reader, host) = (self.store.reader().unwrap(), HostName::new("web-1").unwrap());
        let stored: BTreeMap<_, _> =
            reader.items(&host, &name()).unwrap().into_iter().map(|item| (item.key, item.digest)).collect();
        let wanted: BTreeMap<_, _> =
            observed(values).items().iter().map(|item| (item.key.clone(), self.pepper.digest(&item.digest))).collect();
        assert_eq!(stored, wanted);
        let source = reader.source(&host, &name()).unwrap().unwrap();
        assert_eq!(source.root, self.pepper.root(&observed(values).root()));
        assert_eq!(usize::try_from(source.items).unwrap(), values.len());
    }

    fn changes(&self) -> usize {
        let page = self.store.reader().unwrap().entries(&EntryQuery::default()).unwrap();
        page.entries.iter().filter(|entry| matches!(entry.body, EntryBody::Change(_))).count()
    }
}

fn differing(a: &Values, b: &Values) -> usize {
    let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    keys.into_iter().filter(|key| a.get(key) != b.get(key)).count()
}

fn values() -> impl Strategy<Value = Values> {
    proptest::collection::btree_map(0_u8..6, 0_u8..3, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any walk of states, told by deltas or snapshots, ends in that state,
    /// with one change per item that moved.
    #[test]
    fn p2_each_change_has_its_effect_once(first in values(), walk in proptest::collection::vec((values(), 0_u8..4), 0..6)) {
        let mut room = Room::new();
        prop_assume!(!first.is_empty());
        room.snapshot(SnapshotReason::First, &first);
        let (mut now, mut told) = (first, 0);
        for (next, how) in walk {
            let moved = differing(&now, &next);
            // A source of no items is as one never seen.
            let known = !now.is_empty();
            match (how, diff(&observed(&now), &observed(&next))) {
                (0, _) => {
                    room.snapshot(SnapshotReason::Resync, &next);
                    told += if known { moved } else { 0 };
                }
                (1, _) => room.snapshot(SnapshotReason::Normaliser, &next),
                (_, Some(delta)) => {
                    prop_assert_eq!(room.apply(RecordBody::Delta(delta)), Applied::Done);
                    told += moved;
                }
                (_, None) => {}
            }
            now = next;
            room.holds(&now);
            prop_assert_eq!(room.changes(), told);
        }
    }
}

#[test]
fn a_delta_from_elsewhere_is_recorded_once_asked_for_once_and_repaired() {
    let mut room = Room::new();
    let (a, b, c): (Values, Values, Values) = ([(1, 1)].into(), [(1, 2)].into(), [(1, 0)].into());
    room.snapshot(SnapshotReason::First, &a);
    let delta = diff(&observed(&b), &observed(&c)).unwrap();
    assert!(matches!(room.apply(RecordBody::Delta(delta)), Applied::SendAll { .. }));
    let delta = diff(&observed(&c), &observed(&b)).unwrap();
    assert_eq!(room.apply(RecordBody::Delta(delta)), Applied::Done, "asked for already");
    assert_eq!(room.changes(), 2);
    room.snapshot(SnapshotReason::Resync, &b);
    room.holds(&b);
    assert_eq!(room.changes(), 2, "the facts had told it all");
}

#[test]
fn the_unknown_root_is_no_root() {
    let pepper = Pepper::new(&[3; 32]);
    assert_ne!(pepper.root(&Root::empty()), ROOT_UNKNOWN);
}

#[test]
fn a_meaning_counts_only_for_firewalls_and_only_for_its_own_key() {
    use driftline_canon::meaning::MeaningText;
    use driftline_canon::{Effect, Meaning, Reach};
    let mut room = Room::new();
    let (a, b): (Values, Values) = ([(1, 1)].into(), [(1, 2), (2, 1)].into());
    room.snapshot(SnapshotReason::First, &a);
    let delta = diff(&observed(&a), &observed(&b)).unwrap();
    let meaning =
        Meaning { effect: Effect::Opens, reach: Reach::Any, machine: None, text: MeaningText::new("opens everything") };
    let key = delta.changes[1].key.clone();
    let told = |record: Record| Record { meanings: vec![(key.clone(), meaning.clone())], ..record };
    room.apply_as(RecordBody::Delta(delta), told);
    let page = room.store.reader().unwrap().entries(&EntryQuery::default()).unwrap();
    let changes: Vec<_> = page
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Change(change) => Some(change),
            _ => None,
        })
        .collect();
    let means: Vec<bool> = changes.iter().map(|change| change.beside.meaning.is_some()).collect();
    assert_eq!(means, [false, true]);
    let critical = |change: &&driftline_store::Change| change.severity == driftline_compare::Severity::Critical;
    assert!(changes.iter().all(critical), "a meaning makes no key of an env file quiet");
}

#[test]
fn since_when_a_host_has_something_is_told_by_the_collectors_clock() {
    let host = |skew_ms, verified_ms| HostRecord { skew_ms, verified_ms, ..host_record("web-1") };
    for (observed_ms, skew_ms, verified_ms, since_ms) in [
        (5_000, 0, 0, 5_000),
        (5_000, 2_000, 0, 3_000),
        (5_000, -2_000, 0, 7_000),
        // Ahead of the time at which it was told, whatever was measured.
        (90_000, 2_000, 0, 10_000),
        (i64::MAX, i64::MIN, 0, 10_000),
        // The host was as stored here at 4_000: it says that it had it before.
        (1, 0, 4_000, 4_000),
        (i64::MIN, i64::MAX, 99_000, 10_000),
    ] {
        assert_eq!(super::since_ms(&host(skew_ms, verified_ms), observed_ms, 10_000), since_ms, "{observed_ms}");
    }
}

#[test]
fn an_item_is_stored_with_the_collectors_time() {
    let mut room = Room::new();
    let values = [(1, 1)].into();
    let observation = observed(&values);
    let first = Snapshot { reason: SnapshotReason::First, root: observation.root(), observation };
    room.apply_as(RecordBody::Snapshot(first), |record| Record { observed_ms: 99_000, ..record });
    let (reader, host) = (room.store.reader().unwrap(), HostName::new("web-1").unwrap());
    assert_eq!(reader.items(&host, &name()).unwrap()[0].since_ms, 10, "not later than it was told");
}
