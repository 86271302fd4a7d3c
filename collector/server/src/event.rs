//! Events: entries of the history that are not changes, in one voice.
//!
//! Each kind has its severity here, so that what alerts is to be seen at one
//! glance.

use driftline_canon::{Environment, SourceName};
use driftline_compare::Severity;
use driftline_store::{EntryBody, Event, EventKind, HostRecord};

/// How much a kind of event matters.
#[must_use]
pub fn severity(kind: EventKind) -> Severity {
    match kind {
        // What such a host changes now is known late.
        EventKind::HostFlooding
        | EventKind::HostSilent
        | EventKind::HostQuarantined
        | EventKind::IdentityViolation
        | EventKind::RootMismatch => Severity::Critical,
        EventKind::HostRevoked
        | EventKind::HostForgotten
        | EventKind::Gap
        | EventKind::Problem
        | EventKind::SequenceGap
        | EventKind::EpochChanged
        | EventKind::ClockSkew
        | EventKind::TokenRefused
        | EventKind::SourceRetired
        | EventKind::Collector => Severity::Warning,
        EventKind::HostEnrolled
        | EventKind::HostRenewed
        | EventKind::HostConnected
        | EventKind::HostStopped
        | EventKind::ProblemSolved
        | EventKind::SourceAdded
        | EventKind::Resynchronised
        | EventKind::TokenCreated
        | EventKind::TokenUsed
        | EventKind::TokenRevoked
        | EventKind::Retention
        | EventKind::Operator => Severity::Info,
    }
}

/// An event that is about no host.
#[must_use]
pub fn general(kind: EventKind, message: impl Into<String>) -> EntryBody {
    EntryBody::Event(make(kind, message))
}

/// An event of an environment.
#[must_use]
pub fn in_environment(kind: EventKind, environment: Option<Environment>, message: impl Into<String>) -> EntryBody {
    EntryBody::Event(Event { environment, ..make(kind, message) })
}

/// An event of a host.
#[must_use]
pub fn of_host(host: &HostRecord, kind: EventKind, message: impl Into<String>) -> EntryBody {
    let environment = Some(host.environment.clone());
    EntryBody::Event(Event { environment, host: Some(host.host.clone()), ..make(kind, message) })
}

/// An event of a source.
#[must_use]
pub fn of_source(host: &HostRecord, source: &SourceName, kind: EventKind, message: impl Into<String>) -> EntryBody {
    let environment = Some(host.environment.clone());
    let source = Some(source.clone());
    EntryBody::Event(Event { environment, host: Some(host.host.clone()), source, ..make(kind, message) })
}

/// The same event with bounds in time.
#[must_use]
pub fn between(entry: EntryBody, from_ms: i64, to_ms: i64) -> EntryBody {
    match entry {
        EntryBody::Event(event) => EntryBody::Event(Event { between_ms: Some((from_ms, to_ms)), ..event }),
        other @ (EntryBody::Change(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_)) => other,
    }
}

/// The same event with another severity.
#[must_use]
pub fn with_severity(entry: EntryBody, severity: Severity) -> EntryBody {
    match entry {
        EntryBody::Event(event) => EntryBody::Event(Event { severity, ..event }),
        other @ (EntryBody::Change(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_)) => other,
    }
}

fn make(kind: EventKind, message: impl Into<String>) -> Event {
    let (severity, message) = (severity(kind), message.into());
    Event { kind, severity, environment: None, host: None, source: None, between_ms: None, message }
}

#[cfg(test)]
mod tests;
