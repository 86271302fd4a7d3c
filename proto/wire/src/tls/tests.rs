//! Handshakes in memory: who believes whom, and when.

use rcgen::{ExtendedKeyUsagePurpose, SanType};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConnection, Error, ServerConnection};

use super::*;
use crate::testing::{Ca, HOUR_MS, clock, self_signed};

const DAY_MS: i64 = 24 * HOUR_MS;

/// Shakes hands; gives the first error of either side.
fn shake_with(name: &str, client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<(), Error> {
    let mut client = ClientConnection::new(client, ServerName::try_from(name.to_owned()).unwrap())?;
    let mut server = ServerConnection::new(server)?;
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut wire = &wire[..];
        while !wire.is_empty() {
            server.read_tls(&mut wire).unwrap();
            server.process_new_packets()?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut wire = &wire[..];
        while !wire.is_empty() {
            client.read_tls(&mut wire).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    assert_eq!(server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    Ok(())
}

fn shake(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<(), Error> {
    shake_with("127.0.0.1", client, server)
}

fn certificate_error(result: Result<(), Error>) -> CertificateError {
    match result {
        Err(Error::InvalidCertificate(error)) => error,
        other => panic!("expected a certificate error, got {other:?}"),
    }
}

#[test]
fn an_agent_and_its_collector_agree() {
    let ca = Ca::new("fleet");
    shake(ca.client(), ca.ingest()).unwrap();
    shake_with("collector.example", ca.client(), ca.ingest()).unwrap();
}

#[test]
fn a_collector_of_another_name_is_refused() {
    let ca = Ca::new("fleet");
    let error = certificate_error(shake_with("other.example", ca.client(), ca.ingest()));
    assert!(matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }));
}

#[test]
fn a_collector_of_another_ca_is_refused() {
    let (ca, other) = (Ca::new("fleet"), Ca::new("fleet"));
    let error = certificate_error(shake(ca.client(), other.ingest()));
    assert!(matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature), "{error:?}");
}

#[test]
fn an_agents_certificate_is_no_collectors() {
    let ca = Ca::new("fleet");
    let names = || vec![SanType::IpAddress("127.0.0.1".parse().unwrap())];
    let impostor = ca.issue(names(), ExtendedKeyUsagePurpose::ClientAuth, [-HOUR_MS, HOUR_MS]);
    let server = ingest_server(&impostor, ca.der.clone(), &clock(0)).unwrap();
    shake(ca.client(), server).unwrap_err();
}

#[test]
fn a_pinned_ca_is_believed_and_another_is_not() {
    let (ca, other) = (Ca::new("fleet"), Ca::new("fleet"));
    let client = || pinned_client(fingerprint(&ca.der), &clock(0)).unwrap();
    shake(client(), enrol_server(&ca.collector(), &clock(0)).unwrap()).unwrap();
    let error = certificate_error(shake(client(), enrol_server(&other.collector(), &clock(0)).unwrap()));
    let CertificateError::Other(error) = error else { panic!("{error:?}") };
    assert!(error.0.is::<PinError>());
}

#[test]
fn a_pinned_ca_that_did_not_sign_the_leaf_is_not_enough() {
    let (ca, other) = (Ca::new("fleet"), Ca::new("other"));
    let stolen = other.issue(
        vec![SanType::IpAddress("127.0.0.1".parse().unwrap())],
        ExtendedKeyUsagePurpose::ServerAuth,
        [-HOUR_MS, HOUR_MS],
    );
    // The impostor shows the true CA certificate beside its own leaf.
    let chain = vec![stolen.chain[0].clone(), ca.der.clone()];
    let impostor = Credentials::new(chain, stolen.key.clone_key());
    let client = pinned_client(fingerprint(&ca.der), &clock(0)).unwrap();
    let error = certificate_error(shake(client, enrol_server(&impostor, &clock(0)).unwrap()));
    assert!(matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature), "{error:?}");
}

#[test]
fn a_pinned_client_checks_the_name_too() {
    let ca = Ca::new("fleet");
    let client = pinned_client(fingerprint(&ca.der), &clock(0)).unwrap();
    shake_with("other.example", client, enrol_server(&ca.collector(), &clock(0)).unwrap()).unwrap_err();
}

#[test]
fn d8_an_agent_whose_clock_is_wrong_by_a_day_still_connects() {
    let ca = Ca::new("fleet");
    // The collector's certificate is valid from an hour ago to a day from now.
    for (skew_ms, connects) in [
        (0, true),
        (-DAY_MS, true),
        (2 * DAY_MS, true),
        (-(HOUR_MS + 48 * HOUR_MS), true),
        (-(HOUR_MS + 48 * HOUR_MS) - 2_000, false),
        (DAY_MS + 48 * HOUR_MS, true),
        (DAY_MS + 48 * HOUR_MS + 2_000, false),
    ] {
        let agent = agent_client(ca.der.clone(), &ca.agent(), &clock(skew_ms)).unwrap();
        assert_eq!(shake(agent, ca.ingest()).is_ok(), connects, "agent, {skew_ms} ms");
        let pinned = pinned_client(fingerprint(&ca.der), &clock(skew_ms)).unwrap();
        let server = enrol_server(&ca.collector(), &clock(0)).unwrap();
        assert_eq!(shake(pinned, server).is_ok(), connects, "pinned, {skew_ms} ms");
    }
}

#[test]
fn an_expired_agent_is_refused_by_the_collectors_clock_without_tolerance() {
    let ca = Ca::new("fleet");
    let expired = ca.agent_of(&[&crate::testing::web_1().to_uri()], [-2 * HOUR_MS, -HOUR_MS]);
    let client = agent_client(ca.der.clone(), &expired, &clock(0)).unwrap();
    let error = certificate_error(shake(client, ca.ingest()));
    assert!(matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. }), "{error:?}");
}

