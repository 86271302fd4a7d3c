//! What commits touched since it was last looked at.
//!
//! The writer fills it after each commit, under one short lock. It keeps keys
//! while they are few and only the source where they are many, so that it is
//! bounded and a burst costs no more than its sources.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use driftline_canon::{Environment, HostName, ItemKey, ProblemKind, Role, SourceName};
use driftline_store::{Batch, DocumentKind, HostRecord, HostStatus, Operation, SourceRecord};
use tokio::sync::Notify;

use crate::apply::ROOT_UNKNOWN;

/// Keys of one source that are remembered. With more, all of it is looked at.
const KEYS_MAX: usize = 64;

/// Sources that are remembered. With more, everything is looked at.
const SOURCES_MAX: usize = 20_000;

/// A source of a host.
pub type At = (HostName, SourceName);

/// What of a source was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// These keys.
    Keys(BTreeSet<ItemKey>),
    /// More than [`KEYS_MAX`], or what can be known of it.
    All,
}

/// What was touched since it was last taken.
#[derive(Debug, Default)]
pub struct Marks {
    inner: Mutex<Inner>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    generation: u64,
    began: bool,
    everything: bool,
    given: bool,
    touched: HashMap<At, Touched>,
    blind: HashSet<At>,
    /// What each host is; none until somebody told.
    hosts: Option<HashMap<HostName, Stand>>,
    turned: HashSet<HostName>,
}

/// What of a host decides how its sources are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stand {
    environment: Environment,
    role: Role,
    may_speak: bool,
    making: (u32, u32),
}

impl Stand {
    fn of(host: &HostRecord) -> Self {
        Self {
            environment: host.environment.clone(),
            role: host.role.clone(),
            may_speak: may_speak(host),
            making: (host.fleet_key_epoch, host.canonical_form),
        }
    }
}

/// What one pass has to look at.
#[derive(Debug, Default)]
pub struct Taken {
    /// Rises with each look that was asked for.
    pub generation: u64,
    /// Everything.
    pub everything: bool,
    /// What should be was given anew, or what is accepted.
    pub given: bool,
    /// These sources.
    pub touched: HashMap<At, Touched>,
    /// All sources of these hosts: what they are is another.
    pub turned: HashSet<HostName>,
}

impl Marks {
    /// Notes what a commit touched.
    pub fn committed(&self, batch: &Batch) {
        let mut inner = self.lock();
        for operation in &batch.operations {
            inner.note(operation);
        }
        let is_any = inner.given || inner.everything || !inner.touched.is_empty() || !inner.turned.is_empty();
        drop(inner);
        if is_any {
            self.wake.notify_one();
        }
    }

    /// Has everything looked at, and what should be read anew: what a look took
    /// that failed is not lost.
    pub fn mark_all(&self) {
        let mut inner = self.lock();
        (inner.everything, inner.given) = (true, true);
        drop(inner);
        self.wake.notify_one();
    }

    /// Asks for a look: gives the generation that has it.
    pub fn asked(&self) -> u64 {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.generation
    }

    /// Waits until something is touched.
    pub async fn touched(&self) {
        self.wake.notified().await;
    }

    /// Takes what was touched. The first time that is everything.
    pub fn take(&self) -> Taken {
        let mut inner = self.lock();
        let first = !std::mem::replace(&mut inner.began, true);
        Taken {
            generation: inner.generation,
            everything: std::mem::take(&mut inner.everything) || first,
            given: std::mem::take(&mut inner.given) || first,
            touched: std::mem::take(&mut inner.touched),
            turned: std::mem::take(&mut inner.turned),
        }
    }

    /// Takes what hosts are, once: from then on those that change are marked.
    pub fn know(&self, hosts: &[HostRecord]) {
        let mut inner = self.lock();
        if inner.hosts.is_none() {
            inner.hosts = Some(hosts.iter().map(|host| (host.host.clone(), Stand::of(host))).collect());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note(&mut self, operation: &Operation) {
        match operation {
            Operation::PutItems { host, source, items } => {
                self.keys(host, source, items.iter().map(|item| &item.key), items.len());
            }
            Operation::RemoveItems { host, source, keys } => self.keys(host, source, keys.iter(), keys.len()),
            Operation::PutSource(source) => self.source(source),
            Operation::PutHost(host) => self.host(host),
            Operation::RemoveSources(_) => self.everything = true,
            Operation::Document(written) => self.given |= decides(written.kind),
            _ => {}
        }
    }

    fn keys<'k>(
        &mut self,
        host: &HostName,
        source: &SourceName,
        keys: impl Iterator<Item = &'k ItemKey>,
        count: usize,
    ) {
        let Some(touched) = self.at(host, source) else { return };
        match touched {
            Touched::Keys(known) if known.len() + count <= KEYS_MAX => known.extend(keys.cloned()),
            _ => *touched = Touched::All,
        }
    }

    /// A source that can be read again may hold anything.
    fn source(&mut self, source: &SourceRecord) {
        let at = (source.host.clone(), source.source.clone());
        let blind = source.retired || is_blind(source);
        let turned = if blind { self.blind.insert(at) } else { self.blind.remove(&at) };
        let Some(touched) = self.at(&source.host, &source.source) else { return };
        if turned {
            *touched = Touched::All;
        }
    }

    /// A host that may speak again, or whose digests are made otherwise, may have
    /// anything; one of another role was somewhere else.
    fn host(&mut self, host: &HostRecord) {
        let Some(hosts) = &mut self.hosts else {
            // Nobody can tell whether it is what it was when it was looked at.
            self.everything |= self.began;
            return;
        };
        let stand = Stand::of(host);
        match hosts.get_mut(&host.host) {
            Some(known) if *known == stand => {}
            Some(known) => {
                let moved = (&known.environment, &known.role) != (&stand.environment, &stand.role);
                *known = stand;
                self.everything |= moved;
                self.turned.insert(host.host.clone());
            }
            None => _ = hosts.insert(host.host.clone(), stand),
        }
    }

    fn at(&mut self, host: &HostName, source: &SourceName) -> Option<&mut Touched> {
        if self.everything {
            return None;
        }
        if self.touched.len() >= SOURCES_MAX {
            self.touched.clear();
            self.everything = true;
            return None;
        }
        let at = (host.clone(), source.clone());
        Some(self.touched.entry(at).or_insert_with(|| Touched::Keys(BTreeSet::new())))
    }
}

/// Whether a document says what should be, or what may be.
fn decides(kind: DocumentKind) -> bool {
    match kind {
        DocumentKind::Revision
        | DocumentKind::Sheet
        | DocumentKind::Policy
        | DocumentKind::Acceptance
        | DocumentKind::Baseline => true,
        DocumentKind::Window
        | DocumentKind::Drift
        | DocumentKind::Report
        | DocumentKind::Held
        | DocumentKind::Pruned => false,
    }
}

/// Whether what is known of a host is so now: not if it was revoked, or two
/// speak for it.
#[must_use]
pub fn may_speak(host: &HostRecord) -> bool {
    !matches!(host.status, HostStatus::Revoked | HostStatus::Quarantined | HostStatus::Forgotten)
}

/// Whether what was last seen of a source may not be what is there now.
#[must_use]
pub fn is_blind(source: &SourceRecord) -> bool {
    let blinds = |kind| matches!(kind, ProblemKind::Unreadable | ProblemKind::NotAFile | ProblemKind::OutOfBounds);
    source.root == ROOT_UNKNOWN || source.problems.iter().any(|problem| blinds(problem.kind))
}

#[cfg(test)]
mod tests;
