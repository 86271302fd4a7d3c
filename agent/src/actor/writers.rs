//! Who has a file open for writing now: the last thing to ask where no source of
//! evidence told anything.
//!
//! It looks through `/proc`, so it is asked seldom and by one thread alone. Two
//! who have it open are nobody.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::sync::Arc;

use driftline_canon::Evidence;
use rustix::fs::{Dir, Mode, OFlags};
use tokio::sync::mpsc;

use super::process::Process;
use super::tidings::{Key, Telling, Touch};

/// Processes that are looked at.
const PROCESSES_MAX: usize = 4096;

/// Open files of one process that are looked at.
const FILES_MAX: usize = 1024;

/// Bytes of `fdinfo`.
const INFO_BYTES_MAX: usize = 4096;

/// Questions that wait. Each costs some milliseconds; more are not asked.
pub const QUESTIONS_MAX: usize = 8;

/// Who has this file open for writing?
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Device and inode.
    pub inode: (u64, u64),
    /// When it was seen changed.
    pub at_ms: i64,
}

/// Answers until nobody asks any more.
pub(super) fn run(mut asked: mpsc::Receiver<Question>, telling: &Telling) -> Result<(), Infallible> {
    while let Some(Question { inode: (device, inode), at_ms }) = asked.blocking_recv() {
        if let Some(by) = writer(device, inode) {
            let keys = vec![Key::Inode(device, inode)];
            telling.send(vec![Touch { at_ms, keys, by: Arc::new(by), evidence: Evidence::Proc }]);
        }
    }
    Ok(())
}

/// The one process that has this inode open for writing, the agent left out.
#[must_use]
pub fn writer(device: u64, inode: u64) -> Option<Process> {
    let own = std::process::id();
    let pids = entries(OsStr::new("/proc"), PROCESSES_MAX).into_iter().filter(|pid| *pid != own);
    let mut writing = pids.filter(|pid| writes(*pid, device, inode));
    let first = writing.next()?;
    if writing.next().is_some() { None } else { Process::look(first) }
}

fn writes(pid: u32, device: u64, inode: u64) -> bool {
    entries(OsStr::new(&format!("/proc/{pid}/fd")), FILES_MAX).into_iter().any(|fd| {
        let stat = rustix::fs::stat(format!("/proc/{pid}/fd/{fd}"));
        stat.is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (device, inode)) && for_writing(pid, fd)
    })
}

/// `flags:` in octal; the last two bits are the access mode.
fn for_writing(pid: u32, fd: u32) -> bool {
    let path = format!("/proc/{pid}/fdinfo/{fd}");
    let bytes = driftline_daemon::files::read_limited(path.as_ref(), INFO_BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 != 0)
}

/// Entries of a directory that are numbers.
fn entries(path: &OsStr, max: usize) -> Vec<u32> {
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let Ok(dir) = opened.and_then(Dir::new) else {
        return Vec::new();
    };
    let names = dir.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok());
    names.take(max).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_process_that_holds_a_file_open_for_writing_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let stat = std::fs::metadata(&path).unwrap();
        assert_eq!(writer(stat.dev(), stat.ino()), None);
        let start = |redirect: &str| {
            let script = format!("exec 3{redirect}'{}'; echo; read x", path.display());
            let mut child = std::process::Command::new("sh")
                .args(["-c", &script])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
            child
        };
        let mut reader = start("<");
        assert_eq!(writer(stat.dev(), stat.ino()), None, "who reads changes nothing");
        let mut first = start(">>");
        assert_eq!(writer(stat.dev(), stat.ino()).unwrap().pid, first.id());
        let mut second = start(">>");
        assert_eq!(writer(stat.dev(), stat.ino()), None, "two are nobody");
        for child in [&mut reader, &mut first, &mut second] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
