//! What one side has at a key: one value, none, a split, or something that
//! could not be read.
//!
//! It looks at one side alone. A host whose source cannot be read has no say;
//! a host that does not watch the source at all shows once, at `@state`, and
//! not again at every key.

use std::collections::BTreeSet;

use driftline_canon::{HostName, ItemKey, Role};

use super::side::{Column, Side, Slot, Values};
use crate::made::Makings;

/// Hosts of a group that are named; the count says how many more there are.
pub const HOSTS_NAMED_MAX: usize = 10;

/// What one side has at a key, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// In which of four ways.
    pub state: CellState,
    /// What may be shown; for a split, of the most common value.
    pub display: Option<String>,
    /// Whether any of its values is a secret.
    pub secret: bool,
    /// For a split: who has what, largest group first.
    pub groups: Vec<Group>,
    /// A host that has it, of the largest group; where it is missing, one that
    /// would.
    pub host: Option<HostName>,
}

/// See [`Cell::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellState {
    /// One value on all hosts that could be read.
    Value,
    /// No host has it.
    Missing,
    /// Hosts disagree.
    Split,
    /// No host could be read.
    Unknown,
}

/// Hosts of one side that agree with each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// By name, at most [`HOSTS_NAMED_MAX`].
    pub hosts: Vec<HostName>,
    /// How many they are.
    pub count: u32,
    /// What they have; none where it is missing or may not be shown.
    pub display: Option<String>,
    /// Whether what they have is a secret.
    pub secret: bool,
    /// Whether the key is missing on them.
    pub missing: bool,
}

/// One side's slots of one source: what a key is reduced by.
pub(super) struct Slots<'a> {
    side: &'a Side,
    role_hosts: &'a BTreeSet<u32>,
    column: Option<&'a Column>,
    /// A host that watches the source.
    watching: Option<&'a HostName>,
    /// Of each host of the side, its number on the other side.
    across: &'a [Option<u32>],
    /// Hosts whose digests were made in another way than those of the others.
    foreign: BTreeSet<u32>,
    /// Those, and hosts whose settings cannot be read.
    unseen: BTreeSet<u32>,
}

/// What one side has at a key, to be compared.
pub(super) enum Reduced<'a> {
    Missing { partial: bool },
    Value { group: &'a Values, partial: bool },
    Split { shares: Vec<Share<'a>>, partial: bool },
    Unknown,
}

/// Hosts that agree: on a value, or on not having the key.
pub(super) struct Share<'a> {
    values: Option<&'a Values>,
    hosts: Vec<u32>,
}

impl Reduced<'_> {
    fn groups(&self) -> Vec<&Values> {
        match self {
            Self::Value { group, .. } => vec![group],
            Self::Split { shares, .. } => shares.iter().filter_map(|share| share.values).collect(),
            Self::Missing { .. } | Self::Unknown => Vec::new(),
        }
    }

    pub(super) fn is_secret(&self) -> bool {
        match self {
            Self::Value { group, .. } => group.secret,
            other => other.groups().iter().any(|group| group.secret),
        }
    }

    /// Whether some host here has the value of some host there.
    pub(super) fn shares(&self, other: &Self) -> bool {
        let theirs = other.groups();
        self.groups().iter().any(|mine| theirs.iter().any(|other| other.digest == mine.digest))
    }
}

impl<'a> Slots<'a> {
    pub(super) fn new(side: &'a Side, role: &Role, (column, across): (Option<&'a Column>, &'a [Option<u32>])) -> Self {
        let watching = column.and_then(|column| side.first_name(&column.hosts));
        let unseen = column.map_or_else(BTreeSet::new, |column| column.unreadable.clone());
        Self { side, role_hosts: side.hosts_of(role), column, watching, across, foreign: BTreeSet::new(), unseen }
    }

