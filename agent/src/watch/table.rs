//! What is watched: sources, the directories they are configured in, and the
//! real places those lead to.
//!
//! Directories are kept once and the names of files in one block of bytes: a
//! hundred thousand sources take some four megabytes. It calls no kernel.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_wire::limits::SOURCES_MAX;

use super::notifier::Hearing;
use crate::config::SourceSpec;
use crate::observe::{Look, PollReason, SourceId, Urgency};

/// Index of a `[[source]]`.
pub type SpecIndex = u16;

/// A directory by its configured path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirId(u32);

/// A real directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(u32);

/// Device and inode.
pub type Inode = (u64, u64);

/// No directory has it: what is found is watched anew.
const NO_INODE: Inode = (0, 0);

/// A file that is watched.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Its directory.
    pub dir: DirId,
    /// Where its name begins; it ends where that of the next file begins.
    name: u32,
    /// Which `[[source]]` asked for it.
    pub spec: SpecIndex,
}

/// A directory by its configured path.
#[derive(Debug)]
pub struct Dir {
    /// The path.
    pub path: Arc<Path>,
    /// Where it leads, if it is there.
    pub place: Option<PlaceId>,
    /// Its watched files, sorted by name and `[[source]]`.
    files: Vec<SourceId>,
    /// Globs, each with the component that its entries must match.
    pub levels: BTreeSet<(SpecIndex, usize)>,
    /// It is to be listed for them.
    pub unlisted: bool,
    /// Why it is polled, if it is.
    pub polled: Option<Arc<PollReason>>,
    /// Nobody needs it: its id is to be used again.
    gone: bool,
}

/// Who is to be told when a name in a place changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependent {
    /// A directory whose path leads through that name.
    Dir(DirId),
    /// A file whose link leads through that name.
    Slot(SourceId),
}

/// A real directory.
#[derive(Debug)]
pub struct Place {
    /// The path it is watched by.
    pub path: Arc<Path>,
    /// What was there when the watch was set.
    pub inode: Inode,
    /// Directories that lead here.
    pub users: Vec<DirId>,
    /// Who depends on which name.
    pub hops: HashMap<OsString, Vec<Dependent>>,
    /// What the kernel is asked to tell.
    pub hearing: Hearing,
    /// Whether the kernel tells of changes, or why not.
    pub watched: Result<(), Arc<PollReason>>,
    /// Nobody needs it: its id is to be used again.
    gone: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Table {
    specs: Vec<Arc<SourceSpec>>,
    slots: Vec<Slot>,
    /// Names of files, one behind the other.
    names: Vec<u8>,
    dirs: Vec<Dir>,
    dir_ids: HashMap<Arc<Path>, DirId>,
    places: Vec<Place>,
    place_ids: HashMap<Arc<Path>, PlaceId>,
    inodes: HashMap<Inode, PlaceId>,
    polled: usize,
    free_dirs: Vec<DirId>,
    free_places: Vec<PlaceId>,
}

impl Table {
    /// With these sources configured.
    #[must_use]
    pub fn new(specs: Vec<Arc<SourceSpec>>) -> Self {
        Self { specs, ..Self::default() }
    }

    /// A `[[source]]`.
    #[must_use]
    pub fn spec(&self, index: SpecIndex) -> &Arc<SourceSpec> {
        &self.specs[usize::from(index)]
    }

    /// Every `[[source]]`.
    #[must_use]
    pub fn spec_indices(&self) -> std::ops::Range<SpecIndex> {
        0..SpecIndex::try_from(self.specs.len()).unwrap_or(SpecIndex::MAX)
    }

    /// A file.
    #[must_use]
    pub fn slot(&self, id: SourceId) -> &Slot {
        &self.slots[at(id.0)]
    }

    /// Its path.
    #[must_use]
    pub fn path_of(&self, id: SourceId) -> PathBuf {
        self.dir(self.slot(id).dir).path.join(self.name_of(id))
    }

    /// Its name in its directory.
    #[must_use]
    pub fn name_of(&self, id: SourceId) -> &OsStr {
        let from = at(self.slot(id).name);
        let to = self.slots.get(at(id.0) + 1).map_or(self.names.len(), |next| at(next.name));
        OsStr::from_bytes(&self.names[from..to])
    }

    /// How many files are watched.
    #[must_use]
    pub fn files(&self) -> usize {
        self.slots.len()
    }

    /// Ids from `from` on, at most `max`.
    #[must_use]
    pub fn ids(&self, from: usize, max: usize) -> Vec<SourceId> {
        let to = self.slots.len().min(from.saturating_add(max));
        (from..to).filter_map(|index| u32::try_from(index).ok().map(SourceId)).collect()
    }

