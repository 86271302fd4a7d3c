//! JSON (RFC 8259): each value under the path of its place.
//!
//! Comments and commas before a closing bracket are no JSON: they are problems,
//! and reading goes on behind them, because many programs take them. Nothing
//! else is guessed: what stands behind any other error is watched as content.

mod cursor;

use std::borrow::Cow;

use self::cursor::Cursor;
use super::Reading;
use super::document::{Document, Scalar, integer};
use super::gather::Gather;
use super::lines::unreadable;
use crate::ProblemKind;

/// The UTF-8 byte order mark, as some editors leave it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value; in a list right behind its bracket also the end.
    Value,
    FirstValue,
    /// A name; in an object right behind its brace also the end.
    Name,
    FirstName,
    /// A comma or the end of what is open.
    More,
    Nothing,
}

/// Reads a JSON text.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let text = bytes.strip_prefix(BOM).unwrap_or(bytes);
    if !text.trim_ascii().is_empty() {
        read_text(&mut gather, text);
    }
    gather.finish(bytes)
}

fn read_text(gather: &mut Gather, text: &[u8]) {
    let mut cursor = Cursor::new(text);
    let mut document = Document::new(gather);
    let mut open: Vec<u8> = Vec::new();
    let mut next = Next::Value;
    loop {
        let comment = cursor.skip_space();
        if let Some(place) = comment {
            let reason = "a comment: JSON has none";
            document.gather().problem(ProblemKind::Syntax, place, reason, None);
        }
        let begin = cursor.at();
        match step(&mut cursor, &mut document, &mut open, next) {
            Ok(Next::Nothing) if cursor.is_at_end() => return,
            Ok(after) => next = after,
            Err(reason) => {
                let place = cursor.place();
                let gather = document.into_gather();
                gather.problem(ProblemKind::Syntax, place, &format!("not JSON from here on: {reason}"), None);
                gather.unread(&text[begin..]);
                return;
            }
        }
    }
}

/// Takes one token, and says what may come after it.
fn step(
    cursor: &mut Cursor<'_>,
    document: &mut Document<'_>,
    open: &mut Vec<u8>,
    next: Next,
) -> Result<Next, &'static str> {
    let place = cursor.place();
    match (next, cursor.peek()) {
        (Next::Nothing, None) => Ok(Next::Nothing),
        (Next::Nothing, Some(_)) => Err("there is more behind the value"),
        (_, None) => Err("it ends too early"),
        (Next::More, Some(b',')) => {
            cursor.bump();
            Ok(if open.last() == Some(&b'}') { Next::Name } else { Next::Value })
        }
        (Next::More | Next::FirstName | Next::FirstValue, Some(byte)) if Some(&byte) == open.last() => {
            Ok(end(cursor, document, open))
        }
        // Only behind a comma, as what is not yet open cannot end.
        (Next::Name | Next::Value, Some(byte @ (b'}' | b']'))) if Some(&byte) == open.last() => {
            let reason = "a comma with nothing behind it";
            document.gather().problem(ProblemKind::Syntax, place, reason, None);
            Ok(end(cursor, document, open))
        }
        (Next::More, Some(_)) => Err("a comma or a closing bracket is missing"),
        (Next::Name | Next::FirstName, Some(b'"')) => {
            let name = cursor.string()?;
            if cursor.skip_space().is_some() {
                document.gather().problem(ProblemKind::Syntax, place, "a comment: JSON has none", None);
            }
            if cursor.peek() != Some(b':') {
                return Err("a colon is missing");
            }
            cursor.bump();
            document.name(&name, place);
            Ok(Next::Value)
        }
        (Next::Name | Next::FirstName, Some(_)) => Err("a name in quotes is missing"),
        (_, Some(byte @ (b'{' | b'['))) => {
            cursor.bump();
            open.push(if byte == b'{' { b'}' } else { b']' });
            if byte == b'{' {
                document.begin_map(place);
                return Ok(Next::FirstName);
            }
            document.begin_list(place);
            Ok(Next::FirstValue)
        }
        (_, Some(byte)) => {
            let scalar = if byte == b'"' { Scalar::Text(cursor.string()?) } else { word(cursor.word())? };
            document.scalar(&scalar, place);
            Ok(after_value(open))
        }
    }
}

fn end(cursor: &mut Cursor<'_>, document: &mut Document<'_>, open: &mut Vec<u8>) -> Next {
    cursor.bump();
    document.end();
    open.pop();
    after_value(open)
}

fn after_value(open: &[u8]) -> Next {
    if open.is_empty() { Next::Nothing } else { Next::More }
}

/// A number, `true`, `false` or `null`.
fn word(word: &[u8]) -> Result<Scalar<'_>, &'static str> {
    match word {
        b"true" => return Ok(Scalar::Bool(true)),
        b"false" => return Ok(Scalar::Bool(false)),
        b"null" => return Ok(Scalar::Null),
        _ => {}
    }
    let wrong = "a value is missing, or is written as JSON does not write it";
    let text = std::str::from_utf8(word).map_err(|_| wrong)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || whole > 1 && digits.starts_with('0') {
        return Err(wrong);
    }
    let rest = &digits[whole..];
    if rest.is_empty() {
        return Ok(Scalar::Integer(integer(text.len() > digits.len(), digits, 10)));
    }
    if !is_fraction(rest) {
        return Err(wrong);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Scalar::Float(number)),
        // Some readers have more than 64 bits.
        _ => Ok(Scalar::Other(Cow::Owned(text.to_ascii_lowercase().into_bytes()))),
    }
}

/// `.5`, `e3`, `.5e-3`.
fn is_fraction(text: &str) -> bool {
    let (fraction, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let raised = exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)));
    raised && (fraction.is_empty() || fraction.strip_prefix('.').is_some_and(digits))
}

#[cfg(test)]
mod tests;
