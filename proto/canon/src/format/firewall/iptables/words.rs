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

/// Splits a line.
///
/// # Errors
/// The byte of a quote that is never closed.
pub(crate) fn split(line: &str) -> Result<Vec<Word<'_>>, usize> {
    let bytes = line.as_bytes();
    let mut words = Vec::with_capacity(16);
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let rest = &bytes[at..];
        let end = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'"').unwrap_or(rest.len());
        if rest.get(end) == Some(&b'"') {
            let (text, after) = quoted(line, at)?;
            words.push(Word { text: Cow::Owned(text), quoted: true, at });
            at = after;
        } else {
            words.push(Word { text: Cow::Borrowed(&line[at..at + end]), quoted: false, at });
            at += end;
        }
    }
    Ok(words)
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

/// Appends a word, in quotes where it would be read as more or less than one.
pub(crate) fn push_word(line: &mut String, word: &str) {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'\'') || b >= 0x80;
    if !word.is_empty() && word.bytes().all(plain) && !word.starts_with('!') {
        line.push_str(word);
        return;
    }
    line.push('"');
    for c in word.chars() {
        if matches!(c, '"' | '\\') {
            line.push('\\');
        }
        line.push(c);
    }
    line.push('"');
}

#[cfg(test)]
mod tests;
