//! The policy, as the API speaks of it.

use serde::{Deserialize, Serialize};

/// `PUT /api/v1/policy`: a policy to be in force from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPush {
    /// The whole text.
    pub text: String,
    /// The version that it was made from; it is refused if another one is in
    /// force by now. None: there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replaces: Option<u64>,
}

/// One version of the policy, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInfo {
    /// From 1.
    pub version: u64,
    /// Whether it is the one that counts.
    pub in_force: bool,
    /// Who applied it.
    pub applied_by: String,
    /// When.
    pub applied_at: String,
    /// What is different from the version before.
    pub summary: String,
}

/// `GET /api/v1/policy` and `/api/v1/policy/{version}`, and the answer to
/// [`PolicyPush`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Which; none: no policy was ever applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<PolicyInfo>,
    /// Its text.
    pub text: String,
}

/// `GET /api/v1/policy/history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub versions: Vec<PolicyInfo>,
}

/// `POST /api/v1/policy/test`: what a policy would have made of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTrial {
    /// The whole text.
    pub text: String,
    /// Days back from now.
    pub days: u32,
}

/// Answer to [`PolicyTrial`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyOutcome {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Changes looked at.
    pub changes: u64,
    /// Whether there are more of those days than were looked at.
    pub cut_short: bool,
    /// Changes that would have another severity or class.
    pub weighed_otherwise: u64,
    /// Changes by whose actor another rule would speak, or over which another
    /// freeze would lie.
    pub judged_otherwise: u64,
    /// The newest of them.
    pub examples: Vec<PolicyExample>,
}

/// One change that a policy would see otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyExample {
    /// Its id in the history.
    pub id: u64,
    /// When.
    pub observed_at: String,
    /// Environment.
    pub environment: String,
    /// Host.
    pub host: String,
    /// Source.
    pub source: String,
    /// Key.
    pub key: String,
    /// Severity as it was recorded.
    pub severity_before: String,
    /// Severity under the new policy.
    pub severity_after: String,
    /// What else would be different, in one sentence each.
    pub notes: Vec<String>,
}
