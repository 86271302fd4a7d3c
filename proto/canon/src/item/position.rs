//! Where an item stands, as it is stored: a line, and the included file.
//!
//! Holds no path rules. The stored form grows out of the one it had before
//! files were named: postcard writes `Option<u32>` and the first two variants
//! alike, byte for byte.

use serde::{Deserialize, Serialize};

use crate::format::FileName;
use crate::limits::FILE_NAME_BYTES_MAX;

/// The stored form of a line and the file that it is in. New variants go to
/// the end: stores hold the old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position<F = String> {
    /// No line: metadata.
    Nowhere,
    /// A line of the source's own file, from 1.
    Line(u32),
    /// A line of an included file; 0 where the line is not known.
    Included(u32, F),
}

impl<'a> Position<&'a str> {
    /// The position of a line and a file.
    #[must_use]
    pub fn of(line: Option<u32>, file: Option<&'a str>) -> Self {
        match (line, file) {
            (line, Some(file)) => Self::Included(line.unwrap_or(0), file),
            (Some(line), None) => Self::Line(line),
            (None, None) => Self::Nowhere,
        }
    }
}

impl<F> Position<F> {
    /// The line and the file.
    #[must_use]
    pub fn split(self) -> (Option<u32>, Option<F>) {
        match self {
            Self::Nowhere => (None, None),
            Self::Line(line) => (Some(line), None),
            Self::Included(line, file) => ((line > 0).then_some(line), Some(file)),
        }
    }
}

/// The name of a file as it travels: a longer one keeps its end, which tells
/// files of one directory apart.
#[must_use]
pub fn bounded(name: &FileName) -> FileName {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return FileName::clone(name);
    }
    let mut from = name.len() - (FILE_NAME_BYTES_MAX - '…'.len_utf8());
    while !name.is_char_boundary(from) {
        from += 1;
    }
    format!("…{}", &name[from..]).into()
}

#[cfg(test)]
mod tests;
