//! One route's courier: delivers alerts in order, one at a time, until the
//! receiver takes them.
//!
//! An alert leaves the outbox only after the receiver said so: a crash in
//! between sends it again under the same id. It never skips one for another,
//! but one that the receiver refuses for its content is given up, and that is
//! an event.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use driftline_api::alert::{ID_HEADER, SIGNATURE_HEADER};
use driftline_compare::Severity;
use driftline_daemon::Clock;
use driftline_store::{AlertRecord, ErrorKind, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::signature::Secret;
use super::{LaneEnd, Outgoing, message};
use crate::config::AlertRoute;
use crate::error::ServerError;
use crate::metrics::Metrics;
use crate::record::health;
use crate::record::{Recorder, Reply};

/// How long a receiver may take for one call.
const CALL: Duration = Duration::from_secs(10);

/// First wait after a failed call; doubled each time, with jitter.
const RETRY_MIN: Duration = Duration::from_millis(250);

/// Longest wait between two calls: a receiver that is back learns within a
/// minute.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// An alert that could not be delivered for so long is given up: the history
/// has it, and a day of silence was noticed otherwise.
const GIVE_UP_MS: i64 = 24 * 3_600_000;

/// Calls after which an alert is given up that the receiver refuses for what it
/// is (400, 413, 422): one alert must not hold back all that follow.
const REFUSALS_MAX: u32 = 3;

/// Wait after an outbox that could not be read: what the writer waits at most.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// Alerts read back from the outbox at once: each may hold the two hundred
/// entries that a call lists.
const BACKLOG_PAGE: usize = 32;

/// What every courier shares.
#[derive(Clone)]
pub struct CourierParts {
    /// Where the outbox is.
    pub store: Store,
    /// Takes alerts out of it.
    pub recorder: Recorder,
    /// The collector's clock.
    pub clock: Clock,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// Delivers the alerts of one route.
pub struct Courier {
    name: String,
    url: reqwest::Url,
    client: reqwest::Client,
    secret: Secret,
    lane: LaneEnd,
    parts: CourierParts,
    /// The highest alert that is done with.
    last: u64,
}

impl Courier {
    /// A courier for a route.
    ///
    /// # Errors
    /// [`ServerError::Setting`] when its URL, secret or CA cannot be used.
    pub fn new(route: &AlertRoute, lane: LaneEnd, parts: CourierParts) -> Result<Self, ServerError> {
        let secret = super::secret::load(route)?;
        let url = route.checked_url();
        let unusable = |reason: String| ServerError::Setting {
            what: "the alert route",
            path: std::path::PathBuf::from(&route.name),
            reason,
        };
        let url = url.map_err(unusable)?;
        let client = client(route).map_err(unusable)?;
        Ok(Self { name: route.name.clone(), url, client, secret, lane, parts, last: 0 })
    }

    /// Delivers until it is told to stop.
    ///
    /// # Errors
    /// When the outbox cannot be read.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        self.lane.spilled.store(true, Ordering::SeqCst);
        loop {
            if self.lane.spilled.swap(false, Ordering::SeqCst) {
                match self.backlog(&stop).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(error) => self.rest_after(error, &stop).await?,
                }
            }
            if self.lane.spilled.load(Ordering::SeqCst) && !stop.is_cancelled() {
                continue;
            }
            let next = tokio::select! {
                next = self.lane.queue.recv() => next,
                () = stop.cancelled() => return Ok(()),
            };
            let Some(alert) = next else { return Ok(()) };
            if alert.id.is_some_and(|id| id <= self.last) {
                continue;
            }
            if !self.deliver(alert, &stop).await {
                return Ok(());
            }
        }
    }

    /// After an outbox that could not be read: waits to try again, unless it is
    /// damaged.
    async fn rest_after(&mut self, error: StoreError, stop: &CancellationToken) -> Result<(), StoreError> {
        if !matches!(error.kind(), ErrorKind::Full | ErrorKind::Io) {
            return Err(error);
        }
        tracing::warn!(route = self.name, %error, "the outbox could not be read, trying again");
        self.lane.spilled.store(true, Ordering::SeqCst);
        // Stopped or rested: the loop looks at both.
        _ = stop.run_until_cancelled(tokio::time::sleep(READ_AGAIN)).await;
        Ok(())
    }

    /// Everything that waits in the outbox; false when stopped.
    async fn backlog(&mut self, stop: &CancellationToken) -> Result<bool, StoreError> {
        loop {
            let page = self.read_backlog().await?;
            if page.is_empty() {
                return Ok(true);
            }
            for alert in page {
                if !self.deliver(alert, stop).await {
                    return Ok(false);
                }
            }
        }
    }

    async fn read_backlog(&self) -> Result<Vec<Outgoing>, StoreError> {
        let (store, name, last) = (self.parts.store.clone(), self.name.clone(), self.last);
        let read = tokio::task::spawn_blocking(move || {
            let reader = store.reader()?;
            let alerts = reader.outbox_of(&name, last, BACKLOG_PAGE)?;
            alerts.into_iter().map(|alert| outgoing(&reader, alert)).collect()
        });
        match read.await {
            Ok(alerts) => alerts,
            // The runtime is shutting down.
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Delivers one alert, however long it takes; false when stopped first.
    async fn deliver(&mut self, alert: Outgoing, stop: &CancellationToken) -> bool {
        let id = match alert.id {
            Some(id) => id.to_string(),
            None => format!("collector-{}", self.parts.clock.now_ms()),
        };
        let since_ms = self.parts.clock.now_ms();
        let mut refusals = 0;
        let Ok(body) = serde_json::to_vec(&message::alert(&id, &alert.told)) else { return true };
        let mut wait = RETRY_MIN;
        let mut reported = false;
        loop {
            let outcome = tokio::select! {
                outcome = self.call(&id, body.clone()) => outcome,
                () = stop.cancelled() => return false,
            };
            let failed = match outcome {
                Ok(()) => break,
                Err(failed) => failed,
            };
            let reason = failed.reason();
            refusals += u32::from(failed == Failed::Content);
            self.parts.metrics.alert_failed();
            if !reported {
                tracing::warn!(route = self.name, alert = id, reason, "an alert could not be delivered, trying again");
                reported = true;
            }
            let late = self.parts.clock.now_ms().saturating_sub(since_ms) > GIVE_UP_MS;
            if late || refusals >= REFUSALS_MAX {
                self.give_up(&id, if late { "it could not be delivered for 24 hours" } else { reason }).await;
                break;
            }
            if stop.run_until_cancelled(tokio::time::sleep(jittered(wait))).await.is_none() {
                return false;
            }
            wait = (wait * 2).min(RETRY_MAX);
        }
        self.done(alert.id).await
    }

    async fn call(&self, id: &str, body: Vec<u8>) -> Result<(), Failed> {
        let now_s = self.parts.clock.now_ms().div_euclid(1000);
        let request = self
            .client
            .post(self.url.clone())
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(ID_HEADER, id)
            .header(SIGNATURE_HEADER, self.secret.header(now_s, &body))
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                // Read to its end, so that the connection is used again.
                _ = drain(answer).await;
                Ok(())
            }
            Ok(answer) if matches!(answer.status().as_u16(), 400 | 413 | 422) => Err(Failed::Content),
            Ok(_) => Err(Failed::Status),
            Err(error) if error.is_timeout() => Err(Failed::Late),
            Err(error) if error.is_connect() => Err(Failed::Unreachable),
            Err(_) => Err(Failed::Call),
        }
    }

    async fn done(&mut self, id: Option<u64>) -> bool {
        let Some(id) = id else { return true };
        self.last = id;
        self.parts.metrics.alert_delivered();
        let step = move |draft: &mut crate::record::Draft<'_>| {
            draft.alert_done(id);
            let reply: Reply = Box::new(|| {});
            Ok(reply)
        };
        // In no hurry: a crash before it brings the alert again, under its id.
        self.parts.recorder.submit_later(step).await.is_ok()
    }

    async fn give_up(&self, id: &str, reason: &'static str) {
        tracing::error!(route = self.name, alert = id, reason, "an alert was given up");
        let message = format!("alert {id} was not delivered to `{}` and was given up: {reason}", self.name);
        let route = self.name.clone();
        let step = move |draft: &mut crate::record::Draft<'_>| {
            draft.append_past(&route, vec![health::event(Severity::Critical, message)]);
            let reply: Reply = Box::new(|| {});
            Ok(reply)
        };
        // Stopping: the alert stays in the outbox and is given up next time.
        _ = self.parts.recorder.submit(0, step).await;
    }
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// The receiver refuses this alert for what it is.
    Content,
    /// Another answer than 2xx.
    Status,
    /// No answer in time.
    Late,
    /// No connection.
    Unreachable,
    /// Anything else.
    Call,
}

