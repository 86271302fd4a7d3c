//! `docker run --env-file`: raw lines (docker/cli, `pkg/kvfile`).
//!
//! Quotes, backslashes, `$` and a `#` after the name mean themselves. Docker
//! refuses the whole file for one bad line; here the good ones are still read
//! and the bad one is a problem.

use super::collect::{Collector, Raw};
use super::cursor::{Cursor, leading_space};
use super::space::go;
use crate::ProblemKind;

/// Bytes of a line that Docker reads: the buffer of Go's `bufio.Scanner`.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads line by line.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() {
        if !out.skips_line(&mut cursor) {
            line(&mut cursor, out);
        }
        cursor.take(1);
    }
}

fn line(cursor: &mut Cursor<'_>, out: &mut Collector<'_>) {
    let start = cursor.spot();
    let space = leading_space(cursor.rest_of_line(), go);
    cursor.take(space);
    let spot = cursor.spot();
    let line = cursor.take_line();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.starts_with(b"#") {
        return;
    }
    if cursor.at() - start.at >= LINE_BYTES_MAX {
        out.problem(ProblemKind::Limit, spot, "docker refuses lines of 65536 bytes and more");
    }
    let equals = line.iter().position(|&b| b == b'=');
    let name = &line[..equals.unwrap_or(line.len())];
    if name.is_empty() || name.iter().any(|b| matches!(b, b' ' | b'\t')) {
        out.problem(ProblemKind::Syntax, spot, "docker refuses a name that is empty or holds white space");
        out.unread(start.at, cursor.at());
        return;
    }
    let raw = match equals {
        Some(equals) => Raw::text(&line[equals + 1..]),
        None => Raw::Inherited,
    };
    out.set(name, raw, spot, cursor.at());
}
