use proptest::prelude::*;

use super::*;

fn at(text: &str) -> At {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

const HOUR_MS: i64 = 3_600_000;

#[test]
fn a_day_and_a_week_come_again() {
    // 2026-11-22 is a Sunday; noon of it.
    let noon = 20_779 * DAY_MS + 12 * HOUR_MS;
    assert_eq!(at("03:00").last_due(noon), noon - 9 * HOUR_MS);
    assert_eq!(at("13:00").last_due(noon), noon - 23 * HOUR_MS);
    assert_eq!(at("12:00").last_due(noon), noon);
    assert_eq!(at("sun 06:00").last_due(noon), noon - 6 * HOUR_MS);
    assert_eq!(at("Sun 18:00").last_due(noon), noon + 6 * HOUR_MS - 7 * DAY_MS);
    assert_eq!(at("mon 06:00").last_due(noon), noon - 6 * HOUR_MS - 6 * DAY_MS);
    assert_eq!(at("mon 06:00").next_due(noon), noon - 6 * HOUR_MS + DAY_MS);
}

#[test]
fn what_is_no_time_is_refused() {
    for text in ["", "3:00", "24:00", "12:60", "monday 06:00", "mon", "mon 6", "06:00:00", "+6:00", "06:0a"] {
        assert!(text.parse::<At>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn the_last_time_is_the_latest_that_is_not_after_now(
        text in "(mon |tue |wed |thu |fri |sat |sun )?[01][0-9]:[0-5][0-9]",
        now_ms in 0_i64..4_000_000_000_000,
    ) {
        let at = at(&text);
        prop_assert_eq!(at.to_string(), text);
        let (last, next) = (at.last_due(now_ms), at.next_due(now_ms));
        prop_assert!(last <= now_ms && now_ms < next);
        prop_assert_eq!(at.last_due(last), last);
        prop_assert_eq!(at.last_due(next), next);
        prop_assert_eq!(at.next_due(last), next);
    }
}

#[test]
fn a_task_is_a_comparison_of_what_should_be_with_what_is_there() {
    let compare = Task::Compare { left: "staging".to_owned(), right: "desired:production".to_owned() };
    assert_eq!(compare.sides(), ("staging".to_owned(), "desired:production".to_owned()));
    let of = "env=production,role=web".to_owned();
    assert_eq!(Task::Baseline { of: of.clone() }.sides(), ("baseline:env=production,role=web".to_owned(), of));
}
