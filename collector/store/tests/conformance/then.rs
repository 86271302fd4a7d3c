//! State at a past time, against a model that keeps every state.

use std::collections::BTreeMap;

use driftline_compare::Mark;
use driftline_store::record::Side;
use driftline_store::*;
use proptest::prelude::*;

use crate::samples::*;
use crate::{each_engine, open};

const STEP_MS: i64 = 10;
const SOURCES: [&str; 2] = ["app", "worker"];

/// What happens to a source.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// It is watched, for the first time or again, with another value of a key.
    Added,
    Retired,
    /// A key gets a value (0: goes), seen that much before it is recorded.
    Set {
        key: usize,
        value: u64,
        lag_ms: i64,
    },
    /// The same, at some time since then.
    Unseen {
        key: usize,
        value: u64,
        since_ms: i64,
    },
    /// Every digest is made with another key.
    Rekeyed,
    /// A change that does not follow from what is stored, and a resend.
    Lost {
        key: usize,
        value: u64,
    },
    /// Nothing was seen for a while.
    Gap {
        ms: i64,
    },
}

type Values = BTreeMap<String, u64>;

/// Everything that ever was.
#[derive(Default)]
struct Model {
    values: Values,
    watched: bool,
    /// From when on the values were these; none: not watched.
    states: Vec<(i64, Option<Values>)>,
    /// Between which times a key is unknown.
    unknown: Vec<(String, i64, i64)>,
    /// Between which times nothing is known.
    hidden: Vec<(i64, i64)>,
    /// When a key last changed.
    changed: BTreeMap<String, i64>,
    epoch: u64,
}

impl Model {
    fn digest(&self, value: u64) -> StoredDigest {
        digest(self.epoch * 1_000_000 + value)
    }

    fn at(&self, time_ms: i64) -> Option<&Values> {
        self.states.iter().rev().find(|(from, _)| *from <= time_ms)?.1.as_ref()
    }

    fn keep(&mut self, time_ms: i64) {
        self.states.push((time_ms, self.watched.then(|| self.values.clone())));
    }
}

struct Run<'a> {
    store: &'a Store,
    writer: &'a mut Writer,
    models: BTreeMap<&'static str, Model>,
    now_ms: i64,
}

fn side(digest: StoredDigest) -> Side {
    Side { digest, secret: false, display: None, line: None, file: None }
}

fn event(name: &str, kind: EventKind, message: &str) -> EntryBody {
    EntryBody::Event(Event {
        kind,
        severity: severity(0),
        environment: None,
        host: Some(host_name("web-1")),
        source: Some(source_name(name)),
        between_ms: None,
        message: message.to_owned(),
    })
}

