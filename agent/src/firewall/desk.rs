//! Where the readers of one namespace hand on what they saw, each under the
//! name of its backend, and where they hear of each other.
//!
//! It reads nothing of the firewall itself and compares nothing: that is the
//! journal's part.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use driftline_canon::digest::KeyedDigest;
use driftline_canon::format::firewall::meaning::Meant;
use driftline_canon::{FleetKey, ItemKey, Observation, Problem, Setting, SourceName, Value};
use tokio::sync::watch;

use super::meant::Meanings;
use super::namespace::Namespace;
use super::{Backend, Ends, FirewallSpec};
use crate::actor::audit::event::Filter;
use crate::actor::tidings::Legacy;
use crate::journal::{Gap, Input, Mark};
use crate::observe::{Clue, MadeBy, Observed, PacketFilter, Sight};

/// A transaction that nftables has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The generation of the ruleset that it made.
    pub generation: u32,
    /// Who made it, by the kernel's own account.
    pub made_by: Option<MadeBy>,
    /// When it was heard of.
    pub observed_ms: i64,
}

/// How far the tables of iptables-nft are: what their reader waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commits {
    /// Those of iptables-nft.
    pub ip: Count,
    /// Those of ip6tables-nft.
    pub ip6: Count,
}

/// The transactions of one kind. The latest alone is kept, so that a slow reader
/// costs nothing; that the number went up by more than one says that others were
/// before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many have touched such tables, or may have.
    pub number: u64,
    /// The last of them; none: nobody knows what happened, look at everything.
    pub last: Option<Commit>,
}

impl Commits {
    /// Those of a backend; none if it is not of nftables.
    #[must_use]
    pub fn of(&self, backend: Backend) -> Option<&Count> {
        match backend {
            Backend::IptablesNft => Some(&self.ip),
            Backend::Ip6tablesNft => Some(&self.ip6),
            _ => None,
        }
    }
}

impl Count {
    /// So many more, the last of them this one.
    pub fn add(&mut self, transactions: u32, last: Option<Commit>) {
        self.number += u64::from(transactions.max(1));
        self.last = last;
    }
}

/// What a reader saw of its backend.
#[derive(Debug)]
pub struct Seen {
    /// What was seen: `Sight::Whole` without content and unreadable files, or
    /// `Sight::Unreadable` without metadata.
    pub sight: Sight,
    /// All that is wrong with it.
    pub problems: Vec<Problem>,
    /// When it was seen.
    pub observed_ms: i64,
    /// Nobody was watching since then.
    pub unobserved_since_ms: Option<i64>,
    /// Who changed it, if the kernel said so.
    pub made_by: Option<MadeBy>,
    /// What of it means what.
    pub meanings: Meant,
}

/// The desk of one namespace for one reader.
#[derive(Debug)]
pub struct Desk {
    spec: Arc<FirewallSpec>,
    place: Namespace,
    keyed: KeyedDigest,
    ends: Ends,
    /// Backends that the journal has heard of in this run.
    told: Mutex<HashSet<Backend>>,
    /// Whether this namespace was watched in an earlier run: what appears then
    /// has been added since.
    watched_before: bool,
    /// What the rules of each backend come to.
    pub meanings: Meanings,
}

impl Desk {
    /// A desk at which nothing was handed on yet.
    #[must_use]
    pub fn new(spec: Arc<FirewallSpec>, place: Namespace, key: &FleetKey, ends: Ends) -> Self {
        let known = |backend| matches!(ends.reader.source(&spec.name_of(&place, backend)), Ok(Some(_)));
        let told: HashSet<Backend> = Backend::ALL.into_iter().filter(|backend| known(*backend)).collect();
        let watched_before = !told.is_empty();
        Self {
            spec,
            place,
            keyed: key.keyed(),
            ends,
            told: Mutex::new(told),
            watched_before,
            meanings: Meanings::default(),
        }
    }

    /// What is asked for.
    #[must_use]
    pub fn spec(&self) -> &FirewallSpec {
        &self.spec
    }

    /// Where.
    #[must_use]
    pub fn place(&self) -> &Namespace {
        &self.place
    }

