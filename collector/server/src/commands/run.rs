//! `run`: the collector, until SIGTERM.

use driftline_daemon::{log, signals};
use tokio_util::sync::CancellationToken;

use super::ConfigArguments;
use crate::app;
use crate::config::Config;
use crate::error::ServerError;

pub(super) fn run(arguments: &ConfigArguments) -> Result<(), ServerError> {
    log::init(arguments.log_format)?;
    let config = Config::load(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServerError::Runtime)?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let signals = signals::stop_on_signals(stop.clone()).map_err(ServerError::Runtime)?;
        signals.guard(app::run(config, stop)).await?
    })
}
