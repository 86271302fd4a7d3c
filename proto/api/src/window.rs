//! Windows, as the API speaks of them.

use serde::{Deserialize, Serialize};

/// `POST /api/v1/windows`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowOpen {
    /// Hosts, as a selector that names an environment.
    pub selector: String,
    /// Only this source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Only changes by this login user, unit or executable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<String>,
    /// Why.
    pub ticket: String,
    /// For how many seconds, from now on.
    pub seconds: u64,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowInfo {
    /// Names it.
    pub id: u64,
    /// `open`, `closed` (by hand) or `over`.
    pub status: String,
    /// Hosts.
    pub selector: String,
    /// Only this source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Only changes by this login user, unit or executable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<String>,
    /// Why.
    pub ticket: String,
    /// Who opened it.
    pub opened_by: String,
    /// From then on.
    pub from: String,
    /// Up to then.
    pub until: String,
    /// Who closed it by hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_by: Option<String>,
}

/// `GET /api/v1/windows`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub windows: Vec<WindowInfo>,
}
