//! One word of `pg_hba.conf` and `pg_ident.conf`, and how a line falls into
//! words and fields.
//!
//! Follows the server's own scanner, odd cases included: a quote that is never
//! closed ends with the line, a quote inside of a word quotes what follows but
//! leaves a keyword a keyword.

use std::borrow::Cow;
use std::ops::Deref;

/// A word without its quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::format::postgres) struct Word<'a> {
    pub(in crate::format::postgres) text: Cow<'a, [u8]>,
    /// It began with a quote, so it is no keyword, role or file.
    pub(in crate::format::postgres) quoted: bool,
}

impl Word<'_> {
    /// Whether it is that keyword.
    pub(in crate::format::postgres) fn is(&self, keyword: &str) -> bool {
        !self.quoted && *self.text == *keyword.as_bytes()
    }

    /// Whether it stands for the words of a file.
    pub(super) fn is_file(&self) -> bool {
        !self.quoted && self.text.len() > 1 && self.text[0] == b'@'
    }

    /// Appends the word as it would be written, in quotes only where they mean
    /// something: around one of these keywords, what separates words, or a
    /// sign that the server looks for at the beginning.
    pub(in crate::format::postgres) fn write(&self, out: &mut Vec<u8>, keywords: &[&str]) {
        if self.is_plain(keywords) {
            out.extend_from_slice(&self.text);
            return;
        }
        // A quote behind the first character keeps separators together and
        // leaves a role, file or keyword what it is.
        let bare = usize::from(!self.quoted && self.is_taken(keywords) && !is_special(&self.text[0]));
        out.extend_from_slice(&self.text[..bare]);
        out.push(b'"');
        for &b in &self.text[bare..] {
            if b == b'"' {
                out.push(b'"');
            }
            out.push(b);
        }
        out.push(b'"');
    }

    /// Whether it is written as it is, without quotes.
    pub(in crate::format::postgres) fn is_plain(&self, keywords: &[&str]) -> bool {
        let odd = self.text.is_empty() || self.text.iter().any(is_special);
        !(odd || self.quoted && self.is_taken(keywords))
    }

    /// Whether it would be a role, a file or a keyword without quotes.
    fn is_taken(&self, keywords: &[&str]) -> bool {
        matches!(self.text.first(), Some(b'+' | b'@'))
            || keywords.iter().any(|keyword| *self.text == *keyword.as_bytes())
    }

    /// The same, borrowing nothing.
    pub(super) fn into_owned(self) -> Word<'static> {
        Word { text: Cow::Owned(self.text.into_owned()), quoted: self.quoted }
    }
}

fn is_special(b: &u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b',' | b'#' | b'"')
}

/// The words between commas; nearly always one.
#[derive(Debug, Clone)]
pub(in crate::format::postgres) enum Field<'a> {
    /// One.
    One([Word<'a>; 1]),
    /// None, or several.
    Several(Vec<Word<'a>>),
}

impl<'a> Deref for Field<'a> {
    type Target = [Word<'a>];

    fn deref(&self) -> &[Word<'a>] {
        match self {
            Self::One(word) => word,
            Self::Several(words) => words,
        }
    }
}

/// The fields of a line.
pub(in crate::format::postgres) fn fields(line: &[u8]) -> Vec<Field<'_>> {
    const FIELDS_USUAL: usize = 8;
    let mut scan = Scan { line, at: 0 };
    let mut fields = Vec::with_capacity(FIELDS_USUAL);
    let mut open = Vec::new();
    while let Some((word, goes_on)) = scan.word() {
        if open.is_empty() && !goes_on {
            fields.push(Field::One([word]));
            continue;
        }
        open.push(word);
        if !goes_on {
            fields.push(Field::Several(std::mem::take(&mut open)));
        }
    }
    if !open.is_empty() {
        fields.push(Field::Several(open));
    }
    fields
}

struct Scan<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn byte(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// The next word, and whether a comma ended it.
    fn word(&mut self) -> Option<(Word<'a>, bool)> {
        while self.byte().is_some_and(|b| is_blank(b) || b == b',') {
            self.at += 1;
        }
        let rest = &self.line[self.at..];
        let end = rest.iter().position(is_special).unwrap_or(rest.len());
        if rest.get(end) == Some(&b'"') {
            return self.quoted_word();
        }
        let goes_on = rest.get(end) == Some(&b',');
        self.at = if rest.get(end) == Some(&b'#') { self.line.len() } else { self.at + end + usize::from(goes_on) };
        (end > 0).then_some((Word { text: Cow::Borrowed(&rest[..end]), quoted: false }, goes_on))
    }

    /// The same for a word with a quote in it.
    fn quoted_word(&mut self) -> Option<(Word<'a>, bool)> {
        let (mut text, mut quoted) = (Vec::new(), false);
        let (mut inside, mut was_quote, mut saw_quote) = (false, false, false);
        while let Some(b) = self.byte().filter(|&b| inside || !is_blank(b)) {
            if b == b'#' && !inside {
                self.at = self.line.len();
                break;
            }
            self.at += 1;
            if b == b',' && !inside {
                return Some((Word { text: text.into(), quoted }, true));
            }
            if b != b'"' || was_quote {
                text.push(b);
            }
            // Two quotes inside of quotes are one.
            was_quote = inside && b == b'"' && !was_quote;
            if b == b'"' {
                inside = !inside;
                saw_quote = true;
                quoted |= text.is_empty();
            }
        }
        (saw_quote || !text.is_empty()).then_some((Word { text: text.into(), quoted }, false))
    }
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests;
