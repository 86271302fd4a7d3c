//! Desired state: what CI/CD declares, as digests and masked displays.
//!
//! What is pushed was digested with the fleet key where the files were read;
//! a value is in none of these shapes, and no answer repeats a digest.

use serde::{Deserialize, Serialize};

/// `POST /api/v1/desired`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesiredPush {
    /// Hosts it is for; an environment at least.
    pub selector: String,
    /// The commit, or whatever CI/CD calls it.
    pub revision: String,
    /// Ticket.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ticket: Option<String>,
    /// Seconds until it is no longer valid; none: until a later push.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_s: Option<u64>,
    /// Whether it may replace another content of the same revision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replace: Option<bool>,
    /// What it declares.
    pub declared: Declared,
}

/// Sources as files of a repository have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Epoch of the fleet key that made the digests.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form that they were made with.
    pub canonical_form: u32,
    /// The sources.
    pub sources: Vec<DeclaredSource>,
}

/// One declared source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSource {
    /// Logical name.
    pub source: String,
    /// Kind.
    pub kind: String,
    /// Its settings.
    pub items: Vec<DeclaredItem>,
}

/// One declared setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredItem {
    /// Key.
    pub key: String,
    /// Digest under the fleet key, 64 hexadecimal characters.
    pub digest: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
}

/// Answer to [`DesiredPush`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The revision as it is kept.
    pub revision: RevisionInfo,
    /// Whether it is new; the same content again is no change.
    pub changed: bool,
    /// Hosts that it is for, as far as they are known now.
    pub hosts: u64,
    /// What an operator should know (`no host of role web yet`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

/// What was declared at one revision, without its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionInfo {
    /// Rises with each push.
    pub number: u64,
    /// Hosts it is for.
    pub selector: String,
    /// The commit, or whatever CI/CD calls it.
    pub revision: String,
    /// `current` (the newest for each of its sources), `partly current`,
    /// `superseded` or `expired`.
    pub status: String,
    /// Ticket.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ticket: Option<String>,
    /// Who pushed it.
    pub pushed_by: String,
    /// When.
    pub pushed_at: String,
    /// Until when it is valid; none: until a later push.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<String>,
    /// Its sources.
    pub sources: Vec<DeclaredCount>,
}

/// One source of a revision, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredCount {
    /// Source.
    pub source: String,
    /// Its settings.
    pub items: u32,
}

/// `GET /api/v1/desired?env=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub revisions: Vec<RevisionInfo>,
}

/// `GET /api/v1/desired/show?env=…&revision=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The revision.
    pub revision: RevisionInfo,
    /// What it declares, by source and key.
    pub items: Vec<ShownItem>,
}

/// One declared setting, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownItem {
    /// Source.
    pub source: String,
    /// Kind of the source.
    pub kind: String,
    /// Key.
    pub key: String,
    /// What may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
}
