//! What is wrong with a policy: every mistake with its place.
//!
//! A mistake names keys, names and limits. It decides nothing: whoever has one
//! has no policy.

use std::fmt;
use std::ops::Range;

/// Mistakes that are kept of one text; the others are counted. Nobody reads
/// more before correcting some.
pub const FAULTS_MAX: usize = 100;

/// Characters of a text that a mistake quotes: enough to find it again.
const QUOTED_CHARS_MAX: usize = 64;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, in one sentence.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.reason)
    }
}

/// Everything that is wrong with a text; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors {
    /// In the order of the text, at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// Mistakes beyond those.
    pub left_out: usize,
}

impl std::error::Error for PolicyErrors {}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.faults.iter().map(Fault::to_string).collect();
        f.write_str(&lines.join("\n"))?;
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

/// Mistakes while they are found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<(usize, String)>,
    left_out: usize,
}

impl Faults {
    /// Notes a mistake at a byte of the text.
    pub(super) fn note(&mut self, at: &Range<usize>, reason: impl Into<String>) {
        if self.found.len() < FAULTS_MAX {
            self.found.push((at.start, reason.into()));
        } else {
            self.left_out += 1;
        }
    }

    /// Notes a word that is none of those that are known. Looking for the
    /// nearest is left out when nobody will see it.
    pub(super) fn unknown(&mut self, at: &Range<usize>, what: &str, found: &str, known: &[&str]) {
        let is_seen = self.found.len() < FAULTS_MAX;
        self.note(at, if is_seen { unknown(what, found, known) } else { String::new() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The mistakes with their places in a text, in its order.
    pub(super) fn placed(mut self, text: &str) -> PolicyErrors {
        self.found.sort_by_key(|(at, _)| *at);
        let faults = self.found.into_iter().map(|(at, reason)| {
            let (line, column) = place(text, at);
            Fault { line, column, reason }
        });
        PolicyErrors { faults: faults.collect(), left_out: self.left_out }
    }
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at).unwrap_or(text);
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = 1 + before[begin..].chars().count();
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// A text as a mistake quotes it: one line of bounded length.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String =
        text.chars().take(QUOTED_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// That a word is none of those that are known, with the nearest of them.
pub(super) fn unknown(what: &str, found: &str, known: &[&str]) -> String {
    match nearest(found, known) {
        Some(near) => format!("unknown {what} {}; did you mean `{near}`?", quoted(found)),
        None => format!("unknown {what} {}; known are `{}`", quoted(found), known.join("`, `")),
    }
}

/// The known word within a third of its length in edits (at least two).
pub(super) fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let closest = known.iter().map(|word| (edits(found, word), *word)).min()?;
    let bound = (closest.1.chars().count() / 3).max(2);
    (closest.0 <= bound).then_some(closest.1)
}

/// Edits from one word to another (Levenshtein), one row at a time. Of a long
/// text only its beginning counts: no known word is as long.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().take(QUOTED_CHARS_MAX).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
