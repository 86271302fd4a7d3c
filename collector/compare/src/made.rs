//! What digests are made with: only those that were made alike can be held
//! against each other.
//!
//! It says who can not; what that comes to is said elsewhere.

use std::collections::{BTreeMap, BTreeSet};

/// Fleet key and canonical form that digests are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Made {
    /// Epoch of the fleet key.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form.
    pub canonical_form: u32,
}

/// One source as a side has it: of each host what its digests are made with.
/// Hosts of which nobody said it can be held against any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Makings<'a> {
    /// By the side's number of the host.
    pub(crate) of: &'a [(u32, Made)],
    /// The number of a host on the other side, if that has it.
    pub(crate) across: &'a [Option<u32>],
}

/// The hosts of either side that cannot be held against the others. One that is
/// on both sides is held against itself first; else what most were made with
/// counts, and of two the later.
pub(crate) fn foreign(left: Makings<'_>, right: Makings<'_>) -> [BTreeSet<u32>; 2] {
    let all = || left.of.iter().chain(right.of).map(|(_, made)| *made);
    let Some(first) = all().next() else { return Default::default() };
    if all().all(|made| made == first) {
        return Default::default();
    }
    let mut counts: BTreeMap<Made, usize> = BTreeMap::new();
    all().for_each(|made| *counts.entry(made).or_default() += 1);
    let most = counts.into_iter().max_by_key(|(made, count)| (*count, *made)).map_or(first, |(made, _)| made);
    let strangers = |own: Makings<'_>, other: Makings<'_>| {
        let theirs: BTreeMap<u32, Made> = other.of.iter().copied().collect();
        let itself = |host: u32| {
            let there = own.across.get(usize::try_from(host).ok()?).copied().flatten()?;
            theirs.get(&there).copied()
        };
        let is_foreign = |(host, made): &&(u32, Made)| *made != itself(*host).unwrap_or(most);
        own.of.iter().filter(is_foreign).map(|(host, _)| *host).collect()
    };
    [strangers(left, right), strangers(right, left)]
}

#[cfg(test)]
mod tests;
