//! The lines of a text with their numbers, for formats that are read line by
//! line.
//!
//! Knows no syntax. A line over the limit is handed out as too long, so that no
//! parser looks at it; bytes that no line format holds are found before any
//! parser runs.

use super::Reading;
use super::gather::{Gather, opaque};
use crate::limits::{FILE_BYTES_MAX, LINE_BYTES_MAX};
use crate::{Place, Problem, ProblemKind};

/// The UTF-8 byte order mark, as some editors leave it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u32,
    /// What it holds, without line feed and carriage return.
    pub(super) text: &'a [u8],
}

impl Line<'_> {
    /// Whether it has more bytes than a parser looks at.
    pub(super) fn is_too_long(&self) -> bool {
        self.text.len() > LINE_BYTES_MAX
    }

    /// The place of a byte of this line.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = &self.text[..at.min(self.text.len())];
        let column = columns(before);
        Place { line: self.number, column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1 }
    }
}

/// How many characters a text has: its bytes, where it is ASCII.
pub(super) fn columns(text: &[u8]) -> usize {
    if text.is_ascii() { text.len() } else { String::from_utf8_lossy(text).chars().count() }
}

/// Why a line that is too long is not read.
pub(super) fn too_long() -> String {
    format!("the line has more than {LINE_BYTES_MAX} bytes; it is watched as content")
}

/// The lines of a text, a byte order mark at its beginning left out.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = memchr::memchr_iter(b'\n', text).chain(std::iter::once(text.len()));
    ends.scan(0, |start, end| Some(&text[std::mem::replace(start, end + 1)..end])).zip(1_u32..).map(|(text, number)| {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Line { number, text }
    })
}

/// The reading of bytes that cannot be a text of any line format: too large, or
/// with a NUL byte. They are watched as content.
pub(super) fn unreadable(bytes: &[u8]) -> Option<Reading> {
    if bytes.len() > FILE_BYTES_MAX {
        let reason = format!("the file has more than {FILE_BYTES_MAX} bytes; it is watched as content");
        return Some(opaque(bytes, Problem::whole(ProblemKind::Limit, reason)));
    }
    let nul = memchr::memchr(0, bytes)?;
    let line = bytes[..nul].iter().filter(|&&b| b == b'\n').count() + 1;
    let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
    let reason = "the line holds a NUL byte: no text; it is watched as content";
    Some(opaque(bytes, Problem::at(ProblemKind::Encoding, place, reason, None)))
}

/// Whether an included file cannot be a text of any line format; it is watched
/// as content then, and a problem says so.
pub(super) fn unreadable_part(bytes: &[u8], out: &mut Gather) -> bool {
    let Some(problem) = unreadable(bytes).and_then(|reading| reading.problems.into_iter().next()) else {
        return false;
    };
    out.problem(problem.kind, problem.place.unwrap_or(Place { line: 1, column: 1 }), &problem.reason, None);
    out.unread(bytes);
    true
}

#[cfg(test)]
mod tests;
