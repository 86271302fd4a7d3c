//! What hints that tables of legacy iptables or sets of ipset have changed, of
//! which the kernel tells nobody: the lock that every iptables of the legacy
//! kind takes, and runs of a program called `ipset`.
//!
//! Both are hints and no proof. Whoever takes no lock, or talks to the kernel
//! itself, is found by polling.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::own::{Credit, OwnRun};

/// Where iptables has its lock (`XT_LOCK_NAME`), and its directory.
const LOCK_DIR: &str = "/run";
const LOCK_NAME: &str = "xtables.lock";

/// Bytes of events that are taken at once.
const EVENTS_BYTES: usize = 4096;

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hint {
    pub(super) legacy: bool,
    /// An `ipset` of somebody else has ended.
    pub(super) ipset: bool,
    /// The last thing heard of others' runs of `ipset` is that one began.
    pub(super) at_sets: bool,
}

impl Hint {
    fn and(self, later: Self) -> Self {
        let heard = later.ipset || later.at_sets;
        Self {
            legacy: self.legacy || later.legacy,
            ipset: self.ipset || later.ipset,
            at_sets: if heard { later.at_sets } else { self.at_sets },
        }
    }
}

/// An instance of inotify.
#[derive(Debug)]
pub(super) struct Ear {
    /// None where inotify is not to be had: polling is left then.
    fd: Option<AsyncFd<OwnedFd>>,
    dir: PathBuf,
    ipset: Option<PathBuf>,
    watched: Watched,
    /// What of the runs that are heard is the agent's own doing.
    credit: Credit,
    /// Heard and not yet told.
    pending: Hint,
}

/// Watch descriptors.
#[derive(Debug, Default, Clone, Copy)]
struct Watched {
    dir: Option<i32>,
    lock: Option<i32>,
    ipset: Option<i32>,
}

impl Ear {
    /// Listens to the host's lock, and to the program `ipset`.
    pub(super) fn open(ipset: Option<PathBuf>) -> Self {
        Self::at(Path::new(LOCK_DIR), ipset)
    }

    fn at(dir: &Path, ipset: Option<PathBuf>) -> Self {
        let opened = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(std::io::Error::from);
        #[allow(deprecated, reason = "its successor is unsafe; this owns the descriptor, which stays open")]
        let fd = opened.and_then(|fd| AsyncFd::with_interest(fd, Interest::READABLE));
        if let Err(error) = &fd {
            tracing::warn!(%error, "inotify is not to be had: legacy iptables and ipset are polled only");
        }
        let mut ear = Self {
            fd: fd.ok(),
            dir: dir.to_owned(),
            credit: Credit::of(ipset.as_deref()),
            ipset,
            watched: Watched::default(),
            pending: Hint::default(),
        };
        ear.arm();
        ear
    }

    /// Watches what is there now: the lock appears with its first use, and
    /// programs are replaced.
    pub(super) fn arm(&mut self) {
        let Some(fd) = &self.fd else { return };
        let watch = |path: &Path, flags| add_watch(fd.get_ref(), path, flags).ok();
        let names = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        let closed = WatchFlags::CLOSE_NOWRITE | WatchFlags::CLOSE_WRITE;
        self.watched = Watched {
            dir: watch(&self.dir, names),
            lock: watch(&self.dir.join(LOCK_NAME), closed),
            ipset: self.ipset.as_ref().and_then(|path| watch(path, closed | WatchFlags::OPEN)),
        };
    }

    /// Waits for a hint. It may be dropped and asked again: nothing is lost.
    pub(super) async fn hint(&mut self) -> Hint {
        loop {
            let hint = std::mem::take(&mut self.pending);
            if hint != Hint::default() {
                return hint;
            }
            self.listen().await;
        }
    }

    /// Waits until somebody else begins to work on the sets; never ends where
    /// that cannot be told from the agent's own run.
    pub(super) async fn other_begins(&mut self) {
        while !self.pending.at_sets || !self.credit.is_exact() {
            self.listen().await;
        }
    }

    /// Takes what waits, right after a run of one's own.
    pub(super) fn pass_over(&mut self, _own: &OwnRun) {
        if let Some(fd) = &self.fd {
            let heard = drain(fd.get_ref(), self.watched, &mut self.credit);
            self.take(heard);
        }
    }

    async fn listen(&mut self) {
        let Some(fd) = &self.fd else { return std::future::pending().await };
        let heard = match fd.readable().await {
            Ok(mut ready) => {
                let heard = drain(fd.get_ref(), self.watched, &mut self.credit);
                ready.clear_ready();
                heard
            }
            Err(_) => return std::future::pending().await,
        };
        self.take(heard);
    }

    fn take(&mut self, heard: Heard) {
        if heard.arm {
            self.arm();
        }
        self.pending = self.pending.and(heard.hint);
    }
}

#[derive(Debug, Default)]
struct Heard {
    hint: Hint,
    arm: bool,
}

fn drain(fd: &OwnedFd, watched: Watched, credit: &mut Credit) -> Heard {
    let mut heard = Heard::default();
    let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
    let mut reader = Reader::new(fd, &mut buffer);
    loop {
        let event = match reader.next() {
            Ok(event) => event,
            Err(Errno::INTR) => continue,
            Err(_) => return heard,
        };
        if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
            heard = Heard { hint: Hint { legacy: true, ipset: true, at_sets: false }, arm: true };
            continue;
        }
        let wd = Some(event.wd());
        let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
        // A file that was replaced takes its watch with it.
        heard.arm |= event.events().contains(ReadFlags::IGNORED);
        if wd == watched.dir && name == Some(OsStr::new(LOCK_NAME)) {
            // Its first use may be over before it is watched.
            heard = Heard { hint: Hint { legacy: true, ..heard.hint }, arm: true };
        }
        heard.hint.legacy |= wd == watched.lock;
        if wd == watched.ipset {
            let begins = event.events().contains(ReadFlags::OPEN);
            if !credit.is_own(begins) {
                heard.hint = heard.hint.and(Hint { legacy: false, ipset: !begins, at_sets: begins });
            }
        }
    }
}

#[cfg(test)]
mod tests;
