//! Stage 5, notify: who is told of what was committed, and in which order.
//!
//! Nothing is told that is not on disk. The outbox in the store is the truth;
//! the channels here only make it fast, and what does not fit is read back.

pub mod courier;
pub mod message;
pub mod secret;
pub mod signature;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftline_compare::{Severity, Verdict, classify};
use driftline_store::{Batch, Committed, Entry, EntryBody, Operation};
use tokio::sync::{broadcast, mpsc};

use crate::config::AlertRoute;
use crate::drift::marks::Marks;
use crate::record::health::{self, Trouble};

/// Alerts of one route that wait in memory. More are read back from the
/// outbox, so this only bounds memory.
const QUEUE_ALERTS: usize = 1_024;

/// Entries that a live listener may be behind before it is cut off: it resumes
/// from the store.
const LIVE_ENTRIES: usize = 4_096;

/// What the writer has to know of the routes.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<(String, Severity)>);

impl Routes {
    /// The routes of a configuration.
    #[must_use]
    pub fn new(routes: &[AlertRoute]) -> Self {
        Self(routes.iter().map(|route| (route.name.clone(), route.min_severity)).collect())
    }

    /// For each route that wants any of the entries: which.
    #[must_use]
    pub fn alerts(&self, entries: &[EntryBody]) -> Vec<(String, Vec<u32>)> {
        self.alerts_but(entries, &[])
    }

    /// The same without some of them.
    #[must_use]
    pub fn alerts_but(&self, entries: &[EntryBody], quiet: &[usize]) -> Vec<(String, Vec<u32>)> {
        let wanted = |least: Severity| -> Vec<u32> {
            let wanted = |entry: &EntryBody| severity(entry) >= least && !is_meant(entry) && !is_told(entries, entry);
            let numbered = entries.iter().enumerate();
            let numbered = numbered.filter(|(index, entry)| !quiet.contains(index) && wanted(entry));
            numbered.filter_map(|(index, _)| u32::try_from(index).ok()).collect()
        };
        let all = self.0.iter().map(|(name, least)| (name.clone(), wanted(*least)));
        all.filter(|(_, wanted)| !wanted.is_empty()).collect()
    }
}

/// Whether the entry is a change that is known to be meant: it stands in the
/// history, and nobody is woken.
fn is_meant(entry: &EntryBody) -> bool {
    matches!(entry, EntryBody::Change(change) if change.verdict == Verdict::Authorised)
}

/// Whether the entry is the new order of a list whose rules that came or went
/// stand beside it: they tell it.
fn is_told(entries: &[EntryBody], entry: &EntryBody) -> bool {
    let EntryBody::Change(order) = entry else {
        return false;
    };
    let tells = |other: &EntryBody| match other {
        EntryBody::Change(change) => {
            change.before.is_some() != change.after.is_some()
                && (&change.host, &change.source) == (&order.host, &order.source)
                && classify::order_follows(&order.key, [&change.key])
        }
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => false,
    };
    order.key.ordered_list().is_some() && entries.iter().any(tells)
}

/// How severe an entry is.
#[must_use]
pub fn severity(entry: &EntryBody) -> Severity {
    match entry {
        EntryBody::Change(change) => change.severity,
        EntryBody::Event(event) => event.severity,
        EntryBody::Amendment(amendment) => amendment.severity,
        EntryBody::Rejudgement(one) => one.severity,
    }
}

/// An alert on its way to a courier.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Id in the outbox; none for one that is not in the store.
    pub id: Option<u64>,
    /// What it tells.
    pub told: message::Told,
}

struct Lane {
    route: String,
    queue: mpsc::Sender<Outgoing>,
    spilled: Arc<AtomicBool>,
}

/// The courier's end of a lane.
pub struct LaneEnd {
    /// Alerts in order of their ids.
    pub queue: mpsc::Receiver<Outgoing>,
    /// Set when alerts did not fit the queue: read the outbox.
    pub spilled: Arc<AtomicBool>,
}

/// Hands what was committed to couriers and live listeners.
pub struct Notifier {
    routes: Routes,
    lanes: Vec<Lane>,
    live: broadcast::Sender<Arc<Entry>>,
    marks: Arc<Marks>,
}

impl Notifier {
    /// A notifier, and one end per route in their order.
    #[must_use]
    pub fn new(routes: &[AlertRoute]) -> (Self, Vec<LaneEnd>) {
        let (mut lanes, mut ends) = (Vec::new(), Vec::new());
        for route in routes {
            let (sender, queue) = mpsc::channel(QUEUE_ALERTS);
            let spilled = Arc::new(AtomicBool::new(false));
            lanes.push(Lane { route: route.name.clone(), queue: sender, spilled: Arc::clone(&spilled) });
            ends.push(LaneEnd { queue, spilled });
        }
        let (live, _) = broadcast::channel(LIVE_ENTRIES);
        (Self { routes: Routes::new(routes), lanes, live, marks: Arc::default() }, ends)
    }

    /// The routes.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Every entry from now on, as it is committed.
    #[must_use]
    pub fn live(&self) -> broadcast::Sender<Arc<Entry>> {
        self.live.clone()
    }

    /// What commits touch, for whoever looks for drift.
    #[must_use]
    pub fn marks(&self) -> Arc<Marks> {
        Arc::clone(&self.marks)
    }

    /// Tells of a batch that is on disk.
    pub fn committed(&self, batch: Batch, committed: &Committed) {
        self.marks.committed(&batch);
        let (mut entry_ids, mut alert_ids) = (committed.entries.iter(), committed.alerts.iter());
        let watched = self.live.receiver_count() > 0;
        for operation in batch.operations {
            let (entries, alerts) = match operation {
                Operation::Append { entries, alerts } => (entries, alerts),
                Operation::Alert { route, entries } => {
                    if !entries.is_empty()
                        && let Some(id) = alert_ids.next()
                    {
                        let told = entries.into_iter().map(Arc::new).collect();
                        self.dispatch(&route, Outgoing { id: Some(*id), told });
                    }
                    continue;
                }
                _ => continue,
            };
            if !watched && alerts.is_empty() {
                entry_ids.by_ref().take(entries.len()).for_each(drop);
                continue;
            }
            let made: Vec<Arc<Entry>> = entries
                .into_iter()
                .zip(entry_ids.by_ref())
                .map(|(body, id)| Arc::new(Entry { id: *id, recorded_ms: batch.now_ms, body }))
                .collect();
            for ((route, indexes), id) in alerts.into_iter().zip(alert_ids.by_ref()) {
                let told = indexes.iter().filter_map(|&index| made.get(usize::try_from(index).ok()?).cloned());
                self.dispatch(&route, Outgoing { id: Some(*id), told: told.collect() });
            }
            for entry in made {
                // An error says that nobody listens.
                _ = self.live.send(entry);
            }
        }
    }

    /// Tells of a store that cannot be written: the one alert that no outbox
    /// can hold.
    pub fn trouble(&self, trouble: Trouble, now_ms: i64) {
        let body = health::event(Severity::Critical, trouble.message().to_owned());
        let entry = Arc::new(Entry { id: 0, recorded_ms: now_ms, body });
        for lane in &self.lanes {
            // A lane that is full has worse news of this collector on its way.
            _ = lane.queue.try_send(Outgoing { id: None, told: [Arc::clone(&entry)].into_iter().collect() });
        }
    }

    fn dispatch(&self, route: &str, alert: Outgoing) {
        let Some(lane) = self.lanes.iter().find(|lane| lane.route == route) else { return };
        if lane.queue.try_send(alert).is_err() {
            lane.spilled.store(true, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests;
