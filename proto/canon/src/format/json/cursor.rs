//! Where reading a JSON text has come to: places, space, strings and words.
//!
//! Knows nothing of objects and lists.

use std::borrow::Cow;

use crate::Place;
use crate::format::lines::columns;

pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    /// Up to where columns have been counted, and what the count was: no byte
    /// is counted twice.
    counted: usize,
    column: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, counted: 0, column: 1 }
    }

    /// The byte that comes next.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The place of the byte that comes next.
    pub(super) fn place(&mut self) -> Place {
        let passed = &self.text[self.counted..self.at.min(self.text.len())];
        let characters = columns(passed);
        self.column = self.column.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        self.counted = self.at.min(self.text.len());
        Place { line: self.line, column: self.column }
    }

    fn next_line(&mut self) {
        self.line += 1;
        self.column = 1;
        self.counted = self.at + 1;
    }

    /// Passes white space, and comments as C and shells write them; the place
    /// of the first comment.
    pub(super) fn skip_space(&mut self) -> Option<Place> {
        let mut comment = None;
        loop {
            match (self.peek(), self.text.get(self.at + 1)) {
                (Some(b'\n'), _) => self.next_line(),
                (Some(b' ' | b'\t' | b'\r'), _) => {}
                (Some(b'/'), Some(b'/')) | (Some(b'#'), _) => {
                    comment = comment.or(Some(self.place()));
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                    continue;
                }
                (Some(b'/'), Some(b'*')) => {
                    comment = comment.or(Some(self.place()));
                    self.skip_block();
                    continue;
                }
                _ => return comment,
            }
            self.at += 1;
        }
    }

    /// Passes a comment up to its `*/`, or all that is left.
    fn skip_block(&mut self) {
        self.at += 2;
        while !self.text[self.at.min(self.text.len())..].starts_with(b"*/") {
            match self.peek() {
                None => return,
                Some(b'\n') => self.next_line(),
                Some(_) => {}
            }
            self.at += 1;
        }
        self.at += 2;
    }

    /// A word up to what ends one.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.' | b'_')));
        let word = &rest[..end.unwrap_or(rest.len())];
        // On an error the cursor stays where the word begins.
        if is_word(word) {
            self.at += word.len();
        }
        word
    }

    /// A string whose quote comes next, without quotes and escapes.
    ///
    /// # Errors
    /// Why it is none; the cursor is at the place.
    pub(super) fn string(&mut self) -> Result<Cow<'a, [u8]>, &'static str> {
        self.at += 1;
        let text = self.text;
        let begin = self.at;
        let special = |b: &u8| matches!(b, b'"' | b'\\') || *b < 0x20;
        let length = text[begin..].iter().position(special).ok_or("a string has no end")?;
        self.at = begin + length;
        if text[self.at] == b'"' {
            self.at += 1;
            return Ok(Cow::Borrowed(&text[begin..begin + length]));
        }
        let mut string = text[begin..self.at].to_vec();
        loop {
            match self.peek() {
                None => return Err("a string has no end"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(string));
                }
                Some(b'\\') => self.escape(&mut string)?,
                Some(0..0x20) => return Err("a control character in a string"),
                Some(_) => {
                    let rest = &text[self.at..];
                    let plain = rest.iter().position(special).unwrap_or(rest.len());
                    string.extend_from_slice(&rest[..plain]);
                    self.at += plain;
                }
            }
        }
    }

    fn escape(&mut self, string: &mut Vec<u8>) -> Result<(), &'static str> {
        let byte = self.text.get(self.at + 1).copied();
        let plain = match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(string),
            _ => return Err("no such escape"),
        };
        string.push(plain);
        self.at += 2;
        Ok(())
    }

    /// `\u0041`, or two for a character beyond 16 bits. A half of such a pair
    /// alone becomes three bytes that are no UTF-8, which is said later.
    fn unicode(&mut self, string: &mut Vec<u8>) -> Result<(), &'static str> {
        let unit = self.unit(self.at).ok_or("no such escape")?;
        self.at += 6;
        let low = (0xd800..0xdc00).contains(&unit).then(|| self.unit(self.at)).flatten();
        let character = match low {
            Some(low) if (0xdc00..0xe000).contains(&low) => {
                self.at += 6;
                0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            _ => unit,
        };
        match char::from_u32(character) {
            Some(character) => string.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                let low_bits = |shift: u32| u8::try_from((character >> shift) & 0x3f).unwrap_or(0) | 0x80;
                string.extend_from_slice(&[0xed, low_bits(6), low_bits(0)]);
            }
        }
        Ok(())
    }

    /// The number of the `\uXXXX` there.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Whether this may be a number or one of JSON's words.
fn is_word(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null")
        || word.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-')
            && word.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
}
