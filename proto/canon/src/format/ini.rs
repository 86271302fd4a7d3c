//! Ini files: sections of `name = value`, as Python's configparser, systemd and
//! PHP have them.
//!
//! Where these programs disagree (quotes, comments behind a value, upper case,
//! repeated names) the text is kept as written and every value is kept, so that
//! no program's difference is missed.

use super::Reading;
use super::gather::{Gather, text};
use super::lines::{Line, lines, unreadable};
use super::path::KeyPath;
use super::repeated::Repeated;
use crate::{Place, ProblemKind};

/// A value that further lines may continue.
struct Open {
    key: Vec<u8>,
    place: Place,
    indent: usize,
    value: Vec<u8>,
    /// Empty lines that count if another line of the value follows.
    empty: usize,
    /// Whether the last line ended with a backslash.
    goes_on: bool,
}

/// Reads an ini file.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut ini =
        Ini { gather: Gather::with_room(bytes.len()), repeated: Repeated::default(), section: None, open: None };
    for line in lines(bytes) {
        ini.line(&line);
    }
    ini.close();
    ini.gather.finish(bytes)
}

struct Ini {
    gather: Gather,
    repeated: Repeated,
    section: Option<Vec<u8>>,
    open: Option<Open>,
}

impl Ini {
    fn line(&mut self, line: &Line<'_>) {
        if line.is_too_long() {
            self.close();
            return self.gather.too_long(line.text, line.place(0));
        }
        let bare = line.text.trim_ascii();
        let indent = line.text.len() - line.text.trim_ascii_start().len();
        if self.open.as_ref().is_some_and(|open| open.goes_on) {
            return self.go_on(bare, b" ");
        }
        match bare {
            [] => {
                if let Some(open) = &mut self.open {
                    open.empty += 1;
                }
            }
            [b'#' | b';', ..] => {}
            _ if self.open.as_ref().is_some_and(|open| indent > open.indent) => self.go_on(bare, b"\n"),
            [b'[', ..] => self.begin_section(line, bare),
            _ => self.name(line, bare, indent),
        }
    }

    fn go_on(&mut self, bare: &[u8], between: &[u8]) {
        let Some(open) = &mut self.open else { return };
        open.value.extend(std::iter::repeat_n(b'\n', std::mem::take(&mut open.empty)));
        open.value.extend_from_slice(between);
        open.push(bare);
    }

    fn begin_section(&mut self, line: &Line<'_>, bare: &[u8]) {
        self.close();
        let end = bare.iter().rposition(|&b| b == b']');
        let Some(name) = end.map(|end| bare[1..end].trim_ascii()) else {
            self.section = None;
            return self.refuse(line, "a section without its closing bracket");
        };
        self.section = Some(name.to_vec());
        let rest = end.map_or(bare, |end| &bare[end + 1..]).trim_ascii();
        if !matches!(rest, [] | [b'#' | b';', ..]) {
            self.gather.problem(ProblemKind::Syntax, line.place(0), "there is more behind the section", None);
            self.gather.unread(rest);
        }
    }

    fn name(&mut self, line: &Line<'_>, bare: &[u8], indent: usize) {
        self.close();
        let Some(at) = bare.iter().position(|b| matches!(b, b'=' | b':')).filter(|at| *at > 0) else {
            return self.refuse(line, "neither a section nor a name with `=` or `:`");
        };
        let mut path = KeyPath::default();
        if let Some(section) = &self.section {
            path.push_name(section);
        }
        path.push_name(bare[..at].trim_ascii());
        let key = path.as_bytes().to_vec();
        let mut open = Open { key, place: line.place(indent), indent, value: Vec::new(), empty: 0, goes_on: false };
        open.push(bare[at + 1..].trim_ascii());
        self.open = Some(open);
    }

    /// The value that is open has no further line.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.repeated.set(&mut self.gather, &open.key, text(open.value), open.place);
        }
    }

    fn refuse(&mut self, line: &Line<'_>, reason: &str) {
        self.gather.problem(ProblemKind::Syntax, line.place(0), reason, None);
        self.gather.unread(line.text);
    }
}

impl Open {
    /// Adds the text of one line, without a backslash that ends it.
    fn push(&mut self, text: &[u8]) {
        let backslashes = text.iter().rev().take_while(|&&b| b == b'\\').count();
        self.goes_on = backslashes % 2 == 1;
        let text = if self.goes_on { text[..text.len() - 1].trim_ascii_end() } else { text };
        self.value.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests;
