//! What becomes known later: reverted, flapping, adopted.

use driftline_compare::judge::later::{ALTERNATIONS, FLAPPING_MS, Outcome, REVERT_MS_MAX, Step, Trail, adopted};
use driftline_compare::judge::{Evidence, Stretch};
use driftline_compare::{Mark, Verdict};
use proptest::prelude::*;

use crate::world::{book, change, push};

/// A key that goes to and fro at these times: absent, there, absent.
fn driven(times: &[i64]) -> Vec<Outcome> {
    let mut trail = Trail::default();
    let value = |there: bool| there.then_some([1; 32]);
    let step = |(at, at_ms): (usize, &i64)| {
        let there = at % 2 == 0;
        let change = u64::try_from(at).unwrap() + 1;
        let step = Step { change, before: value(!there), after: value(there), at_ms: *at_ms, actor: None };
        trail.push(step)
    };
    times.iter().enumerate().map(step).collect()
}

fn marks(outcome: &Outcome) -> Vec<(u64, Mark)> {
    outcome.later.iter().map(|later| (later.change, later.mark)).collect()
}

#[test]
fn j4_three_turns_are_reverts_four_a_fight_and_five_the_same_fight() {
    let seen = driven(&[0, 1_000, 2_000, 3_000, 4_000]);
    let told: Vec<_> = seen.iter().map(|one| (marks(one), one.flapping, one.quiet)).collect();
    let expected = [
        (vec![], false, false),
        (vec![(1, Mark::Reverted)], false, false),
        (vec![(2, Mark::Reverted)], false, false),
        (vec![(1, Mark::Flapping)], true, false),
        (vec![], true, true),
    ];
    assert_eq!(told, expected);
}

#[test]
fn j4_a_fight_takes_ten_minutes_at_most_and_ends_with_ten_quiet_ones() {
    for (last_ms, fights) in [(FLAPPING_MS - 1, true), (FLAPPING_MS, true), (FLAPPING_MS + 1, false)] {
        let seen = driven(&[0, 1, 2, last_ms]);
        assert_eq!((seen[3].flapping, marks(&seen[3])[0].1 == Mark::Flapping), (fights, fights), "{last_ms}");
    }
    for (rest_ms, quiet) in [(FLAPPING_MS, true), (FLAPPING_MS + 1, false)] {
        let seen = driven(&[0, 1, 2, 3, 3 + rest_ms]);
        assert_eq!((seen[4].flapping, seen[4].quiet), (quiet, quiet), "{rest_ms}");
        // After the rest it went back once more: that is told as such.
        assert_eq!(marks(&seen[4]), if quiet { vec![] } else { vec![(4, Mark::Reverted)] });
    }
}

#[test]
fn a_value_is_reverted_to_the_millisecond_of_an_hour() {
    for (after_ms, reverted) in [(0, true), (REVERT_MS_MAX, true), (REVERT_MS_MAX + 1, false)] {
        assert_eq!(!driven(&[5, 5 + after_ms])[1].later.is_empty(), reverted, "{after_ms}");
    }
}

#[test]
fn j3_a_hotfix_that_is_committed_later_keeps_its_verdict_and_is_adopted() {
    let hotfix = change(Some(9), 100_000);
    let before = hotfix.judged(&book(&[push(0, &[("A", 1)])], Vec::new(), ""));
    assert_eq!(before.verdict, Verdict::ContentMismatch);
    let later = adopted(42, before.verdict, (100_000, 3_700_000), "abc").unwrap();
    assert_eq!((later.change, later.mark), (42, Mark::Adopted));
    assert_eq!(later.evidence, Evidence::AdoptedBy { revision: "abc".to_owned(), after_ms: 3_600_000 });
    // From the push on the same value is authorised.
    let after = book(&[push(0, &[("A", 1)]), push(3_700_000, &[("A", 9)])], Vec::new(), "");
    assert_eq!(change(Some(9), 3_800_000).judged(&after).verdict, Verdict::Authorised);
    assert_eq!(adopted(42, Verdict::Authorised, (0, 1), "abc"), None, "what was meant needs no adopting");
}

#[test]
fn the_clock_of_an_agent_puts_nothing_into_the_future() {
    for (observed, since, skew, now, expected) in [
        (1_000, None, 0, 5_000, (1_000, 1_000)),
        (9_000, None, 4_500, 5_000, (4_500, 4_500)),
        (9_000, None, 0, 5_000, (5_000, 5_000)),
        (9_000, Some(8_000), 0, 5_000, (5_000, 5_000)),
        (3_000, Some(2_000), -1_000, 5_000, (3_000, 4_000)),
        (i64::MIN, Some(i64::MIN), i64::MAX, 0, (i64::MIN, i64::MIN)),
    ] {
        let (since_ms, until_ms) = expected;
        assert_eq!(Stretch::of_agent(observed, since, skew, now), Stretch { since_ms, until_ms }, "{observed}");
    }
}

proptest! {
    #[test]
    fn j4_a_fight_is_told_once_until_it_rests(gaps in prop::collection::vec(0_i64..=700_000, 1..40)) {
        let times: Vec<i64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
        let seen = driven(&times);
        let mut told = false;
        for (at, one) in seen.iter().enumerate() {
            let rested = at > 0 && times[at] - times[at - 1] > FLAPPING_MS;
            let four = at + 1 >= ALTERNATIONS && times[at] - times[at + 1 - ALTERNATIONS] <= FLAPPING_MS;
            let quiet = told && !rested;
            told = quiet || four;
            prop_assert_eq!((one.flapping, one.quiet), (told, quiet), "at {}", at);
            prop_assert_eq!(one.later.len(), usize::from(at > 0 && !quiet));
        }
    }
}
