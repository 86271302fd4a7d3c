//! What goes, what stays, and why: decided over a store, carried out in pieces.

use driftline_canon::{Actor, Confidence, ItemKey, SourceName};
use driftline_store::{
    Amendment, Batch, CUT_ENTRIES_MAX, Change, EngineKind, EntryBody, EventKind, ItemRecord, Operation, Side, Store,
    StoreOptions, StoredDigest, Writer, Written,
};

use super::history::{Piece, goal, piece};
use super::*;
use crate::event;
use crate::testing::{change, host_record};

const NOW_MS: i64 = 1_800_000_000_000;
const TODAY: i64 = NOW_MS / DAY_MS;

struct Kept {
    _dir: tempfile::TempDir,
    store: Store,
    writer: Writer,
}

impl Kept {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
        let writer = store.writer().unwrap();
        Self { _dir: dir, store, writer }
    }

    fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    fn commit(&mut self, days_ago: i64, operations: Vec<Operation>) {
        self.writer.commit(Batch { operations, now_ms: NOW_MS - days_ago * DAY_MS }).unwrap();
    }

    fn append(&mut self, days_ago: i64, entries: Vec<EntryBody>) {
        self.commit(days_ago, vec![Operation::Append { entries, alerts: vec![] }]);
    }

    fn events(&mut self, days_ago: i64, count: u64) {
        let told = |number| event::general(EventKind::Collector, format!("event {number}"));
        self.append(days_ago, (0..count).map(told).collect());
    }

    /// One item as a change left it.
    fn item(&mut self, change: &Change) {
        let after = change.after.as_ref().unwrap();
        let item = ItemRecord {
            key: change.key.clone(),
            digest: after.digest,
            secret: false,
            display: None,
            line: None,
            file: None,
            since_ms: change.observed_ms,
        };
        let (host, source) = (change.host.clone(), change.source.clone());
        self.commit(0, vec![Operation::PutItems { host, source, items: vec![item] }]);
    }

    /// Carries out what is left of a run; gives the events that announced it.
    fn cut(&mut self, rule: Rule) -> usize {
        let mut told = 0;
        let Some(goal) = goal(&self.reader(), rule).unwrap() else { return 0 };
        while let Some(next) = piece(&self.reader(), &goal).unwrap() {
            told += self.carry_out(next);
        }
        told
    }

    fn carry_out(&mut self, piece: Piece) -> usize {
        let append = piece.told.map(|told| Operation::Append { entries: vec![told], alerts: vec![] });
        let told = usize::from(append.is_some());
        self.commit(0, append.into_iter().chain([Operation::Cut(piece.cut)]).collect());
        assert!(self.reader().verify(|_, _| {}).unwrap().is_whole());
        told
    }

    fn first(&self) -> u64 {
        self.reader().anchor().unwrap().map_or(1, |anchor| anchor.first)
    }
}

fn rule(days: u32) -> Rule {
    Rule { history_days: Some(days), policy: 7, today: TODAY }
}

/// A change of `key` with that value, seen so many days ago.
fn changed(key: &str, digest: u8, days_ago: i64) -> Change {
    let side = Side { digest: StoredDigest([digest; 32]), secret: false, display: None, line: None, file: None };
    let observed_ms = NOW_MS - days_ago * DAY_MS;
    Change { after: Some(side), observed_ms, agent_seq: u64::from(digest), ..change(&host_record("web-1"), key) }
}

