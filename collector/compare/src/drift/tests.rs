use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::acceptance::{Acceptance, Active, Covers};

pub(crate) fn identity(key: &str) -> Identity {
    Identity {
        environment: "production".parse().unwrap(),
        role: "web".parse().unwrap(),
        source: "app".parse().unwrap(),
        rule: Rule::Desired,
        key: ItemKey::from_bytes(key.as_bytes()),
    }
}

pub(crate) fn observed(value: u8, since_ms: i64) -> Observed {
    let shown = |text: &str| Shown { present: true, secret: false, display: Some(Masked::from_wire(text.to_owned())) };
    Observed {
        kind: SourceKind::EnvFile,
        way: Way::Differs,
        severity: Severity::Warning,
        class: Class::Functional,
        since_ms,
        hosts: vec!["web-1".parse().unwrap()],
        host_count: 1,
        of_hosts: 3,
        expected: shown("30s"),
        expected_by: "revision abc".to_owned(),
        actual: shown("5s"),
        content: [value; 32],
        content_actual: [value.wrapping_add(100); 32],
    }
}

fn differs(value: u8, since_ms: i64) -> Look {
    Look::Differs(Box::new(observed(value, since_ms)))
}

fn agrees() -> Look {
    Look::Agrees { actual: Some([0; 32]), by: "revision def".to_owned() }
}

fn look(key: &str, look: Look) -> BTreeMap<Identity, Look> {
    BTreeMap::from([(identity(key), look)])
}

/// One look after the other, as the store keeps it.
fn after(looks: &[(i64, Look)], acceptances: &[Acceptance]) -> Drift {
    let mut known: Vec<Drift> = Vec::new();
    for (now_ms, one) in looks {
        let steps = reconcile(&known, &look("A", one.clone()), &Active::all(acceptances), *now_ms);
        if let Some(step) = steps.into_iter().next() {
            known = vec![Drift { number: 1, ..step.drift }];
        }
    }
    known.remove(0)
}

pub(crate) fn acceptance(number: u64, covers: Covers, from_ms: i64, expires_ms: i64) -> Acceptance {
    Acceptance {
        number,
        covers,
        reason: "the old region".to_owned(),
        owner: "team-db".to_owned(),
        accepted_by: "ada".to_owned(),
        accepted_ms: from_ms,
        expires_ms,
        revoked: None,
    }
}

fn turns(drift: &Drift) -> Vec<Turn> {
    drift.turns.iter().map(|event| event.turn.clone()).collect()
}

#[test]
fn a_name_is_read_back_and_nothing_else_is_one() {
    let drift = after(&[(10, differs(1, 5))], &[]);
    assert_eq!((drift.name().as_str(), Drift::number_of("d-1")), ("d-1", Some(1)));
    for text in ["", "d-", "1", "D-1", "d--1", "d-+1", "d-1x", "d-99999999999999999999999"] {
        assert_eq!(Drift::number_of(text), None, "{text}");
    }
}

#[test]
fn it_is_as_old_as_the_value_and_not_as_the_look() {
    let drift = after(&[(1_000, differs(1, 400)), (2_000, differs(1, 400))], &[]);
    assert_eq!((drift.state, drift.opened_ms, drift.age_ms(2_400)), (State::Open, 400, 2_000));
    assert_eq!(turns(&drift), [Turn::Opened]);
}

#[test]
fn a_host_whose_clock_is_ahead_opens_nothing_in_the_future() {
    let drift = after(&[(1_000, differs(1, 9_000))], &[]);
    assert_eq!((drift.opened_ms, drift.age_ms(1_000)), (1_000, 0));
}

#[test]
fn it_ends_resolved_when_what_is_there_moves_and_adopted_when_what_should_be_does() {
    let drift = after(&[(10, differs(1, 5)), (20, agrees())], &[]);
    assert_eq!((drift.state, drift.ended_ms), (State::Resolved, Some(20)));
    let same = Look::Agrees { actual: Some([101; 32]), by: "revision def".to_owned() };
    let drift = after(&[(10, differs(1, 5)), (20, same)], &[]);
    assert_eq!(turns(&drift), [Turn::Opened, Turn::Adopted("revision def".to_owned())]);
    assert_eq!(drift.state, State::Adopted);
}

