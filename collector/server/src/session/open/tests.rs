//! Streams against a naive model: whatever agents, networks and backups do, the
//! state is the agent's, and each fact is told once, in order, with its marks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use driftline_canon::{
    DisplayPolicy, Environment, FleetKey, ItemKey, KeyEpoch, Observation, Role, Root, Setting, SourceKind, Value, diff,
};
use driftline_compare::Mark;
use driftline_daemon::Clock;
use driftline_store::{
    Batch, EngineKind, EntryBody, EntryFilter, EntryQuery, Store, StoreOptions, StoredDigest, Writer,
};
use driftline_wire::convert::{Epoch, Instance, Snapshot, SnapshotReason};
use driftline_wire::{Record, RecordBody, SourceRef};
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};

use super::super::{RecordWork, SessionParts};
use super::*;
use crate::live::Order;
use crate::metrics::Metrics;
use crate::notify::{Notifier, Routes};
use crate::pepper::Pepper;
use crate::record::{RecordParts, Recorder};

const SOURCES: usize = 2;

/// Far below what redb needs for two stores per case.
const CACHE_BYTES: usize = 256 * 1024;

type Values = BTreeMap<u8, u8>;
type Content = BTreeMap<ItemKey, StoredDigest>;
type Fact = (Vec<u8>, u64, String, ItemKey, Option<StoredDigest>, Option<StoredDigest>, Vec<Mark>);

fn pepper() -> Pepper {
    Pepper::new(&[3; 32])
}

fn observed(values: &Values, key: u32) -> Observation {
    let setting = |(key, value): (&u8, &u8)| Setting {
        key: ItemKey::from_bytes(format!("KEY_{key}").as_bytes()),
        value: Value::text(value.to_string().into_bytes()),
        line: Some(1),
        template: None,
        file: None,
        secret: false,
    };
    let settings: Vec<Setting> = values.iter().map(setting).collect();
    Observation::of_settings(&settings, &FleetKey::new([1; 32], KeyEpoch(key)).keyed(), DisplayPolicy::Clear)
}

fn content(observation: &Observation) -> Content {
    observation.items().iter().map(|item| (item.key.clone(), pepper().digest(&item.digest))).collect()
}

fn named(source: usize) -> SourceRef {
    let name = SourceName::new(format!("app-{source}")).unwrap();
    SourceRef::new(name, SourceKind::EnvFile, format!("/etc/app-{source}.env").as_bytes())
}

fn host_name() -> HostName {
    HostName::new("web-1").unwrap()
}

/// What a collector would be that fits on one page.
#[derive(Debug, Clone, Default)]
struct Naive {
    epoch: Vec<u8>,
    applied: u64,
    key: u32,
    sources: BTreeMap<usize, NaiveSource>,
    told: Vec<Fact>,
    gaps: usize,
    epochs: usize,
}

#[derive(Debug, Clone, Default)]
struct NaiveSource {
    content: Content,
    lost: bool,
    retired: bool,
}

/// A record and what it turns into what.
#[derive(Debug, Clone)]
struct Written {
    record: Record,
    source: usize,
    root_before: Root,
    before: Content,
    after: Content,
    unseen: bool,
}

impl Naive {
    fn connect(&mut self, epoch: &[u8], key: u32) -> bool {
        if self.epoch != epoch {
            self.epochs += usize::from(!self.epoch.is_empty());
            (self.epoch, self.applied) = (epoch.to_vec(), 0);
        }
        let rekeyed = self.key != 0 && self.key != key;
        self.key = key;
        rekeyed
    }

    /// Sources to ask for, given the agent's roots (content, pending).
    fn compare(&mut self, roots: &BTreeMap<usize, (Root, Content, bool)>) -> BTreeSet<usize> {
        let mut ask = BTreeSet::new();
        for (source, (_, content, pending)) in roots {
            let known = self.sources.get_mut(source);
            let same = match &known {
                Some(known) => !known.lost && !known.retired && known.content == *content,
                None => content.is_empty(),
            };
            if same || (*pending && content.is_empty()) {
                continue;
            }
            ask.insert(*source);
            if let Some(known) = known {
                known.lost = true;
            }
        }
        for (source, known) in &mut self.sources {
            known.retired |= !roots.contains_key(source);
        }
        ask
    }

