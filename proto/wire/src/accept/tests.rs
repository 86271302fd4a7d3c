//! Peers of every kind at the door, over loopback, beside one that goes on
//! working.

use std::pin::Pin;

use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tonic::{Request, Response, Status, Streaming};

use super::*;
use crate::connect::{self, ConnectError};
use crate::limits::FRAME_BYTES_MAX;
use crate::service::{Ingest, ingest_client, ingest_server, ingest_transport};
use crate::testing::{Ca, HOUR_MS, clock, self_signed, web_1};
use crate::tls;
use crate::v1::{AgentFrame, CollectorFrame, Goodbye, Refusal, agent_frame, collector_frame};

/// Answers a stream's first frame with the host that its certificate names.
struct WhoAmI;

#[tonic::async_trait]
impl Ingest for WhoAmI {
    type SyncStream = Pin<Box<dyn Stream<Item = Result<CollectorFrame, Status>> + Send>>;

    async fn sync(&self, request: Request<Streaming<AgentFrame>>) -> Result<Response<Self::SyncStream>, Status> {
        let peer = request.extensions().get::<Peer>().cloned().ok_or_else(|| Status::internal("no peer"))?;
        let mut frames = request.into_inner();
        frames.message().await?;
        let reason = peer.identity.map(|identity| identity.to_string()).unwrap_or_default();
        let frame = CollectorFrame { frame: Some(collector_frame::Frame::Refusal(Refusal { kind: 1, reason })) };
        Ok(Response::new(Box::pin(futures_util::stream::iter([Ok(frame)]))))
    }
}

struct Running {
    address: SocketAddr,
    tls: TlsSource,
    rejections: mpsc::UnboundedReceiver<Rejection>,
    _tasks: JoinSet<()>,
}

impl Running {
    async fn start(config: Arc<ServerConfig>, limits: AcceptLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = TlsSource::new(config);
        let (told, rejections) = mpsc::unbounded_channel();
        let observer: Observer = Arc::new(move |rejection| _ = told.send(rejection.clone()));
        let connections = incoming(listener, tls.clone(), limits, observer);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let service = ingest_transport().add_service(ingest_server(WhoAmI));
            service.serve_with_incoming(connections).await.unwrap();
        });
        Self { address, tls, rejections, _tasks: tasks }
    }

    async fn rejected(&mut self) -> RejectionKind {
        let next = tokio::time::timeout(Duration::from_secs(5), self.rejections.recv());
        next.await.expect("a rejection").unwrap().kind
    }

    async fn raw(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Shakes hands and reads: in TLS 1.3 the refusal comes after.
    async fn shake(&self, config: Arc<ClientConfig>) -> io::Result<()> {
        let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
        let mut stream = TlsConnector::from(config).connect(name, self.raw().await).await?;
        stream.write_all(b"x").await?;
        stream.read_u8().await.map(|_| ())
    }

    async fn channel(&self, config: Arc<ClientConfig>) -> tonic::transport::Channel {
        connect::channel(&self.address.to_string(), config).await.unwrap()
    }
}

fn quick() -> AcceptLimits {
    AcceptLimits { handshake: Duration::from_millis(300), ..AcceptLimits::default() }
}

fn goodbye(bytes: usize) -> AgentFrame {
    AgentFrame { frame: Some(agent_frame::Frame::Goodbye(Goodbye { reason: "x".repeat(bytes) })) }
}

