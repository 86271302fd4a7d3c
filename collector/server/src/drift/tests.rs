//! Drift over a real store, with the test's clock.

mod adopted;
mod unseen;

use std::collections::BTreeSet;

use driftline_canon::{ItemKey, Masked, Problem, ProblemKind, SourceKind};
use driftline_compare::Severity;
use driftline_compare::acceptance::{Acceptance, Covers};
use driftline_compare::baseline::{Baseline, BaselineHost};
use driftline_compare::desired::{Revision, Sheet, SheetItem};
use driftline_compare::drift::{Rule, State, Turn, Uncovered, Way};
use driftline_store::{
    EngineKind, EntryBody, HostRecord, HostStatus, ItemRecord, SourceRecord, StoreOptions, StoredDigest, numbered,
};

use super::*;
use crate::apply::ROOT_UNKNOWN;
use crate::notify::Notifier;
use crate::record::{RecordParts, stage};
use crate::testing::{change, host_record};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

struct Room {
    _dir: tempfile::TempDir,
    keeper: Arc<Keeper>,
    ends: Ends,
    _thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
        let (notifier, _) = Notifier::new(&[]);
        let keeper = Arc::new(Keeper::new(notifier.marks()));
        let clock = Clock::manual(1_000 * DAY_MS);
        let (recorder, stage) = stage(RecordParts {
            store: store.clone(),
            writer: store.writer().unwrap(),
            clock: clock.clone(),
            notifier,
            health: Arc::default(),
            metrics: Arc::default(),
            stop: CancellationToken::new(),
        });
        let thread = std::thread::spawn(move || stage.run());
        Self { _dir: dir, keeper, ends: Ends { store, recorder, clock }, _thread: thread }
    }

    fn now_ms(&self) -> i64 {
        self.ends.clock.now_ms()
    }

    async fn put(&self, step: impl FnOnce(&mut crate::record::Draft<'_>) -> Result<(), StoreError> + Send + 'static) {
        self.ends.recorder.decide(step).await.unwrap();
    }

    /// Hosts of a role that watch a source.
    async fn watch(&self, hosts: &[&str], source: &str, kind: SourceKind) {
        for host in hosts {
            let record = host_record(host);
            let source = watched(host, source, kind);
            self.put(move |draft| {
                draft.put_host(record);
                draft.put_source(source);
                Ok(())
            })
            .await;
        }
    }

    /// What a host has from now on, or no longer.
    async fn set(&self, host: &str, source: &str, key: &str, value: Option<u8>) {
        let now_ms = self.now_ms();
        let (host, source) = (host.parse().unwrap(), source.parse().unwrap());
        let key = ItemKey::from_canonical(key.to_owned()).unwrap();
        self.put(move |draft| {
            let item = value.map(|value| item(&key, value, now_ms));
            draft.put_items(&host, &source, [(key, item)]);
            Ok(())
        })
        .await;
    }

    async fn declare(&self, number: u64, revision: &str, items: &[(&str, u8)]) {
        self.push(number, revision, items, |_| {}).await;
    }

    /// Declares it for production, or as it is made to be otherwise.
    async fn push(&self, number: u64, revision: &str, items: &[(&str, u8)], make: impl FnOnce(&mut Revision)) {
        let mut declared = Revision {
            number,
            selector: "production".parse().unwrap(),
            revision: revision.to_owned(),
            ticket: None,
            pushed_by: "ci".to_owned(),
            pushed_ms: self.now_ms(),
            expires_ms: None,
            fleet_key_epoch: 1,
            canonical_form: 1,
            sources: vec![("app".parse().unwrap(), 1)],
        };
        make(&mut declared);
        let sheet = sheet(format!("revision/{}", numbered(number)), items);
        self.put(move |draft| {
            draft.put_document(&declared)?;
            draft.put_document(&sheet)
        })
        .await;
    }

    /// Approves what a host has.
    async fn approve(&self, host: &HostRecord, items: &[(&str, u8)]) {
        let own = BaselineHost {
            host: host.host.clone(),
            environment: host.environment.clone(),
            role: host.role.clone(),
            fleet_key_epoch: host.fleet_key_epoch,
            canonical_form: host.canonical_form,
            sources: vec![("app".parse().unwrap(), 1)],
        };
        let approved = Baseline {
            number: 1,
            selector: "production".parse().unwrap(),
            source: None,
            reason: "audited".to_owned(),
            approved_by: "ada".to_owned(),
            approved_ms: self.now_ms(),
            hosts: vec![own],
        };
        let sheet = sheet(format!("baseline/{}/{}", numbered(1), host.host), items);
        self.put(move |draft| {
            draft.put_document(&approved)?;
            draft.put_document(&sheet)
        })
        .await;
    }

    /// Makes a host otherwise than it is.
    async fn host(&self, name: &str, make: impl FnOnce(&mut HostRecord) + Send + 'static) {
        let name = name.parse().unwrap();
        self.put(move |draft| {
            let mut host = draft.host(&name)?.unwrap();
            make(&mut host);
            draft.put_host(host);
            Ok(())
        })
        .await;
    }

    /// Has everything looked at again.
    async fn look_at_all(&self) -> Vec<Drift> {
        self.keeper.marks.mark_all();
        self.look().await
    }

    /// What an answer names as not looked at.
    fn unchecked(&self) -> Vec<String> {
        let reader = self.ends.store.reader().unwrap();
        unchecked::unchecked(&reader, &self.known(), &|_| true, self.now_ms()).unwrap()
    }

    async fn look(&self) -> Vec<Drift> {
        assert!(Arc::clone(&self.keeper).pass(&self.ends).await.is_some());
        self.known()
    }

    fn known(&self) -> Vec<Drift> {
        self.ends.store.reader().unwrap().documents("").unwrap()
    }

    /// What one who begins anew would write: nothing, if all is exact.
    fn of_a_fresh_start(&self) -> Vec<Step> {
        let marks = Arc::new(Marks::default());
        Keeper::new(Arc::clone(&marks)).look(&self.ends.store, marks.take(), self.now_ms()).unwrap()
    }
}

