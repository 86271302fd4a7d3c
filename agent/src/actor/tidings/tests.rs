use super::*;

fn telling() -> (Telling, watch::Receiver<Legacy>, mpsc::Receiver<Tidings>) {
    let (changed, legacy) = watch::channel(Legacy::default());
    let (telling, way) = Telling::new(Standing::default(), Arc::new(changed));
    (telling, legacy, way)
}

#[test]
fn each_change_of_legacy_tables_is_told_and_whether_all_are() {
    let (telling, mut legacy, _way) = telling();
    telling.legacy_changed();
    telling.legacy_changed();
    assert_eq!(*legacy.borrow_and_update(), Legacy { changes: 2, live: false });
    telling.tells_legacy(true);
    assert!(legacy.has_changed().unwrap() && legacy.borrow_and_update().live);
    telling.tells_legacy(true);
    assert!(!legacy.has_changed().unwrap(), "that is no news");
}

#[test]
fn what_does_not_fit_on_the_way_is_lost_and_counted() {
    let (telling, _legacy, _way) = telling();
    let touch = || Touch {
        at_ms: 1,
        keys: vec![Key::Path("/etc/a".into())],
        by: Arc::new(Process::unseen(7)),
        evidence: Evidence::Audit,
    };
    for _ in 0..BATCHES_MAX {
        telling.send(vec![touch()]);
    }
    assert!(telling.standing.all().is_empty());
    telling.send(vec![touch(), touch()]);
    assert_eq!(telling.standing.all()[0].lost, 2);
}
