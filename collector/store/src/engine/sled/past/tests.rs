use sled::IVec;

use super::{PAST_BYTES_MAX, Past};

fn value(text: &str) -> IVec {
    IVec::from(text.as_bytes())
}

#[test]
fn a_reader_sees_what_was_before_the_first_commit_after_it() {
    let mut past = Past::default();
    let early = past.enter();
    past.keep(b"k", Some(value("one")));
    past.advance();
    let late = past.enter();
    past.keep(b"k", Some(value("two")));
    past.advance();
    assert_eq!(past.value(early, b"k").unwrap(), Some(Some(&value("one"))));
    assert_eq!(past.value(late, b"k").unwrap(), Some(Some(&value("two"))));
    assert_eq!(past.value(past.enter(), b"k").unwrap(), None);
    assert_eq!(past.value(early, b"other").unwrap(), None);
}

#[test]
fn a_row_that_was_not_there_is_hidden_and_one_that_was_removed_comes_back() {
    let mut past = Past::default();
    let reader = past.enter();
    past.keep(b"b", None);
    past.keep(b"d", Some(value("gone")));
    past.advance();
    let now = vec![(value("a"), value("1")), (value("b"), value("new")), (value("c"), value("3"))];
    let rising = past.restore(reader, b"a".to_vec()..b"z".to_vec(), now.clone(), true).unwrap();
    let expected = [(value("a"), value("1")), (value("c"), value("3")), (value("d"), value("gone"))];
    assert_eq!(rising, expected);
    let falling = past.restore(reader, b"a".to_vec()..b"z".to_vec(), now.into_iter().rev().collect(), false).unwrap();
    assert_eq!(falling, expected.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn what_no_reader_needs_is_forgotten() {
    let mut past = Past::default();
    let first = past.enter();
    past.keep(b"a", None);
    past.advance();
    let second = past.enter();
    past.leave(first);
    past.keep(b"b", None);
    past.advance();
    assert_eq!(past.values.keys().collect::<Vec<_>>(), [&b"b".to_vec()]);
    assert_eq!(past.value(second, b"b").unwrap(), Some(None));
    past.leave(second);
    past.advance();
    assert!(past.values.is_empty() && !past.is_read());
    assert_eq!(past.bytes, 0);
}

#[test]
fn a_reader_that_outlives_the_limit_gets_an_error_not_a_mix() {
    let mut past = Past::default();
    let reader = past.enter();
    past.keep(b"k", Some(IVec::from(vec![0; PAST_BYTES_MAX + 1])));
    past.advance();
    assert!(past.value(reader, b"k").unwrap_err().to_string().contains("take a new one"));
    assert!(past.values.is_empty());
    assert_eq!(past.value(past.enter(), b"k").unwrap(), None);
}
