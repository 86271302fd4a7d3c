//! The dotenv dialect: python-dotenv and dotenv for Node.js.
//!
//! The two agree on most files. Where both understand a line and differ, this
//! follows python-dotenv: `\"` and other escapes in quotes, a `#` without white
//! space before it, `${NAME}` in every kind of value. Where only one of them
//! understands a line, it is read as that one reads it: backticks and
//! `NAME: value` are Node's, the name alone is Python's; a quote that is never
//! closed and text after a closing quote are kept as Node keeps them, and are a
//! problem besides. `tests/tests/theirs_env.rs` holds both against this.

use zeroize::Zeroizing;

use super::collect::{Collector, Raw};
use super::cursor::{Cursor, Spot, leading_space, trim_end};
use super::interpolate::{Operator, Part};
use super::space::{python, python_inline};
use crate::ProblemKind;

/// Reads a text whose line ends are line feeds.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    let mut reader = Reader { cursor: Cursor::new(text), unclosed: [false; 3] };
    loop {
        reader.cursor.skip_space(python);
        if reader.cursor.at_end() {
            return;
        }
        if !out.skips_line(&mut reader.cursor) {
            reader.statement(out);
        }
    }
}

/// Quotes, in the order in which [`Reader::unclosed`] remembers them.
const QUOTES: [u8; 3] = [b'\'', b'"', b'`'];

struct Reader<'a> {
    cursor: Cursor<'a>,
    /// Whether a search for the end of such a quote once came to the end of
    /// the text: it need not be made again.
    unclosed: [bool; 3],
}

impl<'a> Reader<'a> {
    fn statement(&mut self, out: &mut Collector<'_>) {
        let start = self.cursor.spot();
        skip_export(&mut self.cursor);
        let spot = self.cursor.spot();
        if self.cursor.peek() == Some(b'#') {
            self.cursor.take_line();
            return;
        }
        let Some(name) = self.name() else {
            self.cursor.take_line();
            out.problem(ProblemKind::Syntax, spot, "a name was expected");
            out.unread(start.at, self.cursor.at());
            return;
        };
        let spaced = self.cursor.skip_space(python_inline);
        if self.cursor.eat(b'=') {
            let raw = self.value(out);
            out.set(name, raw, spot, self.cursor.at());
        } else if let Some(name) = name.strip_suffix(b":").filter(|name| spaced && is_node_name(name)) {
            let raw = self.value(out);
            out.set(name, raw, spot, self.cursor.at());
        } else if self.ends_here() {
            out.set(name, Raw::Inherited, spot, self.cursor.at());
        } else {
            let wrong = self.cursor.spot();
            self.cursor.take_line();
            out.problem(ProblemKind::Syntax, wrong, "`=` was expected after the name");
            out.unread(start.at, self.cursor.at());
        }
    }

    /// A name: everything up to white space, `=` or `#`, or in single quotes.
    fn name(&mut self) -> Option<&'a [u8]> {
        if self.cursor.peek() == Some(b'\'') {
            let line = self.cursor.rest_of_line();
            let end = 1 + line[1..].iter().position(|&b| b == b'\'')?;
            self.cursor.take(end + 1);
            return Some(&line[1..end]).filter(|name| !name.is_empty());
        }
        let rest = self.cursor.rest_of_line();
        let mut end = 0;
        while end < rest.len() && !matches!(rest[end], b'=' | b'#') && leading_space(&rest[end..], python) == 0 {
            end += 1;
        }
        Some(self.cursor.take(end)).filter(|name| !name.is_empty())
    }

    fn value(&mut self, out: &mut Collector<'_>) -> Raw {
        let spaced = self.cursor.skip_space(python_inline);
        let spot = self.cursor.spot();
        match self.cursor.peek() {
            None | Some(b'\n') => Raw::text(b""),
            Some(b'#') if spaced => {
                self.cursor.take_line();
                Raw::text(b"")
            }
            Some(quote) if QUOTES.contains(&quote) => self.quoted(quote, spot, out),
            Some(_) => self.unquoted(),
        }
    }

    fn unquoted(&mut self) -> Raw {
        let line = self.cursor.take_line();
        Raw::Parts(references(trim_end(before_comment(line), python)))
    }

    fn quoted(&mut self, quote: u8, spot: Spot, out: &mut Collector<'_>) -> Raw {
        let Some(length) = self.length_of_quoted(quote) else {
            if quote == b'`' {
                return self.unquoted();
            }
            out.never_closed(spot);
            return self.as_node_keeps_it();
        };
        let before = self.cursor.clone();
        let inner = &self.cursor.take(length + 2)[1..=length];
        if !self.ends_here() {
            let wrong = self.cursor.spot();
            self.cursor = before;
            out.problem(ProblemKind::Syntax, wrong, "text after the closing quote");
            return self.as_node_keeps_it();
        }
        match quote {
            b'`' => Raw::text(inner),
            b'\'' => Raw::Parts(references(&unescaped(inner, single_escape))),
            _ => Raw::Parts(references(&unescaped(inner, double_escape))),
        }
    }

    /// Bytes between the quote here and the one that closes it.
    fn length_of_quoted(&mut self, quote: u8) -> Option<usize> {
        let memory = QUOTES.iter().position(|&one| one == quote)?;
        if self.unclosed[memory] {
            return None;
        }
        let rest = &self.cursor.rest()[1..];
        let mut at = 0;
        while at < rest.len() {
            match rest[at] {
                b'\\' => at += 2,
                b if b == quote => return Some(at),
                _ => at += 1,
            }
        }
        self.unclosed[memory] = true;
        None
    }

    /// The rest of the line up to a `#`, quotes around it taken off.
    fn as_node_keeps_it(&mut self) -> Raw {
        let line = self.cursor.take_line();
        let text = line.split(|&b| b == b'#').next().unwrap_or_default().trim_ascii();
        let quoted = text.len() > 1 && text.first() == text.last();
        Raw::text(if quoted { &text[1..text.len() - 1] } else { text })
    }

    /// Moves over white space and a comment; whether the line then ends.
    fn ends_here(&mut self) -> bool {
        let rest = self.cursor.rest();
        let space = leading_space(rest, python_inline);
        match rest.get(space) {
            None | Some(b'\n') => {
                self.cursor.take(space);
                true
            }
            Some(b'#') => {
                self.cursor.take_line();
                true
            }
            Some(_) => false,
        }
    }
}

