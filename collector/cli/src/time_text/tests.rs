//! Times in and out.

use super::*;

fn seconds(text: &str) -> u64 {
    stretch(text).unwrap().as_secs()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn stretches_have_a_number_and_a_unit() {
    assert_eq!((seconds("30s"), seconds("15m"), seconds("1h")), (30, 900, 3_600));
    assert_eq!((seconds("7d"), seconds("2w"), seconds(" 0s ")), (604_800, 1_209_600, 0));
}

#[test]
fn what_is_no_stretch_is_refused_with_examples() {
    for text in ["", "1", "h", "-1h", "+1h", "1.5h", "1 h", "1y", "１h", "99999999999999999999s", "1hh"] {
        let said = stretch(text).unwrap_err();
        assert!(said.contains("`15m`"), "{text}: {said}");
    }
    assert!(stretch("99999d").unwrap_err().contains("ten years"));
    assert!(stretch("999999999999999999w").unwrap_err().contains("ten years"));
}

#[test]
fn since_takes_a_stretch_a_date_or_a_time() {
    let now = at("2026-11-22T12:00:00Z");
    let since = |text: &str| rfc3339(When::parse(text).unwrap().at(now));
    assert_eq!(since("1h"), "2026-11-22T11:00:00.000Z");
    assert_eq!(since("7d"), "2026-11-15T12:00:00.000Z");
    assert_eq!(since("2026-11-20"), "2026-11-20T00:00:00.000Z");
    assert_eq!(since("2026-11-20T10:00:00+02:00"), "2026-11-20T08:00:00.000Z");
    assert!(When::parse("yesterday").unwrap_err().contains("`7d`"));
    assert!(When::parse("2026-13-40").is_err());
}

#[test]
fn times_are_short_in_tables() {
    assert_eq!(short("2026-11-22T08:00:05.123Z"), "2026-11-22 08:00:05");
    assert_eq!(short("not a time"), "not a time");
}

#[test]
fn ages_have_one_unit() {
    let now = at("2026-11-22T12:00:00Z");
    assert_eq!(age("2026-11-22T11:59:48Z", now), "12s ago");
    assert_eq!(age("2026-11-22T11:00:01Z", now), "59m ago");
    assert_eq!(age("2026-11-21T12:00:00Z", now), "24h ago");
    assert_eq!(age("2026-10-13T12:00:00Z", now), "40d ago");
    assert_eq!(age("2026-11-22T12:00:03Z", now), "now");
}
