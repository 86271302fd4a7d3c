//! A place in the text of an env file: moves forward only, and knows its line.
//!
//! Knows no dialect. Everything it does costs the bytes it passes over, once.

use crate::Place;
use crate::format::lines::columns;
use crate::limits::LINE_BYTES_MAX;

/// Where something begins, cheap enough to be taken everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Byte offset in the text.
    pub(super) at: usize,
    /// Byte offset of the beginning of its line.
    pub(super) line_start: usize,
    /// Line, from 1.
    pub(super) line: u32,
}

impl Spot {
    /// Line and column as an operator counts them.
    pub(super) fn place(self, text: &[u8]) -> Place {
        let before = &text[self.line_start..self.at];
        let column = columns(before);
        Place { line: self.line, column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1 }
    }

    /// The line it is on, without its end.
    pub(super) fn line_of(self, text: &[u8]) -> &[u8] {
        let rest = &text[self.line_start..];
        let end = rest.iter().take(LINE_BYTES_MAX).position(|&b| b == b'\n').unwrap_or(rest.len().min(LINE_BYTES_MAX));
        &rest[..end]
    }
}

/// Reads a text from its beginning to its end.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    spot: Spot,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, spot: Spot { at: 0, line_start: 0, line: 1 } }
    }

    pub(super) fn spot(&self) -> Spot {
        self.spot
    }

    pub(super) fn at(&self) -> usize {
        self.spot.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text[self.spot.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.spot.at).copied()
    }

    pub(super) fn at_end(&self) -> bool {
        self.spot.at >= self.text.len()
    }

    /// Moves over that many bytes and returns them.
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let end = self.spot.at.saturating_add(count).min(self.text.len());
        let taken = &self.text[self.spot.at..end];
        for at in memchr::memchr_iter(b'\n', taken) {
            self.spot.line = self.spot.line.saturating_add(1);
            self.spot.line_start = self.spot.at + at + 1;
        }
        self.spot.at = end;
        taken
    }

    /// Moves over one byte if it is that one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.take(1);
        }
        found
    }

    /// Moves over the bytes that satisfy, and returns them.
    pub(super) fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let count = self.rest().iter().take_while(|&&b| accept(b)).count();
        self.take(count)
    }

    /// Moves over white space, and returns whether there was any.
    pub(super) fn skip_space(&mut self, is_space: fn(char) -> bool) -> bool {
        let count = leading_space(self.rest(), is_space);
        self.take(count);
        count > 0
    }

    /// The bytes up to the end of the line, not moving.
    pub(super) fn rest_of_line(&self) -> &'a [u8] {
        let rest = self.rest();
        &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
    }

    /// Moves to the end of the line, before the line feed, and returns what
    /// was passed over.
    pub(super) fn take_line(&mut self) -> &'a [u8] {
        let count = self.rest_of_line().len();
        self.take(count)
    }
}

/// How many bytes of white space a text begins with.
pub(super) fn leading_space(text: &[u8], is_space: fn(char) -> bool) -> usize {
    let mut at = 0;
    while let Some((_, len)) = first_char(&text[at..]).filter(|&(c, _)| is_space(c)) {
        at += len;
    }
    at
}

/// A text without the white space at its end.
pub(super) fn trim_end(text: &[u8], is_space: fn(char) -> bool) -> &[u8] {
    let mut end = text.len();
    while end > 0 {
        let start = (end.saturating_sub(4)..end).rev().find(|&at| text[at] & 0xc0 != 0x80).unwrap_or(end - 1);
        match first_char(&text[start..end]) {
            Some((c, len)) if start + len == end && is_space(c) => end = start,
            _ => break,
        }
    }
    &text[..end]
}

/// The first character and its length; none where the bytes are not UTF-8.
pub(super) fn first_char(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let head = &text[..text.len().min(4)];
    let valid = head.utf8_chunks().next()?.valid();
    valid.chars().next().map(|c| (c, c.len_utf8()))
}
