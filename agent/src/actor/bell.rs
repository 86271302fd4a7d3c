//! Wakes a thread that waits in poll(2): something is to be done, or it is to
//! end.
//!
//! It costs nothing until it rings, and says nothing about what there is to do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

/// A bell; clones ring the same one.
#[derive(Debug, Clone)]
pub(super) struct Bell(Arc<OwnedFd>);

/// What woke the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Woken {
    /// The bell rang.
    pub(super) rung: bool,
    /// One of the others has something.
    pub(super) ready: bool,
}

impl Bell {
    /// A bell that has not rung.
    ///
    /// # Errors
    /// Out of file descriptors.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Rings it.
    pub(super) fn ring(&self) {
        // It can only fail when it has been rung very often already.
        _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// Waits until it rings or one of the others can be read, no longer than
    /// that.
    ///
    /// # Errors
    /// When the kernel cannot wait.
    pub(super) fn wait(&self, others: &[BorrowedFd<'_>], longest: Option<Duration>) -> io::Result<Woken> {
        let longest = longest.and_then(|longest| Timespec::try_from(longest).ok());
        let mut fds: Vec<PollFd<'_>> = vec![PollFd::new(&*self.0, PollFlags::IN)];
        fds.extend(others.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)));
        loop {
            match poll(&mut fds, longest.as_ref()) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => break,
            }
        }
        let rung = !fds[0].revents().is_empty();
        if rung {
            _ = rustix::io::read(&*self.0, &mut [0_u8; 8][..]);
        }
        Ok(Woken { rung, ready: fds[1..].iter().any(|fd| !fd.revents().is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_the_wait_is_heard_once() {
        let (bell, other) = (Bell::new().unwrap(), Bell::new().unwrap());
        bell.ring();
        bell.clone().ring();
        assert_eq!(bell.wait(&[], None).unwrap(), Woken { rung: true, ready: false });
        other.ring();
        use rustix::fd::AsFd as _;
        assert_eq!(bell.wait(&[other.0.as_fd()], Some(Duration::ZERO)).unwrap(), Woken { rung: false, ready: true });
    }
}
