//! Expectations across three environments: what is meant, what violates, and
//! that nothing unreadable is ever green.

use driftline_canon::{Environment, SourceKind};
use driftline_compare::Severity;
use driftline_compare::compare::{Comparison, Fact, Listing, Place, Side, What};
use driftline_compare::expect::{Given, compare};
use driftline_compare::policy::{Expectation, Must};
use proptest::prelude::*;

use crate::world::key;

/// Hosts of one environment: what each has at `K`; nothing, or not to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Has {
    Value(u8),
    Nothing,
    Unreadable,
}

fn side(name: &str, hosts: &[Has], secret: bool) -> Side {
    let mut side = Side::new(name);
    for (number, has) in hosts.iter().enumerate() {
        let host = format!("{name}-{number}").parse().unwrap();
        let (role, source) = ("web".parse().unwrap(), "app".parse().unwrap());
        let at = side.source(Place { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
        match has {
            Has::Value(value) => {
                side.item(at, Fact { key: &key("K"), digest: &[*value; 32], secret, display: Some("x") })
            }
            Has::Nothing => {}
            Has::Unreadable => side.unreadable(at),
        }
    }
    side
}

fn compared(left: (&str, &[Has]), right: (&str, &[Has]), must: Must, secret: bool) -> Comparison {
    let expectation = Expectation { key: "K".parse().unwrap(), source: "*".parse().unwrap(), must, reason: None };
    let names: [Environment; 2] = [left.0, right.0].map(|name| name.parse().unwrap());
    let given =
        Given { expectations: &[expectation], left: Some(&names[0]), right: Some(&names[1]), ..Given::default() };
    compare(&side(left.0, left.1, secret), &side(right.0, right.1, secret), Listing::Differences, &given)
}

fn numbers(found: &Comparison) -> (u64, u64, u64) {
    (found.differing, found.expected, found.violations)
}

#[test]
fn only_in_two_of_three_environments() {
    use Has::{Nothing, Value};
    let only_in = Must::OnlyIn(["staging", "qa"].map(|name| name.parse().unwrap()).to_vec());
    for (left, right, expected) in [
        (("staging", Value(1)), ("production", Nothing), (0, 1, 0)),
        (("staging", Nothing), ("production", Value(1)), (1, 0, 1)),
        (("staging", Value(1)), ("production", Value(1)), (0, 0, 1)),
        (("staging", Value(1)), ("production", Value(2)), (1, 0, 1)),
        (("staging", Value(1)), ("qa", Value(1)), (0, 0, 0)),
        (("staging", Value(1)), ("qa", Nothing), (1, 0, 0)),
        (("staging", Value(1)), ("qa", Value(2)), (1, 0, 0)),
        (("production", Nothing), ("qa", Value(2)), (0, 1, 0)),
        (("production", Value(1)), ("production-2", Value(1)), (0, 0, 1)),
    ] {
        let found = compared((left.0, &[left.1]), (right.0, &[right.1]), only_in.clone(), false);
        assert_eq!(numbers(&found), expected, "{left:?} {right:?}");
    }
}

#[test]
fn what_must_differ_and_is_shared_by_any_host_of_a_split_side_is_critical() {
    use Has::{Nothing, Value};
    for (left, right, violations) in [
        (vec![Value(1), Value(2)], vec![Value(2), Value(2)], 1),
        (vec![Value(1), Value(2)], vec![Value(3), Value(2)], 1),
        (vec![Value(1), Nothing], vec![Value(1)], 1),
        (vec![Value(1), Value(2)], vec![Value(3), Value(4)], 0),
        (vec![Value(1), Nothing], vec![Value(3), Nothing], 0),
    ] {
        let found = compared(("staging", &left), ("production", &right), Must::Differ, true);
        assert_eq!(found.violations, violations, "{left:?} {right:?}");
        let one = &found.differences[0];
        assert_eq!(
            (one.what, one.meant.is_none(), found.expected),
            (What::Split, true, 0),
            "a split is never as expected"
        );
        assert!(violations == 0 || one.severity == Severity::Critical);
    }
}

fn any_must() -> impl Strategy<Value = Must> {
    let only_in = prop::sample::subsequence(vec!["staging", "production", "qa"], 1..=3);
    let only_in = only_in.prop_map(|names| Must::OnlyIn(names.iter().map(|name| name.parse().unwrap()).collect()));
    prop_oneof![Just(Must::Equal), Just(Must::Differ), Just(Must::Any), only_in]
}

fn any_hosts() -> impl Strategy<Value = Vec<Has>> {
    let has = prop_oneof![(0_u8..3).prop_map(Has::Value), Just(Has::Nothing), Just(Has::Unreadable)];
    prop::collection::vec(has, 1..4)
}

proptest! {
    #[test]
    fn j9_undetermined_is_never_made_green(
        left in any_hosts(), right in any_hosts(), must in any_must(), secret: bool,
    ) {
        let found = compared(("staging", &left), ("production", &right), must, secret);
        let unknown = found.differences.iter().filter(|one| one.what == What::Undetermined);
        for one in unknown {
            prop_assert!(one.meant.is_none());
        }
        // One side is dark, the other is of one mind: nobody can say.
        let dark = |hosts: &[Has]| hosts.iter().all(|has| *has == Has::Unreadable);
        let of_one_mind = |hosts: &[Has]| matches!(hosts[0], Has::Value(_)) && hosts.iter().all(|has| *has == hosts[0]);
        if (dark(&left) && of_one_mind(&right)) || (of_one_mind(&left) && dark(&right)) {
            prop_assert_eq!((found.differing, found.expected, found.accepted), (0, 0, 0));
            prop_assert_eq!(found.undetermined, 1);
        }
    }
}
