//! What is seen where drift may be: one source of one role, key by key, held
//! against what each host should have.
//!
//! It compares digests. A host whose source cannot be read has no say; a key
//! on which nobody has one is unknown, which is neither a difference nor
//! agreement. Nothing is remembered from one look to the next.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{HostName, ItemKey, Masked, SourceKind};
use sha2::{Digest as _, Sha256};

use super::{HOSTS_NAMED_MAX, Shown, Way};
use crate::classify::{self, Facet};
use crate::{Class, Severity};

/// Who says what a host of a role should have that nothing was declared for.
const BY_ROLE: &str = "the other hosts of the role";

/// A difference as it is seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Kind of the source.
    pub kind: SourceKind,
    /// How it differs.
    pub way: Way,
    /// How much it matters.
    pub severity: Severity,
    /// What it touches.
    pub class: Class,
    /// Since when, as far as the items say.
    pub since_ms: i64,
    /// The hosts that differ, by name, at most [`HOSTS_NAMED_MAX`].
    pub hosts: Vec<HostName>,
    /// How many they are.
    pub host_count: u32,
    /// Hosts that were held against it.
    pub of_hosts: u32,
    /// What should be there.
    pub expected: Shown,
    /// Where that is from.
    pub expected_by: String,
    /// What is there.
    pub actual: Shown,
    /// Digest of what differs from what.
    pub content: [u8; 32],
    /// Digest of what is there.
    pub content_actual: [u8; 32],
}

/// What a look at one identity gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It differs.
    Differs(Box<Observed>),
    /// It does not.
    Agrees {
        /// Digest of what is there; none if that tells nothing about who moved.
        actual: Option<[u8; 32]>,
        /// What it agrees with.
        by: String,
    },
    /// It could not be looked at.
    Unknown,
}

/// What one host has, or should have, at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Peppered digest.
    pub digest: [u8; 32],
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown of it.
    pub display: Option<Masked>,
    /// Since when the host has it; 0 for what should be.
    pub since_ms: i64,
}

impl Held {
    fn shown(held: Option<&Self>) -> Shown {
        held.map_or_else(Shown::default, |held| Shown {
            present: true,
            secret: held.secret,
            display: held.display.clone(),
        })
    }

    fn facet(held: Option<&Self>) -> Option<Facet<'_>> {
        held.map(|held| Facet { secret: held.secret, display: held.display.as_ref().map(Masked::as_str) })
    }
}

/// What one host has at a key and what it should have.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Host.
    pub host: &'a HostName,
    /// What it has.
    pub actual: Option<&'a Held>,
    /// What it should have.
    pub expected: Option<&'a Held>,
    /// Who says so: hosts of a role may each be held against something else.
    pub by: &'a str,
    /// Whether what it has was declared earlier and the newer only has not come.
    pub stale: bool,
    /// When what it should have was said.
    pub said_ms: i64,
    /// The difference cannot be older than that; 0 if it can be as old as what
    /// is there.
    pub not_before_ms: i64,
}

/// Weighs a key, given what the built-in rules say of it.
pub type Weigh<'a> = &'a dyn Fn(&ItemKey, (Severity, Class)) -> (Severity, Class);

/// Who looks: what is the same for every key of a look.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// Kind of the source.
    pub kind: SourceKind,
    /// Whether any item of the source is a secret.
    pub has_secrets: bool,
    /// Weighs a key where the built-in rules are not all.
    pub weigh: Weigh<'a>,
}

