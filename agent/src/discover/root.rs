//! Reading below one directory: the host's own, or that of an image.
//!
//! It never leads out of it, opens regular files and directories only, and never
//! reads without a limit.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags};

use crate::config::{Component, Glob};

/// Entries of one directory that are looked at, in the order the kernel tells
/// them: `/proc` of a busy host has some thousands.
const ENTRIES_MAX: usize = 20_000;

/// Paths that one pattern may lead to.
const MATCHES_MAX: usize = 1_000;

/// Bytes of a file that is read to know what it names.
pub(crate) const TEXT_BYTES_MAX: u64 = 256 * 1024;

/// A directory that everything is below.
#[derive(Debug)]
pub(crate) struct Root {
    dir: OwnedFd,
    /// It is the host's own: links may be followed as the host follows them.
    own: bool,
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let dir = rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { dir, own: path == Path::new("/") })
    }

    /// Whether it is the host's own.
    pub(crate) fn is_own(&self) -> bool {
        self.own
    }

    fn at(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        if self.own {
            return rustix::fs::open(path, flags, Mode::empty());
        }
        rustix::fs::openat2(&self.dir, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    fn kind(&self, path: &Path) -> Option<FileType> {
        let found = self.at(path, OFlags::PATH).ok()?;
        rustix::fs::fstat(found).ok().map(|stat| FileType::from_raw_mode(stat.st_mode))
    }

    pub(crate) fn is_dir(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileType::Directory)
    }

    pub(crate) fn is_file(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileType::RegularFile)
    }

    /// Whether anything has that name.
    pub(crate) fn is_there(&self, path: &Path) -> bool {
        self.kind(path).is_some()
    }

    /// The beginning of a regular file.
    pub(crate) fn try_read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        // A FIFO or a device would notice that it is opened.
        let found = self.at(path, OFlags::PATH)?;
        if FileType::from_raw_mode(rustix::fs::fstat(found)?.st_mode) != FileType::RegularFile {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let file = File::from(self.at(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The same; none when it cannot be read.
    pub(crate) fn read(&self, path: &Path, bytes_max: u64) -> Option<Vec<u8>> {
        self.try_read(path, bytes_max).ok()
    }

    /// The beginning of a file as text, whatever is no text replaced.
    pub(crate) fn text(&self, path: &Path) -> Option<String> {
        self.text_of(path, TEXT_BYTES_MAX)
    }

    /// The same with another limit.
    pub(crate) fn text_of(&self, path: &Path, bytes_max: u64) -> Option<String> {
        self.read(path, bytes_max).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a link points, word for word.
    pub(crate) fn link(&self, path: &Path) -> Option<PathBuf> {
        let link = self.at(path, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
        let target = rustix::fs::readlinkat(link, "", Vec::new()).ok()?;
        Some(OsString::from_vec(target.into_bytes()).into())
    }

    /// Names in a directory, sorted.
    pub(crate) fn list(&self, path: &Path) -> Vec<OsString> {
        let Ok(dir) = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY) else {
            return Vec::new();
        };
        let entries = Dir::read_from(dir).into_iter().flatten().take(ENTRIES_MAX).flatten();
        let mut names: Vec<OsString> = entries
            .map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned())
            .filter(|name| name != "." && name != "..")
            .collect();
        names.sort();
        names
    }

    /// Regular files that a path or a pattern means.
    pub(crate) fn files(&self, pattern: &Path) -> Vec<PathBuf> {
        match Glob::parse(pattern) {
            Ok(Some(glob)) => self.matches(&glob),
            Ok(None) if self.is_file(pattern) => vec![pattern.to_owned()],
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    /// Regular files that match; `**` is not followed.
    pub(crate) fn matches(&self, glob: &Glob) -> Vec<PathBuf> {
        let mut found = vec![glob.base.clone()];
        for component in &glob.components {
            found = found.iter().flat_map(|dir| self.step(dir, component)).take(MATCHES_MAX).collect();
        }
        found.retain(|path| self.is_file(path));
        found
    }

    fn step(&self, dir: &Path, component: &Component) -> Vec<PathBuf> {
        if let Component::Literal(name) = component {
            return vec![dir.join(name)];
        }
        let names = self.list(dir).into_iter();
        names.filter(|name| component.matches(name)).map(|name| dir.join(name)).collect()
    }
}
