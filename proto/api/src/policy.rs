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
    /// Changes that would have another verdict.
    pub judged_otherwise: u64,
    /// Changes that cannot be judged again: their host is gone, or has another
    /// fleet key by now.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub not_judged: u64,
    /// How many would have which other severity, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub severities: Vec<PolicyTurn>,
    /// How many would have which other verdict, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub verdicts: Vec<PolicyTurn>,
    /// The newest of those that would be otherwise.
    pub examples: Vec<PolicyExample>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Changes that were one thing and would be another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTurn {
    /// What they are.
    pub before: String,
    /// What they would be.
    pub after: String,
    /// How many.
    pub changes: u64,
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
    /// The verdict that it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict_before: Option<String>,
    /// The verdict that it would have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict_after: Option<String>,
    /// What another verdict would rest on, in one sentence each.
    pub notes: Vec<String>,
}
