//! The canonical text of a scalar: what the programs that read the document
//! take for one value is one text, and no two kinds of value share a text.
//!
//! A text is shown plain unless it would look like something else: then it
//! stands in quotes, so that the text `"1"` and the number `1` differ. Decides
//! nothing about how a format writes its scalars.

use std::borrow::Cow;

use crate::format::quote::push_quoted;

/// A scalar of a nested document.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::format) enum Scalar<'a> {
    /// A text.
    Text(Cow<'a, [u8]>),
    /// A text that another reader of the format takes for something else when
    /// it is written without quotes: it is shown in quotes.
    Quoted(Cow<'a, [u8]>),
    /// What is neither text nor any of the others, in its canonical spelling.
    Other(Cow<'a, [u8]>),
    /// A whole number, in its canonical spelling (see [`integer`]).
    Integer(Cow<'a, str>),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
    /// A map without members.
    EmptyMap,
    /// A list without elements.
    EmptyList,
}

impl Scalar<'_> {
    /// The bytes that are compared and shown.
    pub(in crate::format) fn canonical(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Text(bytes) if may_be_mistaken(bytes) => Cow::Owned(quoted(bytes)),
            Self::Text(bytes) | Self::Other(bytes) => Cow::Borrowed(bytes),
            Self::Quoted(bytes) => Cow::Owned(quoted(bytes)),
            Self::Integer(text) => Cow::Borrowed(text.as_bytes()),
            Self::Float(number) => Cow::Owned(float(*number).into_bytes()),
            Self::Bool(true) => Cow::Borrowed(b"true"),
            Self::Bool(false) => Cow::Borrowed(b"false"),
            Self::Null => Cow::Borrowed(b"null"),
            Self::EmptyMap => Cow::Borrowed(b"{}"),
            Self::EmptyList => Cow::Borrowed(b"[]"),
        }
    }
}

/// The canonical spelling of a whole number, from its digits in a radix: no
/// sign `+`, no zeros before it, decimal where 128 bits hold it.
pub(in crate::format) fn integer<'a>(negative: bool, digits: &'a str, radix: u32) -> Cow<'a, str> {
    let bare = digits.trim_start_matches('0');
    let sign = if negative && !bare.is_empty() { "-" } else { "" };
    if radix != 10 {
        return match u128::from_str_radix(if bare.is_empty() { "0" } else { bare }, radix) {
            Ok(number) => format!("{sign}{number}").into(),
            Err(_) => format!("{sign}{bare} in base {radix}").to_lowercase().into(),
        };
    }
    match (sign, bare) {
        (_, "") => "0".into(),
        ("", bare) => bare.into(),
        (sign, bare) => format!("{sign}{bare}").into(),
    }
}

/// A float as programs read it, in 64 bits: never like a whole number.
fn float(number: f64) -> String {
    if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }
}

/// Whether a text could be taken for the canonical form of another kind.
fn may_be_mistaken(text: &[u8]) -> bool {
    match text {
        b"" | b"null" | b"true" | b"false" | b"{}" | b"[]" | b"nan" | b"inf" | b"-inf" => true,
        [b'"', ..] => true,
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => looks_numeric(text) || looks_like_time(text),
        _ => false,
    }
}

/// Digits with at most one point and one exponent.
fn looks_numeric(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let exponent = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let (number, exponent) = text.split_at(exponent.unwrap_or(text.len()));
    let exponent = exponent.get(1..).unwrap_or_default();
    let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
    let points = number.iter().filter(|&&b| b == b'.').count();
    points <= 1
        && number.iter().any(u8::is_ascii_digit)
        && number.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && exponent.iter().all(u8::is_ascii_digit)
        || text.ends_with(b"in base 16")
        || text.ends_with(b"in base 8")
        || text.ends_with(b"in base 2")
}

/// What begins like a date or a time of day.
fn looks_like_time(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    matches!((digits, text.get(digits)), (4, Some(b'-')) | (2, Some(b':')))
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

#[cfg(test)]
mod tests;
