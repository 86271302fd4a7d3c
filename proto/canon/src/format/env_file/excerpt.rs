//! The line of a problem as it may be shown: the name before `=`, and nothing
//! that could be a value.
//!
//! A line without a clean name may be the middle of a key or token. It is
//! masked whole.

use crate::display::MASK;
use crate::secret;

/// Bytes of a name in an excerpt. Longer ones are no names.
const NAME_BYTES_MAX: usize = 128;

/// A line with everything masked but a name that is one beyond doubt.
pub(super) fn masked(line: &[u8]) -> String {
    let Some(equals) = line.iter().take(NAME_BYTES_MAX).position(|&b| b == b'=') else {
        return MASK.to_owned();
    };
    let head = &line[..equals];
    let name = head.trim_ascii();
    let name = name.strip_prefix(b"export ").unwrap_or(name).trim_ascii();
    match std::str::from_utf8(head) {
        Ok(head) if is_clean_name(name) => {
            let head: String = head.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
            format!("{head}={MASK}")
        }
        _ => MASK.to_owned(),
    }
}

/// A name as in a message; one that could be part of a secret is not named.
pub(super) fn named(name: &[u8]) -> String {
    if is_clean_name(name) { format!("`{}`", String::from_utf8_lossy(name)) } else { "a name".to_owned() }
}

/// Letters, digits, `_`, `.` and `-`, beginning with no digit, and nothing that
/// looks generated.
pub(super) fn is_clean_name(name: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.len() <= NAME_BYTES_MAX
        && name.iter().all(part)
        && secret::name_may_be_shown(name)
}

#[cfg(test)]
mod tests;
