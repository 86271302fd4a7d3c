//! Times of a policy: what TOML writes as a date with a time and an offset.
//!
//! A time without an offset means another moment on another machine; it is
//! refused.

use toml::value::{Datetime, Offset};

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970 UTC of a date with time and offset; none of
/// anything less.
pub(super) fn moment_ms(time: &Datetime) -> Option<i64> {
    let (date, clock, offset) = (time.date?, time.time?, time.offset?);
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let seconds = i64::from(clock.hour) * 3_600 + i64::from(clock.minute) * 60 + i64::from(clock.second.unwrap_or(0));
    let fraction = i64::from(clock.nanosecond.unwrap_or(0) / 1_000_000);
    Some(days * DAY_MS + (seconds - minutes * 60) * 1_000 + fraction)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. Counts years from
/// March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> Option<i64> {
        moment_ms(&text.parse().unwrap())
    }

    #[test]
    fn moments_with_an_offset_are_times_and_nothing_else_is() {
        assert_eq!(ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(ms("2026-11-22T14:30:15.250Z"), Some(1_795_357_815_250));
        assert_eq!(ms("2026-11-22T16:30:15.25+02:00"), ms("2026-11-22 14:30:15.250Z"));
        assert_eq!(ms("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(ms("1969-12-31T23:59:59Z"), Some(-1_000));
        for text in ["2026-11-22", "2026-11-22T14:30:15", "14:30:15"] {
            assert_eq!(ms(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = days_from_civil(1999, 12, 31);
        for year in 2000..2400_i64 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (month, days) in (1..).zip([31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                for day in 1..=days {
                    expected += 1;
                    assert_eq!(days_from_civil(year, month, day), expected, "{year}-{month}-{day}");
                }
            }
        }
    }
}