#[test]
fn one_that_comes_back_is_the_same_one_and_keeps_its_history() {
    let drift = after(&[(10, differs(1, 5)), (20, agrees()), (30, differs(2, 25)), (40, differs(2, 25))], &[]);
    assert_eq!((drift.number, drift.state, drift.reopened), (1, State::Open, 1));
    assert_eq!((drift.opened_ms, drift.first_opened_ms, drift.ended_ms), (25, 5, None));
    assert_eq!(turns(&drift), [Turn::Opened, Turn::Resolved, Turn::Reopened]);
}

#[test]
fn j9_what_could_not_be_looked_at_is_not_resolved() {
    let drift = after(&[(10, differs(1, 5)), (20, Look::Unknown)], &[]);
    assert_eq!(drift.state, State::Open);
    assert_eq!(reconcile(&[drift], &BTreeMap::new(), &[], 30), [], "nor what nobody looked at");
}

#[test]
fn j11_an_acceptance_that_expires_brings_it_back_as_old_as_it_was() {
    let selected = Covers::Selected("source=app,key=A".parse().unwrap());
    let accepted = [acceptance(7, selected, 15, 100)];
    let drift = after(&[(10, differs(1, 5)), (20, differs(1, 5))], &accepted);
    assert_eq!((drift.state, drift.acceptance), (State::Accepted, Some(7)));
    let drift = after(&[(10, differs(1, 5)), (20, differs(1, 5)), (100, differs(1, 5))], &accepted);
    assert_eq!((drift.state, drift.acceptance, drift.opened_ms), (State::Open, None, 5));
    assert_eq!(turns(&drift), [Turn::Opened, Turn::Accepted(7), Turn::AcceptanceEnded(7, Uncovered::Expired)]);
}

#[test]
fn j11_it_expires_though_nobody_looks() {
    let selected = Covers::Selected("source=app,key=A".parse().unwrap());
    let accepted = [acceptance(7, selected, 0, 100)];
    let drift = after(&[(10, differs(1, 5))], &accepted);
    let steps = reconcile(&[drift], &BTreeMap::new(), &Active::all(&accepted), 100);
    assert_eq!(steps[0].drift.state, State::Open);
}

#[test]
fn an_acceptance_of_one_drift_ends_with_its_value() {
    let identity = identity("A");
    let place = (identity.environment, identity.role, identity.source, identity.key);
    let accepted = [acceptance(7, Covers::Drift { number: 1, content: [1; 32], place }, 15, 1_000)];
    let mut known = vec![Drift { number: 1, ..after(&[(10, differs(1, 5))], &[]) }];
    for (now_ms, value, state) in [(20, 1, State::Accepted), (30, 2, State::Open), (40, 1, State::Accepted)] {
        known[0] = reconcile(&known, &look("A", differs(value, 5)), &Active::all(&accepted), now_ms)[0].drift.clone();
        assert_eq!(known[0].state, state, "{value}");
    }
    assert!(turns(&known[0]).contains(&Turn::AcceptanceEnded(7, Uncovered::OtherValue)));
}

#[test]
fn one_that_is_revoked_says_so() {
    let selected = Covers::Selected("source=app,key=A".parse().unwrap());
    let accepted = acceptance(7, selected, 15, 100);
    let drift = after(&[(20, differs(1, 5))], std::slice::from_ref(&accepted));
    let revoked = [Acceptance { revoked: Some(("bob".to_owned(), 30)), ..accepted }];
    let steps = reconcile(&[drift], &look("A", differs(1, 5)), &Active::all(&revoked), 30);
    assert_eq!(turns(&steps[0].drift).last(), Some(&Turn::AcceptanceEnded(7, Uncovered::Revoked)));
}

#[test]
fn j4_two_hands_that_fight_make_one_drift_of_bounded_length() {
    let looks: Vec<(i64, Look)> =
        (0..500).map(|at| (at, if at % 2 == 0 { differs(1, at) } else { agrees() })).collect();
    let drift = after(&looks, &[]);
    assert_eq!((drift.turns.len(), drift.reopened), (TURNS_MAX, 249));
    assert_eq!(drift.turns[0].turn, Turn::Opened);
    assert_eq!(usize::try_from(drift.turns_left_out).unwrap() + TURNS_MAX, 500);
}

#[test]
fn what_is_stale_is_resolved_and_never_adopted() {
    let stale = Observed { way: Way::Stale, ..observed(1, 5) };
    let same = Look::Agrees { actual: Some([101; 32]), by: "revision def".to_owned() };
    let drift = after(&[(10, Look::Differs(Box::new(stale))), (20, same)], &[]);
    assert_eq!(drift.state, State::Resolved);
}

