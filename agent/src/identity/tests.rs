use std::os::unix::fs::PermissionsExt as _;

use driftline_canon::{Environment, KeyEpoch, Role};
use rcgen::{CertificateParams, PublicKeyData as _, SanType};

use super::*;

pub(crate) fn token() -> EnrolmentToken {
    EnrolmentToken {
        id: "t-1".to_owned(),
        secret: [1; 32],
        ca_sha256: [2; 32],
        enrol: vec!["collector:7442".to_owned()],
        ingest: vec!["collector:7441".to_owned()],
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        expires_s: 0,
        fleet_key: FleetKey::new([9; 32], KeyEpoch(3)),
    }
}

/// A certificate for `key` that names web-1 as its agent.
fn certificate(key: &KeyPair) -> Vec<u8> {
    let mut params = CertificateParams::default();
    let uri = "driftline://agent/a-1/host/web-1/env/production/role/web";
    params.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
    params.self_signed(key).unwrap().der().to_vec()
}

pub(crate) fn enrolled() -> (tempfile::TempDir, IdentityFile) {
    let dir = tempfile::tempdir().unwrap();
    let file = IdentityFile::new(dir.path());
    let key = file.key_to_enrol("t-1").unwrap();
    file.enrolled(&token(), b"ca", &certificate(&key)).unwrap();
    (dir, file)
}

#[test]
fn an_enrolled_identity_is_read_back_whole() {
    let (dir, _) = enrolled();
    let identity = Identity::load(dir.path()).unwrap();
    assert_eq!(identity.peer.host.as_str(), "web-1");
    assert_eq!(identity.ingest, ["collector:7441"]);
    assert_eq!(identity.fleet_key.expose(), &[9; 32]);
    assert_eq!(identity.fleet_key.epoch(), KeyEpoch(3));
    assert!(identity.confirmed);
    assert!(identity.not_before_ms < identity.not_after_ms);
}

#[test]
fn the_file_is_for_its_owner_alone() {
    let (dir, _) = enrolled();
    let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn i2_enrolling_again_with_the_same_token_uses_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = IdentityFile::new(dir.path());
    let first = file.key_to_enrol("t-1").unwrap();
    let again = file.key_to_enrol("t-1").unwrap();
    let other = file.key_to_enrol("t-2").unwrap();
    assert_eq!(first.der_bytes(), again.der_bytes());
    assert_ne!(first.der_bytes(), other.der_bytes());
}

#[test]
fn i2_a_token_that_has_done_its_work_is_known_again() {
    let (_dir, file) = enrolled();
    assert_eq!(file.made_by("t-1").unwrap().unwrap().peer.host.as_str(), "web-1");
    assert!(file.made_by("t-2").unwrap().is_none());
}

#[test]
fn i2_a_new_enrolment_keeps_the_old_identity_until_it_has_ended() {
    let (dir, file) = enrolled();
    let _ = file.key_to_enrol("t-2").unwrap();
    assert_eq!(Identity::load(dir.path()).unwrap().peer.host.as_str(), "web-1");
}

#[test]
fn i2_a_renewal_cut_short_anywhere_strands_nobody() {
    let (dir, file) = enrolled();
    let before = Identity::load(dir.path()).unwrap();

    // The key is there, the answer is not.
    let next = file.key_to_renew().unwrap();
    assert_eq!(Identity::load(dir.path()).unwrap().certificate, before.certificate);
    assert_eq!(file.key_to_renew().unwrap().der_bytes(), next.der_bytes());

    // The answer is there, no collector has seen it used.
    let renewed = certificate(&next);
    file.renewed(&renewed).unwrap();
    let now = Identity::load(dir.path()).unwrap();
    assert_eq!((now.certificate == renewed, now.confirmed), (true, false));
    assert_eq!(Identity::load_confirmed(dir.path()).unwrap().certificate, before.certificate);

    // A collector has.
    file.confirm().unwrap();
    let now = Identity::load_confirmed(dir.path()).unwrap();
    assert_eq!((now.certificate == renewed, now.confirmed), (true, true));
}

#[test]
fn confirming_without_a_renewal_changes_nothing() {
    let (dir, file) = enrolled();
    let before = Identity::load(dir.path()).unwrap().certificate;
    file.key_to_renew().unwrap();
    file.confirm().unwrap();
    assert_eq!(Identity::load(dir.path()).unwrap().certificate, before);
}

#[test]
fn a_missing_file_says_that_the_host_is_not_enrolled() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Identity::load(dir.path()), Err(IdentityError::NotEnrolled { .. })));
}

#[test]
fn a_damaged_file_is_named_without_its_content() {
    let (dir, _) = enrolled();
    let path = dir.path().join(FILE);
    for text in ["", "version = 2\n", "version = 1\nsecret-nonsense", "\u{0}"] {
        std::fs::write(&path, text).unwrap();
        let error = Identity::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("identity.toml"), "{error}");
        assert!(!error.contains("nonsense"), "{error}");
    }
}

#[test]
fn an_identity_never_prints_its_keys() {
    let (dir, _) = enrolled();
    let identity = Identity::load(dir.path()).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity(web-1 (production, web))");
}
