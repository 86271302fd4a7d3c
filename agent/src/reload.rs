//! SIGHUP: the configuration is read again, and a good one takes the old one's
//! place.
//!
//! A bad file replaces nothing. The state directory and the identity stay: what
//! lies between the old watches and the new ones is found as after a restart,
//! against the journalled state, so that no change is lost.

use std::path::Path;

use driftline_daemon::config::ConfigError;
use driftline_daemon::{Clock, systemd};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::journal::recovery;
use crate::run::{self, AgentError, Turn};

/// Why a configuration does not take the running one's place.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("`state_dir` cannot change while the agent runs: restart it")]
    StateDir,
}

/// Runs the agent until `stop` is cancelled, with the configuration of `path`
/// read anew at each change of `reloads`.
///
/// # Errors
/// [`AgentError`].
pub async fn run(
    path: &Path,
    mut config: Config,
    mut reloads: watch::Receiver<u64>,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), AgentError> {
    let telling = {
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            systemd::stopping();
            std::future::pending::<()>().await;
        }
    };
    // One process is one instance: collectors see no restart in a reload.
    let instance = recovery::new_epoch();
    let running = async {
        while let Some(next) = until_reload(path, config, &mut reloads, &clock, &stop, instance).await? {
            config = next;
        }
        Ok(())
    };
    tokio::select! {
        ended = running => ended,
        () = telling => Ok(()),
    }
}

/// Runs with one configuration, until it is to be another; none: it has ended.
async fn until_reload(
    path: &Path,
    config: Config,
    reloads: &mut watch::Receiver<u64>,
    clock: &Clock,
    stop: &CancellationToken,
    instance: [u8; 16],
) -> Result<Option<Config>, AgentError> {
    let stopping = stop.child_token();
    let turn = Turn { instance, reloading: CancellationToken::new() };
    let mut running =
        std::pin::pin!(run::run_turn(config.clone(), clock.clone(), stopping.clone(), None, turn.clone()));
    loop {
        tokio::select! {
            ended = &mut running => return ended.map(|()| None),
            Ok(()) = reloads.changed() => {}
        }
        match read_again(path, &config) {
            Err(error) => tracing::error!(%error, "the configuration is not reloaded, the old one stays"),
            Ok(next) => {
                turn.reloading.cancel();
                stopping.cancel();
                running.await?;
                tracing::info!(sources = next.sources.len(), "the configuration is reloaded");
                return Ok(if stop.is_cancelled() { None } else { Some(next) });
            }
        }
    }
}

fn read_again(path: &Path, old: &Config) -> Result<Config, Refused> {
    let next = Config::load(path)?;
    if next.state_dir != old.state_dir { Err(Refused::StateDir) } else { Ok(next) }
}

#[cfg(test)]
mod tests;