async fn who_am_i(channel: tonic::transport::Channel) -> Result<String, Status> {
    let mut answers = ingest_client(channel).sync(futures_util::stream::iter([goodbye(1)])).await?.into_inner();
    match answers.message().await?.and_then(|frame| frame.frame) {
        Some(collector_frame::Frame::Refusal(refusal)) => Ok(refusal.reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_service_knows_its_peer_by_certificate() {
    let ca = Ca::new("fleet");
    let running = Running::start(ca.ingest(), AcceptLimits::default()).await;
    let channel = running.channel(ca.client()).await;
    assert_eq!(who_am_i(channel).await.unwrap(), "web-1 (production, web)");
}

#[tokio::test]
async fn i6_every_hostile_peer_is_refused_while_another_goes_on() {
    let (ca, other) = (Ca::new("fleet"), Ca::new("other"));
    let mut running = Running::start(ca.ingest(), AcceptLimits::default()).await;
    let good = running.channel(ca.client()).await;
    let agent = |credentials| tls::agent_client(ca.der.clone(), &credentials, &clock(0)).unwrap();
    let uri = web_1().to_uri();
    let hostile = [
        (tls::pinned_client(tls::fingerprint(&ca.der), &clock(0)).unwrap(), RejectionKind::NoCertificate),
        (agent(self_signed()), RejectionKind::UnknownCa),
        (agent(other.agent()), RejectionKind::UnknownCa),
        (agent(ca.agent_of(&[&uri], [-2 * HOUR_MS, -HOUR_MS])), RejectionKind::Expired),
        (agent(ca.agent_of(&[&uri], [HOUR_MS, 2 * HOUR_MS])), RejectionKind::Expired),
        (agent(ca.agent_of(&["https://example.org/"], [-HOUR_MS, HOUR_MS])), RejectionKind::NoAgent),
        (agent(ca.agent_of(&[&uri, &uri], [-HOUR_MS, HOUR_MS])), RejectionKind::NoAgent),
        (agent(ca.collector()), RejectionKind::BadCertificate),
        (tls_1_2(&ca), RejectionKind::Incompatible),
    ];
    for (config, kind) in hostile {
        running.shake(config).await.unwrap_err();
        assert_eq!(running.rejected().await, kind);
        assert_eq!(who_am_i(good.clone()).await.unwrap(), "web-1 (production, web)");
    }
}

fn tls_1_2(ca: &Ca) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS12]).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

#[tokio::test]
async fn i6_plaintext_and_garbage_are_refused_while_another_goes_on() {
    let ca = Ca::new("fleet");
    let mut running = Running::start(ca.ingest(), AcceptLimits::default()).await;
    let good = running.channel(ca.client()).await;
    let cases: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0xff; 64], b"SSH-2.0-OpenSSH_9.9\r\n"];
    for bytes in cases {
        let mut socket = running.raw().await;
        socket.write_all(bytes).await.unwrap();
        assert_eq!(running.rejected().await, RejectionKind::NotTls);
        assert_eq!(who_am_i(good.clone()).await.unwrap(), "web-1 (production, web)");
    }
    drop(running.raw().await);
    assert_eq!(running.rejected().await, RejectionKind::Closed);
}

#[tokio::test]
async fn i6_a_slow_loris_is_ended_in_time_and_holds_nobody_up() {
    let ca = Ca::new("fleet");
    let mut running = Running::start(ca.ingest(), quick()).await;
    let mut loris = running.raw().await;
    // The beginning of a ClientHello, and then a byte now and then.
    loris.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
    let began = Instant::now();
    assert_eq!(who_am_i(running.channel(ca.client()).await).await.unwrap(), "web-1 (production, web)");
    assert!(began.elapsed() < quick().handshake, "the good one had to wait");
    assert_eq!(running.rejected().await, RejectionKind::Timeout);
    let mut rest = Vec::new();
    _ = loris.read_to_end(&mut rest).await;
    assert!(began.elapsed() < Duration::from_secs(5), "the socket is closed");
}

#[tokio::test]
async fn i6_a_crowd_of_silent_peers_gives_way() {
    let ca = Ca::new("fleet");
    let limits = AcceptLimits { handshakes_max: 8, ..AcceptLimits::default() };
    let mut running = Running::start(ca.ingest(), limits).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(running.raw().await);
    }
    assert_eq!(who_am_i(running.channel(ca.client()).await).await.unwrap(), "web-1 (production, web)");
    assert_eq!(running.rejected().await, RejectionKind::Evicted);
}

#[tokio::test]
async fn i6_a_peer_that_shakes_hands_and_falls_silent_is_closed() {
    let ca = Ca::new("fleet");
    let running = Running::start(ca.ingest(), quick()).await;
    let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(ca.client()).connect(name, running.raw().await).await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open");
}

