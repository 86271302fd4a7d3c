use std::collections::BTreeMap;
use std::path::Path;

use driftline_canon::{Digest, Item, ItemKey, KeyEpoch, delta};
use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::journal::entry::{Fingerprint, StateHead};
use crate::journal::store::{Meta, Store};

/// Names of which one begins with the other, and the bytes that follow differ.
const NAMES: [&str; 3] = ["app", "app-1", "app/1"];

type Items = BTreeMap<u16, u8>;

fn item(key: u16, value: u8) -> Item {
    Item {
        key: ItemKey::from_bytes(format!("{key:04}").as_bytes()),
        digest: Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    }
}

fn observation(items: &Items) -> Observation {
    Observation::new(items.iter().map(|(key, value)| item(*key, *value)).collect())
}

fn state(observation: Observation) -> SourceState {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n";
    let spec = &Config::parse(Path::new("agent.toml"), text).unwrap().sources[0];
    SourceState {
        head: StateHead { root: observation.root(), kind: spec.kind, path: "/app.env".to_owned() },
        fingerprint: Fingerprint::of(spec, KeyEpoch(1)),
        content: None,
        observed_ms: 7,
        problems: Vec::new(),
        observation,
    }
}

fn name(at: usize) -> SourceName {
    SourceName::new(NAMES[at]).unwrap()
}

struct Room {
    dir: tempfile::TempDir,
    store: Store,
    meta: Meta,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("state.redb")).unwrap();
        Self { dir, store, meta: Meta::new([1; 16], 1) }
    }

    fn again(self) -> Self {
        drop(self.store);
        let store = Store::open(&self.dir.path().join("state.redb")).unwrap();
        Self { store, ..self }
    }

    fn write<T>(&self, change: impl FnOnce(&mut Changes<'_>) -> T) -> T {
        let mut made = None;
        self.store
            .write(&self.meta, |changes| {
                made = Some(change(changes));
                Ok(true)
            })
            .unwrap();
        made.unwrap()
    }

    fn put(&self, at: usize, items: &Items) {
        self.write(|changes| changes.put_source(&name(at), state(observation(items)))).unwrap();
    }

    fn change(&self, at: usize, before: &Items, after: &Items) -> bool {
        let delta = delta::diff(&observation(before), &observation(after));
        let changes = delta.map_or(Vec::new(), |delta| delta.changes);
        let head = SourceState { observation: Observation::default(), ..state(observation(after)) };
        self.write(|txn| txn.change_source(&name(at), head, &changes)).unwrap()
    }

    /// What is stored is this, wherever it is kept; gives the number of blocks.
    fn holds(&self, at: usize, items: Option<&Items>) -> usize {
        let expected = items.map(|items| state(observation(items)));
        assert_eq!(self.store.view().unwrap().source(&name(at)).unwrap(), expected, "{}", NAMES[at]);
        self.write(|changes| {
            assert_eq!(changes.source(&name(at)).unwrap(), expected);
            let row = changes.source_without_items(&name(at)).unwrap();
            let inline = row.is_none_or(|row| !is_elsewhere(&row));
            let blocks = if changes.store.may_have_blocks() { self.check_blocks(changes, at) } else { 0 };
            assert_eq!(blocks == 0, inline, "items are in both places, or in none");
            blocks
        })
    }

    /// The first begins at the least key, none is too large, and each has the
    /// keys that belong to it.
    fn check_blocks(&self, changes: &mut Changes<'_>, at: usize) -> usize {
        let rows = changes.blocks().unwrap().rows(NAMES[at]);
        for (nth, (from, items)) in rows.iter().enumerate() {
            assert!(items.len() <= blocks::BLOCK_ITEMS_MAX, "{} items in a block", items.len());
            assert_eq!(nth == 0, from.is_empty(), "a block that begins at {from:?}");
            let until = rows.get(nth + 1).map(|(from, _)| from.as_str());
            let belongs = |key: &str| key >= from.as_str() && until.is_none_or(|until| key < until);
            assert!(items.iter().all(|item| belongs(item.key.as_str())), "an item in a block of others");
        }
        rows.len()
    }
}

/// Keys from one on, to be put with a value or taken away.
type Span = (u16, u16, Option<u8>);

#[derive(Debug, Clone)]
enum Step {
    Whole(Vec<Span>),
    Part(Vec<Span>),
    Remove,
    Again,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let length = prop_oneof![3 => 1..4_u16, 1 => 1..200_u16, 1 => 200..600_u16];
    let spans = prop::collection::vec((0..600_u16, length, prop::option::weighted(0.6, 0..3_u8)), 1..4);
    let step = prop_oneof![
        4 => spans.clone().prop_map(Step::Whole),
        8 => spans.prop_map(Step::Part),
        1 => Just(Step::Remove),
        1 => Just(Step::Again),
    ];
    prop::collection::vec((0..NAMES.len(), step), 1..20)
}