    /// Applies a record; gives whether its source has to be asked for.
    fn apply(&mut self, written: &Written, incomparable: bool) -> bool {
        let seq = written.record.seq;
        if seq <= self.applied {
            return false;
        }
        self.gaps += usize::from(seq != self.applied + 1);
        self.applied = seq;
        match &written.record.body {
            RecordBody::Delta(_) => self.delta(written),
            RecordBody::Snapshot(snapshot) => {
                self.snapshot(written, snapshot.reason, incomparable);
                false
            }
            RecordBody::Retired => {
                if let Some(known) = self.sources.get_mut(&written.source) {
                    known.retired = true;
                }
                false
            }
            RecordBody::Gap(_) | RecordBody::Problems(_) | RecordBody::Amendment(_) => false,
        }
    }

    fn delta(&mut self, written: &Written) -> bool {
        let known = self.sources.entry(written.source).or_default();
        let fits = !known.lost && known.content == written.before;
        let ask = !fits && !known.lost;
        known.lost = !fits;
        known.retired = false;
        for key in differing(&written.before, &written.after) {
            match written.after.get(&key) {
                Some(digest) => _ = known.content.insert(key, *digest),
                None => _ = known.content.remove(&key),
            }
        }
        let mut marks = if fits { Vec::new() } else { vec![Mark::Resynchronised] };
        if written.unseen {
            marks.insert(0, Mark::Unobserved);
        }
        self.tell(written, &written.before, &marks);
        ask
    }

    fn snapshot(&mut self, written: &Written, reason: SnapshotReason, incomparable: bool) {
        let known = self
            .sources
            .insert(written.source, NaiveSource { content: written.after.clone(), ..NaiveSource::default() });
        let Some(known) = known else { return };
        match reason {
            SnapshotReason::First if !incomparable => {
                self.tell(written, &known.content, &[Mark::Unobserved, Mark::Coalesced]);
            }
            SnapshotReason::Resync if !incomparable => {
                self.tell(written, &known.content, &[Mark::Unobserved, Mark::Coalesced, Mark::Resynchronised]);
            }
            _ => {}
        }
    }

    fn tell(&mut self, written: &Written, before: &Content, marks: &[Mark]) {
        for key in differing(before, &written.after) {
            self.told.push((
                self.epoch.clone(),
                written.record.seq,
                named(written.source).name.to_string(),
                key.clone(),
                before.get(&key).copied(),
                written.after.get(&key).copied(),
                marks.to_vec(),
            ));
        }
    }
}

fn differing(a: &Content, b: &Content) -> BTreeSet<ItemKey> {
    a.keys().chain(b.keys()).filter(|key| a.get(*key) != b.get(*key)).cloned().collect()
}

/// An agent: what its files say and what it has not had acknowledged.
struct Agent {
    epoch: u8,
    instance: u8,
    key: u32,
    seq: u64,
    now: [Option<Values>; SOURCES],
    journal: Vec<Written>,
}

impl Agent {
    fn observation(&self, source: usize) -> Observation {
        self.now[source].as_ref().map(|values| observed(values, self.key)).unwrap_or_default()
    }

    fn write(&mut self, source: usize, before: Observation, body: RecordBody, unseen: bool) {
        self.seq += 1;
        let after = content(&self.observation(source));
        let (root_before, before) = (before.root(), content(&before));
        let unobserved_since_ms = unseen.then_some(3);
        let record = Record::new(self.seq, Some(named(source)), 5, unobserved_since_ms, body);
        self.journal.push(Written { record, source, root_before, before, after, unseen });
    }

