//! Every metric and its name, in one place.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use driftline_wire::{Record, RecordBody};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Upper bounds of the times of a commit: from a quarter of a millisecond, each
/// twice the one before, to two seconds.
const COMMIT_BUCKETS: u16 = 14;

/// A part of the way of a change through the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The first step of a commit waits for the commit before.
    Wait,
    /// The steps decide what the commit will make of the state.
    Decide,
    /// The store writes it, until it is on disk.
    Store,
    /// Alerts, live listeners and acknowledgements are handed on.
    Tell,
}

impl Phase {
    /// Every phase, in their order.
    pub const ALL: [Self; 4] = [Self::Wait, Self::Decide, Self::Store, Self::Tell];

    fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Decide => "decide",
            Self::Store => "store",
            Self::Tell => "tell",
        }
    }
}

/// The times of every phase, in their order.
type PhaseTimes = [Histogram; Phase::ALL.len()];

/// What is counted.
pub struct Metrics {
    registry: Registry,
    records: Counter,
    named: Counter,
    amendments: Counter,
    changes: Counter,
    commits: Counter,
    phases: PhaseTimes,
    refused_connections: Counter,
    refused_tokens: Counter,
    refused_logins: Counter,
    alerts_delivered: Counter,
    alerts_failed: Counter,
    connected: Gauge<u64, AtomicU64>,
    outbox: Gauge<u64, AtomicU64>,
    store_writable: Gauge<u64, AtomicU64>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics(..)")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("driftline_collector");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let records = counter("records", "Records received from agents");
        let named = counter("named_records", "Records that say who made their changes");
        let amendments = counter("amendments", "Records that say later who made earlier changes");
        let changes = counter("history_entries", "Entries appended to the history");
        let commits = counter("commits", "Durable commits of the store");
        let refused_connections = counter("refused_connections", "Connections refused before any message");
        let refused_tokens = counter("refused_tokens", "Enrolments refused");
        let refused_logins = counter("refused_logins", "API requests without a valid bearer token");
        let alerts_delivered = counter("alerts_delivered", "Alerts that a receiver took");
        let alerts_failed = counter("alert_calls_failed", "Calls to a receiver that failed");
        let phases = phases(&mut registry);
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::<u64, AtomicU64>::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connected = gauge("connected_agents", "Agents connected now");
        let outbox = gauge("alerts_pending", "Alerts that wait for their receiver");
        let store_writable = gauge("store_writable", "1 while the store can be written");
        Self {
            registry,
            records,
            named,
            amendments,
            changes,
            commits,
            phases,
            refused_connections,
            refused_tokens,
            refused_logins,
            alerts_delivered,
            alerts_failed,
            connected,
            outbox,
            store_writable,
        }
    }
}

fn phases(registry: &mut Registry) -> PhaseTimes {
    let buckets = || Histogram::new(exponential_buckets(0.000_25, 2.0, COMMIT_BUCKETS));
    let family = Family::<Vec<(&str, &str)>, Histogram, _>::new_with_constructor(buckets);
    registry.register("commit_seconds", "Time that commits spent in each phase", family.clone());
    Phase::ALL.map(|phase| family.get_or_create_owned(&vec![("phase", phase.as_str())]))
}

/// What is measured at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Agents connected.
    pub connected: u64,
    /// Alerts waiting.
    pub outbox: u64,
    /// Whether the store can be written.
    pub writable: bool,
}

impl Metrics {
    /// A record arrived.
    pub fn record(&self, record: &Record) {
        self.records.inc();
        match &record.body {
            RecordBody::Amendment(_) => _ = self.amendments.inc(),
            _ if record.actor.as_ref().is_some_and(|actor| actor.is_known()) => _ = self.named.inc(),
            _ => {}
        }
    }

    /// Entries were appended.
    pub fn entries(&self, count: u64) {
        self.changes.inc_by(count);
    }

    /// A group of steps is on disk.
    pub fn commit(&self) {
        self.commits.inc();
    }

    /// A commit was in a phase for so long.
    pub fn phase(&self, phase: Phase, took: Duration) {
        let times = Phase::ALL.iter().zip(&self.phases).find(|(one, _)| **one == phase);
        if let Some((_, histogram)) = times {
            histogram.observe(took.as_secs_f64());
        }
    }

    /// A connection was refused.
    pub fn connection_refused(&self) {
        self.refused_connections.inc();
    }

    /// An enrolment was refused.
    pub fn token_refused(&self) {
        self.refused_tokens.inc();
    }

    /// A bearer token was refused.
    pub fn login_refused(&self) {
        self.refused_logins.inc();
    }

    /// A receiver took an alert.
    pub fn alert_delivered(&self) {
        self.alerts_delivered.inc();
    }

    /// A call failed.
    pub fn alert_failed(&self) {
        self.alerts_failed.inc();
    }

    /// All of it in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self, now: Now) -> String {
        self.connected.set(now.connected);
        self.outbox.set(now.outbox);
        self.store_writable.set(u64::from(now.writable));
        let mut text = String::new();
        // Writing into a String cannot fail.
        _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use driftline_canon::{Actor, Confidence};
    use driftline_wire::convert::Amendment;

    use super::*;

    #[test]
    fn what_was_counted_is_shown() {
        let metrics = Metrics::default();
        let record = |actor| Record { actor, ..Record::new(2, None, 1, None, RecordBody::Retired) };
        let somebody = Actor { confidence: Confidence::Probable, ..Actor::unknown() };
        metrics.record(&record(None));
        metrics.record(&record(Some(Box::new(Actor::unknown()))));
        metrics.record(&record(Some(Box::new(somebody.clone()))));
        let amendment = RecordBody::Amendment(Amendment { seq: 1, actor: Box::new(somebody) });
        metrics.record(&Record { body: amendment, ..record(None) });
        metrics.token_refused();
        metrics.commit();
        metrics.phase(Phase::Wait, Duration::from_micros(200));
        metrics.phase(Phase::Store, Duration::from_secs(3));
        let text = metrics.render(Now { connected: 3, outbox: 2, writable: true });
        for line in [
            "driftline_collector_records_total 4",
            "driftline_collector_named_records_total 1",
            "driftline_collector_amendments_total 1",
            "driftline_collector_refused_tokens_total 1",
            "driftline_collector_commits_total 1",
            "driftline_collector_commit_seconds_bucket{le=\"0.00025\",phase=\"wait\"} 1",
            "driftline_collector_commit_seconds_bucket{le=\"2.048\",phase=\"store\"} 0",
            "driftline_collector_commit_seconds_count{phase=\"store\"} 1",
            "driftline_collector_commit_seconds_count{phase=\"tell\"} 0",
            "driftline_collector_connected_agents 3",
            "driftline_collector_alerts_pending 2",
            "driftline_collector_store_writable 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
