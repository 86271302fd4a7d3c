//! Texts that are values, and texts that only stand for one.

use super::*;

#[test]
fn only_a_display_that_is_the_value_counts_as_it() {
    for text in ["", "30s", "a->b", "with space", "é", "{}"] {
        assert!(is_to_the_letter(text), "{text}");
    }
    for text in ["****", "a****b", "a\\\\b", "$A -> 1", "(inherited)", "x… (600 bytes)", "<value of A on b>"] {
        assert!(!is_to_the_letter(text), "{text}");
    }
}

#[test]
fn a_placeholder_says_as_much_as_is_known() {
    let key = ItemKey::from_bytes(b"A");
    let source = "app".parse::<SourceName>().unwrap();
    let host = "web-1".parse::<HostName>().unwrap();
    let at = Where { host, path: String::new(), line: None, included: false };
    assert_eq!(Placeholder::new(&key, &source, "on production", None).to_string(), "<value of A on production>");
    assert_eq!(
        Placeholder::new(&key, &source, "on production", Some(&at)).to_string(),
        "<value of A on production web-1>"
    );
}
