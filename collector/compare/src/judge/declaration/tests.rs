use super::*;

#[test]
fn a_revision_counts_until_it_expires_or_the_next_has_settled() {
    let at = |expires, next, since| validity(expires, next, 30, since);
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
fn what_it_says_agrees_with_that_value_only() {
    let (one, other) = ([1; 32], [2; 32]);
    assert!(Says::Value(one).agrees(Some(&one)) && !Says::Value(one).agrees(Some(&other)));
    assert!(!Says::Value(one).agrees(None));
    assert!(Says::Absent.agrees(None) && !Says::Absent.agrees(Some(&one)));
    for silent in [Says::Nothing, Says::Elsewhere] {
        assert!(!silent.agrees(None) && !silent.agrees(Some(&one)) && !silent.is_of_the_key());
    }
}
