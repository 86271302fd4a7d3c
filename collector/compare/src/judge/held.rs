//! Changes that settle before anybody is told: their deployment is in flight.
//!
//! A shape only; the verdict stands in the history already.

use serde::{Deserialize, Serialize};

/// A change whose alert waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its place in the history.
    pub change: u64,
    /// When its deployment has settled.
    pub due_ms: i64,
}
