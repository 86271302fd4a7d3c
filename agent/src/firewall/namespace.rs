//! Network namespaces: the agent's own, and those that `ip netns` has named.
//!
//! It makes none, and no thread that goes on afterwards ever leaves its own.

pub mod names;

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where `ip netns` keeps the names (ip-netns(8)).
const NAMED_IN: &str = "/run/netns";

/// Bytes of a file name (`NAME_MAX` of Linux).
const NAME_BYTES_MAX: usize = 255;

/// A network namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// The one that the agent runs in.
    Own,
    /// The one of that name in `/run/netns`.
    Named(Name),
}

/// A checked name: it is one file name and printable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a namespace cannot be entered.
#[derive(Debug, thiserror::Error)]
#[error("could not enter the network namespace `{name}`: {source}")]
pub struct NamespaceError {
    /// Which.
    pub name: Name,
    /// Why. `NotFound` when there is none of that name, `PermissionDenied`
    /// without CAP_SYS_ADMIN.
    #[source]
    pub source: io::Error,
}

impl NamespaceError {
    /// Whether there is none of that name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

impl Name {
    /// The name, if it can be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = !matches!(text, "" | "." | "..") && text.len() <= NAME_BYTES_MAX;
        let plain = |c: char| c.is_ascii_graphic() && c != '/';
        (fits && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Namespace {
    /// Does `work` inside: on this thread in one's own, else on a thread that
    /// has entered it and ends with the work. Processes that are started, sockets that
    /// are opened and files below `/proc/thread-self/net` belong to it.
    ///
    /// # Errors
    /// [`NamespaceError`]; nothing was done then.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
        let Self::Named(name) = self else {
            return Ok(work());
        };
        let inside = || {
            enter(&path_of(name))?;
            Ok(work())
        };
        let done = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("namespace".to_owned()).spawn_scoped(scope, inside)?;
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        done.map_err(|source| NamespaceError { name: name.clone(), source })
    }

    /// Device and inode: one that was removed and made again under its name is
    /// another one.
    ///
    /// # Errors
    /// [`NamespaceError`] when there is none of that name.
    pub fn identity(&self) -> Result<(u64, u64), NamespaceError> {
        let (path, name) = match self {
            Self::Own => (PathBuf::from("/proc/self/ns/net"), Name("own".to_owned())),
            Self::Named(name) => (path_of(name), name.clone()),
        };
        let found = std::fs::metadata(path).map_err(|source| NamespaceError { name, source })?;
        Ok((found.dev(), found.ino()))
    }
}

fn path_of(name: &Name) -> PathBuf {
    Path::new(NAMED_IN).join(OsStr::new(&name.0))
}

fn enter(path: &Path) -> io::Result<()> {
    // A name is a mount of the namespace on a file: no link, and nothing that blocks.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
    Ok(())
}

#[cfg(test)]
mod tests;
