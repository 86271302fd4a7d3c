//! Whether a verified certificate may speak for its host.
//!
//! Agent ids and serials begin with the time at which they were made, so a
//! store that was restored from a backup can tell a certificate that it does
//! not know yet from one that was retired.

use driftline_store::{HostRecord, HostStatus};
use driftline_wire::PeerIdentity;

/// What to do with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is the newest of its host.
    Newest,
    /// It is the one before, and the newest has not been used yet.
    Previous,
    /// It is newer than anything the store knows: the store was restored.
    Newer,
    /// It was revoked.
    Revoked,
    /// The host was enrolled again since.
    Retired,
    /// A later one of the same enrolment took its place and was used: whoever
    /// shows this one has a copy of the agent's state.
    Copied,
    /// Two live agents used it.
    Quarantined,
}

/// Decides on a certificate that TLS has verified.
#[must_use]
pub fn decide(known: Option<&HostRecord>, peer: &PeerIdentity, serial: &[u8]) -> Admission {
    let Some(host) = known else { return Admission::Newer };
    if host.agent.as_str() != peer.agent.as_str() {
        return if peer.agent.as_str() > host.agent.as_str() { Admission::Newer } else { Admission::Retired };
    }
    match host.status {
        HostStatus::Revoked | HostStatus::Forgotten => return Admission::Revoked,
        HostStatus::Quarantined => return Admission::Quarantined,
        HostStatus::Never | HostStatus::Connected | HostStatus::Stopped | HostStatus::Silent => {}
    }
    match host.serials.iter().position(|known| known == serial) {
        Some(0) => Admission::Newest,
        Some(_) => Admission::Previous,
        None if host.serials.iter().all(|known| known.as_slice() < serial) => Admission::Newer,
        None => Admission::Copied,
    }
}

#[cfg(test)]
mod tests;
