//! Listings in pieces of any size.

use proptest::prelude::*;

use super::*;

const LISTING: &str = r#"{"nftables": [{"metainfo": {"version": "1"}}, {"rule": {"comment": "} \" { \\", "expr": [{"a": {}}]}}, {"set": {}}]}"#;

fn split(text: &[u8], size: usize) -> (Vec<String>, bool) {
    let (mut splitter, mut objects) = (Splitter::default(), Vec::new());
    for piece in text.chunks(size.max(1)) {
        splitter.take(piece, |object| objects.push(String::from_utf8_lossy(object).into_owned())).unwrap();
    }
    (objects, splitter.is_whole())
}

#[test]
fn objects_come_whole_however_the_text_is_cut() {
    let objects = [
        r#"{"metainfo": {"version": "1"}}"#,
        r#"{"rule": {"comment": "} \" { \\", "expr": [{"a": {}}]}}"#,
        r#"{"set": {}}"#,
    ];
    for size in 1..LISTING.len() + 1 {
        assert_eq!(split(LISTING.as_bytes(), size), (objects.map(str::to_owned).to_vec(), true), "{size}");
    }
}

#[test]
fn half_a_listing_is_none() {
    assert!(!split(&LISTING.as_bytes()[..LISTING.len() - 1], 7).1);
    assert_eq!(split(b"", 1), (Vec::new(), false));
}

proptest! {
    #[test]
    fn any_text_is_taken(text in prop::collection::vec(any::<u8>(), 0..300), size in 1_usize..40) {
        prop_assert_eq!(split(&text, size), split(&text, text.len()));
    }
}
