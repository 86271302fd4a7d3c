//! The (key, digest) pairs of one observation, side by side as the root covers
//! them: what an observer keeps that hands on what changed and not all there is.
//!
//! It holds no value, no display and no place, and nothing of how a key came to
//! be: whoever wants the items asks the journal.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::digest::Root;
use crate::{Delta, Digest, Item, ItemChange, ItemKey, Observation};

/// Bytes of one block. A change moves the bytes behind it in its block, some
/// microseconds for so many. Allocators keep what is so large apart from the
/// many small items that it is made from, and give those back when they go.
const BLOCK_BYTES_MAX: usize = if cfg!(test) { 4 * 1024 } else { 256 * 1024 };

/// Bytes of the length in front of a key, and of the digest behind it.
const LENGTH_BYTES: usize = 8;
const DIGEST_BYTES: usize = 32;

/// All (key, digest) pairs of an observation, sorted by key, and their root.
#[derive(Debug, Clone)]
pub struct Pairs {
    /// None of them is empty.
    blocks: Vec<Block>,
    root: Root,
}

/// Pairs as [`Root::of`] reads them: length of the key, key, digest.
#[derive(Debug, Clone, Default)]
struct Block(Vec<u8>);

/// Where a key is, or belongs.
struct Place {
    block: usize,
    at: usize,
    found: Option<Digest>,
}

impl Pairs {
    /// Of an observation.
    #[must_use]
    pub fn of(observation: &Observation) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for item in observation.items() {
            let pair = pair(&item.key, &item.digest);
            match blocks.last_mut().filter(|block| block.0.len() + pair.len() <= BLOCK_BYTES_MAX) {
                Some(block) => block.0.extend_from_slice(&pair),
                None => blocks.push(Block(pair)),
            }
        }
        blocks.iter_mut().for_each(|block| block.0.shrink_to_fit());
        let root = root(&blocks);
        Self { blocks, root }
    }

    /// The root over all of them.
    #[must_use]
    pub fn root(&self) -> Root {
        self.root
    }

    /// The digest of a key.
    #[must_use]
    pub fn get(&self, key: &ItemKey) -> Option<Digest> {
        self.place(key).found
    }

    /// Takes over what changed, each key with its item or, if it went, with
    /// none; of equal keys the last counts. Gives the delta that this is; none
    /// if the pairs are what they were.
    pub fn change(&mut self, changes: impl IntoIterator<Item = (ItemKey, Option<Item>)>) -> Option<Delta> {
        let changes: BTreeMap<ItemKey, Option<Item>> = changes.into_iter().collect();
        let told: Vec<ItemChange> = changes.into_iter().filter_map(|(key, after)| self.take(key, after)).collect();
        if told.is_empty() {
            return None;
        }
        let before = std::mem::replace(&mut self.root, root(&self.blocks));
        Some(Delta { before, after: self.root, changes: told })
    }

    /// Takes over all that is there now. Gives the delta that this is, as
    /// [`Self::change`] does.
    pub fn turn_into(&mut self, observation: &Observation) -> Option<Delta> {
        let mut known = self.blocks.iter().flat_map(Block::iter).peekable();
        let mut told = Vec::new();
        for item in observation.items() {
            let key = item.key.as_str().as_bytes();
            while let Some((gone, digest)) = known.next_if(|(known, _)| *known < key) {
                told.push(removed(gone, digest));
            }
            let before = known.next_if(|(known, _)| *known == key).map(|(_, digest)| digest);
            if before != Some(item.digest) {
                told.push(ItemChange { key: item.key.clone(), before, after: Some(item.clone()) });
            }
        }
        told.extend(known.map(|(gone, digest)| removed(gone, digest)));
        if told.is_empty() {
            return None;
        }
        let before = std::mem::replace(self, Self::of(observation)).root;
        Some(Delta { before, after: self.root, changes: told })
    }

    fn take(&mut self, key: ItemKey, after: Option<Item>) -> Option<ItemChange> {
        let after = after.map(|item| Item { key: key.clone(), ..item });
        let place = self.place(&key);
        let (before, digest) = (place.found, after.as_ref().map(|item| item.digest));
        if before == digest {
            return None;
        }
        let length = pair_bytes(key.as_str().len());
        let pair = digest.map(|digest| pair(&key, &digest)).unwrap_or_default();
        self.splice(&place, if before.is_some() { length } else { 0 }, &pair);
        Some(ItemChange { key, before, after })
    }

    /// Puts a pair in the place of so many bytes.
    fn splice(&mut self, place: &Place, gone: usize, pair: &[u8]) {
        let Some(block) = self.blocks.get_mut(place.block) else {
            self.blocks.push(Block(pair.to_vec()));
            return;
        };
        block.0.splice(place.at..place.at + gone, pair.iter().copied());
        if block.0.is_empty() {
            self.blocks.remove(place.block);
        } else if block.0.len() > BLOCK_BYTES_MAX {
            let behind = block.split();
            self.blocks.insert(place.block + 1, behind);
        }
    }

    fn place(&self, key: &ItemKey) -> Place {
        let key = key.as_str().as_bytes();
        let behind = self.blocks.partition_point(|block| block.key_at(0) <= key);
        let block = behind.saturating_sub(1);
        let (at, found) = self.blocks.get(block).map_or((0, None), |block| block.find(key));
        Place { block, at, found }
    }
}

