//! Fetches what a configuration file includes, within bounds, and remembers
//! everything that the answer depended on.
//!
//! It reads regular files alone and never one that whoever wrote the including
//! file could not read: an `include` must not make the agent read for somebody.
//! A relative path stays below the directory of the source, or of the file that
//! asks; only an absolute path, as it is written, leads elsewhere.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use driftline_canon::FileName;
use driftline_canon::format::{Files, Include, IncludeKind, Included};
use driftline_canon::limits::{INCLUDED_BYTES_MAX, INCLUDED_FILES_MAX, PROBLEMS_MAX};
use driftline_canon::{Problem, ProblemKind};
use rustix::fs::{FileType, Stat};
use sha2::{Digest as _, Sha256};

use super::content::{Content, Reader};
use super::examine::{What, examine};
use super::stamp::Signature;
use super::trail::Trail;
use crate::config::{Glob, display_path};
use crate::resolve::{End, resolve};

/// Separates the hash over several files from that of one.
const LABEL: &[u8] = b"driftline includes 1\0";

/// How young an empty file is one that is about to be written.
const FRESH_MS: i64 = 2000;

/// Directories that one pattern may lead into. Patterns of includes have one
/// wildcard, or two; a hostile one ends here.
const GLOB_DIRECTORIES_MAX: usize = 1000;

/// Fetches the included files of one source, for one reading.
pub struct Fetcher<'a> {
    reader: &'a mut Reader,
    root: PathBuf,
    file_bytes_max: u64,
    bytes_left: u64,
    now_ms: i64,
    origins: HashMap<FileName, Origin>,
    fetched: Fetched,
}

/// What came of the includes of one reading.
#[derive(Debug, Default)]
pub struct Fetched {
    /// What the reading depended on.
    pub trail: Trail,
    /// What could not be had, beyond what the parser was told.
    pub problems: Vec<Problem>,
    /// A file changed while it was read, or was empty a moment ago.
    pub torn: bool,
    /// A file was emptied a moment ago: it may be about to be written.
    pub empty: bool,
    /// Files that are there and could not be read, and directories, which end
    /// with `/`: what they set is not known.
    pub unreadable: Vec<FileName>,
    contents: Option<Sha256>,
}

impl Fetched {
    /// The hash over a file and all that it included.
    #[must_use]
    pub fn hash(&self, own: [u8; 32]) -> [u8; 32] {
        match &self.contents {
            None => own,
            Some(contents) => contents.clone().chain_update(own).finalize().into(),
        }
    }
}

/// A file that includes, and who may have written that.
#[derive(Debug, Clone)]
struct Origin {
    directory: PathBuf,
    uid: u32,
    gid: u32,
}

