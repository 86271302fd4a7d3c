//! The key of an item: a text that is safe to print and still names the exact
//! bytes it came from.
//!
//! Bytes that are not UTF-8, control characters and characters that reorder or
//! hide text are escaped; the escape is injective, so two different keys never
//! print alike. Keys that begin with `@` are metadata of the source itself; a
//! setting whose own name begins with `@` is escaped to `\@`. No key is ever
//! parsed back: it is compared and shown.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::limits::KEY_BYTES_MAX;

/// A canonical, printable item key (at most [`KEY_BYTES_MAX`] bytes).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemKey(Arc<str>);

impl ItemKey {
    /// What of a file is watched without being parsed: all of it, or the lines
    /// that could not be read. It counts as a setting.
    pub const CONTENT: &str = "@content";
    /// Whether the file is there: `present`, `absent`, `unreadable` or `refused`.
    pub const STATE: &str = "@state";
    /// Permission bits, octal.
    pub const MODE: &str = "@mode";
    /// Owner, by name where the host knows one.
    pub const OWNER: &str = "@owner";
    /// Group, by name where the host knows one.
    pub const GROUP: &str = "@group";
    /// POSIX access control list, where there is one.
    pub const ACL: &str = "@acl";
    /// Where a symbolic link points.
    pub const TARGET: &str = "@target";
    /// What the keys of [`Self::order_of`] begin with.
    const ORDER: &str = "@order:";

    /// The key of a setting, from the bytes that the file holds. Keys over the
    /// limit are cut and marked with a hash of the whole and its length, so that
    /// they stay distinct; the parser reports them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Arc::from(&*Self::canonical(bytes)))
    }

    /// The text of [`Self::from_bytes`], not copied where it is the same.
    pub(crate) fn canonical(bytes: &[u8]) -> Cow<'_, str> {
        if bytes.len() <= KEY_BYTES_MAX
            && bytes.first() != Some(&b'@')
            && let Some(text) = plain(bytes)
        {
            return Cow::Borrowed(text);
        }
        let mut text = escape(bytes);
        if text.starts_with('@') {
            text.insert(0, '\\');
        }
        Cow::Owned(cut(text))
    }

    /// A key of metadata, one of the constants above.
    #[must_use]
    pub fn metadata(name: &'static str) -> Self {
        debug_assert!(name.starts_with('@'));
        Self(Arc::from(name))
    }

    /// The key of the order of a list of rules: what changes when rules change
    /// places. It counts as a setting.
    #[must_use]
    pub fn order_of(list: &[u8]) -> Self {
        Self(cut(format!("{}{}", Self::ORDER, escape(list))).into())
    }

    /// The list whose order this key stands for, if it is one of
    /// [`Self::order_of`].
    #[must_use]
    pub fn ordered_list(&self) -> Option<&str> {
        self.0.strip_prefix(Self::ORDER)
    }

    /// Whether this is a rule of a list with an order.
    #[must_use]
    pub fn is_rule_of(&self, list: &str) -> bool {
        self.0.strip_prefix(list).is_some_and(|rest| rest.starts_with(": "))
    }

    /// A key as it came over the wire or out of a store: already escaped.
    ///
    /// # Errors
    /// [`KeyError`] when it is empty, over the limit or holds characters that
    /// an escape would have removed.
    pub fn from_canonical(text: String) -> Result<Self, KeyError> {
        if text.is_empty() || text.len() > KEY_BYTES_MAX {
            return Err(KeyError { length: text.len() });
        }
        // Nearly every key is: a large source is read without a look at characters.
        if !is_plain(text.as_bytes()) && text.chars().any(|c| c.is_control() || is_deceptive(c)) {
            return Err(KeyError { length: text.len() });
        }
        Ok(Self(text.into()))
    }

    /// A key from the bytes of [`Self::as_str`].
    pub(crate) fn again(bytes: &[u8]) -> Self {
        Self(Arc::from(&*String::from_utf8_lossy(bytes)))
    }

    /// The text, for what shares it.
    pub(crate) fn shared(&self) -> &Arc<str> {
        &self.0
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is about the file rather than in it. [`Self::CONTENT`] and
    /// the order of rules are in it.
    #[must_use]
    pub fn is_metadata(&self) -> bool {
        self.0.starts_with('@') && *self.0 != *Self::CONTENT && !self.0.starts_with(Self::ORDER)
    }
}

/// A text that cannot be an item key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an item key: {length} bytes, or characters that cannot be printed")]
pub struct KeyError {
    length: usize,
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for ItemKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::from_canonical(text)
    }
}

impl From<ItemKey> for String {
    fn from(key: ItemKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

/// Bytes as printable text: `\xNN` for what is not UTF-8, `\u{N}` for control
/// and deceptive characters, `\\` for the backslash itself. Injective.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    if let Some(text) = plain(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                text.push_str("\\\\");
            } else if c.is_control() || is_deceptive(c) {
                text.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Printable ASCII without a backslash, as nearly every key is: its own escape.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, &b| plain & matches!(b, b' '..=b'~') & (b != b'\\'))
}

/// The bytes as text where they are plain.
pub(crate) fn plain(bytes: &[u8]) -> Option<&str> {
    if is_plain(bytes) { std::str::from_utf8(bytes).ok() } else { None }
}

/// Characters that reorder, hide or join what stands around them (Unicode
/// bidirectional controls, zero-width characters, line separators, byte order
/// mark). They are never printed raw (CVE-2021-42574).
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{061c}'
            | '\u{feff}'
            | '\u{00ad}'
            | '\u{180e}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

fn cut(mut text: String) -> String {
    const MARK_BYTES: usize = 64;
    if text.len() <= KEY_BYTES_MAX {
        return text;
    }
    let length = text.len();
    let hash = Sha256::digest(text.as_bytes());
    let digits: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut end = KEY_BYTES_MAX - MARK_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(&format!("\\…{digits} ({length} bytes)"));
    text
}

#[cfg(test)]
mod tests;
