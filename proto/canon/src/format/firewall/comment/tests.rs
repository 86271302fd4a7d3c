//! What is a stamp and what is a word.

use super::*;

#[test]
fn dates_and_times_go() {
    for comment in [
        "ssh 2026-11-22",
        "ssh (2026-11-22 08:15:30)",
        "ssh added=2026-11-22T08:15:30Z",
        "ssh 22.11.2026",
        "11/22/2026 ssh",
        "ssh 1795334400",
        "ssh 1795334400123",
        "ssh 20261122",
        "ssh 20261122T081530Z",
        "ssh 08:15",
        "ssh 08:15:30.123+01:00",
        "  ssh  ",
    ] {
        assert_eq!(without_dates(comment), "ssh", "{comment}");
    }
}

#[test]
fn words_and_other_numbers_stay() {
    for comment in [
        "port 8080",
        "10.0.0.1",
        "CHG-123456",
        "v1.2.3",
        "f2b 192.168.10.20",
        "rule 99999999",
        "a:b",
        "2026",
        "user:12:xx",
    ] {
        assert_eq!(without_dates(comment), comment);
    }
}

#[test]
fn a_comment_that_is_a_date_is_empty() {
    assert_eq!(without_dates("2026-11-22 08:15"), "");
    assert_eq!(without_dates(""), "");
}
