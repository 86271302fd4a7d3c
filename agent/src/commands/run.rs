//! `driftline-agent run`.

use driftline_daemon::Clock;
use driftline_daemon::exit::{Exit, ExitKind};
use driftline_daemon::signals::{Interrupted, stop_on_signals};
use rustix::thread::CapabilitySet;
use tokio_util::sync::CancellationToken;

use super::{Outcome, boxed, runtime};
use crate::actor::capabilities;
use crate::cli::{ConfigArguments, StartError};
use crate::config::Config;
use crate::reload;

pub(crate) fn carry_out(arguments: &ConfigArguments) -> Outcome {
    let config = Config::load(&arguments.config).map_err(boxed)?;
    // Before there is any other thread: capabilities are a thread's own. To run
    // with more than it says it has would be a lie.
    capabilities::keep(kept(&config)).map_err(|error| boxed(StartError::Capabilities(error)))?;
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

/// What the configuration needs; and to write into a state directory that is
/// somebody else's, what that takes.
fn kept(config: &Config) -> CapabilitySet {
    let owner = rustix::fs::stat(&config.state_dir).map(|stat| stat.st_uid);
    let foreign = owner.is_ok_and(|owner| owner != rustix::process::geteuid().as_raw());
    let more = if foreign { CapabilitySet::DAC_OVERRIDE } else { CapabilitySet::empty() };
    capabilities::needed(config) | more
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Twice(Interrupted);

impl ExitKind for Twice {
    fn exit(&self) -> Exit {
        Exit::Interrupted
    }
}
