//! A POSIX shell that sources the file (measured against dash).
//!
//! Assignments are read, plain or behind `export` and `readonly`. Anything
//! else is a command: it is never run, what it would set is unknown, and it is
//! a problem and watched as content. A command substitution in a value is kept
//! as written.

mod command;
mod word;

use self::word::{Broken, Word};
use super::BOM;
use super::collect::{Collector, Raw};
use super::cursor::{Cursor, Spot};
use crate::ProblemKind;

/// Reads command by command.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    let mut cursor = Cursor::new(text);
    if text.starts_with(BOM) {
        out.problem(
            ProblemKind::Encoding,
            cursor.spot(),
            "the file begins with a byte order mark; the shell takes it for part of a name",
        );
    }
    loop {
        cursor.take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b';'));
        match cursor.peek() {
            None => return,
            Some(b'#') => {
                cursor.take_line();
            }
            Some(b'\\') if cursor.rest().starts_with(b"\\\n") => {
                cursor.take(2);
            }
            Some(_) if out.skips_line(&mut cursor) => {}
            Some(_) => statement(&mut cursor, out),
        }
    }
}

/// One setting of a statement, held back until the whole statement is known
/// to be assignments only.
struct Found<'a> {
    name: &'a [u8],
    raw: Raw,
    spot: Spot,
    end: usize,
    carriage_return: bool,
}

fn statement(cursor: &mut Cursor<'_>, out: &mut Collector<'_>) {
    let start = cursor.clone();
    match assignments(cursor) {
        Ok(Some(found)) => found.into_iter().for_each(|one| set(one, out)),
        Ok(None) => {
            *cursor = start;
            command(cursor, out);
        }
        Err(broken) => {
            *cursor = start;
            give_up(cursor, broken, out);
        }
    }
}

fn set(found: Found<'_>, out: &mut Collector<'_>) {
    if found.carriage_return {
        out.problem(
            ProblemKind::Syntax,
            found.spot,
            "the line ends in a carriage return, which the shell makes part of the value",
        );
    }
    out.set(found.name, found.raw, found.spot, found.end);
}

fn command(cursor: &mut Cursor<'_>, out: &mut Collector<'_>) {
    let spot = cursor.spot();
    match command::skip(cursor) {
        Ok(true) => {}
        Ok(false) => {
            out.problem(ProblemKind::Syntax, spot, "a command: it is not run, and what it sets is unknown");
            out.unread(spot.at, cursor.at());
        }
        Err(broken) => give_up(cursor, broken, out),
    }
}

/// The shell stops reading at such a place, and sets nothing after it.
fn give_up(cursor: &mut Cursor<'_>, broken: Broken, out: &mut Collector<'_>) {
    let start = cursor.at();
    match broken {
        Broken::Unclosed(spot) => out.never_closed(spot),
        Broken::TooDeep(spot) => {
            out.problem(ProblemKind::Limit, spot, "the expansion is nested too deep; the rest is watched as content")
        }
    }
    cursor.take(usize::MAX);
    out.unread(start, cursor.at());
}

/// The settings of one statement; none when it is a command.
fn assignments<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Vec<Found<'a>>>, Broken> {
    let declares = ["export", "readonly"].iter().any(|word| {
        let rest = cursor.rest().strip_prefix(word.as_bytes());
        let found = rest.is_some_and(|rest| rest.first().is_some_and(|b| matches!(b, b' ' | b'\t')));
        if found {
            cursor.take(word.len());
        }
        found
    });
    let mut found = Vec::new();
    loop {
        skip_blanks(cursor);
        if ends_statement(cursor) {
            return Ok((!found.is_empty()).then_some(found));
        }
        let spot = cursor.spot();
        let name = cursor.take_while(|b| b.is_ascii_alphanumeric() || b == b'_');
        if name.first().is_none_or(u8::is_ascii_digit) {
            return Ok(None);
        }
        if cursor.eat(b'=') {
            let Word { parts, source } = word::value(cursor)?;
            if cursor.peek() == Some(b'(') {
                return Ok(None);
            }
            let carriage_return = source.ends_with(b"\r");
            found.push(Found { name, raw: Raw::Parts(parts), spot, end: cursor.at(), carriage_return });
        } else if declares && (ends_statement(cursor) || matches!(cursor.peek(), Some(b' ' | b'\t'))) {
            found.push(Found { name, raw: Raw::Inherited, spot, end: cursor.at(), carriage_return: false });
        } else {
            return Ok(None);
        }
    }
}

/// White space within a line, and lines that a backslash joins.
fn skip_blanks(cursor: &mut Cursor<'_>) -> bool {
    let before = cursor.at();
    loop {
        cursor.take_while(|b| matches!(b, b' ' | b'\t'));
        if !cursor.rest().starts_with(b"\\\n") {
            return cursor.at() > before;
        }
        cursor.take(2);
    }
}

/// Whether a statement may end here. An assignment always succeeds, so what
/// follows `&&` is read too.
fn ends_statement(cursor: &mut Cursor<'_>) -> bool {
    if cursor.rest().starts_with(b"&&") {
        cursor.take(2);
        return true;
    }
    matches!(cursor.peek(), None | Some(b'\n' | b';' | b'#'))
}