impl Looking<'_> {
    /// Looks at one key on hosts that each have something they should have.
    #[must_use]
    pub fn at(&self, key: &ItemKey, pairs: &[Pair<'_>]) -> Look {
        let differing: Vec<&Pair<'_>> = pairs.iter().filter(|pair| !pair.agrees()).collect();
        let actual = digest_of(pairs.iter().map(|pair| pair.actual));
        if pairs.is_empty() {
            return Look::Unknown;
        }
        let Some(first) = most_common(&differing) else {
            let last = pairs.iter().max_by_key(|pair| pair.said_ms).map_or("", |pair| pair.by);
            return Look::Agrees { actual: Some(actual), by: last.to_owned() };
        };
        let stale = differing.iter().all(|pair| pair.stale);
        let way = match (first.expected, first.actual) {
            _ if stale => Way::Stale,
            (Some(_), None) => Way::Missing,
            (None, Some(_)) => Way::Extra,
            _ => Way::Differs,
        };
        let (severity, class) = self.severity(key, first, way);
        let said_ms = differing.iter().map(|pair| pair.said_ms).min().unwrap_or_default();
        let since_ms = differing.iter().map(|pair| pair.since_ms()).min().unwrap_or(said_ms);
        Look::Differs(Box::new(Observed {
            kind: self.kind,
            way,
            severity,
            class,
            since_ms,
            hosts: named(differing.iter().map(|pair| pair.host)),
            host_count: count(differing.len()),
            of_hosts: count(pairs.len()),
            expected: Held::shown(first.expected),
            expected_by: first.by.to_owned(),
            actual: Held::shown(first.actual),
            content: content(&differing),
            content_actual: digest_of(differing.iter().map(|pair| pair.actual)),
        }))
    }

    /// Looks at one key on the hosts of a role that should agree: the outliers
    /// are those that are not with most of the others.
    #[must_use]
    pub fn among(&self, key: &ItemKey, hosts: &[(&HostName, Option<&Held>)]) -> Look {
        let Some(usual) = majority(hosts) else { return Look::Unknown };
        let said_ms = usual.map_or(0, |held| held.since_ms);
        let pair = |&(host, actual)| {
            let (stale, not_before_ms) = (false, said_ms);
            Pair { host, actual, expected: usual, by: BY_ROLE, stale, said_ms, not_before_ms }
        };
        let pairs: Vec<Pair<'_>> = hosts.iter().map(pair).collect();
        match self.at(key, &pairs) {
            Look::Differs(mut observed) => {
                observed.way = Way::Split;
                Look::Differs(observed)
            }
            // Hosts that agree again never tell which of them was right.
            Look::Agrees { by, .. } => Look::Agrees { actual: None, by },
            Look::Unknown => Look::Unknown,
        }
    }

    fn severity(&self, key: &ItemKey, pair: &Pair<'_>, way: Way) -> (Severity, Class) {
        let (before, after) = (Held::facet(pair.expected), Held::facet(pair.actual));
        let built_in = classify::of_change(self.kind, key, before, after, self.has_secrets);
        let (severity, class) = (self.weigh)(key, built_in);
        // Nobody did what did not come: it is looked at, not got up for.
        let severity = if way == Way::Stale { severity.min(Severity::Warning) } else { severity };
        (severity, class)
    }
}

impl Pair<'_> {
    fn agrees(&self) -> bool {
        self.actual.map(|held| held.digest) == self.expected.map(|held| held.digest)
    }

    fn since_ms(&self) -> i64 {
        match self.actual {
            Some(held) => held.since_ms.max(self.not_before_ms),
            None => self.said_ms,
        }
    }
}

/// Of those that differ, one that has what most of them have.
fn most_common<'p, 'a>(differing: &[&'p Pair<'a>]) -> Option<&'p Pair<'a>> {
    let mut counts: BTreeMap<Option<[u8; 32]>, usize> = BTreeMap::new();
    for pair in differing {
        *counts.entry(pair.actual.map(|held| held.digest)).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(digest, count)| (*count, *digest)).map(|(digest, _)| digest)?;
    differing.iter().copied().find(|pair| pair.actual.map(|held| held.digest) == most)
}

/// What most hosts have: of two that as many have, the one that they had first,
/// because the newer one is what somebody changed.
fn majority<'a>(hosts: &[(&HostName, Option<&'a Held>)]) -> Option<Option<&'a Held>> {
    type Hosts<'a> = (usize, i64, Option<&'a Held>);
    let mut groups: BTreeMap<Option<[u8; 32]>, Hosts<'a>> = BTreeMap::new();
    for (_, held) in hosts {
        let since_ms = held.map_or(i64::MAX, |held| held.since_ms);
        let group = groups.entry(held.map(|held| held.digest)).or_insert((0, since_ms, *held));
        group.0 += 1;
        if since_ms < group.1 {
            (group.1, group.2) = (since_ms, *held);
        }
    }
    let best =
        groups.into_iter().max_by_key(|(digest, (count, since_ms, _))| (*count, std::cmp::Reverse(*since_ms), *digest));
    best.map(|(_, (_, _, held))| held)
}

/// The digest of a set of values, whoever has them and how many.
#[must_use]
pub fn digest_of<'a>(values: impl Iterator<Item = Option<&'a Held>>) -> [u8; 32] {
    let set: BTreeSet<Option<[u8; 32]>> = values.map(|held| held.map(|held| held.digest)).collect();
    hashed(set.into_iter().map(|digest| (None, digest)))
}

fn content(differing: &[&Pair<'_>]) -> [u8; 32] {
    let set: BTreeSet<_> = differing
        .iter()
        .map(|pair| (pair.expected.map(|held| held.digest), pair.actual.map(|held| held.digest)))
        .collect();
    hashed(set.into_iter())
}

fn hashed(pairs: impl Iterator<Item = (Option<[u8; 32]>, Option<[u8; 32]>)>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for side in pairs.flat_map(|(expected, actual)| [expected, actual]) {
        match side {
            Some(digest) => {
                hash.update([1]);
                hash.update(digest);
            }
            None => hash.update([0]),
        }
    }
    hash.finalize().into()
}

/// The first hosts by name.
fn named<'a>(hosts: impl Iterator<Item = &'a HostName>) -> Vec<HostName> {
    let sorted: BTreeSet<&HostName> = hosts.collect();
    sorted.into_iter().take(HOSTS_NAMED_MAX).cloned().collect()
}

fn count(hosts: usize) -> u32 {
    u32::try_from(hosts).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
