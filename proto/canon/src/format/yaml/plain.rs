//! What a plain scalar of YAML is, where readers of 1.1 (as PyYAML has it) and
//! of 1.2 (core schema) agree, and that they disagree where they do.
//!
//! It looks at one word; it knows nothing of quotes and tags.

use crate::format::document::{Scalar, integer};

/// The words that are true or false for one of the two alone.
const DISPUTED_WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off"];

/// The value of a plain scalar; `Other` where readers disagree.
pub(super) fn resolve(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    if let Some(number) = agreed_number(text) {
        return number;
    }
    if is_disputed(text) { Scalar::Other(text.as_bytes().into()) } else { Scalar::Text(text.as_bytes().into()) }
}

/// Whether readers disagree on what these bytes are without quotes.
pub(super) fn is_disputed(text: &str) -> bool {
    let word = |word: &&str| {
        let same = word.eq_ignore_ascii_case(text);
        same && (text == text.to_lowercase() || text == text.to_uppercase() || text[1..] == text[1..].to_lowercase())
    };
    DISPUTED_WORDS.iter().any(word)
        || text.bytes().next().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'))
            && agreed_number(text).is_none()
            && (is_number_of_one(text) || is_time(text))
}

fn split_sign(text: &str) -> (Option<u8>, &str) {
    match text.as_bytes().first() {
        Some(&sign @ (b'-' | b'+')) => (Some(sign), &text[1..]),
        _ => (None, text),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

/// A number that both read, as the same.
fn agreed_number(text: &str) -> Option<Scalar<'_>> {
    let (sign, digits) = split_sign(text);
    let negative = sign == Some(b'-');
    if all(digits, |b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0')) {
        return Some(Scalar::Integer(integer(negative, digits, 10)));
    }
    if let Some(hex) = text.strip_prefix("0x").filter(|hex| all(hex, |b| b.is_ascii_hexdigit())) {
        return Some(Scalar::Integer(integer(false, hex, 16)));
    }
    match (sign, digits) {
        (_, ".inf" | ".Inf" | ".INF") => {
            return Some(Scalar::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        (None, ".nan" | ".NaN" | ".NAN") => return Some(Scalar::Float(f64::NAN)),
        _ => {}
    }
    let (mantissa, exponent) = split_exponent(digits);
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits_or_none = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let plain = digits_or_none(whole) && digits_or_none(fraction);
    let begins = if whole.is_empty() { sign.is_none() && !fraction.is_empty() } else { true };
    let raised = exponent.is_none_or(|e| e.starts_with(['-', '+']) && all(&e[1..], |b| b.is_ascii_digit()));
    (plain && begins && raised).then(|| text.parse().ok().map(Scalar::Float))?
}

fn split_exponent(text: &str) -> (&str, Option<&str>) {
    match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Whether one of the two reads a number: octal, binary, `_` between digits,
/// base 60, exponents without sign or point.
fn is_number_of_one(text: &str) -> bool {
    let (_, digits) = split_sign(text);
    let radix = |prefix, allowed: fn(u8) -> bool| digits.strip_prefix(prefix).is_some_and(|rest| all(rest, allowed));
    if radix("0x", |b| b.is_ascii_hexdigit() || b == b'_')
        || radix("0b", |b| matches!(b, b'0' | b'1' | b'_'))
        || radix("0o", |b| matches!(b, b'0'..=b'7' | b'_'))
    {
        return true;
    }
    if digits.contains(':') {
        return is_base_sixty(digits);
    }
    let (mantissa, exponent) = split_exponent(digits);
    let raised = exponent.is_none_or(|e| all(e.strip_prefix(['-', '+']).unwrap_or(e), |b| b.is_ascii_digit()));
    let points = mantissa.bytes().filter(|&b| b == b'.').count();
    points <= 1
        && raised
        && mantissa.bytes().any(|b| b.is_ascii_digit())
        && !mantissa.starts_with('_')
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'))
}

/// `12:30:45`, `1:30.5`.
fn is_base_sixty(digits: &str) -> bool {
    let mut parts = digits.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let below_sixty = |(at, part): (usize, &&str)| {
        let whole = if at + 1 == rest.len() { part.split('.').next().unwrap_or_default() } else { part };
        let fraction = part[whole.len()..].bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'));
        matches!(whole.len(), 1 | 2) && whole.parse::<u8>().is_ok_and(|n| n < 60) && fraction
    };
    all(first, |b| b.is_ascii_digit() || b == b'_') && rest.iter().enumerate().all(below_sixty)
}

/// A date, or a date and a time, as 1.1 knows them.
fn is_time(text: &str) -> bool {
    let mut fields = text.splitn(3, '-');
    let year = fields.next().is_some_and(|year| year.len() == 4 && all(year, |b| b.is_ascii_digit()));
    let month = fields.next().is_some_and(|month| matches!(month.len(), 1 | 2) && all(month, |b| b.is_ascii_digit()));
    let Some(rest) = fields.next().filter(|_| year && month) else { return false };
    let day = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &rest[day..];
    matches!(day, 1 | 2)
        && (rest.is_empty()
            || rest.starts_with(['T', 't', ' ', '\t'])
                && rest[1..]
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'Z' | b'+' | b'-' | b' ' | b'\t'))
                && rest.contains(':'))
}

#[cfg(test)]
mod tests;
