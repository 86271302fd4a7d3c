//! An agent as the wire sees one: it holds items and says what a test tells it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use driftline_canon::{
    DisplayPolicy, FleetKey, HostName, ItemKey, KeyEpoch, Observation, Root, Setting, SourceKind, SourceName, Value,
    diff,
};
use driftline_wire::connect;
use driftline_wire::convert::{
    AgentMessage, CollectorMessage, EnrolRequest, Enrolled, Epoch, Heartbeat, Hello, HostFacts, Instance, RefusalKind,
    RenewRequest, Snapshot, SnapshotReason, SourceRoot, decode_collector_frame, encode_agent, encode_record,
    encode_source_roots,
};
use driftline_wire::service::{enrolment_client, ingest_client};
use driftline_wire::tls::{self, Credentials, TlsSettings};
use driftline_wire::v1::{AgentFrame, CollectorFrame};
use driftline_wire::{PROTOCOL, Record, RecordBody, SourceRef};
use rcgen::{CertificateParams, KeyPair, SigningKey as _};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::fleet::{Fleet, PATIENCE};

pub const SOURCE: &str = "app";

pub struct Agent {
    pub host: String,
    pub key: KeyPair,
    pub certificate: Vec<u8>,
    pub ca: Vec<u8>,
    pub epoch: [u8; 16],
    pub instance: [u8; 16],
    pub clock_ms: i64,
    pub seq: u64,
    pub now: Observation,
}

pub fn observation(pairs: &[(&str, &str)]) -> Observation {
    let key = FleetKey::new([9; 32], KeyEpoch(1));
    let settings: Vec<Setting> = pairs
        .iter()
        .map(|(key, value)| Setting {
            key: ItemKey::from_bytes(key.as_bytes()),
            value: Value::text(value.as_bytes()),
            line: Some(1),
            template: None,
            file: None,
            secret: false,
        })
        .collect();
    Observation::of_settings(&settings, &key.keyed(), DisplayPolicy::Clear)
}

pub fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

