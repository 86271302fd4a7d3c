//! How wrong a host's clock is, and when that is news.
//!
//! Nobody is refused for it: order comes from sequence numbers.

/// Above this a clock is called wrong. NTP keeps it below a second; a slow
/// network adds some.
pub const SKEW_MS_MAX: i64 = 5_000;

/// What a measurement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing new.
    Nothing,
    /// The clock is wrong, or wrong by another amount.
    Wrong,
    /// The clock is right again.
    Right,
}

/// Host clock minus collector clock: what was known, and what is measured.
#[must_use]
pub fn news(known_ms: i64, measured_ms: i64) -> News {
    let wrong = |ms: i64| ms.saturating_abs() > SKEW_MS_MAX;
    match (wrong(known_ms), wrong(measured_ms)) {
        (false, false) => News::Nothing,
        (true, false) => News::Right,
        (false, true) => News::Wrong,
        (true, true) if wrong(measured_ms.saturating_sub(known_ms)) => News::Wrong,
        (true, true) => News::Nothing,
    }
}

/// A skew in words.
#[must_use]
pub fn describe(skew_ms: i64) -> String {
    let seconds = skew_ms.saturating_abs() / 1000;
    let side = if skew_ms < 0 { "behind" } else { "ahead" };
    match seconds {
        0..=119 => format!("{seconds} s {side}"),
        120..=7_199 => format!("{} min {side}", seconds / 60),
        _ => format!("{} h {} min {side}", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d8_a_wrong_clock_is_said_once() {
        let day = 86_400_000;
        assert_eq!(news(0, 4_900), News::Nothing);
        assert_eq!(news(0, -day), News::Wrong);
        assert_eq!(news(-day, -day + 200), News::Nothing);
        assert_eq!(news(-day, day), News::Wrong);
        assert_eq!(news(-day, 10), News::Right);
        assert_eq!(news(i64::MIN, i64::MAX), News::Wrong);
    }

    #[test]
    fn d8_a_skew_is_named() {
        assert_eq!(describe(-7_000), "7 s behind");
        assert_eq!(describe(180_000), "3 min ahead");
        assert_eq!(describe(86_400_000), "24 h 0 min ahead");
    }
}
