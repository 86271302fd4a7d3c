//! Ports, ranges of ports and protocols as firewalld takes them.
//!
//! Asks no `/etc/services` or `/etc/protocols`: a name that is not known here is
//! kept as it is written.

use crate::Place;
use crate::format::firewall::names;

/// The first and the last port, and where they are given.
pub(super) type Range = (u16, u16, Place);

/// A port or range in its one form; `None` when it is neither.
pub(super) fn canonical(text: &str) -> Option<String> {
    if let Some((from, to)) = numbers(text) {
        return Some(shown(from, to));
    }
    is_name(text).then(|| text.to_owned())
}

/// The first and the last port, the smaller first.
pub(super) fn numbers(text: &str) -> Option<(u16, u16)> {
    if let Some(port) = number(text) {
        return Some((port, port));
    }
    // A range without an end is its first port.
    if let Some(port) = text.strip_suffix('-').and_then(number) {
        return Some((port, port));
    }
    // Names have hyphens too, so that each hyphen may be the one of the range.
    let mut ranges = text
        .match_indices('-')
        .filter_map(|(at, _)| Some((number(&text[..at])?, number(&text[at + 1..])?)))
        .map(|(one, other)| (one.min(other), one.max(other)));
    let range = ranges.next()?;
    ranges.next().is_none().then_some(range)
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    is_name(text).then(|| names::port(text))?
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+.".contains(&b))
}

/// `80`, `8080-8090`.
pub(super) fn shown(from: u16, to: u16) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// Ranges that overlap are one, as firewalld joins them; those that only touch
/// stay apart, as they do there. The place is that of the first.
pub(super) fn joined(mut list: Vec<Range>) -> Vec<Range> {
    list.sort_by_key(|&(from, to, place)| (from, to, place.line));
    let mut all: Vec<Range> = Vec::new();
    for (from, to, place) in list {
        match all.last_mut() {
            Some((_, end, _)) if from <= *end => *end = to.max(*end),
            _ => all.push((from, to, place)),
        }
    }
    all
}

/// Whether a protocol has ports that firewalld knows.
pub(super) fn is_protocol(name: &str) -> bool {
    matches!(name, "tcp" | "udp" | "sctp" | "dccp")
}

/// A protocol by name or number; `None` when it is neither.
pub(super) fn protocol(text: &str) -> Option<String> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (if is_number { text.parse::<u8>().is_ok() } else { is_name(text) }).then(|| names::protocol(text).into_owned())
}
