//! A word of shell text: quotes removed, expansions found.
//!
//! Expands nothing. What only a running shell can work out stays as written.

use zeroize::Zeroizing;

use super::super::cursor::{Cursor, Spot};
use super::super::interpolate::{Operator, Part};
use crate::limits::INTERPOLATION_DEPTH_MAX;

/// Why a word has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote, brace or parenthesis is never closed.
    Unclosed(Spot),
    /// More than [`INTERPOLATION_DEPTH_MAX`] expansions in each other.
    TooDeep(Spot),
}

/// A word and the bytes it was written in.
pub(super) struct Word<'a> {
    pub(super) parts: Vec<Part>,
    pub(super) source: &'a [u8],
}

/// Reads the value of an assignment, to the end of the word.
pub(super) fn value<'a>(cursor: &mut Cursor<'a>) -> Result<Word<'a>, Broken> {
    let before = cursor.rest();
    let start = cursor.at();
    let mut reader = Reader { cursor, built: Built::default(), depth: 0 };
    reader.tilde();
    reader.bare(Stop::Word)?;
    let parts = reader.built.finish();
    Ok(Word { parts, source: &before[..cursor.at() - start] })
}

/// Moves over one word of a command and returns how it was written.
pub(super) fn skip<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Broken> {
    let before = cursor.rest();
    let start = cursor.at();
    Reader { cursor, built: Built::default(), depth: 0 }.bare(Stop::Word)?;
    Ok(&before[..cursor.at() - start])
}

/// Where a run of text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// At white space or an operator.
    Word,
    /// At the brace that closes an expansion.
    Brace,
    /// At the brace that closes an expansion in double quotes, where single
    /// quotes mean themselves.
    QuotedBrace,
}

#[derive(Default)]
struct Built {
    parts: Vec<Part>,
    plain: Zeroizing<Vec<u8>>,
}

impl Built {
    fn push(&mut self, part: Part) {
        self.parts.push(Part::Literal(std::mem::take(&mut self.plain)));
        self.parts.push(part);
    }

    fn finish(mut self) -> Vec<Part> {
        self.parts.push(Part::Literal(self.plain));
        self.parts
    }
}

struct Reader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    built: Built,
    depth: usize,
}