fn sheet(owner: String, items: &[(&str, u8)]) -> Sheet {
    let item = |(key, value): &(&str, u8)| {
        let key = ItemKey::from_canonical((*key).to_owned()).unwrap();
        SheetItem { key, digest: [*value; 32], secret: false, display: None }
    };
    let items = items.iter().map(item).collect();
    Sheet { owner, source: "app".parse().unwrap(), kind: SourceKind::EnvFile, items }
}

fn watched(host: &str, source: &str, kind: SourceKind) -> SourceRecord {
    SourceRecord {
        host: host.parse().unwrap(),
        source: source.parse().unwrap(),
        kind,
        path: "/etc/app.env".to_owned(),
        root: StoredDigest([1; 32]),
        items: 1,
        observed_ms: 1,
        retired: false,
        problems: Vec::new(),
    }
}

fn item(key: &ItemKey, value: u8, since_ms: i64) -> ItemRecord {
    ItemRecord {
        key: key.clone(),
        digest: StoredDigest([value; 32]),
        secret: false,
        display: Some(Masked::from_wire(format!("value {value}"))),
        line: None,
        file: None,
        since_ms,
    }
}

fn only(drifts: Vec<Drift>) -> Drift {
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    drifts.into_iter().next().unwrap()
}

fn turns(drift: &Drift) -> Vec<Turn> {
    drift.turns.iter().map(|event| event.turn.clone()).collect()
}

#[tokio::test]
async fn a_key_edited_by_hand_opens_a_drift_and_going_back_resolves_it() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.set("web-1", "app", "DB_HOST", Some(1)).await;
    room.declare(1, "abc", &[("DB_HOST", 1)]).await;
    assert_eq!(room.look().await, []);
    room.ends.clock.advance_ms(5_000);
    room.set("web-1", "app", "DB_HOST", Some(2)).await;
    let entry = EntryBody::Change(change(&host_record("web-1"), "DB_HOST"));
    room.put(move |draft| {
        draft.append(vec![entry]);
        Ok(())
    })
    .await;
    let drift = only(room.look().await);
    assert_eq!((drift.identity.rule, drift.way, drift.state), (Rule::Desired, Way::Differs, State::Open));
    assert_eq!((drift.opened_ms, drift.expected_by.as_str()), (room.now_ms(), "revision abc"));
    assert_eq!(drift.opener.as_ref().map(|opener| opener.entry), Some(1), "the change that began it");
    room.set("web-1", "app", "DB_HOST", Some(1)).await;
    assert_eq!(only(room.look().await).state, State::Resolved);
}

