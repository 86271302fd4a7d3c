//! Follows includes for an operator: relative paths from the directory of the
//! file that asks, with the operator's own rights.
//!
//! It reads regular files alone and waits for nobody, as for the file that was
//! named. It looks for no data directory: what PostgreSQL implies is read only
//! where a file says it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use driftline_canon::FileName;
use driftline_canon::format::{Files, Include, IncludeKind, Included};
use driftline_canon::key::escape;
use driftline_canon::limits::{FILE_BYTES_MAX, INCLUDED_FILES_MAX};
use driftline_canon::{Problem, ProblemKind};
use std::collections::HashMap;
use zeroize::Zeroizing;

use crate::input;

/// Fetches the files that one file includes.
#[derive(Debug)]
pub(super) struct Beside {
    directories: HashMap<FileName, PathBuf>,
    /// Nothing outside of it is read.
    root: Option<PathBuf>,
}

impl Beside {
    /// For the file that was named.
    pub(super) fn new(path: &Path) -> Self {
        Self { directories: HashMap::from([(name_of(path), directory_of(path))]), root: None }
    }

    /// The same, for nothing outside of a directory (a real path).
    pub(super) fn within(path: &Path, root: &Path) -> Self {
        Self { root: Some(root.to_owned()), ..Self::new(path) }
    }

    fn must_be_inside(&self, path: &Path) -> Result<(), io::Error> {
        let Some(root) = &self.root else { return Ok(()) };
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if fs::canonicalize(here)?.starts_with(root) {
            return Ok(());
        }
        Err(io::Error::other(format!("it is outside of {}", root.display())))
    }

    fn one(&mut self, path: &Path) -> Result<Included, io::Error> {
        self.must_be_inside(path)?;
        let bytes = Zeroizing::new(input::read_limited(path, u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX))?);
        let name = name_of(path);
        self.directories.insert(FileName::clone(&name), directory_of(path));
        Ok(Included { name, bytes })
    }

    fn several(&mut self, paths: Vec<PathBuf>) -> Result<Vec<Included>, Problem> {
        if paths.len() > INCLUDED_FILES_MAX {
            let reason = format!("more than {INCLUDED_FILES_MAX} files are included at once");
            return Err(Problem::whole(ProblemKind::Limit, reason));
        }
        let files = paths.into_iter().filter(|path| !path.is_dir());
        files.map(|path| self.one(&path).map_err(|error| problem(&path, &error))).collect()
    }
}

impl Files for Beside {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let from = include.from.and_then(|from| self.directories.get(from)).cloned().unwrap_or_default();
        let path = from.join(OsStr::from_bytes(include.path));
        match include.what {
            IncludeKind::File => self.one(&path).map(|one| vec![one]).map_err(|error| problem(&path, &error)),
            IncludeKind::FileIfExists => match self.one(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                found => found.map(|one| vec![one]).map_err(|error| problem(&path, &error)),
            },
            what @ (IncludeKind::Directory(_) | IncludeKind::DirectoryWithHidden(_)) => {
                let listed = self.must_be_inside(&path).and_then(|()| listed(&path, |name| what.takes(name)));
                let paths = listed.map_err(|error| problem(&path, &error))?;
                self.several(paths)
            }
            IncludeKind::Glob => self.several(globbed(&path)),
            // Beside a copy of the file there is none, or that of somebody else.
            IncludeKind::AutoConf => Ok(Vec::new()),
        }
    }
}

/// The name that messages and items have for a file.
pub(super) fn name_of(path: &Path) -> FileName {
    escape(path.as_os_str().as_bytes()).into()
}

fn directory_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ProblemKind::Missing,
        io::ErrorKind::PermissionDenied => ProblemKind::Unreadable,
        io::ErrorKind::Other => ProblemKind::NotAFile,
        _ => ProblemKind::Host,
    };
    Problem::whole(kind, format!("{}: {error}", name_of(path)))
}

/// The entries of a directory whose names fit, in byte order.
fn listed(directory: &Path, fits: impl Fn(&[u8]) -> bool) -> io::Result<Vec<PathBuf>> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let mut names: Vec<_> = fs::read_dir(here)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.retain(|name| fits(name.as_bytes()));
    names.sort_unstable();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

/// What a shell pattern matches, component by component.
fn globbed(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let part = part.as_os_str();
        if !part.as_bytes().iter().any(|byte| b"*?[".contains(byte)) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let fits = |name: &[u8]| {
            matches(part.as_bytes(), name) && (!name.starts_with(b".") || part.as_bytes().starts_with(b"."))
        };
        let below = |path: PathBuf| listed(&path, fits).unwrap_or_default();
        found = found.into_iter().take(INCLUDED_FILES_MAX).flat_map(below).collect();
    }
    found.retain(|path| path.exists());
    found
}

/// Whether a name matches `*`, `?` and `[…]` (glob(7)); in time of at most
/// pattern times name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        match step(&pattern[at..], name[read]) {
            Step::Star => {
                star = Some((at + 1, read));
                at += 1;
            }
            Step::Fits(length) => {
                at += length;
                read += 1;
            }
            Step::Not => match star {
                Some((behind, from)) => {
                    star = Some((behind, from + 1));
                    (at, read) = (behind, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

enum Step {
    Star,
    Fits(usize),
    Not,
}

fn step(pattern: &[u8], byte: u8) -> Step {
    let fits = |fits: bool, length| if fits { Step::Fits(length) } else { Step::Not };
    match pattern {
        [] => Step::Not,
        [b'*', ..] => Step::Star,
        [b'?', ..] => Step::Fits(1),
        [b'\\', escaped, ..] => fits(*escaped == byte, 2),
        [b'[', rest @ ..] => match rest.iter().skip(1).position(|&one| one == b']').map(|end| &rest[..=end]) {
            Some(set) => fits(is_in(set, byte), set.len() + 2),
            None => fits(byte == b'[', 1),
        },
        [first, ..] => fits(*first == byte, 1),
    }
}

fn is_in(set: &[u8], byte: u8) -> bool {
    let (wanted, mut set) = match set {
        [b'!' | b'^', rest @ ..] => (false, rest),
        set => (true, set),
    };
    let mut found = false;
    while let [first, rest @ ..] = set {
        (found, set) = match rest {
            [b'-', last, behind @ ..] => (found || (*first..=*last).contains(&byte), behind),
            _ => (found || *first == byte, rest),
        };
    }
    found == wanted
}

#[cfg(test)]
mod tests;
