//! Files that only their owner may read: bounded reads, durable writes, private
//! directories, and the lock that keeps two daemons out of one directory.
//!
//! It never follows what is not a regular file (a FIFO or a device would block
//! or never end) and never leaves a half-written file under its final name.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, FlockOperation, Mode, OFlags};

/// Bytes of the lock file that are read back: a process id has at most seven
/// digits (`PID_MAX_LIMIT`), with its line break.
const PID_BYTES_MAX: usize = 16;

/// Names of a directory that are looked at for leftovers. State directories
/// hold a few files; a write must not wait for a large one.
const LEFTOVERS_LOOKED_AT_MAX: usize = 1000;

/// Reads a regular file of at most `max` bytes. Never blocks on a FIFO or a
/// device.
///
/// # Errors
/// `IsADirectory`, `InvalidInput` for anything else that is not a regular file,
/// `FileTooLarge` above `max`, or whatever the kernel says.
pub fn read_limited(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let stat = rustix::fs::fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory")),
        other => return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is a {}", type_name(other)))),
    }
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("has more than {max} bytes")));
    }
    Ok(bytes)
}

fn type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::Fifo => "FIFO",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "character device",
        FileType::BlockDevice => "block device",
        FileType::Symlink => "symbolic link",
        _ => "file of an unknown kind",
    }
}

/// Replaces a file as a whole, mode 0600, durable when this returns: written
/// beside it, synced, renamed, and the directory synced.
///
/// # Errors
/// Whatever the kernel says; the old file is then untouched.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(name), Some(dir)) = (path.file_name(), path.parent()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no path of a file"));
    };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    remove_leftovers(dir, name);
    let mut beside = name.to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = dir.join(beside);
    let written = write_new(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // The first error is the one to tell; a leftover is replaced next time.
        _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_dir(dir)
}

/// Removes what processes that are gone left beside the file: it may be half of
/// a private key. What cannot be removed is tried again at the next write.
fn remove_leftovers(dir: &Path, name: &OsStr) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let is_leftover = |found: &OsStr| {
        let rest = found.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b".")?.strip_suffix(b".new")?;
        let pid: u32 = std::str::from_utf8(rest).ok()?.parse().ok()?;
        Some(!Path::new("/proc").join(pid.to_string()).exists())
    };
    for entry in entries.flatten().take(LEFTOVERS_LOOKED_AT_MAX) {
        if is_leftover(&entry.file_name()) == Some(true) {
            _ = fs::remove_file(entry.path());
        }
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what was renamed, made or removed in a directory durable.
///
/// # Errors
/// Whatever the kernel says.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a directory, with its parents, that only its owner may enter. One that
/// is there already must not be open to others.
///
/// # Errors
/// `PermissionDenied` when others may enter it, or whatever the kernel says.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mode = fs::metadata(path)?.mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let reason = format!("has mode {mode:04o}, and only its owner may enter it (0700)");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}

/// Why a directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by process {pid}", path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The process that has it, as it wrote itself down.
        pid: String,
    },
    /// The lock file cannot be used.
    #[error("could not lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An exclusive lock (flock(2)), held until it is dropped or the process ends,
/// however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock without waiting, and writes the process id into it.
    ///
    /// # Errors
    /// [`LockError::Held`] names the process that has it.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |source: io::Error| LockError::Io { path: path.to_owned(), source };
        let options = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options
        };
        let mut file = options().open(path).map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let pid = holder(&file).unwrap_or_else(|| "unknown".to_owned());
                return Err(LockError::Held { path: path.to_owned(), pid });
            }
            Err(error) => return Err(failed(error.into())),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &File) -> Option<String> {
    let mut text = String::new();
    file.take(PID_BYTES_MAX as u64).read_to_string(&mut text).ok()?;
    let pid: u32 = text.trim().parse().ok()?;
    Some(pid.to_string())
}

#[cfg(test)]
mod tests;
