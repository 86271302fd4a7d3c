//! Signals: SIGTERM and SIGINT stop the daemon, a second SIGINT ends it at
//! once, SIGHUP asks for a reload.
//!
//! Nothing is done inside a signal handler, and nothing here exits: the way out
//! is always a return to `main`.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The user asked a second time and does not want to wait for the drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted again, ending without waiting for what is on its way")]
pub struct Interrupted;

/// The signals of this process, caught from [`stop_on_signals`] on.
#[derive(Debug)]
pub struct Signals {
    stop: CancellationToken,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    reloads: watch::Sender<u64>,
}

/// Catches SIGTERM, SIGINT and SIGHUP from now on. They are acted on while
/// [`Signals::guard`] runs.
///
/// # Errors
/// When the kernel refuses a handler.
pub fn stop_on_signals(stop: CancellationToken) -> io::Result<Signals> {
    Ok(Signals {
        stop,
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hangup: signal(SignalKind::hangup())?,
        reloads: watch::Sender::new(0),
    })
}

impl Signals {
    /// A channel that counts SIGHUPs: `changed()` returns for each request to
    /// reload, several at once as one.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.subscribe()
    }

    /// Runs the daemon's work while acting on signals.
    ///
    /// # Errors
    /// [`Interrupted`] at the second SIGINT; the work is dropped.
    pub async fn guard<F: Future>(mut self, work: F) -> Result<F::Output, Interrupted> {
        let mut work = std::pin::pin!(work);
        let mut interrupts = 0_u32;
        loop {
            tokio::select! {
                output = &mut work => return Ok(output),
                _ = self.terminate.recv() => {
                    tracing::info!(signal = "SIGTERM", "stopping");
                    self.stop.cancel();
                }
                _ = self.interrupt.recv() => {
                    interrupts += 1;
                    if interrupts > 1 {
                        return Err(Interrupted);
                    }
                    tracing::info!(signal = "SIGINT", "stopping, once more to end at once");
                    self.stop.cancel();
                }
                _ = self.hangup.recv() => {
                    tracing::info!(signal = "SIGHUP", "reloading");
                    self.reloads.send_modify(|count| *count += 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
