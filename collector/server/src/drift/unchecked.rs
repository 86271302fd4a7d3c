//! What a look at drift could not see, by name: whoever asks is told that there
//! is more than the answer.
//!
//! It reads what stands in the store and resolves nothing. What nobody ever
//! declared or approved, and no drift is open on, is not named.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Environment, HostName, Role, SourceName};
use driftline_compare::desired::{Who, in_force};
use driftline_compare::drift::Drift;
use driftline_store::{HostRecord, HostStatus, Reader, SourceRecord, StoreError};

use super::given::{Given, Unclear};
use super::marks;
use crate::render;

/// Hosts and sources that an answer names: the rest is as long as the fleet is
/// large, and one is enough not to be green.
pub const UNCHECKED_MAX: usize = 20;

/// What was not looked at in the environments that are asked for, at most
/// [`UNCHECKED_MAX`].
///
/// # Errors
/// When the store cannot be read.
pub fn unchecked(
    reader: &Reader,
    drifts: &[Drift],
    asks_for: &dyn Fn(&Environment) -> bool,
    now_ms: i64,
) -> Result<Vec<String>, StoreError> {
    let hosts: Vec<HostRecord> = reader.hosts()?.into_iter().filter(|host| asks_for(&host.environment)).collect();
    let mut list = List {
        given: Given::read(reader)?,
        open: open_on(drifts),
        watched: BTreeMap::new(),
        now_ms,
        found: Vec::new(),
    };
    for host in &hosts {
        if list.found.len() >= UNCHECKED_MAX {
            break;
        }
        list.host(host, &reader.sources(&host.host)?);
    }
    list.unwatched(&hosts);
    list.mixed(&hosts);
    list.found.truncate(UNCHECKED_MAX);
    Ok(list.found)
}

/// Sources on which drift is open, by host.
fn open_on(drifts: &[Drift]) -> BTreeSet<(&HostName, &SourceName)> {
    let there = drifts.iter().filter(|drift| drift.state.is_there());
    there.flat_map(|drift| drift.hosts.iter().map(|host| (host, &drift.identity.source))).collect()
}

struct List<'a> {
    given: Given,
    open: BTreeSet<(&'a HostName, &'a SourceName)>,
    /// What each host that was looked at watches, or did.
    watched: BTreeMap<HostName, BTreeSet<SourceName>>,
    now_ms: i64,
    found: Vec<String>,
}

impl List<'_> {
    fn host(&mut self, host: &HostRecord, sources: &[SourceRecord]) {
        // What is watched no longer is told as that.
        self.watched.insert(host.host.clone(), sources.iter().map(|source| source.source.clone()).collect());
        if host.status != HostStatus::Connected {
            return self.found.push(format!("{} ({})", host.host, render::status_word(host.status)));
        }
        for source in sources {
            let name = &source.source;
            let (is_said, unclear) = self.given.outline(host, name, self.now_ms);
            let why = match unclear {
                _ if source.retired && (is_said || self.open.contains(&(&host.host, name))) => "no longer watched",
                _ if source.retired => continue,
                _ if marks::is_blind(source) => "unreadable",
                Some(Unclear::OtherMaking) => "declared or approved under another fleet key or form",
                Some(Unclear::Expired) => "what was declared for it has expired",
                None => continue,
            };
            self.found.push(format!("{name} on {} ({why})", host.host));
        }
    }

    /// What is declared and nobody watches: of what is declared for hosts or
    /// roles each of them, of what is for a whole environment any.
    fn unwatched(&mut self, hosts: &[HostRecord]) {
        let mut by_nobody: BTreeMap<(&Environment, SourceName), bool> = BTreeMap::new();
        for host in hosts {
            let Some(watched) = self.watched.get(&host.host) else { continue };
            let who = Who { environment: &host.environment, role: &host.role, host: &host.host };
            for (source, revision) in in_force(self.given.revisions(), who, self.now_ms) {
                let is_watched = watched.contains(&source);
                if revision.selector.role.is_none() && revision.selector.host.is_none() {
                    *by_nobody.entry((&host.environment, source)).or_insert(true) &= !is_watched;
                } else if !is_watched && host.status == HostStatus::Connected {
                    self.found.push(format!("{source} on {} (declared and not watched)", host.host));
                }
            }
        }
        let nobody = by_nobody.into_iter().filter(|(_, nobody)| *nobody);
        self.found.extend(
            nobody.map(|((environment, source), _)| {
                format!("{source} (declared for {environment} and watched by no host)")
            }),
        );
    }

    /// Hosts whose digests are made otherwise than those of most others of their
    /// role: they cannot be held against each other.
    fn mixed(&mut self, hosts: &[HostRecord]) {
        type Makings<'h> = BTreeMap<(u32, u32), Vec<&'h HostName>>;
        let mut roles: BTreeMap<(&Environment, &Role), Makings<'_>> = BTreeMap::new();
        for host in hosts.iter().filter(|host| self.is_held_by_role(host)) {
            let role = roles.entry((&host.environment, &host.role)).or_default();
            role.entry((host.fleet_key_epoch, host.canonical_form)).or_default().push(&host.host);
        }
        for makings in roles.into_values() {
            let usual = makings.iter().max_by_key(|(making, hosts)| (hosts.len(), **making)).map(|(making, _)| *making);
            let others = makings.into_iter().filter(|(making, _)| Some(*making) != usual).flat_map(|(_, hosts)| hosts);
            let told = |host: &HostName| format!("{host} (another fleet key or form than most of its role)");
            self.found.extend(others.map(told));
        }
    }

    /// Whether a host watches something that only the others of its role say
    /// anything of.
    fn is_held_by_role(&self, host: &HostRecord) -> bool {
        let alone = |source: &SourceName| !self.given.outline(host, source, self.now_ms).0;
        host.status == HostStatus::Connected && self.watched.get(&host.host).is_some_and(|all| all.iter().any(alone))
    }
}
