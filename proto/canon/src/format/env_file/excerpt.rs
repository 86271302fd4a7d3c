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
        Ok(head) if is_clean_name(name) && !is_base64_line(line) => {
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

/// A name that may stand alone, as for `docker run --env-file`: in capitals, as
/// environment variables are. Anything else without `=` may be a value that
/// was pasted on a line of its own.
pub(super) fn is_bare_name(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_') && is_clean_name(name)
}

/// Whether a line is base64 that ends in `=`, not a name with an empty value:
/// of a length that padding makes, and of no alphabet that names keep to.
pub(super) fn is_base64_line(line: &[u8]) -> bool {
    const UNIT: usize = 4;
    const NAME_BYTES_MIN: usize = 6;
    const LETTERS_ONLY_BYTES_MIN: usize = 11;
    let line = line.trim_ascii();
    let body = &line[..line.iter().position(|&b| b == b'=').unwrap_or(line.len())];
    let padding = &line[body.len()..];
    let fits = !padding.is_empty()
        && padding.iter().all(|&b| b == b'=')
        && line.len().is_multiple_of(UNIT)
        && body.len() >= NAME_BYTES_MIN
        && body.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    let has = |kind: fn(&u8) -> bool| body.iter().any(kind);
    let humps = body.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    let both_cases = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let restless = body.len() >= LETTERS_ONLY_BYTES_MIN && humps * UNIT >= body.len();
    fits && (padding.len() > 1
        || has(|b| matches!(b, b'+' | b'/'))
        || both_cases && (has(u8::is_ascii_digit) || restless))
}

#[cfg(test)]
mod tests;
