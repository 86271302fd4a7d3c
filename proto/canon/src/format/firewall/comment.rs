//! Comments of rules, without what looks like a date or a time.
//!
//! Tools stamp their rules (`added 2026-11-22 08:15`): the stamp is noise, the
//! words beside it are kept. It understands no calendar; a run of digits in the
//! shape of a date is enough.

use std::borrow::Cow;

/// Seconds since 1970 have ten digits from 2001 to 2286; milliseconds 13.
const EPOCH_DIGITS: [usize; 2] = [10, 13];

/// The comment without its dates and times, white space joined.
pub(super) fn without_dates(comment: &str) -> Cow<'_, str> {
    if is_as_it_is(comment) {
        return Cow::Borrowed(comment);
    }
    let mut text = String::with_capacity(comment.len());
    for word in comment.split_ascii_whitespace() {
        if is_stamp(word) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    Cow::Owned(text)
}

/// Digits of the shortest date or time, `8:15`.
const DIGITS_MIN: usize = 3;

/// Whether a comment is words with one blank between them and none of them a
/// stamp: most are.
fn is_as_it_is(comment: &str) -> bool {
    let (mut start, mut digits) = (0, 0);
    for (at, byte) in comment.bytes().chain([b' ']).enumerate() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b' ' => {
                if at == start || digits >= DIGITS_MIN && is_stamp(&comment[start..at]) {
                    return false;
                }
                (start, digits) = (at + 1, 0);
            }
            byte if byte.is_ascii_whitespace() => return false,
            _ => {}
        }
    }
    true
}

/// Whether a word is a date, a time, or seconds since 1970, in brackets or
/// not, perhaps after `at=` or `date:`.
fn is_stamp(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits < DIGITS_MIN {
        return false;
    }
    if digits == word.len() {
        return is_number_of_time(word);
    }
    let bare = word.trim_matches(|c: char| "()[]{}<>,;.@".contains(c));
    let value = bare.split_once('=').map_or(bare, |(_, value)| value);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if digits == value.len() {
        return is_number_of_time(value);
    }
    is_date(value) || is_time(value)
}

/// Whether digits alone are seconds or milliseconds since 1970, or a date.
fn is_number_of_time(digits: &str) -> bool {
    EPOCH_DIGITS.contains(&digits.len()) || is_compact_date(digits)
}

/// `20261122`, perhaps with `T081530Z` behind it.
fn is_compact_date(value: &str) -> bool {
    value.len() == 8
        && matches!(value.get(..2), Some("19" | "20"))
        && in_range(value.get(4..6), 1, 12)
        && in_range(value.get(6..), 1, 31)
}

/// `2026-11-22`, `22.11.2026`, `2026/11/22`, with a time behind `T` or `_`.
fn is_date(value: &str) -> bool {
    let (day, time) = match value.find(['T', '_']) {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    };
    if let Some(time) = time
        && !(is_time(time) || time.bytes().filter(u8::is_ascii_digit).count() >= 4)
    {
        return false;
    }
    if is_compact_date(day) {
        return true;
    }
    let Some(mark) = day.chars().find(|c| "-/.".contains(*c)) else { return false };
    let mut parts = day.split(mark);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let year = |part: &str| part.len() == 4 && in_range(Some(part), 1970, 2199);
    (year(a) && in_range(Some(b), 1, 12) && in_range(Some(c), 1, 31))
        || (year(c) && in_range(Some(a), 1, 31) && in_range(Some(b), 1, 31))
}

/// `08:15`, `08:15:30.123`, with a zone (`Z`, `+01:00`).
fn is_time(value: &str) -> bool {
    let bare = value.trim_end_matches('Z');
    let bare = bare.split_once(['+', '.', ',']).map_or(bare, |(time, _)| time);
    let mut parts = bare.split(':');
    let (Some(hours), Some(minutes)) = (parts.next(), parts.next()) else { return false };
    let seconds = parts.next();
    parts.next().is_none()
        && in_range(Some(hours), 0, 24)
        && minutes.len() == 2
        && in_range(Some(minutes), 0, 59)
        && seconds.is_none_or(|seconds| seconds.len() == 2 && in_range(Some(seconds), 0, 60))
}

fn in_range(part: Option<&str>, min: u32, max: u32) -> bool {
    part.filter(|part| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|part| part.parse::<u32>().ok())
        .is_some_and(|number| (min..=max).contains(&number))
}

#[cfg(test)]
mod tests;
