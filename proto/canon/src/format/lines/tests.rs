use super::*;
use crate::ItemKey;

#[test]
fn every_line_end_is_known_and_numbers_begin_at_one() {
    let found: Vec<_> = lines(b"\xef\xbb\xbfa\r\n\nb\n").map(|line| (line.number, line.text)).collect();
    assert_eq!(found, [(1, &b"a"[..]), (2, b""), (3, b"b")]);
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(lines(b"a\nb").count(), 2);
    assert_eq!(lines(b"").map(|line| line.text.len()).collect::<Vec<_>>(), [0]);
}

#[test]
fn columns_count_characters() {
    let text = "är = x".as_bytes();
    let line = Line { number: 3, text };
    assert_eq!(line.place(4), Place { line: 3, column: 4 });
}

#[test]
fn a_nul_byte_is_a_problem_with_its_line() {
    let reading = unreadable(b"a=1\nb=\0\n").unwrap();
    assert_eq!(reading.problems[0].place, Some(Place { line: 2, column: 1 }));
    assert_eq!(reading.settings[0].key.as_str(), ItemKey::CONTENT);
    assert_eq!(unreadable(b"a=1\n"), None);
}

#[test]
fn an_included_file_with_a_nul_byte_is_watched_as_content() {
    let mut out = Gather::new();
    out.enter(Some("a.conf".into()));
    assert!(unreadable_part(b"a=1\nb=\0\n", &mut out));
    assert!(!unreadable_part(b"a=1\n", &mut out));
    let reading = out.finish(b"include a.conf\n");
    assert_eq!(reading.settings[0].key.as_str(), ItemKey::CONTENT);
    assert!(reading.problems[0].reason.starts_with("a.conf:2:1: "), "{}", reading.problems[0].reason);
}
