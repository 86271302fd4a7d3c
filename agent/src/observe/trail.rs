//! What a reading depended on beside its own file: included files, whether
//! they were there or not, and directories that were listed.
//!
//! It opens nothing; whether anything changed since is asked of stat(2) alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::look::SourceId;
use super::stamp::Signature;

/// Directories that are watched for what one source includes. A careful
/// configuration has a handful; each costs some of the kernel's watches, which
/// all of root's programs share.
pub const DIRECTORIES_WATCHED_MAX: usize = 200;

/// Files and directories, each with how it looked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    files: BTreeMap<PathBuf, Signature>,
    directories: BTreeMap<PathBuf, Signature>,
}

impl Trail {
    /// Notes a file. Of two looks the first counts: a change in between is a
    /// change.
    pub fn file(&mut self, path: &Path, signature: Signature) {
        self.files.entry(path.to_owned()).or_insert(signature);
    }

    /// Notes a directory that is listed.
    pub fn directory(&mut self, path: &Path, signature: Signature) {
        self.directories.entry(path.to_owned()).or_insert(signature);
    }

    /// Whether nothing was included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }

    /// Files, whether they are there or not.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Directories that were listed.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.directories.keys().map(PathBuf::as_path)
    }

    /// Directories of which anything is watched.
    #[must_use]
    pub fn watched(&self) -> BTreeSet<&Path> {
        self.places().into_iter().take(DIRECTORIES_WATCHED_MAX).collect()
    }

    /// Whether there are more directories than are watched.
    #[must_use]
    pub fn is_too_wide(&self) -> bool {
        self.places().len() > DIRECTORIES_WATCHED_MAX
    }

    fn places(&self) -> BTreeSet<&Path> {
        self.files().filter_map(Path::parent).chain(self.directories()).collect()
    }

    /// Whether another one leads to the same places.
    #[must_use]
    pub fn leads_as(&self, other: &Self) -> bool {
        self.files().eq(other.files()) && self.directories().eq(other.directories())
    }

    /// Whether all of it looks as it did.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let mut all = self.files.iter().chain(&self.directories);
        all.all(|(path, signature)| Signature::of_path(path) == *signature)
    }

    /// Sixty-four bits over how the files looked; 0 for none.
    #[must_use]
    pub fn fold(&self) -> u64 {
        if self.files.is_empty() {
            return 0;
        }
        let mut hash = DefaultHasher::new();
        self.files.hash(&mut hash);
        hash.finish().max(1)
    }
}

/// Where the observe stage says what sources include, and the watch stage
/// hears it: the latest word per source, so that neither waits for the other.
#[derive(Debug, Clone, Default)]
pub struct Trails {
    told: Arc<Mutex<HashMap<SourceId, Arc<Trail>>>>,
    bell: Arc<Notify>,
}

impl Trails {
    /// Says what a source includes now.
    pub fn tell(&self, id: SourceId, trail: Arc<Trail>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(id, trail);
        self.bell.notify_one();
    }

    /// What was said since the last call, in the order of the sources.
    #[must_use]
    pub fn take(&self) -> Vec<(SourceId, Arc<Trail>)> {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        let mut told: Vec<_> = told.into_iter().collect();
        told.sort_by_key(|(id, _)| *id);
        told
    }

    /// Waits until something was said.
    pub async fn wait(&self) {
        self.bell.notified().await;
    }
}

#[cfg(test)]
mod tests;
