//! The files of one folder, for formats that include others.
//!
//! Never leaves the folder: an absolute path begins at it, as if it were the
//! root of the file system.

use std::fs;
use std::path::{Path, PathBuf};

use driftline_canon::format::{FileName, Files, Include, IncludeKind, Included};
use driftline_canon::{Problem, ProblemKind};
use zeroize::Zeroizing;

/// Hands out the files of a folder under their names within it.
pub(crate) struct FolderFiles {
    folder: PathBuf,
}

impl FolderFiles {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The path within the folder that an include means.
    fn within(include: &Include<'_>) -> Result<PathBuf, Problem> {
        let path = std::str::from_utf8(include.path)
            .map_err(|_| Problem::whole(ProblemKind::OutOfBounds, "the path is not UTF-8"))?;
        let from = include.from.and_then(|from| Path::new(from.as_ref()).parent().map(Path::to_owned));
        let path = match path.strip_prefix('/') {
            Some(absolute) => PathBuf::from(absolute),
            None => from.unwrap_or_default().join(path),
        };
        if path.components().any(|part| part == std::path::Component::ParentDir) {
            return Err(Problem::whole(ProblemKind::OutOfBounds, "the path leaves the folder"));
        }
        Ok(path)
    }

    fn read(&self, path: &Path) -> Option<Included> {
        #[allow(clippy::disallowed_methods, reason = "a test's own small files")]
        let bytes = fs::read(self.folder.join(path)).ok()?;
        let name: FileName = path.to_string_lossy().into();
        Some(Included { name, bytes: Zeroizing::new(bytes) })
    }

    /// The files of a directory in byte order whose names are wanted.
    fn list(&self, directory: &Path, wanted: impl Fn(&str) -> bool) -> Option<Vec<Included>> {
        let entries = fs::read_dir(self.folder.join(directory)).ok()?;
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| wanted(name)).collect();
        names.sort();
        Some(names.iter().filter_map(|name| self.read(&directory.join(name))).collect())
    }
}

impl Files for FolderFiles {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let path = Self::within(include)?;
        let missing = || Problem::whole(ProblemKind::Missing, format!("`{}` is not there", path.display()));
        match include.what {
            IncludeKind::File => self.read(&path).map(|file| vec![file]).ok_or_else(missing),
            IncludeKind::FileIfExists | IncludeKind::AutoConf => Ok(self.read(&path).into_iter().collect()),
            what @ (IncludeKind::Directory(_) | IncludeKind::DirectoryWithHidden(_)) => {
                self.list(&path, |name| what.takes(name.as_bytes())).ok_or_else(missing)
            }
            IncludeKind::Glob => {
                let pattern = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let directory = path.parent().unwrap_or(Path::new(""));
                let wanted = |name: &str| !name.starts_with('.') && matches(pattern.as_bytes(), name.as_bytes());
                Ok(self.list(directory, wanted).unwrap_or_default())
            }
        }
    }
}

/// Whether a name matches a pattern of `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        (Some((p, pattern)), Some((n, name))) if p == n || *p == b'?' => matches(pattern, name),
        _ => false,
    }
}
