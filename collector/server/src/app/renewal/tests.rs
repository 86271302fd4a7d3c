//! The certificate of a collector that runs, replaced under its connections.

use std::net::SocketAddr;

use driftline_daemon::{Clock, Group, Tasks};
use driftline_wire::tls;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::app::listeners::Doors;
use crate::app::{App, Options, bind_with, enrolment, ingest};
use crate::ca::Ca;
use crate::config::{Config, Listen};
use crate::pepper::Pepper;
use crate::state;

const DAY_MS: i64 = 86_400_000;

/// A client that believes the CA, by the same clock as the collector.
async fn connect(to: SocketAddr, core: &Core, settings: &TlsSettings) -> TlsStream<TcpStream> {
    let mut config = (*tls::pinned_api_client(core.ca.sha256(), settings).unwrap()).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TcpStream::connect(to).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn certificate(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn is_alive(stream: &mut TlsStream<TcpStream>) -> bool {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: collector\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    let mut rest = [0; 4096];
    _ = stream.read(&mut rest).await.unwrap();
    answer == *b"HTTP/1.1 200 OK"
}

async fn bound(dir: &std::path::Path, clock: &Clock) -> (App, TlsSettings) {
    driftline_daemon::tls::install_provider();
    Ca::create_or_open(dir, clock.now_ms()).unwrap();
    Pepper::create_or_open(dir).unwrap();
    state::mark_initialised(dir).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let listen = Listen { ingest: any, enrol: any, api: any };
    let config = Config { state_dir: dir.to_owned(), listen, ..Config::default() };
    let shared = clock.clone();
    let settings = TlsSettings::new().with_clock(move || shared.now_ms());
    let options = Options { clock: clock.clone(), tls: settings.clone() };
    (bind_with(config, options).await.unwrap(), settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_the_certificate_is_replaced_at_half_its_life_and_no_connection_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(driftline_daemon::clock::now_ms());
    let (app, settings) = bound(dir.path(), &clock).await;
    let (to, stop) = (app.bound().api, CancellationToken::new());
    let App { core, listeners, .. } = app;
    let mut tasks = Tasks::new(stop.clone());
    let streams = Group::new("stream", 8, stop.child_token());
    let doors = Doors { ingest: ingest(&core, streams), enrol: enrolment(&core) };
    let sources = listeners.serve(&mut tasks, doors, &core);

    let mut old = connect(to, &core, &settings).await;
    let first = certificate(&old);
    clock.advance_ms(40 * DAY_MS);
    renew(&core, &sources, &settings).unwrap();
    assert_eq!(certificate(&connect(to, &core, &settings).await), first, "not before it is time");

    clock.advance_ms(10 * DAY_MS);
    renew(&core, &sources, &settings).unwrap();
    let mut new = connect(to, &core, &settings).await;
    assert_ne!(certificate(&new), first);
    assert!(is_alive(&mut new).await);
    assert!(is_alive(&mut old).await, "who was connected stays connected");

    clock.advance_ms(45 * DAY_MS);
    let mut late = connect(to, &core, &settings).await;
    assert!(is_alive(&mut late).await, "valid when the first one has run out");
    assert_eq!(certificate(&late), certificate(&new));
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_a_certificate_that_cannot_be_replaced_goes_on_serving() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(driftline_daemon::clock::now_ms());
    let (app, settings) = bound(dir.path(), &clock).await;
    let (to, stop) = (app.bound().api, CancellationToken::new());
    let App { core, listeners, .. } = app;
    let mut tasks = Tasks::new(stop.clone());
    let streams = Group::new("stream", 8, stop.child_token());
    let doors = Doors { ingest: ingest(&core, streams), enrol: enrolment(&core) };
    let sources = listeners.serve(&mut tasks, doors, &core);
    let first = certificate(&connect(to, &core, &settings).await);
    clock.advance_ms(50 * DAY_MS);
    // A directory where the key belongs: even root cannot write it.
    let key = dir.path().join("server.key");
    std::fs::remove_file(&key).unwrap();
    std::fs::create_dir_all(key.join("in-the-way")).unwrap();
    renew(&core, &sources, &settings).unwrap_err();
    let mut still = connect(to, &core, &settings).await;
    assert_eq!(certificate(&still), first);
    assert!(is_alive(&mut still).await);
    std::fs::remove_dir_all(&key).unwrap();
    renew(&core, &sources, &settings).unwrap();
    assert_ne!(certificate(&connect(to, &core, &settings).await), first, "the next try does it");
    stop.cancel();
}
