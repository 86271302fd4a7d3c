//! Random batches against a naive model in memory: every call of a reader has
//! to give what reading everything would.
//!
//! The model has no index: it keeps what was put and filters lists.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Confidence, Environment, HostName, ItemKey, SourceKind, SourceName};
use driftline_store::*;
use proptest::prelude::*;

use crate::open;
use crate::samples::*;

#[derive(Debug, Default)]
pub(crate) struct Model {
    hosts: BTreeMap<String, HostRecord>,
    sources: BTreeMap<(HostName, SourceName), SourceRecord>,
    items: BTreeMap<(HostName, SourceName, ItemKey), ItemRecord>,
    entries: Vec<Entry>,
    /// The first entry of the chain; 0 for the first ever.
    pub(crate) first: u64,
    /// Entries that were kept when what was before the first went.
    pub(crate) kept: BTreeSet<u64>,
    alerts: BTreeMap<u64, AlertRecord>,
    last_alert: u64,
    tokens: BTreeMap<String, TokenRecord>,
    operators: BTreeMap<String, OperatorRecord>,
}

impl Model {
    pub(crate) fn commit(&mut self, batch: &Batch) {
        for operation in &batch.operations {
            self.apply(operation, batch.now_ms);
        }
    }

    fn apply(&mut self, operation: &Operation, now_ms: i64) {
        match operation.clone() {
            Operation::PutHost(host) => drop(self.hosts.insert(host.host.as_str().to_owned(), host)),
            Operation::PutSource(one) => drop(self.sources.insert((one.host.clone(), one.source.clone()), one)),
            Operation::PutItems { host, source, items } => self
                .items
                .extend(items.into_iter().map(|item| ((host.clone(), source.clone(), item.key.clone()), item))),
            Operation::RemoveItems { host, source, keys } => keys.into_iter().for_each(|key| {
                self.items.remove(&(host.clone(), source.clone(), key));
            }),
            Operation::RemoveSources(gone) => {
                self.sources.retain(|(host, _), _| *host != gone);
                self.items.retain(|(host, _, _), _| *host != gone);
            }
            Operation::Append { entries, alerts } => self.append(entries, alerts, now_ms),
            Operation::AlertDone(id) => drop(self.alerts.remove(&id)),
            Operation::AlertDeferred { id, attempts, next_attempt_ms } => {
                if let Some(alert) = self.alerts.get_mut(&id) {
                    (alert.attempts, alert.next_attempt_ms) = (attempts, next_attempt_ms);
                }
            }
            Operation::PutToken(token) => drop(self.tokens.insert(token.id.clone(), token)),
            Operation::Alert { .. } => unreachable!("an alert of earlier entries has a test of its own"),
            Operation::Document(_) => unreachable!("documents have a suite of their own"),
            Operation::Cut(_) | Operation::DropKept(_) => unreachable!("who cuts says what is left"),
            Operation::PutOperator(one) => drop(self.operators.insert(one.name.clone(), one)),
        }
    }

    fn append(&mut self, bodies: Vec<EntryBody>, alerts: Vec<(String, Vec<u32>)>, now_ms: i64) {
        let first = u64::try_from(self.entries.len()).unwrap() + 1;
        for (id, body) in (first..).zip(bodies) {
            self.entries.push(Entry { id, recorded_ms: now_ms, body });
        }
        for (route, told) in alerts {
            self.last_alert += 1;
            let entries = told.iter().map(|&index| first + u64::from(index)).collect();
            let alert = AlertRecord { id: self.last_alert, route, entries, attempts: 0, next_attempt_ms: now_ms };
            self.alerts.insert(alert.id, alert);
        }
    }

    fn matching(&self, query: &EntryQuery) -> Vec<Entry> {
        let in_cursor = |entry: &&Entry| {
            query.before_id.is_none_or(|before| entry.id < before)
                && query.after_id.is_none_or(|after| entry.id > after)
        };
        let by_key = query.key.is_some() || query.key_pattern.as_ref().is_some_and(|pattern| !pattern.contains('*'));
        let is_there =
            |entry: &&Entry| entry.id >= self.first || (query.kept_too && by_key && self.kept.contains(&entry.id));
        let answers = |entry: &&Entry| is_there(entry) && query.matches(&self.joined(entry));
        let mut found: Vec<_> = self.entries.iter().filter(in_cursor).filter(answers).cloned().collect();
        if query.newest_first {
            found.reverse();
        }
        found
    }

