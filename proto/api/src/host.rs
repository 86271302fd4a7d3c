//! Hosts, their sources and items, and the state of the whole.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// One host, as the collector knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub host: String,
    /// Environment.
    pub environment: String,
    /// Role.
    pub role: String,
    /// Agent id.
    pub agent: String,
    /// `connected`, `stopped` (on purpose), `silent`, `never`, `quarantined`, `revoked`.
    pub status: String,
    /// When it last said anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_seen: Option<String>,
    /// When its state was last verified identical, root for root.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verified_at: Option<String>,
    /// Version of the agent.
    pub agent_version: String,
    /// Operating system.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// CPU architecture.
    pub architecture: String,
    /// Boot id.
    pub boot_id: String,
    /// The agent's resident memory in bytes.
    pub agent_resident_bytes: u64,
    /// The host's clock minus the collector's, in milliseconds, at the last hello.
    pub clock_skew_ms: i64,
    /// Sources watched.
    pub sources: u32,
    /// Sources that are polled or cannot be read.
    pub degraded_sources: u32,
    /// Open problems.
    pub problems: u32,
    /// What is on it and watched; none: it was not said since the collector
    /// started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage: Option<Coverage>,
}

/// How much of what an agent found on its host is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Files that were found.
    pub found: u32,
    /// Of those, files that a source watches.
    pub watched: u32,
}

/// A file that is on a host and that no source watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwatched {
    /// Where it is.
    pub path: String,
    /// Who reads it.
    pub reason: String,
}

/// `GET /api/v1/hosts` (query: `env`, `cursor`, `limit`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPage {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The hosts of this page, by environment and name.
    pub hosts: Vec<Host>,
    /// Cursor of the next page; none at the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// One item of a source, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which key.
    pub key: String,
    /// What may be shown of its value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Since when it has this value.
    pub since: String,
}

/// One source of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Logical name.
    pub source: String,
    /// Kind.
    pub kind: String,
    /// Path on the host.
    pub path: String,
    /// When it was last observed to change.
    pub observed_at: String,
    /// Whether it is still configured on the agent.
    pub retired: bool,
    /// Its items, by key.
    pub items: Vec<Item>,
    /// Its open problems.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub problems: Vec<Problem>,
}

/// `GET /api/v1/hosts/HOST`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The host, as it is now.
    pub host: Host,
    /// The time that its sources are told of (`?at=TIME`); none: now. A problem
    /// of kind `unknown` says what nobody knows of then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<String>,
    /// Its sources, by name.
    pub sources: Vec<Source>,
    /// What is on it and not watched, by path; at most a hundred.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unwatched: Vec<Unwatched>,
    /// Cursor of the next page of sources, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// One environment in the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSummary {
    /// Environment.
    pub environment: String,
    /// Hosts enrolled.
    pub hosts: u32,
    /// Hosts connected now.
    pub connected: u32,
    /// Hosts silent, quarantined or revoked.
    pub unwell: u32,
    /// Changes in the last 24 hours, by severity.
    pub changes_24h: SeverityCount,
    /// Open problems.
    pub problems: u32,
}

/// A count per severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeverityCount {
    /// Critical.
    pub critical: u64,
    /// Warning.
    pub warning: u64,
    /// Info.
    pub info: u64,
}

/// `GET /api/v1/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of the collector.
    pub collector_version: String,
    /// The collector's time.
    pub now: String,
    /// Since when it runs.
    pub started_at: String,
    /// Store engine (`redb`, `sled`).
    pub engine: String,
    /// Entries of the history.
    pub history_entries: u64,
    /// Alerts waiting in the outbox.
    pub alerts_pending: u64,
    /// The environments, by name.
    pub environments: Vec<EnvironmentSummary>,
}