impl Failed {
    fn reason(self) -> &'static str {
        match self {
            Self::Content => "the receiver refuses its content (400, 413 or 422)",
            Self::Status => "the receiver did not answer with 2xx",
            Self::Late => "the receiver did not answer in time",
            Self::Unreachable => "the receiver cannot be reached",
            Self::Call => "the call failed",
        }
    }
}

/// An alert as read back, entry by entry: what a call lists is kept, of the
/// rest only what it says of them.
fn outgoing(reader: &driftline_store::Reader, alert: AlertRecord) -> Result<Outgoing, StoreError> {
    let mut told = message::Told::default();
    for id in alert.entries {
        if let Some(entry) = reader.entry(id)? {
            told.add(Arc::new(entry));
        }
    }
    Ok(Outgoing { id: Some(alert.id), told })
}

fn client(route: &AlertRoute) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .timeout(CALL)
        .connect_timeout(CALL)
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(600))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("driftline-collector/", env!("CARGO_PKG_VERSION")));
    if route.url.starts_with("http://") {
        builder = builder.no_proxy();
    }
    if let Some(path) = &route.ca_file {
        let bytes = driftline_daemon::files::read_limited(path, 64 * 1024);
        let bytes = bytes.map_err(|error| format!("`ca_file` {}: {error}", path.display()))?;
        let certificate = reqwest::Certificate::from_pem(&bytes);
        let certificate = certificate.map_err(|_| format!("`ca_file` {} is not PEM", path.display()))?;
        builder = builder.tls_certs_only([certificate]);
    }
    builder.build().map_err(|error| error.to_string())
}

/// Between half and all of a wait, so that collectors do not call in step.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness there is no jitter, which only costs politeness.
    _ = getrandom::fill(&mut byte);
    wait / 2 + (wait / 2) * u32::from(byte[0]) / 255
}

/// Bytes of an answer that are read to keep the connection.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

async fn drain(mut answer: reqwest::Response) -> Result<(), reqwest::Error> {
    let mut seen = 0;
    while let Some(chunk) = answer.chunk().await? {
        seen += chunk.len();
        if seen > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
