use super::*;

/// Tests of one process share what it knows of its own runs.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn of_the_same_events_as_many_are_own_as_own_runs_cause() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut credit = Credit::of(None);
    assert!(!credit.is_own(true) && !credit.is_own(false));
    let own = OwnRun::begin();
    assert!(credit.is_own(true), "its own beginning");
    assert!(!credit.is_own(true), "somebody else begins");
    assert!(!credit.is_own(false) || !credit.is_own(false), "one end of two is its own");
    let other = OwnRun::begin();
    assert!(credit.is_own(true), "the beginning of the other one");
    drop((own, other));
    assert!(credit.is_own(false), "its end comes a moment later");
    assert!(!credit.is_own(false));
}

#[test]
fn what_is_left_does_not_count_for_ever() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut credit = Credit::of(None);
    drop(OwnRun::begin());
    std::thread::sleep(2 * TAIL);
    assert!(!credit.is_own(false), "a run that never began has no end");
}

#[test]
fn all_of_a_script_is_its_doing_while_it_runs() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ipset");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    let mut credit = Credit::of(Some(&path));
    assert!(!credit.is_exact() && !credit.is_own(true));
    let own = OwnRun::begin();
    assert!(credit.is_own(true) && credit.is_own(true) && credit.is_own(false));
    drop(own);
    assert!(Credit::of(Some(Path::new("/bin/true"))).is_exact());
}
