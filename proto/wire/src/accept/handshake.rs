//! One handshake: in time, with a certificate that names an agent where one is
//! mandatory; or a rejection that says what kind.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::{CertificateError, ServerConfig};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::place::Place;
use super::{Peer, PeerCertificate, TlsConn};
use crate::connect::dead_peer_options;
use crate::identity::PeerIdentity;
use crate::tls::fingerprint;

/// A handshake under way: gives its ticket back.
pub(super) type Handshake = Pin<Box<dyn Future<Output = (u64, Result<TlsConn, Rejection>)> + Send>>;

/// Why a connection was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionKind {
    /// What came is not TLS: plain text, another protocol, garbage.
    NotTls,
    /// TLS before 1.3, or no common parameters.
    Incompatible,
    /// No client certificate.
    NoCertificate,
    /// A client certificate that has expired, or is not valid yet.
    Expired,
    /// A client certificate of another CA, or self-signed.
    UnknownCa,
    /// A client certificate that is bad otherwise.
    BadCertificate,
    /// A good certificate that names no agent.
    NoAgent,
    /// Too slow.
    Timeout,
    /// Gave way to others while it was slow.
    Evicted,
    /// Every connection is taken.
    TooMany,
    /// Ended by the peer or the network.
    Closed,
    /// TLS failed otherwise.
    Other,
}

impl RejectionKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::NotTls,
        Self::Incompatible,
        Self::NoCertificate,
        Self::Expired,
        Self::UnknownCa,
        Self::BadCertificate,
        Self::NoAgent,
        Self::Timeout,
        Self::Evicted,
        Self::TooMany,
        Self::Closed,
        Self::Other,
    ];

    /// The kind's name in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTls => "not_tls",
            Self::Incompatible => "incompatible",
            Self::NoCertificate => "no_certificate",
            Self::Expired => "expired",
            Self::UnknownCa => "unknown_ca",
            Self::BadCertificate => "bad_certificate",
            Self::NoAgent => "no_agent",
            Self::Timeout => "timeout",
            Self::Evicted => "evicted",
            Self::TooMany => "too_many",
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for RejectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A connection that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it came from.
    pub peer: SocketAddr,
    /// Why not, for counting.
    pub kind: RejectionKind,
    /// Why not, in words.
    pub detail: String,
}

impl Rejection {
    pub(super) fn new(peer: SocketAddr, kind: RejectionKind, detail: impl Into<String>) -> Self {
        Self { peer, kind, detail: detail.into() }
    }

    fn of_io(peer: SocketAddr, error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let kind = tls.map_or(RejectionKind::Closed, kind_of);
        Self::new(peer, kind, error.to_string())
    }
}

fn kind_of(error: &rustls::Error) -> RejectionKind {
    match error {
        rustls::Error::InvalidMessage(_) => RejectionKind::NotTls,
        rustls::Error::PeerIncompatible(_) | rustls::Error::NoApplicationProtocol => RejectionKind::Incompatible,
        rustls::Error::NoCertificatesPresented => RejectionKind::NoCertificate,
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => RejectionKind::Expired,
            // A CA of the same name but another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => RejectionKind::UnknownCa,
            _ => RejectionKind::BadCertificate,
        },
        rustls::Error::AlertReceived(_) => RejectionKind::Closed,
        _ => RejectionKind::Other,
    }
}

/// Shakes hands within the limit of time.
pub(super) async fn run(
    socket: TcpStream,
    address: SocketAddr,
    tls: Arc<ServerConfig>,
    limit: Duration,
    place: Place,
) -> Result<TlsConn, Rejection> {
    let prepared = socket.set_nodelay(true).and_then(|()| dead_peer_options(&socket));
    prepared.map_err(|error| Rejection::of_io(address, &error))?;
    let accepted = tokio::time::timeout(limit, TlsAcceptor::from(tls).accept(socket)).await;
    let Ok(accepted) = accepted else {
        return Err(Rejection::new(address, RejectionKind::Timeout, format!("no handshake within {limit:?}")));
    };
    let stream = accepted.map_err(|error| Rejection::of_io(address, &error))?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|leaf| leaf.to_vec());
    let peer = peer_of(address, shown.as_deref())?;
    Ok(TlsConn::new(stream, peer, limit, place))
}

fn peer_of(address: SocketAddr, shown: Option<&[u8]>) -> Result<Peer, Rejection> {
    let Some(der) = shown else {
        return Ok(Peer { address, identity: None, certificate: None });
    };
    let no_agent = |detail: String| Rejection::new(address, RejectionKind::NoAgent, detail);
    let identity = PeerIdentity::from_certificate(der).map_err(|error| no_agent(error.to_string()))?;
    let (_, parsed) = X509Certificate::from_der(der).map_err(|error| no_agent(error.to_string()))?;
    let certificate = PeerCertificate {
        fingerprint: fingerprint(der),
        serial: parsed.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect(),
        not_after_ms: parsed.validity().not_after.timestamp().saturating_mul(1000),
    };
    Ok(Peer { address, identity: Some(identity), certificate: Some(certificate) })
}

/// Who is in a handshake, and who must leave when there is no more room: the
/// oldest of the address that has the most of them, so that a flood from one
/// address pushes out itself.
pub(super) struct Crowd {
    limit: usize,
    next: u64,
    waiting: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
}

impl Crowd {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), next: 0, waiting: BTreeMap::new() }
    }

    pub(super) fn enter(&mut self, address: IpAddr) -> (u64, oneshot::Receiver<()>) {
        if self.waiting.len() >= self.limit
            && let Some(ticket) = self.to_evict()
            && let Some((_, evict)) = self.waiting.remove(&ticket)
        {
            // It may have ended at this very moment, which is as good.
            _ = evict.send(());
        }
        let (evict, evicted) = oneshot::channel();
        let ticket = self.next;
        self.next += 1;
        self.waiting.insert(ticket, (address, evict));
        (ticket, evicted)
    }

    pub(super) fn leave(&mut self, ticket: u64) {
        self.waiting.remove(&ticket);
    }

    fn to_evict(&self) -> Option<u64> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (address, _) in self.waiting.values() {
            *counts.entry(*address).or_default() += 1;
        }
        let most = counts.values().copied().max()?;
        self.waiting.iter().find(|(_, (address, _))| counts.get(address) == Some(&most)).map(|(ticket, _)| *ticket)
    }
}
