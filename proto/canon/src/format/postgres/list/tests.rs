use proptest::prelude::*;

use super::*;

fn list(text: &str, kind: Kind) -> Option<String> {
    canonical(text.as_bytes(), kind).map(|list| String::from_utf8(list).unwrap())
}

#[test]
fn blanks_and_needless_quotes_mean_nothing() {
    for text in ["a,b", " a , b ", "\"a\",b", "a,\t\"b\" "] {
        for kind in [Kind::Names, Kind::Words, Kind::Paths] {
            assert_eq!(list(text, kind).as_deref(), Some("a, b"), "{text} {kind:?}");
        }
    }
}

#[test]
fn identifiers_fold_outside_of_quotes_alone() {
    assert_eq!(list("ISO, mdy", Kind::Names).as_deref(), Some("iso, mdy"));
    assert_eq!(list("\"ISO\"", Kind::Names).as_deref(), Some("\"ISO\""));
    assert_eq!(list("Host.example", Kind::Words).as_deref(), Some("\"Host.example\""));
    assert_eq!(list("\"$user\", public", Kind::Names).as_deref(), Some("\"$user\", public"));
}

#[test]
fn paths_may_hold_blanks() {
    assert_eq!(list("/a b , /c", Kind::Paths).as_deref(), Some("\"/a b\", /c"));
    assert_eq!(list("a b", Kind::Names), None);
}

#[test]
fn order_is_kept_and_an_empty_list_is_one() {
    assert_eq!(list("b, a", Kind::Names).as_deref(), Some("b, a"));
    assert_eq!(list("  ", Kind::Names).as_deref(), Some(""));
    assert_eq!(list("\"\"", Kind::Names).as_deref(), Some("\"\""));
    assert_eq!(list("\"a\"\"b\"", Kind::Words).as_deref(), Some("\"a\"\"b\""));
}

#[test]
fn what_the_server_refuses() {
    for text in [",", "a,", ",a", "a,,b", "\"a", "\"a\"b", "a \"b\""] {
        assert_eq!(list(text, Kind::Names), None, "{text}");
    }
}

proptest! {
    #[test]
    fn canonical_lists_stay_as_they_are(text in "[a-cA-C\", $]{0,16}") {
        for kind in [Kind::Names, Kind::Words, Kind::Paths] {
            if let Some(once) = canonical(text.as_bytes(), kind) {
                prop_assert_eq!(canonical(&once, kind), Some(once.clone()), "{}", text);
            }
        }
    }
}
