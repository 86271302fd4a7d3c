//! How an agent decides that it talks to its collector.
//!
//! Two ways to the same end: the CA certificate that enrolment left, or the
//! fingerprint of it that a token carries. Names and signatures are always
//! checked; the public web's CAs are never believed.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{CLOCK_SKEW_MAX, fingerprint};

/// The collector did not show the CA that the token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the collector does not belong to the CA that the token names")]
pub struct PinError;

#[derive(Debug)]
enum Trust {
    Ca(RootCertStore),
    Pin([u8; 32]),
}

/// Verifies a collector's certificate.
#[derive(Debug)]
pub(super) struct CollectorVerifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl CollectorVerifier {
    pub(super) fn of_ca(roots: RootCertStore, provider: &CryptoProvider) -> Self {
        Self { trust: Trust::Ca(roots), algorithms: provider.signature_verification_algorithms }
    }

    pub(super) fn of_pin(pin: [u8; 32], provider: &CryptoProvider) -> Self {
        Self { trust: Trust::Pin(pin), algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for CollectorVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pinned;
        let roots = match &self.trust {
            Trust::Ca(roots) => roots,
            Trust::Pin(pin) => {
                pinned = pinned_root(chain, pin)?;
                &pinned
            }
        };
        let parsed = ParsedCertificate::try_from(leaf)?;
        let at = tolerant_time(leaf, now);
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, chain, at, self.algorithms.all)?;
        verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The certificate of the presented chain that the pin names, as the only root.
/// A fingerprint cannot be met by another certificate, so being sent by the
/// peer itself takes nothing away.
fn pinned_root(chain: &[CertificateDer<'_>], pin: &[u8; 32]) -> Result<RootCertStore, Error> {
    let wrong = || Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(PinError))));
    let ca = chain.iter().find(|certificate| fingerprint(certificate) == *pin).ok_or_else(wrong)?;
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone().into_owned())?;
    Ok(roots)
}

/// The time to check a collector's certificate at: `now`, or, when the
/// certificate is out of date by no more than [`CLOCK_SKEW_MAX`], the nearest
/// time at which it is valid.
///
/// A host whose clock is wrong by a day must still reach the collector: that is
/// how the skew is measured and shown. What it costs: a collector's certificate
/// is believed for up to 48 hours after it expired (or before it begins). It
/// still has to be signed by our own CA, name this server, and prove its key;
/// an attacker gains only if they stole the key of a collector whose
/// certificate expired within those hours, and with that key they could have
/// acted before it expired. The collector judges agents by its own clock, with
/// no tolerance.
fn tolerant_time(leaf: &CertificateDer<'_>, now: UnixTime) -> UnixTime {
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
        return now;
    };
    let validity = certificate.validity();
    let begins = u64::try_from(validity.not_before.timestamp()).unwrap_or(0);
    let ends = u64::try_from(validity.not_after.timestamp()).unwrap_or(0);
    if begins > ends {
        return now;
    }
    let at = now.as_secs().clamp(begins, ends);
    if at.abs_diff(now.as_secs()) > CLOCK_SKEW_MAX.as_secs() {
        return now;
    }
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(at))
}
