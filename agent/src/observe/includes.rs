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
use super::look::Unread;
use super::stamp::Signature;
use super::trail::{DIRECTORIES_WATCHED_MAX, Trail};
use crate::config::{Glob, display_path};
use crate::resolve::{End, resolve};

/// Separates the hash over several files from that of one.
const LABEL: &[u8] = b"driftline includes 1\0";

/// How young an empty file is one that is about to be written.
const FRESH_MS: i64 = 2000;

/// Directories that one pattern may lead into. Patterns of includes have one
/// wildcard, or two; a hostile one ends here.
const GLOB_DIRECTORIES_MAX: usize = 1000;

/// Names that one reading may see in directories: twenty times what may be
/// included. A spool of a million files ends here, before it fills the memory.
const NAMES_SEEN_MAX: usize = 20_000;

/// Files and directories that one reading may ask about, there or not. The
/// trail has no more entries.
const ASKED_MAX: usize = 4 * INCLUDED_FILES_MAX;

/// Fetches the included files of one source, for one reading.
pub struct Fetcher<'a> {
    reader: &'a mut Reader,
    root: PathBuf,
    file_bytes_max: u64,
    bytes_left: u64,
    names_left: usize,
    asks_left: usize,
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
    pub unreadable: Vec<Unread>,
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
        let (names_left, asks_left) = (NAMES_SEEN_MAX, ASKED_MAX);
        let fetched = Fetched::default();
        Self { reader, root, file_bytes_max, bytes_left, names_left, asks_left, now_ms, origins, fetched }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(mut self) -> Fetched {
        if self.fetched.trail.is_too_wide() {
            let why = format!(
                "files of more than {DIRECTORIES_WATCHED_MAX} directories are included: changes in the rest are found \
                 late"
            );
            self.fetched.problems.push(limit(&self.root, &why));
        }
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
        self.ask(&path)?;
        let found = examine(&path);
        let name = name_of(&path);
        let problem = |kind, why: &str| Problem::whole(kind, format!("{name}: {why}"));
        if self.may_be_noted(origin, &path, &found.what) {
            self.fetched.trail.file(&path, found.signature);
        }
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
                self.fetched.unreadable.push(Unread { name: name.to_string(), later: Vec::new() });
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
            self.fetched.unreadable.push(Unread { name: name.to_string(), later: Vec::new() });
            Problem::whole(ProblemKind::Host, format!("{name}: it could not be read: {error}"))
        })?;
        let Content::Bytes(bytes, hash) = held.content else {
            return Err(too_large());
        };
        self.bytes_left = self.bytes_left.saturating_sub(size);
        self.fetched.torn |= held.torn;
        for before in &mut self.fetched.unreadable {
            before.later.push(FileName::clone(&name));
        }
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

    /// Counts what is asked about.
    fn ask(&mut self, path: &Path) -> Result<(), Problem> {
        let none_left = || limit(path, &format!("more than {ASKED_MAX} files and directories are asked about"));
        self.asks_left = self.asks_left.checked_sub(1).ok_or_else(none_left)?;
        Ok(())
    }

    /// Whether a file may be watched: a stranger must not choose what the agent
    /// watches, nor learn from it what is there.
    fn may_be_noted(&self, origin: &Origin, path: &Path, what: &What) -> bool {
        match what {
            _ if is_trusted(origin) => true,
            What::File(_, stat) | What::Refused(_, Some(stat)) | What::Unreadable(_, Some(stat)) => {
                self.may_be_named(origin, path, stat, 0o4)
            }
            What::Absent(_) => self.may_be_sought(origin, path),
            What::Refused(..) | What::Unreadable(..) | What::OutOfBounds(_) => false,
        }
    }

    /// Whether whoever wrote the including file can see that a name is not
    /// there.
    fn may_be_sought(&self, origin: &Origin, path: &Path) -> bool {
        let resolution = resolve(path);
        let ends = resolution.hops.last();
        is_trusted(origin) || ends.is_some_and(|hop| self.enters(origin, &hop.dir))
    }

    /// Whether whoever wrote the including file may read the target. Group
    /// rights count below the directory of the source alone: elsewhere a file's
    /// group does not prove that its owner is in it.
    fn may_be_named(&self, origin: &Origin, path: &Path, stat: &Stat, right: u32) -> bool {
        if is_trusted(origin) || stat.st_uid == origin.uid {
            return true;
        }
        let End::Found { real, stat: found } = resolve(path).end else {
            return false;
        };
        // What was opened is judged: another one in its place proves nothing.
        if (found.st_dev, found.st_ino) != (stat.st_dev, stat.st_ino) {
            return false;
        }
        let above = real.parent().unwrap_or(&real);
        origin.is_allowed(stat, right, self.is_near(&real)) && self.enters(origin, above)
    }

    fn is_near(&self, real: &Path) -> bool {
        matches!(resolve(&self.root).end, End::Found { real: root, .. } if real.starts_with(&root))
    }

    /// Whether whoever wrote the including file may enter a directory, which is
    /// free of links.
    fn enters(&self, origin: &Origin, real: &Path) -> bool {
        let near = self.is_near(real);
        let enters = |dir: &Path| rustix::fs::stat(dir).is_ok_and(|stat| origin.is_allowed(&stat, 0o1, near));
        real.ancestors().all(enters)
    }

    /// The files of a directory whose names fit, in byte order.
    fn directory(
        &mut self,
        dir: &Path,
        origin: &Origin,
        fits: impl Fn(&OsStr) -> bool,
    ) -> Result<Vec<PathBuf>, Problem> {
        Ok(self.names(dir, origin, fits)?.into_iter().map(|name| dir.join(name)).collect())
    }

    /// The names in a directory that fit, in byte order.
    fn names(&mut self, dir: &Path, origin: &Origin, fits: impl Fn(&OsStr) -> bool) -> Result<Vec<OsString>, Problem> {
        self.ask(dir)?;
        // Before it is listed: what appears meanwhile makes another signature.
        let signature = Signature::of_path(dir);
        let may_be_listed = self.may_be_listed(dir, origin);
        let may_be_noted = match &may_be_listed {
            Ok(()) => true,
            Err(problem) if problem.kind == ProblemKind::Missing => self.may_be_sought(origin, dir),
            Err(_) => is_trusted(origin),
        };
        if may_be_noted {
            self.fetched.trail.directory(dir, signature);
        }
        may_be_listed?;
        let mut names = self.list(dir, fits)?;
        names.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        Ok(names)
    }

    /// Names that do not fit are forgotten as they are read.
    fn list(&mut self, dir: &Path, fits: impl Fn(&OsStr) -> bool) -> Result<Vec<OsString>, Problem> {
        let mut names = Vec::new();
        let entries = fs::read_dir(dir).map_err(|error| self.not_listed(dir, &error))?;
        for entry in entries {
            let name = entry.map_err(|error| self.not_listed(dir, &error))?.file_name();
            let Some(left) = self.names_left.checked_sub(1) else {
                return Err(limit(dir, &format!("more than {NAMES_SEEN_MAX} names in all that is included")));
            };
            self.names_left = left;
            if !fits(&name) {
                continue;
            }
            if names.len() == INCLUDED_FILES_MAX {
                return Err(limit(dir, &format!("more than {INCLUDED_FILES_MAX} files")));
            }
            names.push(name);
        }
        Ok(names)
    }

    fn not_listed(&mut self, dir: &Path, error: &io::Error) -> Problem {
        let name = format!("{}/", display_path(dir));
        self.fetched.unreadable.push(Unread { name, later: Vec::new() });
        Problem::whole(ProblemKind::Unreadable, format!("{}: it could not be listed: {error}", display_path(dir)))
    }

    fn may_be_listed(&mut self, dir: &Path, origin: &Origin) -> Result<(), Problem> {
        let problem = |kind, why: &str| Problem::whole(kind, format!("{}: {why}", display_path(dir)));
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
            // Where it leads is not known, so neither is who may list it.
            End::Failed(error) => return Err(self.not_listed(dir, &io::Error::from(*error))),
        }
        Ok(())
    }

    /// The paths that a pattern means, in byte order.
    fn glob(&mut self, pattern: &Path, origin: &Origin) -> Result<Vec<PathBuf>, Problem> {
        let parsed = Glob::parse(pattern).map_err(|error| Problem::whole(ProblemKind::Syntax, error.to_string()))?;
        let Some(glob) = parsed else {
            return Ok(vec![pattern.to_owned()]);
        };
        let mut level = vec![glob.base.clone()];
        for component in &glob.components {
            let (mut next, mut directories) = (Vec::new(), 0);
            for dir in level {
                // What is no directory matches no further.
                if dir != glob.base && !is_directory(&dir) {
                    continue;
                }
                directories += 1;
                if directories > GLOB_DIRECTORIES_MAX {
                    return Err(limit(pattern, &format!("more than {GLOB_DIRECTORIES_MAX} directories")));
                }
                match self.names(&dir, origin, |name| component.matches(name)) {
                    Ok(names) => next.extend(names.into_iter().map(|name| dir.join(name))),
                    Err(problem) if problem.kind == ProblemKind::Limit => return Err(problem),
                    Err(_) => {}
                }
                if next.len() > INCLUDED_FILES_MAX {
                    return Err(limit(pattern, &format!("more than {INCLUDED_FILES_MAX} files")));
                }
            }
            level = next;
        }
        Ok(level)
    }

    /// Files that were found by listing: what is wrong with one does not hold
    /// up the others.
    fn several(&mut self, paths: Vec<PathBuf>, origin: &Origin) -> Vec<Included> {
        let mut all = Vec::new();
        for path in paths {
            if is_directory(&path) {
                continue;
            }
            if self.asks_left == 0 {
                let problem = self.ask(&path).err();
                self.fetched.problems.extend(problem);
                break;
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
            what @ (IncludeKind::Directory(_) | IncludeKind::DirectoryWithHidden(_)) => {
                let paths = self.directory(&path, &origin, |name| what.takes(name.as_bytes()))?;
                Ok(self.several(paths, &origin))
            }
            IncludeKind::Glob => {
                let paths = self.glob(&path, &origin)?;
                Ok(self.several(paths, &origin))
            }
        }
    }
}

impl Origin {
    /// `near`: group rights count.
    fn is_allowed(&self, stat: &Stat, right: u32, near: bool) -> bool {
        let by_group = near && stat.st_gid == self.gid && stat.st_mode & (right << 3) != 0;
        stat.st_uid == self.uid || stat.st_mode & right != 0 || by_group
    }
}

/// Root and the agent itself may name what they like.
fn is_trusted(origin: &Origin) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&origin.uid)
}

fn is_directory(path: &Path) -> bool {
    rustix::fs::stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

fn limit(path: &Path, why: &str) -> Problem {
    Problem::whole(ProblemKind::Limit, format!("{}: {why}", display_path(path)))
}

/// The name that messages and items have for a file.
#[must_use]
pub fn name_of(path: &Path) -> FileName {
    display_path(path).into()
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
