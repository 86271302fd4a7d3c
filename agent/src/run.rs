//! The agent as a whole: identity, state, stages, readiness, and the way out.
//!
//! Ready means: the identity is valid, the state is open, watches are set, and
//! everything was seen once and is on disk. It does not mean that a collector
//! can be reached: the agent works without one.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{FleetKey, SourceName};
use driftline_daemon::exit::{Exit, ExitKind};
use driftline_daemon::files::{self, Lock, LockError};
use driftline_daemon::{Clock, TaskFailure, Tasks, systemd};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::actor;
use crate::actor::standing::Standing;
use crate::attribute::{self, Attribute};
use crate::config::Config;
use crate::database::poll::{self, Poller};
use crate::discover::coverage;
use crate::firewall;
use crate::identity::{Identity, IdentityError};
use crate::journal::{self, Journal, JournalReader, JournalSettings, Progress, Request, StoreError, recovery};
use crate::observe::busy::Busy;
use crate::observe::trail::Trails;
use crate::observe::{self, QUEUE_BATCHES};
use crate::process;
use crate::ship::Shipping;
use crate::status::StatusBoard;
use crate::watch::{Watch, WatchSettings, vanished};

/// How long everything may take to end: the drain of the pipeline and the
/// shipping stage's grace of five seconds, with room for a slow disk.
pub const STOP_GRACE: Duration = Duration::from_secs(15);

/// The lock file within the state directory.
const LOCK: &str = "lock";

/// Why the agent cannot run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is no valid identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The state directory cannot be used.
    #[error("could not use the state directory {path}")]
    StateDir {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another agent uses it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stage failed.
    #[error(transparent)]
    Task(#[from] TaskFailure),
}

impl ExitKind for AgentError {
    fn exit(&self) -> Exit {
        match self {
            Self::Identity(IdentityError::NotEnrolled { .. } | IdentityError::Damaged { .. }) => Exit::Denied,
            Self::StateDir { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Exit::Denied,
            _ => Exit::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Identity(IdentityError::NotEnrolled { .. } | IdentityError::Damaged { .. }) => {
                Some("enrol this host: driftline-agent enroll TOKEN".to_owned())
            }
            Self::Store(StoreError::Newer { .. }) => Some(
                "install the newer version again, or move the file away: history not yet sent is lost then".to_owned(),
            ),
            _ => None,
        }
    }
}

/// The agent from one configuration to the next: who it is to the collector
/// meanwhile, and whether it goes on afterwards.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Names the process.
    pub instance: [u8; 16],
    /// Cancelled before the stop that is none: another configuration follows,
    /// and the collector is told of no end.
    pub reloading: CancellationToken,
}

/// Runs the agent until `stop` is cancelled.
///
/// # Errors
/// [`AgentError`].
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), AgentError> {
    run_with(config, Clock::system(), stop, None).await
}

/// The same with a clock, and with word when it is ready: for tests.
///
/// # Errors
/// [`AgentError`].
pub async fn run_with(
    config: Config,
    clock: Clock,
    stop: CancellationToken,
    told: Option<oneshot::Sender<()>>,
) -> Result<(), AgentError> {
    let turn = Turn { instance: recovery::new_epoch(), reloading: CancellationToken::new() };
    run_turn(config, clock, stop, told, turn).await
}

/// The same for one configuration among several.
///
/// # Errors
/// [`AgentError`].
pub async fn run_turn(
    config: Config,
    clock: Clock,
    stop: CancellationToken,
    told: Option<oneshot::Sender<()>>,
    turn: Turn,
) -> Result<(), AgentError> {
    let dir = config.state_dir.clone();
    files::create_private_dir(&dir)
        .map_err(|source| AgentError::StateDir { path: dir.display().to_string(), source })?;
    let _lock = Lock::take(&dir.join(LOCK))?;
    let identity = Identity::load(&dir)?;
    let mut tasks = Tasks::new(stop.clone());
    let (ready, stages) = Stages::start(&mut tasks, &config, &identity.fleet_key, &clock)?;
    let shipping = shipping(stages, config, (identity, turn), clock, &mut tasks);
    tasks.spawn("watchdog", systemd::watchdog(stop));
    tasks.spawn("ship", ship(ready, shipping, told));
    tasks.join(STOP_GRACE).await?;
    Ok(())
}

/// Every stage but the last, started.
#[derive(Debug)]
pub struct Stages {
    /// Reads the journal.
    pub reader: JournalReader,
    /// Asks the journal.
    pub requests: mpsc::Sender<Request>,
    /// How far the journal is.
    pub progress: watch::Receiver<Progress>,
    /// What is being read.
    pub busy: Busy,
    /// Which sources of evidence are live.
    pub standing: Standing,
}