#[tokio::test]
async fn j3_a_hotfix_that_is_pushed_later_is_adopted() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("DB_HOST", 1)]).await;
    room.set("web-1", "app", "DB_HOST", Some(2)).await;
    assert_eq!(only(room.look().await).state, State::Open);
    room.declare(2, "def", &[("DB_HOST", 2)]).await;
    let drift = only(room.look().await);
    assert_eq!(turns(&drift), [Turn::Opened, Turn::Adopted("revision def".to_owned())]);
}

#[tokio::test]
async fn j3_a_hotfix_of_one_host_of_several_is_adopted() {
    let room = Room::new();
    room.watch(&["web-1", "web-2", "web-3"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("DB_HOST", 1)]).await;
    for (host, value) in [("web-1", 2), ("web-2", 1), ("web-3", 1)] {
        room.set(host, "app", "DB_HOST", Some(value)).await;
    }
    let open = only(room.look().await);
    assert_eq!((open.state, open.host_count), (State::Open, 1));
    room.declare_for(2, "env=production,host=web-1", ("DB_HOST", 2)).await;
    assert_eq!(only(room.look().await).state, State::Adopted);
}

#[tokio::test]
async fn orphans_and_missing_keys_are_found_both_ways() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("DECLARED", 1)]).await;
    room.set("web-1", "app", "ORPHAN", Some(2)).await;
    room.set("web-1", "app", "@mode", Some(3)).await;
    let found: Vec<_> = room.look().await.into_iter().map(|one| (one.identity.key.to_string(), one.way)).collect();
    assert_eq!(found, [("DECLARED".to_owned(), Way::Missing), ("ORPHAN".to_owned(), Way::Extra)]);
}

#[tokio::test]
async fn what_a_person_approved_counts_where_nothing_is_declared() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.set("web-1", "app", "A", Some(1)).await;
    room.approve(&host_record("web-1"), &[("A", 1), ("@mode", 4)]).await;
    room.set("web-1", "app", "@mode", Some(4)).await;
    room.set("web-1", "app", "@owner", Some(7)).await;
    assert_eq!(room.look().await, []);
    room.set("web-1", "app", "A", Some(2)).await;
    room.set("web-1", "app", "@mode", Some(5)).await;
    let found: Vec<_> =
        room.look().await.into_iter().map(|one| (one.identity.rule, one.identity.key.to_string())).collect();
    assert_eq!(found, [(Rule::Baseline, "@mode".to_owned()), (Rule::Baseline, "A".to_owned())]);
    room.declare(1, "abc", &[("A", 2)]).await;
    let found: Vec<_> =
        room.look().await.into_iter().map(|one| (one.identity.key.to_string(), one.state.is_there())).collect();
    assert_eq!(
        found,
        [("@mode".to_owned(), true), ("A".to_owned(), false)],
        "CI/CD says what its settings should be now, and what is about the file was approved all the same"
    );
}

#[tokio::test]
async fn j1_a_deployment_on_its_way_is_no_finding_and_one_that_never_came_is_one() {
    let room = Room::new();
    let hosts = ["web-1", "web-2", "web-3", "web-4", "web-5"];
    room.watch(&hosts, "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    for host in hosts {
        room.set(host, "app", "A", Some(1)).await;
    }
    assert_eq!(room.look().await, []);
    room.declare(2, "def", &[("A", 2)]).await;
    for host in &hosts[..3] {
        room.set(host, "app", "A", Some(2)).await;
        assert_eq!(room.look().await, [], "some have it and some do not");
    }
    room.ends.clock.advance_ms(given::STALE_AFTER_MS);
    let drift = only(room.look().await);
    assert_eq!((drift.way, drift.host_count, drift.of_hosts), (Way::Stale, 2, 5));
    assert_eq!(drift.opener, None, "nobody made what did not come");
    for host in &hosts[3..] {
        room.set(host, "app", "A", Some(2)).await;
    }
    assert_eq!(only(room.look().await).state, State::Resolved);
}

