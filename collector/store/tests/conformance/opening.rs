//! Opening: what is refused, with which way out, and what is repaired.
//!
//! Damage is done to closed files, as a disk or a person would.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use driftline_store::*;

use crate::samples::*;
use crate::{open, options};

fn with_entries(dir: &Path, engine: EngineKind) {
    let store = open(dir, engine);
    store.writer().unwrap().commit(batch(1, vec![append((0..300).map(body).collect())])).unwrap();
}

fn refusal(dir: &Path, engine: EngineKind) -> OpenError {
    Store::open(dir, engine, options()).err().unwrap()
}

#[test]
fn engines_have_names() {
    for engine in EngineKind::ALL {
        assert_eq!(EngineKind::from_name(engine.as_str()), Some(engine));
    }
    assert_eq!(EngineKind::from_name("postgres"), None);
    assert_eq!(EngineKind::default(), EngineKind::Redb);
}

#[test]
fn a_new_store_is_private_and_leaves_nothing_else() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("collector/store");
        let store = open(&below, engine);
        assert!(store.report().created && store.report().repaired.is_empty());
        let names: Vec<_> = fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [engine.file_name()]);
        assert_eq!(fs::metadata(&below).unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(fs::metadata(store.path()).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[test]
fn a_store_of_the_other_engine_is_not_passed_over() {
    for (made, asked) in [(EngineKind::Redb, EngineKind::Sled), (EngineKind::Sled, EngineKind::Redb)] {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), made);
        let error = refusal(dir.path(), asked);
        assert!(matches!(error, OpenError::OtherEngine { .. }), "{error}");
        assert!(error.to_string().contains(&format!("set `engine = \"{made}\"`")), "{error}");
        assert_eq!(open(dir.path(), made).reader().unwrap().head().unwrap().0, 300);
    }
}

#[test]
fn a_store_in_use_is_refused_and_free_after_the_last_handle() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let reader = store.reader().unwrap();
        assert!(matches!(refusal(dir.path(), engine), OpenError::InUse { .. }));
        drop((store, reader));
        open(dir.path(), engine);
    }
}

#[test]
fn what_a_killed_first_start_left_does_not_matter() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let left = dir.path().join(format!("store.{engine}.new"));
        fs::write(&left, b"half").unwrap();
        assert!(open(dir.path(), engine).report().created);
        assert!(!left.exists());
    }
}

#[test]
fn a_truncated_or_overwritten_redb_file_is_refused_and_stays() {
    for (size, write) in [(0, None), (10_000, None), (100, None), (u64::MAX, Some((0, &[0x55; 64])))] {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), EngineKind::Redb);
        let path = dir.path().join(EngineKind::Redb.file_name());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        if let Some((at, bytes)) = write {
            file.write_all_at(bytes, at).unwrap();
        } else {
            file.set_len(size).unwrap();
        }
        let length = fs::metadata(&path).unwrap().len();
        let error = refusal(dir.path(), EngineKind::Redb);
        assert!(matches!(error, OpenError::Corrupt { .. }), "cut to {size}: {error}");
        assert!(error.to_string().contains("move it aside"), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), length, "nothing is overwritten");
    }
}

#[test]
fn a_checked_opening_finds_a_page_that_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    with_entries(dir.path(), EngineKind::Redb);
    let path = dir.path().join(EngineKind::Redb.file_name());
    let found = find(&path, b"/etc/shop/app.env");
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(b"/etc/SHOP", found).unwrap();
    let checked = StoreOptions { check_integrity: true, ..options() };
    let error = Store::open(dir.path(), EngineKind::Redb, checked).err().unwrap();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

fn find(path: &Path, wanted: &[u8]) -> u64 {
    use std::io::Read;
    let mut bytes = Vec::new();
    fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    u64::try_from(bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()).unwrap()
}

#[test]
fn an_unfinished_summary_of_sled_is_moved_aside_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    with_entries(dir.path(), EngineKind::Sled);
    let torn = dir.path().join(EngineKind::Sled.file_name()).join("snap.FFFFFFFFFFFFFFF0.generating");
    fs::write(&torn, b"torn").unwrap();
    let store = open(dir.path(), EngineKind::Sled);
    assert_eq!(store.report().repaired.len(), 1, "{:?}", store.report());
    assert!(!torn.exists());
    let aside: Vec<PathBuf> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("aside-1"))
        .collect();
    assert_eq!(aside.len(), 1, "it is kept");
    assert_eq!(store.reader().unwrap().verify(|_, _| {}).unwrap().entries, 300);
}

#[test]
fn a_broken_summary_of_sled_is_refused_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    with_entries(dir.path(), EngineKind::Sled);
    let broken = dir.path().join(EngineKind::Sled.file_name()).join("snap.FFFFFFFFFFFFFFF0");
    fs::write(&broken, b"broken").unwrap();
    let error = refusal(dir.path(), EngineKind::Sled);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert!(broken.exists());
}

/// Says in a closed store that it has another format.
fn set_format(dir: &Path, engine: EngineKind, format: u32) {
    let path = dir.join(engine.file_name());
    match engine {
        EngineKind::Redb => {
            let meta: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("meta");
            let database = redb::Database::open(path).unwrap();
            let transaction = database.begin_write().unwrap();
            let bytes = format.to_be_bytes();
            transaction.open_table(meta).unwrap().insert(b"format".as_slice(), bytes.as_slice()).unwrap();
            transaction.commit().unwrap();
        }
        EngineKind::Sled => {
            let db = sled::open(path).unwrap();
            db.insert(b"\x01format", &format.to_be_bytes()).unwrap().unwrap();
            db.flush().unwrap();
        }
    }
}

