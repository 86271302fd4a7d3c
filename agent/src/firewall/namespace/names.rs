//! Hears when a name of a network namespace comes or goes, so that nobody has to
//! look every few seconds.
//!
//! It does not say which one, and no name means anything to it. What is mounted
//! or unmounted in place is not heard of: whoever waits looks now and then.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::NAMED_IN;

/// Bytes of events that are taken at once.
const EVENTS_BYTES: usize = 4096;

/// An instance of inotify.
#[derive(Debug)]
pub struct Names(Option<AsyncFd<OwnedFd>>);

impl Names {
    /// Begins to listen. It must be called within the runtime.
    #[must_use]
    pub fn open() -> Self {
        Self::at(Path::new(NAMED_IN))
    }

    /// Hears nothing: one's own namespace has no name.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    fn at(dir: &Path) -> Self {
        let names = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM;
        let fd = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).and_then(|fd| {
            add_watch(&fd, dir, names | WatchFlags::ONLYDIR)?;
            Ok(fd)
        });
        #[allow(deprecated, reason = "its successor is unsafe; this owns the descriptor, which stays open")]
        Self(fd.ok().and_then(|fd| AsyncFd::with_interest(fd, Interest::READABLE).ok()))
    }

    /// Whether it hears anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until a name has come or gone; for ever where it hears nothing.
    pub async fn changed(&self) {
        let Some(fd) = &self.0 else { return std::future::pending().await };
        match fd.readable().await {
            Ok(mut ready) => {
                drain(fd.get_ref());
                ready.clear_ready();
            }
            Err(_) => std::future::pending().await,
        }
    }
}

fn drain(fd: &OwnedFd) {
    let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
    let mut reader = Reader::new(fd, &mut buffer);
    while matches!(reader.next(), Ok(_) | Err(Errno::INTR)) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "makes files of a test's own")]

    use std::time::Duration;

    use super::*;

    async fn hears(names: &Names) -> bool {
        tokio::time::timeout(Duration::from_millis(200), names.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn names_that_come_and_go_are_heard_of_once() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::at(dir.path());
        assert!(names.is_open() && !hears(&names).await);
        std::fs::write(dir.path().join("blue"), "").unwrap();
        assert!(hears(&names).await && !hears(&names).await);
        std::fs::remove_file(dir.path().join("blue")).unwrap();
        assert!(hears(&names).await && !hears(&names).await);
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_not_heard_of() {
        let names = Names::at(Path::new("/nonexistent"));
        assert!(!names.is_open() && !hears(&names).await);
        assert!(!Names::none().is_open());
    }
}
