//! The collector's own certificate: replaced at half its life while it runs.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_wire::tls::TlsSettings;
use tokio_util::sync::CancellationToken;

use super::Core;
use super::listeners::TlsSources;
use crate::error::ServerError;
use crate::identity;

/// How often the certificate's age is looked at: it has 45 days left then.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

pub(super) async fn keep_valid(
    core: Arc<Core>,
    tls: TlsSources,
    settings: TlsSettings,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        if let Err(error) = renew(&core, &tls, &settings) {
            tracing::error!(%error, "the collector's certificate could not be renewed, trying again in an hour");
        }
    }
    Ok(())
}

fn renew(core: &Core, tls: &TlsSources, settings: &TlsSettings) -> Result<(), ServerError> {
    let names = identity::names(&core.config.advertise.names, &identity::host_name());
    let own = identity::load_or_issue(&core.config.state_dir, &core.ca, &names, core.clock.now_ms())?;
    tls.replace(&own.credentials, &core.ca, settings)
}

#[cfg(test)]
mod tests;
