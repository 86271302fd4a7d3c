//! The settings of a reading in the making: the last of each key, in the order
//! in which they were set.
//!
//! Knows no syntax and reports nothing. Each key is held once, and the place
//! of a setting that was overruled is used again: repeating a key a million
//! times holds one setting.

use super::Setting;
use super::index::Index;
use crate::ItemKey;

/// The place of one setting, and the how manieth it was.
struct Slot {
    set: u32,
    setting: Option<Setting>,
}

/// A setting as it was set: it does not stand for a later one of its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    slot: u32,
    set: u32,
}

impl Mark {
    fn at(self) -> usize {
        self.slot as usize
    }
}

/// Settings by their keys.
#[derive(Default)]
pub(super) struct Kept {
    slots: Vec<Slot>,
    index: Index,
    /// Slots whose setting was taken back.
    free: Vec<usize>,
    /// Each takes a byte of a file at least, so that 32 bits are enough.
    sets: u32,
}

impl Kept {
    /// Nothing yet, with room for so many. The index has none: it is small, and
    /// as its entries lie in no order, all of its memory is touched.
    pub(super) fn with_room(settings: usize) -> Self {
        Self { slots: Vec::with_capacity(settings), ..Self::default() }
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The setting of a key as it stands in the file.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Setting> {
        let slot = self.index.get(&ItemKey::canonical(key), key_at(&self.slots))?;
        self.slots[slot].setting.as_ref()
    }

    /// The setting that was set then, unless it has been replaced since.
    pub(super) fn get_marked(&self, mark: Mark) -> Option<&Setting> {
        let slot = &self.slots[mark.at()];
        if slot.set == mark.set { slot.setting.as_ref() } else { None }
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, mark: Mark) -> Option<&mut Setting> {
        let slot = &mut self.slots[mark.at()];
        if slot.set == mark.set { slot.setting.as_mut() } else { None }
    }

    /// Takes a setting, and gives back the one that it overrules.
    pub(super) fn insert(&mut self, setting: Setting) -> (Mark, Option<Setting>) {
        let mark = self.put(setting);
        let earlier = self.index_of(mark).and_then(|slot| self.take(slot));
        (mark, earlier)
    }

    /// Takes a setting that overrules none, even of its own key.
    pub(super) fn insert_beside(&mut self, setting: Setting) {
        let mark = self.put(setting);
        self.index_of(mark);
    }

    /// Takes a key back, as if it had not been set.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(slot) = self.index.remove(&ItemKey::canonical(key), key_at(&self.slots)) {
            self.take(slot);
        }
    }

    /// Takes back what was set then, unless it has been replaced since.
    pub(super) fn remove_marked(&mut self, mark: Mark) {
        let slot = &self.slots[mark.at()];
        let Some(setting) = slot.setting.as_ref().filter(|_| slot.set == mark.set) else {
            return;
        };
        self.index.remove(setting.key.as_str(), key_at(&self.slots));
        self.take(mark.at());
    }

    /// All settings, in the order in which they were set.
    pub(super) fn into_settings(mut self) -> Vec<Setting> {
        // A slot that was used again holds a later setting than its neighbours.
        self.slots.sort_unstable_by_key(|slot| slot.set);
        let mut settings: Vec<Setting> = self.slots.into_iter().filter_map(|slot| slot.setting).collect();
        settings.shrink_to_fit();
        settings
    }

    /// How many places are held, for tests that look at what a key costs.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    fn put(&mut self, setting: Setting) -> Mark {
        self.sets = self.sets.saturating_add(1);
        let set = self.sets;
        let filled = Slot { set, setting: Some(setting) };
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(free) => *free = filled,
            None => self.slots.push(filled),
        }
        Mark { slot: u32::try_from(slot).unwrap_or(u32::MAX), set }
    }

    /// Gives a setting's key its place, and returns the one that it had.
    fn index_of(&mut self, mark: Mark) -> Option<usize> {
        let setting = self.slots[mark.at()].setting.as_ref()?;
        self.index.insert(setting.key.as_str(), mark.at(), key_at(&self.slots))
    }

    fn take(&mut self, slot: usize) -> Option<Setting> {
        self.free.push(slot);
        self.slots[slot].setting.take()
    }
}

fn key_at<'a>(slots: &'a [Slot]) -> impl Fn(usize) -> Option<&'a ItemKey> {
    move |slot: usize| slots.get(slot)?.setting.as_ref().map(|setting| &setting.key)
}

#[cfg(test)]
mod tests;
