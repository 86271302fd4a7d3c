//! Java properties, as `java.util.Properties.load` reads them.
//!
//! Bytes that are UTF-8 are taken for UTF-8 (as Spring and resource bundles
//! do), others for ISO 8859-1 (as a plain stream is). Nothing refers to
//! anything: `${a}` is text.

use super::Reading;
use super::gather::{Gather, text};
use super::lines::unreadable;
use crate::limits::LINE_BYTES_MAX;
use crate::{Place, ProblemKind};

/// The UTF-8 byte order mark, as some editors leave it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a properties file.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let mut lines = Natural { rest: bytes.strip_prefix(BOM).unwrap_or(bytes), number: 1 };
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let mut logical = Vec::new();
    while let Some((number, first)) = lines.next() {
        let bare = trim_start(first);
        if bare.is_empty() || matches!(bare[0], b'#' | b'!') {
            continue;
        }
        logical.clear();
        let mut piece = bare;
        loop {
            let open = ends_open(piece);
            let kept = if open { &piece[..piece.len() - 1] } else { piece };
            // Over the limit it is no line any more, and where it ends is
            // still to be found.
            if logical.len() > LINE_BYTES_MAX {
                gather.unread(kept);
            } else {
                logical.extend_from_slice(kept);
            }
            match lines.next_if(open) {
                Some((_, more)) => piece = trim_start(more),
                None => break,
            }
        }
        let indent = u32::try_from(first.len() - bare.len()).unwrap_or(u32::MAX - 1);
        take(&mut gather, &logical, is_utf8, Place { line: number, column: indent + 1 });
    }
    gather.finish(bytes)
}

fn take(gather: &mut Gather, line: &[u8], is_utf8: bool, place: Place) {
    if line.len() > LINE_BYTES_MAX {
        return gather.too_long(line, place);
    }
    let (name, value) = split(line);
    match (decode(name, is_utf8), decode(value, is_utf8)) {
        (Some(name), Some(value)) if !name.is_empty() => gather.set(&name, text(value), place),
        (Some(_), Some(_)) => {
            gather.problem(ProblemKind::Syntax, place, "a value without a name", None);
            gather.unread(line);
        }
        _ => {
            gather.problem(ProblemKind::Syntax, place, "`\\u` without four hexadecimal digits", None);
            gather.unread(line);
        }
    }
}

/// The lines of a text, ended by a line feed, a carriage return or both.
struct Natural<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Natural<'a> {
    fn next_if(&mut self, wanted: bool) -> Option<(u32, &'a [u8])> {
        if wanted { self.next() } else { None }
    }

    fn next(&mut self) -> Option<(u32, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let number = self.number;
        let end = self.rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        let feed = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n"));
        self.number += u32::from(feed.is_some());
        self.rest = feed.or(rest.get(1..)).unwrap_or_default();
        Some((number, line))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn trim_start(line: &[u8]) -> &[u8] {
    let begin = line.iter().position(|b| !is_space(*b)).unwrap_or(line.len());
    &line[begin..]
}

/// Whether an odd number of backslashes ends the line.
fn ends_open(line: &[u8]) -> bool {
    line.iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1
}

/// Name and value: parted by blanks, `=` or `:`, none of them escaped.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = line.iter().position(|&byte| {
        let ends = !escaped && (is_space(byte) || matches!(byte, b'=' | b':'));
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = trim_start(rest);
    (name, trim_start(rest.strip_prefix(b"=").or(rest.strip_prefix(b":")).unwrap_or(rest)))
}

/// The text without its escapes; none where one is broken.
fn decode(raw: &[u8], is_utf8: bool) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        if byte != b'\\' {
            push(&mut text, byte, is_utf8);
            continue;
        }
        let Some(&escape) = raw.get(at) else { break };
        at += 1;
        match escape {
            b't' => text.push(b'\t'),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b'f' => text.push(0x0c),
            b'u' => at = unicode(raw, at, &mut text)?,
            other => push(&mut text, other, is_utf8),
        }
    }
    Some(text)
}

fn push(text: &mut Vec<u8>, byte: u8, is_utf8: bool) {
    if is_utf8 {
        text.push(byte);
    } else {
        text.extend_from_slice(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The character whose digits begin there, and where they end. Half of a pair
/// alone becomes three bytes that are no UTF-8, which is said later.
fn unicode(raw: &[u8], at: usize, text: &mut Vec<u8>) -> Option<usize> {
    let unit = unit(raw, at)?;
    let low = (0xd800..0xdc00).contains(&unit) && raw.get(at + 4..at + 6) == Some(b"\\u");
    if low && let Some(low) = self::unit(raw, at + 6).filter(|low| (0xdc00..0xe000).contains(low)) {
        let character = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?;
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return Some(at + 10);
    }
    match char::from_u32(unit) {
        Some(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let bits = |shift: u32| u8::try_from((unit >> shift) & 0x3f).unwrap_or(0) | 0x80;
            text.extend_from_slice(&[0xed, bits(6), bits(0)]);
        }
    }
    Some(at + 4)
}

fn unit(raw: &[u8], at: usize) -> Option<u32> {
    let digits = std::str::from_utf8(raw.get(at..at + 4)?).ok()?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests;
