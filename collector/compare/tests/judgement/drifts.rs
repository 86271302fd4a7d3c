//! Drifts over several hosts, from the look to the end, and what accepts them.

use std::collections::BTreeMap;

use driftline_canon::{HostName, SourceKind};
use driftline_compare::acceptance::{Acceptance, Active, Covers, Place};
use driftline_compare::drift::observe::{Held, Looking, Pair};
use driftline_compare::drift::{Drift, Identity, Look, Rule, State, Turn, Uncovered, reconcile};
use proptest::prelude::*;

use crate::world::key;

fn identity() -> Identity {
    Identity {
        environment: "production".parse().unwrap(),
        role: "web".parse().unwrap(),
        source: "app".parse().unwrap(),
        rule: Rule::Desired,
        key: key("A"),
    }
}

/// What hosts have and what all of them should have.
fn look(actual: &[u8], expected: u8) -> Look {
    let held = |value: u8| Held { digest: [value; 32], secret: false, display: None, since_ms: 5 };
    let hosts: Vec<HostName> = (1..=actual.len()).map(|number| format!("web-{number}").parse().unwrap()).collect();
    let (actual, expected): (Vec<Held>, Held) = (actual.iter().map(|value| held(*value)).collect(), held(expected));
    let pair = |(host, actual)| Pair {
        host,
        actual: Some(actual),
        expected: Some(&expected),
        by: "revision r",
        stale: false,
        said_ms: 1,
        not_before_ms: 0,
    };
    let pairs: Vec<Pair<'_>> = hosts.iter().zip(&actual).map(pair).collect();
    let looking = Looking { kind: SourceKind::EnvFile, has_secrets: false, weigh: &|_, built_in| built_in };
    looking.at(&key("A"), &pairs)
}

fn step(known: &[Drift], seen: Option<Look>, acceptances: &[Acceptance], now_ms: i64) -> Vec<Drift> {
    let seen: BTreeMap<Identity, Look> = seen.into_iter().map(|one| (identity(), one)).collect();
    let steps = reconcile(known, &seen, &Active::all(acceptances), now_ms);
    match steps.into_iter().next() {
        Some(step) => vec![Drift { number: 7, ..step.drift }],
        None => known.to_vec(),
    }
}

fn after(looks: &[(i64, Look)], acceptances: &[Acceptance]) -> Drift {
    let known = looks.iter().fold(Vec::new(), |known, (at, one)| step(&known, Some(one.clone()), acceptances, *at));
    known.into_iter().next().unwrap()
}

fn turns(drift: &Drift) -> Vec<Turn> {
    drift.turns.iter().map(|event| event.turn.clone()).collect()
}

fn acceptance(number: u64, covers: Covers, expires_ms: i64) -> Acceptance {
    Acceptance {
        number,
        covers,
        reason: "old region".to_owned(),
        owner: "team-db".to_owned(),
        accepted_by: "ada".to_owned(),
        accepted_ms: 0,
        expires_ms,
        revoked: None,
    }
}

fn selected(text: &str) -> Covers {
    Covers::Selected(text.parse().unwrap())
}

#[test]
fn j1_a_role_that_is_repaired_host_by_host_is_one_drift_without_noise() {
    let drift = after(&[(10, look(&[1, 1, 1], 2)), (20, look(&[2, 1, 1], 2)), (30, look(&[2, 2, 1], 2))], &[]);
    assert_eq!((drift.host_count, drift.of_hosts, drift.hosts[0].as_str()), (1, 3, "web-3"));
    assert_eq!((turns(&drift), drift.opened_ms), (vec![Turn::Opened], 5));
    let ended = step(&[drift], Some(look(&[2, 2, 2], 2)), &[], 40);
    assert_eq!((ended[0].state, ended[0].ended_ms), (State::Resolved, Some(40)));
}

#[test]
fn j3_a_drift_is_adopted_if_all_hosts_have_what_is_declared_now() {
    let ended = after(&[(10, look(&[1, 1, 1], 2)), (20, look(&[1, 1, 1], 1))], &[]);
    assert_eq!(ended.state, State::Adopted);
    assert_eq!(turns(&ended), [Turn::Opened, Turn::Adopted("revision r".to_owned())]);
    // One host had it: after the push the others differ, and following is no adoption.
    let other = after(&[(10, look(&[1, 2, 2], 2)), (20, look(&[1, 2, 2], 1))], &[]);
    assert_eq!((other.state, other.host_count, turns(&other)), (State::Open, 2, vec![Turn::Opened, Turn::Changed]));
    assert_eq!(step(&[other], Some(look(&[1, 1, 1], 1)), &[], 30)[0].state, State::Resolved);
}

