//! `enroll`: from a token to an identity, safe to repeat.
//!
//! The key is made here, kept before it is used, and never leaves the host. The
//! collector is believed by the CA fingerprint in the token and by nothing else.

use std::path::Path;
use std::sync::Arc;

use driftline_canon::{EnrolmentToken, HostName, NameError, TokenError};
use driftline_daemon::clock::Clock;
use driftline_daemon::exit::{Exit, ExitKind};
use driftline_wire::connect::{self, ConnectError, Endpoint};
use driftline_wire::convert::{EnrolRequest, Enrolled, WireError};
use driftline_wire::identity::PeerIdentity;
use driftline_wire::service;
use driftline_wire::tls::{self, TlsError, TlsSettings};
use driftline_wire::version;
use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use zeroize::Zeroizing;

use crate::identity::{IdentityError, IdentityFile};

/// Why enrolment failed.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The text is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The host's name cannot be one.
    #[error("`{name}` cannot be this host's name")]
    HostName {
        /// The name.
        name: String,
        /// Why not.
        source: NameError,
    },
    /// No collector of the token could be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It was reached and said no.
    #[error("{endpoint} refused: {reason}")]
    Refused {
        /// Which collector.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// It was reached and failed.
    #[error("{endpoint} could not answer: {reason}")]
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
    /// The certificate in its answer is for somebody else, or of another CA.
    #[error("{endpoint} gave a certificate that is not this host's")]
    Foreign {
        /// Which collector.
        endpoint: String,
    },
    /// The identity cannot be kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A key or request could not be made.
    #[error("could not make a certificate request")]
    Request(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("could not set up TLS")]
    Tls(#[from] TlsError),
}

impl ExitKind for EnrollError {
    fn exit(&self) -> Exit {
        match self {
            Self::Token(_) | Self::Refused { .. } | Self::Foreign { .. } => Exit::Denied,
            Self::Connect(ConnectError::OtherCa { .. } | ConnectError::Certificate { .. }) => Exit::Denied,
            Self::Connect(_) | Self::Failed { .. } | Self::Answer { .. } => Exit::Unreachable,
            Self::HostName { .. } => Exit::Usage,
            Self::Identity(_) => Exit::Denied,
            Self::Request(_) | Self::Tls(_) => Exit::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Token(_) | Self::Refused { .. } => {
                "make a new token: driftline token create --env ENVIRONMENT --role ROLE"
            }
            Self::Connect(ConnectError::OtherCa { .. }) => "the token is for another collector than this one",
            Self::Connect(_) => "the same token can be used again once the collector can be reached",
            Self::HostName { .. } => "give the host a name: driftline-agent enroll --host NAME TOKEN",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// What enrolment made of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    /// Host, environment, role and agent id.
    pub peer: PeerIdentity,
    /// End of the certificate's validity.
    pub not_after_ms: i64,
    /// The collector's clock minus ours, roughly.
    pub skew_ms: i64,
}

/// Enrols this host under `host`. Repeating it with the same token gives the
/// same identity again.
///
/// # Errors
/// [`EnrollError`]; nothing that was enrolled before is lost.
pub async fn enroll(text: &str, state_dir: &Path, host: &str, clock: &Clock) -> Result<Enrollment, EnrollError> {
    let token = EnrolmentToken::decode(text)?;
    let host = HostName::new(host).map_err(|source| EnrollError::HostName { name: host.to_owned(), source })?;
    let file = IdentityFile::new(state_dir);
    if let Some(identity) = file.made_by(&token.id)? {
        return Ok(Enrollment { peer: identity.peer, not_after_ms: identity.not_after_ms, skew_ms: 0 });
    }
    let key = file.key_to_enrol(&token.id)?;
    let request = EnrolRequest {
        protocol: version::PROTOCOL,
        token_id: token.id.clone(),
        token_secret: Zeroizing::new(token.secret),
        csr: csr(&key, &host)?,
        hostname: host,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        sent_ms: clock.now_ms(),
    };
    let now = clock.clone();
    let tls = tls::pinned_client(token.ca_sha256, &TlsSettings::new().with_clock(move || now.now_ms()))?;
    let (endpoint, answer) = ask_each(&token.enrol, &tls, &request).await?;
    let peer = PeerIdentity::from_certificate(&answer.certificate);
    if peer.as_ref() != Ok(&answer.identity) || tls::fingerprint(&answer.ca_certificate) != token.ca_sha256 {
        return Err(EnrollError::Foreign { endpoint });
    }
    file.enrolled(&token, &answer.ca_certificate, &answer.certificate)?;
    Ok(Enrollment {
        peer: answer.identity,
        not_after_ms: answer.not_after_ms,
        skew_ms: answer.sent_ms.saturating_sub(clock.now_ms()),
    })
}

/// A certificate request for a key. The name in it is for people: the collector
/// reads only the public key.
pub(crate) fn csr(key: &KeyPair, host: &HostName) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, host.as_str());
    Ok(params.serialize_request(key)?.der().to_vec())
}

/// Asks one endpoint after the other; the first answer counts, and so does the
/// first clear no.
async fn ask_each(
    endpoints: &[String],
    tls: &Arc<ClientConfig>,
    request: &EnrolRequest,
) -> Result<(String, Enrolled), EnrollError> {
    let mut last = None;
    for endpoint in endpoints {
        match ask(endpoint, tls, request).await {
            Ok(answer) => return Ok((endpoint.clone(), answer)),
            Err(error) if error.exit() == Exit::Denied => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(EnrollError::Token(TokenError::Damaged)))
}

async fn ask(endpoint: &str, tls: &Arc<ClientConfig>, request: &EnrolRequest) -> Result<Enrolled, EnrollError> {
    let address: Endpoint = endpoint.parse()?;
    let connection = connect::connect(&address, Arc::clone(tls)).await?;
    let answer = service::enrolment_client(connection.channel).enroll(request.encode()).await;
    let answer = answer.map_err(|status| of_status(endpoint, &status))?;
    let endpoint = endpoint.to_owned();
    Enrolled::decode(answer.into_inner()).map_err(|source| EnrollError::Answer { endpoint, source })
}

fn of_status(endpoint: &str, status: &tonic::Status) -> EnrollError {
    let endpoint = endpoint.to_owned();
    let reason = status.message().to_owned();
    match status.code() {
        tonic::Code::Unauthenticated
        | tonic::Code::PermissionDenied
        | tonic::Code::FailedPrecondition
        | tonic::Code::InvalidArgument => EnrollError::Refused { endpoint, reason },
        _ => EnrollError::Failed { endpoint, reason },
    }
}

#[cfg(test)]
mod tests;
