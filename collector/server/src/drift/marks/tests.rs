use driftline_canon::SourceKind;
use driftline_store::StoredDigest;

use super::*;

fn key(number: usize) -> ItemKey {
    ItemKey::from_bytes(format!("K{number}").as_bytes())
}

fn removal(host: &str, keys: std::ops::Range<usize>) -> Operation {
    let (host, source) = (host.parse().unwrap(), "app".parse().unwrap());
    Operation::RemoveItems { host, source, keys: keys.map(key).collect() }
}

fn source(root: u8) -> Operation {
    Operation::PutSource(SourceRecord {
        host: "web-1".parse().unwrap(),
        source: "app".parse().unwrap(),
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        root: StoredDigest([root; 32]),
        items: 1,
        observed_ms: 1,
        retired: false,
        problems: Vec::new(),
    })
}

fn at(host: &str) -> At {
    (host.parse().unwrap(), "app".parse().unwrap())
}

fn after(batches: Vec<Vec<Operation>>) -> Taken {
    let marks = Marks::default();
    marks.take();
    for operations in batches {
        marks.committed(&Batch { operations, now_ms: 1 });
    }
    marks.take()
}

#[test]
fn the_first_look_is_at_everything_and_the_next_at_what_was_touched() {
    let marks = Marks::default();
    let first = marks.take();
    assert!(first.everything && first.given);
    marks.committed(&Batch { operations: vec![removal("web-1", 0..2)], now_ms: 1 });
    let taken = marks.take();
    assert!(!taken.everything && !taken.given);
    assert_eq!(taken.touched[&at("web-1")], Touched::Keys([key(0), key(1)].into_iter().collect()));
    assert!(marks.take().touched.is_empty(), "it is taken once");
}

#[test]
fn many_keys_become_their_whole_source() {
    let taken = after(vec![vec![removal("web-1", 0..KEYS_MAX)], vec![removal("web-1", 100..101)]]);
    assert_eq!(taken.touched[&at("web-1")], Touched::All);
    let taken = after(vec![vec![removal("web-1", 0..KEYS_MAX)]]);
    assert!(matches!(&taken.touched[&at("web-1")], Touched::Keys(keys) if keys.len() == KEYS_MAX));
}

#[test]
fn a_source_that_can_be_read_again_is_looked_at_whole() {
    let turned = |roots: &[u8]| {
        let taken = after(roots.iter().map(|root| vec![source(*root)]).collect());
        taken.touched[&at("web-1")] == Touched::All
    };
    assert!(!turned(&[1, 2]), "another root is another state, no other sight");
    assert!(turned(&[0]));
    let marks = Marks::default();
    marks.committed(&Batch { operations: vec![source(0)], now_ms: 1 });
    marks.take();
    marks.committed(&Batch { operations: vec![source(1)], now_ms: 1 });
    assert_eq!(marks.take().touched[&at("web-1")], Touched::All);
}

#[test]
fn only_documents_that_decide_are_looked_at_and_more_sources_than_bounded_are_everything() {
    let document = |kind| after(vec![vec![Operation::Document(driftline_store::Written::remove(kind, "1"))]]).given;
    assert!(document(DocumentKind::Acceptance) && document(DocumentKind::Revision) && document(DocumentKind::Policy));
    assert!(!document(DocumentKind::Drift) && !document(DocumentKind::Report));
    let many = (0..=SOURCES_MAX).map(|number| removal(&format!("h{number}"), 0..1)).collect();
    let taken = after(vec![many]);
    assert!(taken.everything && taken.touched.is_empty());
}

#[test]
fn who_asks_is_answered_by_a_later_look() {
    let marks = Marks::default();
    let before = marks.take().generation;
    let asked = marks.asked();
    assert!(asked > before);
    assert!(marks.take().generation >= asked);
}

fn host(make: impl FnOnce(&mut HostRecord)) -> HostRecord {
    let mut host = crate::testing::host_record("web-1");
    make(&mut host);
    host
}

/// What is marked when a host that was known so becomes that.
fn turned(make: impl FnOnce(&mut HostRecord)) -> (bool, usize) {
    let marks = Marks::default();
    marks.take();
    marks.know(&[host(|_| {})]);
    marks.committed(&Batch { operations: vec![Operation::PutHost(host(make))], now_ms: 1 });
    let taken = marks.take();
    (taken.everything, taken.turned.len())
}

#[test]
fn a_host_that_is_something_else_now_is_looked_at_and_one_that_only_spoke_is_not() {
    assert_eq!(turned(|host| (host.last_seen_ms, host.applied_seq) = (9, 9)), (false, 0));
    assert_eq!(turned(|host| host.status = HostStatus::Connected), (false, 0), "it may speak as before");
    assert_eq!(turned(|host| host.status = HostStatus::Revoked), (false, 1));
    assert_eq!(turned(|host| host.status = HostStatus::Quarantined), (false, 1));
    assert_eq!(turned(|host| host.fleet_key_epoch = 2), (false, 1));
    assert_eq!(turned(|host| host.role = "db".parse().unwrap()), (true, 1), "it was somewhere else");
    assert_eq!(turned(|host| host.host = "web-9".parse().unwrap()), (false, 0), "a new one has nothing yet");
}

#[test]
fn what_a_host_became_before_anybody_told_what_it_was_is_not_missed() {
    let marks = Marks::default();
    marks.take();
    marks.committed(&Batch { operations: vec![Operation::PutHost(host(|_| {}))], now_ms: 1 });
    assert!(marks.take().everything);
}

#[test]
fn a_look_that_failed_is_made_again_with_all_that_was_given() {
    let marks = Marks::default();
    marks.take();
    marks.mark_all();
    let taken = marks.take();
    assert!(taken.everything && taken.given);
}