#[test]
fn a_newer_store_is_refused_and_not_touched() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), engine);
        set_format(dir.path(), engine, 6);
        let error = refusal(dir.path(), engine);
        assert!(matches!(error, OpenError::Newer { found: 6, known: 5, .. }), "{error}");
        assert!(error.to_string().contains("install the newer version again"), "{error}");
        set_format(dir.path(), engine, 5);
        assert_eq!(open(dir.path(), engine).reader().unwrap().head().unwrap().0, 300);
    }
}

#[test]
fn a_store_of_an_older_format_is_read_and_raised() {
    for (engine, format) in EngineKind::ALL.into_iter().flat_map(|engine| [1, 2, 3, 4].map(|format| (engine, format))) {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), engine);
        set_format(dir.path(), engine, format);
        assert_eq!(open(dir.path(), engine).reader().unwrap().head().unwrap().0, 300);
        assert_eq!(format_of(dir.path(), engine), 5);
        set_format(dir.path(), engine, 0);
        assert!(matches!(refusal(dir.path(), engine), OpenError::Corrupt { .. }));
    }
}

/// The format that a closed store says it has.
fn format_of(dir: &Path, engine: EngineKind) -> u32 {
    let path = dir.join(engine.file_name());
    let bytes = match engine {
        EngineKind::Redb => {
            use redb::ReadableDatabase as _;
            let meta: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("meta");
            let database = redb::Database::open(path).unwrap();
            let transaction = database.begin_read().unwrap();
            let table = transaction.open_table(meta).unwrap();
            table.get(b"format".as_slice()).unwrap().unwrap().value().to_vec()
        }
        EngineKind::Sled => sled::open(path).unwrap().get(b"\x01format").unwrap().unwrap().to_vec(),
    };
    u32::from_be_bytes(bytes.try_into().unwrap())
}

#[test]
fn an_older_store_is_read_as_it_is_and_grows_in_the_new_form() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let mut writer = store.writer().unwrap();
        for number in 0..20 {
            // One entry a commit: the index rows that format 1 had.
            writer.commit(batch(1, vec![append(vec![body(number)])])).unwrap();
        }
        drop((writer, store));
        set_format(dir.path(), engine, 1);
        let store = open(dir.path(), engine);
        store.writer().unwrap().commit(batch(1, vec![append((20..60).map(body).collect())])).unwrap();
        let reader = store.reader().unwrap();
        let all = reader.entries(&EntryQuery { limit: 100, ..EntryQuery::default() }).unwrap().entries;
        for environment in ["production", "staging"].map(environment) {
            let query = EntryQuery { environment: Some(environment), ..EntryQuery::default() };
            let wanted: Vec<u64> = all.iter().filter(|entry| query.matches(entry)).map(|entry| entry.id).collect();
            let found: Vec<u64> = reader.entries(&query).unwrap().entries.iter().map(|entry| entry.id).collect();
            assert_eq!(found, wanted);
        }
        drop((reader, store));
        set_format(dir.path(), engine, 6);
        assert!(matches!(refusal(dir.path(), engine), OpenError::Newer { .. }));
    }
}

#[test]
fn a_sled_directory_without_its_log_is_refused_and_not_filled_anew() {
    for cut in [None, Some(0)] {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), EngineKind::Sled);
        let log = dir.path().join(EngineKind::Sled.file_name()).join("db");
        match cut {
            None => fs::remove_file(&log).unwrap(),
            Some(size) => OpenOptions::new().write(true).open(&log).unwrap().set_len(size).unwrap(),
        }
        let names = |dir: &Path| {
            let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names(log.parent().unwrap());
        let error = refusal(dir.path(), EngineKind::Sled);
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("log"), "{error}");
        assert_eq!(names(log.parent().unwrap()), before, "an empty store in its place would hide the loss");
    }
}

#[test]
fn a_reader_outlives_its_store_its_writer_and_later_commits() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        with_entries(dir.path(), engine);
        let store = open(dir.path(), engine);
        let mut writer = store.writer().unwrap();
        let reader = store.reader().unwrap();
        let put = |number| Operation::PutItems {
            host: host_name("web"),
            source: source_name("app"),
            items: vec![item("K", number)],
        };
        for number in 0..50 {
            writer.commit(batch(1, vec![put(number), append(vec![body(number)])])).unwrap();
        }
        let middle = store.reader().unwrap();
        writer.commit(batch(1, vec![put(99)])).unwrap();
        drop((writer, store));
        assert_eq!(reader.head().unwrap().0, 300);
        assert_eq!(reader.items(&host_name("web"), &source_name("app")).unwrap(), []);
        assert_eq!(reader.verify(|_, _| {}).unwrap().entries, 300);
        assert_eq!(middle.head().unwrap().0, 350);
        let items = middle.items(&host_name("web"), &source_name("app")).unwrap();
        assert_eq!(items, [item("K", 49)], "not what came after it");
        assert!(matches!(refusal(dir.path(), engine), OpenError::InUse { .. }), "a reader holds the store open");
        drop((reader, middle));
        let items = open(dir.path(), engine).reader().unwrap().items(&host_name("web"), &source_name("app")).unwrap();
        assert_eq!(items, [item("K", 99)]);
    }
}
