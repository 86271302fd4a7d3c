//! Whatever parts and whole observations come in which order: state and records
//! are those of whole observations alone.

use std::collections::{BTreeMap, HashSet};

use driftline_agent::journal::{Input, Mark, NameHash, Request};
use driftline_agent::observe::part::Account;
use driftline_agent::observe::{Observed, Sight};
use proptest::prelude::*;

use crate::rig::{Items, Open, Span, item, name, observation, observed, replay};

const SOURCES: [&str; 2] = ["firewall/nft", "file"];

#[derive(Debug, Clone)]
enum Step {
    See { source: usize, spans: Vec<Span>, problem: Option<u8>, whole: bool },
    Unreadable(usize),
    SendAll(usize),
    Retire(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![6 => 1..4_u16, 1 => 1..120_u16, 1 => 120..400_u16];
    let span = (0..400_u16, length, prop::option::weighted(0.6, 0..3_u8));
    let spans = prop::collection::vec(span.prop_map(|(from, count, value)| Span { from, count, value }), 0..4);
    let see = (0..SOURCES.len(), spans, prop::option::weighted(0.2, 0..2_u8), prop::bool::weighted(0.15));
    prop_oneof![
        16 => see.prop_map(|(source, spans, problem, whole)| Step::See { source, spans, problem, whole }),
        1 => (0..SOURCES.len()).prop_map(Step::Unreadable),
        1 => (0..SOURCES.len()).prop_map(Step::SendAll),
        1 => (0..SOURCES.len()).prop_map(Step::Retire),
        1 => Just(Step::Reopen),
    ]
}

/// Two journals: one is told parts where it can be, the other never.
struct Both {
    dirs: [tempfile::TempDir; 2],
    open: [Open; 2],
    accounts: BTreeMap<usize, Account>,
    items: [Items; 2],
    now_ms: i64,
}

impl Both {
    fn new() -> Self {
        let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let open = [Open::new(dirs[0].path()), Open::new(dirs[1].path())];
        Self { dirs, open, accounts: BTreeMap::new(), items: Default::default(), now_ms: 1 }
    }

    fn see(&mut self, source: usize, spans: &[Span], problem: Option<u8>, whole: bool) {
        spans.iter().for_each(|span| span.apply(&mut self.items[source]));
        let after = observation(&self.items[source]);
        let all = Sight::Whole { observation: after.clone(), content: None, unreadable: Vec::new() };
        let sight = match self.accounts.get_mut(&source).filter(|_| !whole) {
            Some(account) => {
                let part = match problem {
                    Some(1) => account.part_of(&after),
                    _ => account.part(spans.iter().flat_map(|span| span.changes())),
                };
                // There may be other problems even so.
                part.unwrap_or_else(|| account.same())
            }
            None => self.accounts.entry(source).or_default().whole(after),
        };
        self.send(source, [sight, all], problem);
    }

    fn send(&mut self, source: usize, sights: [Sight; 2], problem: Option<u8>) {
        for (open, sight) in self.open.iter().zip(sights) {
            open.send(vec![observed(SOURCES[source], sight, problem, self.now_ms)]);
        }
    }

    fn take(mut self, step: &Step) -> Self {
        self.now_ms += 1;
        match step {
            Step::See { source, spans, problem, whole } => self.see(*source, spans, *problem, *whole),
            Step::Unreadable(source) => {
                // It sees `@state` and keeps the rest, which an account does
                // not: the next one is whole.
                let unreadable = Sight::Unreadable { metadata: vec![item(999, 9)] };
                self.items[*source].insert(999, 9);
                self.accounts.remove(source);
                self.send(*source, [unreadable.clone(), unreadable], Some(9));
            }
            Step::SendAll(source) => self.both(|open| {
                open.requests.blocking_send(Request::SendAll(vec![name(SOURCES[*source])])).unwrap();
            }),
            Step::Retire(source) => {
                let kept: HashSet<NameHash> = [NameHash::of(SOURCES[1 - source])].into();
                self.both(|open| open.inputs.blocking_send(Input::Mark(Mark::Retain(kept.clone()))).unwrap());
                self.items[*source].clear();
                self.accounts.remove(source);
            }
            Step::Reopen => {
                self.open.into_iter().for_each(Open::close);
                self.open = [Open::new(self.dirs[0].path()), Open::new(self.dirs[1].path())];
            }
        }
        self.both(Open::sync);
        self
    }

    fn both(&self, each: impl Fn(&Open)) {
        self.open.iter().for_each(each);
    }

    fn check(&self) {
        let [parts, wholes] = [&self.open[0], &self.open[1]];
        let entries = parts.entries();
        assert_eq!(entries, wholes.entries());
        for (source, items) in SOURCES.iter().zip(&self.items) {
            let [part, whole] = [parts, wholes].map(|open| open.reader.source(&name(source)).unwrap());
            assert_eq!(part, whole, "state of {source}");
            let Some(state) = part else { continue };
            assert_eq!(state.observation, observation(items), "items of {source}");
            assert_eq!(state.head.root, state.observation.root());
            assert_eq!(replay(source, &entries), state.observation, "records of {source}");
        }
    }
}

fn run(steps: &[Step]) {
    let mut both = Both::new();
    for step in steps {
        both = both.take(step);
        both.check();
    }
    both.open.into_iter().for_each(Open::close);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn parts_and_wholes_give_the_same_state_and_the_same_records(steps in prop::collection::vec(step(), 1..25)) {
        run(&steps);
    }
}

/// Many observations of a source in one transaction, parts and wholes mixed.
#[test]
fn what_waits_together_is_carried_out_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(dir.path());
    let (mut account, mut items) = (Account::default(), Items::new());
    let mut seen: Vec<Observed> = Vec::new();
    for round in 0..200_u16 {
        let span = Span { from: round * 3, count: 5, value: (round % 11 != 10).then_some(1) };
        span.apply(&mut items);
        let part = account.part(span.changes());
        let sight = match part {
            Some(part) if !round.is_multiple_of(7) => part,
            _ => account.whole(observation(&items)),
        };
        seen.push(observed("firewall/nft", sight, None, i64::from(round)));
    }
    open.send(seen);
    open.sync();
    let entries = open.entries();
    assert_eq!(entries.len(), 200);
    assert_eq!(replay("firewall/nft", &entries), observation(&items));
    let state = open.reader.source(&name("firewall/nft")).unwrap().unwrap();
    assert_eq!(state.observation, observation(&items));
    open.close();
}
