//! Which sources depend on which names beside their own: included files and
//! directories.
//!
//! It calls no kernel and sets no watch. What a source no longer includes is
//! taken out with the next word about it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use super::table::DirId;
use crate::observe::SourceId;

/// A place that a source includes: a name in a directory, or any.
pub type Spot = (DirId, Option<OsString>);

/// All of them.
#[derive(Debug, Default)]
pub struct IncludedNames {
    by_spot: HashMap<Spot, Vec<SourceId>>,
    by_dir: HashMap<DirId, Vec<SourceId>>,
    spots: HashMap<SourceId, Vec<Spot>>,
}

impl IncludedNames {
    /// A source includes these from now on; true if there are any that it did
    /// not include before.
    pub fn replace(&mut self, id: SourceId, mut spots: Vec<Spot>) -> bool {
        spots.sort();
        spots.dedup();
        let old = self.spots.remove(&id).unwrap_or_default();
        for spot in old.iter().filter(|spot| spots.binary_search(spot).is_err()) {
            remove(&mut self.by_spot, spot, id);
        }
        for (dir, _) in &old {
            remove(&mut self.by_dir, dir, id);
        }
        let mut more = false;
        for spot in &spots {
            more |= add(&mut self.by_spot, spot.clone(), id) && old.binary_search(spot).is_err();
            add(&mut self.by_dir, spot.0, id);
        }
        if !spots.is_empty() {
            self.spots.insert(id, spots);
        }
        more
    }

    /// Sources that include that name in a directory, by itself or with the
    /// whole directory.
    #[must_use]
    pub fn named(&self, dir: DirId, name: &OsStr) -> Vec<SourceId> {
        if self.spots.is_empty() {
            return Vec::new();
        }
        let of = |spot: Spot| self.by_spot.get(&spot).into_iter().flatten().copied();
        let mut ids: Vec<_> = of((dir, Some(name.to_owned()))).chain(of((dir, None))).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Sources that include anything in a directory.
    #[must_use]
    pub fn within(&self, dir: DirId) -> Vec<SourceId> {
        self.by_dir.get(&dir).cloned().unwrap_or_default()
    }

    /// What a source includes, sorted.
    #[must_use]
    pub fn spots(&self, id: SourceId) -> &[Spot] {
        self.spots.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Files that a source includes.
    pub fn files(&self, id: SourceId) -> impl Iterator<Item = (&DirId, &OsStr)> {
        let spots = self.spots.get(&id).into_iter().flatten();
        spots.filter_map(|(dir, name)| Some((dir, name.as_deref()?)))
    }

    /// Directories that a source includes anything of.
    pub fn dirs(&self, id: SourceId) -> impl Iterator<Item = DirId> {
        self.spots.get(&id).into_iter().flatten().map(|(dir, _)| *dir)
    }
}

fn add<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<SourceId>>, key: K, id: SourceId) -> bool {
    let ids = map.entry(key).or_default();
    let new = !ids.contains(&id);
    if new {
        ids.push(id);
    }
    new
}

fn remove<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<SourceId>>, key: &K, id: SourceId) {
    if let Some(ids) = map.get_mut(key) {
        ids.retain(|one| *one != id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