impl<'a> Fetcher<'a> {
    /// For the file of a source, as it was opened.
    #[must_use]
    pub fn new(reader: &'a mut Reader, path: &Path, stat: &Stat, file_bytes_max: u64, now_ms: i64) -> Self {
        let root = path.parent().unwrap_or(path).to_owned();
        let origin = Origin { directory: root.clone(), uid: stat.st_uid, gid: stat.st_gid };
        let origins = HashMap::from([(name_of(path), origin)]);
        let bytes_left = INCLUDED_BYTES_MAX as u64;
        Self { reader, root, file_bytes_max, bytes_left, now_ms, origins, fetched: Fetched::default() }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(self) -> Fetched {
        self.fetched
    }

    fn target(&self, written: &[u8], origin: &Origin) -> Result<PathBuf, Problem> {
        let written = Path::new(OsStr::from_bytes(written));
        if written.is_absolute() {
            return Ok(written.components().collect());
        }
        let path = without_dots(&origin.directory.join(written));
        if path.starts_with(&self.root) || path.starts_with(&origin.directory) {
            return Ok(path);
        }
        let reason = format!("{} leaves the directory of the file that includes it", display_path(written));
        Err(Problem::whole(ProblemKind::OutOfBounds, reason))
    }

    fn one(&mut self, path: PathBuf, origin: &Origin, needed: bool) -> Result<Option<Included>, Problem> {
        let found = examine(&path);
        let name = name_of(&path);
        let problem = |kind, why: &str| Problem::whole(kind, format!("{name}: {why}"));
        self.fetched.trail.file(&path, found.signature);
        match found.what {
            What::File(file, stat) => {
                if !self.may_be_named(origin, &path, &stat, 0o4) {
                    return Err(problem(
                        ProblemKind::OutOfBounds,
                        "the owner of the file that includes it may not read it",
                    ));
                }
                self.read(file, &stat, name, path).map(Some)
            }
            What::Absent(_) if !needed => Ok(None),
            What::Absent(why) => Err(problem(ProblemKind::Missing, why)),
            What::Refused(why, _) => Err(problem(ProblemKind::NotAFile, &why)),
            What::OutOfBounds(why) => Err(problem(ProblemKind::OutOfBounds, &why)),
            What::Unreadable(error, _) => {
                self.fetched.unreadable.push(FileName::clone(&name));
                let why = format!("it could not be read: {}", io::Error::from(error));
                Err(problem(ProblemKind::Unreadable, &why))
            }
        }
    }

    fn read(&mut self, mut file: fs::File, stat: &Stat, name: FileName, path: PathBuf) -> Result<Included, Problem> {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let most = self.file_bytes_max.min(self.bytes_left);
        let too_large = || {
            let reason = format!("{name}: it has more bytes than are read of included files ({most} are left)");
            Problem::whole(ProblemKind::Limit, reason)
        };
        if size > most {
            return Err(too_large());
        }
        let held = self.reader.read(&mut file, stat, Some(most)).map_err(|error| {
            self.fetched.unreadable.push(FileName::clone(&name));
            Problem::whole(ProblemKind::Host, format!("{name}: it could not be read: {error}"))
        })?;
        let Content::Bytes(bytes, hash) = held.content else {
            return Err(too_large());
        };
        self.bytes_left = self.bytes_left.saturating_sub(size);
        self.fetched.torn |= held.torn;
        let age_ms = self.now_ms.saturating_sub(stat.st_mtime.saturating_mul(1000));
        self.fetched.empty |= bytes.is_empty() && age_ms < FRESH_MS;
        let contents = self.fetched.contents.get_or_insert_with(|| Sha256::new_with_prefix(LABEL));
        contents.update((name.len() as u64).to_be_bytes());
        contents.update(name.as_bytes());
        contents.update(hash);
        let directory = path.parent().unwrap_or(&path).to_owned();
        self.origins.insert(FileName::clone(&name), Origin { directory, uid: stat.st_uid, gid: stat.st_gid });
        Ok(Included { name, bytes })
    }

    /// Whether whoever wrote the including file may read the target. Group
    /// rights count below the directory of the source alone: elsewhere a file's
    /// group does not prove that its owner is in it.
    fn may_be_named(&self, origin: &Origin, path: &Path, stat: &Stat, right: u32) -> bool {
        let own = rustix::process::geteuid().as_raw();
        if [0, own, stat.st_uid].contains(&origin.uid) {
            return true;
        }
        let End::Found { real, .. } = resolve(path).end else {
            return false;
        };
        let near = matches!(resolve(&self.root).end, End::Found { real: root, .. } if real.starts_with(&root));
        let allows = |stat: &Stat, right: u32| {
            let by_group = near && stat.st_gid == origin.gid && stat.st_mode & (right << 3) != 0;
            stat.st_uid == origin.uid || stat.st_mode & right != 0 || by_group
        };
        let enters = |dir: &Path| rustix::fs::stat(dir).is_ok_and(|stat| allows(&stat, 0o1));
        allows(stat, right) && real.ancestors().skip(1).all(enters)
    }

    /// The files of a directory whose names fit, in byte order.
    fn directory(
        &mut self,
        dir: &Path,
        origin: &Origin,
        fits: impl Fn(&OsStr) -> bool,
    ) -> Result<Vec<PathBuf>, Problem> {
        let names = self.names(dir, origin)?;
        let paths: Vec<_> = names.into_iter().filter(|name| fits(name)).map(|name| dir.join(name)).collect();
        if paths.len() > INCLUDED_FILES_MAX {
            let reason = format!("{}: more than {INCLUDED_FILES_MAX} files", display_path(dir));
            return Err(Problem::whole(ProblemKind::Limit, reason));
        }
        Ok(paths)
    }

    fn names(&mut self, dir: &Path, origin: &Origin) -> Result<Vec<OsString>, Problem> {
        let problem = |kind, why: &str| Problem::whole(kind, format!("{}: {why}", display_path(dir)));
        // Before it is listed: what appears meanwhile makes another signature.
        self.fetched.trail.directory(dir, Signature::of_path(dir));
        let resolution = resolve(dir);
        match &resolution.end {
            End::Found { stat, .. } if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                if crate::resolve::stranger(&resolution.owners, stat.st_uid).is_some()
                    || !self.may_be_named(origin, dir, stat, 0o4)
                {
                    let why = "the owner of the file that includes it may not read it";
                    return Err(problem(ProblemKind::OutOfBounds, why));
                }
            }
            End::Missing => return Err(problem(ProblemKind::Missing, "there is no such directory")),
            End::Found { .. } | End::NotADirectory | End::Loop => {
                return Err(problem(ProblemKind::NotAFile, "it is no directory"));
            }
            End::Failed(_) => {}
        }
        let listed: io::Result<Vec<OsString>> =
            fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let mut names: Vec<OsString> = listed.map_err(|error| {
            self.fetched.unreadable.push(format!("{}/", display_path(dir)).into());
            problem(ProblemKind::Unreadable, &format!("it could not be listed: {error}"))
        })?;
        names.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        Ok(names)
    }

