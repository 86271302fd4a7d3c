//! Problems: what could not be read or parsed, where and why. Never the value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::PROBLEM_BYTES_MAX;

/// A small closed set of what goes wrong, for those who branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The text is not what the format allows.
    Syntax,
    /// The same key twice; the consumer's rule decided which one counts.
    DuplicateKey,
    /// Bytes that are not UTF-8, NUL, or characters that deceive.
    Encoding,
    /// A template that could not be resolved here.
    Unresolved,
    /// A limit was reached; what it left out is watched by content.
    Limit,
    /// The thing is not there.
    Missing,
    /// The agent may not read it.
    Unreadable,
    /// A FIFO, device, socket, directory or looping link in place of a file.
    NotAFile,
    /// It leaves the paths that were configured.
    OutOfBounds,
    /// The kernel's notifications do not work here; it is polled.
    Polled,
    /// Anything of the host: an I/O error, a full disk.
    Host,
    /// What runs is not what its file says: until a restart, or only until one.
    Pending,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Syntax,
        Self::DuplicateKey,
        Self::Encoding,
        Self::Unresolved,
        Self::Limit,
        Self::Missing,
        Self::Unreadable,
        Self::NotAFile,
        Self::OutOfBounds,
        Self::Polled,
        Self::Host,
        Self::Pending,
    ];

    /// The kind's name in tables and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::DuplicateKey => "duplicate_key",
            Self::Encoding => "encoding",
            Self::Unresolved => "unresolved",
            Self::Limit => "limit",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::NotAFile => "not_a_file",
            Self::OutOfBounds => "out_of_bounds",
            Self::Polled => "polled",
            Self::Host => "host",
            Self::Pending => "pending",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Where in a file: both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// One thing that could not be read or parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What went wrong.
    pub kind: ProblemKind,
    /// Where, if it is about a place in the file.
    pub place: Option<Place>,
    /// Why, in words. Never a value.
    pub reason: String,
    /// The line with everything that may be a value masked, for the caret to
    /// point into.
    pub excerpt: Option<String>,
}

impl Problem {
    /// A problem of the whole source.
    #[must_use]
    pub fn whole(kind: ProblemKind, reason: impl Into<String>) -> Self {
        Self { kind, place: None, reason: bounded(reason.into()), excerpt: None }
    }

    /// The last problem of a source that has more of them than are kept.
    #[must_use]
    pub fn not_shown(more: usize) -> Self {
        let verb = if more == 1 { "is" } else { "are" };
        let more = crate::count(more as u64, "more problem", "more problems");
        Self::whole(ProblemKind::Limit, format!("{more} {verb} not shown"))
    }

    /// A problem at a place, with the masked line.
    #[must_use]
    pub fn at(kind: ProblemKind, place: Place, reason: impl Into<String>, excerpt: Option<String>) -> Self {
        Self { kind, place: Some(place), reason: bounded(reason.into()), excerpt: excerpt.map(bounded) }
    }

    /// The problem as several lines: `path:line:column: reason`, the masked
    /// line, and a caret below the column.
    #[must_use]
    pub fn render(&self, path: &str) -> String {
        let Some(place) = self.place else {
            return format!("{path}: {}", self.reason);
        };
        let head = format!("{path}:{}:{}: {}", place.line, place.column, self.reason);
        let Some(excerpt) = &self.excerpt else {
            return head;
        };
        let gutter = place.line.to_string();
        let pad = " ".repeat(gutter.len());
        let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1).min(excerpt.chars().count());
        format!("{head}\n {gutter} | {excerpt}\n {pad} | {}^", " ".repeat(column))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "line {}, column {}: {}", place.line, place.column, self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > PROBLEM_BYTES_MAX {
        let mut end = PROBLEM_BYTES_MAX - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
