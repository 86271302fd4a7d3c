//! A collector that hands each session to the test.

use std::sync::Arc;
use std::time::Duration;

use driftline_canon::SourceName;
use driftline_wire::accept::{AcceptLimits, TlsSource, incoming, no_observer};
use driftline_wire::convert::{
    CollectorMessage, Heartbeat, Hello, Refusal, RefusalKind, SourceRoot, Welcome, decode_agent_frame, encode_collector,
};
use driftline_wire::service::{Ingest, ingest_server, ingest_transport};
use driftline_wire::tls::{self, Credentials, TlsSettings};
use driftline_wire::v1::{AgentFrame, CollectorFrame};
use driftline_wire::{AgentMessage, PROTOCOL, ProtocolVersion, Record, RecordAssembler};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Long enough for a busy machine, short against a hanging test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing must come, where nothing is right.
pub(crate) const QUIET: Duration = Duration::from_millis(300);

/// A certificate authority of one test.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) der: CertificateDer<'static>,
}

impl Ca {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), der }
    }

    pub(crate) fn issue(&self, name: SanType, purpose: ExtendedKeyUsagePurpose) -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![name];
        params.extended_key_usages = vec![purpose];
        (params.signed_by(&key, &self.issuer).unwrap().der().to_vec(), key)
    }
}

/// A collector on loopback.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    sessions: mpsc::UnboundedReceiver<Session>,
    _tasks: JoinSet<()>,
}

struct Service(mpsc::UnboundedSender<Session>);

#[tonic::async_trait]
impl Ingest for Service {
    type SyncStream = ReceiverStream<Result<CollectorFrame, Status>>;

    async fn sync(&self, request: Request<Streaming<AgentFrame>>) -> Result<Response<Self::SyncStream>, Status> {
        let (says, said) = mpsc::channel(64);
        let session = Session { hears: request.into_inner(), says, parts: RecordAssembler::new() };
        self.0.send(session).map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(said)))
    }
}

impl Collector {
    pub(crate) async fn start(ca: &Ca) -> Self {
        let address = SanType::IpAddress("127.0.0.1".parse().unwrap());
        let (leaf, key) = ca.issue(address, ExtendedKeyUsagePurpose::ServerAuth);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let own = Credentials::new(vec![leaf.into(), ca.der.clone()], key);
        let settings = TlsSettings::new().with_clock(driftline_daemon::clock::now_ms);
        let config = tls::ingest_server(&own, ca.der.clone(), &settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let connections = incoming(listener, TlsSource::new(config), AcceptLimits::default(), no_observer());
        let (sender, sessions) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let served = ingest_transport().add_service(ingest_server(Service(sender)));
            served.serve_with_incoming(connections).await.unwrap();
        });
        Self { endpoint, sessions, _tasks: tasks }
    }

    /// The next session, before its Hello is read.
    pub(crate) async fn session(&mut self) -> Session {
        timeout(PATIENCE, self.sessions.recv()).await.expect("a session").unwrap()
    }

    /// Sessions that begin within that time.
    pub(crate) async fn sessions_within(&mut self, time: Duration) -> Vec<Session> {
        let mut all = Vec::new();
        _ = timeout(time, async {
            while let Some(session) = self.sessions.recv().await {
                all.push(session);
            }
        })
        .await;
        all
    }

    /// A session brought to Ready, with what was told on the way.
    pub(crate) async fn ready(&mut self, acked: u64) -> (Session, Hello, Vec<SourceRoot>) {
        let mut session = self.session().await;
        let hello = session.hello().await;
        session.welcome(acked, 512).await;
        let roots = session.roots().await;
        session.say(CollectorMessage::Ready).await;
        (session, hello, roots)
    }
}

/// What a session hears, with records put together.
#[derive(Debug)]
pub(crate) enum Said {
    Hello(Hello),
    Roots(Vec<SourceRoot>, bool),
    Record(Record),
    Beat(Heartbeat),
    Goodbye(String),
    End,
}

/// One stream of an agent.
pub(crate) struct Session {
    hears: Streaming<AgentFrame>,
    says: mpsc::Sender<Result<CollectorFrame, Status>>,
    parts: RecordAssembler,
}

