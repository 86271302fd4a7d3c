//! Operators and what they may do, as the API speaks of them.

use serde::{Deserialize, Serialize};

/// `POST /api/v1/operators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorAdd {
    /// Name.
    pub name: String,
    /// `viewer`, `deployer`, `operator` or `admin`, each also as
    /// `ROLE:ENVIRONMENT`.
    pub roles: Vec<String>,
    /// SHA-256 of the access token, hex: the token itself is made by, and stays
    /// with, whoever adds the operator.
    pub token_sha256: String,
}

/// `POST /api/v1/operators/{name}/rotate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRotate {
    /// SHA-256 of the new access token, hex.
    pub token_sha256: String,
}

/// One operator. Never the access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorInfo {
    /// Name.
    pub name: String,
    /// What they may do.
    pub roles: Vec<String>,
    /// When they were added.
    pub created_at: String,
    /// Whether the access token was taken away.
    pub revoked: bool,
}

/// `GET /api/v1/operators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// By name.
    pub operators: Vec<OperatorInfo>,
}
