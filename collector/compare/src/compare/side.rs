//! One side of a comparison: what many hosts have, folded while it is fed.
//!
//! Equal values of many hosts are kept once, with the hosts beside them, so
//! that a side costs memory for its different values and four bytes for each
//! item more. It may be fed in any order; each host, source and key once. It
//! judges nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use driftline_canon::{HostName, ItemKey, Role, SourceKind, SourceName};

use crate::made::Made;

/// Groups of one key that are searched one by one before a map is kept: hosts
/// nearly always agree, so nearly every search ends at the first.
const GROUPS_SCANNED_MAX: usize = 8;

/// Where an item stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Host.
    pub host: &'a HostName,
    /// What the host is for.
    pub role: &'a Role,
    /// Source.
    pub source: &'a SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
}

/// What is known of one item.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    /// Which key.
    pub key: &'a ItemKey,
    /// Digest: equal if and only if the value is, among those of one making
    /// ([`Side::made`]).
    pub digest: &'a [u8; 32],
    /// Whether the value is a secret.
    pub secret: bool,
    /// What may be shown of it.
    pub display: Option<&'a str>,
}

/// A source of a host that a side knows: what [`Side::source`] gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceId {
    column: usize,
    host: u32,
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct Side {
    name: String,
    host_ids: HashMap<HostName, u32>,
    host_names: Vec<HostName>,
    roles: BTreeMap<Role, BTreeSet<u32>>,
    column_ids: HashMap<(Role, SourceName), usize>,
    columns: Vec<Column>,
}

/// One source of one role, over all hosts that watch it.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) role: Role,
    pub(super) source: SourceName,
    pub(super) kind: SourceKind,
    pub(super) hosts: BTreeSet<u32>,
    pub(super) unreadable: BTreeSet<u32>,
    pub(super) secrets: bool,
    /// What the digests of hosts are made with.
    pub(super) made: Vec<(u32, Made)>,
    pub(super) slots: Keyed,
}

/// The slots of a column by key. Hosts have the same keys in the same order
/// nearly always, so that the next one is tried before any is searched for.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyed {
    all: Vec<(ItemKey, Slot)>,
    at: HashMap<ItemKey, usize>,
    next: usize,
}

/// One key of one source of one role: the values that hosts have.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) groups: Vec<Values>,
    by_digest: HashMap<[u8; 32], usize>,
}

/// Hosts that have the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) digest: [u8; 32],
    pub(super) secret: bool,
    pub(super) display: Option<Box<str>>,
    pub(super) hosts: Vec<u32>,
}

