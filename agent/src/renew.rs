//! Renewal of the certificate, in two phases: the new key and certificate are
//! on disk before they are used, and the old ones go only when a collector has
//! accepted the new ones.
//!
//! When to renew is a pure function of the certificate's dates. An expired
//! certificate can still be renewed: the request is signed, not its connection.

use std::path::Path;
use std::sync::Arc;

use driftline_daemon::clock::Clock;
use driftline_wire::connect::{self, ConnectError, Endpoint};
use driftline_wire::convert::{Enrolled, RenewRequest, WireError};
use driftline_wire::identity::PeerIdentity;
use driftline_wire::service;
use driftline_wire::tls::{self, TlsError, TlsSettings};
use driftline_wire::version;
use rcgen::{PublicKeyData as _, SigningKey as _};
use rustls::ClientConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::enroll::csr;
use crate::identity::{Identity, IdentityError, IdentityFile};

/// Why a certificate was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// No collector could be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It was reached and said no.
    #[error("{endpoint} refused to renew the certificate: {reason}")]
    Refused {
        /// Which collector.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// It was reached and failed.
    #[error("{endpoint} could not renew the certificate: {reason}")]
    Failed {
        /// Which collector.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// Its answer makes no sense.
    #[error("{endpoint} gave an answer that makes no sense")]
    Answer {
        /// Which collector.
        endpoint: String,
        /// Why not.
        source: WireError,
    },
    /// The certificate in its answer is for somebody else.
    #[error("{endpoint} gave a certificate of another agent")]
    Foreign {
        /// Which collector.
        endpoint: String,
    },
    /// The identity cannot be read or kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A request could not be made.
    #[error("could not make a certificate request")]
    Request(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("could not set up TLS")]
    Tls(#[from] TlsError),
    /// No endpoint is known.
    #[error("no collector to renew with is known")]
    NoEndpoint,
}

impl RenewError {
    /// Whether only a person can help: the host must be enrolled again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Foreign { .. })
    }
}

/// Whether it is time: from half of the certificate's life on.
#[must_use]
pub fn due(identity: &Identity, now_ms: i64) -> bool {
    now_ms >= half_life_ms(identity.not_before_ms, identity.not_after_ms)
}

/// Whether the certificate has ended, so that only a renewal gets a connection.
#[must_use]
pub fn expired(identity: &Identity, now_ms: i64) -> bool {
    now_ms >= identity.not_after_ms
}

fn half_life_ms(not_before_ms: i64, not_after_ms: i64) -> i64 {
    not_before_ms.saturating_add(not_after_ms.saturating_sub(not_before_ms) / 2)
}

/// Fetches the next certificate and keeps it beside the old one. Repeating it
/// after a failure at any point asks for the same key again.
///
/// # Errors
/// [`RenewError`]; the identity in use stays as it is.
pub async fn renew(state_dir: &Path, identity: &Identity, clock: &Clock) -> Result<Identity, RenewError> {
    let file = IdentityFile::new(state_dir);
    let next = file.key_to_renew()?;
    let csr = csr(&next, &identity.peer.host)?;
    let old = PrivatePkcs8KeyDer::from(identity.key.as_slice());
    let old = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&old, &rcgen::PKCS_ECDSA_P256_SHA256)?;
    debug_assert_ne!(old.der_bytes(), next.der_bytes());
    let request = RenewRequest {
        protocol: version::PROTOCOL,
        certificate: identity.certificate.clone(),
        signature: old.sign(&csr)?,
        csr,
        sent_ms: clock.now_ms(),
    };
    let now = clock.clone();
    let settings = TlsSettings::new().with_clock(move || now.now_ms());
    let tls = tls::pinned_client(tls::fingerprint(&identity.ca), &settings)?;
    let (endpoint, answer) = ask_each(&identity.enrol, &tls, &request).await?;
    if PeerIdentity::from_certificate(&answer.certificate).as_ref() != Ok(&identity.peer) {
        return Err(RenewError::Foreign { endpoint });
    }
    file.renewed(&answer.certificate)?;
    Ok(Identity::load(state_dir)?)
}

/// A collector has accepted a connection with the newest certificate.
///
/// # Errors
/// [`IdentityError`] when that cannot be written down; it is then tried again at
/// the next connection.
pub fn confirm(state_dir: &Path) -> Result<(), IdentityError> {
    IdentityFile::new(state_dir).confirm()
}

async fn ask_each(
    endpoints: &[String],
    tls: &Arc<ClientConfig>,
    request: &RenewRequest,
) -> Result<(String, Enrolled), RenewError> {
    let mut last = RenewError::NoEndpoint;
    for endpoint in endpoints {
        match ask(endpoint, tls, request).await {
            Ok(answer) => return Ok((endpoint.clone(), answer)),
            Err(error) if error.is_final() => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn ask(endpoint: &str, tls: &Arc<ClientConfig>, request: &RenewRequest) -> Result<Enrolled, RenewError> {
    let address: Endpoint = endpoint.parse()?;
    let connection = connect::connect(&address, Arc::clone(tls)).await?;
    let answer = service::enrolment_client(connection.channel).renew(request.encode()).await;
    let endpoint = endpoint.to_owned();
    let answer = answer.map_err(|status| of_status(endpoint.clone(), &status))?;
    Enrolled::decode(answer.into_inner()).map_err(|source| RenewError::Answer { endpoint, source })
}

fn of_status(endpoint: String, status: &tonic::Status) -> RenewError {
    let reason = status.message().to_owned();
    match status.code() {
        tonic::Code::Unauthenticated | tonic::Code::PermissionDenied | tonic::Code::InvalidArgument => {
            RenewError::Refused { endpoint, reason }
        }
        _ => RenewError::Failed { endpoint, reason },
    }
}

#[cfg(test)]
mod tests;