impl Stages {
    /// Opens the state and starts watch, observe and journal; the receiver is
    /// told when everything was seen once and is on disk. They end when the
    /// tasks are stopped and `requests` is dropped.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be opened.
    pub fn start(
        tasks: &mut Tasks,
        config: &Config,
        key: &FleetKey,
        clock: &Clock,
    ) -> Result<(oneshot::Receiver<()>, Self), StoreError> {
        let stop = tasks.stop();
        let actors = actor::start(tasks, config, clock);
        let (places, standing, legacy) = (actors.places.clone(), actors.standing.clone(), actors.legacy.clone());
        let opened = recovery::open(&config.state_dir, clock.now_ms())?;
        let vanished = vanished(&opened.store)?;
        let last_alive_ms = (opened.meta.alive_ms > 0).then_some(opened.meta.alive_ms);
        let sender = Journal::progress(&opened.meta);
        let progress = sender.subscribe();
        let (wish, wishes) = mpsc::channel(QUEUE_BATCHES);
        let (observed, seen) = mpsc::channel(attribute::INPUTS);
        let (attributed, inputs) = mpsc::channel(journal::INPUTS);
        let (requests, asked) = mpsc::channel(journal::REQUESTS);
        let (tell_ready, ready) = oneshot::channel();

        let settings =
            JournalSettings { state_dir: config.state_dir.clone(), bounds: config.journal, key_epoch: key.epoch() };
        let ends = journal::Ends { inputs, requests: asked, progress: sender };
        let journal = Journal::new(opened, settings, clock.clone(), ends, stop.clone());
        let reader = journal.reader();
        tasks.spawn_blocking("journal", move || journal.run(&Handle::current()));
        let ends = attribute::Ends { inputs: seen, outputs: attributed };
        tasks.spawn("attribute", Attribute::new(actors, ends, clock.clone()).run());
        for spec in &config.databases {
            let ends = poll::Ends {
                observed: observed.clone(),
                reader: reader.clone(),
                keyed: key.keyed(),
                keyed_epoch: key.epoch(),
                clock: clock.clone(),
                last_alive_ms,
                stop: stop.clone(),
            };
            tasks.spawn("database", Poller::new(Arc::clone(spec), ends).run());
        }
        if let Some(spec) = &config.firewall {
            let (observed, reader, clock) = (observed.clone(), reader.clone(), clock.clone());
            let (told, known, progress) = (observed.clone(), reader.clone(), progress.clone());
            let ends =
                firewall::persisted::follow::Ends { observed: told, reader: known, progress, clock: clock.clone() };
            firewall::persisted::follow::start(tasks, spec, key, ends);
            firewall::start(tasks, spec, key, &firewall::Ends { observed, reader, clock, last_alive_ms, legacy });
        }
        let trails = Trails::default();
        let processes = observed.clone();
        let ends = observe::Ends { wishes, observed, trails: trails.clone() };
        process::start(tasks, &config.sources, last_alive_ms, key, clock, &processes);
        let busy = observe::start(tasks, ends, key, clock);
        let settings = WatchSettings {
            sources: config.sources.clone(),
            reconcile: config.reconcile,
            vanished,
            elsewhere: elsewhere(config),
            places,
            trails,
            last_alive_ms,
            clock: clock.clone(),
        };
        let watch = Watch::new(settings, wish, stop);
        tasks.spawn_blocking("watch", move || watch.run(&Handle::current(), tell_ready));
        Ok((ready, Self { reader, requests, progress, busy, standing }))
    }
}

/// Sources that are no files: they are seen by others than the watch.
fn elsewhere(config: &Config) -> Vec<SourceName> {
    let databases = config.databases.iter().map(|spec| spec.source.name.clone());
    databases.chain(config.firewall.iter().flat_map(|spec| spec.sources())).collect()
}

fn shipping(
    stages: Stages,
    config: Config,
    (identity, turn): (Identity, Turn),
    clock: Clock,
    tasks: &mut Tasks,
) -> Shipping {
    let board = StatusBoard::new(&identity).with_busy(stages.busy).with_evidence(stages.standing);
    let stop = tasks.stop();
    let covered = board.clone();
    let looking = coverage::watch(config.clone(), stop.clone(), move |coverage| covered.cover(coverage));
    tasks.spawn("coverage", looking);
    let told = board.clone().serve(config.state_dir.clone(), stages.progress.clone(), stop.clone());
    tasks.spawn("status", told);
    Shipping {
        endpoints: if config.endpoints.is_empty() { identity.ingest.clone() } else { config.endpoints },
        state_dir: config.state_dir,
        identity,
        instance: turn.instance,
        reloading: turn.reloading,
        reader: stages.reader,
        requests: stages.requests,
        progress: stages.progress,
        board,
        clock,
        stop,
    }
}

/// Says that the agent is ready once everything was seen, and ships from then
/// on.
async fn ship(
    ready: oneshot::Receiver<()>,
    shipping: Shipping,
    told: Option<oneshot::Sender<()>>,
) -> Result<(), Infallible> {
    let stop = shipping.stop.clone();
    // Without word the stages have ended, and their end is reported.
    if let Some(Ok(())) = stop.run_until_cancelled(ready).await {
        systemd::ready();
        tracing::info!("ready");
        told.into_iter().for_each(|told| _ = told.send(()));
        shipping.run().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
