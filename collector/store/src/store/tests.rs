//! Commits over a disk that fails at any of its writes: all or nothing, and
//! never twice.

use std::os::unix::fs::FileExt as _;
use std::sync::atomic::AtomicI64;

use driftline_compare::Severity;
use redb::{Builder, StorageBackend};

use super::*;
use crate::engine::redb::RedbEngine;
use crate::record::{Event, EventKind};
use crate::{Batch, EntryBody, ErrorKind, Operation};

/// A file whose writes and syncs fail once so many of them have been done.
#[derive(Debug)]
struct FailingFile {
    file: fs::File,
    left: Arc<AtomicI64>,
    /// Whether the failing operation reaches the disk all the same.
    arrives: bool,
}

impl FailingFile {
    /// Whether to carry out the operation, and whether to say that it worked.
    fn turn(&self) -> (bool, io::Result<()>) {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            left if left > 0 => (true, Ok(())),
            left => (left == 0 && self.arrives, Err(io::Error::other("the disk fails"))),
        }
    }
}

impl StorageBackend for FailingFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.turn().1
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (carry_out, said) = self.turn();
        if carry_out {
            self.file.write_all_at(data, offset)?;
        }
        said
    }
}

fn batch(message: &str) -> Batch {
    let event = EntryBody::Event(Event {
        kind: EventKind::Operator,
        severity: Severity::Info,
        environment: None,
        host: None,
        source: None,
        between_ms: None,
        message: message.to_owned(),
    });
    let alerts = vec![("hook".to_owned(), vec![0])];
    Batch { operations: vec![Operation::Append { entries: vec![event], alerts }], now_ms: 1 }
}

/// A store of one entry whose file fails after so many operations.
fn failing(dir: &Path, left: i64, arrives: bool) -> (Arc<Shared>, Arc<AtomicI64>) {
    let made = Store::open(dir, EngineKind::Redb, StoreOptions::default()).unwrap();
    made.writer().unwrap().commit(batch("first")).unwrap();
    drop(made);
    let path = dir.join(EngineKind::Redb.file_name());
    let left_shared = Arc::new(AtomicI64::new(i64::MAX));
    let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let backend = FailingFile { file, left: Arc::clone(&left_shared), arrives };
    let database = Builder::new().create_with_backend(backend).unwrap();
    let engine = Engine::Redb(RedbEngine::over(&path, &StoreOptions::default(), database));
    left_shared.store(left, Ordering::SeqCst);
    let report = OpenReport::default();
    let shared = Shared { engine, kind: EngineKind::Redb, path, report, writer_taken: AtomicBool::new(true) };
    (Arc::new(shared), left_shared)
}

#[test]
fn d2_a_disk_that_fails_at_any_write_neither_loses_nor_doubles_a_batch() {
    let mut failures = 0;
    for arrives in [false, true] {
        for left in 0.. {
            let dir = tempfile::tempdir().unwrap();
            let (shared, remaining) = failing(dir.path(), left, arrives);
            let mut writer = Writer::new(Arc::clone(&shared));
            let first = writer.commit(batch("second"));
            let never_failed = remaining.load(Ordering::SeqCst) >= 0;
            let committed = match first {
                Ok(committed) => committed,
                Err(error) => {
                    failures += 1;
                    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                    writer.commit(batch("second")).unwrap()
                }
            };
            assert_eq!((committed.entries, committed.alerts), (vec![2], vec![2]), "failed after {left}");
            let reader = Store { shared: Arc::clone(&shared) }.reader().unwrap();
            assert_eq!(reader.verify(|_, _| {}).unwrap().entries, 2);
            assert_eq!(reader.outbox_len().unwrap(), 2);
            drop((reader, writer, shared));
            let again = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
            assert_eq!(again.reader().unwrap().head().unwrap().0, 2);
            if never_failed {
                break;
            }
        }
    }
    assert!(failures > 4, "only {failures} commits failed: the test tests nothing");
}

#[test]
fn d2_a_store_that_cannot_even_be_read_after_a_failure_settles_the_outcome_later() {
    let dir = tempfile::tempdir().unwrap();
    let (shared, _) = failing(dir.path(), 0, false);
    let mut writer = Writer::new(Arc::clone(&shared));
    let away = dir.path().join("away");
    fs::rename(shared_path(&shared), &away).unwrap();
    assert_eq!(writer.commit(batch("second")).unwrap_err().kind(), ErrorKind::Io);
    assert!(!shared_path(&shared).exists(), "no empty store in its place");
    assert!(writer.commit(batch("second")).is_err(), "still away");
    assert!(Store { shared: Arc::clone(&shared) }.reader().is_err());
    fs::rename(&away, shared_path(&shared)).unwrap();
    assert_eq!(writer.commit(batch("second")).unwrap().entries, [2]);
    assert_eq!(writer.commit(batch("second")).unwrap().entries, [3], "the same words later are another batch");
}

fn shared_path(shared: &Shared) -> &Path {
    &shared.path
}
