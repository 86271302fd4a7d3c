//! What hints that tables of legacy iptables or sets of ipset have changed, of
//! which the kernel tells nobody: the lock that every iptables of the legacy
//! kind takes, and the end of a program called `ipset`.
//!
//! Both are hints and no proof. Whoever takes no lock, or talks to the kernel
//! itself, is found by polling.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_daemon::clock;
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where iptables has its lock (`XT_LOCK_NAME`), and its directory.
const LOCK_DIR: &str = "/run";
const LOCK_NAME: &str = "xtables.lock";

/// Bytes of events that are taken at once.
const EVENTS_BYTES: usize = 4096;

/// How long after the end of the agent's own `ipset` its last event may arrive.
const OWN_TAIL: Duration = Duration::from_millis(20);

/// The agent's own runs of `ipset`, in whichever namespace: they are no hint.
/// One for the process, since the program that is watched is one.
static OWN: Mutex<Own> = Mutex::new(Own { running: 0, until: None });

#[derive(Debug)]
struct Own {
    running: usize,
    until: Option<Instant>,
}

/// As long as it is held, what is heard of `ipset` is the agent's own doing.
#[derive(Debug)]
pub(super) struct OwnRun(());

impl OwnRun {
    pub(super) fn begin() -> Self {
        OWN.lock().unwrap_or_else(PoisonError::into_inner).running += 1;
        Self(())
    }

    fn is_on() -> bool {
        let own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.running > 0 || own.until.is_some_and(|until| clock::monotonic() < until)
    }
}

impl Drop for OwnRun {
    fn drop(&mut self) {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.running = own.running.saturating_sub(1);
        own.until = Some(clock::monotonic() + OWN_TAIL);
    }
}

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hint {
    pub(super) legacy: bool,
    pub(super) ipset: bool,
}

/// An instance of inotify.
#[derive(Debug)]
pub(super) struct Ear {
    /// None where inotify is not to be had: polling is left then.
    fd: Option<AsyncFd<OwnedFd>>,
    dir: PathBuf,
    ipset: Option<PathBuf>,
    watched: Watched,
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
        let mut ear =
            Self { fd: fd.ok(), dir: dir.to_owned(), ipset, watched: Watched::default(), pending: Hint::default() };
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
            ipset: self.ipset.as_ref().and_then(|path| watch(path, closed)),
        };
    }

    /// Waits for a hint.
    pub(super) async fn hint(&mut self) -> Hint {
        loop {
            let hint = std::mem::take(&mut self.pending);
            if hint != Hint::default() {
                return hint;
            }
            let Some(fd) = &self.fd else { return std::future::pending().await };
            let heard = match fd.readable().await {
                Ok(mut ready) => {
                    let heard = drain(fd.get_ref(), self.watched);
                    ready.clear_ready();
                    heard
                }
                Err(_) => return std::future::pending().await,
            };
            self.take(heard, OwnRun::is_on());
        }
    }

    /// Takes what waits, right after a run of one's own: that ended before
    /// whoever waited for it went on.
    pub(super) fn pass_over_own(&mut self) {
        if let Some(fd) = &self.fd {
            let heard = drain(fd.get_ref(), self.watched);
            self.take(heard, true);
        }
    }

    fn take(&mut self, heard: Heard, own: bool) {
        if heard.arm {
            self.arm();
        }
        self.pending.legacy |= heard.hint.legacy;
        self.pending.ipset |= heard.hint.ipset && !own;
    }
}

#[derive(Debug, Default)]
struct Heard {
    hint: Hint,
    arm: bool,
}

fn drain(fd: &OwnedFd, watched: Watched) -> Heard {
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
            heard = Heard { hint: Hint { legacy: true, ipset: true }, arm: true };
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
        heard.hint.ipset |= wd == watched.ipset;
    }
}

#[cfg(test)]
mod tests;
