use super::*;

#[test]
fn a_place_counts_lines_and_characters_from_one() {
    let text = "a = 1\nü = \"é\" x\n";
    assert_eq!(place(text, 0), (1, 1));
    assert_eq!(place(text, text.find('x').unwrap()), (2, 9));
    assert_eq!(place(text, text.len() + 9), (3, 1));
    // In the middle of a character: no panic.
    assert_eq!(place("ü", 1), (1, 2));
}

#[test]
fn the_nearest_word_is_named_and_a_far_one_is_not() {
    assert_eq!(nearest("severty", &["severity", "source"]), Some("severity"));
    assert_eq!(nearest("sorce", &["severity", "source"]), Some("source"));
    assert_eq!(nearest("colour", &["severity", "source"]), None);
    assert_eq!(nearest(&"x".repeat(100_000), &["severity"]), None);
    assert!(unknown("key", "colour", &["severity", "source"]).ends_with("known are `severity`, `source`"));
}

#[test]
fn what_is_quoted_is_one_short_line() {
    assert_eq!(quoted("a\nb"), "`a\u{fffd}b`");
    assert_eq!(quoted(&"ä".repeat(1000)).chars().count(), QUOTED_CHARS_MAX + 3);
}

#[test]
fn more_mistakes_than_anybody_reads_are_counted() {
    let mut faults = Faults::default();
    for at in (0..FAULTS_MAX + 7).rev() {
        faults.note(&(at..at), "wrong");
    }
    let placed = faults.placed(&"x".repeat(FAULTS_MAX + 7));
    assert_eq!((placed.faults.len(), placed.left_out), (FAULTS_MAX, 7));
    assert!(placed.faults.is_sorted_by_key(|fault| fault.column));
    assert!(placed.to_string().ends_with("and 7 more"));
}
