use std::time::Duration;

use rustls::AlertDescription;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::Request;

use super::*;
use crate::accept::{AcceptLimits, TlsSource, incoming, no_observer};
use crate::service::ingest_client;
use crate::testing::{Ca, HOUR_MS, clock, web_1};
use crate::tls;

#[test]
fn endpoints_are_host_and_port() {
    for (text, host, port) in [
        ("collector.example:7441", "collector.example", 7441),
        ("10.0.0.1:1", "10.0.0.1", 1),
        ("[::1]:7441", "::1", 7441),
        ("[2001:DB8::1]:65535", "2001:db8::1", 65535),
    ] {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.host(), endpoint.port()), (host, port));
        assert_eq!(endpoint.to_string().parse::<Endpoint>().unwrap(), endpoint);
    }
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for text in
        ["", "collector", "collector:", ":7441", "a:0", "a:65536", "a b:1", "::1:7441", "[a]:1", "https://a:1", "a:1/x"]
    {
        assert!(text.parse::<Endpoint>().is_err(), "{text}");
    }
    let error = "a\u{1b}[2J".parse::<Endpoint>().unwrap_err();
    assert_eq!(error.to_string(), "`a\\u{1b}[2J` is not a collector's address: write host:port");
    assert!(!error.is_transient());
}

/// A door that only shakes hands and holds what came.
async fn door(config: Arc<rustls::ServerConfig>) -> (Endpoint, JoinSet<()>) {
    use futures_util::StreamExt;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let connections = incoming(listener, TlsSource::new(config), AcceptLimits::default(), no_observer());
        connections.collect::<Vec<_>>().await;
    });
    (endpoint, tasks)
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_passes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let error = connect(&endpoint, Ca::new("fleet").client()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(error.to_string(), format!("could not reach {endpoint}"));
}

#[tokio::test]
async fn another_fleets_collector_is_told_apart() {
    let (ours, theirs) = (Ca::new("fleet"), Ca::new("fleet"));
    let (endpoint, _door) = door(theirs.ingest()).await;
    let error = connect(&endpoint, ours.client()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Certificate { .. }), "{error:?}");
    let pinned = tls::pinned_client(tls::fingerprint(&ours.der), &clock(0)).unwrap();
    let error = connect(&endpoint, pinned).await.unwrap_err();
    assert!(matches!(error, ConnectError::OtherCa { .. }), "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_expired_agent_learns_that_it_must_renew() {
    let ca = Ca::new("fleet");
    let (endpoint, _door) = door(ca.ingest()).await;
    let expired = ca.agent_of(&[&web_1().to_uri()], [-2 * HOUR_MS, -HOUR_MS]);
    let config = tls::agent_client(ca.der.clone(), &expired, &clock(0)).unwrap();
    let connection = connect(&endpoint, config).await.unwrap();
    let calls = ingest_client(connection.channel).sync(Request::new(futures_util::stream::pending())).await;
    calls.unwrap_err();
    assert_eq!(connection.fate.alert(), Some(AlertDescription::CertificateExpired));
    assert!(connection.fate.certificate_expired() && connection.fate.certificate_refused());
}

#[tokio::test]
async fn a_connection_that_ended_is_not_opened_again_behind_our_back() {
    let ca = Ca::new("fleet");
    let (endpoint, mut tasks) = door(ca.ingest()).await;
    let connection = connect(&endpoint, ca.client()).await.unwrap();
    tasks.shutdown().await;
    let mut client = ingest_client(connection.channel);
    for _ in 0..3 {
        let call = client.sync(Request::new(futures_util::stream::pending()));
        let answer = tokio::time::timeout(Duration::from_secs(5), call).await.expect("no answer at all");
        answer.unwrap_err();
    }
    assert_eq!(connection.fate.alert(), None);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    let error = connect(&endpoint, Ca::new("fleet").client()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("{endpoint} did not answer within 10 s"));
}

#[tokio::test]
async fn sockets_notice_a_dead_peer() {
    use rustix::net::sockopt;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    stream::notice_dead_peer(&socket).unwrap();
    assert!(socket.nodelay().unwrap());
    assert!(sockopt::socket_keepalive(&socket).unwrap());
    assert_eq!(sockopt::tcp_user_timeout(&socket).unwrap(), 20_000);
    assert_eq!(sockopt::tcp_keepidle(&socket).unwrap(), Duration::from_secs(10));
}