    /// Adds a file; none when it is there already, or there is no room.
    pub fn add_slot(&mut self, dir: DirId, name: &OsStr, spec: SpecIndex) -> Option<SourceId> {
        let id = SourceId(u32::try_from(self.slots.len()).ok()?);
        let begins = u32::try_from(self.names.len()).ok()?;
        if self.slots.len() >= SOURCES_MAX {
            return None;
        }
        let Err(place) = self.find(dir, name, spec) else {
            return None;
        };
        self.names.extend_from_slice(name.as_bytes());
        self.slots.push(Slot { dir, name: begins, spec });
        self.dir_mut(dir).files.insert(place, id);
        Some(id)
    }

    /// Whether a file is watched for a `[[source]]`.
    #[must_use]
    pub fn has_file(&self, dir: DirId, name: &OsStr, spec: SpecIndex) -> bool {
        self.find(dir, name, spec).is_ok()
    }

    /// Where a file stands among those of its directory, or would stand.
    fn find(&self, dir: DirId, name: &OsStr, spec: SpecIndex) -> Result<usize, usize> {
        let files = &self.dir(dir).files;
        files.binary_search_by(|id| (self.name_of(*id), self.slot(*id).spec).cmp(&(name, spec)))
    }

    /// Files of that name in a directory.
    #[must_use]
    pub fn files_named(&self, dir: DirId, name: &OsStr) -> Vec<SourceId> {
        let files = &self.dir(dir).files;
        let from = files.partition_point(|id| self.name_of(*id) < name);
        files[from..].iter().copied().take_while(|id| self.name_of(*id) == name).collect()
    }

    /// All files of a directory.
    #[must_use]
    pub fn files_of(&self, dir: DirId) -> Vec<SourceId> {
        self.dir(dir).files.clone()
    }

    /// The directory of a configured path, and whether it is new.
    pub fn add_dir(&mut self, path: &Path) -> (DirId, bool) {
        if let Some(id) = self.dir_ids.get(path) {
            return (*id, false);
        }
        let path: Arc<Path> = path.into();
        let dir = Dir {
            path: Arc::clone(&path),
            place: None,
            files: Vec::new(),
            levels: BTreeSet::new(),
            unlisted: false,
            polled: None,
            gone: false,
        };
        let free = self.free_dirs.pop();
        let id = free.unwrap_or_else(|| DirId(u32::try_from(self.dirs.len()).unwrap_or(u32::MAX)));
        put(&mut self.dirs, id.0, dir);
        self.dir_ids.insert(path, id);
        (id, true)
    }

    /// A directory.
    #[must_use]
    pub fn dir(&self, id: DirId) -> &Dir {
        &self.dirs[at(id.0)]
    }

    /// A directory, to be changed.
    pub fn dir_mut(&mut self, id: DirId) -> &mut Dir {
        &mut self.dirs[at(id.0)]
    }

    /// How many directories are polled.
    #[must_use]
    pub fn polled(&self) -> usize {
        self.polled
    }

    /// A directory is polled from now on, or no longer.
    pub fn set_polled(&mut self, id: DirId, reason: Option<Arc<PollReason>>) {
        self.polled += usize::from(reason.is_some());
        let before = std::mem::replace(&mut self.dir_mut(id).polled, reason);
        self.polled -= usize::from(before.is_some());
    }

    /// Every directory.
    #[must_use]
    pub fn dir_ids(&self) -> Vec<DirId> {
        let used = self.dirs.iter().enumerate().filter(|(_, dir)| !dir.gone);
        used.filter_map(|(index, _)| u32::try_from(index).ok().map(DirId)).collect()
    }

    /// Takes out a directory without files and globs that nobody includes
    /// anything of any more.
    pub fn release_dir(&mut self, id: DirId) {
        let dir = self.dir(id);
        if dir.gone || !dir.files.is_empty() || !dir.levels.is_empty() {
            return;
        }
        let path = Arc::clone(&dir.path);
        self.set_polled(id, None);
        self.lead(id, None);
        self.depend_no_more(Dependent::Dir(id));
        self.dir_ids.remove(&path);
        self.dir_mut(id).gone = true;
        self.free_dirs.push(id);
    }

    /// Takes out places that nobody needs; gives their paths.
    pub fn release_places(&mut self) -> Vec<Arc<Path>> {
        let is_needless = |place: &Place| !place.gone && place.users.is_empty() && place.hops.is_empty();
        let needless = self.places.iter().enumerate().filter(|(_, place)| is_needless(place));
        let ids: Vec<PlaceId> = needless.filter_map(|(at, _)| u32::try_from(at).ok().map(PlaceId)).collect();
        if ids.is_empty() {
            return Vec::new();
        }
        for id in &ids {
            self.set_inode(*id, NO_INODE);
            self.place_mut(*id).gone = true;
        }
        self.place_ids.retain(|_, id| ids.binary_search(id).is_err());
        self.free_places.extend(&ids);
        ids.into_iter().map(|id| Arc::clone(&self.place(id).path)).collect()
    }

