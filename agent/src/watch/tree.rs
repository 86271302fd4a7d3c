//! Keeps the table true to the file system: follows links, sets watches,
//! expands globs, and notes which files are to be looked at.
//!
//! A directory is watched before it is listed, so nothing that appears in
//! between is missed. It reads names and never a file.

mod following;
mod listing;

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use driftline_canon::SourceName;
use rustix::fs::FileType;

use listing::Listed;

use super::event::{Happening, Heard};
use super::included::IncludedNames;
use super::notifier::{Hearing, Notifier};
use super::table::{Dependent, DirId, Inode, PlaceId, SpecIndex, Table};
use crate::config::{Pattern, SourceSpec};
use crate::observe::filesystem::FilesystemKind;
use crate::observe::{Look, PollReason, SourceId, Urgency};
use crate::resolve::{End, resolve};

/// Ancestors with fewer components (`/`, `/etc`, `/srv`) are not watched for
/// their own sake: they are never replaced, and half the system opens files in
/// them. A mount there is seen in the mount table.
const ANCESTOR_COMPONENTS_MIN: usize = 3;

/// The table and its watches.
#[derive(Debug)]
pub struct Tree {
    /// What is watched.
    pub table: Table,
    included: IncludedNames,
    notifier: Notifier,
    looks: Vec<Look>,
    /// Directories that are still to be listed for globs.
    unlisted: VecDeque<DirId>,
    /// What is left of the one that is being listed.
    listing: Option<(DirId, std::vec::IntoIter<Listed>)>,
    since: Option<i64>,
    full: bool,
}

impl Tree {
    /// Nothing is watched yet.
    #[must_use]
    pub fn new(specs: Vec<Arc<SourceSpec>>, notifier: Notifier) -> Self {
        Self {
            table: Table::new(specs),
            included: IncludedNames::default(),
            notifier,
            looks: Vec::new(),
            unlisted: VecDeque::new(),
            listing: None,
            since: None,
            full: false,
        }
    }

    /// Looks noted since the last call.
    pub fn take_looks(&mut self) -> Vec<Look> {
        std::mem::take(&mut self.looks)
    }

    /// What is found from now on was unobserved since then.
    pub fn unobserved_since(&mut self, since: Option<i64>) {
        self.since = since;
    }