    fn edit(&mut self, source: usize, values: Values, unseen: bool) {
        let before = self.now[source].replace(values.clone());
        match before {
            None => self.snapshot(source, Observation::default(), SnapshotReason::First),
            Some(before) => {
                let before = observed(&before, self.key);
                if let Some(delta) = diff(&before, &observed(&values, self.key)) {
                    self.write(source, before, RecordBody::Delta(delta), unseen);
                }
            }
        }
    }

    fn snapshot(&mut self, source: usize, before: Observation, reason: SnapshotReason) {
        let Some(values) = &self.now[source] else { return };
        let observation = observed(values, self.key);
        let body = RecordBody::Snapshot(Snapshot { reason, root: observation.root(), observation });
        self.write(source, before, body, false);
    }

    /// The roots as of what was acknowledged.
    fn roots(&self) -> BTreeMap<usize, (Root, Content, bool)> {
        let mut roots = BTreeMap::new();
        for source in 0..SOURCES {
            match self.journal.iter().find(|written| written.source == source) {
                Some(first) => _ = roots.insert(source, (first.root_before, first.before.clone(), true)),
                None if self.now[source].is_some() => {
                    let now = self.observation(source);
                    roots.insert(source, (now.root(), content(&now), false));
                }
                None => {}
            }
        }
        roots
    }
}

/// A collector over a store that can be put back to an earlier day.
struct Collector {
    dir: tempfile::TempDir,
    store: Option<(Store, Writer)>,
    parts: Arc<SessionParts>,
    backup: Option<(PathBuf, Naive)>,
    naive: Naive,
}

fn options() -> StoreOptions {
    StoreOptions { cache_bytes: CACHE_BYTES, ..StoreOptions::default() }
}

fn opened(dir: &std::path::Path) -> (Store, Writer) {
    let store = Store::open(dir, EngineKind::Redb, options()).unwrap();
    let writer = store.writer().unwrap();
    (store, writer)
}

/// A writer that nobody runs: every step here is carried out by hand.
fn idle_recorder(dir: &std::path::Path) -> Recorder {
    let (store, writer) = opened(dir);
    let (notifier, _) = Notifier::new(&[]);
    crate::record::stage(RecordParts {
        store,
        writer,
        clock: Clock::manual(10),
        notifier,
        health: Arc::default(),
        metrics: Arc::default(),
        stop: tokio_util::sync::CancellationToken::new(),
    })
    .0
}

impl Collector {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let parts = SessionParts {
            recorder: idle_recorder(&dir.path().join("idle")),
            pepper: pepper(),
            live: Arc::default(),
            clock: Clock::manual(10),
            silence: Duration::from_secs(1),
            metrics: Arc::new(Metrics::default()),
            classes: Arc::default(),
            budgets: crate::session::budget::Budgets::default(),
        };
        let store = Some(opened(&dir.path().join("store")));
        Self { dir, store, parts: Arc::new(parts), backup: None, naive: Naive::default() }
    }

    fn step<T>(&mut self, committed: bool, step: impl FnOnce(&mut Draft<'_>) -> T) -> T {
        let (store, writer) = self.store.as_mut().unwrap();
        let (reader, routes) = (store.reader().unwrap(), Routes::default());
        let mut draft = Draft::new(&reader, 10, &routes);
        let made = step(&mut draft);
        let operations = draft.finish();
        if committed {
            writer.commit(Batch { operations, now_ms: 10 }).unwrap();
        }
        made
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("store").join(EngineKind::Redb.file_name())
    }

    fn back_up(&mut self) {
        self.store = None;
        let copy = self.dir.path().join("backup");
        std::fs::copy(self.file(), &copy).unwrap();
        self.backup = Some((copy, self.naive.clone()));
        self.store = Some(opened(&self.dir.path().join("store")));
    }

    fn restore(&mut self) {
        let Some((copy, naive)) = self.backup.clone() else { return };
        self.store = None;
        std::fs::copy(copy, self.file()).unwrap();
        self.naive = naive;
        self.store = Some(opened(&self.dir.path().join("store")));
    }

    fn facts(&self) -> Vec<Fact> {
        let reader = self.store.as_ref().unwrap().0.reader().unwrap();
        let (mut facts, mut after) = (Vec::new(), None);
        loop {
            let query =
                EntryQuery { filter: EntryFilter::Changes, after_id: after, limit: 1000, ..EntryQuery::default() };
            let page = reader.entries(&query).unwrap();
            for entry in page.entries {
                let EntryBody::Change(change) = entry.body else { panic!("asked for changes") };
                let digest = |side: Option<driftline_store::Side>| side.map(|side| side.digest);
                let (before, after) = (digest(change.before), digest(change.after));
                let source = change.source.to_string();
                facts.push((change.agent_epoch, change.agent_seq, source, change.key, before, after, change.marks));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return facts,
            }
        }
    }

    fn events(&self, kind: EventKind) -> usize {
        let reader = self.store.as_ref().unwrap().0.reader().unwrap();
        let query = EntryQuery { filter: EntryFilter::Events, limit: 1000, ..EntryQuery::default() };
        let page = reader.entries(&query).unwrap();
        page.entries.iter().filter(|entry| matches!(&entry.body, EntryBody::Event(event) if event.kind == kind)).count()
    }
}

