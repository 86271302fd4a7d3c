//! Follows what leads away from a source's own name: links, and the files and
//! directories that it includes.
//!
//! It reads no file: what a source includes is told by who read it.

use std::ffi::OsStr;
use std::path::Path;

use rustix::fs::FileType;

use super::Tree;
use crate::observe::trail::Trail;
use crate::observe::{SourceId, Urgency};
use crate::resolve::{End, resolve};
use crate::watch::event::Happening;
use crate::watch::included::Spot;
use crate::watch::notifier::Hearing;
use crate::watch::table::{Dependent, DirId};

impl Tree {
    /// A source includes this from now on, and nothing else. Its directories
    /// are watched, those that are not there yet from above; what changed
    /// before that is looked for.
    pub fn include(&mut self, id: SourceId, trail: &Trail) {
        let watched = trail.watched();
        let mut spots = Vec::new();
        for path in trail.files() {
            if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
                && watched.contains(parent)
            {
                spots.push((self.dir(parent), Some(name.to_owned())));
            }
        }
        for path in trail.directories().filter(|path| watched.contains(path)) {
            spots.push((self.dir(path), None));
        }
        let before = self.included.spots(id).to_vec();
        let more = self.included.replace(id, spots);
        let now = self.included.spots(id);
        let fewer = before.iter().any(|spot| now.binary_search(spot).is_err());
        if fewer {
            // Those of its links that still count are followed again.
            self.table.depend_no_more(Dependent::Slot(id));
        }
        self.follow_all(id);
        if fewer {
            self.release(&before);
        }
        if more {
            self.look(id, Urgency::IfChanged);
        }
    }

    /// What nobody includes any more is watched no longer: the kernel's watches
    /// are few.
    fn release(&mut self, spots: &[Spot]) {
        for (dir, _) in spots {
            if self.included.within(*dir).is_empty() {
                self.table.release_dir(*dir);
            }
        }
        for path in self.table.release_places() {
            self.notifier.unwatch(&path);
        }
    }

    /// A name changed that sources may include.
    pub(super) fn hear_of_included(&mut self, dir: DirId, name: &OsStr, happening: Happening) {
        for id in self.included.named(dir, name) {
            if happening.renames() {
                let path = self.table.dir(dir).path.join(name);
                self.follow_path(id, &path);
            }
            self.look(id, happening.urgency());
        }
    }

    /// If a file is a link: watches every place that it leads through.
    pub(super) fn follow(&mut self, id: SourceId) {
        let path = self.table.path_of(id);
        self.follow_path(id, &path);
    }

    /// The same for everything that it includes as well: a link on the way to
    /// any of them leads elsewhere now.
    pub(super) fn follow_all(&mut self, id: SourceId) {
        self.follow(id);
        let spots: Vec<_> = self.included.files(id).map(|(dir, name)| (*dir, name.to_owned())).collect();
        for (dir, name) in spots {
            let path = self.table.dir(dir).path.join(name);
            self.follow_path(id, &path);
        }
    }

    fn follow_path(&mut self, id: SourceId, path: &Path) {
        let is_link =
            rustix::fs::lstat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
        if !is_link {
            return;
        }
        let mut polled = None;
        let resolution = resolve(path);
        let target = match &resolution.end {
            End::Found { real, .. } => Some(real),
            _ => None,
        };
        let ends = target.and_then(|real| Some((real.parent()?, real.file_name()?)));
        let ends = ends.map(|(dir, name)| (dir, name, Hearing::Files));
        let hops = resolution.hops.iter().map(|hop| (hop.dir.as_path(), hop.name.as_os_str(), Hearing::Names));
        for (dir, name, hearing) in hops.chain(ends) {
            if let Some(place) = self.place(dir, hearing, &mut polled) {
                self.table.depend(place, name, Dependent::Slot(id));
            }
        }
        let dir = self.table.slot(id).dir;
        if polled.is_some() && self.table.dir(dir).polled.is_none() {
            self.table.set_polled(dir, polled);
        }
    }
}
