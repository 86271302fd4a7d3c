//! The HTTP API for operators: TLS, bearer tokens, the JSON shapes of `api`.
//!
//! It reads the store and hands decisions to the writer; it computes nothing
//! that another room could, and nothing here acts on a host.

mod acceptances;
mod auth;
mod baselines;
mod chain;
mod compare;
mod demands;
mod desired;
mod drift;
mod error;
mod explain;
mod history;
mod hosts;
mod operators;
mod policy;
mod query;
mod reads;
mod reports;
pub(crate) mod scan;
mod snapshot;
mod stream;
mod system;
mod tokens;
mod windows;

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};
use axum::{Extension, Router, middleware};
use driftline_daemon::Group;
use driftline_store::{Reader, StoreError};
use driftline_wire::TlsConn;
use futures_util::{Stream, StreamExt as _};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::Core;
use crate::enrol::limiter::Limiter;
use error::Problem;
use reads::Reads;

/// Connections of operators, pages and scrapers at once.
const CONNECTIONS_MAX: usize = 1_024;

/// Reads of the store at once: each holds a thread and a snapshot.
const READS_MAX: usize = 8;

/// Of them, how many may go through the whole history: they take minutes, and
/// the others answer people.
const LONG_READS_MAX: usize = 2;

/// Look-ups of tokens at once. They have places of their own: whatever is read,
/// somebody can log in to revoke a host.
const LOOK_UPS_MAX: usize = 2;

/// Bytes of a request's body. The largest, a token request, has some hundred.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the headers of a request may take.
const HEADERS: Duration = Duration::from_secs(10);

/// How long a connection may stand on which nobody has shown a valid token: it
/// would only take a place.
const ANONYMOUS: Duration = Duration::from_secs(30);

/// How long an open request may take to end after the stop.
const DRAIN: Duration = Duration::from_secs(3);

/// What every request can reach.
struct Http {
    core: Arc<Core>,
    /// Places to read the store.
    places: Arc<Semaphore>,
    long_places: Arc<Semaphore>,
    doors: Arc<Semaphore>,
    /// What operators read, until it is told.
    reads: Reads,
    limiter: Mutex<Limiter>,
    streams: Group,
    stop: CancellationToken,
}

type Shared = Arc<Http>;

impl Http {
    /// Reads the store on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_at(&self.places, read).await
    }

    /// The same for what goes through much of the history.
    async fn read_long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = self.long_places.acquire().await.map_err(|_| Problem::stopping())?;
        self.read(read).await
    }

    /// The same for who is at the door.
    async fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_at(&self.doors, read).await
    }

    async fn read_at<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(places).acquire_owned().await.map_err(|_| Problem::stopping())?;
        let store = self.core.store.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            read(&store.reader()?)
        });
        Ok(done.await.map_err(|_| Problem::stopping())??)
    }

    /// Tells again and again, for as long as it is waited for.
    async fn keep_telling(&self) -> Infallible {
        let mut tell = tokio::time::interval(reads::TOLD_EVERY);
        loop {
            tell.tick().await;
            self.tell_reads().await;
        }
    }

    /// Puts into the history what operators have read since the last time.
    async fn tell_reads(&self) {
        let now_ms = self.core.clock.now_ms();
        let entries = self.reads.take(now_ms);
        if entries.is_empty() {
            return;
        }
        let step = move |draft: &mut crate::record::Draft<'_>| {
            draft.append(entries);
            let reply: crate::record::Reply = Box::new(|| {});
            Ok(reply)
        };
        // An error says that nothing is recorded any more.
        _ = self.core.recorder.submit(0, step).await;
    }
}

/// Serves connections until the stop.
///
/// # Errors
/// Never: the type fits the task owner.
pub async fn serve(
    connections: impl Stream<Item = io::Result<TlsConn>> + Send + 'static,
    core: Arc<Core>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let http = Arc::new(Http {
        core,
        places: Arc::new(Semaphore::new(READS_MAX)),
        long_places: Arc::new(Semaphore::new(LONG_READS_MAX)),
        doors: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
        reads: Reads::default(),
        limiter: Mutex::default(),
        streams: Group::new("live stream", CONNECTIONS_MAX, stop.child_token()),
        stop: stop.clone(),
    });
    let router = router(Arc::clone(&http));
    let open = Group::new("api connection", CONNECTIONS_MAX, stop.child_token());
    let mut connections = pin!(connections);
    // Beside accepting: telling waits for the disk.
    let mut telling = pin!(http.keep_telling());
    loop {
        let next = tokio::select! {
            next = connections.next() => next,
            never = &mut telling => match never {},
            () = stop.cancelled() => break,
        };
        let Some(Ok(connection)) = next else { continue };
        let about = auth::OpenConnection::new(connection.peer().address.ip());
        let service = router.clone().layer(Extension(about.clone()));
        if let Err(full) = open.spawn(connection_task(connection, service, about, open.stop())) {
            tracing::warn!(error = %full, "a connection to the API was refused");
        }
    }
    http.tell_reads().await;
    if let Err(late) = open.join(DRAIN).await {
        tracing::debug!(error = %late, "requests were cut off");
    }
    Ok(())
}

