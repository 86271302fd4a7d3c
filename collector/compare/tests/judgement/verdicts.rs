//! Verdicts on changes, by what CI/CD and operators gave.

use driftline_canon::Confidence;
use driftline_compare::Verdict;
use driftline_compare::judge::book::{Made, REVISIONS_KEPT};
use driftline_compare::judge::{Blind, EVIDENCE_MAX, Evidence, Missing, Stretch};
use proptest::prelude::*;

use crate::world::{Change, MADE, Push, book, change, program, push, window};

const SETTLE: i64 = 30_000;
const DPKG: &str = "[[actor]]\nname = \"packages\"\npackage_manager = \"dpkg\"\neffect = \"authorises\"\n";
const FREEZE: &str = "[[freeze]]\nselector = \"production\"\nfrom = 1970-01-01T00:00:10Z\n\
                      until = 1970-01-01T00:00:20Z\nreason = \"audit\"\n";

#[test]
fn j1_the_value_before_is_right_until_the_deployment_has_settled() {
    let book = book(&[push(0, &[("A", 1)]), push(100_000, &[("A", 2)])], Vec::new(), "");
    let settled = 100_000 + SETTLE;
    for (after, at_ms, verdict) in [
        (1, 99_999, Verdict::Authorised),
        (1, settled - 1, Verdict::Authorised),
        (1, settled, Verdict::ContentMismatch),
        (2, settled - 1, Verdict::Authorised),
        (2, settled, Verdict::Authorised),
        (3, settled - 1, Verdict::ContentMismatch),
    ] {
        assert_eq!(change(Some(after), at_ms).judged(&book).verdict, verdict, "{after} at {at_ms}");
    }
    // Declared a little later than it came: the evidence says by how much.
    let early = change(Some(2), 99_000).judged(&book);
    assert_eq!(early.verdict, Verdict::Authorised);
    assert!(matches!(early.evidence[0], Evidence::Declared { pushed_after_ms: Some(1_000), .. }), "{early:?}");
}

#[test]
fn j1_what_is_held_is_told_when_the_last_deployment_has_settled() {
    let pushes =
        [push(100_000, &[("A", 1)]), push(110_000, &[("A", 2)]), Push { source: "nginx", ..push(120_000, &[]) }];
    let settled = |policy: &str, now_ms: i64| {
        let book = book(&pushes, Vec::new(), policy);
        change(Some(1), now_ms).asked(|question| book.settled_ms(question, now_ms))
    };
    for (now_ms, due_ms) in [
        (99_999, None),
        (100_000, Some(130_000)),
        (109_999, Some(130_000)),
        (110_000, Some(140_000)),
        (139_999, Some(140_000)),
        // A push of another source holds nothing of this one.
        (140_000, None),
    ] {
        assert_eq!(settled("", now_ms), due_ms, "{now_ms}");
    }
    assert_eq!(settled("[settle]\nseconds = 0\n", 110_000), None, "a policy may hold nothing");
    assert_eq!(settled("[settle]\nseconds = 60\n", 140_000), Some(170_000));
}

#[test]
fn j2_a_window_does_not_cover_what_its_deployment_leaves_out() {
    let deployment = Push { source: "nginx", ticket: Some("CHG-1"), ..push(0, &[("B", 1)]) };
    let windows = vec![window("CHG-1", 1_000, 2_000)];
    let verdict = |pushes: &[Push], at_ms| change(Some(9), at_ms).judged(&book(pushes, windows.clone(), "")).verdict;
    assert_eq!(verdict(std::slice::from_ref(&deployment), 1_500), Verdict::OutOfBand);
    let unrelated = Push { ticket: Some("CHG-2"), ..deployment.clone() };
    for (at_ms, expected) in [
        (999, Verdict::OutOfBand),
        (1_000, Verdict::WindowOnly),
        (1_999, Verdict::WindowOnly),
        (2_000, Verdict::OutOfBand),
    ] {
        assert_eq!(verdict(std::slice::from_ref(&unrelated), at_ms), expected, "{at_ms}");
    }
    // Declared with another value it is a mismatch, window or not.
    let contained = Push { source: "app", items: vec![("A", 1)], ..deployment };
    assert_eq!(verdict(&[contained], 1_500), Verdict::ContentMismatch);
}

