//! Times as operators write and read them: `30m`, `7d`, RFC 3339, "3 min ago".
//!
//! It reads no clock. A text that is not a time is refused with examples, never
//! guessed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A stretch of time at most: ten years. Longer is a typing mistake.
pub const STRETCH_S_MAX: u64 = 10 * 366 * 86_400;

/// Reads a stretch of time: a number and one of `s`, `m`, `h`, `d`, `w`.
///
/// # Errors
/// A sentence with examples.
pub fn stretch(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let refuse = || format!("`{text}` is not a stretch of time: write it like `30s`, `15m`, `1h`, `7d` or `2w`");
    let unit = text.chars().last().ok_or_else(refuse)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(refuse()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refuse());
    }
    let number: u64 = number.parse().map_err(|_| refuse())?;
    match number.checked_mul(seconds) {
        Some(total) if total <= STRETCH_S_MAX => Ok(Duration::from_secs(total)),
        _ => Err(format!("`{text}` is longer than ten years")),
    }
}

/// What `--since` and `--until` take, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long ago.
    Ago(Duration),
    /// At that time.
    At(Timestamp),
}

impl When {
    /// Reads a stretch of time (ago), an RFC 3339 time or a date (its start,
    /// UTC).
    ///
    /// # Errors
    /// A sentence with examples.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>()
            && let Ok(start) = date.to_zoned(jiff::tz::TimeZone::UTC)
        {
            return Ok(Self::At(start.timestamp()));
        }
        stretch(text).map(Self::Ago).map_err(|reason| {
            if reason.contains("ten years") {
                return reason;
            }
            format!("`{text}` is not a time: write `1h`, `7d`, `2026-11-22` or `2026-11-22T08:00:00Z`")
        })
    }

    /// The time that is meant.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => {
                SignedDuration::try_from(ago).ok().and_then(|ago| now.checked_sub(ago).ok()).unwrap_or(Timestamp::MIN)
            }
        }
    }
}

/// RFC 3339 in UTC with milliseconds: what the API takes.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A time of the API as a table shows it: `2026-11-22 08:00:05`, UTC. What is
/// no time stays as it came.
#[must_use]
pub fn short(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// How long ago a time of the API was, in one unit: `12s`, `5m`, `3h`, `40d`.
#[must_use]
pub fn age(text: &str, now: Timestamp) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        ..0 => "now".to_owned(),
        0..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..172_800 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
