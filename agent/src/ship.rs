//! The stage that brings records to a collector: in order, at least once, over
//! whichever endpoint answers.
//!
//! It obeys a collector in two things only: what may be forgotten, and what to
//! send again.

pub mod plan;
pub mod records;
mod session;

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use driftline_daemon::Clock;
use driftline_wire::connect::{self, ConnectError, Connection, Endpoint};
use driftline_wire::convert::Welcome;
use driftline_wire::tls::TlsSettings;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::identity::Identity;
use crate::journal::{JournalReader, Progress, Request, chain};
use crate::renew::{self, RenewError};
use crate::status::{Link, StatusBoard};
use plan::{AfterRefusal, Backoff, PAUSE_REFUSED, after_refusal};
use session::Ended;

/// A skew that an operator should know of: certificates and times of changes
/// begin to mislead.
const SKEW_WARN_MS: i64 = 60_000;

/// Between two tries to renew a certificate that still works.
const RENEWAL_RETRY: Duration = Duration::from_secs(300);

/// Before a stream begins anew that was in order. Nobody notices a fifth of a
/// second, and what makes it begin anew each time is no busy loop.
const PAUSE_AGAIN: Duration = Duration::from_millis(200);

/// Everything that shipping needs.
#[derive(Debug)]
pub struct Shipping {
    /// Where the identity is kept.
    pub state_dir: PathBuf,
    /// Who this agent is.
    pub identity: Identity,
    /// `host:port` of collectors, tried in order.
    pub endpoints: Vec<String>,
    /// Names this process.
    pub instance: [u8; 16],
    /// Reads the journal.
    pub reader: JournalReader,
    /// Asks the journal.
    pub requests: mpsc::Sender<Request>,
    /// How far the journal is.
    pub progress: watch::Receiver<Progress>,
    /// Where `status` looks.
    pub board: StatusBoard,
    /// The time.
    pub clock: Clock,
    /// Cancelled before `stop` where the process goes on with another
    /// configuration: the collector is not told that the agent stopped, or a
    /// crash right after would look like that.
    pub reloading: CancellationToken,
    /// Asks to end.
    pub stop: CancellationToken,
}

/// The stage's memory between two connections.
#[derive(Debug, Default)]
struct Course {
    backoff: Backoff,
    at: usize,
    renewal: Option<tokio::time::Instant>,
    renew_first: bool,
}

impl Shipping {
    /// Ships until it is stopped.
    ///
    /// # Errors
    /// Never: what fails is tried again.
    pub async fn run(mut self) -> Result<(), Infallible> {
        let mut course = Course::default();
        let stop = self.stop.clone();
        while !stop.is_cancelled() {
            let pause = self.once(&mut course).await;
            if let Some(pause) = pause
                && stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none()
            {
                break;
            }
        }
        Ok(())
    }

    /// One connection, and how long to wait before the next.
    async fn once(&mut self, course: &mut Course) -> Option<Duration> {
        self.renew_if_due(course).await;
        let Some(endpoint) = self.endpoints.get(course.at % self.endpoints.len().max(1)).cloned() else {
            tracing::error!("no collector is configured");
            return Some(PAUSE_REFUSED);
        };
        let stop = self.stop.clone();
        let connection = match stop.run_until_cancelled(self.connect(&endpoint)).await? {
            Ok(connection) => connection,
            Err(error) => return Some(self.unreachable(course, &endpoint, &error)),
        };
        self.board.link(Link::Connecting { endpoint: endpoint.clone() });
        let ended = session::run(self, connection.channel.clone(), course.renewal).await;
        let pause = self.ended(course, &endpoint, ended);
        if connection.fate.certificate_refused() {
            self.certificate_refused(course, connection.fate.certificate_expired());
        }
        pause
    }

    async fn connect(&self, endpoint: &str) -> Result<Connection, ConnectFailure> {
        let clock = self.clock.clone();
        let settings = TlsSettings::new().with_clock(move || clock.now_ms());
        let tls = self.identity.client_tls(&settings)?;
        let endpoint: Endpoint = endpoint.parse()?;
        Ok(connect::connect(&endpoint, tls).await?)
    }

    fn unreachable(&mut self, course: &mut Course, endpoint: &str, error: &ConnectFailure) -> Duration {
        let why = chain(error);
        self.board.link(Link::Away { endpoint: endpoint.to_owned(), why: why.clone() });
        if error.is_transient() {
            tracing::warn!(endpoint, error = %why, "the collector cannot be reached");
        } else {
            tracing::error!(endpoint, error = %why, "the collector cannot be believed");
        }
        course.at = course.at.wrapping_add(1);
        course.backoff.pause(random())
    }

