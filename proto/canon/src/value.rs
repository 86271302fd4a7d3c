//! The canonical value of a setting, in clear: it exists only on the host.
//!
//! A value is wiped when it is dropped, prints as its kind alone, and leaves
//! this process only as a [`crate::Digest`] or as masked display text.

use std::fmt;

use zeroize::Zeroizing;

/// What a program reads at one key.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes, after quotes, escapes and templates have been resolved.
    Text(Zeroizing<Vec<u8>>),
    /// The name alone, without `=`: taken from the environment of whoever
    /// starts the program (docker, compose).
    Inherited,
    /// A template that refers to names this file does not define, with what
    /// could be resolved in place: its value depends on the host.
    Template(Zeroizing<Vec<u8>>),
    /// The SHA-256 of a content that is not parsed.
    Content([u8; 32]),
}

impl Value {
    /// Bytes of a plain value.
    #[must_use]
    pub fn text(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Text(Zeroizing::new(bytes.into()))
    }

    /// The bytes to look at when deciding whether this is a secret; empty
    /// where there are none.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Template(bytes) => bytes,
            Self::Inherited => b"",
            Self::Content(hash) => hash,
        }
    }

    /// A byte that keeps the kinds apart in the digest: an empty text is not a
    /// missing value, a literal `${A}` is not a template.
    #[must_use]
    pub fn tag(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Inherited => 2,
            Self::Template(_) => 3,
            Self::Content(_) => 4,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Inherited => "Inherited",
            Self::Template(_) => "Template(..)",
            Self::Content(_) => "Content(..)",
        })
    }
}