#[tokio::test]
async fn i6_a_giant_message_ends_its_own_stream_only() {
    let ca = Ca::new("fleet");
    let running = Running::start(ca.ingest(), AcceptLimits::default()).await;
    let good = running.channel(ca.client()).await;
    let giant = futures_util::stream::iter([goodbye(FRAME_BYTES_MAX + 1)]);
    let mut unlimited = crate::v1::ingest_client::IngestClient::new(running.channel(ca.client()).await);
    let status = unlimited.sync(giant).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::OutOfRange, "{status:?}");
    assert_eq!(who_am_i(good).await.unwrap(), "web-1 (production, web)");
    let fits = futures_util::stream::iter([goodbye(FRAME_BYTES_MAX - 64)]);
    unlimited.sync(fits).await.unwrap();
}

#[tokio::test]
async fn connections_are_bounded_and_their_places_come_back() {
    let ca = Ca::new("fleet");
    let limits = AcceptLimits { connections_max: 1, ..AcceptLimits::default() };
    let mut running = Running::start(ca.ingest(), limits).await;
    let first = running.channel(ca.client()).await;
    assert_eq!(who_am_i(first.clone()).await.unwrap(), "web-1 (production, web)");
    running.shake(ca.client()).await.unwrap_err();
    assert_eq!(running.rejected().await, RejectionKind::TooMany);
    drop(first);
    for attempt in 0.. {
        match connect::channel(&running.address.to_string(), ca.client()).await {
            Ok(channel) if who_am_i(channel.clone()).await.is_ok() => break,
            _ => assert!(attempt < 100, "the place never came back"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_address_does_not_take_every_place() {
    let ca = Ca::new("fleet");
    let limits = AcceptLimits { per_address_max: 2, ..AcceptLimits::default() };
    let mut running = Running::start(ca.ingest(), limits).await;
    let silent = [running.raw().await, running.raw().await];
    let mut third = running.raw().await;
    assert_eq!(running.rejected().await, RejectionKind::TooMany);
    assert_eq!(third.read(&mut [0]).await.unwrap_or(0), 0, "closed at once");
    drop(silent);
    for attempt in 0.. {
        match connect::channel(&running.address.to_string(), ca.client()).await {
            Ok(channel) if who_am_i(channel.clone()).await.is_ok() => break,
            _ => assert!(attempt < 100, "the place never came back"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_replaced_configuration_counts_for_new_connections() {
    let (old, new) = (Ca::new("fleet"), Ca::new("next fleet"));
    let running = Running::start(old.ingest(), AcceptLimits::default()).await;
    let standing = running.channel(old.client()).await;
    running.tls.replace(new.ingest());
    assert_eq!(who_am_i(running.channel(new.client()).await).await.unwrap(), "web-1 (production, web)");
    let refused = connect::channel(&running.address.to_string(), old.client()).await;
    assert!(matches!(refused, Err(ConnectError::Certificate { .. })), "{refused:?}");
    assert_eq!(who_am_i(standing).await.unwrap(), "web-1 (production, web)");
}

#[test]
fn the_oldest_of_the_busiest_address_gives_way() {
    let (busy, calm) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let mut crowd = Crowd::new(3);
    let (_, mut first_calm) = crowd.enter(calm);
    let (_, mut first_busy) = crowd.enter(busy);
    let (_, mut second_busy) = crowd.enter(busy);
    let (ticket, _guard) = crowd.enter(calm);
    assert!(first_busy.try_recv().is_ok());
    assert!(first_calm.try_recv().is_err() && second_busy.try_recv().is_err());
    crowd.leave(ticket);
    let _third_busy = crowd.enter(busy);
    assert!(second_busy.try_recv().is_err(), "there was room");
}

#[test]
fn a_flood_of_rejections_is_logged_ten_times_a_second() {
    let start = Instant::now();
    let mut budget = LogBudget { since: start, logged: 0 };
    let logged = |budget: &mut LogBudget, at_ms| {
        let now = start + Duration::from_millis(at_ms);
        (0..1_000).filter(|_| budget.allows(now)).count()
    };
    assert_eq!(logged(&mut budget, 0), 10);
    assert_eq!(logged(&mut budget, 999), 0);
    assert_eq!(logged(&mut budget, 1_000), 10);
}

#[test]
fn every_kind_of_rejection_has_its_own_name() {
    let names: std::collections::HashSet<_> = RejectionKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.len(), RejectionKind::ALL.len());
}
