use super::*;

#[test]
fn times_print_in_utc_with_milliseconds() {
    assert_eq!(format_ms(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(format_ms(1_795_321_800_125), "2026-11-22T04:30:00.125Z");
    assert_eq!(format_ms(-1), "1969-12-31T23:59:59.999Z");
}

#[test]
fn a_time_out_of_range_prints_its_number_and_does_not_panic() {
    assert_eq!(format_ms(i64::MAX), "9223372036854775807 ms");
    assert_eq!(format_ms(i64::MIN), "-9223372036854775808 ms");
}

#[test]
fn what_is_printed_is_read_back() {
    assert_eq!(parse_ms("2026-11-22T04:30:00.125Z"), Some(1_795_321_800_125));
    assert_eq!(parse_ms("2026-11-22T05:30:00.125+01:00"), Some(1_795_321_800_125));
    assert_eq!(parse_ms("yesterday"), None);
}

#[test]
fn clones_of_a_manual_clock_move_together() {
    let clock = Clock::manual(1_000);
    let other = clock.clone();
    clock.advance_ms(-400);
    assert_eq!(other.now_ms(), 600);
    other.set_ms(5);
    assert_eq!(clock.now_ms(), 5);
}

#[test]
fn a_skewed_clock_differs_from_the_hosts_by_its_skew() {
    let day_ms = 24 * 60 * 60 * 1000;
    let skew = Clock::skewed(-day_ms).now_ms() - now_ms();
    assert!((-day_ms - 1_000..=-day_ms + 1_000).contains(&skew), "{skew}");
}