#[tokio::test]
async fn a_split_role_names_its_outlier_once_it_has_settled() {
    let room = Room::new();
    room.watch(&["web-1", "web-2", "web-3"], "app", SourceKind::EnvFile).await;
    for host in ["web-1", "web-2", "web-3"] {
        room.set(host, "app", "A", Some(1)).await;
    }
    room.ends.clock.advance_ms(DAY_MS);
    room.set("web-3", "app", "A", Some(2)).await;
    assert_eq!(room.look().await, []);
    room.ends.clock.advance_ms(29_000);
    assert_eq!(room.look().await, []);
    room.ends.clock.advance_ms(2_000);
    let drift = only(room.look().await);
    assert_eq!((drift.identity.rule, drift.way), (Rule::Role, Way::Split));
    assert_eq!(drift.hosts.iter().map(|host| host.as_str()).collect::<Vec<_>>(), ["web-3"]);
}

#[tokio::test]
async fn a_firewall_rule_of_three_months_ago_is_found_and_ends_with_the_rule() {
    let room = Room::new();
    room.watch(&["web-1"], "firewall/nft", SourceKind::Firewall).await;
    room.watch(&["web-1"], "firewall/at-reboot", SourceKind::Firewall).await;
    let rule = "inet filter/input: tcp dport 5432 accept";
    room.set("web-1", "firewall/nft", rule, Some(1)).await;
    let mut made = change(&host_record("web-1"), rule);
    (made.source, made.kind, made.observed_ms) = ("firewall/nft".parse().unwrap(), SourceKind::Firewall, room.now_ms());
    made.before = None;
    made.severity = Severity::Critical;
    room.put(move |draft| {
        draft.append(vec![EntryBody::Change(made)]);
        Ok(())
    })
    .await;
    room.set("web-1", "firewall/at-reboot", &format!("nft: {rule}"), Some(9)).await;
    room.ends.clock.advance_ms(90 * DAY_MS);
    let drift = only(room.look().await);
    assert_eq!((drift.identity.rule, drift.state), (Rule::AtReboot, State::Open));
    assert_eq!(drift.age_ms(room.now_ms()), 90 * DAY_MS);
    assert_eq!(drift.opener.as_ref().map(|opener| opener.entry), Some(1), "the live rule's own change");
    assert_eq!(drift.severity, Severity::Critical, "as what the rule opens was weighed");
    assert_eq!(only(room.look().await).severity, Severity::Critical, "and it stays so");
    room.set("web-1", "firewall/nft", rule, None).await;
    room.set("web-1", "firewall/at-reboot", &format!("nft: {rule}"), None).await;
    let drift = only(room.look().await);
    assert_eq!((drift.state, drift.age_ms(room.now_ms() + DAY_MS)), (State::Resolved, 90 * DAY_MS));
}

#[tokio::test]
async fn a_process_that_waits_for_its_restart_is_a_drift_until_it_had_one() {
    let room = Room::new();
    room.watch(&["web-1"], "app-live", SourceKind::ProcessEnv).await;
    let waits = "DB_TIMEOUT is 30s in the file, 5s in the process, started 2026-11-19 08:12 UTC: restart pending";
    let with =
        |problems: Vec<Problem>| SourceRecord { problems, ..watched("web-1", "app-live", SourceKind::ProcessEnv) };
    let waiting = with(vec![Problem::whole(ProblemKind::Pending, waits.to_owned())]);
    room.put(move |draft| {
        draft.put_source(waiting);
        Ok(())
    })
    .await;
    let drift = only(room.look().await);
    assert_eq!((drift.identity.rule, drift.identity.key.as_str()), (Rule::Process, "DB_TIMEOUT"));
    let done = with(Vec::new());
    room.put(move |draft| {
        draft.put_source(done);
        Ok(())
    })
    .await;
    assert_eq!(only(room.look().await).state, State::Resolved);
}

#[tokio::test]
async fn j9_a_source_that_cannot_be_read_resolves_nothing_and_is_looked_at_when_it_can_be() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("A", 1), ("B", 1)]).await;
    room.set("web-1", "app", "A", Some(2)).await;
    room.set("web-1", "app", "B", Some(1)).await;
    assert_eq!(room.look().await.len(), 1);
    let root = |root| SourceRecord { root, ..watched("web-1", "app", SourceKind::EnvFile) };
    for (source, states) in
        [(root(ROOT_UNKNOWN), vec![State::Open]), (root(StoredDigest([3; 32])), vec![State::Resolved, State::Open])]
    {
        room.put(move |draft| {
            draft.put_source(source);
            Ok(())
        })
        .await;
        let drifts = room.look().await;
        assert_eq!(drifts.iter().map(|drift| drift.state).collect::<Vec<_>>(), states);
        // While nobody can look, somebody edits.
        room.set("web-1", "app", "A", Some(1)).await;
        room.set("web-1", "app", "B", Some(2)).await;
    }
}

