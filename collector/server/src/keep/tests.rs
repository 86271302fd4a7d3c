//! What goes, what stays, and why: decided over a store, carried out in pieces.

use driftline_canon::{Actor, Confidence, ItemKey, SourceName};
use driftline_compare::desired::Revision;
use driftline_compare::drift::{Drift, Identity, Look, Observed, Rule as Against, Shown, State, Way, reconcile};
use driftline_compare::report::{Outcome, Report};
use driftline_compare::window::Window;
use driftline_compare::{Class, Severity};
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
    Rule { history_days: Some(days), ended_days: days, policy: 7, today: TODAY }
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

fn at(days_ago: i64) -> i64 {
    NOW_MS - days_ago * DAY_MS
}

fn window(number: u64, selector: &str, ended_days_ago: i64) -> Window {
    Window {
        number,
        selector: selector.parse().unwrap(),
        source: None,
        actor: None,
        ticket: "CHG-1".to_owned(),
        opened_by: "ada".to_owned(),
        from_ms: 0,
        until_ms: at(ended_days_ago),
        closed: None,
    }
}

fn revision(number: u64, name: &str, pushed_days_ago: i64) -> Revision {
    Revision {
        number,
        selector: "production".parse().unwrap(),
        revision: name.to_owned(),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms: at(pushed_days_ago),
        expires_ms: None,
        fleet_key_epoch: 1,
        canonical_form: 2,
        sources: vec![(SourceName::new("app").unwrap(), 1)],
    }
}

fn report(number: u64, schedule: &str, ran_days_ago: i64) -> Report {
    Report {
        number,
        schedule: schedule.to_owned(),
        left: "staging".to_owned(),
        right: "production".to_owned(),
        due_ms: at(ran_days_ago),
        ran_ms: at(ran_days_ago),
        missed: 0,
        outcome: Outcome::Failed("no host".to_owned()),
    }
}

/// A drift that ended so long ago, or is there.
fn drift(number: u64, expected_by: &str, ended_days_ago: Option<i64>) -> Drift {
    let host = host_record("web-1");
    let identity = Identity {
        environment: host.environment,
        role: host.role,
        source: SourceName::new("app").unwrap(),
        rule: Against::Desired,
        key: ItemKey::from_bytes(format!("K{number}").as_bytes()),
    };
    let observed = Observed {
        way: Way::Differs,
        kind: driftline_canon::SourceKind::EnvFile,
        severity: Severity::Info,
        class: Class::Functional,
        hosts: vec![host.host],
        host_count: 1,
        of_hosts: 1,
        expected: Shown::default(),
        expected_by: expected_by.to_owned(),
        actual: Shown::default(),
        content: [1; 32],
        content_actual: [2; 32],
        since_ms: at(300),
    };
    let seen = [(identity, Look::Differs(Box::new(observed)))].into();
    let mut drift = reconcile(&[], &seen, &[], NOW_MS).remove(0).drift;
    drift.number = number;
    if let Some(days_ago) = ended_days_ago {
        (drift.state, drift.ended_ms) = (State::Resolved, Some(at(days_ago)));
    }
    drift
}

/// What counts is never removed, and of each the newest stays: its number and
/// that there was one.
#[test]
fn what_ended_long_ago_goes_and_what_counts_stays() {
    let mut kept = Kept::new();
    let drifts = [drift(1, "r5", Some(200)), drift(2, "r5", Some(50)), drift(3, "r2", None), drift(4, "r5", Some(200))];
    let windows = [
        window(1, "production", 200),
        window(2, "production", 100),
        window(3, "staging", 300),
        window(4, "production", 95),
    ];
    // r4 replaced r3 after the time from which everything is kept.
    let revisions = [
        revision(1, "r1", 300),
        revision(2, "r2", 200),
        revision(3, "r3", 150),
        revision(4, "r4", 80),
        revision(5, "r5", 1),
    ];
    let reports =
        [report(1, "weekly", 200), report(2, "nightly", 150), report(3, "weekly", 120), report(4, "nightly", 1)];
    let written = drifts.iter().map(Written::put).chain(windows.iter().map(Written::put));
    let written = written.chain(revisions.iter().map(Written::put)).chain(reports.iter().map(Written::put));
    let operations = written.map(|one| one.unwrap().into()).collect();
    kept.commit(0, operations);
    let gone = documents::old(&kept.reader(), rule(90).before_ms(90)).unwrap();
    let names: Vec<String> = gone.iter().map(named).collect();
    assert_eq!(names, ["drift K1", "window 1", "window 2", "revision r1", "report 1", "report 2"]);
    assert_eq!(documents::old(&kept.reader(), rule(400).before_ms(400)).unwrap(), []);
}

fn named(gone: &documents::Gone) -> String {
    use documents::Gone;
    let number = |id: &str| id.trim_start_matches('0').to_owned();
    match gone {
        Gone::Drift(id) => format!("drift {}", id.rsplit('/').next().unwrap()),
        Gone::Other(driftline_store::DocumentKind::Window, id) => format!("window {}", number(id)),
        Gone::Other(_, id) => format!("report {}", number(id)),
        Gone::Revision(revision, _) => format!("revision {}", revision.revision),
    }
}
