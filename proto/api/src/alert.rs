//! What a webhook receives.

use serde::{Deserialize, Serialize};

use crate::actor::Amendment;
use crate::change::{Change, Event};
use crate::judge::Rejudgement;

/// Header with the signature: `t=<seconds>,v1=<hex>`, HMAC-SHA-256 under the
/// route's secret over `<seconds>.<body>`.
pub const SIGNATURE_HEADER: &str = "driftline-signature";

/// Header with the alert's id: the same at every try, so that a receiver can
/// tell a retry from a second alert.
pub const ID_HEADER: &str = "driftline-alert-id";

/// Body of a webhook call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The same at every try.
    pub id: String,
    /// Worst severity within.
    pub severity: String,
    /// One line for a person.
    pub summary: String,
    /// The changes of one observation that are at or above the route's severity.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<Change>,
    /// How many more changes this observation had than are listed.
    #[serde(default)]
    pub more_changes: u64,
    /// Events (a silent agent, a gap, a refused identity).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub events: Vec<Event>,
    /// Who made changes that were told before.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub amendments: Vec<Amendment>,
    /// What changes that were told before are now.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rejudgements: Vec<Rejudgement>,
}
