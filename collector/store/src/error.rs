//! What can go wrong in the store, with a small kind to branch on.
//!
//! No record, value or secret is ever part of a message: only tables, paths
//! and what was attempted.

use std::io;
use std::path::PathBuf;

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The disk, quota or file size limit is full: hold back, try again later.
    Full,
    /// The disk or file system failed: try again, and tell an operator.
    Io,
    /// What the store holds does not make sense: stop and tell an operator.
    Corrupt,
    /// The caller or the store broke a rule of this crate.
    Bug,
}

impl ErrorKind {
    /// The kind's name in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Io => "io",
            Self::Corrupt => "corrupt",
            Self::Bug => "bug",
        }
    }

    fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::InvalidData => Self::Corrupt,
            _ => Self::Io,
        }
    }
}

/// A read or commit that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {attempted}: {reason}")]
pub struct StoreError {
    kind: ErrorKind,
    attempted: String,
    reason: String,
}

impl StoreError {
    pub(crate) fn new(kind: ErrorKind, attempted: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind, attempted: attempted.into(), reason: reason.into() }
    }

    pub(crate) fn corrupt(attempted: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, attempted, reason)
    }

    pub(crate) fn bug(attempted: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, attempted, reason)
    }

    pub(crate) fn io(attempted: impl Into<String>, error: &io::Error) -> Self {
        Self::new(ErrorKind::of_io(error), attempted, error.to_string())
    }

    pub(crate) fn redb(attempted: &str, error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(error) => Self::io(attempted, &error),
            redb::Error::Corrupted(reason) => Self::corrupt(attempted, reason),
            error @ (redb::Error::PreviousIo | redb::Error::DatabaseClosed) => {
                Self::new(ErrorKind::Io, attempted, error.to_string())
            }
            error => Self::bug(attempted, error.to_string()),
        }
    }

    pub(crate) fn sled(attempted: &str, error: &sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => Self::io(attempted, error),
            sled::Error::Corruption { .. } => Self::corrupt(attempted, error.to_string()),
            error => Self::bug(attempted, error.to_string()),
        }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the disk is full: nothing is lost, try again later.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kind == ErrorKind::Full
    }
}

/// Why a store did not open. Nothing is ever deleted or overwritten to get
/// further.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory or file could not be made, read or written.
    #[error("cannot open the store at {path}: {reason}")]
    Io {
        /// What was opened.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// Whether it is for want of space.
        full: bool,
    },
    /// Another process has it open.
    #[error("the store at {path} is in use by another process")]
    InUse {
        /// What was opened.
        path: PathBuf,
    },
    /// The other engine made the store of this directory.
    #[error(
        "the store in {dir} was made by the engine `{found}`, not `{wanted}`: \
         set `engine = \"{found}\"`, or name another directory"
    )]
    OtherEngine {
        /// The directory.
        dir: PathBuf,
        /// Engine of the files that are there.
        found: &'static str,
        /// Engine that was asked for.
        wanted: &'static str,
    },
    /// A newer driftline wrote it.
    #[error(
        "the store at {path} has format {found}, and this version knows up to {known}: \
         install the newer version again, or name another directory"
    )]
    Newer {
        /// What was opened.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// It is damaged beyond what the engine repairs.
    #[error(
        "the store at {path} is damaged ({reason}): stop the collector, move it aside (keep it for analysis) and start again: \
         agents send their full state, the history up to now is in the moved copy only, tokens and operators have to be made anew"
    )]
    Corrupt {
        /// What was opened.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
}

impl OpenError {
    pub(crate) fn io(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        let full = ErrorKind::of_io(error) == ErrorKind::Full;
        Self::Io { path: path.into(), reason: error.to_string(), full }
    }

    pub(crate) fn store(path: impl Into<PathBuf>, error: &StoreError) -> Self {
        let (path, reason) = (path.into(), error.to_string());
        match error.kind() {
            ErrorKind::Corrupt | ErrorKind::Bug => Self::Corrupt { path, reason },
            kind => Self::Io { path, reason, full: kind == ErrorKind::Full },
        }
    }

    /// The same for a store that was open already.
    pub(crate) fn into_store_error(self, attempted: &str) -> StoreError {
        let kind = match &self {
            Self::Io { full: true, .. } => ErrorKind::Full,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            _ => ErrorKind::Io,
        };
        StoreError::new(kind, attempted, self.to_string())
    }
}

#[cfg(test)]
mod tests;