#[test]
fn i6_agents_without_a_certificate_of_this_ca_are_refused() {
    let (ca, other) = (Ca::new("fleet"), Ca::new("other"));
    let nobody = pinned_client(fingerprint(&ca.der), &clock(0)).unwrap();
    assert_eq!(shake(nobody, ca.ingest()), Err(Error::NoCertificatesPresented));
    for stranger in [self_signed(), other.agent()] {
        let client = agent_client(ca.der.clone(), &stranger, &clock(0)).unwrap();
        assert_eq!(certificate_error(shake(client, ca.ingest())), CertificateError::UnknownIssuer);
    }
}

#[test]
fn a_collectors_certificate_is_no_agents() {
    let ca = Ca::new("fleet");
    let client = agent_client(ca.der.clone(), &ca.collector(), &clock(0)).unwrap();
    shake(client, ca.ingest()).unwrap_err();
}

#[test]
fn tls_1_2_is_refused_on_both_sides() {
    let ca = Ca::new("fleet");
    let mut roots = RootCertStore::empty();
    roots.add(ca.der.clone()).unwrap();
    let old = ClientConfig::builder_with_details(provider(), clock(0).time)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let error = shake(Arc::new(old), enrol_server(&ca.collector(), &clock(0)).unwrap()).unwrap_err();
    assert!(matches!(error, Error::PeerIncompatible(_)), "{error:?}");

    let own = ca.collector();
    let old = ServerConfig::builder_with_details(provider(), clock(0).time)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(own.chain.clone(), own.key.clone_key())
        .unwrap();
    shake(ca.client(), Arc::new(old)).unwrap_err();
}

#[test]
fn credentials_that_do_not_fit_are_refused_when_they_are_configured() {
    let ca = Ca::new("fleet");
    let mixed = Credentials::new(ca.collector().chain.clone(), ca.agent().key.clone_key());
    assert!(matches!(enrol_server(&mixed, &clock(0)), Err(TlsError::Credentials(_))));
    let garbage = CertificateDer::from(vec![1, 2, 3]);
    assert!(matches!(ingest_server(&ca.collector(), garbage, &clock(0)), Err(TlsError::Ca(_))));
}

#[test]
fn pem_is_read_and_what_is_none_is_named() {
    let signed = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
    let (certificate, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let credentials = Credentials::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(credentials.chain().len(), 1);
    assert_eq!(format!("{credentials:?}"), "Credentials(1 certificates, key)");
    assert!(matches!(Credentials::from_pem(b"", key.as_bytes()), Err(TlsError::NoCertificate)));
    let error = Credentials::from_pem(certificate.as_bytes(), b"none").unwrap_err();
    assert_eq!(error.to_string(), "could not read the private key");
}

#[test]
fn sessions_are_not_resumed() {
    let ca = Ca::new("fleet");
    let (client, server) = (ca.client(), ca.ingest());
    for _ in 0..2 {
        shake(Arc::clone(&client), Arc::clone(&server)).unwrap();
    }
    assert_eq!(server.send_tls13_tickets, 0);
    assert!(!server.session_storage.can_cache());
    assert!(!client.enable_early_data);
}

/// Runs one test of this crate in a process of its own, with `SSLKEYLOGFILE`
/// set: the variable is read once per configuration and must not leak into
/// other tests. Gives what was written.
fn key_log_of(test: &str) -> String {
    use std::io::Read as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let this = std::env::current_exe().unwrap();
    let status = std::process::Command::new(this)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("SSLKEYLOGFILE", &path)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed");
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(&path) {
        file.read_to_string(&mut text).unwrap();
    }
    text
}

fn shake_every_way(settings: &dyn Fn() -> TlsSettings) {
    let ca = Ca::new("fleet");
    let agent = agent_client(ca.der.clone(), &ca.agent(), &settings()).unwrap();
    shake(agent, ingest_server(&ca.collector(), ca.der.clone(), &settings()).unwrap()).unwrap();
    let pinned = pinned_client(fingerprint(&ca.der), &settings()).unwrap();
    shake(pinned, enrol_server(&ca.collector(), &settings()).unwrap()).unwrap();
    let api = pinned_api_client(fingerprint(&ca.der), &settings()).unwrap();
    shake(api, api_server(&ca.collector(), &settings()).unwrap()).unwrap();
}

#[test]
#[ignore = "run by the test of key logs, in its own process"]
fn child_that_was_not_asked_to_log_keys() {
    shake_every_way(&|| clock(0));
    shake_every_way(&|| clock(0).with_key_log(true).with_key_log(false));
}

#[test]
#[ignore = "run by the test of key logs, in its own process"]
fn child_that_was_asked_to_log_keys() {
    shake_every_way(&|| clock(0).with_key_log(true));
}

#[test]
fn no_key_is_logged_unless_it_was_asked_for() {
    assert_eq!(key_log_of("tls::tests::child_that_was_not_asked_to_log_keys"), "");
}

#[test]
fn keys_are_logged_when_asked_for() {
    let text = key_log_of("tls::tests::child_that_was_asked_to_log_keys");
    let secrets = text.lines().filter(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")).count();
    assert_eq!(secrets, 6, "three handshakes, both ends of each:\n{text}");
}