    /// Whether any directory is polled.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        self.table.polled() > 0
    }

    /// Begins to watch a configured source.
    pub fn plant(&mut self, index: SpecIndex) {
        let spec = Arc::clone(self.table.spec(index));
        match &spec.pattern {
            Pattern::Path(path) => {
                let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
                    return;
                };
                let dir = self.dir(dir);
                self.add_file(dir, name, index, Urgency::First);
            }
            Pattern::Glob(glob) => {
                let dir = self.dir(&glob.base);
                self.add_level(dir, index, 0);
            }
            // Looked after elsewhere.
            Pattern::Process(_) => {}
        }
    }

    /// Begins to watch for a file that a glob meant in the last run and that is
    /// gone: it is looked at, and found absent.
    pub fn plant_vanished(&mut self, name: &SourceName, path: &Path) {
        let (Some(parent), Some(file)) = (path.parent(), path.file_name()) else {
            return;
        };
        for index in self.table.spec_indices() {
            let spec = self.table.spec(index);
            if matches!(&spec.pattern, Pattern::Glob(glob) if glob.matches(path)) && spec.name_of(path) == *name {
                let dir = self.dir(parent);
                self.add_file(dir, file, index, Urgency::First);
            }
        }
    }

    /// Acts on what was heard.
    pub fn hear(&mut self, heard: &Heard) {
        if heard.happening.renames() {
            self.forget(&heard.path);
        }
        if let Some(place) = self.table.place_at(&heard.path) {
            self.hear_of_place(place, heard.happening);
        }
        let (Some(parent), Some(name)) = (heard.path.parent(), heard.path.file_name()) else {
            return;
        };
        if let Some(place) = self.table.place_at(parent) {
            self.hear_of_name(place, name, heard.happening);
        }
    }

    /// A directory was renamed, replaced or deleted: its watch and those of
    /// everything below are gone, or belong to what was moved away. The names
    /// of files, which come and go by the thousand, cost one look-up.
    fn forget(&mut self, path: &Path) {
        let above = path.parent().and_then(|parent| self.table.place_at(parent));
        let through = above.zip(path.file_name()).is_some_and(|(above, name)| self.table.leads_through(above, name));
        if through || self.table.place_at(path).is_some() {
            self.table.forget_below(path);
        }
    }

    /// Watches everything anew as it is found again: events were lost, and
    /// among them may be those that tell of a lost watch.
    pub fn forget_all(&mut self) {
        self.table.forget_below(Path::new("/"));
    }

    fn hear_of_place(&mut self, place: PlaceId, happening: Happening) {
        if happening == Happening::Attributes {
            // Who may enter a directory decides what can be read in it.
            for dir in self.table.place(place).users.clone() {
                self.look_at_dir(dir, Urgency::Now);
            }
            return;
        }
        if happening.renames() {
            self.refresh_all(&self.table.dependents(place));
        }
    }

    fn hear_of_name(&mut self, place: PlaceId, name: &OsStr, happening: Happening) {
        for dir in self.table.place(place).users.clone() {
            let known = self.table.files_named(dir, name);
            for id in &known {
                self.look(*id, happening.urgency());
                if happening.renames() {
                    self.follow(*id);
                }
            }
            self.hear_of_included(dir, name, happening);
            if happening != Happening::Modified {
                self.consider(dir, name, None, happening.urgency());
            }
        }
        let Some(dependents) = self.table.place(place).hops.get(name).cloned() else {
            return;
        };
        for dependent in dependents {
            match dependent {
                Dependent::Dir(dir) if happening.renames() => self.refresh(dir),
                // Who owns a link or may enter a directory decides what is read.
                Dependent::Dir(dir) if happening == Happening::Attributes => self.look_at_dir(dir, Urgency::Now),
                Dependent::Dir(_) => {}
                Dependent::Slot(id) => {
                    if happening.renames() {
                        self.follow_all(id);
                    }
                    self.look(id, happening.urgency());
                }
            }
        }
    }

    fn refresh_all(&mut self, dependents: &[Dependent]) {
        for dependent in dependents {
            match *dependent {
                Dependent::Dir(dir) => self.refresh(dir),
                Dependent::Slot(id) => {
                    self.follow_all(id);
                    self.look(id, Urgency::Now);
                }
            }
        }
    }

    /// Looks where a directory leads now, watches it, lists it, and looks at
    /// its files.
    pub fn refresh(&mut self, dir: DirId) {
        self.lead(dir);
        self.expand(dir);
        self.look_at_dir(dir, Urgency::IfChanged);
    }

    /// Refreshes a directory if another one is at its path; lists it if globs
    /// may have new files in it. Cheap when nothing happened.
    pub fn check(&mut self, dir: DirId) {
        let place = self.table.dir(dir).place;
        let expected = place.map(|place| self.table.place(place)).filter(|place| place.watched.is_ok());
        let found = rustix::fs::stat(&*self.table.dir(dir).path).ok().map(|stat| (stat.st_dev, stat.st_ino));
        if expected.map(|place| place.inode) != found {
            self.refresh(dir);
        } else {
            self.expand(dir);
        }
    }

    /// Looks at every file of a directory.
    pub fn look_at_dir(&mut self, dir: DirId, urgency: Urgency) {
        for id in self.table.files_of(dir) {
            self.look(id, urgency);
        }
        for id in self.included.within(dir) {
            self.look(id, urgency);
        }
    }

    /// Notes that a file is to be looked at.
    pub fn look(&mut self, id: SourceId, urgency: Urgency) {
        let mut look = self.table.look(id, urgency, self.since);
        if look.polled.is_none() {
            look.polled = self.included.dirs(id).find_map(|dir| self.table.dir(dir).polled.clone());
        }
        self.looks.push(look);
    }

    fn dir(&mut self, path: &Path) -> DirId {
        let (dir, new) = self.table.add_dir(path);
        if new {
            self.lead(dir);
        }
        dir
    }

    fn lead(&mut self, dir: DirId) {
        let path = Arc::clone(&self.table.dir(dir).path);
        let resolution = resolve(&path);
        let mut polled = None;
        for hop in &resolution.hops {
            let place = self.place(&hop.dir, Hearing::Names, &mut polled);
            if let Some(place) = place {
                self.table.depend(place, &hop.name, Dependent::Dir(dir));
            }
        }
        let real = match &resolution.end {
            End::Found { real, stat } if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => Some(real),
            _ => None,
        };
        let place = real.and_then(|real| {
            self.watch_ancestors(real, dir, &mut polled);
            if let FilesystemKind::Remote(name) = FilesystemKind::of_path(real) {
                polled.get_or_insert_with(|| Arc::new(PollReason::Filesystem(name)));
            }
            self.place(real, Hearing::Files, &mut polled)
        });
        if place.is_none()
            && let Some(old) = self.table.dir(dir).place
        {
            // It may come back as the same directory, without its watch.
            let old = Arc::clone(&self.table.place(old).path);
            self.table.forget_below(&old);
        }
        self.table.lead(dir, place);
        if self.table.dir(dir).polled != polled {
            self.table.set_polled(dir, polled);
            self.look_at_dir(dir, Urgency::Now);
        }
    }

    fn watch_ancestors(&mut self, real: &Path, dir: DirId, polled: &mut Option<Arc<PollReason>>) {
        for child in real.ancestors() {
            let (Some(parent), Some(name)) = (child.parent(), child.file_name()) else {
                return;
            };
            if parent.components().count() < ANCESTOR_COMPONENTS_MIN {
                return;
            }
            if let Some(place) = self.place(parent, Hearing::Names, polled) {
                self.table.depend(place, name, Dependent::Dir(dir));
            }
        }
    }

    /// The place of a real directory, watched if that is possible; by whoever
    /// wants to hear most of it.
    fn place(&mut self, real: &Path, hearing: Hearing, polled: &mut Option<Arc<PollReason>>) -> Option<PlaceId> {
        let stat = rustix::fs::stat(real).ok()?;
        let inode: Inode = (stat.st_dev, stat.st_ino);
        let place = match (self.table.place_at(real), self.table.place_of_inode(inode)) {
            (Some(place), _) if self.table.place(place).inode == inode => place,
            (_, Some(other)) => {
                self.table.alias(real, other);
                other
            }
            (Some(place), None) => {
                self.table.set_inode(place, inode);
                self.arm(place);
                place
            }
            (None, None) => {
                let place = self.table.add_place(real, inode, hearing);
                self.arm(place);
                place
            }
        };
        if self.table.place(place).hearing < hearing {
            self.table.place_mut(place).hearing = hearing;
            self.arm(place);
        }
        if let Err(reason) = &self.table.place(place).watched {
            let reason = Arc::clone(reason);
            self.arm(place);
            if self.table.place(place).watched.is_err() {
                *polled = Some(reason);
            }
        }
        Some(place)
    }

    fn arm(&mut self, place: PlaceId) {
        let path = Arc::clone(&self.table.place(place).path);
        let watched = self.notifier.watch(&path, self.table.place(place).hearing).map_err(Arc::new);
        self.table.place_mut(place).watched = watched;
    }

    fn add_file(&mut self, dir: DirId, name: &OsStr, spec: SpecIndex, urgency: Urgency) {
        self.add(dir, name, spec, urgency, true);
    }

    /// `link`: whether the file may be one.
    fn add(&mut self, dir: DirId, name: &OsStr, spec: SpecIndex, urgency: Urgency, link: bool) {
        match self.table.add_slot(dir, name, spec) {
            Some(id) => {
                if link {
                    self.follow(id);
                }
                self.look(id, urgency);
            }
            None if !self.full && self.table.files() >= driftline_wire::limits::SOURCES_MAX => {
                self.full = true;
                tracing::error!(
                    limit = driftline_wire::limits::SOURCES_MAX,
                    "there are more files than one agent watches: the rest is not watched"
                );
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
