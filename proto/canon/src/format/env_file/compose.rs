//! The dialect of `docker compose`, for `.env` and `env_file:` (compose-go,
//! packages `dotenv` and `template`).
//!
//! Compose refuses the whole file for one error; here the rest is still read
//! and the error is a problem. Compose lets its own environment win over the
//! file when it interpolates; the file is all that is known here.

use zeroize::Zeroizing;

use super::collect::{Collector, Raw};
use super::cursor::{Cursor, Spot, first_char, leading_space, trim_end};
use super::interpolate::{Operator, Part};
use super::space::{compose_inline, go};
use crate::ProblemKind;
use crate::limits::INTERPOLATION_DEPTH_MAX;

/// Reads statement by statement.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    let mut reader = Reader { cursor: Cursor::new(text), unclosed: [false; 2] };
    loop {
        reader.cursor.skip_space(go);
        match reader.cursor.peek() {
            None => return,
            Some(b'#') => {
                reader.cursor.take_line();
            }
            Some(_) if out.skips_line(&mut reader.cursor) => {}
            Some(_) => reader.statement(out),
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    /// Whether a search for the end of `'` or `"` came to the end of the text.
    unclosed: [bool; 2],
}

impl<'a> Reader<'a> {
    fn statement(&mut self, out: &mut Collector<'_>) {
        let start = self.cursor.spot();
        if let Some(rest) = self.cursor.rest().strip_prefix(b"export") {
            let space = leading_space(rest, go);
            if space > 0 {
                self.cursor.take(b"export".len() + leading_space(rest, compose_inline));
            }
        }
        let spot = self.cursor.spot();
        let rest = self.cursor.rest();
        let Some(end) = self.name_end(rest, out) else {
            self.cursor.take_line();
            out.unread(start.at, self.cursor.at());
            return;
        };
        self.cursor.take(end);
        let name = trim_end(&rest[..end], go);
        if name.is_empty() || name.contains(&b' ') {
            self.cursor.take_line();
            out.problem(ProblemKind::Syntax, spot, "compose refuses a name that is empty or holds white space");
            out.unread(start.at, self.cursor.at());
        } else if matches!(rest.get(end), None | Some(b'\n')) {
            out.set(name, Raw::Inherited, spot, self.cursor.at());
        } else {
            self.cursor.take(1);
            self.cursor.skip_space(compose_inline);
            match self.value(out) {
                Some(raw) => out.set(name, raw, spot, self.cursor.at()),
                None => out.unread(start.at, self.cursor.at()),
            }
        }
    }

    /// Where the name ends: at `=` or `:`, or with the line. Looks no further
    /// than that: many statements may be on one line.
    fn name_end(&mut self, text: &[u8], out: &mut Collector<'_>) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| rest.first().is_some_and(|&b| b != b'\n')) {
            let part = first_char(rest)
                .filter(|&(c, _)| compose_inline(c) || c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']'));
            match part {
                Some((_, len)) => at += len,
                None if matches!(rest[0], b'=' | b':') => return Some(at),
                None => {
                    let mut wrong = self.cursor.clone();
                    wrong.take(at);
                    out.problem(ProblemKind::Syntax, wrong.spot(), "compose refuses this character in a name");
                    return None;
                }
            }
        }
        Some(at)
    }

    fn value(&mut self, out: &mut Collector<'_>) -> Option<Raw> {
        let spot = self.cursor.spot();
        match self.cursor.peek() {
            Some(quote @ (b'\'' | b'"')) => self.quoted(quote, spot, out),
            _ => {
                let line = self.cursor.take_line();
                let end = line.windows(2).position(|pair| pair == b" #").unwrap_or(line.len());
                Some(template(trim_end(&line[..end], go), spot, out))
            }
        }
    }

    /// A quoted value; what follows it on the line is the next statement.
    fn quoted(&mut self, quote: u8, spot: Spot, out: &mut Collector<'_>) -> Option<Raw> {
        let memory = usize::from(quote == b'"');
        let length = (!self.unclosed[memory]).then(|| closing(&self.cursor.rest()[1..], quote)).flatten();
        let Some(length) = length else {
            self.unclosed[memory] = true;
            self.cursor.take_line();
            out.never_closed(spot);
            return None;
        };
        let inner = &self.cursor.take(length + 2)[1..=length];
        let text = without_escaped_quotes(inner, quote);
        Some(if quote == b'\'' { Raw::text(text.to_vec()) } else { template(&expand_escapes(&text), spot, out) })
    }
}

/// Bytes before the quote that closes.
fn closing(rest: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b if b == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// An escaped quote loses its backslash, everything else keeps it.
fn without_escaped_quotes(inner: &[u8], quote: u8) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte == b'\\').then(|| bytes.next()).flatten() {
            Some(escaped) if escaped == quote => text.push(quote),
            Some(escaped) => text.extend_from_slice(&[b'\\', escaped]),
            None => text.push(byte),
        }
    }
    text
}

