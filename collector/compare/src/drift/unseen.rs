//! What a look tells of a drift when some of its hosts could not be looked at.
//!
//! It decides by names alone. Nothing that was open on a host that has no say is
//! over, and what its hosts had is not guessed.

use std::collections::BTreeSet;

use driftline_canon::HostName;

use super::{Drift, HOSTS_NAMED_MAX, Look};

/// The look, held against the hosts that a known drift is open on: those that
/// had no say in it keep it open, and stay among those that it names.
#[must_use]
pub fn kept(look: Look, drift: &Drift, without: &BTreeSet<HostName>) -> Look {
    if !drift.state.is_there() || without.is_empty() {
        return look;
    }
    let unseen: Vec<&HostName> = drift.hosts.iter().filter(|host| without.contains(*host)).collect();
    match look {
        Look::Agrees { .. } if !unseen.is_empty() || names_not_all(drift) => Look::Unknown,
        Look::Differs(mut observed) => {
            let count = u32::try_from(unseen.len()).unwrap_or(u32::MAX);
            observed.host_count = observed.host_count.saturating_add(count);
            observed.of_hosts = observed.of_hosts.saturating_add(count);
            // Those that cannot be asked are named first: the others are found again.
            let seen = std::mem::take(&mut observed.hosts);
            let named: BTreeSet<HostName> = unseen.into_iter().cloned().chain(seen).take(HOSTS_NAMED_MAX).collect();
            observed.hosts = named.into_iter().collect();
            Look::Differs(observed)
        }
        other => other,
    }
}

/// Whether it is open on hosts that it does not name: one without a say may be
/// one of them.
fn names_not_all(drift: &Drift) -> bool {
    usize::try_from(drift.host_count).unwrap_or(usize::MAX) > drift.hosts.len()
}

#[cfg(test)]
mod tests;