    fn ended(&mut self, course: &mut Course, endpoint: &str, ended: Ended) -> Option<Duration> {
        let was_connected = self.board.was_connected();
        if was_connected {
            course.backoff.reset();
        }
        let away = |why: String| Link::Away { endpoint: endpoint.to_owned(), why };
        match ended {
            Ended::Stopped => None,
            Ended::Again if was_connected => Some(PAUSE_AGAIN),
            // A collector whose numbers never fit would have a new epoch each
            // time, as fast as the disk can.
            Ended::Again => Some(course.backoff.pause(random()).max(PAUSE_AGAIN)),
            Ended::Lost(why) => {
                tracing::warn!(endpoint, error = %why, "the connection to the collector is gone");
                self.board.link(away(why));
                course.at = course.at.wrapping_add(usize::from(!was_connected));
                Some(course.backoff.pause(random()))
            }
            Ended::Refused(refusal) => {
                let (kind, reason) = (refusal.kind.as_str(), &refusal.reason);
                self.board.link(away(format!("refused ({kind}): {reason}")));
                course.at = course.at.wrapping_add(1);
                match after_refusal(refusal.kind) {
                    AfterRefusal::BackOff => {
                        tracing::warn!(endpoint, kind, %reason, "the collector refused");
                        Some(course.backoff.pause(random()))
                    }
                    AfterRefusal::Wait => {
                        tracing::error!(endpoint, kind, %reason, "the collector refused, an operator must act");
                        Some(PAUSE_REFUSED)
                    }
                }
            }
        }
    }

    /// From half of the certificate's life on; at once if it has ended.
    async fn renew_if_due(&mut self, course: &mut Course) {
        let now_ms = self.clock.now_ms();
        let expired = renew::expired(&self.identity, now_ms) || course.renew_first;
        if !expired && !self.renewal_due(course.renewal) {
            return;
        }
        course.renewal = Some(tokio::time::Instant::now() + RENEWAL_RETRY);
        let stop = self.stop.clone();
        let renewal = renew::renew(&self.state_dir, &self.identity, &self.clock);
        match stop.run_until_cancelled(renewal).await {
            None => {}
            Some(Ok(identity)) => {
                tracing::info!(not_after_ms = identity.not_after_ms, "the certificate is renewed");
                course.renew_first = false;
                self.take_identity(identity);
            }
            Some(Err(error)) => self.not_renewed(&error),
        }
    }

    /// Whether a certificate that still works is to be renewed now: a stream
    /// that is in order ends for it, as it may live longer than the certificate.
    fn renewal_due(&self, retry: Option<tokio::time::Instant>) -> bool {
        let waiting = retry.is_some_and(|at| tokio::time::Instant::now() < at);
        !waiting && renew::due(&self.identity, self.clock.now_ms())
    }

    fn not_renewed(&mut self, error: &RenewError) {
        let why = chain(error);
        self.board.renewal(why.clone());
        if error.is_final() {
            tracing::error!(error = %why, "the certificate cannot be renewed: run driftline-agent enroll TOKEN");
        } else {
            tracing::warn!(error = %why, "the certificate could not be renewed yet");
        }
    }

    fn certificate_refused(&mut self, course: &mut Course, expired: bool) {
        if expired {
            course.renew_first = true;
        } else if !self.identity.confirmed
            && let Ok(confirmed) = Identity::load_confirmed(&self.state_dir)
        {
            tracing::warn!("the renewed certificate was refused, going back to the one before");
            self.take_identity(confirmed);
        } else {
            tracing::error!("the collector refuses this host's certificate: run driftline-agent enroll TOKEN");
        }
    }

    fn take_identity(&mut self, identity: Identity) {
        self.board.identity(&identity);
        self.identity = identity;
    }

    /// The collector has accepted the certificate and told its time.
    fn welcomed(&mut self, welcome: &Welcome) {
        let skew_ms = welcome.sent_ms.saturating_sub(self.clock.now_ms());
        if skew_ms.abs() >= SKEW_WARN_MS {
            tracing::warn!(skew_ms, "this host's clock and the collector's differ");
        }
        self.board.skew(skew_ms);
        if self.identity.confirmed {
            return;
        }
        match renew::confirm(&self.state_dir) {
            Ok(()) => self.identity.confirmed = true,
            Err(error) => tracing::warn!(error = %chain(&error), "the renewed certificate could not be confirmed"),
        }
    }

    fn connected(&mut self) {
        tracing::info!("connected to the collector");
        self.board.connected();
    }

    fn acked(&mut self, seq: u64) {
        self.board.acked(seq, self.clock.now_ms());
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum ConnectFailure {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the identity cannot be used")]
    Tls(#[from] driftline_wire::tls::TlsError),
}

impl ConnectFailure {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Connect(error) if error.is_transient())
    }
}

/// Random bits for jitter; where the kernel has none, the middle.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
