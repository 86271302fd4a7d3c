use super::*;

const NOW_MS: i64 = 1_800_000_000_000;

fn request(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

#[test]
fn an_agent_certificate_is_signed_by_the_ca_and_names_the_agent_alone() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
    let key = KeyPair::generate().unwrap();
    let request = Request::verify(&request(&key)).unwrap();
    let issued = ca.issue_agent(&request, "driftline://agent/a/host/h/env/e/role/r", NOW_MS).unwrap();
    assert!(crate::x509::is_signed_by(&issued.certificate, ca.certificate()));
    let facts = crate::x509::facts(&issued.certificate).unwrap();
    assert_eq!(facts.serial, issued.serial);
    assert_eq!(facts.not_after_ms, issued.not_after_ms);
    assert_eq!(facts.not_after_ms - NOW_MS, 7 * 86_400_000);
}

#[test]
fn the_ca_survives_being_opened_again_and_a_crash_between_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let first = Ca::create_or_open(dir.path(), NOW_MS).unwrap().sha256();
    assert_eq!(Ca::create_or_open(dir.path(), NOW_MS + 1).unwrap().sha256(), first);
    std::fs::remove_file(dir.path().join(CERTIFICATE_FILE)).unwrap();
    assert_ne!(Ca::create_or_open(dir.path(), NOW_MS).unwrap().sha256(), first);
}

#[test]
fn a_key_that_is_not_of_the_certificate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Ca::create_or_open(dir.path(), NOW_MS).unwrap();
    let other = KeyPair::generate().unwrap();
    std::fs::write(dir.path().join(KEY_FILE), other.serialize_pem()).unwrap();
    assert!(matches!(Ca::open(dir.path()), Err(CaError::Damaged { .. })));
}

#[test]
fn i6_a_request_that_was_changed_or_is_garbage_is_refused() {
    let mut der = request(&KeyPair::generate().unwrap());
    let middle = der.len() / 2;
    der[middle] ^= 1;
    assert!(matches!(Request::verify(&der), Err(CaError::Request(_))));
    assert!(Request::verify(b"garbage").is_err());
    let other_curve = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    assert!(Request::verify(&request(&other_curve)).is_err());
}

#[test]
fn a_signature_by_another_key_is_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
    let other_dir = tempfile::tempdir().unwrap();
    let other = Ca::create_or_open(other_dir.path(), NOW_MS).unwrap();
    let key = KeyPair::generate().unwrap();
    let forged = other.issue_server(&["localhost".to_owned()], &key, NOW_MS).unwrap();
    assert!(!crate::x509::is_signed_by(&forged.certificate, ca.certificate()));
    assert!(crate::x509::is_signed_by(&forged.certificate, other.certificate()));
    assert!(!crate::x509::is_signature(ca.certificate(), b"message", b"garbage"));
}

#[test]
fn names_and_addresses_of_a_server_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["collector.example".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    assert!(ca.issue_server(&names, &key, NOW_MS).is_ok());
    assert!(ca.issue_server(&["exämple".to_owned()], &key, NOW_MS).is_err());
}