/// An open stream.
struct Stream {
    id: SessionId,
    orders: (Orders, mpsc::UnboundedReceiver<Order>),
    acked: (Arc<watch::Sender<u64>>, watch::Receiver<u64>),
    lineage: crate::session::lineage::Lineage,
    naive_rekeyed: BTreeSet<usize>,
    rekeyed: bool,
    sent: u64,
    /// What went over it, to be sent again.
    past: Vec<Written>,
}

struct World {
    collector: Collector,
    agent: Agent,
    stream: Option<Stream>,
}

fn identity() -> PeerIdentity {
    PeerIdentity {
        agent: driftline_wire::identity::AgentId::new("a1").unwrap(),
        host: host_name(),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
    }
}

impl World {
    fn new() -> Self {
        let agent = Agent { epoch: 1, instance: 1, key: 1, seq: 0, now: [None, None], journal: Vec::new() };
        Self { collector: Collector::new(), agent, stream: None }
    }

    fn hello(&self) -> Hello {
        Hello {
            protocol: PROTOCOL,
            agent_version: "test".to_owned(),
            canonical_form: 1,
            epoch: Epoch([self.agent.epoch; 16]),
            instance: Instance([self.agent.instance; 16]),
            boot_id: String::new(),
            fleet_key_epoch: KeyEpoch(self.agent.key),
            sent_ms: 10,
            facts: driftline_wire::convert::HostFacts::default(),
            sources: 2,
        }
    }

    /// A new stream; gives whether the collector called everything verified.
    fn connect(&mut self) -> bool {
        let (parts, hello) = (Arc::clone(&self.collector.parts), self.hello());
        let (id, orders) = (parts.live.new_session(), mpsc::unbounded_channel());
        let door = Door {
            parts: Arc::clone(&parts),
            live: Arc::clone(&parts.live),
            id,
            orders: orders.0.clone(),
            identity: identity(),
            serial: vec![1],
        };
        let opened = self.collector.step(true, |draft| door.connect(draft, hello)).unwrap().unwrap();
        let rekeyed = self.collector.naive.connect(&[self.agent.epoch; 16], self.agent.key);
        assert_eq!(opened.incomparable, rekeyed);
        assert_eq!(opened.acked, self.collector.naive.applied);
        let first = self.agent.journal.first().map_or(self.agent.seq + 1, |written| written.record.seq);
        if opened.acked > self.agent.seq || opened.acked + 1 < first {
            // The agent sees that one of the two was restored.
            self.begin_epoch();
            return self.connect();
        }
        self.agent.journal.retain(|written| written.record.seq > opened.acked);
        let acked = watch::channel(opened.acked);
        self.stream = Some(Stream {
            id,
            orders,
            acked: (Arc::new(acked.0), acked.1),
            lineage: crate::session::lineage::Lineage::new(rekeyed),
            naive_rekeyed: BTreeSet::new(),
            rekeyed,
            sent: opened.acked,
            past: Vec::new(),
        });
        self.compare(&parts)
    }