impl Run<'_> {
    fn commit(&mut self, name: &'static str, entries: Vec<EntryBody>) {
        let model = &self.models[name];
        let host = host_name("web-1");
        let old = self.store.reader().unwrap().items(&host, &source_name(name)).unwrap();
        let keys = old.into_iter().map(|item| item.key).collect();
        let items =
            model.values.iter().map(|(name, value)| ItemRecord { digest: model.digest(*value), ..item(name, 1) });
        let record = SourceRecord { retired: !model.watched, ..source("web-1", name, 1) };
        let operations = vec![
            Operation::PutSource(record),
            Operation::RemoveItems { host: host.clone(), source: source_name(name), keys },
            Operation::PutItems { host, source: source_name(name), items: items.collect() },
            append(entries),
        ];
        self.writer.commit(Batch { operations, now_ms: self.now_ms }).unwrap();
    }

    fn change(&mut self, name: &'static str, key_name: &str, value: u64) -> Change {
        let model = self.models.get_mut(name).unwrap();
        let before = model.values.get(key_name).copied();
        if value == 0 {
            model.values.remove(key_name);
        } else {
            model.values.insert(key_name.to_owned(), value);
        }
        Change {
            host: host_name("web-1"),
            source: source_name(name),
            key: key(key_name),
            before: before.map(|value| side(model.digest(value))),
            after: (value != 0).then(|| side(model.digest(value))),
            observed_ms: self.now_ms,
            unobserved_since_ms: None,
            marks: Vec::new(),
            ..change(1)
        }
    }

    fn step(&mut self, name: &'static str, happening: Happening) {
        self.now_ms += STEP_MS;
        let now_ms = self.now_ms;
        let watched = self.models[name].watched;
        let entries = match happening {
            Happening::Added if !watched => {
                self.models.get_mut(name).unwrap().watched = true;
                let mut entries = vec![event(name, EventKind::SourceAdded, "is watched")];
                if self.models[name].states.is_empty() {
                    // The first values are no changes.
                    let first = [(KEYS[0].to_owned(), 1), (KEYS[1].to_owned(), 2)];
                    self.models.get_mut(name).unwrap().values = first.into();
                } else {
                    entries.push(self.unseen(name, KEYS[0], u64::try_from(now_ms).unwrap(), now_ms - 5));
                }
                entries
            }
            Happening::Retired if watched => {
                self.models.get_mut(name).unwrap().watched = false;
                vec![event(name, EventKind::SourceRetired, "is no longer watched")]
            }
            Happening::Set { key, value, lag_ms } if watched => {
                let made = Change { observed_ms: now_ms - lag_ms, ..self.change(name, KEYS[key], value) };
                let model = self.models.get_mut(name).unwrap();
                model.changed.insert(KEYS[key].to_owned(), now_ms - lag_ms);
                model.keep(now_ms - lag_ms);
                return self.commit(name, vec![EntryBody::Change(made)]);
            }
            Happening::Unseen { key, value, since_ms } if watched => {
                vec![self.unseen(name, KEYS[key], value, now_ms - since_ms)]
            }
            Happening::Rekeyed if watched => {
                let model = self.models.get_mut(name).unwrap();
                model.hidden.push((i64::MIN, now_ms));
                model.epoch += 1;
                vec![event(name, EventKind::Resynchronised, &format!("2 items{ANOTHER_FORM}rotated"))]
            }
            Happening::Lost { key, value } if watched => return self.lost(name, KEYS[key], value),
            Happening::Gap { ms } => {
                self.models.get_mut(name).unwrap().hidden.push((now_ms - ms, now_ms));
                let EntryBody::Event(gap) = event(name, EventKind::Gap, "overflow") else { return };
                vec![EntryBody::Event(Event { between_ms: Some((now_ms - ms, now_ms)), ..gap })]
            }
            _ => return,
        };
        self.models.get_mut(name).unwrap().keep(now_ms);
        self.commit(name, entries);
    }

    fn unseen(&mut self, name: &'static str, key_name: &str, value: u64, since_ms: i64) -> EntryBody {
        let made = Change { unobserved_since_ms: Some(since_ms), ..self.change(name, key_name, value) };
        let model = self.models.get_mut(name).unwrap();
        model.unknown.push((key_name.to_owned(), since_ms, self.now_ms));
        model.changed.insert(key_name.to_owned(), self.now_ms);
        EntryBody::Change(made)
    }

    fn lost(&mut self, name: &'static str, key_name: &str, value: u64) {
        let told = self.change(name, key_name, value);
        let marks = vec![Mark::Resynchronised];
        let entries = vec![
            event(name, EventKind::RootMismatch, "does not follow"),
            EntryBody::Change(Change { before: Some(side(digest(777))), marks, ..told }),
        ];
        let model = self.models.get_mut(name).unwrap();
        let since = model.changed.insert(key_name.to_owned(), self.now_ms).unwrap_or(i64::MIN);
        model.unknown.push((key_name.to_owned(), since, self.now_ms));
        model.hidden.push((self.now_ms, self.now_ms + 4));
        model.keep(self.now_ms);
        self.commit(name, entries);
        self.now_ms += 4;
        self.models.get_mut(name).unwrap().keep(self.now_ms);
        self.commit(name, vec![event(name, EventKind::Resynchronised, "agree again")]);
    }

    fn check(&self, time_ms: i64) {
        let then = self.store.reader().unwrap().items_at(&host_name("web-1"), time_ms).unwrap();
        assert_eq!(then.hidden, None);
        for (name, model) in &self.models {
            let found = then.sources.iter().find(|one| one.source.source == source_name(name));
            let Some(values) = model.at(time_ms) else {
                assert!(found.is_none(), "{name} at {time_ms} was not watched");
                continue;
            };
            let found = found.unwrap_or_else(|| panic!("{name} at {time_ms} was watched"));
            let hidden = model.hidden.iter().any(|(from, to)| (*from..*to).contains(&time_ms));
            assert_eq!(found.hidden.is_some(), hidden, "{name} at {time_ms}: {:?}", found.hidden);
            if hidden {
                continue;
            }
            let mut unknown: Vec<&str> = model
                .unknown
                .iter()
                .filter(|(_, from, to)| (*from..*to).contains(&time_ms))
                .map(|(key, ..)| key.as_str())
                .collect();
            unknown.sort_unstable();
            unknown.dedup();
            let said: Vec<&str> = found.unknown.iter().map(|key| key.as_str()).collect();
            assert_eq!(said, unknown, "{name} at {time_ms}");
            let known = |key: &&str| !unknown.contains(key);
            let was: Vec<(&str, StoredDigest)> =
                found.items.iter().map(|item| (item.key.as_str(), item.digest)).filter(|(key, _)| known(key)).collect();
            let wanted: Vec<(&str, StoredDigest)> = values
                .iter()
                .map(|(key, value)| (key.as_str(), model.digest(*value)))
                .filter(|(key, _)| known(key))
                .collect();
            assert_eq!(was, wanted, "{name} at {time_ms}");
        }
    }
}

