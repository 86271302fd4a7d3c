//! `EnvironmentFile=` of systemd (`src/basic/env-file.c`, systemd.exec(5)).
//!
//! Quotes may stand anywhere after white space, and several pieces join into
//! one value; a backslash continues a line; nothing is interpolated. What
//! systemd drops with a warning (names that are none, text without `=`) is a
//! problem here.

use zeroize::Zeroizing;

use super::collect::{Collector, Raw};
use super::cursor::{Cursor, Spot};
use crate::ProblemKind;

/// Reads assignment by assignment.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    let mut cursor = Cursor::new(text);
    loop {
        cursor.take_while(is_space);
        match cursor.peek() {
            None => return,
            Some(b'#' | b';') => comment(&mut cursor),
            Some(_) if out.skips_line(&mut cursor) => {}
            Some(_) => assignment(&mut cursor, out),
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// A backslash does not continue a comment (since systemd 254).
fn comment(cursor: &mut Cursor<'_>) {
    cursor.take_while(|b| !is_line_end(b));
}

fn assignment(cursor: &mut Cursor<'_>, out: &mut Collector<'_>) {
    let spot = cursor.spot();
    let name = cursor.take_while(|b| b != b'=' && !is_line_end(b));
    if !cursor.eat(b'=') {
        out.problem(ProblemKind::Syntax, spot, "systemd ignores a line without `=`");
        out.unread(spot.at, cursor.at());
        return;
    }
    let name = trim_end(name);
    let value = value(cursor, out);
    if is_name(name) {
        out.set(name, Raw::text(value.to_vec()), spot, cursor.at());
    } else {
        out.problem(ProblemKind::Syntax, spot, "systemd ignores a name that is not letters, digits and `_`");
        out.unread(spot.at, cursor.at());
    }
}

fn trim_end(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|&b| !is_space(b)).map_or(0, |at| at + 1);
    &name[..end]
}

fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| !b.is_ascii_digit()) && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// The pieces of a value, joined. After a quoted piece, white space is skipped
/// and another piece may follow; an unquoted piece runs to the end of the line
/// and takes quotes literally.
fn value(cursor: &mut Cursor<'_>, out: &mut Collector<'_>) -> Zeroizing<Vec<u8>> {
    let mut value = Zeroizing::new(Vec::new());
    loop {
        cursor.take_while(|b| matches!(b, b' ' | b'\t'));
        let spot = cursor.spot();
        match cursor.peek() {
            None => return value,
            Some(b) if is_line_end(b) => return value,
            Some(b'\'') => single_quoted(cursor, &mut value, spot, out),
            Some(b'"') => double_quoted(cursor, &mut value, spot, out),
            Some(_) => {
                unquoted(cursor, &mut value);
                return value;
            }
        }
    }
}

fn single_quoted(cursor: &mut Cursor<'_>, value: &mut Vec<u8>, spot: Spot, out: &mut Collector<'_>) {
    cursor.take(1);
    value.extend_from_slice(cursor.take_while(|b| b != b'\''));
    if !cursor.eat(b'\'') {
        out.never_closed(spot);
    }
}

/// A backslash takes its meaning from `"`, `\`, `` ` `` and `$`, and joins
/// lines; before anything else it stays.
fn double_quoted(cursor: &mut Cursor<'_>, value: &mut Vec<u8>, spot: Spot, out: &mut Collector<'_>) {
    cursor.take(1);
    loop {
        value.extend_from_slice(cursor.take_while(|b| !matches!(b, b'"' | b'\\')));
        if cursor.eat(b'"') {
            return;
        }
        if !cursor.eat(b'\\') {
            out.never_closed(spot);
            return;
        }
        match cursor.take(1) {
            [b'\n'] | [] => {}
            [byte @ (b'"' | b'\\' | b'`' | b'$')] => value.push(*byte),
            other => {
                value.push(b'\\');
                value.extend_from_slice(other);
            }
        }
    }
}

/// White space at the end goes, unless it was escaped.
fn unquoted(cursor: &mut Cursor<'_>, value: &mut Vec<u8>) {
    let mut keep = value.len();
    while let Some(byte) = cursor.peek().filter(|&b| !is_line_end(b)) {
        cursor.take(1);
        if byte == b'\\' {
            value.extend(cursor.take(1).iter().filter(|&&b| !is_line_end(b)));
            keep = value.len();
        } else {
            value.push(byte);
            if !is_space(byte) {
                keep = value.len();
            }
        }
    }
    value.truncate(keep);
}
