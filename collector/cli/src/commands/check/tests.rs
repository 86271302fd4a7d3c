//! What is asked, and what a pattern leaves.

use super::*;
use crate::exit::FailOn;
use crate::view::findings::tests::comparison as sample;

#[test]
fn a_pattern_leaves_its_keys_and_counts_them() {
    let mut answer = sample();
    assert!(narrow(&mut answer, Some("DB_*"), Output::Table));
    assert_eq!((answer.keys, answer.differing, answer.undetermined), (1, 1, 0));
    assert_eq!((answer.percent.as_str(), answer.differences.len()), ("100.0", 1));
    assert_eq!(comparison::exit(&answer, FailOn::Warning), Exit::Critical);
}

#[test]
fn an_equal_key_that_was_asked_for_is_checked() {
    let mut answer = sample();
    assert!(narrow(&mut answer, Some("PORT"), Output::Table));
    assert_eq!((answer.keys, answer.differing), (1, 0));
    assert!(answer.differences.is_empty());
    assert_eq!(comparison::exit(&answer, FailOn::Info), Exit::Clean);
}

#[test]
fn j9_a_pattern_that_meets_no_key_checks_nothing() {
    let mut answer = sample();
    assert!(!narrow(&mut answer, Some("NOPE_*"), Output::Table));
    assert_eq!(comparison::exit(&answer, FailOn::Never), Exit::Inconclusive);
}

#[test]
fn what_is_meant_is_counted_by_its_kind_and_not_by_its_words() {
    let mut answer = sample();
    let meant = |why: &str, kind: &str| (Some(why.to_owned()), Some(kind.to_owned()));
    let words = [meant("erwartet", "expected"), meant("expected, says its reason", "accepted")];
    for (one, (why, kind)) in answer.differences.iter_mut().zip(words) {
        (one.what, one.meant, one.meant_kind) = ("differs".to_owned(), why, kind);
    }
    let keys: Vec<String> = answer.differences.iter().map(|one| one.key.clone()).collect();
    assert!(keys.len() > 1, "{keys:?}");
    assert!(narrow(&mut answer, Some("*"), Output::Table));
    assert_eq!((answer.accepted, answer.expected), (1, 1));
}
