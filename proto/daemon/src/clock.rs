//! The one file that reads the wall clock.
//!
//! Everything else is handed a [`Clock`] or a `now`, so that a test can drive
//! time. Nothing here decides anything by the time it reads.
#![allow(clippy::disallowed_methods, reason = "this is the one file that may")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z by this host's clock; negative
/// before.
#[must_use]
pub fn now_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// A moment for measuring how long something takes: never steps backwards.
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// A time as RFC 3339 in UTC with milliseconds: `2026-11-22T04:30:00.125Z`.
/// What lies outside the years -9999 to 9999 is shown as its number.
#[must_use]
pub fn format_ms(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{ms} ms"),
    }
}

/// The milliseconds of an RFC 3339 time, with any offset.
#[must_use]
pub fn parse_ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Where a daemon takes its time from: the host, or a test.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { offset_ms: i64 },
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The host's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::skewed(0)
    }

    /// The host's clock, wrong by that many milliseconds: for tests of skew.
    #[must_use]
    pub fn skewed(offset_ms: i64) -> Self {
        Self(Source::System { offset_ms })
    }

    /// A clock that stands still until a test moves it. Clones move together.
    #[must_use]
    pub fn manual(ms: i64) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(ms))))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z by this clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System { offset_ms } => now_ms().saturating_add(*offset_ms),
            Source::Manual(ms) => ms.load(Ordering::SeqCst),
        }
    }

    /// Sets a manual clock; the host's clock is left alone.
    pub fn set_ms(&self, to_ms: i64) {
        if let Source::Manual(ms) = &self.0 {
            ms.store(to_ms, Ordering::SeqCst);
        }
    }

    /// Moves a manual clock, backwards too; the host's clock is left alone.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Source::Manual(ms) = &self.0 {
            ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests;
