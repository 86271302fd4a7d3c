//! Simulated agents: the real wire, enrolled for real, with made-up sources.
//!
//! One connection each, as a host would have. They keep no journal: what is not
//! acknowledged when they end is lost, and nobody asks for it.

use std::sync::Arc;

use driftline_canon::{Environment, HostName, Root};
use driftline_daemon::clock;
use driftline_wire::convert::{EnrolRequest, Enrolled};
use driftline_wire::service::{enrolment_client, ingest_client};
use driftline_wire::tls::{self, Credentials, TlsSettings};
use driftline_wire::v1::agent_frame::Frame as Said;
use driftline_wire::v1::collector_frame::Frame as Heard;
use driftline_wire::{PROTOCOL, connect, v1};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use crate::api::{Api, getrandom};
use crate::collector::Collector;

/// Frames between the simulation and its connection.
const QUEUE: usize = 64;

/// What enrolment gave.
#[derive(Clone)]
pub(crate) struct Member {
    credentials: Credentials,
    ca: CertificateDer<'static>,
    ingest: String,
    epoch: [u8; 16],
}

impl Member {
    /// Enrols one host over a token of its own, as `driftline-agent enroll` does.
    pub(crate) async fn enrol(collector: &Collector, api: &Api, environment: &Environment, host: &HostName) -> Self {
        let (secret, grant) = api.token(environment.as_str()).await;
        let mut pin = [0; 32];
        for (byte, pair) in pin.iter_mut().zip(grant.ca_sha256.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal");
        }
        let tls = tls::pinned_client(pin, &TlsSettings::new()).expect("a TLS client");
        let key = KeyPair::generate().expect("a key");
        let csr = CertificateParams::default().serialize_request(&key).expect("a request");
        let request = EnrolRequest {
            protocol: PROTOCOL,
            token_id: grant.id,
            token_secret: secret.into(),
            csr: csr.der().to_vec(),
            hostname: host.clone(),
            agent_version: "0.0.0".to_owned(),
            sent_ms: clock::now_ms(),
        };
        let channel = connect::channel(&collector.enrol(), tls).await.expect("the enrolment listener");
        let answer = enrolment_client(channel).enroll(request.encode()).await.expect("enrolment");
        let enrolled = Enrolled::decode(answer.into_inner()).expect("a certificate");
        let ca = CertificateDer::from(enrolled.ca_certificate);
        let chain = vec![CertificateDer::from(enrolled.certificate), ca.clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS#8");
        let mut epoch = [0; 16];
        getrandom(&mut epoch);
        Self { credentials: Credentials::new(chain, key), ca, ingest: collector.ingest(), epoch }
    }

    /// Connects and goes through Hello, Welcome, SourceRoots and Ready.
    pub(crate) async fn connect(&self, sources: &[v1::SourceRoot]) -> Result<Session, String> {
        let tls = tls::agent_client(self.ca.clone(), &self.credentials, &TlsSettings::new());
        let tls = tls.map_err(|error| error.to_string())?;
        let channel = connect::channel(&self.ingest, Arc::clone(&tls)).await.map_err(|error| error.to_string())?;
        let (to, frames) = channel_of_frames();
        say(&to, Said::Hello(self.hello(sources.len()))).await?;
        let answer = ingest_client(channel).sync(frames).await.map_err(|status| status.to_string())?;
        let mut session = Session { to, from: answer.into_inner(), window: 0, heartbeat_ms: 0 };
        let Some(Heard::Welcome(welcome)) = session.hear().await? else { return Err("no welcome".to_owned()) };
        (session.window, session.heartbeat_ms) = (welcome.window_records, welcome.heartbeat_ms);
        let roots = v1::SourceRoots { sources: sources.to_vec(), last: true };
        say(&session.to, Said::SourceRoots(roots)).await?;
        loop {
            match session.hear().await? {
                Some(Heard::Ready(_)) => return Ok(session),
                Some(Heard::SendAll(_)) => {}
                other => return Err(format!("not ready: {other:?}")),
            }
        }
    }

    fn hello(&self, sources: usize) -> v1::Hello {
        let mut instance = vec![0; 16];
        getrandom(&mut instance);
        v1::Hello {
            protocol: Some(PROTOCOL.into()),
            agent_version: "0.0.0".to_owned(),
            canonical_form: driftline_canon::CANONICAL_FORM,
            epoch: self.epoch.to_vec(),
            instance,
            boot_id: "simulated".to_owned(),
            fleet_key_epoch: 1,
            sent_ms: clock::now_ms(),
            facts: Some(v1::HostFacts { hostname: "simulated".to_owned(), ..v1::HostFacts::default() }),
            sources: u32::try_from(sources).expect("few sources"),
        }
    }
}

fn channel_of_frames() -> (Sender<v1::AgentFrame>, ReceiverStream<v1::AgentFrame>) {
    let (to, from) = channel(QUEUE);
    (to, ReceiverStream::new(from))
}

async fn say(to: &Sender<v1::AgentFrame>, frame: Said) -> Result<(), String> {
    to.send(v1::AgentFrame { frame: Some(frame) }).await.map_err(|_| "the connection ended".to_owned())
}

/// A stream that stands.
pub(crate) struct Session {
    to: Sender<v1::AgentFrame>,
    from: tonic::Streaming<v1::CollectorFrame>,
    /// Records that may be on their way.
    pub(crate) window: u32,
    /// How often to send a heartbeat.
    pub(crate) heartbeat_ms: u32,
}

impl Session {
    /// The next frame of the collector; none at the end.
    pub(crate) async fn hear(&mut self) -> Result<Option<Heard>, String> {
        let frame = self.from.message().await.map_err(|status| status.to_string())?;
        match frame.and_then(|frame| frame.frame) {
            Some(Heard::Refusal(refusal)) => Err(format!("refused: {}", refusal.reason)),
            other => Ok(other),
        }
    }