    fn compare(&mut self, parts: &SessionParts) -> bool {
        let roots = self.agent.roots();
        let told: Vec<SourceRoot> = roots
            .iter()
            .map(|(source, (root, _, pending))| SourceRoot { source: named(*source), root: *root, pending: *pending })
            .collect();
        let compared = self.collector.step(true, |draft| compare(draft, &host_name(), &told, parts)).unwrap();
        let wanted = self.collector.naive.compare(&roots);
        let asked: BTreeSet<SourceName> = compared.ask.iter().cloned().collect();
        assert_eq!(asked, wanted.iter().map(|source| named(*source).name).collect());
        wanted.iter().for_each(|source| self.resend(*source));
        compared.verified
    }

    fn resend(&mut self, source: usize) {
        let before = self.agent.observation(source);
        self.agent.snapshot(source, before, SnapshotReason::Resync);
    }

    /// Sends some of the journal in one commit; lost if it never returns.
    fn deliver(&mut self, count: usize, again: usize, committed: bool) {
        let Some(mut stream) = self.stream.take() else { return };
        let fresh = self.agent.journal.iter().filter(|written| written.record.seq > stream.sent).take(count);
        let old = stream.past.iter().rev().take(again).rev().cloned();
        let batch: Vec<Written> = old.chain(fresh.cloned()).collect();
        let works: Vec<(RecordWork, Record)> =
            batch.iter().map(|written| (self.work(&mut stream, &written.record), written.record.clone())).collect();
        let replies = self.collector.step(committed, |draft| {
            works.into_iter().map(|(work, record)| work.apply(draft, record).unwrap()).collect::<Vec<_>>()
        });
        if !committed {
            return;
        }
        replies.into_iter().for_each(|reply| reply());
        let mut wanted = Vec::new();
        for written in &batch {
            let snapshot = matches!(written.record.body, RecordBody::Snapshot(_));
            let old_key = stream.rekeyed && snapshot && stream.naive_rekeyed.insert(written.source);
            if self.collector.naive.apply(written, old_key) {
                wanted.push(written.source);
            }
            stream.sent = stream.sent.max(written.record.seq);
        }
        let acked = *stream.acked.1.borrow();
        assert!(batch.is_empty() || acked == self.collector.naive.applied, "acknowledged what is on disk");
        self.agent.journal.retain(|written| written.record.seq > acked);
        let mut asked = Vec::new();
        while let Ok(order) = stream.orders.1.try_recv() {
            let Order::SendAll { source, .. } = order else { panic!("{order:?}") };
            asked.push(source);
        }
        assert_eq!(asked, wanted.iter().map(|source| named(*source).name).collect::<Vec<_>>());
        stream.past.extend(batch);
        self.stream = Some(stream);
        wanted.into_iter().for_each(|source| self.resend(source));
    }

    fn work(&self, stream: &mut Stream, record: &Record) -> RecordWork {
        RecordWork {
            parts: Arc::clone(&self.collector.parts),
            id: stream.id,
            identity: identity(),
            orders: stream.orders.0.clone(),
            acked: Arc::clone(&stream.acked.0),
            incomparable: stream.lineage.incomparable(record),
        }
    }

    /// The agent's state directory is lost: it finds its files anew.
    fn begin_epoch(&mut self) {
        self.agent.epoch += 1;
        self.agent.instance += 1;
        self.agent.seq = 0;
        self.agent.journal.clear();
        for source in 0..SOURCES {
            self.agent.snapshot(source, Observation::default(), SnapshotReason::First);
        }
        self.stream = None;
    }

