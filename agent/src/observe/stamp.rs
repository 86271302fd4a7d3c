//! What stat(2) says about a file, boiled down to what changes when the file
//! does: compared instead of reading it again.
//!
//! It proves a difference, not sameness: content may change within one tick of
//! the file system's clock. That is why events are read regardless of it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Stat};
use serde::{Deserialize, Serialize};

/// Times, size and place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Stamp {
    modified: (i64, u64),
    changed: (i64, u64),
    size: i64,
    inode: u64,
    device: u64,
}

impl Stamp {
    /// The stamp of a file.
    #[must_use]
    pub fn of(stat: &Stat) -> Self {
        Self {
            modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
            changed: (stat.st_ctime, nanoseconds(stat.st_ctime_nsec)),
            size: stat.st_size,
            inode: stat.st_ino,
            device: stat.st_dev,
        }
    }
}

impl Stamp {
    /// The stamp of a file together with those of other files, folded.
    #[must_use]
    pub fn with(self, others: u64) -> Self {
        Self { inode: self.inode ^ others, ..self }
    }
}

// The kernel's type of these fields differs between architectures.
fn nanoseconds(field: impl TryInto<u64>) -> u64 {
    field.try_into().unwrap_or_default()
}

/// Sixty-four bits that differ when a path leads to another file, or to one
/// with another stamp, mode or owner. Small, because one is kept per source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Signature(u64);

impl Signature {
    /// From the file's own entry and, if that is a link, the file behind it.
    #[must_use]
    pub fn of(entry: &Stat, behind: Option<&Stat>) -> Self {
        let mut hash = DefaultHasher::new();
        for stat in [Some(entry), behind].into_iter().flatten() {
            Stamp::of(stat).hash(&mut hash);
            (stat.st_mode, stat.st_uid, stat.st_gid).hash(&mut hash);
        }
        // Zero is kept for "never seen".
        Self(hash.finish().max(1))
    }

    /// Of what cannot be looked at, by the kernel's error.
    #[must_use]
    pub fn of_error(error: rustix::io::Errno) -> Self {
        Self(u64::from(error.raw_os_error().unsigned_abs()).max(1))
    }

    /// Looks at a name in an open directory.
    #[must_use]
    pub fn look(dir: impl AsFd, name: &std::ffi::OsStr) -> Self {
        let dir = dir.as_fd();
        let entry = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(entry) => entry,
            Err(error) => return Self::of_error(error),
        };
        if FileType::from_raw_mode(entry.st_mode) != FileType::Symlink {
            return Self::of(&entry, None);
        }
        let behind = rustix::fs::statat(dir, name, AtFlags::empty());
        Self::of(&entry, behind.ok().as_ref())
    }

    /// Looks at a path.
    #[must_use]
    pub fn of_path(path: &std::path::Path) -> Self {
        Self::look(rustix::fs::CWD, path.as_os_str())
    }

    /// Whether a file was ever seen.
    #[must_use]
    pub fn is_seen(self) -> bool {
        self.0 != 0
    }
}