    /// A change with the actor that is known by now: the surest, and of equally
    /// sure ones the last.
    fn joined(&self, entry: &Entry) -> Entry {
        let mut joined = entry.clone();
        let EntryBody::Change(change) = &mut joined.body else { return joined };
        let own = change.beside.actor.as_ref().map(|actor| actor.confidence);
        let amends = |other: &&Entry| match &other.body {
            EntryBody::Amendment(one) => {
                (&one.host, &one.agent_epoch, one.agent_seq) == (&change.host, &change.agent_epoch, change.agent_seq)
            }
            _ => false,
        };
        let left = self.entries.iter().filter(|other| other.id >= self.first || self.kept.contains(&other.id));
        let amendments = left.filter(amends).filter_map(|other| match &other.body {
            EntryBody::Amendment(one) => Some(&one.actor),
            _ => None,
        });
        if let Some(actor) = amendments.max_by_key(|actor| actor.confidence)
            && own.is_none_or(|own| own <= actor.confidence)
        {
            change.beside.actor = Some(actor.clone());
        }
        joined
    }

    fn counts(&self, since_ms: i64) -> BTreeMap<Environment, SeverityCounts> {
        let mut counts: BTreeMap<Environment, SeverityCounts> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.id >= self.first) {
            let EntryBody::Change(change) = &entry.body else { continue };
            if entry.recorded_ms.div_euclid(60_000) < since_ms.div_euclid(60_000) {
                continue;
            }
            let of = counts.entry(change.environment.clone()).or_default();
            match change.severity {
                driftline_compare::Severity::Info => of.info += 1,
                driftline_compare::Severity::Warning => of.warning += 1,
                driftline_compare::Severity::Critical => of.critical += 1,
            }
        }
        counts
    }
}

fn place() -> impl Strategy<Value = (HostName, SourceName)> {
    (0..4_usize, 0..2_usize).prop_map(|(host, source)| {
        (host_name(["dev-0", "dev-1", "staging-0", "production-0"][host]), source_name(["app", "worker"][source]))
    })
}

fn appended() -> impl Strategy<Value = Operation> {
    let entries = prop::collection::vec(0..500_u64, 1..40);
    let alerts = prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..4), 0..3);
    (entries, alerts).prop_map(|(entries, alerts)| {
        let pick = |index: prop::sample::Index| u32::try_from(index.index(entries.len())).unwrap();
        let alerts = alerts.into_iter().map(|told| ("hook".to_owned(), told.into_iter().map(pick).collect()));
        Operation::Append {
            alerts: alerts.collect(),
            entries: entries.iter().map(|&number| any_body(number)).collect(),
        }
    })
}

