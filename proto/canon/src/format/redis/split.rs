//! Words of a line, as Redis' `sdssplitargs` takes them apart, and back.
//!
//! Knows no directive.

use zeroize::Zeroizing;

use crate::format::quote::push_unless_plain;

/// The words of a line; none when quotes are left open, or when a closing one
/// is not followed by white space.
pub(super) fn arguments(line: &[u8]) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.iter().position(|&b| !is_space(b));
        let Some(start) = start else { return Some(found) };
        let (word, after) = word(&rest[start..])?;
        found.push(word);
        rest = after;
    }
}

/// The bytes of a word that needs no quotes.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < u8::MAX {
        plain[byte as usize] = !matches!(byte, b'"' | b'\'' | b'\\') && !is_space(byte);
        byte += 1;
    }
    plain
};

/// White space as C knows it.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// One word and what follows it. Quotes may begin inside a word and end it.
fn word(text: &[u8]) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    let mut word = Zeroizing::new(Vec::new());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' => return double_quoted(&text[at + 1..], word),
            b'\'' => return single_quoted(&text[at + 1..], word),
            _ => word.push(byte),
        }
        at += 1;
    }
    Some((word, &text[at..]))
}

fn double_quoted(text: &[u8], mut word: Zeroizing<Vec<u8>>) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    let mut at = 0;
    loop {
        match text[at..] {
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                word.push(hex(high) << 4 | hex(low));
                at += 4;
            }
            [b'\\', escaped, ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => other,
                });
                at += 2;
            }
            [b'"', ..] => return ends(&text[at + 1..]).map(|rest| (word, rest)),
            [byte, ..] => {
                word.push(byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

fn single_quoted(text: &[u8], mut word: Zeroizing<Vec<u8>>) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    let mut at = 0;
    loop {
        match text[at..] {
            [b'\\', b'\'', ..] => {
                word.push(b'\'');
                at += 2;
            }
            [b'\'', ..] => return ends(&text[at + 1..]).map(|rest| (word, rest)),
            [byte, ..] => {
                word.push(byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

/// A closing quote stands at the end of its word.
fn ends(rest: &[u8]) -> Option<&[u8]> {
    rest.first().is_none_or(|&b| is_space(b)).then_some(rest)
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.to_ascii_uppercase() - b'A' + 10,
    }
}

/// Words as one text, in quotes where one could be taken for none or several.
pub(super) fn joined<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    push_joined(&mut text, words);
    text
}

/// Appends the same.
pub(super) fn push_joined<'a>(text: &mut Vec<u8>, words: impl IntoIterator<Item = &'a [u8]>) {
    for (at, word) in words.into_iter().enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        push_unless_plain(text, word, |b| PLAIN[usize::from(*b)]);
    }
}

#[cfg(test)]
mod tests;
