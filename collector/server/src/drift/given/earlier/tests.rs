use super::*;

const DAY_MS: i64 = REMEMBERED_MS;

fn revision(number: u64, selector: &str, pushed_ms: i64, expires_ms: Option<i64>) -> Revision {
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

/// The last of them by rank is the chosen one.
fn of(mut all: Vec<Revision>, now_ms: i64) -> Vec<(u64, i64)> {
    all.sort_by_key(Revision::rank);
    let fitting: Vec<&Revision> = all.iter().collect();
    let valid = |one: &&&Revision| one.is_valid_at(now_ms);
    ended(&fitting, fitting.iter().rev().find(valid).unwrap(), now_ms)
}

#[test]
fn the_last_one_before_is_remembered_for_ever_and_others_for_a_day() {
    let all =
        || (1_u64..=4).map(|number| revision(number, "production", i64::try_from(number).unwrap(), None)).collect();
    assert_eq!(of(all(), 10), [(3, 4), (2, 3), (1, 2)]);
    assert_eq!(of(all(), DAY_MS + 3), [(3, 4)], "the second was in force until 3");
    assert_eq!(of(all(), 9 * DAY_MS), [(3, 4)]);
}

#[test]
fn one_that_was_never_in_force_is_never_forgiven() {
    let role = || revision(1, "env=production,role=web", 1, None);
    assert_eq!(of(vec![role(), revision(2, "production", 5, None)], 10), []);
    let first = revision(0, "production", 0, None);
    assert_eq!(of(vec![first, role(), revision(2, "production", 5, None)], 10), [(0, 1)]);
}

#[test]
fn one_that_expired_ended_then() {
    let all = || vec![revision(1, "production", 1, None), revision(2, "production", 2, Some(50))];
    assert_eq!(of(all(), 40), [(1, 2)]);
    assert_eq!(of(all(), 60), [(2, 50)], "the first is in force again");
}

#[test]
fn another_making_and_more_than_can_be_on_their_way_are_left_out() {
    let other = Revision { fleet_key_epoch: 2, ..revision(1, "production", 1, None) };
    assert_eq!(of(vec![other, revision(2, "production", 2, None)], 10), []);
    let many =
        (1_u64..=30).map(|number| revision(number, "production", i64::try_from(number).unwrap(), None)).collect();
    assert_eq!(of(many, 40).len(), EARLIER_MAX);
}
