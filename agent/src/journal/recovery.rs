//! Opens what the last run left, or says what was lost and goes on.
//!
//! A damaged file is set aside under a name that says when, never deleted and
//! never believed. A newer format and a file in use are refused: both would be
//! made worse by going on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use driftline_daemon::clock;

use super::entry::{Body, Entry, Gap};
use super::store::{Meta, Store, StoreError};

/// The file within the state directory.
pub const STATE_FILE: &str = "state.redb";

/// What was found, and what is to be said about it.
#[derive(Debug)]
pub struct Opened {
    /// The open file.
    pub store: Store,
    /// What is known about the journal.
    pub meta: Meta,
    /// Set when a damaged file was set aside.
    pub lost: Option<Lost>,
}

/// A file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Where it is now.
    pub aside: PathBuf,
    /// When it was written last.
    pub written_ms: i64,
    /// What was wrong with it.
    pub reason: String,
}

impl Lost {
    /// The gap that the collector is told.
    #[must_use]
    pub fn gap(&self, now_ms: i64) -> Entry {
        let reason = format!(
            "the agent's state was damaged and set aside ({}): changes that were not yet sent are lost",
            self.reason
        );
        let from_ms = self.written_ms.min(now_ms);
        let body = Body::Gap(Gap { from_ms, to_ms: now_ms, reason });
        Entry::new(None, now_ms, None, body)
    }
}

/// Opens the journal of a state directory.
///
/// # Errors
/// [`StoreError`] when going on would make it worse, or nothing can be written.
pub fn open(state_dir: &Path, now_ms: i64) -> Result<Opened, StoreError> {
    let path = state_dir.join(STATE_FILE);
    let damage = match open_whole(&path) {
        Ok((store, Some(meta))) => return Ok(Opened { store, meta, lost: None }),
        Ok((store, None)) => return begin(store, now_ms, None),
        Err(StoreError::Damaged { what, .. }) => what,
        Err(error) => return Err(error),
    };
    let written_ms = written_ms(&path).unwrap_or(now_ms);
    let aside = set_aside(&path, now_ms).map_err(|source| StoreError::Engine {
        what: "setting aside",
        path: path.clone(),
        source: Box::new(redb::Error::Io(source)),
    })?;
    tracing::error!(path = %aside.display(), reason = %damage, "the state was damaged and is set aside");
    let lost = Lost { aside, written_ms, reason: damage };
    begin(Store::open(&path)?, now_ms, Some(lost))
}

fn open_whole(path: &Path) -> Result<(Store, Option<Meta>), StoreError> {
    let store = Store::open(path)?;
    let meta = match store.meta() {
        Err(StoreError::Engine { source, path, .. }) if matches!(*source, redb::Error::Corrupted(_)) => {
            return Err(StoreError::Damaged { path, what: source.to_string() });
        }
        meta => meta?,
    };
    Ok((store, meta))
}

fn begin(store: Store, now_ms: i64, lost: Option<Lost>) -> Result<Opened, StoreError> {
    let meta = Meta::new(new_epoch(), now_ms);
    let written = store.write(&meta, |changes| {
        lost.as_ref().map(|lost| changes.append(&lost.gap(now_ms))).transpose()?;
        Ok(true)
    })?;
    Ok(Opened { store, meta: written.unwrap_or(meta), lost })
}

/// Sixteen random bytes: no two state directories share them.
#[must_use]
pub fn new_epoch() -> [u8; 16] {
    let mut epoch = [0; 16];
    if getrandom::fill(&mut epoch).is_err() {
        // Without the kernel's random numbers TLS does not work either; the
        // clock and the process keep epochs apart even so.
        epoch[..8].copy_from_slice(&clock::now_ms().to_be_bytes());
        epoch[8..12].copy_from_slice(&std::process::id().to_be_bytes());
    }
    epoch
}

fn set_aside(path: &Path, now_ms: i64) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{now_ms}"));
    let aside = PathBuf::from(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn written_ms(path: &Path) -> Option<i64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests;
