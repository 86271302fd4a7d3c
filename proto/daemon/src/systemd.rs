//! What a daemon tells its service manager (sd_notify(3)): ready, stopping,
//! status, and that it is still alive.
//!
//! Without `NOTIFY_SOCKET` all of it does nothing. A message that cannot be
//! sent is logged and never fails the daemon.

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// The shortest watchdog beat. A unit that asks for less would wake an idle
/// host more than once a second.
const BEAT_MIN: Duration = Duration::from_secs(1);

/// Listeners are bound, the store is open, the identity is valid.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// The daemon drains and will end.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    // A line break would begin another assignment of the protocol.
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    send(&[NotifyState::Status(&line)]);
}

/// Tells the service manager twice per `WATCHDOG_USEC` that the runtime still
/// turns, until the stop token is cancelled. Ends at once where no watchdog is
/// set.
///
/// # Errors
/// Never: the type fits [`crate::Tasks::spawn`].
pub async fn watchdog(stop: CancellationToken) -> Result<(), Infallible> {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return Ok(());
    };
    beat_until(stop, beat(limit), || send(&[NotifyState::Watchdog])).await;
    Ok(())
}

fn beat(limit: Duration) -> Duration {
    (limit / 2).max(BEAT_MIN)
}

async fn beat_until(stop: CancellationToken, every: Duration, tell: impl Fn()) {
    while stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        tell();
    }
}

fn send(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests;