impl Reader<'_, '_> {
    /// Text outside double quotes.
    fn bare(&mut self, stop: Stop) -> Result<(), Broken> {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if stop == Stop::Word => {
                    return Ok(());
                }
                b'}' if stop != Stop::Word => return Ok(()),
                b'\'' if stop != Stop::QuotedBrace => self.single()?,
                b'"' => self.double()?,
                b'\\' if stop == Stop::QuotedBrace => self.backslash(Some(b"$`\"\\}")),
                b'\\' => self.backslash(None),
                b'$' => self.dollar(stop == Stop::QuotedBrace)?,
                b'`' => self.backticks()?,
                b':' if stop == Stop::Word => {
                    self.plain(1);
                    self.tilde();
                }
                _ => self.plain(1),
            }
        }
        Ok(())
    }

    fn plain(&mut self, count: usize) {
        let bytes = self.cursor.take(count);
        self.built.plain.extend_from_slice(bytes);
    }

    fn single(&mut self) -> Result<(), Broken> {
        let spot = self.cursor.spot();
        self.cursor.take(1);
        let inner = self.cursor.take_while(|b| b != b'\'');
        self.built.plain.extend_from_slice(inner);
        if self.cursor.eat(b'\'') { Ok(()) } else { Err(Broken::Unclosed(spot)) }
    }

    fn double(&mut self) -> Result<(), Broken> {
        let spot = self.cursor.spot();
        self.cursor.take(1);
        loop {
            match self.cursor.peek() {
                None => return Err(Broken::Unclosed(spot)),
                Some(b'"') => {
                    self.cursor.take(1);
                    return Ok(());
                }
                Some(b'\\') => self.backslash(Some(b"$`\"\\")),
                Some(b'$') => self.dollar(true)?,
                Some(b'`') => self.backticks()?,
                Some(_) => self.plain(1),
            }
        }
    }

    /// Before a line feed a backslash joins lines; before what is not special
    /// here it stays. Outside quotes everything is special.
    fn backslash(&mut self, special: Option<&[u8]>) {
        self.cursor.take(1);
        match self.cursor.peek() {
            Some(b'\n') => {
                self.cursor.take(1);
            }
            Some(byte) if special.is_some_and(|special| !special.contains(&byte)) => {
                self.built.plain.push(b'\\');
                self.plain(1);
            }
            Some(_) => self.plain(1),
            None => self.built.plain.push(b'\\'),
        }
    }

    /// `~` and `~name`, where a value or a path in it begins: a home directory
    /// of the host.
    fn tilde(&mut self) {
        if self.cursor.peek() == Some(b'~') {
            let mut end = 1;
            let rest = self.cursor.rest();
            while rest.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
                end += 1;
            }
            let whole = rest
                .get(end)
                .is_none_or(|b| matches!(b, b'/' | b':' | b';' | b'&' | b'|' | b')') || b.is_ascii_whitespace());
            if whole {
                let source = self.cursor.take(end);
                self.unknowable(source);
            }
        }
    }

    fn unknowable(&mut self, source: &[u8]) {
        self.built.push(Part::Unknowable(Zeroizing::new(source.to_vec())));
    }

    fn backticks(&mut self) -> Result<(), Broken> {
        let (spot, before) = (self.cursor.spot(), self.cursor.rest());
        let mut end = 1;
        while before.get(end).is_some_and(|&b| b != b'`') {
            end += if before[end] == b'\\' { 2 } else { 1 };
        }
        if end >= before.len() {
            return Err(Broken::Unclosed(spot));
        }
        let source = self.cursor.take(end + 1);
        self.unknowable(source);
        Ok(())
    }

    fn dollar(&mut self, quoted: bool) -> Result<(), Broken> {
        match self.cursor.rest().get(1) {
            Some(b'{') => self.braced(quoted),
            Some(b'(') => self.parenthesised(),
            Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
                self.cursor.take(1);
                let name = self.name();
                self.built.push(Part::Reference { name, operator: Operator::Plain, word: Vec::new() });
                Ok(())
            }
            Some(b) if b.is_ascii_digit() || b"@*#?-$!".contains(b) => {
                let source = self.cursor.take(2);
                self.unknowable(source);
                Ok(())
            }
            _ => {
                self.plain(1);
                Ok(())
            }
        }
    }

    fn name(&mut self) -> Vec<u8> {
        self.cursor.take_while(|b| b.is_ascii_alphanumeric() || b == b'_').to_vec()
    }

    /// `${…}`. Forms without a name, or with a pattern, are the shell's alone.
    fn braced(&mut self, quoted: bool) -> Result<(), Broken> {
        let (spot, before) = (self.cursor.spot(), self.cursor.rest());
        if self.depth >= INTERPOLATION_DEPTH_MAX {
            return Err(Broken::TooDeep(spot));
        }
        self.cursor.take(2);
        let name = self.name();
        let named = name.first().is_some_and(|b| !b.is_ascii_digit());
        let found = Operator::at(self.cursor.rest()).filter(|_| named);
        if let Some((_, length)) = found {
            self.cursor.take(length);
        }
        let empty = self.cursor.peek() == Some(b'}');
        let word = self.word(quoted)?;
        if !self.cursor.eat(b'}') {
            return Err(Broken::Unclosed(spot));
        }
        match found {
            Some((operator, _)) => self.built.push(Part::Reference { name, operator, word }),
            None if named && empty => {
                self.built.push(Part::Reference { name, operator: Operator::Plain, word: Vec::new() })
            }
            None => self.unknowable(&before[..self.cursor.at() - spot.at]),
        }
        Ok(())
    }

    /// The word of an expansion, up to its closing brace.
    fn word(&mut self, quoted: bool) -> Result<Vec<Part>, Broken> {
        let outer = std::mem::take(&mut self.built);
        self.depth += 1;
        let result = self.bare(if quoted { Stop::QuotedBrace } else { Stop::Brace });
        self.depth -= 1;
        let word = std::mem::replace(&mut self.built, outer).finish();
        result.map(|()| word)
    }

    /// `$(…)` and `$((…))`: parentheses are counted outside quotes.
    fn parenthesised(&mut self) -> Result<(), Broken> {
        let (spot, before) = (self.cursor.spot(), self.cursor.rest());
        let mut depth = 0_usize;
        let mut quote = None;
        let mut at = 1;
        while let Some(&byte) = before.get(at) {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (Some(b'\''), _) => {}
                (_, b'\\') => at += 1,
                (None, b'\'' | b'"') => quote = Some(byte),
                (None, b'(') => depth += 1,
                (None, b')') => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                let source = self.cursor.take(at);
                self.unknowable(source);
                return Ok(());
            }
        }
        Err(Broken::Unclosed(spot))
    }
}
