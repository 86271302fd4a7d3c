//! Messages of enrolment and renewal.
//!
//! Certificates and requests are only bounded here; whether they are any good
//! is for the CA and for TLS to say.

use std::fmt;

use driftline_canon::{Environment, HostName, Role};
use zeroize::Zeroizing;

use super::{WireError, field};
use crate::identity::{AgentId, PeerIdentity};
use crate::limits::{DER_BYTES_MAX, TEXT_BYTES_MAX};
use crate::v1;
use crate::version::ProtocolVersion;

/// Bytes of an ECDSA P-256 signature in ASN.1: at most 72.
const SIGNATURE_BYTES_MAX: usize = 128;

/// Asks for a first certificate, by token.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolRequest {
    /// What the agent speaks.
    pub protocol: ProtocolVersion,
    /// Names the token.
    pub token_id: String,
    /// Proves it.
    pub token_secret: Zeroizing<[u8; 32]>,
    /// PKCS#10, DER. Only its public key is used.
    pub csr: Vec<u8>,
    /// How the host calls itself: the name it asks for.
    pub hostname: HostName,
    /// Version of the program, for people.
    pub agent_version: String,
    /// When it was sent, by the agent's clock, however wrong.
    pub sent_ms: i64,
}

impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolRequest({} with token {})", self.hostname, self.token_id)
    }
}

impl EnrolRequest {
    /// As a message.
    #[must_use]
    pub fn encode(&self) -> v1::EnrollRequest {
        v1::EnrollRequest {
            protocol: Some(self.protocol.into()),
            token_id: field::printable(&self.token_id, TEXT_BYTES_MAX),
            token_secret: self.token_secret.to_vec(),
            csr: self.csr.clone(),
            hostname: self.hostname.as_str().to_owned(),
            agent_version: field::printable(&self.agent_version, TEXT_BYTES_MAX),
            sent_ms: self.sent_ms,
        }
    }

    /// From a message.
    ///
    /// # Errors
    /// [`WireError`] names the field.
    pub fn decode(request: v1::EnrollRequest) -> Result<Self, WireError> {
        let secret = Zeroizing::new(request.token_secret);
        Ok(Self {
            protocol: field::required("protocol", request.protocol)?.into(),
            token_id: field::text("token_id", request.token_id, TEXT_BYTES_MAX)?,
            token_secret: Zeroizing::new(field::array("token_secret", &secret)?),
            csr: field::bytes("csr", request.csr, DER_BYTES_MAX)?,
            hostname: HostName::new(request.hostname).map_err(|error| WireError::of("hostname", error))?,
            agent_version: field::text("agent_version", request.agent_version, TEXT_BYTES_MAX)?,
            sent_ms: request.sent_ms,
        })
    }
}

/// Asks for the next certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewRequest {
    /// What the agent speaks.
    pub protocol: ProtocolVersion,
    /// The newest certificate of this agent, DER, expired or not.
    pub certificate: Vec<u8>,
    /// PKCS#10, DER.
    pub csr: Vec<u8>,
    /// Over `csr`, by the key of `certificate` (ECDSA P-256 SHA-256, ASN.1).
    pub signature: Vec<u8>,
    /// When it was sent, by the agent's clock, however wrong.
    pub sent_ms: i64,
}

impl RenewRequest {
    /// As a message.
    #[must_use]
    pub fn encode(&self) -> v1::RenewRequest {
        v1::RenewRequest {
            protocol: Some(self.protocol.into()),
            certificate: self.certificate.clone(),
            csr: self.csr.clone(),
            signature: self.signature.clone(),
            sent_ms: self.sent_ms,
        }
    }

    /// From a message.
    ///
    /// # Errors
    /// [`WireError`] names the field.
    pub fn decode(request: v1::RenewRequest) -> Result<Self, WireError> {
        Ok(Self {
            protocol: field::required("protocol", request.protocol)?.into(),
            certificate: field::bytes("certificate", request.certificate, DER_BYTES_MAX)?,
            csr: field::bytes("csr", request.csr, DER_BYTES_MAX)?,
            signature: field::bytes("signature", request.signature, SIGNATURE_BYTES_MAX)?,
            sent_ms: request.sent_ms,
        })
    }
}

/// A certificate, and who its holder now is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The agent's certificate, DER.
    pub certificate: Vec<u8>,
    /// The CA's, DER.
    pub ca_certificate: Vec<u8>,
    /// What the certificate says, for people and logs.
    pub identity: PeerIdentity,
    /// When the certificate ends.
    pub not_after_ms: i64,
    /// When this was sent, by the collector's clock.
    pub sent_ms: i64,
}

impl Enrolled {
    /// As a message.
    #[must_use]
    pub fn encode(&self) -> v1::EnrollResponse {
        v1::EnrollResponse {
            certificate: self.certificate.clone(),
            ca_certificate: self.ca_certificate.clone(),
            agent_id: self.identity.agent.as_str().to_owned(),
            host: self.identity.host.as_str().to_owned(),
            environment: self.identity.environment.as_str().to_owned(),
            role: self.identity.role.as_str().to_owned(),
            not_after_ms: self.not_after_ms,
            sent_ms: self.sent_ms,
        }
    }

    /// From a message.
    ///
    /// # Errors
    /// [`WireError`] names the field.
    pub fn decode(response: v1::EnrollResponse) -> Result<Self, WireError> {
        let identity = PeerIdentity {
            agent: AgentId::new(response.agent_id).map_err(|error| WireError::of("agent_id", error))?,
            host: HostName::new(response.host).map_err(|error| WireError::of("host", error))?,
            environment: Environment::new(response.environment).map_err(|error| WireError::of("environment", error))?,
            role: Role::new(response.role).map_err(|error| WireError::of("role", error))?,
        };
        Ok(Self {
            certificate: field::bytes("certificate", response.certificate, DER_BYTES_MAX)?,
            ca_certificate: field::bytes("ca_certificate", response.ca_certificate, DER_BYTES_MAX)?,
            identity,
            not_after_ms: field::time("not_after_ms", response.not_after_ms)?,
            sent_ms: field::time("sent_ms", response.sent_ms)?,
        })
    }
}