/// Moves over `export` and white space, if both are there.
fn skip_export(cursor: &mut Cursor<'_>) {
    if let Some(rest) = cursor.rest().strip_prefix(b"export") {
        let space = leading_space(rest, python_inline);
        if space > 0 {
            cursor.take(b"export".len() + space);
        }
    }
}

fn is_node_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// An unquoted value up to the first `#` that has white space before it.
fn before_comment(line: &[u8]) -> &[u8] {
    let mut at = 0;
    while at < line.len() {
        let space = leading_space(&line[at..], python_inline);
        if space > 0 && line.get(at + space) == Some(&b'#') {
            return &line[..at];
        }
        at += space.max(1);
    }
    line
}

fn unescaped(inner: &[u8], escape: fn(u8) -> Option<u8>) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.peek().copied().and_then(escape)).flatten();
        text.push(escaped.unwrap_or(byte));
        if escaped.is_some() {
            bytes.next();
        }
    }
    text
}

fn single_escape(byte: u8) -> Option<u8> {
    matches!(byte, b'\\' | b'\'').then_some(byte)
}

fn double_escape(byte: u8) -> Option<u8> {
    Some(match byte {
        b'\\' | b'\'' | b'"' => byte,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        _ => return None,
    })
}

/// `${NAME}` and `${NAME:-default}`, without nesting. A default counts only
/// where the name is not set at all: python-dotenv's `:-` is the shell's `-`.
fn references(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    // Both searches only ever move forward, so that a text of many `${` costs
    // no more than its length.
    let (mut stop, mut brace) = (Next::new(text, |b| matches!(b, b'}' | b':')), Next::new(text, |b| b == b'}'));
    while let Some(dollar) = text[at..].windows(2).position(|pair| pair == b"${").map(|found| found + at) {
        let name_start = dollar + 2;
        at = dollar + 1;
        let Some(name_end) = stop.at_or_after(name_start) else { break };
        let (operator, word, end) = if text[name_end] == b'}' {
            (Operator::Plain, None, name_end)
        } else if text[name_end..].starts_with(b":-") {
            let Some(end) = brace.at_or_after(name_end + 2) else { break };
            (Operator::DefaultIfUnset, Some(&text[name_end + 2..end]), end)
        } else {
            continue;
        };
        parts.push(literal(&text[from..dollar]));
        parts.push(Part::Reference {
            name: text[name_start..name_end].to_vec(),
            operator,
            word: word.map(literal).into_iter().collect(),
        });
        at = end + 1;
        from = at;
    }
    parts.push(literal(&text[from..]));
    parts
}

fn literal(bytes: &[u8]) -> Part {
    Part::Literal(Zeroizing::new(bytes.to_vec()))
}

/// Finds the next byte of a kind, never looking at a byte twice.
struct Next<'a> {
    text: &'a [u8],
    wanted: fn(u8) -> bool,
    found: usize,
}

impl<'a> Next<'a> {
    fn new(text: &'a [u8], wanted: fn(u8) -> bool) -> Self {
        let found = text.iter().position(|&b| wanted(b)).unwrap_or(text.len());
        Self { text, wanted, found }
    }

    fn at_or_after(&mut self, from: usize) -> Option<usize> {
        if self.found < from {
            let rest = self.text.get(from..)?;
            self.found = from + rest.iter().position(|&b| (self.wanted)(b)).unwrap_or(rest.len());
        }
        (self.found < self.text.len()).then_some(self.found)
    }
}
