//! Whatever is changed in a certificate, it is no longer signed.

use proptest::prelude::*;

use super::*;
use crate::ca::{Ca, Request};

const NOW_MS: i64 = 1_800_000_000_000;

/// A CA certificate and one that it signed.
fn signed() -> (Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
    let request = Request::verify(request.der()).unwrap();
    let issued = ca.issue_agent(&request, "driftline://agent/a/host/h/env/e/role/r", NOW_MS).unwrap();
    (ca.certificate().to_vec(), issued.certificate.to_vec())
}

#[test]
fn a_certificate_reads_back_from_pem() {
    let (_, leaf) = signed();
    let pem = crate::pem::encode(&leaf.clone().into());
    assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
    assert_eq!(crate::pem::certificate(pem.as_bytes()).unwrap().to_vec(), leaf);
    assert!(crate::pem::certificate(b"no certificate").is_none() && crate::pem::private_key(pem.as_bytes()).is_none());
}

#[test]
fn what_is_behind_a_certificate_makes_it_none() {
    let (ca, mut leaf) = signed();
    assert!(facts(&leaf).is_some() && is_signed_by(&leaf, &ca));
    leaf.push(0);
    assert!(facts(&leaf).is_none() && public_key_info(&leaf).is_none() && !is_signed_by(&leaf, &ca));
}

#[test]
fn i3_any_byte_that_is_flipped_breaks_the_signature() {
    let (ca, leaf) = signed();
    let mut signed_still = Vec::new();
    for at in 0..leaf.len() {
        let mut forged = leaf.clone();
        forged[at] ^= 1;
        if is_signed_by(&forged, &ca) {
            signed_still.push(at);
        }
    }
    // Outside of what is signed lies the name of the algorithm, which is not read.
    let tbs = leaf.len() - 100;
    assert!(signed_still.iter().all(|&at| at >= tbs), "{signed_still:?} of {}", leaf.len());
}

proptest! {
    #[test]
    fn garbage_is_no_certificate_and_no_signature(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(facts(&bytes).is_none() && public_key_info(&bytes).is_none());
        prop_assert!(!is_signed_by(&bytes, &bytes) && !is_signature(&bytes, b"message", &bytes));
    }
}
