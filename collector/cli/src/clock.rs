//! The one place where the command line reads a clock.
//!
//! Everything else gets `now` as a parameter, so that tests can drive it.

use jiff::Timestamp;

/// The time now.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
