//! The file reads back, is versioned, and its errors quote nothing of it.

use driftline_canon::{Environment, Role};
use proptest::prelude::*;

use super::*;

fn token() -> EnrolmentToken {
    EnrolmentToken {
        id: "t-1".to_owned(),
        secret: [1; 32],
        ca_sha256: [2; 32],
        enrol: vec!["collector:7442".to_owned()],
        ingest: vec!["collector:7441".to_owned(), "other:7441".to_owned()],
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        expires_s: 5,
        fleet_key: FleetKey::new([9; 32], KeyEpoch(3)),
    }
}

fn whole() -> Document {
    let current = Pair::new(Encoded::new(b"the private key"), b"the certificate");
    let mut member = Member::new(&token(), b"the ca", current);
    member.next = Some(Pair::without_certificate(Encoded::new(b"the next key")));
    let enrolling = Some(Enrolling { token_id: "t-2".to_owned(), key: Encoded::new(b"another key") });
    Document { member: Some(member), enrolling, ..Document::default() }
}

fn text() -> String {
    whole().encode().unwrap().to_string()
}

#[test]
fn what_is_written_reads_back() {
    let read = Document::decode(text().as_bytes()).unwrap();
    let member = read.member.unwrap();
    assert_eq!((member.token_id.as_str(), member.ingest.len()), ("t-1", 2));
    let key = member.fleet_key().unwrap();
    assert_eq!((key.expose(), key.epoch()), (&[9; 32], KeyEpoch(3)));
    let (private, certificate) = member.current.complete().unwrap();
    assert_eq!((private.as_slice(), certificate.as_slice()), (&b"the private key"[..], &b"the certificate"[..]));
    assert!(member.next.unwrap().complete().is_none(), "no certificate, no identity");
    assert_eq!(read.enrolling.unwrap().token_id, "t-2");
}

#[test]
fn a_newer_form_is_refused_as_one() {
    let newer = text().replace("version = 1", "version = 2");
    assert_eq!(Document::decode(newer.as_bytes()).err(), Some("a newer version of driftline wrote it"));
}

#[test]
fn p4_what_is_wrong_is_told_without_what_it_is() {
    let secret = Encoded::new(b"the private key").0.clone();
    assert!(text().contains(&secret));
    for broken in [
        text().replace(&format!("\"{secret}\""), &secret),
        text().replace("version = 1", "version = one"),
        text().replace("token_id", "tokenid"),
        format!("{}surprise = \"{secret}\"\n", text()),
        text().replace("fleet_key_epoch = 3", "fleet_key_epoch = -3"),
    ] {
        let said = Document::decode(broken.as_bytes()).err().expect("a broken file is refused");
        assert_eq!(said, "it is not an identity file");
    }
    assert_eq!(Document::decode(b"version = 1\n\xff").err(), Some("it is not text"));
}

#[test]
fn a_key_of_another_length_is_no_key() {
    for bad in [&[9_u8; 31][..], &[9; 33], &[]] {
        let mut member = whole().member.unwrap();
        member.fleet_key = Encoded::new(bad);
        assert!(member.fleet_key().is_none(), "{} bytes", bad.len());
    }
    let mut member = whole().member.unwrap();
    member.fleet_key = Encoded("not base64!".to_owned());
    assert!(member.fleet_key().is_none());
    member.current.key = Encoded("not base64!".to_owned());
    assert!(member.current.complete().is_none());
}

proptest! {
    #[test]
    fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let back = Encoded::new(&bytes).as_bytes().unwrap();
        prop_assert_eq!(back.as_slice(), bytes.as_slice());
    }

    #[test]
    fn d1_a_file_cut_anywhere_is_refused_or_has_no_identity(at in any::<prop::sample::Index>()) {
        let text = text();
        let cut = &text.as_bytes()[..at.index(text.len())];
        // Cut between two lines it may still be TOML: then nothing of it is
        // half of what it was.
        let whole = whole().member.unwrap();
        let Some(member) = Document::decode(cut).ok().and_then(|document| document.member) else { return Ok(()) };
        let key = member.fleet_key().map(|key| *key.expose());
        prop_assert_eq!(key, whole.fleet_key().map(|key| *key.expose()));
        prop_assert!(member.current.complete().is_none_or(|found| Some(found) == whole.current.complete()));
    }

    #[test]
    fn nothing_that_is_read_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = Document::decode(&bytes);
    }
}
