//! The agent's way to a collector: one TCP connection, TLS, HTTP/2.
//!
//! A connection that ends stays ended: nothing here reconnects, chooses between
//! endpoints or waits. The agent's shipping decides that, with its back-off.

mod stream;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Uri};

use crate::limits::{HANDSHAKE, HEADER_BYTES_MAX, KEEP_ALIVE, KEEP_ALIVE_TIMEOUT};
use crate::tls::PinError;
pub use stream::Fate;
pub(crate) use stream::dead_peer_options;

/// A collector's address, `host:port`; an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// The host: a DNS name or an IP address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = ConnectError;

    fn from_str(text: &str) -> Result<Self, ConnectError> {
        let bad = || ConnectError::Endpoint { endpoint: text.escape_default().to_string() };
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().ok().filter(|&port| port != 0).ok_or_else(bad)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?.to_string(),
            None if host.contains(':') => return Err(bad()),
            None => host.to_owned(),
        };
        ServerName::try_from(host.as_str()).map_err(|_| bad())?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse() {
            Ok(IpAddr::V6(host)) => write!(f, "[{host}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an address.
    #[error("`{endpoint}` is not a collector's address: write host:port")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// No answer on TCP: no such name, refused, no route.
    #[error("could not reach {endpoint}")]
    Unreachable {
        /// Which collector.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Too slow.
    #[error("{endpoint} did not answer within {} s", HANDSHAKE.as_secs())]
    Timeout {
        /// Which collector.
        endpoint: Endpoint,
    },
    /// It belongs to another CA than the token names.
    #[error("{endpoint} does not belong to the CA that the token names")]
    OtherCa {
        /// Which collector.
        endpoint: Endpoint,
    },
    /// Its certificate is not to be believed: another CA or name, or out of
    /// date by more than the tolerance.
    #[error("the certificate of {endpoint} is not to be believed")]
    Certificate {
        /// Which collector.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// TLS failed otherwise.
    #[error("could not agree on TLS with {endpoint}")]
    Tls {
        /// Which collector.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// HTTP/2 failed.
    #[error("{endpoint} does not speak HTTP/2")]
    Http {
        /// Which collector.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
}

impl ConnectError {
    /// Whether trying again later may help without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. } | Self::Tls { .. } | Self::Http { .. })
    }
}

/// A connection that stands.
#[derive(Debug, Clone)]
pub struct Connection {
    /// For the clients of [`crate::service`].
    pub channel: Channel,
    /// Why the collector ended it, if TLS said so.
    pub fate: Fate,
}

/// Connects to `host:port`; the host is also the name that the certificate must
/// have.
///
/// # Errors
/// [`ConnectError`].
pub async fn channel(endpoint: &str, tls: Arc<ClientConfig>) -> Result<Channel, ConnectError> {
    connect(&endpoint.parse()?, tls).await.map(|connection| connection.channel)
}

/// Connects, and tells afterwards why TLS ended the connection: in TLS 1.3 a
/// collector refuses a client certificate only after the handshake.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(endpoint: &Endpoint, tls: Arc<ClientConfig>) -> Result<Connection, ConnectError> {
    let late = || ConnectError::Timeout { endpoint: endpoint.clone() };
    let unreachable = |source| ConnectError::Unreachable { endpoint: endpoint.clone(), source };
    let socket = timeout(HANDSHAKE, TcpStream::connect((endpoint.host.as_str(), endpoint.port)));
    let socket = socket.await.map_err(|_| late())?.map_err(unreachable)?;
    stream::notice_dead_peer(&socket).map_err(unreachable)?;

    let name = ServerName::try_from(endpoint.host.clone());
    let name = name.map_err(|_| ConnectError::Endpoint { endpoint: endpoint.to_string() })?;
    let handshake = timeout(HANDSHAKE, TlsConnector::from(tls).connect(name, socket));
    let secured = handshake.await.map_err(|_| late())?.map_err(|source| of_handshake(endpoint, source))?;

    let fate = Fate::default();
    let watched = stream::Watched::new(secured, fate.clone());
    let channel = http2(endpoint, watched).await?;
    Ok(Connection { channel, fate })
}

async fn http2(endpoint: &Endpoint, stream: stream::Watched) -> Result<Channel, ConnectError> {
    let failed = |source| ConnectError::Http { endpoint: endpoint.clone(), source };
    let address = tonic::transport::Endpoint::from_shared(format!("http://{endpoint}")).map_err(failed)?;
    let address = address
        .connect_timeout(HANDSHAKE)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(HEADER_BYTES_MAX);
    // The one stream is given out once; asked for another, the channel ends.
    let once = Mutex::new(Some(TokioIo::new(stream)));
    let connector = tower::service_fn(move |_: Uri| {
        let taken = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        std::future::ready(taken.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the connection has ended")))
    });
    address.connect_with_connector(connector).await.map_err(failed)
}

fn of_handshake(endpoint: &Endpoint, source: io::Error) -> ConnectError {
    let endpoint = endpoint.clone();
    match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(error) if is_pin_error(error) => ConnectError::OtherCa { endpoint },
        Some(error @ rustls::Error::InvalidCertificate(_)) => {
            ConnectError::Certificate { endpoint, source: error.clone() }
        }
        _ => ConnectError::Tls { endpoint, source },
    }
}

fn is_pin_error(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.0.is::<PinError>() || other.source().is_some_and(|source| source.is::<PinError>())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
