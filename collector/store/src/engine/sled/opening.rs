//! Opening sled's directory: its lock, its cache, its broken leftovers.
//!
//! It deletes nothing: a leftover that keeps sled from opening is moved beside
//! the directory, and reported.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::intent::Disk;
use crate::engine::Opening;
use crate::error::{OpenError, StoreError};

/// Tries to get sled's lock. It gives it back some time after its last handle
/// is dropped, so one refusal means little; after a second it is another
/// process.
const LOCK_TRIES_MAX: u32 = 50;

/// Between two of them.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// How many leftovers may pile up beside the store before somebody has to look.
const ASIDE_MAX: u32 = 1_000;

/// sled's log below its directory.
const LOG: &str = "db";

pub(super) fn make(path: &Path, cache_bytes: usize) -> Result<Disk, OpenError> {
    fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| OpenError::io(path, &error))?;
    with_log(path, locked(path, cache_bytes).map_err(|error| refused(path, &error))?)
}

pub(super) fn open(path: &Path, cache_bytes: usize, opening: &mut Opening) -> Result<Disk, OpenError> {
    // sled makes what it does not find.
    match fs::metadata(path.join(LOG)) {
        Ok(log) if log.len() > 0 => {}
        Ok(_) => return Err(OpenError::Corrupt { path: path.to_owned(), reason: "its log is empty".to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Corrupt { path: path.to_owned(), reason: "it has no log".to_owned() });
        }
        Err(error) => return Err(OpenError::io(path, &error)),
    }
    with_log(path, open_tree(path, cache_bytes, opening)?)
}

fn with_log(path: &Path, db: sled::Db) -> Result<Disk, OpenError> {
    let file = fs::File::open(path.join(LOG)).map_err(|error| OpenError::io(path, &error))?;
    Ok(Disk { db, file })
}

fn open_tree(path: &Path, cache_bytes: usize, opening: &mut Opening) -> Result<sled::Db, OpenError> {
    let first = match locked(path, cache_bytes) {
        Ok(db) => return Ok(db),
        Err(error) => error,
    };
    // sled writes a summary of its log under this name and renames it when it
    // is whole; after a crash it may take a torn one for real. The log has
    // everything that the summary had.
    let leftovers = unfinished_summaries(path).map_err(|error| OpenError::io(path, &error))?;
    if is_lock(&first) || leftovers.is_empty() {
        return Err(refused(path, &first));
    }
    for leftover in leftovers {
        let aside = move_aside(path, &leftover).map_err(|error| OpenError::io(&leftover, &error))?;
        tracing::warn!(error = %first, moved_to = %aside.display(), "moved an unfinished summary of sled aside");
        opening.repaired.push(format!("{}: unfinished, moved to {}", leftover.display(), aside.display()));
    }
    locked(path, cache_bytes).map_err(|error| refused(path, &error))
}

fn locked(path: &Path, cache_bytes: usize) -> sled::Result<sled::Db> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(u64::try_from(cache_bytes).unwrap_or(u64::MAX))
        // Every commit is flushed before it is acknowledged; a second thread
        // that flushes would only compete.
        .flush_every_ms(None);
    for _ in 1..LOCK_TRIES_MAX {
        match config.open() {
            Err(error) if is_lock(&error) => sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    config.open()
}

/// sled wraps what the lock said into a text.
fn is_lock(error: &sled::Error) -> bool {
    match error {
        sled::Error::Io(error) => {
            error.kind() == io::ErrorKind::WouldBlock || error.to_string().starts_with("could not acquire lock")
        }
        _ => false,
    }
}

fn refused(path: &Path, error: &sled::Error) -> OpenError {
    if is_lock(error) {
        return OpenError::InUse { path: path.to_owned() };
    }
    match error {
        sled::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            OpenError::Corrupt { path: path.to_owned(), reason: "a file ends too early".to_owned() }
        }
        error => OpenError::store(path, &StoreError::sled("open the directory", error)),
    }
}

fn unfinished_summaries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn move_aside(store: &Path, leftover: &Path) -> io::Result<PathBuf> {
    let name = leftover.file_name().unwrap_or_default().to_string_lossy();
    for number in 1..=ASIDE_MAX {
        let aside = store.with_extension(format!("sled.aside-{number}.{name}"));
        if !aside.try_exists()? {
            fs::rename(leftover, &aside)?;
            return Ok(aside);
        }
    }
    Err(io::Error::other("too many leftovers were set aside already"))
}