#[test]
fn one_that_was_adopted_and_comes_back_reopens_under_its_name() {
    let drift = after(&[(10, look(&[1], 2)), (20, look(&[1], 1)), (30, look(&[2], 1))], &[]);
    assert_eq!((drift.name().as_str(), drift.state, drift.reopened), ("d-7", State::Open, 1));
    assert_eq!((drift.opened_ms, drift.first_opened_ms), (20, 5), "not before it had ended");
}

#[test]
fn j11_an_acceptance_ends_to_the_millisecond_and_the_longest_one_counts() {
    let both = [acceptance(1, selected("source=app"), 100), acceptance(2, selected("key=A"), 200)];
    let drift = after(&[(10, look(&[1], 2))], &both);
    assert_eq!((drift.state, drift.acceptance), (State::Accepted, Some(2)));
    for (now_ms, state) in [(199, State::Accepted), (200, State::Open)] {
        assert_eq!(step(std::slice::from_ref(&drift), None, &both, now_ms)[0].state, state, "{now_ms}");
    }
    let open = step(&[drift], None, &both, 200);
    assert_eq!(turns(&open[0]), [Turn::Opened, Turn::Accepted(2), Turn::AcceptanceEnded(2, Uncovered::Expired)]);
    assert_eq!((open[0].opened_ms, open[0].reopened), (5, 0), "its history is its own");
    // The shorter one takes over when the longer one is revoked.
    let drift = after(&[(10, look(&[1], 2))], &both);
    let mut revoked = both;
    revoked[1].revoked = Some(("bob".to_owned(), 50));
    assert_eq!(step(&[drift], None, &revoked, 60)[0].acceptance, Some(1));
}

#[test]
fn an_acceptance_of_one_drift_survives_more_hosts_but_no_other_value() {
    let drift = after(&[(10, look(&[1, 2], 2))], &[]);
    let place = identity();
    let place = (place.environment, place.role, place.source, place.key);
    let one = [acceptance(3, Covers::Drift { number: 7, content: drift.content, place }, 1_000)];
    for (actual, state) in
        [([1, 2], State::Accepted), ([1, 1], State::Accepted), ([1, 3], State::Open), ([3, 2], State::Open)]
    {
        assert_eq!(step(std::slice::from_ref(&drift), Some(look(&actual, 2)), &one, 20)[0].state, state, "{actual:?}");
    }
}

#[test]
fn a_selector_of_acceptances_means_the_parts_that_it_gives() {
    let (environment, source) = ("production".parse().unwrap(), "app".parse().unwrap());
    let drift = after(&[(10, look(&[1], 2))], &[]);
    for (text, of_drift, of_place) in [
        ("source=app", true, true),
        ("env=prod*,role=w?b,key=A", true, true),
        ("kind=desired,source=app", true, false),
        ("kind=baseline,source=app", false, false),
        ("role=db,source=app", false, false),
        ("key=A,B", false, false),
        ("key=re:[A-Z]", true, true),
        ("key=a", false, false),
    ] {
        let one = acceptance(1, selected(text), 100);
        let active = Active { acceptance: &one };
        let place = Place { environment: &environment, role: "web", source: &source, key: &key("A") };
        assert_eq!((active.covers(&drift, 99), active.covers_place(&place, 99)), (of_drift, of_place), "{text}");
        assert!(!active.covers(&drift, 100) && !active.covers_place(&place, 100), "{text}");
    }
}

proptest! {
    /// The end of an acceptance is the same moment for all who ask.
    #[test]
    fn j11_open_and_accepted_follow_the_clock(ends in prop::collection::vec(1_i64..60, 0..4), now_ms in 10_i64..60) {
        let all: Vec<Acceptance> =
            ends.iter().zip(1..).map(|(end, number)| acceptance(number, selected("key=A"), *end)).collect();
        let drift = after(&[(10, look(&[1, 2, 1], 2)), (now_ms, look(&[1, 2, 1], 2))], &all);
        let covered = ends.iter().any(|end| now_ms < *end);
        prop_assert_eq!(drift.state, if covered { State::Accepted } else { State::Open });
        prop_assert_eq!(drift.acceptance.is_some(), covered);
        prop_assert!(all.iter().all(|one| (one.status(now_ms) == "valid") == (now_ms < one.expires_ms)));
    }
}
