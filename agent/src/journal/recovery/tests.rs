use super::*;

#[test]
fn d1_a_new_directory_begins_an_epoch_that_stays() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path(), 5).unwrap();
    assert!(first.lost.is_none() && first.meta.next_seq == 1);
    let epoch = first.meta.epoch;
    drop(first);
    assert_eq!(open(dir.path(), 6).unwrap().meta.epoch, epoch);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path(), 5).unwrap();
    let newer = Meta { format: crate::journal::store::FORMAT + 1, ..opened.meta.clone() };
    opened.store.write(&newer, |_| Ok(true)).unwrap();
    drop(opened);
    assert!(matches!(open(dir.path(), 6).unwrap_err(), StoreError::Newer { found, .. } if found == newer.format));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A program of an older version must refuse what this one writes next.
#[test]
fn an_older_format_is_read_and_raised_with_the_next_record() {
    (1..crate::journal::store::FORMAT).for_each(is_raised);
}

fn is_raised(format: u32) {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path(), 5).unwrap();
    let older = Meta { format, ..opened.meta.clone() };
    opened.store.write(&older, |_| Ok(true)).unwrap();
    drop(opened);
    let again = open(dir.path(), 6).unwrap();
    assert_eq!((again.meta.format, again.meta.epoch), (crate::journal::store::FORMAT, older.epoch));
    assert!(again.lost.is_none());
    again.store.write(&again.meta, |_| Ok(true)).unwrap();
    assert_eq!(again.store.meta().unwrap().unwrap().format, crate::journal::store::FORMAT);
}

#[test]
fn a_file_in_use_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _open = open(dir.path(), 5).unwrap();
    assert!(matches!(open(dir.path(), 6).unwrap_err(), StoreError::Locked { .. }));
}

#[test]
fn d1_a_file_cut_short_is_set_aside_or_repaired_but_never_refused() {
    for keep in [0_u64, 1, 100, 4096, 50_000] {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), 5).unwrap());
        let path = dir.path().join(STATE_FILE);
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(keep).unwrap();
        let opened = open(dir.path(), 6).unwrap();
        let told = opened.store.view().unwrap().records(1, 9, 1000).unwrap();
        assert_eq!(told.len(), usize::from(opened.lost.is_some()), "cut at {keep}");
    }
}
