use proptest::prelude::*;

use super::*;

fn touch(path: &str, pid: u32, at_ms: i64, evidence: Evidence) -> Touch {
    Touch { at_ms, keys: vec![Key::Path(path.into())], by: Arc::new(Process::unseen(pid)), evidence }
}

fn window(since_ms: i64, observed_ms: i64) -> Window {
    Window { since_ms, observed_ms, before: Before::default() }
}

/// Who is found of `/a`, and how surely.
fn found(recent: &Recent, window: Window) -> Option<(u32, Confidence)> {
    let keys = [Key::Path("/a".into())];
    recent.find(&[&keys], window).map(|found| (found.by.pid, found.confidence))
}

#[test]
fn the_one_who_touched_it_made_the_change() {
    let mut recent = Recent::default();
    recent.add(touch("/b", 1, 1000, Evidence::Fanotify));
    recent.add(touch("/a", 2, 1000, Evidence::Fanotify));
    recent.add(touch("/a", 2, 1001, Evidence::Audit));
    assert_eq!(found(&recent, window(500, 1002)), Some((2, Confidence::Exact)));
    let both = recent.find(&[&[Key::Path("/a".into())]], window(500, 1002)).unwrap();
    assert_eq!(both.evidence, [Evidence::Audit, Evidence::Fanotify]);
}

#[test]
fn of_two_the_last_before_the_look_is_only_probable() {
    let mut recent = Recent::default();
    recent.add(touch("/a", 1, 1000, Evidence::Audit));
    recent.add(touch("/a", 2, 1005, Evidence::Audit));
    recent.add(touch("/a", 3, 1020, Evidence::Audit));
    assert_eq!(found(&recent, window(500, 1010)), Some((2, Confidence::Probable)));
    assert_eq!(found(&recent, window(500, 1001)), Some((1, Confidence::Exact)), "later ones made later changes");
}

#[test]
fn evidence_may_seem_a_little_late_but_not_long() {
    let mut recent = Recent::default();
    recent.add(touch("/a", 1, 1000 + AFTER_MS, Evidence::Fanotify));
    assert_eq!(found(&recent, window(500, 1000)), Some((1, Confidence::Exact)));
    assert_eq!(found(&recent, window(500, 999)), None);
    assert_eq!(found(&recent, window(2000, 3000)), None, "long before the look before");
}

#[test]
fn what_was_looked_at_for_the_change_before_is_not_looked_at_again() {
    let mut recent = Recent::default();
    recent.add(touch("/a", 1, 1000, Evidence::Fanotify));
    let before = Before { pid: Some(1), count: recent.count() };
    let next = Window { since_ms: 999, observed_ms: 1010, before };
    assert_eq!(found(&recent, next), None);
    let keys = [Key::Path("/a".into())];
    let again = recent.find_again(&[&keys], next).unwrap();
    assert_eq!((again.by.pid, again.confidence), (1, Confidence::Probable), "nobody else is known");
    recent.add(touch("/a", 1, 999, Evidence::Audit));
    assert_eq!(found(&recent, next), None, "its audit record came behind");
    recent.add(touch("/a", 2, 1005, Evidence::Audit));
    assert_eq!(found(&recent, next), Some((2, Confidence::Exact)));
}

#[test]
fn whoever_has_it_open_did_it_probably() {
    let mut recent = Recent::default();
    recent.add(touch("/a", 1, 1000, Evidence::Proc));
    assert_eq!(found(&recent, window(500, 1000)), Some((1, Confidence::Probable)));
}

#[test]
fn the_file_that_was_renamed_into_place_is_found_by_its_inode() {
    let mut recent = Recent::default();
    recent.add(Touch { keys: vec![Key::Inode(1, 2)], ..touch("/", 7, 1000, Evidence::Audit) });
    let (path, inode) = ([Key::Path("/a".into())], [Key::Inode(1, 2)]);
    assert_eq!(recent.find(&[&path, &inode], window(500, 1000)).unwrap().by.pid, 7);
    recent.add(touch("/a", 8, 1000, Evidence::Audit));
    assert_eq!(recent.find(&[&path, &inode], window(500, 1000)).unwrap().by.pid, 8, "a path says more");
}

#[test]
fn it_is_bounded_and_forgets() {
    let mut recent = Recent::default();
    for n in 0..TOUCHES_MAX + 10 {
        recent.add(touch(&format!("/{n}"), 1, 1000, Evidence::Audit));
    }
    assert_eq!((recent.order.len(), recent.by_key.len()), (TOUCHES_MAX, TOUCHES_MAX));
    recent.forget(1001 + REMEMBERED_MS);
    assert!(recent.order.is_empty() && recent.by_key.is_empty());
    let writer = Arc::new(Process::unseen(1));
    for at_ms in 0..1000 {
        recent.add(Touch { by: Arc::clone(&writer), ..touch("/a", 1, at_ms, Evidence::Fanotify) });
    }
    assert!(recent.order.len() <= 500, "an endless writer is not noted for each write");
}

proptest! {
    #[test]
    fn nobody_is_exact_who_was_not_alone(
        touches in proptest::collection::vec((1_u32..4, 0_i64..200), 0..12),
        since_ms in 0_i64..100,
        length in 0_i64..100,
    ) {
        let mut recent = Recent::default();
        for (pid, at_ms) in &touches {
            recent.add(touch("/a", *pid, *at_ms, Evidence::Audit));
        }
        let window = window(since_ms, since_ms + length);
        let inside = |at_ms: i64| at_ms >= since_ms - COARSE_MS && at_ms <= window.observed_ms;
        let mut before: Vec<u32> = touches.iter().filter(|(_, at_ms)| inside(*at_ms)).map(|(pid, _)| *pid).collect();
        before.sort_unstable();
        before.dedup();
        match found(&recent, window) {
            Some((pid, Confidence::Exact)) => prop_assert!(before.is_empty() || before == [pid]),
            Some((pid, _)) => prop_assert!(before.len() > 1 && before.contains(&pid)),
            None => prop_assert!(before.is_empty()),
        }
    }
}
