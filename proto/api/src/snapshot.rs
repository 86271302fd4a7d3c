//! A snapshot: what hosts have, or files say, to be compared without a
//! collector.
//!
//! Its digests were peppered by one collector and mean nothing to another; a
//! value is in none of them.

use serde::{Deserialize, Serialize};

use crate::desired::Declared;

/// Version of the form of snapshots.
pub const SNAPSHOT_FORM: u32 = 1;

/// `POST /api/v1/snapshot`: what files say, to be peppered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRequest {
    /// What comparisons call it.
    pub name: String,
    /// Role that its sources are of; none: it is held against any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<String>,
    /// What the files say.
    pub declared: Declared,
}

/// `GET /api/v1/snapshot?selector=SELECTOR`, and the answer to
/// [`SnapshotRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// [`SNAPSHOT_FORM`]: what a file is known by.
    pub driftline_snapshot: u32,
    /// What comparisons call it.
    pub name: String,
    /// When it was made.
    pub made_at: String,
    /// Names the pepper of its digests: only those of one pepper compare.
    pub pepper: String,
    /// Whether it says what files declare: settings alone, and no more sources
    /// than are in it.
    pub declared: bool,
    /// What it has of each host.
    pub hosts: Vec<SnapshotHost>,
    /// What makes it less than a check (`web-3 (silent)`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unchecked: Vec<String>,
}

/// One host of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHost {
    /// Host.
    pub host: String,
    /// Role.
    pub role: String,
    /// Epoch of the fleet key that its digests were made with.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form that they were made with.
    pub canonical_form: u32,
    /// Its sources.
    pub sources: Vec<SnapshotSource>,
}

/// One source of a host of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSource {
    /// Logical name.
    pub source: String,
    /// Kind.
    pub kind: String,
    /// Whether nobody could see what it has.
    pub unreadable: bool,
    /// Its items.
    pub items: Vec<SnapshotItem>,
}

/// One item of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotItem {
    /// Key.
    pub key: String,
    /// Peppered digest, 64 hexadecimal characters.
    pub digest: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
}
