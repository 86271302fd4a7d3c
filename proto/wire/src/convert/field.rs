//! Single fields: texts, digests, times. Each check is written once.

use driftline_canon::key::is_deceptive;

use super::WireError;

/// Milliseconds of 9999-12-31T23:59:59.999Z: what RFC 3339 can write.
pub(super) const TIME_MS_MAX: i64 = 253_402_300_799_999;

/// Stands at the end of a text that was cut.
const CUT: char = '…';

/// A text that may be shown as it is: control and deceptive characters
/// escaped, cut at the limit. What already is so stays as it is.
pub(super) fn printable(text: &str, bytes_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(bytes_max));
    for c in text.chars() {
        if is_unprintable(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        if out.len() > bytes_max {
            break;
        }
    }
    if out.len() > bytes_max {
        let mut end = bytes_max.saturating_sub(CUT.len_utf8());
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push(CUT);
    }
    out
}

/// A free text as it came.
pub(super) fn text(field: &'static str, text: String, bytes_max: usize) -> Result<String, WireError> {
    if text.len() > bytes_max {
        return Err(WireError::of(field, format!("{} bytes, at most {bytes_max} are allowed", text.len())));
    }
    if text.chars().any(is_unprintable) {
        return Err(WireError::of(field, "characters that cannot be printed"));
    }
    Ok(text)
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || is_deceptive(c)
}

/// Exactly so many bytes.
pub(super) fn array<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], WireError> {
    bytes.try_into().map_err(|_| WireError::of(field, format!("{} bytes instead of {N}", bytes.len())))
}

/// At least one byte, at most `bytes_max`.
pub(super) fn bytes(field: &'static str, bytes: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, WireError> {
    if (1..=bytes_max).contains(&bytes.len()) {
        return Ok(bytes);
    }
    Err(WireError::of(field, format!("{} bytes, 1 to {bytes_max} are allowed", bytes.len())))
}

/// A time between 1970 and 9999.
pub(super) fn time(field: &'static str, ms: i64) -> Result<i64, WireError> {
    if (0..=TIME_MS_MAX).contains(&ms) { Ok(ms) } else { Err(WireError::of(field, "no time between 1970 and 9999")) }
}

/// The nearest time that can be sent: a clock may be wrong, a record must not
/// be lost for it.
pub(super) fn sendable_time(ms: i64) -> i64 {
    ms.clamp(0, TIME_MS_MAX)
}

/// A field that must be there.
pub(super) fn required<T>(field: &'static str, value: Option<T>) -> Result<T, WireError> {
    value.ok_or_else(|| WireError::of(field, "missing"))
}

/// A count within its limit.
pub(super) fn count(field: &'static str, count: usize, max: usize) -> Result<(), WireError> {
    if count <= max { Ok(()) } else { Err(WireError::of(field, format!("{count} of them, at most {max} are allowed"))) }
}

/// Keys or names in strictly rising order: sorted and unique.
pub(super) fn rising<T: Ord>(field: &'static str, values: impl IntoIterator<Item = T>) -> Result<(), WireError> {
    if values.into_iter().is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    Err(WireError::of(field, "not sorted, or one of them twice"))
}

#[cfg(test)]
mod tests;
