//! The source kind `process_env`: the environment that a running service really
//! has, from its start until its end.
//!
//! It reads `/proc` and touches no process: whatever may be read of one is read,
//! what may not is said. Values end here: what it hands on has none.

pub mod compare;
pub mod environ;
pub mod find;
mod look;
mod poll;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{EnvDialect, FleetKey, SourceName};
use driftline_daemon::{Clock, Tasks};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::config::{Pattern, SourceSpec};
use crate::journal::Input;
pub use find::Selector;
pub use look::Looker;
pub(crate) use look::described;
use poll::Poller;

/// What a `process_env` source asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSource {
    /// Whose environment.
    pub selector: Selector,
    /// The file that it should have been made of.
    pub file: Option<EnvFile>,
    /// How often it is looked whether it still runs.
    pub poll: Duration,
}

/// An env file that a process is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// The name of its source.
    pub source: SourceName,
    /// Where it is.
    pub path: PathBuf,
    /// Who reads it; none: detect it.
    pub dialect: Option<EnvDialect>,
}

/// Starts to look at processes, if any source asks for it.
pub fn start(
    tasks: &mut Tasks,
    sources: &[Arc<SourceSpec>],
    last_alive_ms: Option<i64>,
    key: &FleetKey,
    clock: &Clock,
    observed: &mpsc::Sender<Input>,
) {
    let sources: Vec<_> = sources.iter().filter(|spec| matches!(spec.pattern, Pattern::Process(_))).cloned().collect();
    if sources.is_empty() {
        return;
    }
    let looker = match Looker::open("/".as_ref(), key, clock.clone()) {
        Ok(looker) => looker,
        Err(error) => {
            tracing::error!(%error, "`process_env` sources cannot be read");
            return;
        }
    };
    let poller = Poller::new(looker, sources, last_alive_ms, observed.clone(), tasks.stop());
    tasks.spawn_blocking("processes", move || poller.run(&Handle::current()));
}