pub fn csr(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

pub async fn enrol_as(
    fleet: &Fleet,
    host: &str,
    (token_id, secret): &(String, [u8; 32]),
    key: &KeyPair,
) -> Result<Enrolled, tonic::Status> {
    let ca = driftline_server::pem::certificate(&fleet.ca_pem()).unwrap();
    let tls = tls::pinned_client(tls::fingerprint(&ca), &TlsSettings::new()).unwrap();
    let channel = connect::channel(&format!("127.0.0.1:{}", fleet.bound.enrol.port()), tls).await.unwrap();
    let request = EnrolRequest {
        protocol: PROTOCOL,
        token_id: token_id.clone(),
        token_secret: zeroize::Zeroizing::new(*secret),
        csr: csr(key),
        hostname: HostName::new(host).unwrap(),
        agent_version: "test".to_owned(),
        sent_ms: 0,
    };
    let answer = enrolment_client(channel).enroll(request.encode()).await?;
    Ok(Enrolled::decode(answer.into_inner()).unwrap())
}

impl Agent {
    pub async fn enrol(fleet: &Fleet, host: &str, environment: &str) -> Self {
        let token = fleet.token(environment, Some(host), 3600).await;
        let key = KeyPair::generate().unwrap();
        let enrolled = enrol_as(fleet, host, &token, &key).await.unwrap();
        Self {
            host: host.to_owned(),
            key,
            certificate: enrolled.certificate,
            ca: enrolled.ca_certificate,
            epoch: random(),
            instance: random(),
            clock_ms: 0,
            seq: 0,
            now: Observation::default(),
        }
    }

    pub async fn renew(&mut self, fleet: &Fleet, next: KeyPair) -> Result<(), tonic::Status> {
        let tls = tls::pinned_client(tls::fingerprint(&self.ca), &TlsSettings::new()).unwrap();
        let channel = connect::channel(&format!("127.0.0.1:{}", fleet.bound.enrol.port()), tls).await.unwrap();
        let csr = csr(&next);
        let signature = self.key.sign(&csr).unwrap();
        let request =
            RenewRequest { protocol: PROTOCOL, certificate: self.certificate.clone(), csr, signature, sent_ms: 0 };
        let answer = enrolment_client(channel).renew(request.encode()).await?;
        self.certificate = Enrolled::decode(answer.into_inner()).unwrap().certificate;
        self.key = next;
        Ok(())
    }

    pub async fn dial(&self, fleet: &Fleet) -> Result<Stream, String> {
        let key = rustls::pki_types::PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let own = Credentials::new(vec![self.certificate.clone().into()], key);
        let tls = tls::agent_client(self.ca.clone().into(), &own, &TlsSettings::new()).unwrap();
        let channel = connect::channel(&format!("127.0.0.1:{}", fleet.bound.ingest.port()), tls).await;
        let channel = channel.map_err(|error| format!("{error:?}"))?;
        let (sender, receiver) = mpsc::channel(1024);
        let answer = ingest_client(channel).sync(ReceiverStream::new(receiver)).await;
        let frames = answer.map_err(|status| status.to_string())?.into_inner();
        Ok(Stream { sender, frames })
    }

    /// Connects as far as Ready; gives what was acknowledged and asked for.
    pub async fn connect(&self, fleet: &Fleet) -> (Stream, u64, Vec<String>) {
        let mut stream = self.dial(fleet).await.unwrap();
        let (acked, asked) = self.open(&mut stream, &[(SOURCE, self.now.root())], self.seq == 0).await.unwrap();
        (stream, acked, asked)
    }

    pub async fn open(
        &self,
        stream: &mut Stream,
        roots: &[(&str, Root)],
        pending: bool,
    ) -> Result<(u64, Vec<String>), RefusalKind> {
        stream.send(&AgentMessage::Hello(self.hello(u32::try_from(roots.len()).unwrap()))).await;
        let welcome = match stream.next().await {
            CollectorMessage::Welcome(welcome) => welcome,
            CollectorMessage::Refusal(refusal) => return Err(refusal.kind),
            other => panic!("{other:?}"),
        };
        let roots: Vec<SourceRoot> =
            roots.iter().map(|(name, root)| SourceRoot { source: source(name), root: *root, pending }).collect();
        for frame in encode_source_roots(&roots).unwrap() {
            stream.sender.send(frame).await.unwrap();
        }
        let mut asked = Vec::new();
        loop {
            match stream.next().await {
                CollectorMessage::SendAll { source, .. } => asked.push(source.to_string()),
                CollectorMessage::Ready => return Ok((welcome.acked_seq, asked)),
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn hello(&self, sources: u32) -> Hello {
        let sent_ms = driftline_daemon::clock::now_ms() + self.clock_ms;
        Hello {
            protocol: PROTOCOL,
            agent_version: "test".to_owned(),
            canonical_form: 1,
            epoch: Epoch(self.epoch),
            instance: Instance(self.instance),
            boot_id: "boot".to_owned(),
            fleet_key_epoch: KeyEpoch(1),
            sent_ms,
            facts: HostFacts { hostname: "whatever".to_owned(), ..HostFacts::default() },
            sources,
        }
    }

    pub fn record(&mut self, body: RecordBody) -> Record {
        self.seq += 1;
        let observed_ms = driftline_daemon::clock::now_ms() + self.clock_ms;
        Record::new(self.seq, Some(source(SOURCE)), observed_ms, None, body)
    }

    pub fn snapshot(&mut self, reason: SnapshotReason) -> Record {
        let (root, observation) = (self.now.root(), self.now.clone());
        self.record(RecordBody::Snapshot(Snapshot { reason, root, observation }))
    }

    /// The source is now this: the delta to it.
    pub fn becomes(&mut self, pairs: &[(&str, &str)]) -> Record {
        let next = observation(pairs);
        let delta = diff(&self.now, &next).unwrap();
        self.now = next;
        self.record(RecordBody::Delta(delta))
    }

    /// Enrolled, connected, and its first state acknowledged.
    pub async fn settled(fleet: &Fleet, host: &str, environment: &str, pairs: &[(&str, &str)]) -> (Self, Stream) {
        let mut agent = Self::enrol(fleet, host, environment).await;
        let mut stream = agent.dial(fleet).await.unwrap();
        agent.open(&mut stream, &[(SOURCE, Root::empty())], true).await.unwrap();
        agent.now = observation(pairs);
        let first = agent.snapshot(SnapshotReason::First);
        stream.record(&first).await;
        stream.acked(1).await;
        (agent, stream)
    }

    pub fn heartbeat(&self) -> AgentMessage {
        let roots: BTreeMap<&str, Root> = [(SOURCE, self.now.root())].into();
        AgentMessage::Heartbeat(Heartbeat {
            sent_ms: 0,
            seq: self.seq,
            sources_root: Root::of_sources(roots.iter().map(|(name, root)| (*name, root))),
            agent_resident_bytes: 5_000_000,
            journal_records: 0,
            journal_bytes: 0,
            degraded_sources: 0,
            coverage: None,
        })
    }
}

pub fn source(name: &str) -> SourceRef {
    SourceRef::new(SourceName::new(name).unwrap(), SourceKind::EnvFile, b"/etc/app.env")
}

pub struct Stream {
    pub sender: mpsc::Sender<AgentFrame>,
    pub frames: tonic::Streaming<CollectorFrame>,
}

impl Stream {
    pub async fn send(&self, message: &AgentMessage) {
        self.sender.send(encode_agent(message).unwrap()).await.unwrap();
    }

    pub async fn record(&self, record: &Record) {
        for frame in encode_record(record).unwrap() {
            self.sender.send(frame).await.unwrap();
        }
    }

    pub async fn next(&mut self) -> CollectorMessage {
        self.try_next().await.expect("the stream goes on")
    }

    pub async fn try_next(&mut self) -> Option<CollectorMessage> {
        let frame = tokio::time::timeout(PATIENCE, self.frames.message()).await.expect("a frame in time");
        frame.ok().flatten().map(|frame| decode_collector_frame(frame).unwrap())
    }

    /// Waits for an acknowledgement of at least that record; gives what was
    /// asked for meanwhile.
    pub async fn acked(&mut self, seq: u64) -> Vec<String> {
        let mut asked = Vec::new();
        loop {
            match self.next().await {
                CollectorMessage::Ack { seq: acked } if acked >= seq => return asked,
                CollectorMessage::Ack { .. } => {}
                CollectorMessage::SendAll { source, .. } => asked.push(source.to_string()),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits for the refusal that ends the stream.
    pub async fn refused(&mut self) -> RefusalKind {
        loop {
            match self.try_next().await {
                Some(CollectorMessage::Refusal(refusal)) => return refusal.kind,
                Some(_) => {}
                None => panic!("the stream ended without a refusal"),
            }
        }
    }
}
