use super::*;

fn revision(number: u64, selector: &str, (pushed_ms, expires_ms): (i64, Option<i64>)) -> Revision {
    Revision {
        number,
        selector: selector.parse().unwrap(),
        revision: format!("r{number}"),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms,
        expires_ms,
        fleet_key_epoch: 1,
        canonical_form: 1,
        sources: Vec::new(),
    }
}

#[test]
fn a_revision_counts_until_it_expires_or_the_next_has_settled() {
    let at = |expires, next: Option<i64>, at_ms| {
        let own = revision(1, "production", (0, expires));
        let next = next.map(|pushed_ms| revision(2, "production", (pushed_ms, None)));
        let rivals: Vec<&Revision> = [Some(&own), next.as_ref()].into_iter().flatten().collect();
        validity(&own, &rivals, 30, at_ms)
    };
    assert_eq!(at(None, None, i64::MAX), Validity::Valid);
    assert_eq!(at(Some(100), None, 99), Validity::Valid);
    assert_eq!(at(Some(100), None, 100), Validity::Expired { at_ms: 100 });
    assert_eq!(at(None, Some(100), 129), Validity::Valid);
    assert_eq!(at(None, Some(100), 130), Validity::Superseded { at_ms: 130 });
    // Of both, what came first is told.
    assert_eq!(at(Some(200), Some(100), 300), Validity::Superseded { at_ms: 130 });
    assert_eq!(at(Some(110), Some(100), 300), Validity::Expired { at_ms: 110 });
    assert_eq!(at(None, Some(i64::MAX), i64::MAX), Validity::Superseded { at_ms: i64::MAX });
}

#[test]
fn what_took_its_place_for_a_time_gives_it_back() {
    let (own, next) = (revision(1, "production", (0, None)), revision(2, "production", (100, Some(200))));
    let at = |at_ms| validity(&own, &[&own, &next], 30, at_ms);
    assert_eq!([129, 130, 199, 200].map(at).map(Validity::is_valid), [true, false, false, true]);
    // What was over before it had settled never took it.
    let short = revision(2, "production", (100, Some(120)));
    assert!((0..300).all(|at_ms| validity(&own, &[&own, &short], 30, at_ms).is_valid()));
}

#[test]
fn what_is_for_the_host_itself_overrules_what_is_for_more_once_it_settled() {
    let wide = revision(9, "production", (100, None));
    let role = revision(2, "env=production,role=web", (10, None));
    let host = revision(1, "env=production,host=web-1", (0, Some(500)));
    let all = [&wide, &role, &host];
    let at = |one: &Revision, at_ms| validity(one, &all, 30, at_ms);
    assert_eq!(
        [at(&wide, 101), at(&role, 101), at(&host, 101)],
        [Validity::Overruled, Validity::Overruled, Validity::Valid]
    );
    assert_eq!([at(&role, 29), at(&role, 30)], [Validity::Valid, Validity::Overruled]);
    assert_eq!([at(&wide, 500), at(&role, 500)], [Validity::Overruled, Validity::Valid], "the next takes its place");
}

#[test]
fn what_it_says_agrees_with_that_value_only() {
    let (one, other) = ([1; 32], [2; 32]);
    assert!(Says::Value(one).agrees(Some(&one)) && !Says::Value(one).agrees(Some(&other)));
    assert!(!Says::Value(one).agrees(None));
    assert!(Says::Absent.agrees(None) && !Says::Absent.agrees(Some(&one)));
    for silent in [Says::Nothing, Says::Elsewhere] {
        assert!(!silent.agrees(None) && !silent.agrees(Some(&one)) && !silent.is_of_the_key());
    }
}