/// The escapes of a double-quoted value: `\a \b \f \n \r \t \v \\ \" \$` and
/// octal `\0ooo`. `\$` becomes `$$`, which the template turns into `$`.
fn expand_escapes(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        let Some(escaped) = (text[at] == b'\\').then(|| text.get(at + 1)).flatten() else {
            out.push(text[at]);
            at += 1;
            continue;
        };
        let single = match escaped {
            b'a' => Some(7),
            b'b' => Some(8),
            b'f' => Some(12),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(11),
            b'\\' | b'"' => Some(*escaped),
            _ => None,
        };
        if let Some(byte) = single {
            out.push(byte);
            at += 2;
        } else if *escaped == b'$' {
            out.extend_from_slice(b"$$");
            at += 2;
        } else if let Some(c) = octal(&text[at..]) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += 5;
        } else {
            out.push(b'\\');
            at += 1;
        }
    }
    out
}

/// `\0` and three octal digits; Go refuses fewer, and values over 255.
fn octal(text: &[u8]) -> Option<char> {
    let digits = text.strip_prefix(b"\\0")?.get(..3)?;
    let byte = digits.iter().try_fold(0_u8, |sum, b| match b {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(b - b'0'),
        _ => None,
    });
    byte.map(char::from)
}

/// The references of a value; one that compose refuses stays as written, and
/// is a problem.
fn template(text: &[u8], spot: Spot, out: &mut Collector<'_>) -> Raw {
    let mut parser = Template { text, at: 0, wrong: None };
    let parts = parser.parts(0);
    match parser.wrong {
        None => Raw::Parts(parts),
        Some(reason) => {
            let kind = if reason == TOO_DEEP { ProblemKind::Limit } else { ProblemKind::Syntax };
            out.problem(kind, spot, reason);
            Raw::Parts(vec![Part::Unknowable(Zeroizing::new(text.to_vec()))])
        }
    }
}

const INVALID: &str = "compose refuses this template: `${` needs a name and a closing brace";
const TOO_DEEP: &str = "the template is nested too deep; it is kept as written";

struct Template<'a> {
    text: &'a [u8],
    at: usize,
    wrong: Option<&'static str>,
}

impl Template<'_> {
    /// Parts up to the end of the text, or inside braces up to the closing one.
    fn parts(&mut self, depth: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut plain = Zeroizing::new(Vec::new());
        let mut braces = 0_usize;
        while let Some(&byte) = self.text.get(self.at).filter(|_| self.wrong.is_none()) {
            match byte {
                b'}' if depth > 0 && braces == 0 => break,
                b'$' => {
                    if let Some(part) = self.dollar(depth, &mut plain) {
                        parts.push(Part::Literal(std::mem::take(&mut plain)));
                        parts.push(part);
                    }
                    continue;
                }
                // Braces inside a default are counted, so that JSON fits in.
                b'{' if depth > 0 => braces += 1,
                b'}' => braces = braces.saturating_sub(1),
                b'\n' if depth > 0 => self.wrong = Some(INVALID),
                _ => {}
            }
            plain.push(byte);
            self.at += 1;
        }
        parts.push(Part::Literal(plain));
        parts
    }

    /// What a `$` begins: a reference, or a literal added to `plain`.
    fn dollar(&mut self, depth: usize, plain: &mut Vec<u8>) -> Option<Part> {
        let rest = &self.text[self.at + 1..];
        match rest.first() {
            Some(b'$') => {
                plain.push(b'$');
                self.at += 2;
                None
            }
            Some(b'{') => {
                self.at += 2;
                self.braced(depth)
            }
            Some(b) if is_name_start(*b) => {
                self.at += 1;
                let name = self.name();
                Some(Part::Reference { name, operator: Operator::Plain, word: Vec::new() })
            }
            _ => {
                plain.push(b'$');
                self.at += 1;
                None
            }
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|b| !(is_name_start(*b) || b.is_ascii_digit())).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_vec()
    }

    fn braced(&mut self, depth: usize) -> Option<Part> {
        let starts = self.text.get(self.at).is_some_and(|b| is_name_start(*b));
        let name = self.name();
        let mut operator = Operator::Plain;
        let mut word = Vec::new();
        if let Some((found, length)) =
            Operator::at(&self.text[self.at..]).filter(|(found, _)| !matches!(found, Operator::Assign { .. }))
        {
            if depth >= INTERPOLATION_DEPTH_MAX {
                self.wrong = Some(TOO_DEEP);
                return None;
            }
            operator = found;
            self.at += length;
            word = self.parts(depth + 1);
        }
        if !starts || self.wrong.is_some() || self.text.get(self.at) != Some(&b'}') {
            self.wrong.get_or_insert(INVALID);
            return None;
        }
        self.at += 1;
        Some(Part::Reference { name, operator, word })
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}