    fn rekey(&mut self) {
        let before: Vec<Observation> = (0..SOURCES).map(|source| self.agent.observation(source)).collect();
        self.agent.key += 1;
        self.agent.instance += 1;
        for (source, before) in before.into_iter().enumerate() {
            self.agent.snapshot(source, before, SnapshotReason::Rekey);
        }
        self.stream = None;
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Edit(source, values, unseen) => self.agent.edit(source, values, unseen),
            Act::Forget(source, values) => {
                if self.agent.now[source].is_some() {
                    self.agent.now[source] = Some(values);
                }
            }
            Act::Deliver(count, again) => self.deliver(count, again, true),
            Act::Crash(count) => self.deliver(count, 0, false),
            Act::Skip => {
                // A record that never arrives while the ones after it do.
                if let Some(stream) = &mut self.stream {
                    let behind = self.agent.journal.iter().position(|written| written.record.seq > stream.sent);
                    if let Some(index) = behind.filter(|index| index + 1 < self.agent.journal.len()) {
                        self.agent.journal.remove(index);
                    }
                }
            }
            Act::Connect => _ = self.connect(),
            Act::Restart => {
                self.agent.instance += 1;
                self.connect();
            }
            Act::NewEpoch => self.begin_epoch(),
            Act::Rekey => self.rekey(),
            Act::Snapshot(source, reason) => {
                let before = self.agent.observation(source);
                self.agent.snapshot(source, before, reason);
            }
            Act::Retire(source) => {
                if self.agent.now[source].is_some() {
                    let before = self.agent.observation(source);
                    self.agent.now[source] = None;
                    self.agent.write(source, before, RecordBody::Retired, false);
                }
            }
            Act::BackUp => self.collector.back_up(),
            Act::Restore => {
                self.collector.restore();
                self.stream = None;
            }
        }
    }

    /// Everything is sent and answered.
    fn settle(&mut self) {
        for _ in 0..20 {
            if self.connect() {
                return;
            }
            for _ in 0..20 {
                self.deliver(usize::MAX, 0, true);
            }
        }
        panic!("never verified");
    }

    fn check(&self) {
        let collector = &self.collector;
        assert_eq!(collector.facts(), collector.naive.told, "each fact once, in order, with its marks");
        assert_eq!(collector.events(EventKind::SequenceGap), collector.naive.gaps);
        assert_eq!(collector.events(EventKind::EpochChanged), collector.naive.epochs + 1);
        let reader = collector.store.as_ref().unwrap().0.reader().unwrap();
        for source in 0..SOURCES {
            let name = named(source).name;
            let stored = reader.source(&host_name(), &name).unwrap();
            let Some(values) = &self.agent.now[source] else {
                assert!(stored.is_none_or(|source| source.retired), "what is not watched is not shown as watched");
                continue;
            };
            let (observation, stored) = (observed(values, self.agent.key), stored.unwrap());
            assert_eq!(stored.root, pepper().root(&observation.root()));
            assert!(!stored.retired);
            let items = reader.items(&host_name(), &name).unwrap();
            assert_eq!(usize::try_from(stored.items).unwrap(), items.len());
            let items: Content = items.into_iter().map(|item| (item.key, item.digest)).collect();
            assert_eq!(items, content(&observation), "the state is the agent's");
        }
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
    }
}

#[derive(Debug, Clone)]
enum Act {
    Edit(usize, Values, bool),
    Forget(usize, Values),
    Deliver(usize, usize),
    Crash(usize),
    Skip,
    Connect,
    Restart,
    NewEpoch,
    Rekey,
    Snapshot(usize, SnapshotReason),
    Retire(usize),
    BackUp,
    Restore,
}