#[test]
fn j5_a_package_manager_is_its_installed_program_run_by_root_for_certain() {
    let book = |pushes: &[Push], more: &str| book(pushes, Vec::new(), &format!("{DPKG}{more}"));
    let by = |path, uid, sure| Change { actor: Some(program(path, uid, sure)), ..change(Some(9), 15_000) };
    for (path, uid, sure, verdict) in [
        ("/usr/bin/dpkg", 0, Confidence::Exact, Verdict::Authorised),
        ("/usr/bin/ucf", 0, Confidence::Exact, Verdict::Authorised),
        ("/usr/bin/dpkg", 1_000, Confidence::Exact, Verdict::OutOfBand),
        ("/tmp/dpkg", 0, Confidence::Exact, Verdict::OutOfBand),
        ("/usr/bin/rpm", 0, Confidence::Exact, Verdict::OutOfBand),
        ("/usr/bin/dpkg", 0, Confidence::Probable, Verdict::OutOfBand),
        ("/usr/bin/dpkg", 0, Confidence::Unknown, Verdict::OutOfBand),
    ] {
        assert_eq!(by(path, uid, sure).judged(&book(&[], "")).verdict, verdict, "{path} by {uid}, {sure:?}");
    }
    // It outranks neither what was declared nor a freeze.
    let sure = by("/usr/bin/dpkg", 0, Confidence::Exact);
    assert_eq!(sure.judged(&book(&[push(0, &[("A", 1)])], "")).verdict, Verdict::ContentMismatch);
    assert_eq!(sure.judged(&book(&[], FREEZE)).verdict, Verdict::OutOfBand);
}

#[test]
fn a_freeze_lets_through_what_was_declared_and_nothing_else() {
    let (open, pushes) = (vec![window("CHG-1", 0, 60_000)], [push(0, &[("B", 1)])]);
    let book = book(&[push(0, &[("A", 1)])], open.clone(), FREEZE);
    assert_eq!(change(Some(1), 15_000).judged(&book).verdict, Verdict::Authorised);
    let hand = change(Some(9), 15_000).judged(&book);
    assert_eq!(hand.verdict, Verdict::OutOfBand);
    assert!(hand.evidence.iter().any(|one| matches!(one, Evidence::Frozen { reason } if reason == "audit")));
    assert!(hand.evidence.iter().any(|one| matches!(one, Evidence::DeclaredOtherwise { .. })), "{hand:?}");
    // Absent by declaration, at each edge of the freeze.
    let book = crate::world::book(&pushes, open, FREEZE);
    for at_ms in [9_999, 10_000, 19_999, 20_000] {
        let frozen = (10_000..20_000).contains(&at_ms);
        let expected = if frozen { Verdict::OutOfBand } else { Verdict::ContentMismatch };
        assert_eq!(change(Some(9), at_ms).judged(&book).verdict, expected, "{at_ms}");
        assert_eq!(change(None, at_ms).judged(&book).verdict, Verdict::Authorised, "{at_ms}");
    }
}

#[test]
fn j9_a_blind_change_is_frozen_or_in_a_window_only_for_its_whole_stretch() {
    let verdict = |since_ms, until_ms, windows, policy| {
        let when = Stretch { since_ms, until_ms };
        let blind = Change { when, blind: Some(Blind::Unobserved), ..change(Some(9), 0) };
        blind.judged(&book(&[], windows, policy)).verdict
    };
    for (since_ms, until_ms, expected) in [
        (10_000, 19_999, Verdict::OutOfBand),
        (9_999, 19_999, Verdict::Undetermined),
        (10_000, 20_000, Verdict::Undetermined),
    ] {
        assert_eq!(verdict(since_ms, until_ms, Vec::new(), FREEZE), expected, "{since_ms} to {until_ms}");
        let window = vec![window("CHG-1", 10_000, 20_000)];
        let inside = expected == Verdict::OutOfBand;
        let expected = if inside { Verdict::WindowOnly } else { Verdict::Undetermined };
        assert_eq!(verdict(since_ms, until_ms, window, ""), expected, "window, {since_ms} to {until_ms}");
    }
}

#[test]
fn j9_nothing_given_or_digests_of_another_making_are_no_verdict() {
    let book = book(&[push(0, &[("A", 1)])], vec![window("CHG-1", 0, 100)], FREEZE);
    let elsewhere = Change { environment: "staging", ..change(Some(1), 50) }.judged(&book);
    assert_eq!(elsewhere.verdict, Verdict::Undetermined);
    for made in [Made { fleet_key_epoch: 2, ..MADE }, Made { canonical_form: 2, ..MADE }] {
        for (after, at_ms) in [(Some(1), 50), (Some(9), 50), (None, 50), (Some(9), 15_000)] {
            let judged = change(after, at_ms).judged_as(&book, made);
            assert_eq!(judged.verdict, Verdict::Undetermined, "{after:?} at {at_ms}: not even a freeze tells");
            assert!(judged.missing.iter().any(|one| matches!(one, Missing::OtherKey { .. })), "{judged:?}");
        }
    }
}

