//! The whole story of one change, or of one key as it is now.

use serde::{Deserialize, Serialize};

use crate::actor::Amendment;
use crate::change::Change;
use crate::host::Item;

/// `GET /api/v1/explain/ID`, and `GET /api/v1/explain` (query: `host`, `key`, and
/// `source` where several of the host have the key).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The change; none of a key that is as it was when it was first seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<Change>,
    /// What became known of its actor later.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amendment: Option<Amendment>,
    /// Why it has its verdict, and what became known later: sentences.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<String>,
    /// Why it has its severity: the rule.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// What a verdict, or an actor, would have needed and was not there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<String>,
    /// How it is now.
    pub now: Standing,
    /// Firewalls: what each dump file of the host that is watched says of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub persisted: Vec<Persisted>,
    /// Earlier changes of the key on the host and source, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub earlier: Vec<Change>,
    /// Later ones, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub later: Vec<Change>,
}

/// How a key of a host and source is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Host.
    pub host: String,
    /// Logical source name.
    pub source: String,
    /// Path on the host.
    pub path: String,
    /// Which key.
    pub key: String,
    /// `so`: as the change left it. `otherwise`: it has another value.
    /// `absent`: it is not there. `retired`: nobody watches it any more. `there`:
    /// it is there, and no change is told. `elsewhere`: its host moved to an
    /// environment that the asker does not see.
    pub state: String,
    /// The item, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item: Option<Item>,
    /// When its host was last verified to be as stored here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verified_at: Option<String>,
}

/// What a dump file says of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persisted {
    /// Logical source name.
    pub source: String,
    /// Path on the host.
    pub path: String,
    /// Whether it has the same key.
    pub holds: bool,
    /// Whether with the same value; missing where it does not have the key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same: Option<bool>,
    /// The line that it stands on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
}
