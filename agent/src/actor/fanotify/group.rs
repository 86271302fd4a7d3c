//! The group of fanotify: marks on directories, and events read from it.
//!
//! Where handles cannot be had of a filesystem, a second group tells of files by
//! descriptor: it says no renames, so that a file is named by where it is now.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use driftline_daemon::files;
use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};
use rustix::fd::{AsFd as _, BorrowedFd};

use super::info::{self, Handle};
use super::join;

/// `FAN_REPORT_DIR_FID` and `FAN_REPORT_NAME` (`linux/fanotify.h`, Linux 5.9).
const BY_NAME: u32 = 0x400 | 0x800;

/// Bytes of what the kernel shows of a group: 200 for each of its marks.
const MARKS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Events of one read by descriptor.
const EVENTS_MAX: usize = 256;

/// Both groups.
#[derive(Debug)]
pub(crate) struct Group {
    by_name: Option<Fanotify>,
    by_descriptor: Option<Fanotify>,
    /// Directories whose handles are not known yet, by inode.
    fresh: Vec<Dir>,
    handles: HashMap<Handle, Vec<PathBuf>>,
}

#[derive(Debug, Clone)]
struct Dir {
    path: PathBuf,
    inode: u64,
    device: u64,
    filesystem: u64,
}

/// How marking went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marked {
    Yes,
    No(String),
}

/// Where an event happened.
#[derive(Debug, Clone)]
pub(super) enum At {
    Name(Handle, Vec<u8>),
    Path(PathBuf),
}

#[derive(Debug)]
pub(super) struct Heard {
    pub(super) events: Vec<Event>,
    pub(super) lost: bool,
}

#[derive(Debug)]
pub(super) struct Event {
    pub(super) pid: u32,
    pub(super) at: At,
}

impl Group {
    /// Opens both kinds.
    ///
    /// # Errors
    /// `EPERM` without `CAP_SYS_ADMIN`; `ENOSYS` where the kernel has none.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = InitFlags::FAN_CLASS_NOTIF | InitFlags::FAN_CLOEXEC | InitFlags::FAN_NONBLOCK;
        let files = EventFFlags::O_RDONLY | EventFFlags::O_CLOEXEC | EventFFlags::O_LARGEFILE;
        let by_name = Fanotify::init(flags | InitFlags::from_bits_retain(BY_NAME), files);
        let by_descriptor = Fanotify::init(flags, files);
        match (by_name, by_descriptor) {
            // A plain user is told what happens to his files, and not by whom.
            (_, Err(Errno::EPERM)) => Err(Errno::EPERM.into()),
            (Err(error), Err(_)) => Err(error.into()),
            (by_name, by_descriptor) => Ok(Self {
                by_name: by_name.ok(),
                by_descriptor: by_descriptor.ok(),
                fresh: Vec::new(),
                handles: HashMap::new(),
            }),
        }
    }

    /// What is to be waited for.
    pub(super) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.by_name.iter().chain(&self.by_descriptor).map(Fanotify::as_fd).collect()
    }

    /// Asks to hear of a directory; again, if another one is at the path: what
    /// happens in the one before, wherever that is now, is not of this path.
    pub(super) fn mark(&mut self, path: &Path) -> Marked {
        self.forget(path);
        let flags = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_ONLYDIR;
        let mut error = Errno::ENOSYS;
        if let Some(group) = &self.by_name {
            match group.mark(flags, names(), AT_FDCWD, Some(path)) {
                Ok(()) => match Dir::of(path) {
                    Ok(dir) => {
                        self.fresh.push(dir);
                        return Marked::Yes;
                    }
                    Err(error) => return Marked::No(error.to_string()),
                },
                Err(refused) => error = refused,
            }
        }
        // EXDEV: a subvolume of btrfs; EOPNOTSUPP and ENODEV: no handles.
        let other = matches!(error, Errno::EXDEV | Errno::EOPNOTSUPP | Errno::ENODEV | Errno::ENOSYS);
        if let Some(group) = self.by_descriptor.as_ref().filter(|_| other) {
            match group.mark(flags, writes(), AT_FDCWD, Some(path)) {
                Ok(()) => return Marked::Yes,
                Err(refused) => error = refused,
            }
        }
        Marked::No(format!("{}: {}", crate::config::display_path(path), error.desc()))
    }

    /// No longer asks.
    pub(super) fn release(&mut self, path: &Path) {
        // What is gone has lost its mark with it.
        for (group, mask) in [(&self.by_name, names()), (&self.by_descriptor, writes())] {
            if let Some(group) = group {
                _ = group.mark(MarkFlags::FAN_MARK_REMOVE, mask, AT_FDCWD, Some(path));
            }
        }
        self.forget(path);
    }

    fn forget(&mut self, path: &Path) {
        self.fresh.retain(|dir| dir.path != path);
        self.handles.retain(|_, paths| {
            paths.retain(|known| known != path);
            !paths.is_empty()
        });
    }

    /// Reads what waits, once.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Heard {
        let mut heard = Heard { events: Vec::new(), lost: false };
        if let Some(group) = &self.by_name
            && let Ok(length) = rustix::io::read(group.as_fd(), &mut *buffer)
        {
            for event in info::parse(&buffer[..length]) {
                heard.lost |= event.overflow;
                if let (Some(pid), Some((handle, name))) = (event.pid, event.at) {
                    heard.events.push(Event { pid, at: At::Name(handle, name) });
                }
            }
        }
        if let Some(group) = &self.by_descriptor {
            read_descriptors(group, &mut heard);
        }
        heard
    }

    /// The paths of where an event happened.
    pub(super) fn paths(&mut self, at: &At) -> Vec<PathBuf> {
        match at {
            At::Path(path) => vec![path.clone()],
            At::Name(handle, name) => {
                if !self.handles.contains_key(handle) && !self.fresh.is_empty() {
                    self.learn();
                }
                self.handles.get(handle).into_iter().flatten().map(|dir| join(dir, name)).collect()
            }
        }
    }

    /// Asks the kernel for the handles of what was marked since.
    fn learn(&mut self) {
        let Some(group) = &self.by_name else {
            return;
        };
        let path = format!("/proc/self/fdinfo/{}", group.as_fd().as_raw_fd());
        let Ok(text) = files::read_limited(Path::new(&path), MARKS_BYTES_MAX) else {
            return;
        };
        let marks = info::marks(&String::from_utf8_lossy(&text));
        for dir in std::mem::take(&mut self.fresh) {
            let same_inode = || marks.iter().filter(|mark| mark.inode == dir.inode);
            // A subvolume has another device inside the kernel.
            let mark = same_inode().find(|mark| mark.device == dir.device).or_else(|| same_inode().next());
            if let Some(mark) = mark {
                let handle = Handle { filesystem: dir.filesystem, kind: mark.kind, bytes: mark.bytes.clone() };
                let paths = self.handles.entry(handle).or_default();
                if !paths.contains(&dir.path) {
                    paths.push(dir.path);
                }
            }
        }
    }
}

