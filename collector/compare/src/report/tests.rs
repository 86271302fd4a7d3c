//! When a scan is due, and what is kept of one.

use proptest::prelude::*;

use super::*;
use crate::compare::{Fact, Listing, Place, Side, compare};

const DAY: i64 = 86_400_000;
const THREE: i64 = 3 * 3_600_000;

/// Every day at three.
fn daily(now_ms: i64) -> i64 {
    (now_ms - THREE).div_euclid(DAY) * DAY + THREE
}

#[test]
fn a_schedule_is_due_once_a_day() {
    let ran = 10 * DAY + THREE;
    assert_eq!(due(daily, ran, ran + DAY - 1), None);
    assert_eq!(due(daily, ran, ran + DAY), Some(Due { due_ms: ran + DAY, missed: 0 }));
}

#[test]
fn after_a_week_of_downtime_it_runs_once_and_says_what_was_missed() {
    let ran = 10 * DAY + THREE;
    let now = ran + 7 * DAY + 500;
    assert_eq!(due(daily, ran, now), Some(Due { due_ms: ran + 7 * DAY, missed: 6 }));
    assert_eq!(due(daily, ran + 7 * DAY, now), None);
}

#[test]
fn a_new_schedule_does_not_run_for_times_before_it_was_there() {
    let applied = 10 * DAY + 5 * 3_600_000;
    assert_eq!(due(daily, applied, applied + 1), None);
    assert_eq!(due(daily, applied, 11 * DAY + THREE), Some(Due { due_ms: 11 * DAY + THREE, missed: 0 }));
}

#[test]
fn a_clock_that_went_back_runs_nothing_twice() {
    let ran = 10 * DAY + THREE;
    assert_eq!(due(daily, ran, ran - 5 * DAY), None);
}

proptest! {
    /// Driven by any steps of the clock, each day is run or counted as missed
    /// once, and never twice.
    #[test]
    fn every_day_is_run_or_missed_exactly_once(steps in prop::collection::vec(1i64..10 * DAY, 1..50)) {
        let start = 100 * DAY;
        let (mut now, mut after, mut counted) = (start, start, 0u64);
        for step in steps {
            now += step;
            if let Some(one) = due(daily, after, now) {
                prop_assert!(one.due_ms > after && one.due_ms <= now);
                counted += u64::from(one.missed) + 1;
                after = one.due_ms;
            }
        }
        let days = u64::try_from((daily(now) - daily(start)) / DAY).unwrap();
        prop_assert_eq!(counted, days);
    }
}

#[test]
fn what_is_kept_are_the_numbers_of_the_comparison() {
    let side = |name: &str, rows: &[(&str, &str)]| {
        let mut side = Side::new(name);
        let (host, role, source) = ("h".parse().unwrap(), "web".parse().unwrap(), "app".parse().unwrap());
        let kind = driftline_canon::SourceKind::EnvFile;
        let at = side.source(Place { host: &host, role: &role, source: &source, kind });
        for (key, value) in rows {
            let key = driftline_canon::ItemKey::from_bytes(key.as_bytes());
            let digest = [u8::try_from(value.len()).unwrap(); 32];
            side.item(at, Fact { key: &key, digest: &digest, secret: false, display: Some(value) });
        }
        side
    };
    let left = side("a", &[("DB_HOST", "x"), ("DB_TIMEOUT", "1"), ("TITLE", "x"), ("SAME", "1")]);
    let right = side("b", &[("DB_HOST", "xy"), ("DB_TIMEOUT", "12"), ("TITLE", "xy"), ("SAME", "1")]);
    for listing in [Listing::Differences, Listing::Everything] {
        let found = Found::of(&compare(&left, &right, listing), 2);
        assert_eq!((found.keys, found.differing, found.by_severity, found.unchecked), (4, 3, [1, 1, 1], 2));
        assert_eq!(found.percent(), "75.0");
    }
}

#[test]
fn a_reason_is_cut_between_characters() {
    assert_eq!(reason(&"é".repeat(1_000)).len(), REASON_BYTES_MAX);
    assert_eq!(reason("short"), "short");
}
