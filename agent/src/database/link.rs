//! The way to a server: a unix socket, TCP on this host, or TLS.
//!
//! It lets no password out in the clear: a server on another host is spoken to
//! in TLS or not at all. It never reads more than it was allowed to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::{ANSWER_BYTES_MAX, CONNECT_MAX, DatabaseError, QUERY_MAX};

/// Bytes of a file of certificates. A host's whole bundle has a quarter of a
/// megabyte.
const CA_BYTES_MAX: u64 = 1024 * 1024;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket, or for PostgreSQL the directory that it is in.
    Unix(PathBuf),
    /// A host, by name or address, and a port.
    Tcp(String, u16),
}

impl Endpoint {
    /// `unix:/path` or `host:port`; none if it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Unix(path.into()));
        }
        let (host, port) = text.rsplit_once(':')?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let fits = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains([':', '/', '@', ' ']),
        };
        let port = port.parse().ok().filter(|&port| port > 0)?;
        fits.then(|| Self::Tcp(bare.unwrap_or(host).to_owned(), port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", crate::config::display_path(path)),
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

/// What bytes go through.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How many bytes may still be read.
#[derive(Debug, Clone)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(ANSWER_BYTES_MAX)))
    }

    /// Before each turn: as much as one turn may take.
    pub fn refill(&self) {
        self.0.store(ANSWER_BYTES_MAX, Ordering::Relaxed);
    }
}

/// More was sent than a turn may take.
#[derive(Debug, thiserror::Error)]
#[error("more than {ANSWER_BYTES_MAX} bytes")]
pub struct OverBudget;

/// A connection.
pub struct Link {
    stream: Box<dyn Stream>,
    budget: Budget,
    /// Nobody on the way can read it.
    private: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link(private: {})", self.private)
    }
}

impl Link {
    /// Connects. `tls`: TLS will follow, so that other hosts are allowed.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(endpoint: &Endpoint, tls: bool) -> Result<Self, DatabaseError> {
        let late = |_| DatabaseError::TimedOut { what: "accept the connection", limit: CONNECT_MAX };
        tokio::time::timeout(CONNECT_MAX, Self::connect(endpoint, tls)).await.map_err(late)?
    }

    async fn connect(endpoint: &Endpoint, tls: bool) -> Result<Self, DatabaseError> {
        let (host, port) = match endpoint {
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(DatabaseError::Unreachable)?;
                return Ok(Self { stream: Box::new(stream), budget: Budget::new(), private: true });
            }
            Endpoint::Tcp(host, port) => (host.as_str(), *port),
        };
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        let addresses = tokio::net::lookup_host((host, port)).await.map_err(DatabaseError::Unreachable)?;
        for address in addresses {
            if !tls && !address.ip().is_loopback() {
                return Err(DatabaseError::Insecure);
            }
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    _ = stream.set_nodelay(true);
                    return Ok(Self { stream: Box::new(stream), budget: Budget::new(), private: false });
                }
                Err(error) => failed = error,
            }
        }
        Err(DatabaseError::Unreachable(failed))
    }

    /// The same connection in TLS; the server's certificate must be of one of
    /// the authorities in `ca_file` and name the host.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn secure(self, endpoint: &Endpoint, ca_file: &Path) -> Result<Self, DatabaseError> {
        let Endpoint::Tcp(host, _) = endpoint else { return Ok(self) };
        let name = ServerName::try_from(host.clone()).map_err(|_| DatabaseError::Tls("the host's name is no name"))?;
        let connector = TlsConnector::from(Arc::new(client_config(ca_file)?));
        let late = |_| DatabaseError::TimedOut { what: "finish the TLS handshake", limit: QUERY_MAX };
        let shaken = tokio::time::timeout(QUERY_MAX, connector.connect(name, self.stream)).await.map_err(late)?;
        let stream =
            shaken.map_err(|error| match error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
                true => {
                    DatabaseError::Tls("the handshake failed, or the certificate is not of that authority and host")
                }
                false => DatabaseError::Lost(error),
            })?;
        Ok(Self { stream: Box::new(stream), budget: self.budget, private: true })
    }

    /// What is left to be read.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget.clone()
    }

    /// Whether a password may be sent as it is.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private
    }
}

fn client_config(ca_file: &Path) -> Result<ClientConfig, DatabaseError> {
    let unreadable = |_| DatabaseError::Tls("`ca_file` cannot be read");
    let mut pem = Vec::new();
    let file = std::fs::File::open(ca_file).map_err(unreadable)?;
    io::Read::read_to_end(&mut io::Read::take(file, CA_BYTES_MAX), &mut pem).map_err(unreadable)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| DatabaseError::Tls("`ca_file` is not in PEM form"))?;
        roots.add(certificate).map_err(|_| DatabaseError::Tls("`ca_file` holds what is no certificate"))?;
    }
    if roots.is_empty() {
        return Err(DatabaseError::Tls("`ca_file` holds no certificate"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| DatabaseError::Tls("no version of TLS is available"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(ctx, out);
        let read = out.filled().len() - before;
        let left = self.budget.0.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::other(OverBudget)));
        }
        self.budget.0.store(left - read, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(ctx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(ctx)
    }
}

#[cfg(test)]
mod tests;
