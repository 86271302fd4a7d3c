//! Expands globs: lists directories, some names at a time, and finds the files
//! and directories that a glob means.
//!
//! It asks nothing about a name of which the listing says all.

use std::ffi::{OsStr, OsString};
use std::fs;

use rustix::fs::FileType;

use super::Tree;
use crate::config::{Component, Pattern, display_path};
use crate::observe::Urgency;
use crate::resolve::stranger;
use crate::watch::table::{DirId, SpecIndex};

/// Names of one step of listing a directory: looks are handed on between steps,
/// so that reading begins before all is listed, and few looks wait at once.
const LISTED_STEP: usize = 256;

/// Names that are kept of one directory: what is more cannot all be watched.
const LISTED_MAX: usize = driftline_wire::limits::SOURCES_MAX;

/// A name in a directory that is being listed, and what is there.
pub(super) type Listed = (OsString, Option<fs::FileType>);

impl Tree {
    /// Goes on with listing directories for globs; false when all are listed.
    /// To be called until then after anything that may find directories.
    pub fn list(&mut self) -> bool {
        let Some((dir, mut names)) =
            self.listing.take().or_else(|| self.unlisted.pop_front().map(|dir| self.names(dir)))
        else {
            return false;
        };
        for (name, kind) in names.by_ref().take(LISTED_STEP) {
            self.consider(dir, &name, kind, Urgency::First);
        }
        if names.len() > 0 {
            self.listing = Some((dir, names));
        }
        true
    }

    pub(super) fn add_level(&mut self, dir: DirId, spec: SpecIndex, depth: usize) {
        let mut new = self.table.dir_mut(dir).levels.insert((spec, depth));
        if matches!(self.component(spec, depth), Some(Component::AnyDepth)) {
            new |= self.table.dir_mut(dir).levels.insert((spec, depth + 1));
        }
        if new {
            self.expand(dir);
        }
    }

    fn component(&self, spec: SpecIndex, depth: usize) -> Option<&Component> {
        match &self.table.spec(spec).pattern {
            Pattern::Glob(glob) => glob.components.get(depth),
            Pattern::Path(_) | Pattern::Process(_) => None,
        }
    }

    fn is_last(&self, spec: SpecIndex, depth: usize) -> bool {
        self.component(spec, depth + 1).is_none()
    }

    /// Lists a directory for the globs that reach into it, soon.
    pub(super) fn expand(&mut self, dir: DirId) {
        let known = self.table.dir_mut(dir);
        if !known.levels.is_empty() && !std::mem::replace(&mut known.unlisted, true) {
            self.unlisted.push_back(dir);
        }
    }

    /// What is in a directory, sorted: so are the files in the table and the
    /// sources in the state, and adding at the end is the cheapest.
    pub(super) fn names(&mut self, dir: DirId) -> (DirId, std::vec::IntoIter<Listed>) {
        self.table.dir_mut(dir).unlisted = false;
        // Missing and unreadable directories are their files' problem.
        let entries = fs::read_dir(&*self.table.dir(dir).path).into_iter().flatten().flatten();
        let components: Vec<&Component> =
            self.table.dir(dir).levels.iter().filter_map(|(spec, depth)| self.component(*spec, *depth)).collect();
        // What does not match is forgotten as it is read: a spool of a million
        // names must not fill the memory.
        let mut names: Vec<Listed> = entries
            .map(|entry| (entry.file_name(), entry.file_type().ok()))
            .filter(|(name, _)| components.iter().any(|component| component.matches(name)))
            .take(LISTED_MAX + 1)
            .collect();
        if names.len() > LISTED_MAX {
            let path = display_path(&self.table.dir(dir).path);
            tracing::error!(path, limit = LISTED_MAX, "more names match than are watched: the rest is not");
            names.truncate(LISTED_MAX);
        }
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        (dir, names.into_iter())
    }

    /// Whether a name in a directory is a file of a glob, or leads to some;
    /// `kind` is what a listing said is there.
    pub(super) fn consider(&mut self, dir: DirId, name: &OsStr, kind: Option<fs::FileType>, urgency: Urgency) {
        let levels: Vec<(SpecIndex, usize)> = self.table.dir(dir).levels.iter().copied().collect();
        for (spec, depth) in levels {
            if !self.component(spec, depth).is_some_and(|component| component.matches(name)) {
                continue;
            }
            let last = self.is_last(spec, depth);
            if last && self.table.has_file(dir, name, spec) {
                continue;
            }
            if kind.is_some_and(|kind| kind.is_file()) {
                // The listing says all: nothing is asked about most files.
                if last {
                    self.add(dir, name, spec, urgency, false);
                }
                continue;
            }
            self.consider_path(dir, name, (spec, depth), urgency);
        }
    }

    fn consider_path(&mut self, dir: DirId, name: &OsStr, (spec, depth): (SpecIndex, usize), urgency: Urgency) {
        let path = self.table.dir(dir).path.join(name);
        let Ok(entry) = rustix::fs::lstat(&path) else {
            return;
        };
        let is_link = FileType::from_raw_mode(entry.st_mode) == FileType::Symlink;
        let behind = if is_link { rustix::fs::stat(&path).unwrap_or(entry) } else { entry };
        let is_dir = FileType::from_raw_mode(behind.st_mode) == FileType::Directory;
        if is_link
            && is_dir
            && let Some(owner) = stranger(&[entry.st_uid], behind.st_uid)
        {
            let (path, target) = (display_path(&path), behind.st_uid);
            tracing::warn!(path, owner, target, "a link to a directory of another owner is not followed");
            return;
        }
        let any_depth = matches!(self.component(spec, depth), Some(Component::AnyDepth));
        match (self.is_last(spec, depth), is_dir) {
            (true, false) => self.add_file(dir, name, spec, urgency),
            // A link to a directory above would never end.
            (false, true) if any_depth && is_link => {}
            (false, true) => {
                let below = self.dir(&path);
                self.add_level(below, spec, if any_depth { depth } else { depth + 1 });
            }
            _ => {}
        }
    }
}