    /// The place that is watched under that path.
    #[must_use]
    pub fn place_at(&self, path: &Path) -> Option<PlaceId> {
        self.place_ids.get(path).copied()
    }

    /// The place of that inode: another path may lead to it (bind mounts), and
    /// inotify tells of it under one path only.
    #[must_use]
    pub fn place_of_inode(&self, inode: Inode) -> Option<PlaceId> {
        self.inodes.get(&inode).copied()
    }

    /// A place.
    #[must_use]
    pub fn place(&self, id: PlaceId) -> &Place {
        &self.places[at(id.0)]
    }

    /// A place, to be changed.
    pub fn place_mut(&mut self, id: PlaceId) -> &mut Place {
        &mut self.places[at(id.0)]
    }

    /// Adds a place.
    pub fn add_place(&mut self, path: &Path, inode: Inode, hearing: Hearing) -> PlaceId {
        let path: Arc<Path> = path.into();
        let free = self.free_places.pop();
        let id = free.unwrap_or_else(|| PlaceId(u32::try_from(self.places.len()).unwrap_or(u32::MAX)));
        let (users, hops) = (Vec::new(), HashMap::new());
        let place = Place { path: Arc::clone(&path), inode, users, hops, hearing, watched: Ok(()), gone: false };
        put(&mut self.places, id.0, place);
        self.place_ids.insert(path, id);
        self.inodes.insert(inode, id);
        id
    }

    /// Another path leads to a place.
    pub fn alias(&mut self, path: &Path, id: PlaceId) {
        self.place_ids.insert(path.into(), id);
    }

    /// Another directory is at the place's path now.
    pub fn set_inode(&mut self, id: PlaceId, inode: Inode) {
        let old = std::mem::replace(&mut self.place_mut(id).inode, inode);
        if self.inodes.get(&old) == Some(&id) {
            self.inodes.remove(&old);
        }
        if inode != NO_INODE {
            self.inodes.insert(inode, id);
        }
    }

    /// Whatever is found at this path or below it is another directory, or has
    /// lost its watch, though it may have the inode it had.
    pub fn forget_below(&mut self, path: &Path) {
        let ids: Vec<PlaceId> =
            self.place_ids.iter().filter(|(known, _)| known.starts_with(path)).map(|(_, id)| *id).collect();
        for id in ids {
            self.set_inode(id, NO_INODE);
        }
    }

    /// Whether a directory's path leads through that name in a place.
    #[must_use]
    pub fn leads_through(&self, place: PlaceId, name: &OsStr) -> bool {
        let hop = self.place(place).hops.get(name);
        hop.is_some_and(|hop| hop.iter().any(|dependent| matches!(dependent, Dependent::Dir(_))))
    }

    /// A directory leads to a place now, or nowhere.
    pub fn lead(&mut self, dir: DirId, to: Option<PlaceId>) {
        if let Some(old) = std::mem::replace(&mut self.dir_mut(dir).place, to) {
            self.place_mut(old).users.retain(|user| *user != dir);
        }
        if let Some(place) = to {
            self.place_mut(place).users.push(dir);
        }
    }

    /// Somebody depends on a name in a place.
    pub fn depend(&mut self, place: PlaceId, name: &OsStr, dependent: Dependent) {
        let hops = self.place_mut(place).hops.entry(name.to_owned()).or_default();
        if !hops.contains(&dependent) {
            hops.push(dependent);
        }
    }

    /// Somebody depends on no name any more.
    pub fn depend_no_more(&mut self, dependent: Dependent) {
        for place in &mut self.places {
            place.hops.retain(|_, all| {
                all.retain(|one| *one != dependent);
                !all.is_empty()
            });
        }
    }

    /// Everybody who depends on anything in a place.
    #[must_use]
    pub fn dependents(&self, place: PlaceId) -> Vec<Dependent> {
        let place = self.place(place);
        let mut all: Vec<Dependent> = place.users.iter().map(|dir| Dependent::Dir(*dir)).collect();
        for dependent in place.hops.values().flatten() {
            if !all.contains(dependent) {
                all.push(*dependent);
            }
        }
        all
    }

    /// The wish to look at a file.
    #[must_use]
    pub fn look(&self, id: SourceId, urgency: Urgency, unobserved_since_ms: Option<i64>) -> Look {
        let slot = self.slot(id);
        let dir = self.dir(slot.dir);
        Look {
            id,
            dir: Arc::clone(&dir.path),
            name: self.name_of(id).into(),
            spec: Arc::clone(self.spec(slot.spec)),
            urgency,
            unobserved_since_ms,
            polled: dir.polled.clone(),
        }
    }
}

/// In the place of one that is gone, or at the end.
fn put<T>(all: &mut Vec<T>, index: u32, one: T) {
    match all.get_mut(at(index)) {
        Some(old) => *old = one,
        None => all.push(one),
    }
}

fn at(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
