//! What a configuration file includes: asked for here, fetched by whoever may
//! read files.
//!
//! Knows no path rules and opens nothing. It bounds how deep, how many and how
//! much, so that a loop of includes ends as a problem and not as a hang.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::limits::{INCLUDE_DEPTH_MAX, INCLUDED_BYTES_MAX, INCLUDED_FILES_MAX};
use crate::{Problem, ProblemKind};

/// The name of a file as messages show it: printable, in full.
pub type FileName = Arc<str>;

/// What a file asks for beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Include<'a> {
    /// The path as it is written.
    pub path: &'a [u8],
    /// The file that asks: a relative path begins in its directory. None for
    /// bytes that came from no file.
    pub from: Option<&'a FileName>,
    /// What the path means.
    pub what: IncludeKind,
}

/// What the path of an include means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeKind {
    /// One file that must be there.
    File,
    /// One file that may be there.
    FileIfExists,
    /// The files of a directory whose names end so, in byte order, without
    /// those that begin with a dot.
    Directory(&'static [&'static str]),
    /// The same, with those that begin with a dot.
    DirectoryWithHidden(&'static [&'static str]),
    /// The files that a shell pattern matches, in byte order.
    Glob,
    /// PostgreSQL's `postgresql.auto.conf`, asked for once, after everything
    /// else. It lies in the data directory: the path is built from what the
    /// file says of that, and whoever knows better reads it from there. It may
    /// be missing; who does not know where it is answers with no file.
    AutoConf,
}

impl IncludeKind {
    /// Whether a file of that name in the directory is meant; for the kinds
    /// that mean a directory.
    #[must_use]
    pub fn takes(self, name: &[u8]) -> bool {
        let has_end = |ends: &[&str]| ends.iter().any(|end| name.len() > end.len() && name.ends_with(end.as_bytes()));
        match self {
            Self::Directory(ends) => !name.starts_with(b".") && has_end(ends),
            Self::DirectoryWithHidden(ends) => has_end(ends),
            Self::File | Self::FileIfExists | Self::Glob | Self::AutoConf => false,
        }
    }
}

/// A file that was included.
#[derive(Debug, Clone)]
pub struct Included {
    /// Its name.
    pub name: FileName,
    /// What it holds.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Whoever fetches files: the agent within its bounds, the command line, or
/// nobody.
pub trait Files {
    /// Fetches what an include asks for, in the order it is to be read.
    ///
    /// # Errors
    /// A problem without a place says why part of it could not be had.
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem>;
}

/// Fetches nothing: includes are problems of kind `unresolved`, all but the one
/// that no file asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        if include.what == IncludeKind::AutoConf {
            return Ok(Vec::new());
        }
        Err(Problem::whole(ProblemKind::Unresolved, "the include is not followed here"))
    }
}

/// Follows includes within the limits.
pub(super) struct Includes<'a> {
    files: &'a mut dyn Files,
    depth: usize,
    /// Includes that were asked for, found or not.
    asked: usize,
    count: usize,
    bytes: usize,
    /// Whether a limit was passed: then nothing is opened any more.
    full: bool,
}

impl<'a> Includes<'a> {
    pub(super) fn new(files: &'a mut dyn Files) -> Self {
        Self { files, depth: 0, asked: 0, count: 0, bytes: 0, full: false }
    }

    /// Fetches, and hands each file to `read` one level deeper.
    ///
    /// # Errors
    /// A problem without a place, for the line that includes; files that were
    /// within the limits have been read.
    pub(super) fn follow(
        &mut self,
        include: &Include<'_>,
        mut read: impl FnMut(&Included, &mut Self),
    ) -> Result<(), Problem> {
        if self.depth >= INCLUDE_DEPTH_MAX {
            let reason = format!("includes are nested deeper than {INCLUDE_DEPTH_MAX}, or in a loop");
            return Err(Problem::whole(ProblemKind::Limit, reason));
        }
        self.asked += 1;
        self.full |= self.asked > INCLUDED_FILES_MAX;
        if self.full {
            return Err(too_many());
        }
        let found = self.files.open(include)?;
        self.depth += 1;
        let mut result = Ok(());
        for file in &found {
            self.count += 1;
            self.bytes = self.bytes.saturating_add(file.bytes.len());
            self.full |= self.count > INCLUDED_FILES_MAX || self.bytes > INCLUDED_BYTES_MAX;
            if self.full {
                result = Err(too_many());
                break;
            }
            read(file, self);
        }
        self.depth -= 1;
        result
    }
}

fn too_many() -> Problem {
    let reason = format!("more than {INCLUDED_FILES_MAX} files or {INCLUDED_BYTES_MAX} bytes are included");
    Problem::whole(ProblemKind::Limit, reason)
}

#[cfg(test)]
mod tests;