    /// The time of day.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.ends.clock.now_ms()
    }

    /// When the agent last ran: since when nobody was watching at its start.
    #[must_use]
    pub fn last_alive_ms(&self) -> Option<i64> {
        self.ends.last_alive_ms
    }

    /// The items of settings, by the policy of the source.
    #[must_use]
    pub fn observation(&self, settings: &[Setting]) -> Observation {
        Observation::of_settings(settings, &self.keyed, self.spec.source.display)
    }

    /// What audit tells of the packet filters before nftables.
    #[must_use]
    pub fn legacy(&self) -> watch::Receiver<Legacy> {
        self.ends.legacy.clone()
    }

    /// All of a backend, as it was read.
    #[must_use]
    pub fn whole(&self, settings: &[Setting]) -> Sight {
        Sight::Whole { observation: self.observation(settings), content: None, unreadable: Vec::new() }
    }

    /// A namespace that is not there.
    #[must_use]
    pub fn absent(&self) -> Sight {
        let value = Value::text(*b"absent");
        let key = ItemKey::metadata(ItemKey::STATE);
        self.whole(&[Setting { key, value, line: None, template: None, file: None, secret: false }])
    }

    /// The name of the source of a backend here.
    #[must_use]
    pub fn name_of(&self, backend: Backend) -> SourceName {
        self.spec.name_of(&self.place, backend)
    }

    /// The items that the journal knows of a backend.
    #[must_use]
    pub fn known(&self, backend: Backend) -> Option<Observation> {
        let state = self.ends.reader.source(&self.name_of(backend)).ok().flatten()?;
        Some(state.observation)
    }

    /// Whether the journal knows this backend, from this run or an earlier one.
    /// One that it does not know and that is not there has no source.
    #[must_use]
    pub fn is_known(&self, backend: Backend) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(&backend)
    }

    /// What becomes of a backend means that is about to be handed on whole, its
    /// only reader being the caller.
    #[must_use]
    pub fn meant_by(&self, backend: Backend, settings: &[Setting], first_look: bool) -> Meant {
        if self.appears(backend, !self.is_known(backend), first_look) {
            self.meanings.was_empty(backend);
        }
        self.meanings.of_whole(backend, settings, |backend| self.known(backend))
    }

    /// Whether a backend that is new was empty before.
    fn appears(&self, backend: Backend, new: bool, first_look: bool) -> bool {
        new && (self.watched_before || !first_look) && backend != Backend::Nft
    }

    /// Hands on what was seen; false when the journal has ended. A backend that
    /// appears while its namespace is watched was empty before: what it holds is
    /// told as a change, not as the first that was ever seen.
    pub async fn hand_on(&self, backend: Backend, seen: Seen, first_look: bool) -> bool {
        let new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(backend);
        let mut all = Vec::with_capacity(2);
        if self.appears(backend, new, first_look) {
            all.push(self.observed(
                backend,
                Seen {
                    sight: self.whole(&[]),
                    problems: Vec::new(),
                    observed_ms: seen.observed_ms,
                    unobserved_since_ms: None,
                    made_by: None,
                    meanings: Meant::new(),
                },
            ));
        }
        all.push(self.observed(backend, seen));
        self.ends.observed.send(Input::Observed(all)).await.is_ok()
    }

    /// Says that changes may have gone unseen; false when the journal has ended.
    pub async fn gap(&self, from_ms: i64, to_ms: i64, reason: String) -> bool {
        let gap = Gap { from_ms: from_ms.min(to_ms), to_ms, reason };
        self.ends.observed.send(Input::Mark(Mark::Gap(gap))).await.is_ok()
    }

    /// What evidence calls a backend here.
    fn filter_of(&self, backend: Backend) -> Option<PacketFilter> {
        let network = || self.place.identity().ok().map(|(_, inode)| inode);
        filter(backend).map(|filter| PacketFilter { filter, network: network() })
    }

    fn observed(&self, backend: Backend, seen: Seen) -> Observed {
        let path = match &self.place {
            Namespace::Own => backend.as_str().to_owned(),
            Namespace::Named(name) => format!("{} in {name}", backend.as_str()),
        };
        Observed {
            name: self.name_of(backend),
            path,
            spec: Arc::clone(&self.spec.source),
            sight: seen.sight,
            problems: seen.problems,
            observed_ms: seen.observed_ms,
            unobserved_since_ms: seen.unobserved_since_ms,
            actor: None,
            // What is found at the end of a stretch without watching was asked
            // for by no event.
            clue: Clue {
                by_event: seen.unobserved_since_ms.is_none(),
                made_by: seen.made_by,
                filter: self.filter_of(backend),
                ..Clue::default()
            },
            meanings: seen.meanings,
        }
    }
}

/// What evidence calls a backend; none for sets of ipset, of which nobody tells.
fn filter(backend: Backend) -> Option<Filter> {
    match backend {
        Backend::Nft | Backend::IptablesNft | Backend::Ip6tablesNft => Some(Filter::Nft),
        Backend::IptablesLegacy | Backend::Ip6tablesLegacy => Some(Filter::Legacy),
        Backend::Ipset => None,
    }
}

#[cfg(test)]
mod tests;
