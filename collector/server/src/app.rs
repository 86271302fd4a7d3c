//! The collector as a whole: bound, wired, run and drained.
//!
//! Ready means: store open, identity valid, listeners bound. Stop means: accept
//! no more, finish, flush, within a grace.

mod listeners;
mod renewal;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use driftline_daemon::files::Lock;
use driftline_daemon::{Clock, Group, Tasks, systemd};
use driftline_store::Store;
use driftline_wire::limits::CONNECTIONS_MAX;
use driftline_wire::tls::TlsSettings;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::ca::Ca;
use crate::config::{AlertRoute, Config};
use crate::drift::{self, Keeper};
use crate::enrol::{EnrolParts, EnrolmentService};
use crate::error::ServerError;
use crate::ingest::IngestService;
use crate::judge::settle;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::notify::courier::{Courier, CourierParts};
use crate::pepper::Pepper;
use crate::record::health::Health;
use crate::record::{RecordParts, RecordStage, Recorder};
use crate::session::SessionParts;
use crate::{identity, silence, state};
use listeners::{Doors, Listeners};

/// How long everything has to end after it was asked to.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long streams have of that, so that the writer can finish after them.
const STREAM_GRACE: Duration = Duration::from_secs(6);

/// Where the collector listens, with the ports that were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// For agents.
    pub ingest: SocketAddr,
    /// For enrolment.
    pub enrol: SocketAddr,
    /// For operators.
    pub api: SocketAddr,
}

/// What only tests set.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The collector's clock.
    pub clock: Clock,
    /// TLS settings.
    pub tls: TlsSettings,
}

/// A collector whose listeners are bound.
pub struct App {
    core: Arc<Core>,
    stage: RecordStage,
    couriers: Vec<Courier>,
    listeners: Listeners,
    bound: Bound,
    options: Options,
    store_stop: CancellationToken,
    _lock: Lock,
}

/// What every part of a running collector shares.
pub struct Core {
    /// The configuration.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// The writer.
    pub recorder: Recorder,
    /// The CA.
    pub ca: Arc<Ca>,
    /// The pepper.
    pub pepper: Pepper,
    /// What is known of keys, by the policy in force.
    pub classes: Arc<crate::classify::KeyClasses>,
    /// Who is connected.
    pub live: Arc<Live>,
    /// Whether the store can be written.
    pub health: Arc<Health>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Entries as they are committed.
    pub entries: tokio::sync::broadcast::Sender<Arc<driftline_store::Entry>>,
    /// What is known of drift.
    pub drift: Arc<Keeper>,
    /// The clock.
    pub clock: Clock,
    /// When it started.
    pub started_ms: i64,
    /// Where it listens.
    pub bound: Bound,
}

/// Opens everything that a configuration names and binds the listeners.
///
/// # Errors
/// [`ServerError`] naming what cannot be opened or bound.
pub async fn bind(config: Config) -> Result<App, ServerError> {
    bind_with(config, Options::default()).await
}

/// The same, with what tests set.
///
/// # Errors
/// See [`bind`].
pub async fn bind_with(config: Config, options: Options) -> Result<App, ServerError> {
    driftline_daemon::tls::install_provider();
    let dir = config.state_dir.clone();
    if !state::is_initialised(&dir) {
        return Err(ServerError::NotInitialised { dir });
    }
    let lock = Lock::take(&dir.join(state::LOCK_FILE))?;
    let clock = options.clock.clone();
    let ca = Arc::new(Ca::open(&dir)?);
    let pepper = Pepper::open(&dir).map_err(|error| ServerError::file("read", dir.join("pepper"), error))?;
    let names = identity::names(&config.advertise.names, &identity::host_name());
    let own = identity::load_or_issue(&dir, &ca, &names, clock.now_ms())?;
    let store = open_store(&config).await?;
    let writer = store.writer().ok_or_else(|| ServerError::AlreadyInitialised { dir: dir.clone() })?;
    let classes = Arc::new(crate::classify::KeyClasses::default());
    classes.follow(Arc::new(crate::policy::in_force(&store.reader()?)?));
    let live = Arc::new(Live::default());
    silence::expect_back(&store, &live, config.agents.restart_grace())?;
    let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::default()));
    let (notifier, lanes) = Notifier::new(&config.alerts);
    let entries = notifier.live();
    let drift = Arc::new(Keeper::new(notifier.marks()));
    let store_stop = CancellationToken::new();
    let (recorder, stage) = crate::record::stage(RecordParts {
        store: store.clone(),
        writer,
        clock: clock.clone(),
        notifier,
        health: Arc::clone(&health),
        metrics: Arc::clone(&metrics),
        stop: store_stop.clone(),
    });
    let parts = CourierParts {
        store: store.clone(),
        recorder: recorder.clone(),
        clock: clock.clone(),
        metrics: Arc::clone(&metrics),
    };
    let couriers = couriers(&config.alerts, lanes, &parts)?;
    let listeners = Listeners::bind(&config.listen, &own.credentials, &ca, &options.tls).await?;
    let bound = listeners.bound()?;
    let started_ms = clock.now_ms();
    let core = Core {
        config,
        store,
        recorder,
        ca,
        pepper,
        classes,
        live,
        health,
        metrics,
        entries,
        drift,
        clock,
        started_ms,
        bound,
    };
    Ok(App { core: Arc::new(core), stage, couriers, listeners, bound, options, store_stop, _lock: lock })
}

