//! Follows the ruleset of nftables in one namespace.
//!
//! It changes nothing in it.

use std::convert::Infallible;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::desk::{Commits, Desk};

/// Follows it until it is stopped.
///
/// # Errors
/// Never: what goes wrong is a problem of the source.
pub async fn run(desk: Desk, commits: watch::Sender<Commits>, stop: CancellationToken) -> Result<(), Infallible> {
    tracing::debug!(place = ?desk.place(), "nftables is not followed yet");
    stop.cancelled().await;
    drop(commits);
    Ok(())
}
