//! A TLS stream that remembers why the other side ended it, over a socket that
//! notices a dead peer.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::sockopt;
use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::limits::{KEEP_ALIVE, KEEP_ALIVE_TIMEOUT};

/// How long sent bytes may stay unacknowledged (`TCP_USER_TIMEOUT`, RFC 5482):
/// as long as HTTP/2's probe takes.
const UNACKNOWLEDGED_MS_MAX: u32 = 20_000;

/// TCP's own probes, behind those of HTTP/2: for the time before and after it.
const PROBES: u32 = 3;

/// Why TLS ended a connection, once it has.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<OnceLock<AlertDescription>>);

impl Fate {
    /// The alert that the collector sent, if it sent one.
    #[must_use]
    pub fn alert(&self) -> Option<AlertDescription> {
        self.0.get().copied()
    }

    /// Whether the collector refused our certificate as expired: renew it. One
    /// that is not valid yet by the collector's clock looks the same from here:
    /// TLS has one alert for both (RFC 8446, section 6.2).
    #[must_use]
    pub fn certificate_expired(&self) -> bool {
        self.alert() == Some(AlertDescription::CertificateExpired)
    }

    /// Whether the collector refused our certificate at all.
    #[must_use]
    pub fn certificate_refused(&self) -> bool {
        use AlertDescription as Alert;
        matches!(
            self.alert(),
            Some(
                Alert::BadCertificate
                    | Alert::UnsupportedCertificate
                    | Alert::CertificateRevoked
                    | Alert::CertificateExpired
                    | Alert::CertificateUnknown
                    | Alert::CertificateRequired
                    | Alert::UnknownCA
                    | Alert::AccessDenied
                    | Alert::DecryptError
            )
        )
    }
}

/// Small frames go out at once, and a peer that vanished is noticed.
pub(super) fn notice_dead_peer(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    dead_peer_options(socket)
}

/// The socket options of both ends.
pub(crate) fn dead_peer_options(socket: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, whole_seconds(KEEP_ALIVE))?;
    sockopt::set_tcp_keepintvl(socket, whole_seconds(KEEP_ALIVE_TIMEOUT))?;
    sockopt::set_tcp_keepcnt(socket, PROBES)?;
    sockopt::set_tcp_user_timeout(socket, UNACKNOWLEDGED_MS_MAX)?;
    Ok(())
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs().max(1))
}

/// The stream.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TlsStream<TcpStream>,
    fate: Fate,
}

impl Watched {
    pub(super) fn new(stream: TlsStream<TcpStream>, fate: Fate) -> Self {
        Self { stream, fate }
    }

    fn note<T>(&self, result: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(error)) = result
            && let Some(inner) = error.get_ref()
            && let Some(rustls::Error::AlertReceived(alert)) = inner.downcast_ref()
        {
            // The first alert is the reason; later ones only repeat it.
            _ = self.fate.0.set(*alert);
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.note(&result);
        result
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.note(&result);
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// What the collector would have sent.
#[cfg(test)]
pub(super) fn set_for_test(fate: &Fate, alert: AlertDescription) {
    _ = fate.0.set(alert);
}
