//! Whether a name has swallowed the value that was to stand behind it: broken
//! or misread text (`<password>x`, `{password hunter2}`) makes a name of both.
//!
//! Knows words and separators; it never says where the value begins.

use super::{sieve, words};

/// Whether a secret may stand in the name: behind a word that names one and a
/// separator there is more, or the name is no name at all.
pub(super) fn holds_a_value(name: &[u8], has_value: bool) -> bool {
    let wanted = if has_value { sieve::NEVER_IN_NAME } else { sieve::NEVER_IN_NAME | sieve::PARTS_NAME };
    let parts = |b: &u8| sieve::of(*b) & wanted != 0;
    let mut rest = name;
    while let Some(end) = rest.iter().position(parts) {
        let (before, after) = rest.split_at(end);
        let gap = after.iter().position(|b| !parts(b)).unwrap_or(after.len());
        let follows = after.get(gap).is_some_and(|b| !matches!(b, b'.' | b'[' | b']'));
        if follows && names_a_secret(before) {
            return true;
        }
        rest = &after[gap..];
    }
    !has_value && is_no_name(name)
}

fn names_a_secret(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| words::names_a_secret(word, b"?"))
}

/// Blanks, and more between them than words: `user a >hunter2`.
fn is_no_name(name: &[u8]) -> bool {
    let has = |byte: u8| name.contains(&byte);
    (has(b' ') || has(b'\t')) && name.iter().any(|&byte| byte != b'"' && sieve::of(byte) & sieve::NEVER_IN_NAME != 0)
}

#[cfg(test)]
mod tests;
