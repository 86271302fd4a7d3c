//! The tokens of an nftables ruleset.
//!
//! Knows quotes, remarks and what ends a statement, no statement.

use std::borrow::Cow;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A word, number, address or operator.
    Word(Cow<'a, str>),
    /// What stood in double quotes.
    Quoted(Cow<'a, str>),
    /// `{`
    Open,
    /// `}`
    Close,
    /// `,`
    Comma,
    /// `;` or the end of a line.
    End,
}

impl Token<'_> {
    /// The word, where it is one.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            _ => "",
        }
    }

    /// The word or what stood in quotes.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            _ => "",
        }
    }

    /// What it is watched as where it is not understood.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            Self::Open => "{",
            Self::Close => "}",
            Self::Comma => ",",
            Self::End => ";",
        }
    }

    /// The same, borrowing nothing.
    pub(crate) fn into_owned(self) -> Token<'static> {
        match self {
            Self::Word(text) => Token::Word(Cow::Owned(text.into_owned())),
            Self::Quoted(text) => Token::Quoted(Cow::Owned(text.into_owned())),
            Self::Open => Token::Open,
            Self::Close => Token::Close,
            Self::Comma => Token::Comma,
            Self::End => Token::End,
        }
    }
}

/// Operators, the longer ones first.
const OPERATORS: [&str; 14] = ["==", "!=", "<=", ">=", "<<", ">>", "<", ">", "=", "!", "&", "|", "^", "("];

/// The bytes that no word goes on behind. Operators begin with one of them.
const ENDS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b" \t\n\x0c\r{},;()\"=!<>&|^#";
    let mut at = 0;
    while at < ends.len() {
        table[ends[at] as usize] = true;
        at += 1;
    }
    table
};

/// Hands out the tokens of a text with their lines.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line of what comes next.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// The byte of what comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text between two bytes that stand at the ends of tokens.
    pub(crate) fn between(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// White space other than line ends, joined lines and remarks.
    fn skip(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' => self.at = self.line_end(),
                b'\\' if self.text[self.at + 1..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') => {
                    self.at = self.line_end() + 1;
                    self.line += 1;
                }
                _ => return,
            }
        }
    }

    /// The byte of the next line feed, or the end.
    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', self.rest().as_bytes()).map_or(self.text.len(), |more| self.at + more)
    }

    fn quoted(&mut self) -> Token<'a> {
        let rest = &self.rest()[1..];
        let end = memchr::memchr2(b'"', b'\n', rest.as_bytes());
        let text = &rest[..end.unwrap_or(rest.len())];
        let closed = end.is_some_and(|end| rest.as_bytes()[end] == b'"');
        self.at += 1 + text.len() + usize::from(closed);
        Token::Quoted(Cow::Borrowed(text))
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip();
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let first = *bytes.get(start)?;
        let single = match first {
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            b',' => Some(Token::Comma),
            b';' => Some(Token::End),
            b'\n' => {
                self.line += 1;
                Some(Token::End)
            }
            b')' => Some(Token::Word(Cow::Borrowed(")"))),
            b'"' => return Some(self.quoted()),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Some(token);
        }
        if ENDS_WORD[usize::from(first)]
            && let Some(operator) = OPERATORS.iter().find(|operator| self.rest().starts_with(**operator))
        {
            self.at += operator.len();
            return Some(Token::Word(Cow::Borrowed(operator)));
        }
        let mut end = start + 1;
        while !ENDS_WORD[usize::from(first)] && bytes.get(end).is_some_and(|byte| !ENDS_WORD[usize::from(*byte)]) {
            end += 1;
        }
        // `22: accept` is a key and what it maps to.
        if end > start + 1 && bytes[end - 1] == b':' && bytes[end - 2] != b':' {
            end -= 1;
        }
        // A joined line ends a word too.
        if end > start + 1 && bytes[end - 1] == b'\\' {
            end -= 1;
        }
        self.at = end;
        Some(Token::Word(Cow::Borrowed(&self.text[start..end])))
    }
}

#[cfg(test)]
mod tests;