fn any_look() -> impl Strategy<Value = Look> {
    prop_oneof![
        (0_u8..4, 0_i64..100).prop_map(|(value, since_ms)| differs(value, since_ms)),
        (0_u8..4).prop_map(|value| Look::Agrees { actual: Some([value + 100; 32]), by: "r".to_owned() }),
        Just(Look::Unknown),
    ]
}

fn any_looks() -> impl Strategy<Value = Vec<Vec<(u8, Look)>>> {
    let round = proptest::collection::vec((0_u8..5, any_look()), 0..6);
    proptest::collection::vec(round, 1..12)
}

fn any_acceptances() -> impl Strategy<Value = Vec<Acceptance>> {
    let one = (0_u8..5, 1_i64..400, proptest::bool::ANY);
    proptest::collection::vec(one, 0..4).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(number, (key, expires_ms, revoked))| {
            let covers = Covers::Selected(format!("source=app,key=K{key}").parse().unwrap());
            let made = acceptance(number as u64 + 1, covers, 0, expires_ms);
            Acceptance { revoked: revoked.then(|| ("bob".to_owned(), 50)), ..made }
        });
        made.collect()
    })
}

fn merge(known: &mut BTreeMap<Identity, Drift>, steps: Vec<Step>, next: &mut u64) {
    for mut step in steps {
        if step.is_new {
            step.drift.number = *next;
            *next += 1;
        }
        known.insert(step.drift.identity.clone(), step.drift);
    }
}

proptest! {
    #[test]
    fn looking_again_changes_nothing_and_order_does_not_count(
        rounds in any_looks(), acceptances in any_acceptances(),
    ) {
        let active = Active::all(&acceptances);
        let backwards: Vec<Active<'_>> = active.iter().rev().copied().collect();
        let (mut known, mut next) = (BTreeMap::new(), 1);
        for (round, looks) in rounds.into_iter().enumerate() {
            let now_ms = 100 + round as i64 * 30;
            let seen: BTreeMap<Identity, Look> =
                looks.into_iter().map(|(key, look)| (identity(&format!("K{key}")), look)).collect();
            let before: Vec<Drift> = known.values().cloned().collect();
            let turned: Vec<Drift> = before.iter().rev().cloned().collect();
            let steps = reconcile(&before, &seen, &active, now_ms);
            prop_assert_eq!(&steps, &reconcile(&turned, &seen, &backwards, now_ms));
            merge(&mut known, steps, &mut next);
            let after: Vec<Drift> = known.values().cloned().collect();
            prop_assert_eq!(reconcile(&after, &seen, &active, now_ms), Vec::new());
        }
    }

    #[test]
    fn identities_are_stable_ages_never_shrink_and_nothing_that_differs_is_unlisted(
        rounds in any_looks(), acceptances in any_acceptances(),
    ) {
        let active = Active::all(&acceptances);
        let (mut known, mut next) = (BTreeMap::new(), 1);
        for (round, looks) in rounds.into_iter().enumerate() {
            let now_ms = 100 + round as i64 * 30;
            let seen: BTreeMap<Identity, Look> =
                looks.into_iter().map(|(key, look)| (identity(&format!("K{key}")), look)).collect();
            let before: Vec<Drift> = known.values().cloned().collect();
            merge(&mut known, reconcile(&before, &seen, &active, now_ms), &mut next);
            for old in &before {
                let new = &known[&old.identity];
                prop_assert_eq!(old.number, new.number);
                prop_assert!(new.first_opened_ms <= old.first_opened_ms);
                if old.state.is_there() && new.state.is_there() {
                    prop_assert!(new.age_ms(now_ms) >= old.age_ms(now_ms - 30));
                }
            }
            for (identity, look) in &seen {
                match look {
                    Look::Differs(_) => prop_assert!(known[identity].state.is_there()),
                    Look::Agrees { .. } => {
                        prop_assert!(known.get(identity).is_none_or(|drift| !drift.state.is_there()));
                    }
                    Look::Unknown => {}
                }
            }
            for drift in known.values() {
                let covered = active.iter().any(|one| one.covers(drift, now_ms));
                prop_assert_eq!(drift.state == State::Accepted, drift.state.is_there() && covered);
            }
            let numbers: std::collections::BTreeSet<u64> = known.values().map(|drift| drift.number).collect();
            prop_assert_eq!(numbers.len(), known.len());
        }
    }
}