impl Session {
    async fn next(&mut self) -> Said {
        loop {
            let Ok(Some(frame)) = self.hears.message().await else {
                return Said::End;
            };
            return match decode_agent_frame(frame).unwrap() {
                AgentMessage::Hello(hello) => Said::Hello(hello),
                AgentMessage::SourceRoots { sources, last } => Said::Roots(sources, last),
                AgentMessage::Heartbeat(beat) => Said::Beat(beat),
                AgentMessage::Goodbye { reason } => Said::Goodbye(reason),
                AgentMessage::RecordPart(part) => match self.parts.push(part).unwrap() {
                    Some(record) => Said::Record(record),
                    None => continue,
                },
            };
        }
    }

    /// The next thing said.
    pub(crate) async fn hear(&mut self) -> Said {
        timeout(PATIENCE, self.next()).await.expect("the agent says nothing")
    }

    pub(crate) async fn hello(&mut self) -> Hello {
        match self.hear().await {
            Said::Hello(hello) => hello,
            other => panic!("not Hello: {other:?}"),
        }
    }

    pub(crate) async fn roots(&mut self) -> Vec<SourceRoot> {
        let mut all = Vec::new();
        loop {
            match self.hear().await {
                Said::Roots(roots, last) => {
                    all.extend(roots);
                    if last {
                        return all;
                    }
                }
                other => panic!("not roots: {other:?}"),
            }
        }
    }

    /// The next record; heartbeats come when they like.
    pub(crate) async fn record(&mut self) -> Record {
        loop {
            match self.hear().await {
                Said::Record(record) => return record,
                Said::Beat(_) => {}
                other => panic!("not a record: {other:?}"),
            }
        }
    }

    pub(crate) async fn records(&mut self, count: usize) -> Vec<Record> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.record().await);
        }
        all
    }

    pub(crate) async fn beat(&mut self) -> Heartbeat {
        loop {
            if let Said::Beat(beat) = self.hear().await {
                return beat;
            }
        }
    }

    /// The agent's last word; none when it went without one.
    pub(crate) async fn goodbye(&mut self) -> Option<String> {
        loop {
            match self.hear().await {
                Said::Goodbye(reason) => return Some(reason),
                Said::End => return None,
                _ => {}
            }
        }
    }

    /// Nothing but heartbeats comes for a while.
    pub(crate) async fn assert_quiet(&mut self) {
        let heard = timeout(QUIET, async {
            loop {
                match self.next().await {
                    Said::Beat(_) => {}
                    other => return other,
                }
            }
        });
        if let Ok(heard) = heard.await {
            panic!("nothing was to come: {heard:?}");
        }
    }

    pub(crate) async fn say(&self, message: CollectorMessage) {
        _ = self.says.send(Ok(encode_collector(&message))).await;
    }

    pub(crate) async fn welcome(&self, acked_seq: u64, window_records: u32) {
        self.say_welcome(PROTOCOL, acked_seq, window_records).await;
    }

    pub(crate) async fn say_welcome(&self, protocol: ProtocolVersion, acked_seq: u64, window_records: u32) {
        let sent_ms = driftline_daemon::clock::now_ms();
        let collector_version = "test".to_owned();
        let heartbeat_ms = 100;
        let welcome = Welcome { protocol, collector_version, sent_ms, acked_seq, heartbeat_ms, window_records };
        self.say(CollectorMessage::Welcome(welcome)).await;
    }

    pub(crate) async fn ack(&self, seq: u64) {
        self.say(CollectorMessage::Ack { seq }).await;
    }

    pub(crate) async fn send_all(&self, source: &str) {
        let source = SourceName::new(source).unwrap();
        self.say(CollectorMessage::SendAll { source, reason: "a test".to_owned() }).await;
    }

    pub(crate) async fn refuse(self, kind: RefusalKind) {
        self.say(CollectorMessage::Refusal(Refusal { kind, reason: "a test".to_owned() })).await;
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A listener that accepts and never says a word.
pub(crate) async fn mute() -> (String, Arc<TcpListener>) {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    (listener.local_addr().unwrap().to_string(), listener)
}
