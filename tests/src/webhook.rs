//! A webhook receiver that notes what came, when, and whether it was signed.
//!
//! It speaks just enough HTTP/1.1 for one client that keeps its connection, and
//! answers as the test tells it to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::process::PATIENCE;

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// When its last byte was read.
    pub at: Instant,
    /// The alert's id, from its header.
    pub id: String,
    /// The body.
    pub body: Value,
    /// The body as it came.
    pub raw: Vec<u8>,
    /// Whether the signature holds under the receiver's secret.
    pub signed: bool,
}

#[derive(Debug, Default)]
struct Inbox {
    calls: Mutex<Vec<Call>>,
    news: Condvar,
    status: AtomicU16,
}

/// A running receiver.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    inbox: Arc<Inbox>,
}

impl Webhook {
    /// Starts one on a free port of loopback.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start(secret: &[u8]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let inbox = Arc::new(Inbox { status: AtomicU16::new(200), ..Inbox::default() });
        let (shared, secret) = (Arc::clone(&inbox), secret.to_vec());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, secret) = (Arc::clone(&shared), secret.clone());
                std::thread::spawn(move || serve(stream, &shared, &secret));
            }
        });
        Self { address, inbox }
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The status that calls are answered with from now on.
    pub fn answer_with(&self, status: u16) {
        self.inbox.status.store(status, Ordering::SeqCst);
    }

    /// All calls so far.
    ///
    /// # Panics
    /// When a serving thread has panicked.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.inbox.calls.lock().expect("no server thread panicked").clone()
    }

    /// Waits for the first call, from number `from` on, for which `wanted`
    /// gives something.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn wait<T>(&self, from: usize, wanted: impl Fn(&Call) -> Option<T>) -> T {
        let begun = Instant::now();
        let mut calls = self.inbox.calls.lock().expect("no server thread panicked");
        loop {
            if let Some(found) = calls.iter().skip(from).find_map(&wanted) {
                return found;
            }
            let left = PATIENCE.checked_sub(begun.elapsed());
            let left = left.unwrap_or_else(|| panic!("no such call among {} calls", calls.len()));
            calls = self.inbox.news.wait_timeout(calls, left).expect("no server thread panicked").0;
        }
    }

    /// Waits for a change of `key`.
    pub fn wait_for_key(&self, from: usize, key: &str) -> Call {
        self.wait(from, |call| changes(call).any(|change| change["key"] == key).then(|| call.clone()))
    }
}

/// The changes that a call tells of.
pub fn changes(call: &Call) -> impl Iterator<Item = &Value> {
    call.body["changes"].as_array().into_iter().flatten()
}

/// The events that a call tells of.
pub fn events(call: &Call) -> impl Iterator<Item = &Value> {
    call.body["events"].as_array().into_iter().flatten()
}

fn serve(stream: TcpStream, inbox: &Inbox, secret: &[u8]) {
    let _ = stream.set_nodelay(true);
    let Ok(mut answers) = stream.try_clone() else { return };
    let mut requests = BufReader::new(stream);
    while let Some((headers, raw)) = request(&mut requests) {
        let at = Instant::now();
        let header = |name: &str| headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let call = Call {
            at,
            id: header("driftline-alert-id").to_owned(),
            signed: holds(header("driftline-signature"), &raw, secret),
            body: serde_json::from_slice(&raw).unwrap_or(Value::Null),
            raw,
        };
        let status = inbox.status.load(Ordering::SeqCst);
        if let Ok(mut calls) = inbox.calls.lock() {
            calls.push(call);
            inbox.news.notify_all();
        }
        if write!(answers, "HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// Headers by lower-case name, and the body.
type Request = (Vec<(String, String)>, Vec<u8>);

fn request(from: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    from.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        from.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some((headers, body))
}

/// Checks `t=<seconds>,v1=<hex>` as a receiver would, from its description.
fn holds(header: &str, body: &[u8], secret: &[u8]) -> bool {
    let Some((time, signature)) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    expected == signature
}
