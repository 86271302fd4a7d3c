//! Desired state: what CI/CD declared for a selector at a revision.
//!
//! Items are digests and masked displays, peppered where they rest; a value was
//! never here. Which revision a host should have is decided here, whether a
//! change was meant is not.

use std::collections::{BTreeMap, HashMap};

use driftline_canon::{Environment, HostName, ItemKey, Masked, Role, SourceKind, SourceName};
use serde::{Deserialize, Serialize};

use crate::Selector;

/// What was declared at one revision; its items are [`Sheet`]s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Rises with each push, over all selectors; ids and sheets are named by it.
    pub number: u64,
    /// Hosts it is for: an environment, and a role or host if narrower.
    pub selector: Selector,
    /// The commit, or whatever CI/CD calls it (`--rev`).
    pub revision: String,
    /// Ticket, if one was given.
    pub ticket: Option<String>,
    /// Who pushed it.
    pub pushed_by: String,
    /// When.
    pub pushed_ms: i64,
    /// Not valid from then on; none: until a later push for the same selector
    /// and source has settled.
    pub expires_ms: Option<i64>,
    /// Epoch of the fleet key that its digests were made with.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form that they were made with.
    pub canonical_form: u32,
    /// The sources that it declares, and how many items each has.
    pub sources: Vec<(SourceName, u32)>,
}

/// The items of one source, as a revision declares or a baseline keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// What it is a sheet of: `revision/NUMBER` or `baseline/NUMBER/HOST`, the
    /// number as `store::numbered` writes it.
    pub owner: String,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Its items, by key.
    pub items: Vec<SheetItem>,
}

/// One item of a [`Sheet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetItem {
    /// Key.
    pub key: ItemKey,
    /// Peppered digest.
    pub digest: [u8; 32],
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    pub display: Option<Masked>,
}

/// Who is asked about: the names in a host's certificate.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Environment.
    pub environment: &'a Environment,
    /// Role.
    pub role: &'a Role,
    /// Host.
    pub host: &'a HostName,
}

impl Revision {
    /// Whether it holds at a time: pushed by then, and not expired.
    #[must_use]
    pub fn is_valid_at(&self, time_ms: i64) -> bool {
        self.pushed_ms <= time_ms && self.expires_ms.is_none_or(|end| time_ms < end)
    }

    /// Whether it is for a host.
    #[must_use]
    pub fn is_for(&self, who: Who<'_>) -> bool {
        self.selector.matches(who.environment, who.role, who.host)
    }

    /// Whether it declares a source.
    #[must_use]
    pub fn declares(&self, source: &SourceName) -> bool {
        self.sources.iter().any(|(name, _)| name == source)
    }

    /// Which of two revisions counts for a host that both are for: the one for
    /// fewer hosts, then the one that was pushed later.
    #[must_use]
    pub fn rank(&self) -> (bool, bool, u64) {
        (self.selector.host.is_some(), self.selector.role.is_some(), self.number)
    }
}

/// For each source that anybody declared for a host: the revision that it
/// should have at a time. One for the host itself counts before one for its
/// role, that before one for the environment; of equal ones the newest.
#[must_use]
pub fn in_force<'r>(
    revisions: impl IntoIterator<Item = &'r Revision>,
    who: Who<'_>,
    time_ms: i64,
) -> BTreeMap<SourceName, &'r Revision> {
    let mut chosen: BTreeMap<SourceName, &Revision> = BTreeMap::new();
    for revision in revisions.into_iter().filter(|one| one.is_valid_at(time_ms) && one.is_for(who)) {
        for (source, _) in &revision.sources {
            match chosen.get_mut(source) {
                Some(kept) if kept.rank() >= revision.rank() => {}
                Some(kept) => *kept = revision,
                None => _ = chosen.insert(source.clone(), revision),
            }
        }
    }
    chosen
}

/// How a revision stands among all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The newest of its selector for each of its sources.
    Current,
    /// The newest for some of its sources.
    PartlyCurrent,
    /// Later pushes for its selector declare all of its sources.
    Superseded,
    /// Its time is over.
    Expired,
}

impl Standing {
    /// Its name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::PartlyCurrent => "partly current",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
        }
    }
}

/// Up to when a revision was one that hosts could have to follow, if later pushes
/// for its selector or its own end say so for good: a later push that ends itself
/// brings it back.
#[must_use]
pub fn counted_until_ms(revision: &Revision, all: &[Revision]) -> Option<i64> {
    let replaced = |source: &SourceName| {
        let later = all.iter().filter(|other| {
            other.number > revision.number
                && other.selector == revision.selector
                && other.expires_ms.is_none()
                && other.declares(source)
        });
        later.map(|other| other.pushed_ms).min()
    };
    // One source that nobody declared again is enough to count.
    let each: Option<Vec<i64>> = revision.sources.iter().map(|(source, _)| replaced(source)).collect();
    let superseded = each.and_then(|each| each.into_iter().max());
    superseded.into_iter().chain(revision.expires_ms).min()
}

/// A revision whose items are kept no longer: so that whoever asks for it, or for
/// what was declared then, is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Its number.
    pub number: u64,
    /// Hosts it was for.
    pub selector: Selector,
    /// What CI/CD called it.
    pub revision: String,
    /// When it was pushed.
    pub pushed_ms: i64,
    /// Up to when hosts could have to follow it.
    pub counted_until_ms: i64,
    /// When it was let go of.
    pub pruned_ms: i64,
}

/// How revisions stand to each other at a time. Made once for all of them: there
/// may be thousands, each with thousands of sources.
#[derive(Debug)]
pub struct Standings<'r> {
    /// The newest valid one of each selector and source.
    newest: HashMap<(&'r Selector, &'r SourceName), u64>,
    time_ms: i64,
}

impl<'r> Standings<'r> {
    /// Of these, at a time.
    #[must_use]
    pub fn of(all: impl IntoIterator<Item = &'r Revision>, time_ms: i64) -> Self {
        let mut newest = HashMap::new();
        for one in all.into_iter().filter(|one| one.is_valid_at(time_ms)) {
            for (source, _) in &one.sources {
                let number = newest.entry((&one.selector, source)).or_insert(one.number);
                *number = one.number.max(*number);
            }
        }
        Self { newest, time_ms }
    }

    /// How one of them stands.
    #[must_use]
    pub fn standing(&self, revision: &Revision) -> Standing {
        if !revision.is_valid_at(self.time_ms) {
            return Standing::Expired;
        }
        let is_newest = |source: &SourceName| {
            self.newest.get(&(&revision.selector, source)).is_none_or(|newest| *newest <= revision.number)
        };
        match revision.sources.iter().filter(|(source, _)| is_newest(source)).count() {
            0 if !revision.sources.is_empty() => Standing::Superseded,
            some if some < revision.sources.len() => Standing::PartlyCurrent,
            _ => Standing::Current,
        }
    }
}

#[cfg(test)]
mod tests;
