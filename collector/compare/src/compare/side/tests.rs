//! Folding many hosts into few values.

use super::*;

fn digest(of: u8) -> [u8; 32] {
    [of; 32]
}

fn feed(side: &mut Side, host: &str, key: &str, value: u8) {
    let (host, role) = (host.parse().unwrap(), "web".parse().unwrap());
    let source = "app".parse().unwrap();
    let id = side.source(Place { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
    let key = ItemKey::from_bytes(key.as_bytes());
    side.item(id, Fact { key: &key, digest: &digest(value), secret: false, display: None });
}

#[test]
fn hosts_that_agree_are_kept_once() {
    let mut side = Side::new("production");
    for host in 0..100 {
        feed(&mut side, &format!("web-{host}"), "A", 1);
    }
    assert_eq!(side.hosts(), 100);
    let slot = &side.columns()[0].slots.get(&ItemKey::from_bytes(b"A")).unwrap();
    assert_eq!(slot.groups.len(), 1);
    assert_eq!(slot.groups[0].hosts.len(), 100);
}

#[test]
fn more_groups_than_are_scanned_are_found_again() {
    let mut side = Side::new("production");
    for round in 0..3u8 {
        for value in 0..40u8 {
            feed(&mut side, &format!("web-{value}-{round}"), "A", value);
        }
    }
    let slot = &side.columns()[0].slots.get(&ItemKey::from_bytes(b"A")).unwrap();
    assert_eq!(slot.groups.len(), 40);
    assert!(slot.groups.iter().all(|group| group.hosts.len() == 3));
}

#[test]
fn a_host_that_watches_nothing_still_counts() {
    let mut side = Side::new("production");
    side.host(&"web-1".parse().unwrap(), &"web".parse().unwrap());
    side.host(&"web-1".parse().unwrap(), &"web".parse().unwrap());
    assert_eq!(side.hosts(), 1);
    assert!(side.columns().is_empty());
}

#[test]
fn names_are_sorted() {
    let mut side = Side::new("production");
    for host in ["c", "a", "b"] {
        feed(&mut side, host, "A", 1);
    }
    let names: Vec<_> = side.names([0, 1, 2].into_iter()).into_iter().map(HostName::as_str).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn keys_in_any_order_are_kept_under_their_own_name() {
    let mut side = Side::new("production");
    for (host, keys) in [("a", "ABC"), ("b", "ABC"), ("c", "CAB"), ("d", "BXC"), ("e", "A"), ("f", "XYA")] {
        for key in keys.chars() {
            feed(&mut side, host, &key.to_string(), u8::from(host == "c" && key == 'B'));
        }
    }
    let slots = &side.columns()[0].slots;
    let hosts = |key: &[u8]| {
        let slot = slots.get(&ItemKey::from_bytes(key)).unwrap();
        slot.groups.iter().map(|group| group.hosts.clone()).collect::<Vec<_>>()
    };
    assert_eq!(hosts(b"A"), [vec![0, 1, 2, 4, 5]]);
    assert_eq!(hosts(b"B"), [vec![0, 1, 3], vec![2]]);
    assert_eq!(hosts(b"C"), [vec![0, 1, 2, 3]]);
    assert_eq!((hosts(b"X"), hosts(b"Y")), (vec![vec![3, 5]], vec![vec![5]]));
    assert_eq!(slots.iter().count(), 5);
    assert!(slots.get(&ItemKey::from_bytes(b"Z")).is_none());
}
