//! The collector's door: TCP connections in, verified TLS connections out.
//!
//! Handshakes run side by side and each has a limit of time, so that a peer
//! that is slow, silent or talks something else holds nobody up. What a
//! verified peer may do is not decided here.

mod handshake;
mod place;
mod stream;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream::FuturesUnordered};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::identity::PeerIdentity;
use crate::limits;
use handshake::{Crowd, Handshake};
pub use handshake::{Rejection, RejectionKind};
use place::Addresses;
pub use stream::TlsConn;

/// How long accepting rests after the host ran out of something (descriptors,
/// memory): trying at once would only burn its time.
const REST: Duration = Duration::from_millis(200);

/// Rejections logged per second: enough to see who knocks, too few for a flood
/// to fill a disk. The observer counts all of them.
const LOGGED_PER_SECOND_MAX: u32 = 10;

/// The TLS configuration in force, replaceable while connections are accepted.
/// Clones share it.
#[derive(Debug, Clone)]
pub struct TlsSource(Arc<RwLock<Arc<ServerConfig>>>);

impl TlsSource {
    /// Starts with one.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(Arc::new(RwLock::new(config)))
    }

    /// Handshakes from now on use another one; connections that stand go on.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// The one in force.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Limits of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptLimits {
    /// Handshakes under way at once.
    pub handshakes_max: usize,
    /// Connections that stand at once.
    pub connections_max: usize,
    /// Of those, from one address.
    pub per_address_max: usize,
    /// How long a handshake may take, and afterwards the first byte.
    pub handshake: Duration,
}

impl Default for AcceptLimits {
    fn default() -> Self {
        Self {
            handshakes_max: limits::HANDSHAKES_MAX,
            connections_max: limits::CONNECTIONS_MAX,
            per_address_max: limits::CONNECTIONS_MAX,
            handshake: limits::HANDSHAKE,
        }
    }
}

impl AcceptLimits {
    /// For a door through which anybody may come: nobody takes all its places.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { per_address_max: limits::ANONYMOUS_PER_ADDRESS_MAX, ..Self::default() }
    }
}

/// What is known of a connected peer: the connect info of tonic
/// (`request.extensions().get::<Peer>()`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it connects from.
    pub address: SocketAddr,
    /// Who it is, where a client certificate is mandatory.
    pub identity: Option<PeerIdentity>,
    /// Its certificate, where there is one.
    pub certificate: Option<PeerCertificate>,
}

/// The certificate that a peer showed.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// SHA-256 over its DER.
    pub fingerprint: [u8; 32],
    /// Its serial number, lower-case hexadecimal without separators.
    pub serial: String,
    /// When it ends, in milliseconds since 1970.
    pub not_after_ms: i64,
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerCertificate(serial {})", self.serial)
    }
}

/// Is told of every connection that did not become one.
pub type Observer = Arc<dyn Fn(&Rejection) + Send + Sync>;

/// An observer that looks away.
#[must_use]
pub fn no_observer() -> Observer {
    Arc::new(|_| {})
}

/// Accepts connections for as long as the stream is polled. The items are never
/// errors; the type is what `serve_with_incoming_shutdown` takes.
pub fn incoming(
    listener: TcpListener,
    tls: TlsSource,
    limits: AcceptLimits,
    observer: Observer,
) -> impl Stream<Item = io::Result<TlsConn>> + Send + 'static {
    let door = Door {
        listener,
        tls,
        limits,
        observer,
        connections: Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS))),
        crowd: Crowd::new(limits.handshakes_max),
        addresses: Addresses::default(),
        handshakes: FuturesUnordered::new(),
        log: LogBudget { since: Instant::now(), logged: 0 },
    };
    futures_util::stream::unfold(door, |mut door| async move {
        let connection = door.next().await;
        Some((Ok(connection), door))
    })
}

struct Door {
    listener: TcpListener,
    tls: TlsSource,
    limits: AcceptLimits,
    observer: Observer,
    connections: Arc<Semaphore>,
    crowd: Crowd,
    addresses: Addresses,
    handshakes: FuturesUnordered<Handshake>,
    log: LogBudget,
}

impl Door {
    async fn next(&mut self) -> TlsConn {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((socket, address)) => self.begin(socket, address),
                    Err(error) => rest_after(&error).await,
                },
                Some((ticket, outcome)) = self.handshakes.next() => {
                    self.crowd.leave(ticket);
                    match outcome {
                        Ok(connection) => return connection,
                        Err(rejection) => self.reject(&rejection),
                    }
                }
            }
        }
    }

    fn begin(&mut self, socket: TcpStream, address: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() else {
            return self.reject(&Rejection::new(address, RejectionKind::TooMany, "every connection is taken"));
        };
        let Some(place) = self.addresses.enter(address.ip(), self.limits.per_address_max, permit) else {
            return self.reject(&Rejection::new(address, RejectionKind::TooMany, "its address has its share"));
        };
        let (ticket, evicted) = self.crowd.enter(address.ip());
        let limit = self.limits.handshake;
        let tls = self.tls.current();
        self.handshakes.push(Box::pin(async move {
            let outcome = tokio::select! {
                outcome = handshake::run(socket, address, tls, limit, place) => outcome,
                _ = evicted => Err(Rejection::new(address, RejectionKind::Evicted, "others waited for its place")),
            };
            (ticket, outcome)
        }));
    }

    fn reject(&mut self, rejection: &Rejection) {
        if self.log.allows(Instant::now()) {
            let kind = rejection.kind.as_str();
            tracing::debug!(peer = %rejection.peer, kind, detail = rejection.detail, "connection refused");
        }
        (self.observer)(rejection);
    }
}

/// How many rejections have been logged in the running second.
struct LogBudget {
    since: Instant,
    logged: u32,
}

impl LogBudget {
    fn allows(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self { since: now, logged: 0 };
        }
        self.logged = self.logged.saturating_add(1);
        self.logged <= LOGGED_PER_SECOND_MAX
    }
}

/// A peer that is gone already concerns only itself; anything else (no more
/// descriptors) passes.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(REST).await;
}

#[cfg(test)]
mod tests;
