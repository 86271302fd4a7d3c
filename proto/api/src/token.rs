//! Enrolment tokens and operators, as the API speaks of them.

use serde::{Deserialize, Serialize};

/// `POST /api/v1/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Environment that the certificate will name.
    pub environment: String,
    /// Role that the certificate will name.
    pub role: String,
    /// Host name that alone may use it; any if not given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// Seconds until it expires (60 to 604,800; 3,600 if not given).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_s: Option<u64>,
    /// SHA-256 of the secret as canon hashes it, hex: the secret itself is made
    /// by, and stays with, the operator.
    pub secret_sha256: String,
}

/// Answer to [`TokenRequest`]: what the operator's side needs for the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenGrant {
    /// Names the token.
    pub id: String,
    /// Seconds since 1970 after which it is refused.
    pub expires_s: u64,
    /// SHA-256 of the CA certificate (DER), hex.
    pub ca_sha256: String,
    /// Where to enrol: `host:port`.
    pub enrol: Vec<String>,
    /// Where to send changes: `host:port`.
    pub ingest: Vec<String>,
}

/// One token in a list. Never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// Names the token.
    pub id: String,
    /// Environment.
    pub environment: String,
    /// Role.
    pub role: String,
    /// `open`, `used`, `expired` or `revoked`.
    pub status: String,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it expires.
    pub expires_at: String,
    /// The host that used it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_by: Option<String>,
}

/// `GET /api/v1/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub tokens: Vec<TokenInfo>,
}

/// `GET /api/v1/whoami`: what `driftline login` checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Operator name.
    pub operator: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Version of the collector.
    pub collector_version: String,
}
