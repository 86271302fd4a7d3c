//! Freezes: stretches in which nothing may change but what was declared.
//!
//! A freeze opens nothing and closes nothing; it makes what happens under it
//! out-of-band.

use super::fields::Fields;
use crate::Selector;

/// One freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Hosts.
    pub selector: Selector,
    /// From then on; none: always was.
    pub from_ms: Option<i64>,
    /// Up to then; none: until the policy says otherwise.
    pub until_ms: Option<i64>,
    /// Why.
    pub reason: String,
}

pub(super) const KEYS: [&str; 4] = ["selector", "from", "until", "reason"];

pub(super) fn read(mut fields: Fields<'_, '_>) -> Option<Freeze> {
    fields.need("selector");
    let selector = fields.parsed("selector");
    let (from_ms, until_ms) = (fields.moment("from"), fields.moment("until"));
    let reason = fields.needed("reason").map(str::to_owned);
    if let (Some(from), Some(until)) = (from_ms, until_ms)
        && from >= until
    {
        fields.wrong_key("until", "`until` is not after `from`: this freeze is never in force");
    }
    let freeze = || Some(Freeze { selector: selector?, from_ms, until_ms, reason: reason? });
    let freeze = freeze();
    fields.finish(freeze)
}

impl Freeze {
    /// Whether it is in force at a time.
    #[must_use]
    pub fn is_in_force(&self, at_ms: i64) -> bool {
        self.from_ms.is_none_or(|from| from <= at_ms) && self.until_ms.is_none_or(|until| at_ms < until)
    }
}
