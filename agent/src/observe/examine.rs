//! Opens what a path leads to, if it is a regular file, without ever blocking
//! and without touching anything else.
//!
//! It reads no content. A FIFO, a device, a socket or a file of `/proc` is not
//! opened: opening alone would wake its writer or move the device.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::filesystem::FilesystemKind;
use super::stamp::Signature;
use crate::resolve::{End, resolve, stranger};

/// What a path leads to.
#[derive(Debug)]
pub struct Examined {
    /// The text of the link that the path itself is, if it is one.
    pub target: Option<Vec<u8>>,
    /// To be compared with that of the next look.
    pub signature: Signature,
    /// What is there.
    pub what: What,
}

/// What is at the end of a path.
#[derive(Debug)]
pub enum What {
    /// A regular file, open for reading.
    File(File, Box<Stat>),
    /// Nothing.
    Absent(&'static str),
    /// Something that is not read.
    Refused(String, Option<Box<Stat>>),
    /// A file that somebody made a link to whom it does not belong.
    OutOfBounds(String),
    /// A file that may not be read, or not now.
    Unreadable(Errno, Option<Box<Stat>>),
}

/// Looks where a path leads and opens it.
#[must_use]
pub fn examine(path: &Path) -> Examined {
    let entry = match rustix::fs::lstat(path) {
        Ok(entry) => entry,
        Err(error) => {
            return Examined { target: None, signature: Signature::of_error(error), what: of_error(error, None) };
        }
    };
    if FileType::from_raw_mode(entry.st_mode) != FileType::Symlink {
        // Directories on the way may be links as well.
        let what = follow(path).0;
        return Examined { target: None, signature: Signature::of(&entry, None), what };
    }
    let target = rustix::fs::readlink(path, Vec::new()).ok().map(std::ffi::CString::into_bytes);
    let (what, behind) = follow(path);
    Examined { target, signature: Signature::of(&entry, behind.as_deref()), what }
}

/// A directory that no link leads to: what is in it is found without following
/// its path for every file.
#[derive(Debug)]
pub struct Plain {
    dir: OwnedFd,
}

impl Plain {
    /// Takes an open directory if no link leads to it.
    #[must_use]
    pub fn of(path: &Path, dir: &OwnedFd) -> Option<Self> {
        let opened = rustix::fs::fstat(dir).ok()?;
        let resolution = resolve(path);
        let same = matches!(&resolution.end, End::Found { stat, .. }
            if (stat.st_dev, stat.st_ino) == (opened.st_dev, opened.st_ino));
        (same && resolution.hops.is_empty()).then(|| dir.try_clone().ok()).flatten().map(|dir| Self { dir })
    }

    /// What [`examine`] says of a file in it; none for a link.
    #[must_use]
    pub fn examine(&self, name: &OsStr) -> Option<Examined> {
        let examined = |signature, what| Some(Examined { target: None, signature, what });
        let entry = match rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(entry) => entry,
            Err(error) => return examined(Signature::of_error(error), of_error(error, None)),
        };
        if FileType::from_raw_mode(entry.st_mode) == FileType::Symlink {
            return None;
        }
        examined(Signature::of(&entry, None), open(&self.dir, name.as_ref(), &entry))
    }
}

fn follow(path: &Path) -> (What, Option<Box<Stat>>) {
    let resolution = resolve(path);
    match resolution.end {
        End::Found { real, stat } => match stranger(&resolution.owners, stat.st_uid) {
            None => (open(CWD, &real, &stat), Some(stat)),
            Some(owner) => {
                let target = stat.st_uid;
                (What::OutOfBounds(format!("the link belongs to uid {owner}, its target to uid {target}")), Some(stat))
            }
        },
        End::Missing => (What::Absent("the link leads to nothing"), None),
        End::Loop => (What::Refused("the link leads in circles".to_owned(), None), None),
        End::NotADirectory => (What::Absent("the link leads through something that is no directory"), None),
        End::Failed(error) => (of_error(error, None), None),
    }
}

fn of_error(error: Errno, stat: Option<&Stat>) -> What {
    match error {
        Errno::NOENT => What::Absent("there is no such file"),
        Errno::NOTDIR => What::Absent("a directory of its path is no directory"),
        error => What::Unreadable(error, stat.map(|stat| Box::new(*stat))),
    }
}

fn open(dir: impl AsFd, path: &Path, seen: &Stat) -> What {
    if let Some(name) = not_a_file(seen) {
        return What::Refused(format!("it is a {name}, not a file"), Some(Box::new(*seen)));
    }
    let file = match open_plainly(dir, path) {
        Ok(file) => File::from(file),
        // A link took the place of a directory on the way, or of the file. It is
        // heard of, and followed by the next look.
        Err(Errno::LOOP) => return What::Unreadable(Errno::AGAIN, None),
        Err(error) => return of_error(error, Some(seen)),
    };
    let stat = match rustix::fs::fstat(&file) {
        Ok(stat) => stat,
        Err(error) => return of_error(error, Some(seen)),
    };
    if let Some(name) = not_a_file(&stat) {
        return What::Refused(format!("it is a {name}, not a file"), Some(Box::new(stat)));
    }
    if stat.st_uid != seen.st_uid {
        // A directory of the path may be a link by now, whose owner was not
        // looked at. What was renamed into place is heard of and looked at again.
        return What::Unreadable(Errno::AGAIN, None);
    }
    // Pseudo filesystems have no device behind them, as tmpfs and NFS have
    // none: one more call tells them apart, and only for those.
    if rustix::fs::major(stat.st_dev) == 0
        && let FilesystemKind::Pseudo(name) = FilesystemKind::of_file(&file)
    {
        return What::Refused(format!("it is a file of {name}, which holds no configuration"), Some(Box::new(stat)));
    }
    What::File(file, Box::new(stat))
}

/// Opens a path that links were taken out of, and follows none that were put in
/// place since: whose links were followed is known of those before alone.
/// NONBLOCK is for whatever may have taken the file's place.
fn open_plainly(dir: impl AsFd, path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::openat2(&dir, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Before Linux 5.6, and where a filter of system calls does not know it:
        // there the owner alone is compared.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(dir, path, flags, Mode::empty()),
        opened => opened,
    }
}

fn not_a_file(stat: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("directory"),
        FileType::Fifo => Some("FIFO"),
        FileType::Socket => Some("socket"),
        FileType::CharacterDevice => Some("character device"),
        FileType::BlockDevice => Some("block device"),
        FileType::Symlink => Some("link put in place while it was read"),
        FileType::Unknown => Some("thing of an unknown kind"),
    }
}

#[cfg(test)]
mod tests;