    /// The paths that a pattern means, in byte order.
    fn glob(&mut self, pattern: &Path, origin: &Origin) -> Result<Vec<PathBuf>, Problem> {
        let parsed = Glob::parse(pattern).map_err(|error| Problem::whole(ProblemKind::Syntax, error.to_string()))?;
        let Some(glob) = parsed else {
            return Ok(vec![pattern.to_owned()]);
        };
        let mut level = vec![glob.base.clone()];
        for component in &glob.components {
            let mut next = Vec::new();
            for dir in level.drain(..).take(GLOB_DIRECTORIES_MAX) {
                // What is no directory matches no further.
                if let Ok(names) = self.names(&dir, origin) {
                    next.extend(names.into_iter().filter(|name| component.matches(name)).map(|name| dir.join(name)));
                }
            }
            level = next;
        }
        if level.len() > INCLUDED_FILES_MAX {
            let reason = format!("{}: more than {INCLUDED_FILES_MAX} files", display_path(pattern));
            return Err(Problem::whole(ProblemKind::Limit, reason));
        }
        Ok(level)
    }

    /// Files that were found by listing: what is wrong with one does not hold
    /// up the others.
    fn several(&mut self, paths: Vec<PathBuf>, origin: &Origin) -> Vec<Included> {
        let mut all = Vec::new();
        for path in paths {
            if rustix::fs::stat(&path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory) {
                continue;
            }
            match self.one(path, origin, false) {
                Ok(found) => all.extend(found),
                Err(problem) if self.fetched.problems.len() < PROBLEMS_MAX => self.fetched.problems.push(problem),
                Err(_) => {}
            }
        }
        all
    }
}

impl Files for Fetcher<'_> {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let Some(origin) = include.from.and_then(|from| self.origins.get(from)).cloned() else {
            return Err(Problem::whole(ProblemKind::Unresolved, "the file that includes it is not known"));
        };
        let path = self.target(include.path, &origin)?;
        match include.what {
            IncludeKind::File => Ok(self.one(path, &origin, true)?.into_iter().collect()),
            IncludeKind::FileIfExists | IncludeKind::AutoConf => {
                Ok(self.one(path, &origin, false)?.into_iter().collect())
            }
            IncludeKind::Directory(ends) => {
                let paths = self.directory(&path, &origin, |name| has_end(name, ends) && !is_hidden(name))?;
                Ok(self.several(paths, &origin))
            }
            IncludeKind::DirectoryWithHidden(ends) => {
                let paths = self.directory(&path, &origin, |name| has_end(name, ends))?;
                Ok(self.several(paths, &origin))
            }
            IncludeKind::Glob => {
                let paths = self.glob(&path, &origin)?;
                Ok(self.several(paths, &origin))
            }
        }
    }
}

/// The name that messages and items have for a file.
#[must_use]
pub fn name_of(path: &Path) -> FileName {
    display_path(path).into()
}

fn has_end(name: &OsStr, ends: &[&str]) -> bool {
    ends.iter().any(|end| name.as_bytes().ends_with(end.as_bytes()) && name.len() > end.len())
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().first() == Some(&b'.')
}

/// A path with `.` and `..` taken out as they are written.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = out.pop(),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests;
