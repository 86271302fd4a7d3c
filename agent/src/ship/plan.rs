//! What the shipping stage decides, without a connection: where to resume, how
//! long to wait, what a refusal means.

use std::time::Duration;

use driftline_wire::convert::RefusalKind;

use crate::journal::Meta;

/// The shortest and the longest pause between two connections. Full jitter
/// spreads a fleet whose collector restarts over the whole of it.
pub const PAUSE_MIN: Duration = Duration::from_millis(200);
/// See [`PAUSE_MIN`].
pub const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The pause after a refusal that only a person can lift.
pub const PAUSE_REFUSED: Duration = Duration::from_secs(60);

/// Where a session begins to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// With the record after this one.
    After(u64),
    /// Nowhere: the numbers do not fit, and a new epoch must begin.
    NewEpoch(String),
}

/// Holds what the collector has against what the journal has.
#[must_use]
pub fn resume(meta: &Meta, acked: u64) -> Resume {
    let last = meta.next_seq - 1;
    if acked > last {
        let reason = format!(
            "the collector has record {acked} and this agent wrote only {last}: its state was restored from before"
        );
        return Resume::NewEpoch(reason);
    }
    if acked + 1 < meta.first_seq {
        let reason = format!(
            "the collector has records up to {acked} and acknowledged {}: it was restored from before",
            meta.first_seq - 1
        );
        return Resume::NewEpoch(reason);
    }
    Resume::After(acked)
}

/// Exponential back-off with full jitter: each pause is a random part of a
/// bound that doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause; `random` is uniform over all of its range.
    pub fn pause(&mut self, random: u32) -> Duration {
        let bound = PAUSE_MIN.saturating_mul(1 << self.failures.min(16)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        let part = f64::from(random) / f64::from(u32::MAX);
        PAUSE_MIN.max(bound.mul_f64(part))
    }

    /// A connection worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Try again with the usual back-off.
    BackOff,
    /// An operator must act: say so, and look again once in a while.
    Wait,
}

/// What a refusal means.
#[must_use]
pub fn after_refusal(kind: RefusalKind) -> AfterRefusal {
    match kind {
        RefusalKind::Busy | RefusalKind::Superseded => AfterRefusal::BackOff,
        RefusalKind::Protocol | RefusalKind::Version | RefusalKind::Revoked | RefusalKind::Quarantined => {
            AfterRefusal::Wait
        }
    }
}

#[cfg(test)]
mod tests;
