//! The words of a line of `postgresql.conf`, by the rules of the server's
//! lexer: of all kinds of words that could begin at a byte the longest counts,
//! of several as long the first in the lexer's order.
//!
//! Knows no setting's name and no value's meaning.

use std::borrow::Cow;

/// One word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, or a word without quotes that is one.
    Name(&'a [u8]),
    /// `extension.name`: not allowed as a value without quotes.
    Qualified(&'a [u8]),
    /// A word that is no name: `a-b`, `/tmp`, `1.5`, `64MB`.
    Word(&'a [u8]),
    /// What stands between quotes, escapes and all.
    Quoted(&'a [u8]),
    Equals,
    /// What begins no word.
    Stray,
}

impl Token<'_> {
    /// The value that it stands for.
    pub(super) fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Name(word) | Self::Qualified(word) | Self::Word(word) => Cow::Borrowed(word),
            Self::Quoted(inside) if inside.iter().any(|b| matches!(b, b'\'' | b'\\')) => Cow::Owned(unescaped(inside)),
            Self::Quoted(inside) => Cow::Borrowed(inside),
            Self::Equals | Self::Stray => Cow::Borrowed(b""),
        }
    }

    fn is_value(&self) -> bool {
        matches!(self, Self::Name(_) | Self::Word(_) | Self::Quoted(_))
    }
}

/// `name = value`, with the byte that the value begins at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Token<'a>,
    pub(super) value_at: usize,
}

/// What a line assigns; nothing if it is blank or a comment.
///
/// # Errors
/// The byte at which the server would stop.
pub(super) fn assignment(line: &[u8]) -> Result<Option<Assignment<'_>>, usize> {
    let Some((token, start, mut at)) = next(line, 0) else {
        return Ok(None);
    };
    let (Token::Name(name) | Token::Qualified(name)) = token else {
        return Err(start);
    };
    let mut found = next(line, at);
    if let Some((Token::Equals, _, end)) = found {
        at = end;
        found = next(line, at);
    }
    let Some((value, value_at, end)) = found else {
        return Err(at);
    };
    if !value.is_value() {
        return Err(value_at);
    }
    match next(line, end) {
        None => Ok(Some(Assignment { name, value, value_at })),
        Some((_, at, _)) => Err(at),
    }
}

/// The name that a line begins with, and the byte behind it.
pub(super) fn name(line: &[u8]) -> Option<(&[u8], usize)> {
    match next(line, 0)? {
        (Token::Name(name) | Token::Qualified(name), _, end) => Some((name, end)),
        _ => None,
    }
}

/// The next word with where it begins and ends; none at the end of the line
/// and before a comment.
fn next(line: &[u8], from: usize) -> Option<(Token<'_>, usize, usize)> {
    let start = from + line[from..].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
    let rest = &line[start..];
    let (token, length) = match rest.first()? {
        b'#' => return None,
        b'=' => (Token::Equals, 1),
        b'\'' => quoted(rest),
        b if is_letter(*b) => unquoted(rest),
        _ => match number(rest) {
            0 => (Token::Stray, 1),
            length => (Token::Word(&rest[..length]), length),
        },
    };
    Some((token, start, start + length))
}

fn quoted(text: &[u8]) -> (Token<'_>, usize) {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\'' if text.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return (Token::Quoted(&text[1..at]), at + 1),
            _ => at += 1,
        }
    }
    (Token::Stray, 1)
}

fn unquoted(text: &[u8]) -> (Token<'_>, usize) {
    let name = run(text, is_name_part);
    let qualified = match text.get(name..) {
        Some([b'.', first, ..]) if is_letter(*first) => name + 1 + run(&text[name + 1..], is_name_part),
        _ => 0,
    };
    let word = run(text, |b| is_name_part(b) || matches!(b, b'-' | b'.' | b':' | b'/'));
    if word > name.max(qualified) {
        (Token::Word(&text[..word]), word)
    } else if qualified > name {
        (Token::Qualified(&text[..qualified]), qualified)
    } else {
        (Token::Name(&text[..name]), name)
    }
}

/// The length of a whole number with a unit, or of a fraction without one;
/// zero where neither begins.
fn number(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let rest = &text[sign..];
    let digits = run(rest, |b| b.is_ascii_digit());
    let letters = |from: usize| from + run(&rest[from..], |b| b.is_ascii_alphabetic());
    let whole = if digits > 0 { letters(digits) } else { 0 };
    let hex = match rest {
        [b'0', b'x', more @ ..] if more.first().is_some_and(u8::is_ascii_hexdigit) => {
            letters(2 + run(more, |b| b.is_ascii_hexdigit()))
        }
        _ => 0,
    };
    let length = whole.max(hex).max(fraction(rest, digits));
    if length == 0 { 0 } else { sign + length }
}

/// The length of `digits . digits exponent`, digits being optional.
fn fraction(text: &[u8], digits: usize) -> usize {
    if text.get(digits) != Some(&b'.') {
        return 0;
    }
    let end = digits + 1 + run(&text[digits + 1..], |b| b.is_ascii_digit());
    let exponent = match &text[end..] {
        [b'e' | b'E', b'+' | b'-', more @ ..] => (2, run(more, |b| b.is_ascii_digit())),
        [b'e' | b'E', more @ ..] => (1, run(more, |b| b.is_ascii_digit())),
        _ => (0, 0),
    };
    if exponent.1 > 0 { end + exponent.0 + exponent.1 } else { end }
}

fn run(text: &[u8], part: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&b| part(b)).count()
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn is_name_part(b: u8) -> bool {
    is_letter(b) || b.is_ascii_digit()
}

/// What the inside of quotes stands for: `''`, the escapes of C, and octal
/// numbers. A NUL ends it, as it does in the server.
fn unescaped(inside: &[u8]) -> Vec<u8> {
    const OCTAL_DIGITS_MAX: usize = 3;
    let mut bytes = Vec::with_capacity(inside.len());
    let mut at = 0;
    while let Some(&b) = inside.get(at) {
        at += 1;
        if b == b'\'' {
            at += 1;
        }
        if b != b'\\' {
            bytes.push(b);
            continue;
        }
        let Some(&escaped) = inside.get(at) else { break };
        let digits = run(&inside[at..inside.len().min(at + OCTAL_DIGITS_MAX)], |b| matches!(b, b'0'..=b'7'));
        if digits == 0 {
            at += 1;
            bytes.push(control(escaped));
            continue;
        }
        let code = inside[at..at + digits].iter().fold(0_u8, |code, b| code.wrapping_mul(8).wrapping_add(b - b'0'));
        if code == 0 {
            break;
        }
        bytes.push(code);
        at += digits;
    }
    bytes
}

fn control(escaped: u8) -> u8 {
    match escaped {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

#[cfg(test)]
mod tests;
