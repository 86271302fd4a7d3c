//! TOML: tables, dotted names and inline tables are one nesting.
//!
//! Behind an error nothing is guessed: what the parser recovers is read, and
//! the whole text is watched as content beside it.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};
use toml::value::{Datetime, Offset};

use super::Reading;
use super::document::{Document, Scalar, integer};
use super::gather::{Gather, opaque};
use super::lines::unreadable;
use crate::limits::{ITEMS_MAX, NESTING_DEPTH_MAX, PROBLEMS_MAX};
use crate::{Place, Problem, ProblemKind};

/// The UTF-8 byte order mark, as some editors leave it.
const BOM: char = '\u{feff}';

/// Dots in one line before its `=`: names that many levels deep would make a
/// tree that cannot be walked back from.
const DOTS_MAX: usize = 4 * NESTING_DEPTH_MAX;

/// Commas, equal signs and brackets in a text: the parser makes a tree of all
/// that they part, and more than so many would not become settings anyway.
const PARTS_MAX: usize = 4 * ITEMS_MAX;

/// Reads a TOML text.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix(BOM).unwrap_or(text),
        Err(error) => {
            let place = Place { line: line_of(bytes, error.valid_up_to()), column: 1 };
            let reason = "the line is not UTF-8: no TOML; it is watched as content";
            return opaque(bytes, Problem::at(ProblemKind::Encoding, place, reason, None));
        }
    };
    if text.lines().any(|line| line.split('=').next().is_some_and(|name| name.matches('.').count() > DOTS_MAX)) {
        let reason = format!("a name of more than {DOTS_MAX} parts; the file is watched as content");
        return opaque(bytes, Problem::whole(ProblemKind::Limit, reason));
    }
    if text.bytes().filter(|b| matches!(b, b',' | b'=' | b'[')).count() > PARTS_MAX {
        let reason = format!("more than {PARTS_MAX} elements; the file is watched as content");
        return opaque(bytes, Problem::whole(ProblemKind::Limit, reason));
    }
    let mut gather = Gather::with_room(bytes.len());
    read_text(&mut gather, text);
    gather.finish(bytes)
}

fn read_text(gather: &mut Gather, text: &str) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::new(text);
    for error in errors.iter().take(PROBLEMS_MAX) {
        gather.problem(ProblemKind::Syntax, lines.place(begin_of(error)), &reason(error), None);
    }
    if !errors.is_empty() {
        gather.unread(text.as_bytes());
    }
    if !table.get_ref().is_empty() {
        walk_table(&mut Document::new(gather), table.get_ref(), Place { line: 1, column: 1 }, &lines);
    }
}

fn begin_of(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// The parser's words, unless they may hold words of the file.
fn reason(error: &Error) -> String {
    let said = error.message();
    let quotes = said.contains(['`', '"', '\'']);
    format!("not TOML: {}", if quotes { "what stands here is not allowed" } else { said })
}

/// The members of a table in the order of the text; as deep as the parser went.
fn walk_table(document: &mut Document<'_>, table: &DeTable<'_>, place: Place, lines: &Lines<'_>) {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(name, _)| name.span().start);
    document.begin_map(place);
    for (name, value) in members {
        let place = lines.place(name.span().start);
        document.name(name.get_ref().as_bytes(), place);
        walk_value(document, value, place, lines);
    }
    document.end();
}

fn walk_value(document: &mut Document<'_>, value: &Spanned<DeValue<'_>>, place: Place, lines: &Lines<'_>) {
    let scalar = match value.get_ref() {
        DeValue::Table(table) => return walk_table(document, table, place, lines),
        DeValue::Array(list) => {
            document.begin_list(place);
            for element in list.iter() {
                walk_value(document, element, lines.place(element.span().start), lines);
            }
            return document.end();
        }
        DeValue::String(text) => Scalar::Text(text.as_bytes().into()),
        DeValue::Boolean(value) => Scalar::Bool(*value),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            let bare = digits.trim_start_matches(['+', '-']);
            Scalar::Integer(integer(digits.starts_with('-'), bare, number.radix()))
        }
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Scalar::Float(number),
            Err(_) => Scalar::Other(number.as_str().as_bytes().into()),
        },
        DeValue::Datetime(time) => Scalar::Other(canonical_time(time).into_bytes().into()),
    };
    document.scalar(&scalar, place);
}

/// A date or time as TOML writes it first, without zeros that end a fraction;
/// `Z` where the offset is none.
fn canonical_time(time: &Datetime) -> String {
    match time.offset {
        Some(Offset::Custom { minutes: 0 }) => Datetime { offset: Some(Offset::Z), ..*time }.to_string(),
        _ => time.to_string(),
    }
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let before = bytes[..at.min(bytes.len())].iter().filter(|&&b| b == b'\n').count();
    u32::try_from(before).unwrap_or(u32::MAX - 1) + 1
}

/// Where the lines of a text begin, to find the place of a byte.
struct Lines<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let begins = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.begins.partition_point(|begin| *begin <= at).saturating_sub(1);
        let begin = self.begins[line];
        // Columns far into a line are counted in bytes: nobody counts them.
        let before = self.text.get(begin..at).unwrap_or_default();
        let column = if before.len() > COLUMNS_COUNTED { before.len() } else { before.chars().count() };
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
        Place { line: number(line), column: number(column) }
    }
}

/// Bytes of a line within which columns are counted in characters: a list of a
/// hundred thousand elements on one line is not counted again for each.
const COLUMNS_COUNTED: usize = 512;

#[cfg(test)]
mod tests;
