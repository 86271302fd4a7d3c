//! What a certificate says, and whether somebody signed it.
//!
//! Nothing here decides whom to believe.

use rustls::SignatureScheme;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What is needed of a certificate to decide on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Serial, as the certificate encodes it.
    pub serial: Vec<u8>,
    /// From when.
    pub not_before_ms: i64,
    /// Until when.
    pub not_after_ms: i64,
}

/// Reads a certificate; none when it is not one.
#[must_use]
pub fn facts(der: &[u8]) -> Option<Facts> {
    let certificate = parse(der)?;
    let validity = certificate.validity();
    Some(Facts {
        serial: certificate.raw_serial().to_vec(),
        not_before_ms: validity.not_before.timestamp().saturating_mul(1000),
        not_after_ms: validity.not_after.timestamp().saturating_mul(1000),
    })
}

/// The public key of a certificate (SubjectPublicKeyInfo, DER).
#[must_use]
pub fn public_key_info(der: &[u8]) -> Option<Vec<u8>> {
    Some(parse(der)?.public_key().raw.to_vec())
}

/// Whether the key of `issuer` signed `certificate`.
#[must_use]
pub fn is_signed_by(certificate: &[u8], issuer: &[u8]) -> bool {
    let Some(child) = parse(certificate) else { return false };
    is_signature(issuer, child.tbs_certificate.as_ref(), &child.signature_value.data)
}

/// Whether `signature` (ECDSA P-256 with SHA-256, ASN.1) over `message` is by
/// the key of `signer`.
#[must_use]
pub fn is_signature(signer: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Some(signer) = parse(signer) else { return false };
    let key = &signer.public_key().subject_public_key.data;
    let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
    let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256);
    known.is_some_and(|(_, all)| all.iter().any(|one| one.verify_signature(key, message, signature).is_ok()))
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

#[cfg(test)]
mod tests;
