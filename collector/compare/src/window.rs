//! Windows: stretches of time in which somebody said that changes would come.
//!
//! A window alone never authorises: it is evidence beside what changed and who
//! did it.

use driftline_canon::SourceName;
use serde::{Deserialize, Serialize};

use crate::Selector;

/// A window, open or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rises with each window.
    pub number: u64,
    /// Hosts it is for.
    pub selector: Selector,
    /// Only this source; none: every source.
    pub source: Option<SourceName>,
    /// Only changes of an actor whose login user, unit or executable is this;
    /// none: anybody's.
    pub actor: Option<String>,
    /// Why it is open.
    pub ticket: String,
    /// Who opened it.
    pub opened_by: String,
    /// From then on.
    pub from_ms: i64,
    /// Up to then.
    pub until_ms: i64,
    /// Closed by hand before its end: who and when.
    pub closed: Option<(String, i64)>,
}

impl Window {
    /// When it ended or will end.
    #[must_use]
    pub fn end_ms(&self) -> i64 {
        self.closed.as_ref().map_or(self.until_ms, |(_, at_ms)| self.until_ms.min(*at_ms))
    }

    /// Whether it was open at a time.
    #[must_use]
    pub fn is_open_at(&self, time_ms: i64) -> bool {
        (self.from_ms..self.end_ms()).contains(&time_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_when_it_is_closed_and_never_later_than_it_said() {
        let window = Window {
            number: 1,
            selector: "production".parse().unwrap(),
            source: None,
            actor: None,
            ticket: "CHG-1".to_owned(),
            opened_by: "ada".to_owned(),
            from_ms: 100,
            until_ms: 200,
            closed: None,
        };
        let open = |window: &Window| [99, 100, 150, 199, 200].map(|at| window.is_open_at(at));
        assert_eq!(open(&window), [false, true, true, true, false]);
        let closed = Window { closed: Some(("ada".to_owned(), 150)), ..window.clone() };
        assert_eq!(open(&closed), [false, true, false, false, false]);
        let late = Window { closed: Some(("ada".to_owned(), 500)), ..window };
        assert_eq!(late.end_ms(), 200);
    }
}
