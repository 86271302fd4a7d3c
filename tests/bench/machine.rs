//! The machine in one line, and what its disk can do at best.
//!
//! It says how large and how fast, never which.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use driftline_tests::process::read_text;

use crate::stats::{Samples, pair};

/// Bytes of one append: a page, as journals write.
const APPEND_BYTES: usize = 4096;

/// Cores, memory, kernel and disk.
pub(crate) fn describe(dir: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read_text("/proc/meminfo".as_ref());
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|rest| rest.split_whitespace().next()).and_then(|field| field.parse::<u64>().ok());
    let gib = kib.unwrap_or_default().div_ceil(1024 * 1024);
    let release = read_text("/proc/sys/kernel/osrelease".as_ref());
    // Only the version: what follows it names a distribution's or a provider's build.
    let kernel = release.trim().split('-').next().unwrap_or_default().to_owned();
    let disk = pair(&append_and_sync(dir, 500));
    format!("{cores} cores, {gib} GiB of memory, Linux {kernel}, append + fdatasync of 4 KiB p50 / p99 {disk}")
}

/// One minute's load: who else was busy.
pub(crate) fn load() -> String {
    let load = read_text("/proc/loadavg".as_ref());
    load.split(' ').next().unwrap_or("0").to_owned()
}

/// How long one append of 4 KiB takes to be on disk.
pub(crate) fn append_and_sync(dir: &Path, times: usize) -> Samples {
    let path = dir.join("append");
    let mut file = File::create(&path).expect("a file in the private directory");
    let page = [0xa5; APPEND_BYTES];
    let mut once = || -> Duration {
        let begun = Instant::now();
        file.write_all(&page).expect("append");
        file.sync_data().expect("fdatasync");
        begun.elapsed()
    };
    let samples = Samples::new((0..times).map(|_| once()).collect());
    let _ = std::fs::remove_file(&path);
    samples
}