async fn connection_task(connection: TlsConn, service: Router, about: auth::OpenConnection, stop: CancellationToken) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADERS).max_concurrent_streams(64);
    let served = builder.serve_connection(TokioIo::new(connection), TowerToHyperService::new(service));
    let mut served = pin!(served);
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = anonymous_for_too_long(&about) => {
            served.as_mut().graceful_shutdown();
            // What it asked for is answered; then it is closed, willing or not.
            tokio::time::timeout(DRAIN, served).await.unwrap_or(Ok(()))
        }
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection to the API ended");
    }
}

/// Ends for a connection on which nobody showed a valid token in time.
async fn anonymous_for_too_long(about: &auth::OpenConnection) {
    tokio::time::sleep(ANONYMOUS).await;
    if about.is_authenticated() {
        std::future::pending::<()>().await;
    }
}

fn router(http: Shared) -> Router {
    let metrics_public = http.core.config.metrics.public;
    let api = Router::new()
        .route("/api/v1/status", get(system::status))
        .route("/api/v1/whoami", get(system::whoami))
        .route("/api/v1/hosts", get(hosts::list))
        .route("/api/v1/hosts/{host}", get(hosts::show).merge(delete(hosts::revoke)))
        .route("/api/v1/hosts/{host}/forget", post(hosts::forget))
        .route("/api/v1/changes", get(history::changes))
        .route("/api/v1/changes/stream", get(stream::live))
        .route("/api/v1/events", get(history::events))
        .route("/api/v1/history/{key}", get(history::of_key))
        .route("/api/v1/explain", get(explain::of_key))
        .route("/api/v1/explain/{id}", get(explain::of_id))
        .route("/api/v1/compare", get(compare::compare))
        .route("/api/v1/compare", post(compare::files::compare).layer(DefaultBodyLimit::max(desired::PUSH_BYTES_MAX)))
        .route("/api/v1/baselines", get(baselines::list).post(baselines::approve))
        .route("/api/v1/baselines/{number}", get(baselines::show))
        .route("/api/v1/desired", get(desired::list))
        .route("/api/v1/desired", post(desired::push).layer(DefaultBodyLimit::max(desired::PUSH_BYTES_MAX)))
        .route("/api/v1/desired/show", get(desired::show))
        .route("/api/v1/snapshot", get(snapshot::of_hosts))
        .route("/api/v1/snapshot", post(snapshot::of_files).layer(DefaultBodyLimit::max(desired::PUSH_BYTES_MAX)))
        .route("/api/v1/reports", get(reports::list))
        .route("/api/v1/drift", get(drift::list))
        .route("/api/v1/drift/{id}", get(drift::story))
        .route("/api/v1/acceptances", get(acceptances::list).post(acceptances::accept))
        .route("/api/v1/acceptances/{id}", delete(acceptances::revoke))
        .route("/api/v1/verify", get(chain::verify))
        .route("/api/v1/export", get(chain::export))
        .route("/api/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/api/v1/tokens/{id}", delete(tokens::revoke))
        .route("/api/v1/policy", get(policy::show).put(policy::apply).layer(policy::body_limit()))
        .route("/api/v1/policy/history", get(policy::history))
        .route("/api/v1/policy/test", post(policy::test).layer(policy::body_limit()))
        .route("/api/v1/policy/{version}", get(policy::version))
        .route("/api/v1/windows", get(windows::list).post(windows::open))
        .route("/api/v1/windows/{id}", delete(windows::close))
        .route("/api/v1/operators", get(operators::list).post(operators::add))
        .route("/api/v1/operators/{name}", delete(operators::revoke))
        .route("/api/v1/operators/{name}/rotate", post(operators::rotate));
    let (guarded, open) = if metrics_public {
        (api, Router::new().route("/metrics", get(system::metrics)))
    } else {
        (api.route("/metrics", get(system::metrics)), Router::new())
    };
    guarded
        .layer(middleware::from_fn_with_state(Arc::clone(&http), auth::require))
        .merge(open)
        .route("/healthz", get(system::healthz))
        .route("/readyz", get(system::readyz))
        .fallback(error::unknown_path)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(http)
}

#[cfg(test)]
mod tests;