fn with(items: &Items, spans: &[Span]) -> Items {
    let mut items = items.clone();
    for (from, count, value) in spans {
        for key in *from..(from + count).min(600) {
            match value {
                Some(value) => _ = items.insert(key, *value),
                None => _ = items.remove(&key),
            }
        }
    }
    items
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn items_are_the_same_wherever_they_are_kept(steps in steps()) {
        let mut room = Room::new();
        let mut model: BTreeMap<usize, Items> = BTreeMap::new();
        for (at, step) in steps {
            let before = model.get(&at).cloned();
            match step {
                Step::Whole(spans) => {
                    let after = with(&before.unwrap_or_default(), &spans);
                    room.put(at, &after);
                    model.insert(at, after);
                }
                Step::Part(spans) => {
                    let known = before.clone().unwrap_or_default();
                    let after = with(&known, &spans);
                    prop_assert_eq!(room.change(at, &known, &after), before.is_some());
                    if before.is_some() {
                        model.insert(at, after);
                    }
                }
                Step::Remove => {
                    room.write(|changes| changes.remove_source(NAMES[at])).unwrap();
                    model.remove(&at);
                }
                Step::Again => room = room.again(),
            }
            for at in 0..NAMES.len() {
                room.holds(at, model.get(&at));
            }
        }
    }
}

fn many(count: u16) -> Items {
    (0..count).map(|key| (key, 1)).collect()
}

#[test]
fn a_source_that_grows_over_the_limit_and_shrinks_below_it_moves_and_stays_whole() {
    let room = Room::new();
    let mut items = many(250);
    room.put(0, &items);
    assert_eq!(room.holds(0, Some(&items)), 0);
    let mut moves = Vec::new();
    let mut in_blocks = false;
    let counts = (251..270).chain((120..269).rev()).chain(121..262);
    for count in counts {
        let after = many(count);
        assert!(room.change(0, &items, &after));
        items = after;
        if (room.holds(0, Some(&items)) > 0) != in_blocks {
            in_blocks = !in_blocks;
            moves.push(count);
        }
    }
    assert_eq!(moves, [257, 128, 257]);
}

#[test]
fn changes_that_start_from_something_else_change_nothing() {
    for count in [10, 1000] {
        let room = Room::new();
        let items = many(count);
        room.put(0, &items);
        let mut other = items.clone();
        other.insert(3, 2);
        let mut after = other.clone();
        // The first of them fits, and is not carried out either.
        after.extend([(1, 9), (3, 9)]);
        assert!(!room.change(0, &other, &after));
        room.holds(0, Some(&items));
        let known = with(&items, &[(5, 1, None)]);
        assert!(!room.change(0, &known, &items), "an item was added that is there");
        room.holds(0, Some(&items));
    }
}

#[test]
fn unsorted_changes_are_refused() {
    let room = Room::new();
    room.put(0, &many(1000));
    let change = |key| ItemChange { key: item(key, 1).key, before: Some(Digest([1; 32])), after: None };
    let head = || SourceState { observation: Observation::default(), ..state(observation(&many(998))) };
    let changes = [change(7), change(6)];
    assert!(!room.write(|txn| txn.change_source(&name(0), head(), &changes)).unwrap());
    room.holds(0, Some(&many(1000)));
}

/// As formats 1 and 2 kept it: one row, however many items.
#[test]
fn a_large_state_of_format_2_is_read_and_moves_with_the_next_write() {
    let (items, meta) = (many(1000), Meta { format: 2, ..Meta::new([1; 16], 1) });
    let room = Room { meta, ..Room::new() };
    room.write(|changes| changes.put_state(&name(0), &state(observation(&items)))).unwrap();
    let room = room.again();
    assert_eq!(room.store.meta().unwrap().unwrap().format, crate::journal::store::FORMAT);
    assert_eq!(room.holds(0, Some(&items)), 0);
    let mut after = items.clone();
    after.insert(500, 2);
    assert!(room.change(0, &items, &after));
    assert!(room.holds(0, Some(&after)) > 10);
}

#[test]
fn a_change_of_one_item_writes_little_however_many_there_are() {
    let room = Room::new();
    let mut items = many(20_000);
    room.put(0, &items);
    let before: BTreeMap<String, Vec<Item>> =
        room.write(|changes| changes.blocks().unwrap().rows(NAMES[0])).into_iter().collect();
    let known = items.clone();
    items.insert(777, 2);
    assert!(room.change(0, &known, &items));
    let after = room.write(|changes| changes.blocks().unwrap().rows(NAMES[0]));
    let written = after.iter().filter(|(from, items)| before.get(from) != Some(items)).count();
    assert_eq!(written, 1);
}

#[test]
fn hosts_without_a_large_source_have_no_table_for_one() {
    let room = Room::new();
    room.put(0, &many(256));
    room.write(|changes| changes.remove_source(NAMES[0])).unwrap();
    assert!(!room.store.may_have_blocks());
    let room = room.again();
    assert!(!room.store.may_have_blocks());
    room.put(0, &many(257));
    assert!(room.again().store.may_have_blocks());
}