/// Binds and runs a collector until `stop` is cancelled.
///
/// # Errors
/// [`ServerError`].
pub async fn run(config: Config, stop: CancellationToken) -> Result<(), ServerError> {
    bind(config).await?.run(stop).await
}

impl App {
    /// Where it listens.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// What its parts share.
    #[must_use]
    pub fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    /// Runs until `stop` is cancelled, then drains.
    ///
    /// # Errors
    /// The first failure of a part, or of the draining.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServerError> {
        let Self { core, stage, couriers, listeners, bound, options, store_stop, _lock } = self;
        let core_parts = Arc::clone(&core);
        let streams = Group::new("stream", CONNECTIONS_MAX, stop.child_token());
        let doors = Doors { ingest: ingest(&core, streams.clone()), enrol: enrolment(&core) };
        let mut tasks = Tasks::new(stop.clone());
        let tls = listeners.serve(&mut tasks, doors, &core);
        tasks.spawn("silence", silence::watch(Arc::clone(&core.live), core.recorder.clone(), stop.clone()));
        let settled = settle::watch(core.store.clone(), core.recorder.clone(), core.clock.clone(), stop.clone());
        tasks.spawn("settle", settled);
        tasks.spawn("renewal", renewal::keep_valid(Arc::clone(&core), tls, options.tls, stop.clone()));
        tasks.spawn("schedule", crate::schedule::keep(Arc::clone(&core), stop.clone()));
        tasks.spawn("keep", crate::keep::watch(Arc::clone(&core), stop.clone()));
        let ends =
            drift::Ends { store: core.store.clone(), recorder: core.recorder.clone(), clock: core.clock.clone() };
        tasks.spawn("drift", Arc::clone(&core.drift).keep(ends, stop.clone()));
        tasks.spawn("watchdog", systemd::watchdog(stop.clone()));
        for courier in couriers {
            tasks.spawn("courier", courier.run(stop.clone()));
        }
        drop(core);
        let recorder = core_parts.recorder.clone();
        let (health, end) = (Arc::clone(&core_parts.health), store_stop.clone());
        drop(core_parts);
        tasks.spawn_blocking("record", move || stage.run());
        tasks.spawn("drain", drain(streams, recorder, (health, end), stop.clone()));
        tracing::info!(ingest = %bound.ingest, enrol = %bound.enrol, api = %bound.api, "ready");
        systemd::ready();
        let ended = tasks.join(GRACE).await;
        systemd::stopping();
        store_stop.cancel();
        tracing::info!("stopped");
        Ok(ended?)
    }
}

/// After the stop: waits for the streams, then lets the writer finish.
async fn drain(
    streams: Group,
    recorder: Recorder,
    (health, store_stop): (Arc<Health>, CancellationToken),
    stop: CancellationToken,
) -> Result<(), std::convert::Infallible> {
    stop.cancelled().await;
    systemd::stopping();
    if health.trouble().is_some() {
        // Nothing more gets to a disk that fails; agents send it again.
        store_stop.cancel();
    }
    if let Err(late) = streams.join(STREAM_GRACE).await {
        tracing::warn!(error = %late, "streams were cut off");
    }
    store_stop.cancel();
    recorder.close().await;
    Ok(())
}

async fn open_store(config: &Config) -> Result<Store, ServerError> {
    let config = config.clone();
    // Repairing a large store after a crash blocks for a while.
    let opened = tokio::task::spawn_blocking(move || state::open_store(&config, false)).await;
    let store = opened.map_err(|error| ServerError::Runtime(std::io::Error::other(error)))??;
    for sentence in &store.report().repaired {
        tracing::warn!("the store was repaired: {sentence}");
    }
    Ok(store)
}

fn couriers(
    routes: &[AlertRoute],
    lanes: Vec<crate::notify::LaneEnd>,
    parts: &CourierParts,
) -> Result<Vec<Courier>, ServerError> {
    routes.iter().zip(lanes).map(|(route, lane)| Courier::new(route, lane, parts.clone())).collect()
}

fn ingest(core: &Core, streams: Group) -> IngestService {
    let parts = SessionParts {
        recorder: core.recorder.clone(),
        pepper: core.pepper.clone(),
        live: Arc::clone(&core.live),
        clock: core.clock.clone(),
        silence: core.config.agents.silence(),
        metrics: Arc::clone(&core.metrics),
        classes: Arc::clone(&core.classes),
        budgets: crate::session::budget::Budgets::default(),
    };
    IngestService::new(Arc::new(parts), streams)
}

fn enrolment(core: &Core) -> EnrolmentService {
    EnrolmentService::new(EnrolParts {
        recorder: core.recorder.clone(),
        ca: Arc::clone(&core.ca),
        live: Arc::clone(&core.live),
        clock: core.clock.clone(),
        metrics: Arc::clone(&core.metrics),
    })
}

/// Binds one listener.
async fn listener(what: &'static str, address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Bind { what, address, source })
}
