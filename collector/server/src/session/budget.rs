//! How much history one host may make: a stolen or broken agent fills no disk.
//!
//! It drops nothing. A host that is over its budget is read more slowly, keeps
//! its changes in its own journal, and is told of once; other hosts do not
//! notice. Reconnecting changes nothing: the budget is the host's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_canon::HostName;

/// Entries that a host may make at once: the first sight of as many sources as
/// an agent may have, and a burst of tens of thousands of changes.
pub const ENTRIES_BURST: u32 = 250_000;

/// Entries per second beyond that: twice what a busy host makes for hours, and
/// some gigabytes a day.
pub const ENTRIES_PER_S: u32 = 200;

/// Hosts whose budget is remembered before those that have all of it are
/// dropped: more than may be connected.
const HOSTS_KEPT: usize = 20_000;

/// What is left to a host, as of a time. Below zero it waits.
#[derive(Debug, Clone, Copy)]
struct Budget {
    left: f64,
    at: Instant,
    /// Whether the history has been told.
    told: bool,
}

impl Budget {
    fn full(now: Instant) -> Self {
        Self { left: f64::from(ENTRIES_BURST), at: now, told: false }
    }

    fn refill(&mut self, now: Instant) {
        let grown = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(ENTRIES_PER_S);
        self.left = (self.left + grown).min(f64::from(ENTRIES_BURST));
        self.at = now;
        // Told again only after it was quiet for long.
        self.told &= self.left < f64::from(ENTRIES_BURST) / 2.0;
    }
}

/// The budgets of all hosts.
#[derive(Debug, Default)]
pub struct Budgets(Mutex<HashMap<HostName, Budget>>);

impl Budgets {
    /// Takes entries off a host's budget. Says whether this is the moment to
    /// tell that it is used up.
    pub fn charge(&self, host: &HostName, entries: usize, now: Instant) -> bool {
        if entries == 0 {
            return false;
        }
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_KEPT && !hosts.contains_key(host) {
            hosts.retain(|_, budget| {
                budget.refill(now);
                budget.left < f64::from(ENTRIES_BURST)
            });
        }
        let budget = hosts.entry(host.clone()).or_insert_with(|| Budget::full(now));
        budget.refill(now);
        budget.left -= f64::from(u32::try_from(entries).unwrap_or(u32::MAX));
        let (over, told) = (budget.left < 0.0, budget.told);
        budget.told |= over;
        over && !told
    }

    /// How long a host has to wait; none while it is within its budget.
    #[must_use]
    pub fn wait(&self, host: &HostName, now: Instant) -> Option<Duration> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = hosts.get_mut(host)?;
        budget.refill(now);
        (budget.left < 0.0).then(|| Duration::from_secs_f64(-budget.left / f64::from(ENTRIES_PER_S)))
    }
}

#[cfg(test)]
mod tests;