/// Every seventh entry amends the change of a number near its own.
fn any_body(number: u64) -> EntryBody {
    let (login, confidence) =
        if number.is_multiple_of(2) { ("alice", Confidence::Exact) } else { ("carol", Confidence::Probable) };
    if number % 11 == 10 {
        return rejudgement(number % 5, &change(number));
    }
    if number % 7 == 6 { amendment(&change(number - number % 3), login, confidence) } else { body(number) }
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0..4_usize, 0..3_usize).prop_map(|(name, environment)| Operation::PutHost(host(
            ["a", "b", "dev-0", "z"][name],
            ENVIRONMENTS[environment]
        ))),
        (place(), 0..9_u32).prop_map(|((host, name), items)| Operation::PutSource(source(
            host.as_str(),
            name.as_str(),
            items
        ))),
        // Now and then more than sled may take at once.
        (place(), prop_oneof![1..20_u64, 190..420_u64], any::<u16>()).prop_map(|((host, source), count, value)| {
            let items = (0..count).map(|number| item(&format!("K{number}"), number + u64::from(value))).collect();
            Operation::PutItems { host, source, items }
        }),
        (place(), 0..300_u64, 1..300_u64).prop_map(|((host, source), from, count)| {
            let keys = (from..from + count).map(|number| key(&format!("K{number}"))).collect();
            Operation::RemoveItems { host, source, keys }
        }),
        place().prop_map(|(host, _)| Operation::RemoveSources(host)),
        appended(),
        appended(),
        (0..12_u64).prop_map(Operation::AlertDone),
        (0..12_u64, 0..5_u32, -50..50_i64).prop_map(|(id, attempts, next_attempt_ms)| Operation::AlertDeferred {
            id,
            attempts,
            next_attempt_ms
        }),
        (0..3_usize).prop_map(|id| Operation::PutToken(token(["t1", "t2", "t3"][id]))),
        (0..3_u8, 0..3_u8).prop_map(|(name, hash)| {
            // Tokens are random: two operators never have the same.
            Operation::PutOperator(operator(["ada", "bob", "eve"][usize::from(name)], name * 10 + hash))
        }),
    ]
}

pub(crate) fn a_batch() -> impl Strategy<Value = Batch> {
    // Times near each other and far apart, forwards and backwards.
    let now_ms = prop_oneof![0..200_000_i64, -10_000_000..10_000_000_i64];
    (prop::collection::vec(operation(), 1..6), now_ms).prop_map(|(operations, now_ms)| Batch { operations, now_ms })
}

pub(crate) fn a_query() -> impl Strategy<Value = EntryQuery> {
    let places = (
        prop::option::of((0..3_usize).prop_map(|index| environment(ENVIRONMENTS[index]))),
        prop::option::of(place()),
        prop::option::weighted(0.2, prop::sample::select(vec![SourceKind::File, SourceKind::EnvFile])),
        prop::option::weighted(0.2, prop::sample::select(vec![EventKind::Gap, EventKind::Collector])),
        prop::option::weighted(0.4, prop::sample::select(vec!["DB_HOST", "DB_*", "*URL", "*_*", "@*", "LOG_LEVEL"])),
        prop::option::weighted(0.2, prop::sample::select(KEYS.to_vec())),
        prop::option::weighted(0.3, prop::sample::select(driftline_compare::Verdict::ALL.to_vec())),
    );
    let bounds = (
        prop::option::weighted(0.5, prop::sample::select(driftline_compare::Severity::ALL.to_vec())),
        prop::option::weighted(0.3, -10_000_000..10_000_000_i64),
        prop::option::weighted(0.3, -10_000_000..10_000_000_i64),
        prop::sample::select(vec![EntryFilter::All, EntryFilter::Changes, EntryFilter::Events]),
        prop::option::weighted(0.2, 0..300_u64),
        prop::option::weighted(0.2, 0..300_u64),
        (1..30_usize, any::<bool>()),
        prop::option::weighted(0.3, prop::sample::select(vec!["any", "bounded", "local", "anything"])),
        prop::option::weighted(0.3, prop::sample::select(vec!["alice", "BO", "carol", "1000", "nobody"])),
    );
    (places, bounds).prop_map(|((environment, place, source_kind, event_kind, pattern, exact, verdict), bounds)| {
        let (min_severity, since_ms, until_ms, filter, before_id, after_id, (limit, newest_first), opens, actor) =
            bounds;
        let (host, source) = place.unzip();
        EntryQuery {
            environment,
            // Half of the places as host only, so that answers are not all empty.
            source: source.filter(|_| limit % 2 == 0),
            host: host.filter(|_| limit % 3 > 0),
            source_kind,
            event_kind,
            key: exact.map(key),
            key_pattern: pattern.map(str::to_owned),
            opens: opens.and_then(Opens::from_name),
            actor: actor.map(ActorPattern::new),
            verdict,
            min_severity,
            since_ms,
            until_ms,
            filter,
            before_id,
            after_id,
            kept_too: false,
            limit,
            newest_first,
        }
    })
}

