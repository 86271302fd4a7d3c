//! The demo's webhook: receives alerts on loopback, notes when each came, and
//! whether it was signed by the collector.
//!
//! It believes nothing that is not signed, and answers nothing but "received".

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driftline_api::alert::{Alert, ID_HEADER, SIGNATURE_HEADER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;

/// Bytes of an alert: a hundred changes fit many times.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Alerts that wait to be looked at.
const QUEUE_CALLS: usize = 256;

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// When its last byte was there.
    pub(super) at: Instant,
    /// The alert's id, from its header.
    pub(super) id: String,
    /// The signature's header.
    pub(super) signature: String,
    /// Whether the signature holds.
    pub(super) signed: bool,
    /// The body as it came.
    pub(super) body: Bytes,
    /// The alert, if it is one.
    pub(super) alert: Option<Alert>,
}

/// A receiver that runs.
#[derive(Debug)]
pub(super) struct Webhook {
    address: SocketAddr,
    calls: mpsc::Receiver<Call>,
    // Dropped with the receiver: its connections end with it.
    _server: JoinSet<()>,
}

impl Webhook {
    /// Starts one on a free port.
    pub(super) async fn start(secret: &str) -> Outcome<Self> {
        let fail = |error: std::io::Error| Failure::new(Exit::Internal, format!("cannot receive webhooks: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let (sender, calls) = mpsc::channel(QUEUE_CALLS);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, secret.to_owned(), sender));
        Ok(Self { address, calls, _server: server })
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next call; none when the receiver has ended.
    pub(super) async fn next(&mut self) -> Option<Call> {
        self.calls.recv().await
    }

    /// All calls until one tells of that key on that host, or the time is over;
    /// that one is the last.
    pub(super) async fn until(&mut self, host: &str, key: &str, limit: Duration) -> Vec<Call> {
        let mut seen = Vec::new();
        let search = async {
            while let Some(call) = self.calls.recv().await {
                let found = call.tells_of(host, key);
                seen.push(call);
                if found {
                    break;
                }
            }
        };
        // Whether it was found is seen at the last call.
        _ = tokio::time::timeout(limit, search).await;
        seen
    }
}

impl Call {
    /// Whether it tells of that key on that host.
    pub(super) fn tells_of(&self, host: &str, key: &str) -> bool {
        let changes = self.alert.iter().flat_map(|alert| &alert.changes);
        changes.into_iter().any(|change| change.host == host && change.key == key)
    }
}

async fn serve(listener: TcpListener, secret: String, calls: mpsc::Sender<Call>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // A call is answered at once: the collector waits for it.
        _ = stream.set_nodelay(true);
        let (secret, calls) = (secret.clone(), calls.clone());
        connections.spawn(async move {
            let service = service_fn(|request| receive(request, &secret, &calls));
            // A connection that breaks is the collector's to repeat.
            _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn receive(
    request: Request<Incoming>,
    secret: &str,
    calls: &mpsc::Sender<Call>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (id, signature) = (header(ID_HEADER), header(SIGNATURE_HEADER));
    let mut answer = Response::new(Empty::new());
    match Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await {
        Ok(body) => {
            let (at, body) = (Instant::now(), body.to_bytes());
            let signed = holds(&signature, &body, secret.as_bytes());
            let alert = serde_json::from_slice(&body).ok();
            // The story has ended if nobody listens any more.
            _ = calls.try_send(Call { at, id, signature, signed, body, alert });
        }
        Err(_) => *answer.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(answer)
}

/// Whether `t=<seconds>,v1=<hex>` signs the body.
fn holds(header: &str, body: &[u8], secret: &[u8]) -> bool {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (Some(time), Some(given)) = (part("t="), part("v1=").and_then(hex::decode::<32>)) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests;
