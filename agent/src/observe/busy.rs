//! What the workers are reading now: says why nothing moves when a file is huge
//! or its file system hangs.
//!
//! It ends nothing: a read that the kernel does not return from cannot be ended.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::WORKERS;
use super::look::Look;

/// From then on it is told: a person who asks wants to know of a file that takes
/// longer than any configuration.
pub const TELL: Duration = Duration::from_secs(5);

/// What each worker is reading. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Busy {
    files: Arc<Mutex<[Option<Reading>; WORKERS]>>,
}

#[derive(Debug)]
struct Reading {
    dir: Arc<Path>,
    name: Arc<OsStr>,
    since: Instant,
}

impl Busy {
    /// A worker begins with a file.
    pub fn begin(&self, worker: usize, look: &Look, now: Instant) {
        let reading = Reading { dir: Arc::clone(&look.dir), name: Arc::clone(&look.name), since: now };
        self.set(worker, Some(reading));
    }

    /// A worker has no file any more.
    pub fn end(&self, worker: usize) {
        self.set(worker, None);
    }

    /// Files that take longer than [`TELL`], each with how long it has taken.
    #[must_use]
    pub fn told(&self, now: Instant) -> Vec<(PathBuf, Duration)> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let took = |reading: &Reading| now.saturating_duration_since(reading.since);
        let told = files.iter().flatten().filter(|reading| took(reading) >= TELL);
        told.map(|reading| (reading.dir.join(&*reading.name), took(reading))).collect()
    }

    fn set(&self, worker: usize, reading: Option<Reading>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get_mut(worker) {
            *file = reading;
        }
    }
}

#[cfg(test)]
mod tests;
