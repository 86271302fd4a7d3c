//! Numbers of option files: `64M`, `67108864` and `65536K` are one number.
//!
//! Changes nothing that is not surely a number.

/// The suffixes and what they multiply by, largest first (`eval_num_suffix` in
/// `mysys/my_getopt.c`).
const UNITS: [(u8, u32); 6] = [(b'E', 60), (b'P', 50), (b'T', 40), (b'G', 30), (b'M', 20), (b'K', 10)];

/// Below this a number is shown without a suffix: `max_connections = 1024` is
/// no `1K`.
const PLAIN_MAX: u128 = 1 << 16;

/// A whole number with at most one suffix, as the servers read it: leading
/// white space, a sign and zeros mean nothing, nor does what follows a suffix
/// (`64MB`).
pub(super) fn whole(text: &[u8]) -> Option<String> {
    let text = text.trim_ascii_start();
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = decimal(&text[..digits])?;
    let number = match text.get(digits) {
        None => number,
        Some(suffix) => number.checked_mul(1 << shift(*suffix)?)?,
    };
    // Beyond 64 bits the servers' own overflow decides; it is not imitated.
    u64::try_from(number).ok()?;
    Some(format!("{}{}", if negative && number > 0 { "-" } else { "" }, shown(number)))
}

/// The same for an option of an unknown kind: digits and one suffix, nothing
/// else, and no leading zero, which may mean something (`umask`).
pub(super) fn by_its_look(text: &[u8]) -> Option<String> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let zero = digits > 1 && text.starts_with(b"0");
    if digits == 0 || zero || text.len() > digits + 1 { None } else { whole(text) }
}

/// A number that may have a fraction or an exponent, but no suffix.
pub(super) fn real(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E');
    if !text.bytes().all(plain) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then(|| number.to_string())
}

fn decimal(digits: &[u8]) -> Option<u128> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn shift(suffix: u8) -> Option<u32> {
    UNITS.iter().find(|(letter, _)| *letter == suffix.to_ascii_uppercase()).map(|(_, shift)| *shift)
}

/// With the largest suffix that divides it.
fn shown(number: u128) -> String {
    let unit = UNITS.iter().find(|(_, shift)| number >= PLAIN_MAX && number.is_multiple_of(1 << shift));
    match unit {
        Some((letter, shift)) => format!("{}{}", number >> shift, char::from(*letter)),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests;