fn read_descriptors(group: &Fanotify, heard: &mut Heard) {
    let Ok(events) = group.read_events() else {
        return;
    };
    for event in events.into_iter().take(EVENTS_MAX) {
        heard.lost |= event.mask().contains(MaskFlags::FAN_Q_OVERFLOW);
        let (Some(fd), Ok(pid)) = (event.fd(), u32::try_from(event.pid())) else {
            continue;
        };
        if let Ok(path) = rustix::fs::readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()) {
            use std::os::unix::ffi::OsStringExt as _;
            let path = PathBuf::from(std::ffi::OsString::from_vec(path.into_bytes()));
            heard.events.push(Event { pid, at: At::Path(path) });
        }
    }
}

/// All that changes a name, or what is behind it.
fn names() -> MaskFlags {
    writes()
        | MaskFlags::FAN_ATTRIB
        | MaskFlags::FAN_CREATE
        | MaskFlags::FAN_DELETE
        | MaskFlags::FAN_MOVED_FROM
        | MaskFlags::FAN_MOVED_TO
}

fn writes() -> MaskFlags {
    MaskFlags::FAN_MODIFY | MaskFlags::FAN_CLOSE_WRITE | MaskFlags::FAN_EVENT_ON_CHILD | MaskFlags::FAN_ONDIR
}

impl Dir {
    fn of(path: &Path) -> io::Result<Self> {
        let stat = std::fs::metadata(path)?;
        let filesystem = rustix::fs::statvfs(path)?.f_fsid;
        let (major, minor) = (rustix::fs::major(stat.dev()), rustix::fs::minor(stat.dev()));
        let device = u64::from(major) << 20 | u64::from(minor);
        Ok(Self { path: path.to_owned(), inode: stat.ino(), device, filesystem })
    }
}

#[cfg(test)]
mod tests;
