//! `driftline-agent run`.

use driftline_daemon::Clock;
use driftline_daemon::exit::{Exit, ExitKind};
use driftline_daemon::signals::{Interrupted, stop_on_signals};
use tokio_util::sync::CancellationToken;

use super::{Outcome, boxed, runtime};
use crate::cli::{ConfigArguments, StartError};
use crate::config::Config;
use crate::reload;

pub(crate) fn carry_out(arguments: &ConfigArguments) -> Outcome {
    let config = Config::load(&arguments.config).map_err(boxed)?;
    let runtime = runtime()?;
    let stop = CancellationToken::new();
    runtime.block_on(async {
        let signals = stop_on_signals(stop.clone()).map_err(|error| boxed(StartError::Runtime(error)))?;
        let reloads = signals.reloads();
        let running = reload::run(&arguments.config, config, reloads, Clock::system(), stop);
        match signals.guard(running).await {
            Ok(outcome) => outcome.map_err(boxed),
            Err(interrupted) => Err(boxed(Twice(interrupted))),
        }
    })
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Twice(Interrupted);

impl ExitKind for Twice {
    fn exit(&self) -> Exit {
        Exit::Interrupted
    }
}
