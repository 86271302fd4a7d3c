//! Schedules: what the collector looks at by itself, and when.
//!
//! Times are UTC: a schedule that moves with the clocks of a country runs twice
//! or never on two nights of the year. Nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use super::fields::Fields;
use super::time::DAY_MS;

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// Days of a week.
const WEEK_DAYS: i64 = 7;

/// 1970-01-01 was a Thursday, three days after a Monday.
const EPOCH_WEEKDAY: i64 = 3;

/// Days as they are written, from Monday.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Two sides are compared and the result is kept.
    Compare {
        /// One side, as `driftline compare` takes it.
        left: String,
        /// The other.
        right: String,
    },
    /// What hosts have is held against what was approved of them last, and the
    /// result is kept. Nothing is approved by it: only people do that.
    Baseline {
        /// Which hosts, as a selector.
        of: String,
    },
}

impl Task {
    /// Both sides of the comparison that it comes to, as `driftline compare`
    /// takes them: what should be, then what is there.
    #[must_use]
    pub fn sides(&self) -> (String, String) {
        match self {
            Self::Compare { left, right } => (left.clone(), right.clone()),
            Self::Baseline { of } => (format!("baseline:{of}"), of.clone()),
        }
    }
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Names its reports; no other schedule has it.
    pub name: String,
    /// What is done.
    pub task: Task,
    /// When.
    pub at: At,
}

/// A time that comes again: every day, or every week on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Days since Monday; none: every day.
    weekday: Option<u8>,
    /// Minutes since midnight UTC.
    minute: u16,
}

pub(super) const KEYS: [&str; 6] = ["name", "kind", "left", "right", "of", "at"];

pub(super) fn read(mut fields: Fields<'_, '_>) -> Option<Schedule> {
    let name = fields.needed("name").map(str::to_owned);
    fields.need("at");
    let at = fields.parsed("at");
    fields.need("kind");
    let task = match fields.word("kind", &[("compare", true), ("baseline", false)]) {
        Some(true) => {
            unused(&mut fields, &["of"], "compare");
            let (left, right) = (side(&mut fields, "left"), side(&mut fields, "right"));
            left.zip(right).map(|(left, right)| Task::Compare { left, right })
        }
        Some(false) => {
            unused(&mut fields, &["left", "right"], "baseline");
            fields.need("of");
            let of: Option<crate::Selector> = fields.parsed("of");
            of.map(|of| Task::Baseline { of: of.to_string() })
        }
        None => None,
    };
    let schedule = || Some(Schedule { name: name?, task: task?, at: at? });
    let schedule = schedule();
    fields.finish(schedule)
}

fn unused(fields: &mut Fields<'_, '_>, keys: &[&str], kind: &str) {
    for key in keys.iter().filter(|key| fields.has(key)).collect::<Vec<_>>() {
        fields.wrong_key(key, format!("a schedule of kind `{kind}` takes no `{key}`"));
    }
}

fn side(fields: &mut Fields<'_, '_>, key: &str) -> Option<String> {
    let text = fields.needed(key)?;
    // `desired:SELECTOR` and `baseline:SELECTOR` are sides too.
    let selector = text.strip_prefix("desired:").or_else(|| text.strip_prefix("baseline:")).unwrap_or(text);
    match selector.parse::<crate::Selector>() {
        Ok(_) => Some(text.to_owned()),
        Err(error) => {
            fields.wrong_key(key, format!("`{key}`: {error}"));
            None
        }
    }
}

impl At {
    /// The last time that it was due, at or before `now_ms`.
    #[must_use]
    pub fn last_due(self, now_ms: i64) -> i64 {
        let since_midnight = now_ms.rem_euclid(DAY_MS);
        let today = now_ms.div_euclid(DAY_MS);
        let at = i64::from(self.minute) * MINUTE_MS;
        let day = if since_midnight >= at { today } else { today - 1 };
        let back = self.weekday.map_or(0, |weekday| {
            let found = (day + EPOCH_WEEKDAY).rem_euclid(WEEK_DAYS);
            (found - i64::from(weekday)).rem_euclid(WEEK_DAYS)
        });
        (day - back) * DAY_MS + at
    }

    /// The first time after `now_ms` that it is due.
    #[must_use]
    pub fn next_due(self, now_ms: i64) -> i64 {
        self.last_due(now_ms) + self.weekday.map_or(1, |_| WEEK_DAYS) * DAY_MS
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is no time of a schedule: write `03:00` (each day) or `mon 06:00` (UTC)");
        let (day, clock) = match text.trim().split_once(' ') {
            Some((day, clock)) => (Some(day), clock.trim()),
            None => (None, text.trim()),
        };
        let weekday = match day {
            None => None,
            Some(day) => {
                let found = WEEKDAYS.iter().position(|name| day.eq_ignore_ascii_case(name)).ok_or_else(refuse)?;
                Some(u8::try_from(found).map_err(|_| refuse())?)
            }
        };
        let (hour, minute) = clock.split_once(':').ok_or_else(refuse)?;
        let number = |text: &str, most: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| digits && *number <= most).ok_or_else(refuse)
        };
        Ok(Self { weekday, minute: number(hour, 23)? * 60 + number(minute, 59)? })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.weekday.and_then(|weekday| WEEKDAYS.get(usize::from(weekday))) {
            write!(f, "{name} ")?;
        }
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

#[cfg(test)]
mod tests;