impl Side {
    /// An empty side. The name is what recommendations call it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            host_ids: HashMap::new(),
            host_names: Vec::new(),
            roles: BTreeMap::new(),
            column_ids: HashMap::new(),
            columns: Vec::new(),
        }
    }

    /// What recommendations call this side.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many hosts it has.
    #[must_use]
    pub fn hosts(&self) -> u32 {
        u32::try_from(self.host_names.len()).unwrap_or(u32::MAX)
    }

    /// Makes a host known, also one that watches nothing.
    pub fn host(&mut self, host: &HostName, role: &Role) -> u32 {
        if let Some(&id) = self.host_ids.get(host) {
            return id;
        }
        let id = self.hosts();
        self.host_ids.insert(host.clone(), id);
        self.host_names.push(host.clone());
        self.roles.entry(role.clone()).or_default().insert(id);
        id
    }

    /// Makes a source of a host known. What it gives is for this side alone.
    pub fn source(&mut self, place: Place<'_>) -> SourceId {
        let host = self.host(place.host, place.role);
        let id = (place.role.clone(), place.source.clone());
        let column = match self.column_ids.get(&id) {
            Some(&column) => column,
            None => {
                self.columns.push(Column::new(place));
                self.column_ids.insert(id, self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        if let Some(known) = self.columns.get_mut(column) {
            known.kind = known.kind.min(place.kind);
            known.hosts.insert(host);
        }
        SourceId { column, host }
    }

    /// Says that a source of a host cannot be read: its settings are unknown,
    /// whatever was last seen of them. An `@state` of `unreadable` or `refused`
    /// says it too.
    pub fn unreadable(&mut self, at: SourceId) {
        if let Some(column) = self.columns.get_mut(at.column) {
            column.unreadable.insert(at.host);
        }
    }

    /// Says what the digests of a source of a host are made with, once. Those of
    /// another making are unknown to it.
    pub fn made(&mut self, at: SourceId, made: Made) {
        if let Some(column) = self.columns.get_mut(at.column) {
            column.made.push((at.host, made));
        }
    }

    /// For each host its number on another side, if that has it; nothing where
    /// they have none in common.
    pub(super) fn across(&self, other: &Self) -> Vec<Option<u32>> {
        let numbers = self.host_names.iter().map(|name| other.host_ids.get(name).copied());
        let numbers: Vec<Option<u32>> = numbers.collect();
        if numbers.iter().all(Option::is_none) { Vec::new() } else { numbers }
    }

    /// Feeds one item of a source.
    pub fn item(&mut self, at: SourceId, fact: Fact<'_>) {
        if fact.key.as_str() == ItemKey::STATE && matches!(fact.display, Some("unreadable" | "refused")) {
            self.unreadable(at);
        }
        let Some(column) = self.columns.get_mut(at.column) else { return };
        column.secrets |= fact.secret;
        column.slots.add(at.host, fact);
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn column(&self, role: &Role, source: &SourceName) -> Option<&Column> {
        self.columns.get(*self.column_ids.get(&(role.clone(), source.clone()))?)
    }

    pub(super) fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.keys()
    }

    pub(super) fn hosts_of(&self, role: &Role) -> &BTreeSet<u32> {
        const NONE: &BTreeSet<u32> = &BTreeSet::new();
        self.roles.get(role).unwrap_or(NONE)
    }

    /// The first of the names of hosts.
    pub(super) fn first_name<'h>(&self, hosts: impl IntoIterator<Item = &'h u32>) -> Option<&HostName> {
        hosts.into_iter().filter_map(|&host| self.host_names.get(usize::try_from(host).ok()?)).min()
    }

    /// The names of hosts, sorted.
    pub(super) fn names(&self, hosts: impl Iterator<Item = u32>) -> Vec<&HostName> {
        let mut names: Vec<_> = hosts.filter_map(|host| self.host_names.get(usize::try_from(host).ok()?)).collect();
        names.sort_unstable();
        names
    }
}

impl Column {
    fn new(place: Place<'_>) -> Self {
        Self {
            role: place.role.clone(),
            source: place.source.clone(),
            kind: place.kind,
            hosts: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            secrets: false,
            made: Vec::new(),
            slots: Keyed::default(),
        }
    }
}

impl Keyed {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&ItemKey, &Slot)> {
        self.all.iter().map(|(key, slot)| (key, slot))
    }

    pub(super) fn get(&self, key: &ItemKey) -> Option<&Slot> {
        self.at.get(key).and_then(|&at| self.all.get(at)).map(|(_, slot)| slot)
    }

    fn add(&mut self, host: u32, fact: Fact<'_>) {
        // Behind the last key of one host comes the first of another.
        let likely = if self.next < self.all.len() { self.next } else { 0 };
        let at = match self.all.get(likely) {
            Some((key, _)) if key == fact.key => Some(likely),
            _ => self.at.get(fact.key).copied(),
        };
        if let Some((at, (_, slot))) = at.and_then(|at| Some((at, self.all.get_mut(at)?))) {
            slot.add(host, fact);
            self.next = at + 1;
            return;
        }
        self.next = self.all.len() + 1;
        self.at.insert(fact.key.clone(), self.all.len());
        self.all.push((fact.key.clone(), Slot::new(host, fact)));
    }
}

impl Slot {
    fn new(host: u32, fact: Fact<'_>) -> Self {
        Self { groups: vec![Values::new(host, fact)], by_digest: HashMap::new() }
    }

    /// The slot of a key that nobody fed, the same on all these hosts.
    pub(super) fn presumed(hosts: &BTreeSet<u32>) -> Self {
        let values = Values { digest: [0; 32], secret: false, display: None, hosts: hosts.iter().copied().collect() };
        Self { groups: vec![values], by_digest: HashMap::new() }
    }

    /// What each of these hosts has, by host; none where it is missing.
    pub(super) fn by_host<'s>(slot: Option<&'s Self>, hosts: &BTreeSet<u32>) -> BTreeMap<u32, Option<&'s Values>> {
        let mut all: BTreeMap<u32, Option<&Values>> = hosts.iter().map(|host| (*host, None)).collect();
        for group in slot.into_iter().flat_map(|slot| &slot.groups) {
            for host in &group.hosts {
                if let Some(known) = all.get_mut(host) {
                    *known = Some(group);
                }
            }
        }
        all
    }

    fn add(&mut self, host: u32, fact: Fact<'_>) {
        match self.find(fact.digest).and_then(|at| self.groups.get_mut(at)) {
            Some(group) => group.add(host, fact),
            None => self.open(host, fact),
        }
    }

    fn find(&self, digest: &[u8; 32]) -> Option<usize> {
        let scanned = self.groups.iter().take(GROUPS_SCANNED_MAX).position(|group| group.digest == *digest);
        scanned.or_else(|| self.by_digest.get(digest).copied())
    }

    fn open(&mut self, host: u32, fact: Fact<'_>) {
        if self.groups.len() >= GROUPS_SCANNED_MAX {
            self.by_digest.insert(*fact.digest, self.groups.len());
        }
        self.groups.push(Values::new(host, fact));
    }
}

impl Values {
    fn new(host: u32, fact: Fact<'_>) -> Self {
        let display = fact.display.map(Box::from);
        Self { digest: *fact.digest, secret: fact.secret, display, hosts: vec![host] }
    }

    /// Hosts may show the same value differently (their policies differ): the
    /// greatest text is kept, so that the order of feeding does not matter.
    fn add(&mut self, host: u32, fact: Fact<'_>) {
        self.hosts.push(host);
        self.secret |= fact.secret;
        if self.display.as_deref() < fact.display {
            self.display = fact.display.map(Box::from);
        }
    }
}

#[cfg(test)]
mod tests;
