//! What may be shown of a value: by policy, masked on the host.

use serde::{Deserialize, Serialize};

use crate::format::Setting;
use crate::secret::SecretReason;

/// What a source lets its operators see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisplayPolicy {
    /// Never a value, only digests.
    Digest,
    /// Values in clear, secrets masked.
    #[default]
    Clear,
}

/// A display text that holds no secret: made only by [`masked`], or received
/// from an agent that made it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked(String);

impl Masked {
    /// A text received from an agent or a store.
    #[must_use]
    pub fn from_wire(text: String) -> Self {
        Self(text)
    }

    /// The text to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What to show of a setting under a policy.
#[must_use]
pub fn masked(_setting: &Setting, _secret: Option<SecretReason>, _policy: DisplayPolicy) -> Option<Masked> {
    None
}
