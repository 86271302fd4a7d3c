use driftline_canon::ItemKey;
use driftline_store::{AlertRecord, ItemRecord, StoredDigest};

use super::*;
use crate::config::{AlertRoute, RouteKind};
use crate::judge::tests::given::Room;
use crate::testing::{change, host_record};

fn room() -> Room {
    let route = AlertRoute {
        name: "hook".to_owned(),
        kind: RouteKind::Webhook,
        url: "https://127.0.0.1".to_owned(),
        secret_file: "secret".into(),
        min_severity: Severity::Info,
        allow_plaintext: false,
        ca_file: None,
    };
    Room::new().telling(&[route])
}

/// A host has the value now, and it is told.
fn becomes(room: &mut Room, host: &str, value: u8, severity: Severity) {
    let host = host_record(host);
    let mut one = Change { severity, observed_ms: room.now_ms, ..change(&host, "KEY") };
    if let Some(after) = &mut one.after {
        after.digest = StoredDigest([value; 32]);
    }
    let key = ItemKey::from_bytes(b"KEY");
    let digest = StoredDigest([value; 32]);
    let item =
        ItemRecord { key: key.clone(), digest, secret: false, display: None, line: None, file: None, since_ms: 1 };
    room.step(|draft| {
        draft.put_items(&host.host, &one.source, [(key, Some(item))]);
        draft.append_judged(&host, vec![EntryBody::Change(one.clone())]);
    });
}

fn alerts(room: &Room) -> Vec<AlertRecord> {
    room.store.reader().unwrap().outbox_due(i64::MAX, 100).unwrap()
}

#[test]
fn j1_a_wrong_deployment_to_five_hosts_is_one_alert_once_it_settled() {
    let mut room = room();
    room.push_at(1_000, 1, "env=production,role=web", &[("KEY", 5)]);
    for host in ["web-1", "web-2", "web-3", "web-4", "web-5"] {
        room.now_ms += 1_000;
        becomes(&mut room, host, 9, Severity::Warning);
    }
    // The fifth was on its way only.
    becomes(&mut room, "web-5", 5, Severity::Warning);
    room.now_ms = 30_999;
    assert_eq!((room.step(|draft| release(draft).unwrap()), alerts(&room).len()), (0, 0));
    room.now_ms = 31_000;
    assert_eq!(room.step(|draft| release(draft).unwrap()), 1);
    assert_eq!(alerts(&room)[0].entries, [1, 2, 3, 4]);
    assert_eq!((room.step(|draft| release(draft).unwrap()), alerts(&room).len()), (0, 1), "told once");
}

#[test]
fn what_is_critical_or_not_of_the_deployment_does_not_wait() {
    let mut room = room();
    room.push_at(1_000, 1, "env=production,role=web", &[("KEY", 5)]);
    becomes(&mut room, "web-1", 9, Severity::Critical);
    assert_eq!(alerts(&room).len(), 1);
    room.now_ms = 40_000;
    becomes(&mut room, "web-2", 9, Severity::Info);
    assert_eq!(alerts(&room).len(), 2, "nothing is in flight any more");
}
