mod oracle;
mod world;

use driftline_canon::ItemKey;
use proptest::prelude::*;

use super::*;
use world::{World, declared, world};

/// A value that no revision of these tests declares.
const HAND: u8 = 9;

#[track_caller]
fn says(judgement: &Judgement, verdict: Verdict, evidence: &[&str], missing: &[&str]) {
    let spoken: Vec<String> = judgement.evidence.iter().map(Evidence::sentence).collect();
    let lacking: Vec<String> = judgement.missing.iter().map(Missing::sentence).collect();
    assert_eq!((judgement.verdict, spoken, lacking), (verdict, owned(evidence), owned(missing)));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn declared_content_is_authorised_whoever_and_whenever_it_was() {
    let world = World { after: Some(1), declarations: vec![declared("3f2a1c9", 1)], ..World::default() };
    says(&world.judged(), Verdict::Authorised, &["declared by revision 3f2a1c9 for production"], &[]);
    let gone = World { after: None, ..world.clone() };
    assert_eq!(gone.judged().verdict, Verdict::ContentMismatch);
    let absent = World { declarations: vec![world::absent("3f2a1c9")], ..gone };
    says(&absent.judged(), Verdict::Authorised, &["declared absent by revision 3f2a1c9 for production"], &[]);
}

#[test]
fn j1_two_revisions_of_a_roll_out_are_both_authorised() {
    let declarations = vec![declared("new", 2), declared("old", 1)];
    for after in [1, 2] {
        let world = World { after: Some(after), declarations: declarations.clone(), ..World::default() };
        assert_eq!(world.judged().verdict, Verdict::Authorised, "{after}");
    }
}

#[test]
fn declared_with_another_value_is_a_mismatch_even_by_the_deploy_user() {
    let world = World {
        after: Some(HAND),
        declarations: vec![declared("v2", 1)],
        rule: Some((Power::Authorises, Confidence::Exact)),
        ..World::default()
    };
    says(
        &world.judged(),
        Verdict::ContentMismatch,
        &[
            "revision v2 for production declares another value",
            "rule `deploy` authorises what its actor does, and it was certainly them",
        ],
        &[],
    );
}

#[test]
fn j2_a_change_in_a_window_that_its_deployment_does_not_contain_is_out_of_band() {
    let mut world = World {
        after: Some(HAND),
        declarations: vec![world::elsewhere("v2", Some("CHG-1"))],
        windows: vec![world::window("CHG-1", 0, 100)],
        ..World::default()
    };
    says(
        &world.judged(),
        Verdict::OutOfBand,
        &["window CHG-1 was open", "the window's deployment v2 says nothing of source app"],
        &["no revision declares source app", "nothing told who made it"],
    );
    // With no deployment of its own, the window is what there is.
    world.declarations = vec![world::elsewhere("v1", Some("CHG-0"))];
    assert_eq!(world.judged().verdict, Verdict::WindowOnly);
    // What was pushed while it was open is its deployment without a ticket too.
    world.declarations = vec![world::Declared { pushed_ms: 40, ..world::elsewhere("v2", None) }];
    assert_eq!(world.judged().verdict, Verdict::OutOfBand);
}

#[test]
fn j5_a_package_manager_is_believed_only_if_it_is_certain() {
    let mut world = World { rule: Some((Power::Authorises, Confidence::Exact)), ..World::default() };
    says(
        &world.judged(),
        Verdict::Authorised,
        &["rule `deploy` authorises what its actor does, and it was certainly them"],
        &["no revision declares source app"],
    );
    world.rule = Some((Power::Authorises, Confidence::Probable));
    says(
        &world.judged(),
        Verdict::OutOfBand,
        &["nothing that was given for production covers it"],
        &[
            "no revision declares source app",
            "the actor of rule `deploy` is only probable: the kernel did not name it with the change",
            "no window was ever opened for it",
        ],
    );
}

#[test]
fn j9_what_could_not_be_judged_is_undetermined() {
    let nothing = World { anything_given: false, ..World::default() };
    let said = ["no desired state, window, rule or freeze was ever given for production"];
    says(&nothing.judged(), Verdict::Undetermined, &said, &[]);
    let blind = World { blind: Some(Blind::Unobserved), ..World::default() };
    assert_eq!(blind.judged().verdict, Verdict::Undetermined);
    let other_key = world::Declared { comparable: false, ..declared("v1", 1) };
    let incomparable = World { after: Some(HAND), declarations: vec![other_key], ..World::default() };
    let judged = incomparable.judged();
    assert_eq!(judged.verdict, Verdict::Undetermined);
    assert!(judged.missing[0].sentence().ends_with("push it again"));
}

#[test]
fn what_nobody_watched_is_judged_by_its_content_all_the_same() {
    let blind = World { blind: Some(Blind::Unobserved), declarations: vec![declared("v1", 1)], ..World::default() };
    let back = World { after: Some(1), ..blind.clone() };
    says(
        &back.judged(),
        Verdict::Authorised,
        &["declared by revision v1 for production", "nobody watched when it was made"],
        &[],
    );
    assert_eq!(World { after: Some(HAND), ..blind }.judged().verdict, Verdict::ContentMismatch);
}

#[test]
fn a_revision_that_counted_for_a_part_of_the_time_proves_nothing() {
    let over = Validity::Expired { at_ms: 30 };
    let mut world = World {
        since_ms: 10,
        blind: Some(Blind::Unobserved),
        declarations: vec![world::Declared { validity: [Validity::Valid, over], ..declared("v1", 1) }],
        ..World::default()
    };
    // Right before its end, nobody's afterwards.
    world.after = Some(1);
    let part = "revision v1 counted for a part only of the time in which nobody watched";
    says(&world.judged(), Verdict::Undetermined, &["nobody watched when it was made"], &[part]);
    world.after = Some(HAND);
    says(&world.judged(), Verdict::Undetermined, &["nobody watched when it was made"], &[part]);
    // What another one says for the whole time stands.
    world.declarations.push(declared("v2", 2));
    assert_eq!(world.judged().verdict, Verdict::ContentMismatch);
    world.after = Some(2);
    assert_eq!(world.judged().verdict, Verdict::Authorised);
}

#[test]
fn a_mismatch_says_which_revision_had_declared_it() {
    let old = world::Declared { validity: [Validity::Superseded { at_ms: 20 }; 2], ..declared("v1", 1) };
    let wide = world::Declared { validity: [Validity::Overruled; 2], ..declared("v3", 1) };
    let world = World {
        after: Some(1),
        declarations: vec![wide, declared("v2", 2), old],
        rule: Some((Power::Allows, Confidence::Exact)),
        ..World::default()
    };
    says(
        &world.judged(),
        Verdict::ContentMismatch,
        &[
            "revision v2 for production declares another value",
            "rule `deploy` allows its actor in a window, and it was certainly them",
        ],
        &[
            "revision v3 declares it, but another one counts before it for this host",
            "revision v1 declared it, but a newer one had taken its place 30 ms before",
        ],
    );
}

#[test]
fn an_allowed_actor_needs_the_window_and_the_window_the_actor() {
    let allowed = World { rule: Some((Power::Allows, Confidence::Exact)), ..World::default() };
    assert_eq!(allowed.judged().verdict, Verdict::OutOfBand);
    let open = vec![world::window("CHG-1", 0, 100)];
    let both = World { windows: open.clone(), ..allowed };
    assert_eq!(both.judged().verdict, Verdict::AuthorisedUnverified);
    let unsure = World { rule: Some((Power::Allows, Confidence::Probable)), ..both };
    assert_eq!(unsure.judged().verdict, Verdict::WindowOnly);
}

#[test]
fn a_window_for_an_actor_is_for_that_actor_only() {
    let window = Window { actor: Some("ada".to_owned()), ..world::window("CHG-1", 0, 100) };
    let mut world = World { windows: vec![window], ..World::default() };
    let judged = world.judged();
    assert_eq!(judged.verdict, Verdict::OutOfBand);
    assert!(judged.missing.iter().any(|one| one.sentence() == "window CHG-1 was open for ada only"));
    world.actor = Some(("ada", Confidence::Probable));
    let judged = world.judged();
    assert_eq!(judged.verdict, Verdict::OutOfBand);
    assert!(judged.missing.iter().any(|one| one.sentence().ends_with("but that is not certain")), "{judged:?}");
    world.actor = Some(("ada", Confidence::Exact));
    assert_eq!(world.judged().verdict, Verdict::AuthorisedUnverified);
}

#[test]
fn the_nearest_window_is_named() {
    let windows = vec![world::window("CHG-1", 0, 10), world::window("CHG-2", 10, 30), world::window("CHG-3", 90, 99)];
    let missing = |world: &World| world.judged().missing.last().unwrap().sentence();
    let world = World { windows, ..World::default() };
    assert_eq!(missing(&world), "nearest window CHG-2 closed 20 ms before");
    assert_eq!(
        missing(&World { since_ms: 85, until_ms: 85, ..world.clone() }),
        "nearest window CHG-3 opened 5 ms later"
    );
    let part = World { since_ms: 20, until_ms: 50, blind: Some(Blind::Unobserved), ..world };
    assert_eq!(part.judged().verdict, Verdict::Undetermined);
    assert_eq!(missing(&part), "window CHG-2 was open for a part only of the time in which nobody watched");
}

#[test]
fn a_frozen_environment_takes_declared_content_and_nothing_else() {
    let frozen = World {
        frozen: Some("audit week".to_owned()),
        rule: Some((Power::Authorises, Confidence::Exact)),
        windows: vec![world::window("CHG-1", 0, 100)],
        ..World::default()
    };
    assert_eq!(frozen.judged().verdict, Verdict::OutOfBand);
    assert_eq!(frozen.judged().evidence[0].sentence(), "the environment is frozen: audit week");
    let declared = World { after: Some(1), declarations: vec![declared("v1", 1)], ..frozen };
    assert_eq!(declared.judged().verdict, Verdict::Authorised);
}

#[test]
fn the_mode_of_a_declared_file_is_judged_by_windows_and_actors_only() {
    let silent = world::Declared { says: Says::Nothing, ..declared("v1", 1) };
    let mode = World { key: ItemKey::metadata(ItemKey::MODE), declarations: vec![silent], ..World::default() };
    let judged = mode.judged();
    assert_eq!(judged.verdict, Verdict::OutOfBand);
    assert_eq!(judged.missing[0].sentence(), "revisions declare settings, and `@mode` is none");
    let open = World { windows: vec![world::window("CHG-1", 0, 100)], ..mode.clone() };
    assert_eq!(open.judged().verdict, Verdict::WindowOnly);
    let with_it = World { comes_with_declared: true, ..mode };
    assert_eq!(with_it.judged().verdict, Verdict::Authorised);
    // What is declared otherwise comes with nothing.
    let otherwise = World { declarations: vec![declared("v1", 1)], ..with_it };
    assert_eq!(otherwise.judged().verdict, Verdict::ContentMismatch);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_judge_agrees_with_a_slow_oracle(world in world()) {
        prop_assert_eq!(world.judged().verdict, oracle::verdict(&world));
    }

    #[test]
    fn no_verdict_is_without_evidence_and_all_of_it_is_bounded(world in world()) {
        let judgement = world.judged();
        prop_assert!((1..=EVIDENCE_MAX).contains(&judgement.evidence.len()));
        prop_assert!(judgement.missing.len() <= MISSING_MAX);
        if judgement.verdict == Verdict::Undetermined {
            let told = judgement.evidence.iter().any(|one| matches!(one, Evidence::NothingGiven { .. } | Evidence::Blind { .. }));
            let key = judgement.missing.iter().any(|one| matches!(one, Missing::OtherKey { .. }));
            prop_assert!(told || key, "{judgement:?}");
        }
        if !judgement.verdict.is_green() && world.anything_given && world.frozen.is_none() {
            prop_assert!(!judgement.missing.is_empty() || judgement.verdict == Verdict::ContentMismatch);
        }
    }

    #[test]
    fn time_alone_never_authorises(world in world()) {
        let bare = World { declarations: Vec::new(), rule: None, actor: None, comes_with_declared: false, ..world };
        let verdict = bare.judged().verdict;
        prop_assert!(!verdict.is_green(), "{verdict}");
    }

    #[test]
    fn where_nothing_was_given_or_known_it_is_never_green(world in world()) {
        let unknown = World { anything_given: false, ..world };
        prop_assert_eq!(unknown.judged().verdict, Verdict::Undetermined);
    }

    #[test]
    fn more_evidence_never_makes_the_authorised_out_of_band(world in world(), more in world()) {
        let before = world.judged();
        let mut richer = world.clone();
        richer.declarations.extend(more.declarations);
        richer.windows.extend(more.windows);
        richer.rule = richer.rule.or(more.rule);
        let after = richer.judged();
        if before.verdict == Verdict::Authorised && !world.comes_with_declared {
            prop_assert_ne!(after.verdict, Verdict::OutOfBand);
        }
        let wanted = world.after.map_or(Says::Absent, |value| Says::Value([value; 32]));
        let by_content = |one: &world::Declared| one.comparable && one.validity == [Validity::Valid; 2] && one.says == wanted;
        if world.anything_given && world.declarations.iter().any(by_content) {
            // Whatever else is said: the content is what was declared.
            let frozen = World { frozen: Some("x".to_owned()), ..richer };
            prop_assert_eq!((after.verdict, frozen.judged().verdict), (Verdict::Authorised, Verdict::Authorised));
        }
    }

    #[test]
    fn an_amendment_never_makes_a_verdict_worse_and_rests_on_who_it_was(world in world(), who in world()) {
        let had = world.judged().verdict;
        let actor = who.actor.map(|(name, _)| (name, Confidence::Exact));
        let rule = who.rule.map(|(power, _)| (power, Confidence::Exact));
        let amended = World { actor, rule, ..world };
        let later = later::judged_again(7, had, amended.judged(), 5);
        let now = later::verdict_now(had, &later);
        prop_assert!(had != Verdict::Authorised || now == Verdict::Authorised);
        prop_assert!(!had.is_green() || now.is_green());
        prop_assert_eq!(later.is_some(), now != had);
        if let Some(later) = later {
            prop_assert!(now.is_green() && later.change == 7);
            let by_somebody = matches!(&later.evidence, Evidence::JudgedAgain { because, .. } if !because.is_empty());
            prop_assert!(by_somebody && (actor.is_some() || rule.is_some()));
        }
        prop_assert_eq!(later::judged_again(7, now, amended.judged(), 9), None, "once");
    }

    #[test]
    fn the_order_in_which_things_were_given_decides_nothing(world in world()) {
        let mut turned = world.clone();
        turned.declarations.reverse();
        turned.windows.reverse();
        prop_assert_eq!(world.judged().verdict, turned.judged().verdict);
    }
}
