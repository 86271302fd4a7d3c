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
use crate::watch::notifier::Hearing;
use crate::watch::table::{Dependent, DirId};

impl Tree {
    /// A source includes this from now on, and nothing else. Its directories
    /// are watched, those that are not there yet from above; what changed
    /// before that is looked for.
    pub fn include(&mut self, id: SourceId, trail: &Trail) {
        let mut spots = Vec::new();
        for path in trail.files() {
            if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
                spots.push((self.dir(parent), Some(name.to_owned())));
            }
        }
        for path in trail.directories() {
            spots.push((self.dir(path), None));
        }
        let more = self.included.replace(id, spots);
        for path in trail.files() {
            self.follow_path(id, path);
        }
        if more {
            self.look(id, Urgency::IfChanged);
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