#[test]
fn the_table_of_endpoints() {
    for (text, wanted) in [
        ("localhost:1", Some("localhost:1")),
        ("a-b.example.:65535", Some("a-b.example.:65535")),
        ("collector.example:07441", Some("collector.example:7441")),
        ("127.0.0.1:7441", Some("127.0.0.1:7441")),
        ("[::ffff:10.0.0.1]:7441", Some("[::ffff:10.0.0.1]:7441")),
        ("[0:0:0:0:0:0:0:1]:7441", Some("[::1]:7441")),
        ("[]:7441", None),
        ("[::1]7441", None),
        ("[::1:7441", None),
        ("::1]:7441", None),
        ("[127.0.0.1]:7441", None),
        ("[fe80::1%eth0]:7441", None),
        ("a:-1", None),
        ("a: 1", None),
        ("a:1 ", None),
        (" a:1", None),
        ("a:1:2", None),
        ("a/b:1", None),
        ("user@a:1", None),
        ("a..b:1", None),
        ("-a:1", None),
        ("*:1", None),
        ("ä.example:1", None),
        ("a\0:1", None),
    ] {
        let parsed = text.parse::<Endpoint>().ok().map(|endpoint| endpoint.to_string());
        assert_eq!(parsed.as_deref(), wanted, "{text:?}");
    }
    let long = format!("{}:1", "a".repeat(64));
    assert!(long.parse::<Endpoint>().is_err(), "a label has at most 63 bytes");
}

#[test]
fn a_fate_tells_refusals_of_the_certificate_from_other_ends() {
    use AlertDescription as Alert;
    let of = |alert| {
        let fate = Fate::default();
        stream::set_for_test(&fate, alert);
        (fate.certificate_expired(), fate.certificate_refused())
    };
    assert_eq!(of(Alert::CertificateExpired), (true, true));
    for alert in [
        Alert::BadCertificate,
        Alert::UnsupportedCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateUnknown,
        Alert::CertificateRequired,
        Alert::UnknownCA,
        Alert::AccessDenied,
        Alert::DecryptError,
    ] {
        assert_eq!(of(alert), (false, true), "{alert:?}");
    }
    for alert in [Alert::CloseNotify, Alert::HandshakeFailure, Alert::InternalError, Alert::UserCanceled] {
        assert_eq!(of(alert), (false, false), "{alert:?}");
    }
    let open = Fate::default();
    assert_eq!((open.alert(), open.certificate_refused()), (None, false));
}

#[test]
fn the_first_alert_is_the_reason_and_clones_see_it() {
    let fate = Fate::default();
    let other = fate.clone();
    stream::set_for_test(&fate, AlertDescription::CertificateRevoked);
    stream::set_for_test(&fate, AlertDescription::CloseNotify);
    assert_eq!(other.alert(), Some(AlertDescription::CertificateRevoked));
}

/// Connects with credentials that are refused; gives the alert that was sent.
async fn refused_with(ca: &Ca, credentials: &tls::Credentials) -> Option<AlertDescription> {
    let (endpoint, _door) = door(ca.ingest()).await;
    let config = tls::agent_client(ca.der.clone(), credentials, &clock(0)).unwrap();
    let connection = connect(&endpoint, config).await.unwrap();
    let call = ingest_client(connection.channel).sync(Request::new(futures_util::stream::pending())).await;
    call.unwrap_err();
    assert!(connection.fate.certificate_refused(), "{:?}", connection.fate.alert());
    connection.fate.alert()
}

#[tokio::test]
async fn an_agent_of_another_ca_learns_that_its_certificate_was_refused() {
    let ca = Ca::new("fleet");
    let stranger = Ca::new("other").agent();
    let alert = refused_with(&ca, &stranger).await;
    assert_ne!(alert, Some(AlertDescription::CertificateExpired), "renewing would not help");
}

#[tokio::test]
async fn an_agent_that_is_not_valid_yet_looks_expired() {
    let ca = Ca::new("fleet");
    let early = ca.agent_of(&[&web_1().to_uri()], [HOUR_MS, 2 * HOUR_MS]);
    let alert = refused_with(&ca, &early).await;
    assert_eq!(alert, Some(AlertDescription::CertificateExpired), "renewing brings one that is valid");
}