fn play(store: &Store, writer: &mut Writer, happenings: &[(usize, Happening)]) {
    let models = SOURCES.iter().map(|name| (*name, Model::default())).collect();
    let mut run = Run { store, writer, models, now_ms: 1_000 };
    for (source, happening) in happenings {
        run.step(SOURCES[*source], *happening);
    }
    for time_ms in 1_000..=run.now_ms + 1 {
        run.check(time_ms);
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    let set = (0..3_usize, 0..4_u64, 0..6_i64).prop_map(|(key, value, lag_ms)| Happening::Set { key, value, lag_ms });
    let unseen =
        (0..3_usize, 1..4_u64, 1..4_i64).prop_map(|(key, value, since_ms)| Happening::Unseen { key, value, since_ms });
    let lost = (0..3_usize, 1..4_u64).prop_map(|(key, value)| Happening::Lost { key, value });
    prop_oneof![
        3 => Just(Happening::Added),
        1 => Just(Happening::Retired),
        10 => set,
        2 => unseen,
        1 => Just(Happening::Rekeyed),
        1 => lost,
        1 => (1..4_i64).prop_map(|ms| Happening::Gap { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_past_state_is_the_one_that_was_or_said_to_be_unknown(
        happenings in proptest::collection::vec((0..SOURCES.len(), happening()), 1..30),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), EngineKind::Redb);
        let mut writer = store.writer().unwrap();
        play(&store, &mut writer, &happenings);
    }
}

#[test]
fn both_engines_walk_back_alike() {
    let happenings = [
        (0, Happening::Added),
        (1, Happening::Added),
        (0, Happening::Set { key: 0, value: 5, lag_ms: 3 }),
        (0, Happening::Set { key: 2, value: 6, lag_ms: 0 }),
        (1, Happening::Unseen { key: 1, value: 3, since_ms: 4 }),
        (0, Happening::Lost { key: 0, value: 9 }),
        (0, Happening::Retired),
        (1, Happening::Rekeyed),
        (0, Happening::Added),
        (0, Happening::Gap { ms: 3 }),
        (1, Happening::Set { key: 0, value: 0, lag_ms: 5 }),
    ];
    each_engine(|store, writer| play(store, writer, &happenings));
}

#[test]
fn a_forgotten_host_and_a_gap_of_the_agent_hide_what_was() {
    each_engine(|store, writer| {
        let of_host = |kind, between_ms| {
            let EntryBody::Event(one) = event("app", kind, "said") else { unreachable!() };
            append(vec![EntryBody::Event(Event { source: None, between_ms, ..one })])
        };
        writer.commit(Batch { operations: vec![Operation::PutSource(source("web-1", "app", 1))], now_ms: 1 }).unwrap();
        let gap = of_host(EventKind::Gap, Some((10, 20)));
        writer.commit(Batch { operations: vec![gap], now_ms: 20 }).unwrap();
        let at = |at_ms| store.reader().unwrap().items_at(&host_name("web-1"), at_ms).unwrap();
        assert!(at(15).sources[0].hidden.as_ref().unwrap().contains("a gap"));
        assert_eq!((at(5).sources[0].hidden.clone(), at(20).sources[0].hidden.clone()), (None, None));
        let forgotten = of_host(EventKind::HostForgotten, None);
        writer.commit(Batch { operations: vec![forgotten], now_ms: 30 }).unwrap();
        assert!(at(29).hidden.is_some() && at(29).sources.is_empty());
        assert!(at(30).hidden.is_none());
        let nobody = store.reader().unwrap().items_at(&host_name("nobody"), 5).unwrap();
        assert_eq!(nobody, HostThen::default());
    });
}
