//! Hears of mounts and unmounts: inotify falls silent without a word when a
//! filesystem goes, and says nothing of a file that is mounted over another
//! (`/proc/self/mountinfo`, proc(5), tells by priority events).
//!
//! It says where, and nothing about what is there now.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use driftline_daemon::files;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The mount table.
const TABLE: &str = "/proc/self/mountinfo";

/// Bytes of the mount table that are read: a host with ten thousand containers
/// has less.
const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The mount table, to be waited for.
#[derive(Debug)]
pub(super) struct Mounts {
    table: AsyncFd<File>,
    known: BTreeSet<Mount>,
}

/// A mount: its number, so that another one at the same place is another one,
/// and where it is.
type Mount = (u64, PathBuf);

impl Mounts {
    /// Opens the mount table; none where there is no `/proc`.
    pub(super) fn open() -> Option<Self> {
        let opened = || -> io::Result<Self> {
            let file = File::open(TABLE)?;
            #[allow(deprecated, reason = "its successor is unsafe; this owns the file, which stays open")]
            let table = AsyncFd::with_interest(file, Interest::PRIORITY)?;
            Ok(Self { table, known: read()? })
        };
        match opened() {
            Ok(mounts) => Some(mounts),
            Err(error) => {
                tracing::warn!(%error, "mounts cannot be watched, reconciliation will notice them");
                None
            }
        }
    }

    /// Where something was mounted or unmounted since the last call.
    pub(super) fn moved(&mut self) -> Vec<PathBuf> {
        // What cannot be read now is read at the next mount.
        let Ok(now) = read() else { return Vec::new() };
        let moved: BTreeSet<&Path> = self.known.symmetric_difference(&now).map(|(_, at)| at.as_path()).collect();
        let moved = moved.into_iter().map(Path::to_owned).collect();
        self.known = now;
        moved
    }
}

fn read() -> io::Result<BTreeSet<Mount>> {
    let table = files::read_limited(Path::new(TABLE), TABLE_BYTES_MAX)?;
    Ok(table.split(|byte| *byte == b'\n').filter_map(mount).collect())
}

/// One line: number, parent, device, root, mount point and more.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    Some((id, PathBuf::from(OsString::from_vec(unescaped(fields.nth(3)?)))))
}

/// `\040` and the like: blanks, line feeds and backslashes are in octal.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = (first == b'\\').then(|| behind.get(..3)).flatten();
        let byte = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[3..] } else { behind };
    }
    out
}

/// Waits until something was mounted or unmounted; for ever without a table.
pub(super) async fn changed(mounts: Option<&Mounts>) {
    let Some(mounts) = mounts else {
        return std::future::pending().await;
    };
    match mounts.table.ready(Interest::PRIORITY).await {
        Ok(mut ready) => ready.clear_ready(),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
