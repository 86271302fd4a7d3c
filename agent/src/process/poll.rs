//! Looks at processes again and again: at intervals, and at once when one that
//! is known ends.
//!
//! It decides nothing about what it saw.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_daemon::clock;
use futures_util::future::select_all;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Looker;
use super::find::Process;
use super::look::Course;
use crate::config::SourceSpec;
use crate::journal::Input;

/// Before a process that has ended is looked at: the kernel and systemd tidy up
/// behind it, and what ends all the time does not keep the agent awake.
const AFTER_END: Duration = Duration::from_millis(200);

/// Processes whose end is waited for: each takes a descriptor. The end of
/// others is found at the next interval.
const WAITED_FOR_MAX: usize = 256;

pub(super) struct Poller {
    looker: Looker,
    turns: Vec<Turn>,
    observed: mpsc::Sender<Input>,
    stop: CancellationToken,
}

/// One source.
struct Turn {
    spec: Arc<SourceSpec>,
    course: Course,
    next: Instant,
    watched: Vec<Process>,
    /// Until it was seen for the first time: nobody was watching since then.
    unobserved_since_ms: Option<i64>,
}

enum Woken {
    Stop,
    Timer,
    /// A process of that turn has ended.
    Ended(usize),
}

impl Poller {
    pub(super) fn new(
        looker: Looker,
        sources: Vec<Arc<SourceSpec>>,
        last_alive_ms: Option<i64>,
        observed: mpsc::Sender<Input>,
        stop: CancellationToken,
    ) -> Self {
        let now = clock::monotonic();
        let turn = |spec| Turn {
            spec,
            course: Course::default(),
            next: now,
            watched: Vec::new(),
            unobserved_since_ms: last_alive_ms,
        };
        Self { looker, turns: sources.into_iter().map(turn).collect(), observed, stop }
    }

    pub(super) fn run(mut self, runtime: &Handle) -> Result<(), Infallible> {
        loop {
            let seen = self.look();
            if !seen.is_empty() && self.observed.blocking_send(Input::Observed(seen)).is_err() {
                return Ok(());
            }
            match runtime.block_on(self.wait()) {
                Woken::Stop => return Ok(()),
                Woken::Timer => {}
                Woken::Ended(at) => {
                    let turn = &mut self.turns[at];
                    turn.watched.clear();
                    turn.next = clock::monotonic() + AFTER_END;
                }
            }
        }
    }

    fn look(&mut self) -> Vec<crate::observe::Observed> {
        let mut seen = Vec::new();
        for turn in self.turns.iter_mut().filter(|turn| turn.next <= clock::monotonic()) {
            let Some(source) = turn.spec.process() else {
                continue;
            };
            let looked = self.looker.look(&turn.spec, source, &mut turn.course);
            turn.next = clock::monotonic() + looked.again;
            turn.watched = looked.watched;
            if let Some(mut observed) = looked.observed {
                observed.unobserved_since_ms = turn.unobserved_since_ms.take();
                seen.push(*observed);
            }
        }
        seen
    }

    async fn wait(&self) -> Woken {
        let next = self.turns.iter().map(|turn| turn.next).min();
        let timer = async {
            match next {
                Some(next) => tokio::time::sleep_until(next.into()).await,
                None => std::future::pending().await,
            }
        };
        let ends = self.ends();
        let ended = async {
            if ends.is_empty() {
                return std::future::pending().await;
            }
            let waits = ends.iter().map(|(at, fd)| {
                Box::pin(async move {
                    _ = fd.readable().await;
                    *at
                })
            });
            select_all(waits).await.0
        };
        tokio::select! {
            () = self.stop.cancelled() => Woken::Stop,
            () = timer => Woken::Timer,
            at = ended => Woken::Ended(at),
        }
    }

    /// Descriptors that tell of the end of a process (pidfd_open(2)).
    fn ends(&self) -> Vec<(usize, AsyncFd<OwnedFd>)> {
        let all =
            self.turns.iter().enumerate().flat_map(|(at, turn)| turn.watched.iter().map(move |one| (at, one.pid)));
        let open = |(at, pid): (usize, u32)| {
            let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
            // Where it cannot be had, the interval is what is left.
            let fd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            #[allow(deprecated, reason = "its successor is unsafe; this owns the descriptor, which stays open")]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE).ok()?;
            Some((at, fd))
        };
        all.take(WAITED_FOR_MAX).filter_map(open).collect()
    }
}