    /// Sends one record and waits until it is on the collector's disk.
    pub(crate) async fn deliver(&mut self, record: v1::Record) -> Result<(), String> {
        let seq = record.seq;
        say(&self.to, Said::Record(record)).await?;
        loop {
            match self.hear().await? {
                Some(Heard::Ack(ack)) if ack.seq >= seq => return Ok(()),
                Some(_) => {}
                None => return Err("the collector ended the stream".to_owned()),
            }
        }
    }

    /// Both halves, to send while listening.
    pub(crate) fn split(self) -> (Speaker, Listener) {
        (Speaker(self.to), Listener(self.from))
    }

    /// Sends heartbeats until the collector or the caller ends the stream. An
    /// error says why the collector did.
    pub(crate) async fn idle(mut self, sources_root: Root, seq: u64) -> Result<(), String> {
        let mut beat = tokio::time::interval(std::time::Duration::from_millis(u64::from(self.heartbeat_ms.max(100))));
        loop {
            tokio::select! {
                _ = beat.tick() => say(&self.to, Said::Heartbeat(heartbeat(sources_root, seq))).await?,
                heard = self.from.message() => {
                    if heard.map_err(|status| status.to_string())?.is_none() {
                        return Err("the collector ended the stream".to_owned());
                    }
                }
            }
        }
    }
}

fn heartbeat(sources_root: Root, seq: u64) -> v1::Heartbeat {
    let sources_root = sources_root.0.to_vec();
    v1::Heartbeat { sent_ms: clock::now_ms(), seq, sources_root, ..v1::Heartbeat::default() }
}

/// Sends records.
#[derive(Debug, Clone)]
pub(crate) struct Speaker(Sender<v1::AgentFrame>);

impl Speaker {
    /// Sends one; waits while the connection is full.
    pub(crate) async fn send(&self, record: v1::Record) -> Result<(), String> {
        say(&self.0, Said::Record(record)).await
    }
}

/// Hears acknowledgements.
#[derive(Debug)]
pub(crate) struct Listener(tonic::Streaming<v1::CollectorFrame>);

impl Listener {
    /// The next acknowledged sequence number.
    pub(crate) async fn acked(&mut self) -> Result<u64, String> {
        loop {
            let frame = self.0.message().await.map_err(|status| status.to_string())?;
            match frame.ok_or("the collector ended the stream")?.frame {
                Some(Heard::Ack(ack)) => return Ok(ack.seq),
                Some(Heard::Refusal(refusal)) => return Err(format!("refused: {}", refusal.reason)),
                _ => {}
            }
        }
    }
}
