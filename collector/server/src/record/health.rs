//! Whether the store can be written, for `/readyz`, the log and the alert.

use std::sync::atomic::{AtomicU8, Ordering};

use driftline_compare::Severity;
use driftline_store::{EntryBody, Event, EventKind};

/// Why the store cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The disk is full.
    Full,
    /// The disk fails otherwise.
    Failing,
}

impl Trouble {
    /// One sentence for an operator.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Full => "the collector's disk is full: agents are held back until there is room, nothing is lost",
            Self::Failing => "the collector's disk fails: agents are held back until it works, nothing is lost",
        }
    }
}

/// Whether commits succeed.
#[derive(Debug, Default)]
pub struct Health(AtomicU8);

impl Health {
    /// Sets the state; true when it was another one.
    pub fn set(&self, trouble: Option<Trouble>) -> bool {
        let state = match trouble {
            None => 0,
            Some(Trouble::Full) => 1,
            Some(Trouble::Failing) => 2,
        };
        self.0.swap(state, Ordering::SeqCst) != state
    }

    /// The state.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            1 => Some(Trouble::Full),
            _ => Some(Trouble::Failing),
        }
    }
}

/// The trouble's end, for the history.
#[must_use]
pub fn recovered_event() -> EntryBody {
    event(Severity::Warning, "the collector's store could not be written for a while and works again".to_owned())
}

/// An event of the collector itself.
#[must_use]
pub fn event(severity: Severity, message: String) -> EntryBody {
    let kind = EventKind::Collector;
    EntryBody::Event(Event { kind, severity, environment: None, host: None, source: None, between_ms: None, message })
}