impl Block {
    fn iter(&self) -> impl Iterator<Item = (&[u8], Digest)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let (key, digest) = (self.key_at(at), self.digest_at(at)?);
            at += pair_bytes(key.len());
            Some((key, digest))
        })
    }

    fn find(&self, key: &[u8]) -> (usize, Option<Digest>) {
        let mut at = 0;
        while at < self.0.len() {
            match self.key_at(at).cmp(key) {
                Ordering::Less => at += pair_bytes(self.key_at(at).len()),
                Ordering::Equal => return (at, self.digest_at(at)),
                Ordering::Greater => break,
            }
        }
        (at, None)
    }

    fn key_at(&self, at: usize) -> &[u8] {
        let length = self.0.get(at..at + LENGTH_BYTES).and_then(|bytes| <[u8; LENGTH_BYTES]>::try_from(bytes).ok());
        let length = length.and_then(|bytes| usize::try_from(u64::from_be_bytes(bytes)).ok()).unwrap_or(0);
        self.0.get(at + LENGTH_BYTES..at + LENGTH_BYTES + length).unwrap_or_default()
    }

    fn digest_at(&self, at: usize) -> Option<Digest> {
        let from = at + LENGTH_BYTES + self.key_at(at).len();
        self.0.get(from..from + DIGEST_BYTES)?.try_into().ok().map(Digest)
    }

    /// Gives away the pairs of the second half.
    fn split(&mut self) -> Self {
        let mut at = 0;
        while at < self.0.len() / 2 {
            at += pair_bytes(self.key_at(at).len());
        }
        let behind = Self(self.0.split_off(at));
        self.0.shrink_to_fit();
        behind
    }
}

fn removed(key: &[u8], before: Digest) -> ItemChange {
    ItemChange { key: ItemKey::again(key), before: Some(before), after: None }
}

fn pair_bytes(key: usize) -> usize {
    LENGTH_BYTES + key + DIGEST_BYTES
}

fn pair(key: &ItemKey, digest: &Digest) -> Vec<u8> {
    let key = key.as_str().as_bytes();
    let mut pair = Vec::with_capacity(pair_bytes(key.len()));
    pair.extend_from_slice(&(key.len() as u64).to_be_bytes());
    pair.extend_from_slice(key);
    pair.extend_from_slice(&digest.0);
    pair
}

fn root(blocks: &[Block]) -> Root {
    Root::of_bytes(blocks.iter().map(|block| block.0.as_slice()))
}

#[cfg(test)]
mod tests;
