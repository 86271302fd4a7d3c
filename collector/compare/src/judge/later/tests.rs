use super::*;

fn step(change: u64, before: u8, after: u8, at_ms: i64) -> Step {
    let actor = Some(if change.is_multiple_of(2) { "puppet" } else { "cron" }.to_owned());
    Step { change, before: Some([before; 32]), after: Some([after; 32]), at_ms, actor }
}

#[test]
fn a_value_that_goes_back_soon_reverts_the_change_before() {
    let mut trail = Trail::default();
    assert_eq!(trail.push(step(1, 0, 1, 0)), Outcome::default());
    let outcome = trail.push(step(2, 1, 0, 5_000));
    assert_eq!(outcome.later.len(), 1);
    assert_eq!((outcome.later[0].change, outcome.later[0].mark), (1, Mark::Reverted));
    assert_eq!(outcome.later[0].evidence, Evidence::RevertedBy { change: 2, after_ms: 5_000 });
    assert!(!outcome.flapping && !outcome.quiet);
}

#[test]
fn a_value_that_goes_back_after_the_hour_or_to_a_third_one_reverts_nothing() {
    let mut trail = Trail::default();
    trail.push(step(1, 0, 1, 0));
    assert_eq!(trail.push(step(2, 1, 0, REVERT_MS_MAX + 1)), Outcome::default());
    assert_eq!(trail.push(step(3, 0, 2, REVERT_MS_MAX + 2)), Outcome::default());
    assert_eq!(trail.push(step(4, 2, 1, REVERT_MS_MAX + 3)), Outcome::default());
}

#[test]
fn j4_two_automations_that_fight_are_one_finding_and_then_quiet() {
    let mut trail = Trail::default();
    let mut findings = Vec::new();
    for n in 1..=20_u64 {
        let to = u8::from(!n.is_multiple_of(2));
        let outcome = trail.push(step(n, 1 - to, to, i64::try_from(n).unwrap() * 60_000));
        assert_eq!(outcome.flapping, n >= 4, "{n}");
        assert_eq!(outcome.quiet, n > 4, "{n}");
        findings.extend(outcome.later.into_iter().filter(|later| later.mark == Mark::Flapping));
    }
    assert_eq!(findings.len(), 1);
    let Evidence::Alternates { times, within_ms, actors } = &findings[0].evidence else { panic!() };
    assert_eq!((*times, *within_ms, findings[0].change), (4, 180_000, 1));
    assert_eq!(actors, &["cron", "puppet"]);
    let words = findings[0].evidence.sentence();
    assert_eq!(words, "the value went to and fro 4 times within 3 min, by cron and puppet");
}

#[test]
fn a_fight_that_rested_is_told_of_again() {
    let mut trail = Trail::default();
    let run = |trail: &mut Trail, from: i64| -> Vec<bool> {
        (1..=5_u64)
            .map(|n| {
                let to = u8::from(!n.is_multiple_of(2));
                trail.push(step(n, 1 - to, to, from + i64::try_from(n).unwrap() * 1_000)).quiet
            })
            .collect()
    };
    assert_eq!(run(&mut trail, 0), [false, false, false, false, true]);
    // The fifth left 1, the next goes 0 to 1: somebody else was there between.
    assert_eq!(run(&mut trail, FLAPPING_MS * 2), [false, false, false, false, true]);
}

#[test]
fn four_slow_alternations_are_no_fight() {
    let mut trail = Trail::default();
    for n in 1..=8_u64 {
        let to = u8::from(!n.is_multiple_of(2));
        let outcome = trail.push(step(n, 1 - to, to, i64::try_from(n).unwrap() * 240_000));
        assert!(!outcome.flapping, "{n}");
    }
}

#[test]
fn j3_only_what_was_not_meant_is_adopted() {
    for verdict in Verdict::ALL {
        let later = adopted(7, verdict, (1_000, 3_601_000), "abc");
        assert_eq!(later.is_some(), !verdict.is_green(), "{verdict}");
        if let Some(later) = later {
            assert_eq!((later.change, later.mark), (7, Mark::Adopted));
            assert_eq!(later.evidence.sentence(), "revision abc declared the same content 60 min later");
        }
    }
}