#[test]
fn what_is_older_than_the_policy_keeps_goes_in_pieces_and_is_announced_once() {
    let mut kept = Kept::new();
    kept.events(100, CUT_ENTRIES_MAX * 2 + 50);
    kept.events(91, 10);
    kept.events(90, 5);
    kept.events(1, 5);
    assert_eq!(goal(&kept.reader(), Rule { history_days: None, ..rule(90) }).unwrap(), None, "kept for ever");
    assert_eq!(goal(&kept.reader(), rule(101)).unwrap(), None, "nothing is so old");
    assert_eq!(kept.cut(rule(90)), 1, "one run, one event");
    assert_eq!(kept.first(), CUT_ENTRIES_MAX * 2 + 61);
    let anchor = kept.reader().anchor().unwrap().unwrap();
    assert_eq!((anchor.days, anchor.policy, anchor.beside()), (90, 7, 0));
    let told = kept.reader().entry(anchor.announced_by).unwrap().unwrap();
    let EntryBody::Event(told) = told.body else { panic!("{told:?}") };
    assert_eq!(told.kind, EventKind::Retention);
    assert!(told.message.contains("is removed, up to entry 1060, whose hash is "), "{}", told.message);
    assert!(told.message.ends_with(": policy 7 keeps 90 days"), "{}", told.message);
    assert_eq!(kept.cut(rule(90)), 0, "twice is once");
    // All that there is may be old: the event of its removal is what is left.
    assert_eq!(kept.cut(Rule { today: TODAY + 400, ..rule(90) }), 1);
    assert_eq!(kept.first(), kept.reader().head().unwrap().0);
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_stopped() {
    let mut kept = Kept::new();
    kept.events(100, CUT_ENTRIES_MAX * 3);
    kept.events(95, 7);
    let first = goal(&kept.reader(), rule(97)).unwrap().unwrap();
    let one = piece(&kept.reader(), &first).unwrap().unwrap();
    assert_eq!(kept.carry_out(one), 1);
    assert_eq!(kept.first(), CUT_ENTRIES_MAX + 1);
    // Days later, with more to go: what was announced is finished, the rest announced.
    assert_eq!(kept.cut(rule(90)), 1);
    assert_eq!(kept.first(), CUT_ENTRIES_MAX * 3 + 8);
}

#[test]
fn an_alert_that_nobody_took_holds_what_it_tells_of_and_all_after() {
    let mut kept = Kept::new();
    kept.events(100, 10);
    let told = vec![event::general(EventKind::Collector, "told"), event::general(EventKind::Collector, "untold")];
    kept.commit(100, vec![Operation::Append { entries: told, alerts: vec![("hook".to_owned(), vec![1])] }]);
    kept.events(99, 10);
    kept.cut(rule(90));
    assert_eq!(kept.first(), 12);
    kept.commit(0, vec![Operation::AlertDone(1)]);
    kept.cut(rule(90));
    assert_eq!(kept.first(), 23);
}

#[test]
fn a_change_whose_alert_waits_for_its_deployment_is_held_too() {
    let mut kept = Kept::new();
    kept.events(100, 10);
    let held = driftline_compare::judge::held::Held { change: 4, due_ms: NOW_MS };
    kept.commit(0, vec![Written::put(&held).unwrap().into()]);
    kept.cut(rule(90));
    assert_eq!(kept.first(), 4);
}

/// What `explain` of a setting needs stays: the change that made it what it is,
/// who made it, and nothing else of its past.
#[test]
fn the_change_that_made_a_setting_what_it_is_is_kept_until_another_does() {
    let mut kept = Kept::new();
    let (before, last, other) = (changed("DB_HOST", 1, 200), changed("DB_HOST", 2, 150), changed("GONE", 3, 150));
    for change in [&before, &last, &other] {
        kept.append(150, vec![EntryBody::Change(change.clone())]);
    }
    let amendment = |change: &Change| Amendment {
        environment: change.environment.clone(),
        host: change.host.clone(),
        role: change.role.clone(),
        source: change.source.clone(),
        kind: change.kind,
        agent_seq: change.agent_seq,
        agent_epoch: change.agent_epoch.clone(),
        severity: change.severity,
        changes: 1,
        keys: vec![change.key.clone()],
        actor: Box::new(Actor { confidence: Confidence::Exact, ..Actor::unknown() }),
    };
    kept.append(150, vec![EntryBody::Amendment(amendment(&last)), EntryBody::Amendment(amendment(&other))]);
    kept.item(&last);
    kept.events(1, 1);
    kept.cut(rule(90));
    assert_eq!(kept.first(), 6);
    let there = |kept: &Kept| (1..6).filter(|id| kept.reader().entry(*id).unwrap().is_some()).collect::<Vec<_>>();
    assert_eq!(there(&kept), [2, 4], "the last change and its amendment");
    let key = ItemKey::from_bytes(b"DB_HOST");
    let source = SourceName::new("app").unwrap();
    let story = kept.reader().key_history(&key, Some(&last.host), Some(&source), 9, None).unwrap();
    assert_eq!(story.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2]);
    assert!(kept.reader().amendment(&last).unwrap().is_some());
    assert_eq!(needed::no_more(&kept.reader(), 0, &[].into()).unwrap(), Some((4, vec![])));
    kept.item(&changed("DB_HOST", 8, 150));
    assert_eq!(needed::no_more(&kept.reader(), 0, &[].into()).unwrap(), Some((4, vec![])), "a new fleet key");
    kept.item(&changed("DB_HOST", 9, 1));
    assert_eq!(needed::no_more(&kept.reader(), 0, &[2].into()).unwrap(), Some((4, vec![])), "a drift began by it");
    let gone = needed::no_more(&kept.reader(), 0, &[].into()).unwrap().unwrap();
    assert_eq!(gone, (4, vec![2, 4]));
    kept.commit(0, vec![Operation::DropKept(gone.1)]);
    assert_eq!(there(&kept), [0; 0]);
    assert_eq!(needed::no_more(&kept.reader(), 0, &[].into()).unwrap(), None);
}

#[test]
fn a_policy_removes_nothing_in_its_first_hour_or_when_it_is_not_understood() {
    let mut kept = Kept::new();
    let none = Rule::read(&kept.reader(), NOW_MS).unwrap().unwrap();
    assert_eq!((none.history_days, none.policy), (None, 0));
    let mut apply = |number, text: &str| {
        let version = PolicyVersion {
            number,
            text: text.to_owned(),
            applied_by: "ada".to_owned(),
            applied_ms: NOW_MS,
            summary: String::new(),
        };
        kept.commit(0, vec![Written::put(&version).unwrap().into()]);
        [NOW_MS, NOW_MS + GRACE_MS - 1, NOW_MS + GRACE_MS].map(|at| Rule::read(&kept.reader(), at).unwrap())
    };
    let [at_once, soon, later] = apply(1, "[retention]\ndays = 30\n");
    assert_eq!((at_once, soon), (None, None));
    let later = later.unwrap();
    assert_eq!((later.history_days, later.policy, later.before_ms(30)), (Some(30), 1, (TODAY - 30) * DAY_MS));
    assert_eq!(apply(2, "[settle]\nseconds = 3\n")[2].map(|rule| rule.history_days), Some(None));
    assert_eq!(apply(3, "nonsense ="), [None, None, None]);
}
