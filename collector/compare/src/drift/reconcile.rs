//! What becomes of known drifts when the fleet was looked at again.
//!
//! A state machine without memory: the same looks give the same drifts in
//! whatever order they come, and looking twice changes nothing. What could not
//! be looked at stays as it is: nothing is resolved by blindness.

use std::collections::{BTreeMap, BTreeSet};

use super::{Drift, Event, Identity, Look, Observed, State, Turn, Uncovered, Way};
use crate::acceptance::Active;

/// What is to be kept of one drift from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The drift. Its number is 0 until it is given one.
    pub drift: Drift,
    /// Whether nobody knew it.
    pub is_new: bool,
    /// Whether it began, or began again: who began it is to be looked up.
    pub began: bool,
}

/// Holds known drifts against what was seen. Gives only what changed, by
/// identity. What was not looked at keeps its state, but for acceptances, which
/// begin and end by themselves.
#[must_use]
pub fn reconcile(
    known: &[Drift],
    seen: &BTreeMap<Identity, Look>,
    acceptances: &[Active<'_>],
    now_ms: i64,
) -> Vec<Step> {
    let before: BTreeMap<&Identity, &Drift> = known.iter().map(|drift| (&drift.identity, drift)).collect();
    let all: BTreeSet<&Identity> = before.keys().copied().chain(seen.keys()).collect();
    let mut steps = Vec::new();
    for identity in all {
        let was = before.get(identity).copied();
        let Some((mut drift, began)) = next(was, identity, seen.get(identity), now_ms) else { continue };
        cover(&mut drift, acceptances, now_ms);
        if was != Some(&drift) {
            steps.push(Step { drift, is_new: was.is_none(), began });
        }
    }
    steps
}

/// The drift after the look, and whether it began by it.
fn next(was: Option<&Drift>, identity: &Identity, look: Option<&Look>, now_ms: i64) -> Option<(Drift, bool)> {
    match (was, look) {
        (None, Some(Look::Differs(observed))) => Some((opened(identity, observed, now_ms), true)),
        (None, _) => None,
        (Some(drift), Some(Look::Differs(observed))) if drift.state.is_there() => {
            Some((still_there(drift, observed, now_ms), false))
        }
        (Some(drift), Some(Look::Differs(observed))) => Some((reopened(drift, observed, now_ms), true)),
        (Some(drift), Some(Look::Agrees { actual, by })) if drift.state.is_there() => {
            Some((ended(drift, actual.as_ref(), by, now_ms), false))
        }
        (Some(drift), _) => Some((drift.clone(), false)),
    }
}

fn opened(identity: &Identity, observed: &Observed, now_ms: i64) -> Drift {
    let since_ms = observed.since_ms.min(now_ms);
    let mut drift = Drift {
        number: 0,
        identity: identity.clone(),
        kind: observed.kind,
        state: State::Open,
        way: observed.way,
        severity: observed.severity,
        class: observed.class,
        opened_ms: since_ms,
        first_opened_ms: since_ms,
        ended_ms: None,
        opener: None,
        hosts: Vec::new(),
        host_count: 0,
        of_hosts: 0,
        expected: observed.expected.clone(),
        expected_by: observed.expected_by.clone(),
        actual: observed.actual.clone(),
        content: observed.content,
        content_actual: observed.content_actual,
        acceptance: None,
        turns: Vec::new(),
        turns_left_out: 0,
        reopened: 0,
    };
    drift.turned(now_ms, Turn::Opened);
    described(&mut drift, observed);
    drift
}

fn reopened(drift: &Drift, observed: &Observed, now_ms: i64) -> Drift {
    let mut drift = drift.clone();
    // Not before it had ended: the time between was without it.
    let ended_ms = drift.ended_ms.unwrap_or(observed.since_ms);
    drift.opened_ms = observed.since_ms.max(ended_ms).min(now_ms);
    drift.ended_ms = None;
    drift.state = State::Open;
    drift.acceptance = None;
    drift.opener = None;
    drift.reopened = drift.reopened.saturating_add(1);
    drift.turned(now_ms, Turn::Reopened);
    drift.content = observed.content;
    drift.content_actual = observed.content_actual;
    described(&mut drift, observed);
    drift
}

fn still_there(drift: &Drift, observed: &Observed, now_ms: i64) -> Drift {
    let mut drift = drift.clone();
    if drift.content != observed.content {
        drift.content = observed.content;
        drift.content_actual = observed.content_actual;
        drift.turned(now_ms, Turn::Changed);
    }
    // A difference that became another one is no younger: an age never shrinks.
    drift.opened_ms = drift.opened_ms.min(observed.since_ms.max(last_end_ms(&drift)));
    drift.first_opened_ms = drift.first_opened_ms.min(drift.opened_ms);
    described(&mut drift, observed);
    drift
}

/// When it ended before this life: it was not there then.
fn last_end_ms(drift: &Drift) -> i64 {
    let ends = |event: &&Event| matches!(event.turn, Turn::Resolved | Turn::Adopted(_));
    drift.turns.iter().rev().find(ends).map_or(i64::MIN, |event| event.at_ms)
}

/// What is only told of a drift, and may be told otherwise at each look.
fn described(drift: &mut Drift, observed: &Observed) {
    drift.kind = observed.kind;
    drift.way = observed.way;
    drift.severity = observed.severity.max(drift.severity_at_opening());
    drift.class = observed.class;
    drift.hosts.clone_from(&observed.hosts);
    drift.host_count = observed.host_count;
    drift.of_hosts = observed.of_hosts;
    drift.expected = observed.expected.clone();
    drift.expected_by.clone_from(&observed.expected_by);
    drift.actual = observed.actual.clone();
}

fn ended(drift: &Drift, actual: Option<&[u8; 32]>, by: &str, now_ms: i64) -> Drift {
    let mut drift = drift.clone();
    // What is stale was declared before: it never was anybody's to adopt.
    let adopted = actual == Some(&drift.content_actual) && drift.way != Way::Stale;
    let (state, turn) = match adopted {
        true => (State::Adopted, Turn::Adopted(by.to_owned())),
        false => (State::Resolved, Turn::Resolved),
    };
    drift.state = state;
    drift.ended_ms = Some(now_ms.max(drift.opened_ms));
    drift.acceptance = None;
    drift.turned(now_ms, turn);
    drift
}

/// Acceptances come and go beside what is seen.
fn cover(drift: &mut Drift, acceptances: &[Active<'_>], now_ms: i64) {
    if !drift.state.is_there() {
        return;
    }
    let covering = acceptances.iter().filter(|one| one.covers(drift, now_ms));
    // Whoever looks finds the same one: it lasts longest, and is the oldest of those.
    let best = covering.max_by_key(|one| (one.acceptance.expires_ms, std::cmp::Reverse(one.acceptance.number)));
    let number = best.map(|one| one.acceptance.number);
    if number == drift.acceptance {
        return;
    }
    if let (Some(old), None) = (drift.acceptance, number) {
        let why = uncovered(old, acceptances, now_ms);
        drift.turned(now_ms, Turn::AcceptanceEnded(old, why));
    }
    if let Some(number) = number {
        drift.turned(now_ms, Turn::Accepted(number));
    }
    drift.acceptance = number;
    drift.state = if number.is_some() { State::Accepted } else { State::Open };
}

fn uncovered(number: u64, acceptances: &[Active<'_>], now_ms: i64) -> Uncovered {
    let acceptance = acceptances.iter().map(|one| one.acceptance).find(|one| one.number == number);
    match acceptance {
        Some(one) if one.revoked.is_some() => Uncovered::Revoked,
        Some(one) if now_ms < one.expires_ms => Uncovered::OtherValue,
        Some(_) | None => Uncovered::Expired,
    }
}