#[test]
fn a_revision_that_is_over_says_since_when_and_why() {
    let expiring = Push { expires_ms: Some(150_000), ..push(0, &[("A", 1)]) };
    let only = book(std::slice::from_ref(&expiring), Vec::new(), "");
    assert_eq!(change(Some(1), 149_999).judged(&only).verdict, Verdict::Authorised);
    let over = change(Some(1), 150_500).judged(&only);
    assert_eq!(over.verdict, Verdict::OutOfBand);
    assert!(matches!(over.missing[0], Missing::Expired { ago_ms: 500, .. }), "{over:?}");
    // Whichever came first is why: the next one settled before or after the end.
    for (next_ms, superseded) in [(100_000, true), (120_000, false), (140_000, false)] {
        let next = Push { source: "app", ..push(next_ms, &[("A", 2)]) };
        let judged = change(Some(1), 200_000).judged(&book(&[expiring.clone(), next], Vec::new(), ""));
        assert_eq!(judged.verdict, Verdict::ContentMismatch);
        assert_eq!(matches!(judged.missing[0], Missing::Superseded { .. }), superseded, "{next_ms}: {judged:?}");
        assert!(superseded || matches!(judged.missing[0], Missing::Expired { ago_ms: 50_000, .. }), "{judged:?}");
    }
}

#[test]
fn what_is_for_fewer_hosts_counts_alone_once_it_has_settled() {
    let selectors = ["production", "env=production,role=web", "env=production,host=web-1", "role=web", "staging"];
    let pushes: Vec<Push> = selectors
        .iter()
        .zip(1_u8..)
        .map(|(selector, value)| Push { selector, ..push(i64::from(value) * 1_000, &[("A", value)]) })
        .collect();
    let all = book(&pushes, Vec::new(), "");
    let right = |at_ms: i64| -> Vec<u8> {
        (1..=5).filter(|value| change(Some(*value), at_ms).judged(&all).verdict == Verdict::Authorised).collect()
    };
    assert_eq!(right(10_000), [1, 2, 3, 4], "while they are rolled out");
    assert_eq!(right(3_000 + SETTLE - 1), [2, 3, 4], "that of the role has settled");
    assert_eq!(right(3_000 + SETTLE), [3], "that of the host has, and an older, wider one is no excuse");
    let other = change(Some(4), 900_000).judged(&all);
    assert_eq!(other.verdict, Verdict::ContentMismatch);
    assert!(
        matches!(&other.evidence[..], [Evidence::DeclaredOtherwise { revision, .. }] if revision == "r3"),
        "{other:?}"
    );
    assert!(matches!(&other.missing[0], Missing::Overruled { revision } if revision == "r4"), "{other:?}");
    // A later push for all hosts takes nothing from what is for one.
    let late = Push { selector: "production", ..push(800_000, &[("A", 7)]) };
    let late = book(&[&pushes[..], &[late]].concat(), Vec::new(), "");
    assert_eq!(change(Some(7), 900_000).judged(&late).verdict, Verdict::ContentMismatch);
    assert_eq!(change(Some(3), 900_000).judged(&late).verdict, Verdict::Authorised);
}

