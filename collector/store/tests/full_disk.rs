//! D2: the disk fills up under the store, and is given room again.
//!
//! It needs a file system of its own: a small tmpfs, which only root can
//! mount. Without root it says so and checks nothing, unless `CI=true`: there it
//! fails, so that nobody takes a left-out test for a passed one.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

#[path = "support/samples.rs"]
mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftline_store::*;
use samples::*;

struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m,mode=0700", "driftline-test"])
            .arg(dir.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { dir });
        }
        assert!(std::env::var("CI").as_deref() != Ok("true"), "a tmpfs has to be mountable in CI: run as root");
        eprintln!("left out: needs root");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.dir.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.dir.path()).status();
    }
}

fn numbered(number: u64) -> Batch {
    let items = (0..300).map(|index| item(&format!("K{number}-{index}"), number));
    let operations = vec![
        Operation::PutItems { host: host_name("web"), source: source_name("app"), items: items.collect() },
        append(vec![body(number)]),
    ];
    Batch { operations, now_ms: 1 }
}

fn check_whole(store: &Store, batches: u64) {
    let reader = store.reader().unwrap();
    let report = reader.verify(|_, _| {}).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.entries, batches);
    let items = reader.items(&host_name("web"), &source_name("app")).unwrap();
    assert_eq!(u64::try_from(items.len()).unwrap(), batches * 300);
}

fn fill_until_refused(writer: &mut Writer) -> u64 {
    for number in 1..1_000 {
        match writer.commit(numbered(number)) {
            Ok(committed) => assert_eq!(committed.entries, [number]),
            Err(error) => {
                assert!(error.is_full(), "{error}");
                return number - 1;
            }
        }
    }
    panic!("the disk never filled");
}

/// `reads_on`: whether the store can be read while the disk is full.
fn survives(engine: EngineKind, room: usize, reserve_bytes: u64, reads_on: bool) {
    let Some(disk) = SmallDisk::mount() else { return };
    fs::write(disk.ballast(), vec![0; 64 * 1024 * 1024 - room]).unwrap();
    let below: &Path = &disk.dir.path().join("store");
    let store = Store::open(below, engine, StoreOptions { reserve_bytes, ..StoreOptions::default() }).unwrap();
    let mut writer = store.writer().unwrap();
    let old = store.reader().unwrap();
    let committed = fill_until_refused(&mut writer);
    for _ in 0..3 {
        let error = writer.commit(numbered(committed + 1)).unwrap_err();
        assert!(error.is_full(), "{error}");
    }
    if reads_on {
        check_whole(&store, committed);
        // redb's readers end with the failed commit; they never see another state.
        assert!(old.head().map_or_else(|error| error.kind() == ErrorKind::Io, |head| head.0 == 0));
    } else {
        assert!(store.reader().err().unwrap().is_full());
    }
    drop(old);

    fs::remove_file(disk.ballast()).unwrap();
    for number in committed + 1..=committed + 3 {
        assert_eq!(writer.commit(numbered(number)).unwrap().entries, [number], "the same writer goes on");
    }
    check_whole(&store, committed + 3);
    drop((store, writer));
    check_whole(&Store::open(below, engine, StoreOptions::default()).unwrap(), committed + 3);
}

const MIB: usize = 1024 * 1024;

#[test]
fn d2_redb_waits_for_room_and_goes_on() {
    survives(EngineKind::Redb, 4 * MIB, 0, true);
}

#[test]
fn d2_sled_stops_before_the_disk_is_full_and_goes_on() {
    survives(EngineKind::Sled, 24 * MIB, RESERVE_BYTES_DEFAULT, true);
}

#[test]
fn d2_sled_waits_for_room_if_somebody_else_took_the_reserve() {
    survives(EngineKind::Sled, 4 * MIB, 0, false);
}
