//! Whether a value is a secret: by its key, or by the look of it.

use serde::{Deserialize, Serialize};

use crate::{ItemKey, Value};

/// Why a value was taken for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretReason {
    /// The key says so (`DB_PASSWORD`).
    KeyName,
    /// A URL with a password in it.
    UrlPassword,
    /// PEM, JWT, or a well-known token prefix.
    KnownForm,
    /// High entropy for its length.
    Entropy,
}

/// Why this setting is a secret, if it is one.
#[must_use]
pub fn classify(_key: &ItemKey, _value: &Value) -> Option<SecretReason> {
    None
}