#[test]
fn several_revisions_that_are_rolled_out_each_have_a_say_and_the_newest_speaks_first() {
    let pushes: Vec<Push> = (1..=4_u8).map(|value| push(i64::from(value) * 1_000, &[("A", value)])).collect();
    let judged = change(Some(5), 10_000).judged(&book(&pushes, Vec::new(), ""));
    let named = judged.evidence.iter().map(|one| match one {
        Evidence::DeclaredOtherwise { revision, .. } => revision.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(named.collect::<Vec<_>>(), ["r4", "r3", "r2", "r1"]);
}

#[test]
fn a_revision_for_a_time_gives_way_to_the_one_before_it() {
    let hotfix = Push { expires_ms: Some(200_000), ..push(100_000, &[("A", 2)]) };
    let pushes: Vec<Push> = [push(0, &[("A", 1)])].into_iter().chain(vec![hotfix; 12]).collect();
    let book = book(&pushes, Vec::new(), "");
    for (at_ms, right, wrong) in [(150_000, 2, 1), (199_999, 2, 1), (200_000, 1, 2), (900_000, 1, 2)] {
        assert_eq!(change(Some(right), at_ms).judged(&book).verdict, Verdict::Authorised, "at {at_ms}");
        assert_eq!(change(Some(wrong), at_ms).judged(&book).verdict, Verdict::ContentMismatch, "at {at_ms}");
    }
}

#[test]
fn j9_what_nobody_watched_is_held_against_a_revision_at_both_ends() {
    let expiring = Push { expires_ms: Some(200_000), ..push(0, &[("A", 1)]) };
    let book = book(&[expiring], Vec::new(), "");
    let blind = |after, since_ms, until_ms| {
        let when = Stretch { since_ms, until_ms };
        Change { when, blind: Some(Blind::Unobserved), ..change(Some(after), 0) }.judged(&book).verdict
    };
    assert_eq!(blind(1, 100_000, 199_999), Verdict::Authorised);
    for after in [1, 9] {
        assert_eq!(blind(after, 199_999, 200_000), Verdict::Undetermined, "{after}");
    }
    assert_eq!(blind(9, 100_000, 199_999), Verdict::ContentMismatch);
}

#[test]
fn a_burst_of_pushes_keeps_the_newest_and_bounded_evidence() {
    let pushes: Vec<Push> = (1..=10_u8).map(|value| push(i64::from(value), &[("A", value)])).collect();
    let book = book(&pushes, Vec::new(), "");
    let right = |value: u8| change(Some(value), 100).judged(&book).verdict == Verdict::Authorised;
    assert_eq!((1..=10).filter(|value| right(*value)).count(), REVISIONS_KEPT);
    assert!(right(10) && !right(1));
    let other = change(Some(99), 100).judged(&book);
    assert_eq!((other.verdict, other.evidence.len()), (Verdict::ContentMismatch, EVIDENCE_MAX));
}

fn any_pushes() -> impl Strategy<Value = Vec<Push>> {
    let selector = prop_oneof![
        4 => Just("production"),
        1 => Just("env=production,role=web"),
        1 => Just("env=production,host=web-1"),
        1 => Just("env=production,role=db"),
    ];
    let one = (0_i64..60_000, 0_u8..3, prop::option::weighted(0.3, 0_i64..200_000), selector);
    prop::collection::vec(one, 0..7).prop_map(|all| {
        let mut at_ms = 0;
        let pushed = |(gap, value, expires_ms, selector)| {
            at_ms += gap;
            Push { expires_ms, selector, ..push(at_ms, &[("A", value)]) }
        };
        all.into_iter().map(pushed).collect()
    })
}

/// What counts for web-1 at a moment, in plain words: of what has not expired,
/// that for the host comes before that for its role and that before the rest,
/// the newer before the older; and what comes after one that has settled does
/// not count.
fn counting(pushes: &[Push], at_ms: i64) -> Vec<u8> {
    let order = ["env=production,host=web-1", "env=production,role=web", "production"];
    let mut said = Vec::new();
    for selector in order {
        for one in pushes.iter().rev().filter(|one| one.selector == selector) {
            if one.expires_ms.is_some_and(|end| end <= at_ms) {
                continue;
            }
            said.push(one.items[0].1);
            if one.pushed_ms + SETTLE <= at_ms {
                return said;
            }
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Said once more in plain words: content alone, by those that count then,
    /// and at both ends of what nobody watched.
    #[test]
    fn content_decides_by_the_revisions_that_count_at_the_time(
        pushes in any_pushes(), after in prop::option::of(0_u8..4), until_ms in 0_i64..400_000,
        unwatched_ms in prop::option::weighted(0.4, 0_i64..100_000),
    ) {
        let blind = unwatched_ms.map(|_| Blind::Unobserved);
        let since_ms = until_ms - unwatched_ms.unwrap_or(0);
        let expected_at = |at_ms: i64| match counting(&pushes, at_ms).as_slice() {
            _ if pushes.is_empty() => Verdict::Undetermined,
            said if said.iter().any(|value| Some(*value) == after) => Verdict::Authorised,
            [] if blind.is_some() => Verdict::Undetermined,
            [] => Verdict::OutOfBand,
            _ => Verdict::ContentMismatch,
        };
        let (first, last) = (expected_at(since_ms), expected_at(until_ms));
        let expected = if first == last { last } else { Verdict::Undetermined };
        let asked = Change { when: Stretch { since_ms, until_ms }, blind, ..change(after, 0) };
        let judged = asked.judged(&book(&pushes, Vec::new(), ""));
        prop_assert_eq!(judged.verdict, expected);
        prop_assert!(!judged.evidence.is_empty());
    }

    /// Time alone never authorises, and a freeze never helps.
    #[test]
    fn no_window_and_no_freeze_turns_anything_green(
        pushes in any_pushes(), after in prop::option::of(0_u8..4), at_ms in 0_i64..40_000,
        from_ms in 0_i64..40_000, length in 0_i64..40_000,
    ) {
        let plain = change(after, at_ms).judged(&book(&pushes, Vec::new(), "")).verdict;
        let open = vec![window("CHG-1", from_ms, from_ms + length)];
        let opened = change(after, at_ms).judged(&book(&pushes, open, FREEZE)).verdict;
        prop_assert_eq!(plain.is_green(), opened.is_green());
    }
}
