//! YAML: anchors, aliases and merge keys are followed, each document of a file
//! is read.
//!
//! Readers of YAML 1.1 and 1.2 disagree on what some plain words are (`yes`,
//! `0777`, `12:30`). Those are kept as written and equal neither of their
//! readings, so that no reader's difference is missed. Nothing is constructed
//! from tags: a tag is part of the value.

mod plain;
mod walk;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use self::walk::{Node, TAPE_BYTES_MAX, Walk};
use super::Reading;
use super::gather::{Gather, opaque};
use super::lines::unreadable;
use crate::{Place, Problem, ProblemKind};

/// The UTF-8 byte order mark.
const BOM: char = '\u{feff}';

/// Reads a file of YAML documents.
pub(super) fn read(bytes: &[u8]) -> Reading {
    read_within(bytes, TAPE_BYTES_MAX)
}

/// The same, with that much room for what aliases may need again.
fn read_within(bytes: &[u8], tape_bytes_max: usize) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix(BOM).unwrap_or(text),
        Err(error) => {
            let place = place_of_byte(bytes, error.valid_up_to());
            let reason = "it is not UTF-8; it is watched as content";
            return opaque(bytes, Problem::at(ProblemKind::Encoding, place, reason, None));
        }
    };
    let mut gather = Gather::with_room(bytes.len());
    walk_all(Walk::new(&mut gather, tape_bytes_max), text);
    gather.finish(bytes)
}

/// Walks every document of a text.
fn walk_all<'i>(mut walk: Walk<'_, 'i>, text: &'i str) {
    let mut parser = Parser::new_from_str(text);
    let mut read = 0;
    let last = text.bytes().filter(|&b| b == b'\n').count() + 1;
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => {
                read = span.start.index();
                let place = place(&span.start);
                // What is understood at the end of a text may stand behind it.
                let is_behind = usize::try_from(place.line).is_ok_and(|line| line > last);
                take(&mut walk, event, if is_behind { inside(text, place) } else { place });
            }
            Err(error) => {
                // The parser may have looked far ahead of what it gave.
                let rest = text.char_indices().nth(read).map_or("", |(at, _)| &text[at..]);
                let place = inside(text, place(error.marker()));
                let reason = format!("not YAML from here on: {}", error.info());
                let gather = walk.abandon();
                gather.problem(ProblemKind::Syntax, place, &reason, None);
                gather.unread(rest.as_bytes());
                return;
            }
        }
    }
}

/// Hands one event of the parser on.
fn take<'i>(walk: &mut Walk<'_, 'i>, event: Event<'i>, place: Place) {
    match event {
        Event::DocumentStart(_) => walk.begin_document(),
        Event::Scalar(text, style, anchor, tag) => {
            let node = Node::Scalar { text, plain: style == ScalarStyle::Plain, tag: name_of(tag.as_deref()) };
            walk.take(node, anchor, place);
        }
        Event::SequenceStart(anchor, tag) => walk.take(Node::List(name_of(tag.as_deref())), anchor, place),
        Event::MappingStart(anchor, tag) => walk.take(Node::Map(name_of(tag.as_deref())), anchor, place),
        Event::SequenceEnd | Event::MappingEnd => walk.take(Node::End, 0, place),
        Event::Alias(anchor) => walk.take(Node::Alias(anchor), 0, place),
        Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
    }
}

/// A tag in its short form: `!!str`, `!Ref`.
fn name_of(tag: Option<&Tag>) -> Option<Box<str>> {
    tag.map(|tag| {
        let handle = if tag.is_yaml_core_schema() { "!!" } else { &tag.handle };
        format!("{handle}{}", tag.suffix).into()
    })
}

fn place(marker: &Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1);
    Place { line: number(marker.line()).max(1), column: number(marker.col()) + 1 }
}

/// The place, or the end of the text where the parser points behind it.
fn inside(text: &str, place: Place) -> Place {
    let lines = text.split('\n').count();
    if usize::try_from(place.line).is_ok_and(|line| line <= lines) {
        let width = text.split('\n').nth(usize::try_from(place.line - 1).unwrap_or(0)).map_or(0, |l| l.chars().count());
        return Place { column: place.column.min(u32::try_from(width + 1).unwrap_or(u32::MAX)), ..place };
    }
    let last = text.rsplit('\n').next().unwrap_or_default().chars().count();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(lines), column: number(last + 1) }
}

/// The place of a byte of a text that may not be UTF-8.
fn place_of_byte(bytes: &[u8], at: usize) -> Place {
    let before = &bytes[..at];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let begin = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[begin..]).chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column) }
}

#[cfg(test)]
mod tests;
