//! The words of one line, as `iptables-restore` splits it: at white space, with
//! double quotes and backslashes inside of them.
//!
//! Knows no options. A quote that is never closed is told.

use std::borrow::Cow;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Without quotes.
    pub(crate) text: Cow<'a, str>,
    /// Whether any of it stood in quotes: then it is no option, whatever it
    /// begins with.
    pub(crate) quoted: bool,
    /// The byte of the line that it begins at.
    pub(crate) at: usize,
}

/// The bytes that a word without quotes does not go on behind: white space and
/// quotes.
const ENDS_WORD: [bool; 256] = table(b" \t\n\x0c\r\"");

/// The bytes that stand in no word without quotes.
const ODD: [bool; 256] = {
    let mut odd = table(b" \"\\'\x7f");
    let mut control = 0;
    while control < b' ' as usize {
        odd[control] = true;
        control += 1;
    }
    odd
};

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// Splits a line.
///
/// # Errors
/// The byte of a quote that is never closed.
pub(crate) fn split(line: &str) -> Result<Vec<Word<'_>>, usize> {
    let mut words = Vec::with_capacity(16);
    split_into(line, &mut words)?;
    Ok(words)
}

/// The same into words that are used line after line.
///
/// # Errors
/// The byte of a quote that is never closed.
pub(crate) fn split_into<'a>(line: &'a str, words: &mut Vec<Word<'a>>) -> Result<(), usize> {
    words.clear();
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if first == b'"'
            && let Some(text) = whole_quoted(&line[at..])
        {
            words.push(Word { text: Cow::Borrowed(text), quoted: true, at });
            at += text.len() + 2;
            continue;
        }
        let mut end = at;
        while bytes.get(end).is_some_and(|b| !ENDS_WORD[usize::from(*b)]) {
            end += 1;
        }
        if bytes.get(end) == Some(&b'"') {
            let (text, after) = quoted(line, at)?;
            words.push(Word { text: Cow::Owned(text), quoted: true, at });
            at = after;
        } else {
            words.push(Word { text: Cow::Borrowed(&line[at..end]), quoted: false, at });
            at = end;
        }
    }
    Ok(())
}

/// What stands between the quotes where they are all of the next word, as they
/// nearly always are, and nothing between them is escaped.
fn whole_quoted(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('"')?;
    let end = memchr::memchr2(b'"', b'\\', inner.as_bytes())?;
    let ends_word = inner.as_bytes().get(end + 1).is_none_or(u8::is_ascii_whitespace);
    (inner.as_bytes()[end] == b'"' && ends_word).then(|| &inner[..end])
}

/// A word with quotes in it, and where it ends.
fn quoted(line: &str, start: usize) -> Result<(String, usize), usize> {
    let mut text = String::new();
    let mut open = None;
    let mut escaped = false;
    for (offset, c) in line[start..].char_indices() {
        let at = start + offset;
        match (open, c) {
            (Some(_), _) if escaped => {
                text.push(c);
                escaped = false;
            }
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => open = None,
            (None, '"') => open = Some(at),
            (None, c) if c.is_ascii_whitespace() => return Ok((text, at)),
            (_, c) => text.push(c),
        }
    }
    open.map_or(Ok((text, line.len())), Err)
}

/// Whether a word is read as it is, without quotes.
pub(crate) fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.bytes().any(|b| ODD[usize::from(b)]) && !word.starts_with('!')
}

/// Appends a word, in quotes where it would be read as more or less than one.
pub(crate) fn push_word(line: &mut String, word: &str) {
    if is_plain(word) {
        line.push_str(word);
        return;
    }
    line.push('"');
    let mut rest = word;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
        line.push_str(&rest[..at]);
        line.push('\\');
        line.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    line.push_str(rest);
    line.push('"');
}

#[cfg(test)]
mod tests;
