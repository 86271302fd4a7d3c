use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::{Class, Verdict};
use driftline_store::{Beside, Change, EventKind, Side, StoredDigest};

use super::*;
use crate::event;

fn route(name: &str, min_severity: Severity) -> AlertRoute {
    AlertRoute {
        name: name.to_owned(),
        kind: crate::config::RouteKind::Webhook,
        url: "http://127.0.0.1/".to_owned(),
        secret_file: "/dev/null".into(),
        min_severity,
        allow_plaintext: false,
        ca_file: None,
    }
}

fn entries() -> Vec<EntryBody> {
    [EventKind::HostConnected, EventKind::Gap, EventKind::HostSilent].map(|kind| event::general(kind, "x")).to_vec()
}

#[test]
fn each_route_gets_what_it_wants_and_nothing_makes_no_alert() {
    let routes = Routes::new(&[route("all", Severity::Info), route("worst", Severity::Critical)]);
    let alerts = routes.alerts(&entries());
    assert_eq!(alerts, [("all".to_owned(), vec![0, 1, 2]), ("worst".to_owned(), vec![2])]);
    assert_eq!(routes.alerts(&entries()[..1]), [("all".to_owned(), vec![0])]);
    assert!(Routes::default().alerts(&entries()).is_empty());
}

fn batch() -> (Batch, Committed) {
    let alerts = vec![("all".to_owned(), vec![0, 1, 2])];
    let batch = Batch { operations: vec![Operation::Append { entries: entries(), alerts }], now_ms: 5 };
    (batch, Committed { entries: vec![7, 8, 9], alerts: vec![3] })
}

#[test]
fn what_was_committed_reaches_couriers_and_listeners_with_its_ids() {
    let (notifier, mut ends) = Notifier::new(&[route("all", Severity::Info)]);
    let mut live = notifier.live().subscribe();
    let (batch, committed) = batch();
    notifier.committed(batch, &committed);
    let alert = ends[0].queue.try_recv().unwrap();
    assert_eq!(alert.id, Some(3));
    let told = message::alert("3", &alert.told);
    assert_eq!(told.events.iter().map(|event| event.id).collect::<Vec<_>>(), [7, 8, 9]);
    assert_eq!(live.try_recv().unwrap().id, 7);
}

#[test]
fn d3_alerts_that_do_not_fit_are_read_back_from_the_outbox() {
    let (notifier, ends) = Notifier::new(&[route("all", Severity::Info)]);
    for _ in 0..=QUEUE_ALERTS {
        let (batch, committed) = batch();
        notifier.committed(batch, &committed);
    }
    assert!(ends[0].spilled.load(Ordering::SeqCst));
    assert_eq!(ends[0].queue.len(), QUEUE_ALERTS);
}

fn change(key: ItemKey, before: bool, after: bool) -> EntryBody {
    let side = Side { digest: StoredDigest([1; 32]), secret: false, display: None, line: None, file: None };
    EntryBody::Change(Change {
        environment: Environment::new("dev").unwrap(),
        host: HostName::new("db-1").unwrap(),
        role: Role::new("db").unwrap(),
        source: SourceName::new("pg").unwrap(),
        kind: SourceKind::DatabaseConfig,
        path: "/pg_hba.conf".to_owned(),
        key,
        before: before.then(|| side.clone()),
        after: after.then_some(side),
        observed_ms: 1,
        unobserved_since_ms: None,
        severity: Severity::Warning,
        class: Class::Security,
        verdict: Verdict::Undetermined,
        marks: Vec::new(),
        agent_seq: 1,
        agent_epoch: vec![1],
        beside: Beside::default(),
    })
}

#[test]
fn the_order_of_rules_is_alerted_only_when_no_rule_of_theirs_tells_it() {
    let routes = Routes::new(&[route("all", Severity::Info)]);
    let order = || change(ItemKey::order_of(b"hba"), true, true);
    let rule = |list: &str| ItemKey::from_bytes(format!("{list}: host all all 10.0.0.0/8 md5").as_bytes());
    let told = |entries: &[EntryBody]| routes.alerts(entries)[0].1.clone();
    assert_eq!(told(&[order()]), [0], "rules changed places");
    assert_eq!(told(&[order(), change(rule("hba"), false, true)]), [1], "a rule came");
    assert_eq!(told(&[change(rule("hba"), true, false), order()]), [0], "a rule went");
    assert_eq!(told(&[order(), change(rule("ident"), false, true)]), [0, 1], "of another list");
}
