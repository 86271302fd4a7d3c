//! The canonical value of a setting, in clear: it exists only on the host.
//!
//! A value is wiped when it is dropped, prints as its kind alone, and leaves
//! this process only as a [`crate::Digest`] or as masked display text.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ItemKey;

/// What a program reads at one key.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes, after quotes, escapes and templates have been resolved.
    Text(Bytes),
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
        Self::Text(Bytes::from(bytes.into()))
    }

    /// Bytes of a plain value that its key may show: where the key ends with
    /// them, as that of a rule does, both hold one text.
    pub(crate) fn shown_by(key: &ItemKey, bytes: &[u8]) -> Self {
        let text = key.shared();
        let held = match text.as_bytes().strip_suffix(bytes) {
            Some(before) => Held::ByKey { text: Arc::clone(text), from: before.len() },
            None => Held::Own(Zeroizing::new(bytes.to_vec())),
        };
        Self::Text(Bytes(held))
    }

    /// The bytes to look at when deciding whether this is a secret; empty
    /// where there are none.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) => bytes,
            Self::Template(bytes) => bytes,
            Self::Inherited => b"",
            Self::Content(hash) => hash,
        }
    }

    /// Whether these bytes are held as the end of that key: it shows them all.
    pub(crate) fn is_end_of(&self, key: &ItemKey) -> bool {
        matches!(self, Self::Text(Bytes(Held::ByKey { text, .. })) if Arc::ptr_eq(text, key.shared()))
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

/// The bytes of a value. They are wiped when it is dropped, unless they are the
/// end of its key, which shows no secret.
#[derive(Clone)]
pub struct Bytes(Held);

#[derive(Clone)]
enum Held {
    Own(Zeroizing<Vec<u8>>),
    ByKey { text: Arc<str>, from: usize },
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Own(bytes) => bytes,
            Held::ByKey { text, from } => &text.as_bytes()[*from..],
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Held::Own(Zeroizing::new(bytes)))
    }
}

impl From<Zeroizing<Vec<u8>>> for Bytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Held::Own(bytes))
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
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
