use tokio::sync::mpsc;

use super::*;

#[test]
fn d2_a_write_that_failed_and_is_durable_keeps_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let opened = recovery::open(dir.path(), 1).unwrap();
    let (_inputs, inputs) = mpsc::channel(1);
    let (_requests, requests) = mpsc::channel(1);
    let ends = Ends { inputs, requests, progress: Journal::progress(&opened.meta) };
    let bounds = JournalBounds { bytes_max: 1 << 20, age_max_ms: 1_000_000 };
    let settings = JournalSettings { state_dir: dir.path().to_owned(), bounds, key_epoch: KeyEpoch(1) };
    let mut journal = Journal::new(opened, settings, Clock::manual(2), ends, CancellationToken::new());
    // As a commit does that wrote everything and then returned an error.
    let (first, second) = (blocked_gap(1, 2, "first"), blocked_gap(3, 4, "second"));
    let append = |journal: &Journal, entry: &Entry| {
        let shared = journal.shared.read().unwrap();
        shared.as_ref().unwrap().write(&journal.meta, |changes| changes.append(entry).map(|_| true)).unwrap()
    };
    append(&journal, &first);
    assert_eq!(journal.meta.next_seq, 1);
    journal.reopen();
    assert_eq!((journal.meta.next_seq, journal.generation), (2, 1));
    append(&journal, &second);
    let records = journal.reader().records(1, u64::MAX, usize::MAX).unwrap();
    assert_eq!(records, [(1, first), (2, second)]);
}

#[test]
fn what_comes_after_everything_was_seen_is_durable_at_once_though_nothing_was_written_before() {
    let dir = tempfile::tempdir().unwrap();
    let opened = recovery::open(dir.path(), 1).unwrap();
    let (_inputs, inputs) = mpsc::channel(1);
    let (_requests, requests) = mpsc::channel(1);
    let ends = Ends { inputs, requests, progress: Journal::progress(&opened.meta) };
    let progress = ends.progress.subscribe();
    let bounds = JournalBounds { bytes_max: 1 << 20, age_max_ms: 1_000_000 };
    let settings = JournalSettings { state_dir: dir.path().to_owned(), bounds, key_epoch: KeyEpoch(1) };
    let mut journal = Journal::new(opened, settings, Clock::manual(2), ends, CancellationToken::new());
    let mut batch = Batch::default();
    let (tell, mut told) = tokio::sync::oneshot::channel();
    batch.take(Input::Mark(crate::journal::Mark::Durable(tell)));
    journal.commit(batch).unwrap();
    assert_eq!(told.try_recv(), Ok(()));
    let mut batch = Batch::default();
    let gap = Gap { from_ms: 1, to_ms: 2, reason: "something".to_owned() };
    batch.take(Input::Mark(crate::journal::Mark::Gap(gap)));
    journal.commit(batch).unwrap();
    assert!(!journal.undurable);
    assert_eq!(progress.borrow().meta.next_seq, 2, "it is told to whoever ships it");
}
