//! Which agents are connected right now, and what they last said.
//!
//! Kept in memory: a heartbeat of ten thousand agents must not write the store.
//! It decides nothing; the silence watcher and sessions ask it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use driftline_canon::{HostName, SourceName};
use driftline_daemon::clock;
use driftline_wire::convert::{Coverage, Refusal};
use tokio::sync::mpsc;

/// Names one stream of one run of the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

/// What a session can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Ask the agent for all of a source.
    SendAll {
        /// Which.
        source: SourceName,
        /// Why.
        reason: String,
    },
    /// End the stream.
    Close(Refusal),
}

/// The way to tell a session something.
pub type Orders = mpsc::UnboundedSender<Order>;

/// What is known of a connected host beyond the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vitals {
    /// Last frame.
    pub last_seen_ms: i64,
    /// Last time every root was found equal; 0 for never.
    pub verified_ms: i64,
    /// The agent's resident memory.
    pub resident_bytes: u64,
    /// Sources polled or unreadable.
    pub degraded_sources: u32,
    /// What is on the host and not watched; none: never said.
    pub coverage: Option<Arc<Coverage>>,
}

struct Presence {
    session: Option<(SessionId, Orders)>,
    vitals: Vitals,
    /// When it counts as silent, if it does not come back.
    deadline: Option<Instant>,
}

/// All hosts that are connected, or were a moment ago.
#[derive(Default)]
pub struct Live {
    next: AtomicU64,
    hosts: Mutex<HashMap<HostName, Presence>>,
}

impl Live {
    /// A new name for a stream.
    pub fn new_session(&self) -> SessionId {
        SessionId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A stream took over a host; gives the way to the one before, if it is
    /// still there.
    pub fn enter(&self, host: &HostName, session: SessionId, orders: Orders, now_ms: i64) -> Option<Orders> {
        let mut hosts = self.lock();
        let before = hosts.remove(host);
        let mut vitals = before.as_ref().map(|presence| presence.vitals.clone()).unwrap_or_default();
        vitals.last_seen_ms = now_ms;
        hosts.insert(host.clone(), Presence { session: Some((session, orders)), vitals, deadline: None });
        before?.session.map(|(_, orders)| orders)
    }

    /// Whether this stream still speaks for its host.
    #[must_use]
    pub fn is_current(&self, host: &HostName, session: SessionId) -> bool {
        self.lock().get(host).is_some_and(|presence| speaks(presence, session))
    }

    /// A stream ended. Without a goodbye its host counts as silent unless it is
    /// back within `patience`. Says whether the stream still spoke for its host.
    pub fn leave(&self, host: &HostName, session: SessionId, patience: Option<Duration>) -> bool {
        let mut hosts = self.lock();
        let Some(presence) = hosts.get_mut(host).filter(|presence| speaks(presence, session)) else { return false };
        presence.session = None;
        presence.deadline = patience.map(|patience| clock::monotonic() + patience);
        true
    }

    /// A host that was connected when the collector last ran.
    pub fn expect(&self, host: HostName, patience: Duration) {
        let deadline = Some(clock::monotonic() + patience);
        let presence = Presence { session: None, vitals: Vitals::default(), deadline };
        self.lock().entry(host).or_insert(presence);
    }

    /// Notes what a frame told, if the stream still speaks for its host.
    pub fn note(&self, host: &HostName, session: SessionId, note: impl FnOnce(&mut Vitals)) {
        if let Some(presence) = self.lock().get_mut(host).filter(|presence| speaks(presence, session)) {
            note(&mut presence.vitals);
        }
    }

    /// What is known of a host beyond the store; none when no stream spoke for
    /// it since the collector started.
    #[must_use]
    pub fn vitals(&self, host: &HostName) -> Option<Vitals> {
        let hosts = self.lock();
        hosts.get(host).map(|presence| presence.vitals.clone()).filter(|vitals| vitals.last_seen_ms > 0)
    }

    /// Whether a stream speaks for a host.
    #[must_use]
    pub fn is_connected(&self, host: &HostName) -> bool {
        self.lock().get(host).is_some_and(|presence| presence.session.is_some())
    }

    /// Ends the stream of a host, if there is one.
    pub fn close(&self, host: &HostName, refusal: Refusal) {
        let orders = self.lock().get_mut(host).and_then(|presence| presence.session.take());
        if let Some((_, orders)) = orders {
            // An error says that it ended by itself.
            _ = orders.send(Order::Close(refusal));
        }
    }

    /// Hosts whose patience has run out; each is given once.
    #[must_use]
    pub fn overdue(&self, now: Instant) -> Vec<HostName> {
        let mut hosts = self.lock();
        let late = |presence: &Presence| presence.deadline.is_some_and(|deadline| deadline <= now);
        let names: Vec<HostName> =
            hosts.iter().filter(|(_, presence)| late(presence)).map(|(name, _)| name.clone()).collect();
        for name in &names {
            hosts.remove(name);
        }
        names
    }

    /// How many hosts are connected.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.lock().values().filter(|presence| presence.session.is_some()).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HostName, Presence>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn speaks(presence: &Presence, session: SessionId) -> bool {
    presence.session.as_ref().is_some_and(|(current, _)| *current == session)
}

#[cfg(test)]
mod tests;
