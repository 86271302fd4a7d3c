//! Who a peer is: the one `driftline://` URI in its certificate, and nothing
//! else it may say.
//!
//! Nothing here checks a signature or a time: a certificate arrives after TLS
//! has verified it.

use std::fmt;

pub use driftline_canon::AgentId;
use driftline_canon::{Environment, HostName, NameError, Role};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const SCHEME: &str = "driftline://";

/// Everything that a certificate says about its agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerIdentity {
    /// Which enrolment.
    pub agent: AgentId,
    /// Which host.
    pub host: HostName,
    /// In which environment.
    pub environment: Environment,
    /// For what.
    pub role: Role,
}

/// Why a certificate or URI names no agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not an X.509 certificate.
    #[error("the certificate is damaged")]
    Certificate,
    /// No `driftline://` URI among its names.
    #[error("the certificate names no agent")]
    Missing,
    /// More than one: which to believe?
    #[error("the certificate names {0} agents")]
    Ambiguous(usize),
    /// Not `driftline://agent/…/host/…/env/…/role/…`.
    #[error("the URI in the certificate is not one of an agent")]
    Form,
    /// A name in it is none.
    #[error("the URI in the certificate holds a bad name")]
    Name(#[from] NameError),
}

impl PeerIdentity {
    /// The identity as the URI of a certificate. The characters of names need
    /// no escaping (RFC 3986, section 2.3).
    #[must_use]
    pub fn to_uri(&self) -> String {
        let Self { agent, host, environment, role } = self;
        format!("{SCHEME}agent/{agent}/host/{host}/env/{environment}/role/{role}")
    }

    /// Reads such a URI.
    ///
    /// # Errors
    /// [`IdentityError`] when anything is missing, added or not a name.
    pub fn from_uri(uri: &str) -> Result<Self, IdentityError> {
        let path = uri.strip_prefix(SCHEME).ok_or(IdentityError::Form)?;
        let parts: Vec<&str> = path.split('/').collect();
        let ["agent", agent, "host", host, "env", environment, "role", role] = parts[..] else {
            return Err(IdentityError::Form);
        };
        Ok(Self {
            agent: AgentId::new(agent)?,
            host: HostName::new(host)?,
            environment: Environment::new(environment)?,
            role: Role::new(role)?,
        })
    }

    /// Reads the identity of a certificate (DER) that TLS has verified.
    ///
    /// # Errors
    /// [`IdentityError`] unless it has exactly one `driftline://` URI.
    pub fn from_certificate(der: &[u8]) -> Result<Self, IdentityError> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| IdentityError::Certificate)?;
        if !rest.is_empty() {
            return Err(IdentityError::Certificate);
        }
        let names = certificate.subject_alternative_name().map_err(|_| IdentityError::Certificate)?;
        let names = names.ok_or(IdentityError::Missing)?;
        let uris = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) if uri.starts_with(SCHEME) => Some(*uri),
            _ => None,
        });
        match uris.collect::<Vec<_>>()[..] {
            [] => Err(IdentityError::Missing),
            [uri] => Self::from_uri(uri),
            ref several => Err(IdentityError::Ambiguous(several.len())),
        }
    }
}

/// When a certificate (DER) begins and ends, in milliseconds since 1970 UTC.
///
/// # Errors
/// [`IdentityError::Certificate`] when it is none.
pub fn validity(der: &[u8]) -> Result<(i64, i64), IdentityError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| IdentityError::Certificate)?;
    let ms = |seconds: i64| seconds.saturating_mul(1000);
    let dates = certificate.validity();
    Ok((ms(dates.not_before.timestamp()), ms(dates.not_after.timestamp())))
}

impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.host, self.environment, self.role)
    }
}

#[cfg(test)]
mod tests;
