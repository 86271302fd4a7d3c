//! What of a comparison is meant, and how much it matters: acceptances and the
//! policy's expectations and severities, as they stand.
//!
//! It looks them up; what they come to is decided in `compare`.

use driftline_compare::acceptance::{Acceptance, Active};
use driftline_compare::compare::{Comparison, Listing, Side};
use driftline_compare::expect::{self, Given, Meant};
use driftline_compare::policy::Policy;
use driftline_daemon::clock;
use driftline_store::{Reader, StoreError};

use super::sides::About;
use crate::policy;

/// All that may say that a difference is meant.
pub(in crate::http) struct Standing {
    policy: Policy,
    acceptances: Vec<Acceptance>,
    about: About,
    now_ms: i64,
}

impl Standing {
    /// What stands now, for sides that are of this.
    pub(in crate::http) fn read(reader: &Reader, about: About, now_ms: i64) -> Result<Self, StoreError> {
        let policy = policy::in_force(reader)?;
        let mut acceptances = reader.documents::<Acceptance>("")?;
        acceptances.retain(|one| one.is_valid_at(now_ms));
        Ok(Self { policy, acceptances, about, now_ms })
    }

    /// Compares two sides, what is meant apart.
    pub(in crate::http) fn compare(&self, left: &Side, right: &Side, listing: Listing) -> Comparison {
        let given = Given {
            expectations: &self.policy.expectations,
            severities: &self.policy.severities,
            environments: &self.about.all,
            acceptances: &Active::all(&self.acceptances),
            left: self.about.sides.0.as_ref(),
            right: self.about.sides.1.as_ref(),
            now_ms: self.now_ms,
        };
        expect::compare(left, right, listing, &given)
    }
}

/// Why a difference is no finding, in words.
pub(super) fn text(meant: &Meant) -> String {
    match meant {
        Meant::Accepted { number, reason, owner, expires_ms } => {
            format!("accepted until {} by {owner} (a-{number}): {reason}", day(*expires_ms))
        }
        Meant::Expected { expected, reason } if reason.is_empty() => format!("expected: {expected}"),
        Meant::Expected { expected, reason } => format!("expected: {expected}, {reason}"),
    }
}

/// The day of a time, in UTC.
fn day(time_ms: i64) -> String {
    let text = clock::format_ms(time_ms);
    text.split_once('T').map_or(text.clone(), |(day, _)| day.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_that_is_meant_says_why() {
        let accepted = Meant::Accepted {
            number: 3,
            reason: "old region".to_owned(),
            owner: "team-db".to_owned(),
            expires_ms: 1_795_361_167_000,
        };
        assert_eq!(text(&accepted), "accepted until 2026-11-22 by team-db (a-3): old region");
        let expected = |reason: &str| text(&Meant::Expected { expected: "any", reason: reason.to_owned() });
        assert_eq!(expected(""), "expected: any");
        assert_eq!(expected("names of hosts"), "expected: any, names of hosts");
    }
}
