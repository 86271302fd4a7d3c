//! What one end makes sendable, the other end takes.

use proptest::prelude::*;

use super::*;

/// Text with what must not be printed and what is hard to cut.
fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,20}",
        Just("\u{1b}[2J".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("日本語🦀".to_owned()),
        Just("\n\r\t\0".to_owned()),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn w10_what_is_made_printable_is_taken(written in odd_text(), limit in 8..200_usize) {
        let sent = printable(&written, limit);
        prop_assert!(sent.len() <= limit, "{} of {limit} bytes", sent.len());
        prop_assert_eq!(text("reason", sent.clone(), limit), Ok(sent.clone()));
        prop_assert_eq!(printable(&sent, limit), sent, "twice is once");
    }

    #[test]
    fn what_is_printable_and_fits_stays_as_it_is(written in "[ -~äöü日本]{0,60}") {
        prop_assert_eq!(printable(&written, 400), written);
    }

    #[test]
    fn any_clock_makes_a_time_that_is_taken(ms in any::<i64>()) {
        let sent = sendable_time(ms);
        prop_assert_eq!(time("observed_ms", sent), Ok(sent));
        prop_assert!(!(0..=TIME_MS_MAX).contains(&ms) || sent == ms);
    }

    #[test]
    fn rising_is_sorted_without_twins(values in prop::collection::vec(0..20_u8, 0..10)) {
        let unique: std::collections::BTreeSet<u8> = values.iter().copied().collect();
        let sorted: Vec<u8> = unique.iter().copied().collect();
        prop_assert_eq!(rising("keys", &values).is_ok(), values == sorted);
        prop_assert!(rising("keys", &sorted).is_ok());
    }
}

#[test]
fn a_refusal_names_the_field_and_the_bound_and_not_the_content() {
    for (error, says) in [
        (text("path", "secret".repeat(10), 5).unwrap_err(), "60 bytes, at most 5 are allowed"),
        (text("path", "se\u{1b}cret".to_owned(), 50).unwrap_err(), "characters that cannot be printed"),
        (array::<32>("root", b"secret").unwrap_err(), "6 bytes instead of 32"),
        (bytes("epoch", Vec::new(), 16).unwrap_err(), "0 bytes, 1 to 16 are allowed"),
        (bytes("epoch", b"secret".to_vec(), 5).unwrap_err(), "6 bytes, 1 to 5 are allowed"),
        (time("at", -1).unwrap_err(), "no time between 1970 and 9999"),
        (time("at", TIME_MS_MAX + 1).unwrap_err(), "no time between 1970 and 9999"),
        (required::<u8>("source", None).unwrap_err(), "missing"),
        (count("items", 6, 5).unwrap_err(), "6 of them, at most 5 are allowed"),
        (rising("keys", ["b", "a"]).unwrap_err(), "not sorted"),
        (rising("keys", ["a", "a"]).unwrap_err(), "one of them twice"),
    ] {
        let said = error.to_string();
        assert!(said.contains(says) && !said.contains("secret"), "{said}");
    }
}

#[test]
fn bounds_are_inclusive() {
    assert_eq!(text("path", "x".repeat(5), 5).unwrap().len(), 5);
    assert_eq!(array::<2>("root", b"ab"), Ok(*b"ab"));
    assert_eq!(bytes("epoch", vec![1], 1), Ok(vec![1]));
    assert!(count("items", 5, 5).is_ok() && time("at", 0).is_ok() && time("at", TIME_MS_MAX).is_ok());
    assert_eq!(printable("\u{1b}", 6), "\\u{1b}");
    assert_eq!(printable("\u{1b}x", 6), "\\u{…", "cut at a character, within the limit");
}
