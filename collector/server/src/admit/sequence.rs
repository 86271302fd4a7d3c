//! Whether a record is new, and where a stream goes on.
//!
//! Sequence numbers rise by one per record of an epoch. What was applied
//! before is acknowledged and not applied; what is missing in between is said.

/// What to do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It was applied before: acknowledge, and leave it.
    Duplicate,
    /// The next one.
    Next,
    /// Records are missing before it: say so, and apply it.
    Gap {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
}

/// Decides on a record by the highest one applied.
#[must_use]
pub fn arrival(applied: u64, seq: u64) -> Arrival {
    if seq <= applied {
        Arrival::Duplicate
    } else if seq - applied == 1 {
        Arrival::Next
    } else {
        Arrival::Gap { from: applied + 1, to: seq - 1 }
    }
}

/// Where a stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// The same state directory as before.
    Continues {
        /// Every record up to here is on disk.
        acked: u64,
    },
    /// The host's first state directory.
    Begins,
    /// Another state directory than before: it was lost, or restored.
    Changed,
}

/// Decides by the epoch that the host record has.
#[must_use]
pub fn resumption(known_epoch: &[u8], applied: u64, epoch: &[u8]) -> Resumption {
    if known_epoch.is_empty() {
        Resumption::Begins
    } else if known_epoch == epoch {
        Resumption::Continues { acked: applied }
    } else {
        Resumption::Changed
    }
}

#[cfg(test)]
mod tests;