fn pages(reader: &Reader, query: &EntryQuery) -> Vec<Entry> {
    let (mut found, mut query) = (Vec::new(), query.clone());
    loop {
        let page = reader.entries(&query).unwrap();
        found.extend(page.entries);
        match page.next {
            Some(next) => query = query.continued(next),
            None => return found,
        }
    }
}

pub(crate) fn compare_state(reader: &Reader, model: &Model) -> Result<(), TestCaseError> {
    let mut hosts: Vec<_> = model.hosts.values().cloned().collect();
    hosts.sort_by_key(|host| (host.environment.clone(), host.host.clone()));
    prop_assert_eq!(reader.hosts().unwrap(), hosts);
    for (host, source) in model.items.keys().map(|(host, source, _)| (host, source)) {
        let items = model.items.iter().filter(|((of, from, _), _)| of == host && from == source);
        prop_assert_eq!(reader.items(host, source).unwrap(), items.map(|(_, item)| item.clone()).collect::<Vec<_>>());
    }
    for name in ["dev-0", "dev-1", "staging-0", "production-0"].map(host_name) {
        let sources = model.sources.iter().filter(|((host, _), _)| *host == name);
        prop_assert_eq!(reader.sources(&name).unwrap(), sources.map(|(_, one)| one.clone()).collect::<Vec<_>>());
    }
    prop_assert_eq!(reader.tokens().unwrap(), model.tokens.values().cloned().collect::<Vec<_>>());
    prop_assert_eq!(reader.operators().unwrap(), model.operators.values().cloned().collect::<Vec<_>>());
    for hash in 0..30_u8 {
        let owner = model.operators.values().find(|one| one.token_hash == [hash; 32]);
        prop_assert_eq!(reader.operator_by_token_hash(&[hash; 32]).unwrap(), owner.cloned());
    }
    Ok(())
}

pub(crate) fn compare_history(reader: &Reader, model: &Model, queries: &[EntryQuery]) -> Result<(), TestCaseError> {
    for query in queries {
        prop_assert_eq!(pages(reader, query), model.matching(query), "{:?}", query);
    }
    for since in [i64::MIN, -60_000, 0, 59_999, 100_000] {
        prop_assert_eq!(reader.change_counts(since).unwrap(), model.counts(since));
    }
    for now in [-10, 0, 25, i64::MAX] {
        let mut due: Vec<_> = model.alerts.values().filter(|alert| alert.next_attempt_ms <= now).cloned().collect();
        due.sort_by_key(|alert| (alert.next_attempt_ms, alert.id));
        prop_assert_eq!(reader.outbox_due(now, 1_000).unwrap(), due);
    }
    prop_assert_eq!(reader.outbox_len().unwrap(), u64::try_from(model.alerts.len()).unwrap());
    let report = reader.verify(|_, _| {}).unwrap();
    prop_assert!(report.is_whole(), "{:?}", report);
    let entries = model.entries.iter().filter(|entry| entry.id >= model.first).count();
    prop_assert_eq!(report.entries, u64::try_from(entries).unwrap());
    Ok(())
}

#[test]
fn every_answer_is_what_reading_everything_would_give() {
    // Each case makes a store on the disk for each engine; regressions are
    // kept as tests, not as files.
    let config = ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() };
    let batches = prop::collection::vec(a_batch(), 1..10);
    let queries = prop::collection::vec(a_query(), 24);
    proptest!(config, |(batches in batches, queries in queries)| {
        for engine in EngineKind::ALL {
            let dir = tempfile::tempdir().unwrap();
            let mut model = Model::default();
            {
                let store = open(dir.path(), engine);
                let mut writer = store.writer().unwrap();
                for batch in &batches {
                    writer.commit(batch.clone()).unwrap();
                    model.commit(batch);
                }
                compare_state(&store.reader().unwrap(), &model)?;
                compare_history(&store.reader().unwrap(), &model, &queries)?;
            }
            let store = open(dir.path(), engine);
            compare_state(&store.reader().unwrap(), &model)?;
            compare_history(&store.reader().unwrap(), &model, &queries[..2])?;
        }
    });
}
