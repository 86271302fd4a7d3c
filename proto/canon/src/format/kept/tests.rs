use super::*;
use crate::Value;

fn setting(key: &str, line: u32) -> Setting {
    let key = ItemKey::from_bytes(key.as_bytes());
    Setting { key, value: Value::text("v"), line: Some(line), template: None, file: None, secret: false }
}

fn keys(kept: Kept) -> Vec<(String, u32)> {
    let settings = kept.into_settings().into_iter();
    settings.map(|setting| (setting.key.to_string(), setting.line.unwrap_or(0))).collect()
}

#[test]
fn the_last_of_a_key_stays_where_it_was_set() {
    let mut kept = Kept::default();
    for (line, key) in (1..).zip(["a", "b", "a", "c"]) {
        let (_, earlier) = kept.insert(setting(key, line));
        assert_eq!(earlier.is_some(), line == 3);
    }
    assert_eq!(kept.len(), 3);
    assert_eq!(keys(kept), [("b".to_owned(), 2), ("a".to_owned(), 3), ("c".to_owned(), 4)]);
}

#[test]
fn a_key_that_comes_a_million_times_holds_two_slots() {
    let mut kept = Kept::default();
    for line in 0..1_000_000 {
        kept.insert(setting("a", line));
    }
    assert_eq!(kept.slots.len(), 2);
    assert_eq!(keys(kept), [("a".to_owned(), 999_999)]);
}

#[test]
fn what_was_replaced_is_not_taken_back() {
    let mut kept = Kept::default();
    let (first, _) = kept.insert(setting("a", 1));
    let (second, _) = kept.insert(setting("a", 2));
    kept.remove_marked(first);
    assert_eq!(kept.get(b"a").and_then(|setting| setting.line), Some(2));
    kept.remove_marked(second);
    assert!(kept.get(b"a").is_none() && kept.is_empty());
    kept.insert(setting("b", 3));
    kept.remove(b"b");
    kept.remove(b"b");
    assert_eq!(keys(kept), []);
}

#[test]
fn keys_are_found_by_their_bytes_in_the_file() {
    let mut kept = Kept::default();
    for raw in [b"@mode".as_slice(), b"A\xff", b"a\\b", "\u{202e}x".as_bytes(), &[b'k'; 4000]] {
        let key = ItemKey::from_bytes(raw);
        kept.insert(Setting { key, ..setting("x", 1) });
        assert!(kept.get(raw).is_some());
    }
    assert!(kept.get(b"mode").is_none());
}
