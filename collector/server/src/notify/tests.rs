use driftline_store::EventKind;

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
    assert_eq!(alert.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [7, 8, 9]);
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