    pub(super) fn makings(&self) -> Makings<'a> {
        Makings { of: self.column.map_or(&[], |column| &column.made), across: self.across }
    }

    /// Hosts that nothing can be held against.
    pub(super) fn leave_out(&mut self, foreign: BTreeSet<u32>) {
        self.unseen.extend(&foreign);
        self.foreign = foreign;
    }

    /// The number of a host on the other side, if that has it.
    pub(super) fn across(&self, host: u32) -> Option<u32> {
        self.across.get(usize::try_from(host).ok()?).copied().flatten()
    }

    /// The hosts that may have a key.
    pub(super) fn asked(&self, key: &ItemKey) -> &'a BTreeSet<u32> {
        const NONE: &BTreeSet<u32> = &BTreeSet::new();
        let Some(column) = self.column else { return NONE };
        if key.as_str() == ItemKey::STATE { self.role_hosts } else { &column.hosts }
    }

    /// The hosts of which nobody can say what they have at a key.
    pub(super) fn hidden(&self, key: &ItemKey) -> &BTreeSet<u32> {
        if key.is_metadata() { &self.foreign } else { &self.unseen }
    }

    pub(super) fn name(&self, host: u32) -> Option<&'a HostName> {
        self.side.first_name([&host])
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = (&'a ItemKey, &'a Slot)> + use<'a> {
        self.column.into_iter().flat_map(|column| column.slots.iter())
    }

    pub(super) fn slot(&self, key: &ItemKey) -> Option<&'a Slot> {
        self.column?.slots.get(key)
    }

    pub(super) fn has_state(&self) -> bool {
        self.slot(&ItemKey::metadata(ItemKey::STATE)).is_some()
    }

    /// Where no agent said anything of the file itself: it is there on each
    /// host that watches it.
    pub(super) fn presumed_state(&self) -> Option<Slot> {
        self.column.map(|column| Slot::presumed(&column.hosts))
    }

    pub(super) fn has_secrets(&self) -> bool {
        self.column.is_some_and(|column| column.secrets)
    }

    pub(super) fn is_blind(&self) -> bool {
        !self.unseen.is_empty()
    }

    /// The hosts of which digests were made in another way, by name.
    pub(super) fn foreign(&self) -> Vec<&'a HostName> {
        self.side.names(self.foreign.iter().copied())
    }

    /// The hosts that could not be read, by name.
    pub(super) fn unreadable(&self) -> Vec<&'a HostName> {
        self.column.map_or_else(Vec::new, |column| self.side.names(column.unreadable.iter().copied()))
    }

    /// Whether some hosts of the role do not watch this source.
    pub(super) fn unwatched(&self) -> bool {
        self.column.is_none_or(|column| column.hosts.len() < self.role_hosts.len())
    }

    pub(super) fn reduce<'s>(&self, key: &ItemKey, slot: Option<&'s Slot>) -> Reduced<'s> {
        if self.column.is_none() {
            return Reduced::Missing { partial: false };
        }
        let asked = self.asked(key);
        let unreadable = self.hidden(key);
        if unreadable.is_empty()
            && let Some([group]) = slot.map(|slot| slot.groups.as_slice())
            && group.hosts.len() == asked.len()
        {
            return Reduced::Value { group, partial: false };
        }
        reduce_slowly(asked, unreadable, slot)
    }

    pub(super) fn cell(&self, reduced: &Reduced<'_>) -> Cell {
        let host = self.watching.cloned();
        let plain = |state| Cell { state, display: None, secret: false, groups: Vec::new(), host };
        match reduced {
            Reduced::Missing { .. } => plain(CellState::Missing),
            Reduced::Unknown => plain(CellState::Unknown),
            Reduced::Value { group, .. } => {
                let display = group.display.as_deref().map(str::to_owned);
                let host = self.side.first_name(&group.hosts).cloned();
                Cell { display, secret: group.secret, host, ..plain(CellState::Value) }
            }
            Reduced::Split { shares, .. } => {
                let mut groups: Vec<_> = shares.iter().map(|share| self.group(share)).collect();
                groups.sort_by(|a, b| {
                    let rest = |one: &Group| (one.missing, one.display.clone(), one.hosts.clone());
                    b.count.cmp(&a.count).then_with(|| rest(a).cmp(&rest(b)))
                });
                let display = groups.iter().find(|group| !group.missing).and_then(|group| group.display.clone());
                let secret = groups.iter().any(|group| group.secret);
                let largest = groups.iter().find(|group| !group.missing).and_then(|group| group.hosts.first());
                let host = largest.cloned();
                Cell { state: CellState::Split, display, secret, groups, host }
            }
        }
    }

    fn group(&self, share: &Share<'_>) -> Group {
        let names = self.side.names(share.hosts.iter().copied());
        Group {
            count: u32::try_from(names.len()).unwrap_or(u32::MAX),
            hosts: names.into_iter().take(HOSTS_NAMED_MAX).cloned().collect(),
            display: share.values.and_then(|values| values.display.as_deref()).map(str::to_owned),
            secret: share.values.is_some_and(|values| values.secret),
            missing: share.values.is_none(),
        }
    }
}

/// The general case: some host disagrees, lacks the key, or cannot be read.
fn reduce_slowly<'a>(asked: &BTreeSet<u32>, unreadable: &BTreeSet<u32>, slot: Option<&'a Slot>) -> Reduced<'a> {
    let groups = slot.map_or(&[][..], |slot| slot.groups.as_slice());
    let mut silent: BTreeSet<u32> = asked.difference(unreadable).copied().collect();
    if silent.is_empty() && !unreadable.is_empty() {
        return Reduced::Unknown;
    }
    let mut shares = Vec::new();
    for values in groups {
        let hosts: Vec<u32> = values.hosts.iter().copied().filter(|host| silent.remove(host)).collect();
        if !hosts.is_empty() {
            shares.push(Share { values: Some(values), hosts });
        }
    }
    let partial = !unreadable.is_empty();
    match (&*shares, silent.is_empty()) {
        ([], _) => Reduced::Missing { partial },
        ([Share { values: Some(group), .. }], true) => Reduced::Value { group, partial },
        (_, true) => Reduced::Split { shares, partial },
        (_, false) => {
            shares.push(Share { values: None, hosts: silent.into_iter().collect() });
            Reduced::Split { shares, partial }
        }
    }
}
