//! Baselines: what a person approved as known-good.

use serde::{Deserialize, Serialize};

/// `POST /api/v1/baselines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineRequest {
    /// Hosts whose state is approved.
    pub selector: String,
    /// Only this source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Why it is good.
    pub reason: String,
}

/// One baseline, without its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineInfo {
    /// Rises with each approval.
    pub number: u64,
    /// Hosts that were meant.
    pub selector: String,
    /// Only this source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Why it is good.
    pub reason: String,
    /// Who says so.
    pub approved_by: String,
    /// When.
    pub approved_at: String,
    /// The hosts.
    pub hosts: Vec<String>,
    /// Items of all of them.
    pub items: u64,
    /// Whether any host still has it as the latest of a source.
    pub in_force: bool,
}

/// Answer to [`BaselineRequest`]; `GET /api/v1/baselines/NUMBER` with its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The baseline.
    pub baseline: BaselineInfo,
    /// What was not approved, because nobody could see it (`web-3 (silent)`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub skipped: Vec<String>,
    /// Its items, if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub items: Vec<BaselineItem>,
}

/// One approved item, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineItem {
    /// Host.
    pub host: String,
    /// Source.
    pub source: String,
    /// Key.
    pub key: String,
    /// What may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// `GET /api/v1/baselines?env=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub baselines: Vec<BaselineInfo>,
}