fn act() -> impl Strategy<Value = Act> {
    let values = || proptest::collection::btree_map(0_u8..4, 0_u8..3, 1..5);
    let reason =
        prop_oneof![Just(SnapshotReason::Normaliser), Just(SnapshotReason::Policy), Just(SnapshotReason::Resync)];
    prop_oneof![
        8 => (0..SOURCES, values(), any::<bool>()).prop_map(|(source, values, unseen)| Act::Edit(source, values, unseen)),
        1 => (0..SOURCES, values()).prop_map(|(source, values)| Act::Forget(source, values)),
        8 => (1_usize..5, 0_usize..3).prop_map(|(count, again)| Act::Deliver(count, again)),
        1 => (1_usize..4).prop_map(Act::Crash),
        1 => Just(Act::Skip),
        3 => Just(Act::Connect),
        1 => Just(Act::Restart),
        1 => Just(Act::NewEpoch),
        1 => Just(Act::Rekey),
        1 => (0..SOURCES, reason).prop_map(|(source, reason)| Act::Snapshot(source, reason)),
        1 => (0..SOURCES).prop_map(Act::Retire),
        1 => Just(Act::BackUp),
        1 => Just(Act::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p2_any_history_of_streams_ends_in_the_agents_state_with_each_fact_told_once(
        acts in proptest::collection::vec(act(), 1..40)
    ) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
        }
        world.settle();
        world.check();
    }
}

fn values(pairs: &[(u8, u8)]) -> Values {
    pairs.iter().copied().collect()
}

/// An agent with one source whose first state is stored.
fn settled() -> World {
    let mut world = World::new();
    world.act(Act::Edit(0, values(&[(1, 1), (2, 2)]), false));
    world.connect();
    world.deliver(9, 0, true);
    world
}

#[test]
fn d9_after_a_rekey_a_resend_on_the_same_stream_tells_its_changes() {
    let mut world = settled();
    world.rekey();
    world.connect();
    world.deliver(9, 0, true);
    assert!(world.collector.facts().is_empty(), "another key is no change");
    world.act(Act::Forget(0, values(&[(1, 7), (2, 2)])));
    world.act(Act::Edit(0, values(&[(1, 8), (2, 2)]), false));
    for _ in 0..3 {
        world.deliver(9, 0, true);
    }
    world.act(Act::Forget(0, values(&[(1, 8), (2, 9)])));
    world.act(Act::Snapshot(0, SnapshotReason::Resync));
    world.deliver(9, 0, true);
    let keys: Vec<String> = world.collector.facts().iter().map(|fact| fact.3.to_string()).collect();
    assert_eq!(keys, ["KEY_1", "KEY_2"], "what a resend finds after the rekey is a change");
    world.settle();
    world.check();
}

#[test]
fn d7_records_of_a_stream_that_was_taken_over_are_neither_applied_nor_acknowledged() {
    let mut world = settled();
    let old = world.stream.take().unwrap();
    world.connect();
    let new = world.stream.replace(old);
    world.agent.edit(0, values(&[(1, 3)]), false);
    let record = world.agent.journal[0].record.clone();
    let mut old = world.stream.take().unwrap();
    let work = world.work(&mut old, &record);
    let reply = world.collector.step(true, |draft| work.apply(draft, record)).unwrap();
    reply();
    assert_eq!(*old.acked.1.borrow(), 1);
    assert!(world.collector.facts().is_empty());
    assert!(matches!(old.orders.1.try_recv(), Ok(Order::Close(refusal)) if refusal.kind == RefusalKind::Superseded));
    world.stream = new;
    world.deliver(9, 0, true);
    assert_eq!(world.collector.facts().len(), 2);
    world.settle();
    world.check();
}

#[test]
fn d1_a_commit_that_never_returned_acknowledges_nothing() {
    let mut world = settled();
    world.act(Act::Edit(0, values(&[(1, 3)]), false));
    world.deliver(9, 0, false);
    assert!(world.collector.facts().is_empty());
    world.settle();
    assert_eq!(world.collector.facts().len(), 2);
    world.check();
}