#[tokio::test]
async fn j11_an_acceptance_ends_by_the_clock_alone() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(only(room.look().await).state, State::Open);
    let accepted = Acceptance {
        number: 1,
        covers: Covers::Selected("env=production,key=A".parse().unwrap()),
        reason: "until the move".to_owned(),
        owner: "team-db".to_owned(),
        accepted_by: "ada".to_owned(),
        accepted_ms: room.now_ms(),
        expires_ms: room.now_ms() + DAY_MS,
        revoked: None,
    };
    room.put(move |draft| draft.put_document(&accepted)).await;
    assert_eq!(only(room.look().await).state, State::Accepted);
    room.ends.clock.advance_ms(DAY_MS);
    let drift = only(room.look().await);
    assert_eq!(turns(&drift), [Turn::Opened, Turn::Accepted(1), Turn::AcceptanceEnded(1, Uncovered::Expired)]);
    assert_eq!(drift.age_ms(room.now_ms()), DAY_MS, "as old as it was");
}

#[tokio::test]
async fn an_environment_without_anything_to_hold_against_costs_and_finds_nothing() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    for number in 0..200 {
        room.set("web-1", "app", &format!("K{number}"), Some(1)).await;
    }
    let before = room.ends.store.reader().unwrap().head().unwrap();
    assert_eq!(room.look().await, []);
    assert_eq!(room.ends.store.reader().unwrap().head().unwrap(), before);
}

#[tokio::test]
async fn a_host_that_is_forgotten_leaves_no_open_drift() {
    let room = Room::new();
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(only(room.look().await).state, State::Open);
    room.put(|draft| {
        let mut host = host_record("web-1");
        host.status = HostStatus::Forgotten;
        draft.forget_sources(&host.host);
        draft.put_host(host);
        Ok(())
    })
    .await;
    assert_eq!(only(room.look().await).state, State::Resolved);
}

#[tokio::test]
async fn what_is_kept_key_by_key_is_what_a_fresh_start_finds() {
    let room = Room::new();
    let hosts = ["web-1", "web-2", "web-3"];
    room.watch(&hosts, "app", SourceKind::EnvFile).await;
    room.watch(&hosts, "other", SourceKind::EnvFile).await;
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for round in 0..60 {
        if round % 15 == 5 {
            room.declare(round + 1, &format!("r{round}"), &[("K0", 1), ("K1", u8::try_from(random(3)).unwrap())]).await;
        }
        let host = hosts[usize::try_from(random(3)).unwrap()];
        let source = if random(2) == 0 { "app" } else { "other" };
        let value = Some(u8::try_from(random(4)).unwrap()).filter(|value| *value > 0);
        room.set(host, source, &format!("K{}", random(3)), value).await;
        room.ends.clock.advance_ms(i64::try_from(random(40_000)).unwrap());
        room.look().await;
        assert_eq!(room.of_a_fresh_start(), [], "round {round}");
    }
    let drifts = room.known();
    let numbers: BTreeSet<u64> = drifts.iter().map(|drift| drift.number).collect();
    assert!(drifts.len() > 3, "the test looks at something: {}", drifts.len());
    assert_eq!(numbers.len(), drifts.len(), "no number is given twice");
}

#[tokio::test]
async fn who_reads_waits_for_what_was_committed_before() {
    let room = Room::new();
    let stop = CancellationToken::new();
    #[allow(clippy::disallowed_methods, reason = "a test ends with its runtime")]
    let keeping = tokio::spawn(Arc::clone(&room.keeper).keep(room.ends.clone(), stop.clone()));
    room.watch(&["web-1"], "app", SourceKind::EnvFile).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    for value in [2, 1, 2, 1] {
        room.set("web-1", "app", "A", Some(value)).await;
        assert!(room.keeper.catch_up().await);
        assert_eq!(only(room.known()).state == State::Open, value == 2, "{value}");
    }
    stop.cancel();
    keeping.await.unwrap().unwrap();
}
