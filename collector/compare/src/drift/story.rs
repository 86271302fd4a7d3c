//! The life of a drift in plain sentences, oldest first.
//!
//! It says what is known and, where something is not, that it is not. Times are
//! worded by the caller; nothing is looked up here.

use super::{Drift, Rule, Shown, State, Turn, Uncovered, Way};
use crate::acceptance::Acceptance;

/// Names of hosts in one sentence. More are a count.
const NAMED_MAX: usize = 5;

/// What a story needs beside the drift.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    /// The acceptances that the drift's turns name.
    pub acceptances: &'a [Acceptance],
    /// A time in words.
    pub time: &'a dyn Fn(i64) -> String,
    /// Now.
    pub now_ms: i64,
}

impl Teller<'_> {
    /// The drift in one sentence.
    #[must_use]
    pub fn headline(&self, drift: &Drift) -> String {
        let (thing, hosts) = (format!("'{}' of {}", drift.identity.key, drift.identity.source), hosts(drift));
        let (actual, expected) = (shown(&drift.actual), shown(&drift.expected));
        let by = &drift.expected_by;
        match (drift.identity.rule, drift.way) {
            (Rule::AtReboot, _) => format!("{thing} differs between what is in force and what is saved, on {hosts}"),
            (Rule::Process, _) => {
                format!("{thing} is not what the running process has, on {hosts}: it waits for a restart")
            }
            (Rule::Role, _) => format!(
                "{hosts} {} {actual} for {thing}, and the other hosts of role {} have {expected}",
                have(drift),
                drift.identity.role
            ),
            (_, Way::Stale) => {
                format!("{hosts} still {} an earlier value of {thing}: {by} says {expected}", have(drift))
            }
            (_, Way::Missing) => format!("{thing} is missing on {hosts}: {by} says {expected}"),
            (_, Way::Extra) => format!("{thing} is on {hosts} ({actual}), and {by} does not have it"),
            (_, Way::Differs | Way::Split) => format!("{thing} is {actual} on {hosts}: {by} says {expected}"),
        }
    }

    /// Where it stands now, in one sentence.
    #[must_use]
    pub fn standing(&self, drift: &Drift) -> String {
        let since = (self.time)(drift.opened_ms);
        let ended = drift.ended_ms.map(|at_ms| (self.time)(at_ms)).unwrap_or_default();
        match drift.state {
            State::Open => format!("open since {since}, for {}", lasting(drift.age_ms(self.now_ms))),
            State::Accepted => match self.acceptance(drift.acceptance) {
                Some(one) => {
                    format!("accepted until {}: {} (owner {})", (self.time)(one.expires_ms), one.reason, one.owner)
                }
                None => "accepted".to_owned(),
            },
            State::Resolved => format!("resolved at {ended}, after {}", lasting(drift.age_ms(self.now_ms))),
            State::Adopted => format!("adopted at {ended}, after {}", lasting(drift.age_ms(self.now_ms))),
        }
    }

    /// What happened to it, one sentence each, oldest first.
    #[must_use]
    pub fn turns(&self, drift: &Drift) -> Vec<String> {
        let mut told = Vec::new();
        for (index, event) in drift.turns.iter().enumerate() {
            told.push(format!("{}: {}", (self.time)(event.at_ms), self.turn(&event.turn)));
            if index == 0 && drift.turns_left_out > 0 {
                told.push(format!("… {} turns are kept no longer", drift.turns_left_out));
            }
        }
        told
    }

    fn turn(&self, turn: &Turn) -> String {
        match turn {
            Turn::Opened => "it was found".to_owned(),
            Turn::Reopened => "it came back".to_owned(),
            Turn::Changed => "it became another difference".to_owned(),
            Turn::Accepted(number) => match self.acceptance(Some(*number)) {
                Some(one) => format!(
                    "{} accepted it until {} ({}): {}; owner {}",
                    one.accepted_by,
                    (self.time)(one.expires_ms),
                    one.name(),
                    one.reason,
                    one.owner
                ),
                None => format!("it was accepted (a-{number})"),
            },
            Turn::AcceptanceEnded(number, why) => {
                let revoked = self.acceptance(Some(*number)).and_then(|one| one.revoked.as_ref());
                match (why, revoked) {
                    (Uncovered::Expired, _) => format!("its acceptance a-{number} expired: it is open again"),
                    (Uncovered::Revoked, Some((who, _))) => format!("{who} revoked its acceptance a-{number}"),
                    (Uncovered::Revoked, None) => format!("its acceptance a-{number} was revoked"),
                    (Uncovered::OtherValue, _) => {
                        format!("its acceptance a-{number} was for another value: it is open again")
                    }
                }
            }
            Turn::Resolved => "it was resolved: what is there is what should be".to_owned(),
            Turn::Adopted(by) => format!("it was adopted by {by}: what should be is now what is there"),
        }
    }

    fn acceptance(&self, number: Option<u64>) -> Option<&Acceptance> {
        self.acceptances.iter().find(|one| Some(one.number) == number)
    }
}

fn have(drift: &Drift) -> &'static str {
    if drift.host_count == 1 { "has" } else { "have" }
}

fn hosts(drift: &Drift) -> String {
    let named: Vec<&str> = drift.hosts.iter().take(NAMED_MAX).map(|host| host.as_str()).collect();
    let count = usize::try_from(drift.host_count).unwrap_or(usize::MAX);
    match (count.saturating_sub(named.len()), named.as_slice()) {
        (0, [head @ .., last]) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        (0, all) => all.join(", "),
        (more, all) => format!("{} and {more} more", all.join(", ")),
    }
}

fn shown(shown: &Shown) -> String {
    match &shown.display {
        _ if !shown.present => "nothing".to_owned(),
        _ if shown.secret => "a secret".to_owned(),
        Some(display) if display.as_str().is_empty() => "an empty value".to_owned(),
        Some(display) => display.as_str().to_owned(),
        None => "a value".to_owned(),
    }
}

/// A stretch of time as people say it, in its one or two largest units.
#[must_use]
pub fn lasting(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours) = (minutes / 1_440, minutes / 60);
    let unit = |count: i64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => unit(minutes, "minute"),
        (0, hours, _) => unit(hours, "hour"),
        (days, ..) => unit(days, "day"),
    }
}

#[cfg(test)]
mod tests;
