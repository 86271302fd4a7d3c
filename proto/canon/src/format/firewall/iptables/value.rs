//! The arguments of one option in their one form.
//!
//! Each form is what `iptables-save` makes of it, or shorter where the save
//! writes out a default. What is not understood stays as it is.

use std::borrow::Cow;

use super::modules::{Kind, MarkKind};
use super::words::{is_plain, push_word};
use crate::format::firewall::{address, comment, names};

/// Hundredths of microseconds are what the kernel counts a rate in
/// (`XT_LIMIT_SCALE` of `xt_limit.h`: ten thousand to the second).
const RATE_SCALE: u64 = 10_000;

/// Spans of time that a rate is given in, with their names.
const SPANS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("min", 60), ("sec", 1)];

/// Masks of a whole address.
const WHOLE: [&str; 2] = ["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];

/// TCP flags in the order of the save.
const TCP_FLAGS: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/// Short and older names of what a rejected packet is answered with, and
/// the name of the save.
const REJECTS: &[(&str, &str)] = &[
    ("net-unreach", "icmp-net-unreachable"),
    ("host-unreach", "icmp-host-unreachable"),
    ("proto-unreach", "icmp-proto-unreachable"),
    ("port-unreach", "icmp-port-unreachable"),
    ("net-prohib", "icmp-net-prohibited"),
    ("host-prohib", "icmp-host-prohibited"),
    ("tcp-rst", "tcp-reset"),
    ("admin-prohib", "icmp-admin-prohibited"),
    ("no-route", "icmp6-no-route"),
    ("adm-prohibited", "icmp6-adm-prohibited"),
    ("addr-unreach", "icmp6-addr-unreachable"),
    ("icmp6-policy-fail", "policy-fail"),
    ("icmp6-reject-route", "reject-route"),
];

/// Classes of DSCP (RFC 2474, RFC 2597, RFC 3246).
const DSCP: &[(&str, u64)] = &[
    ("BE", 0),
    ("CS0", 0),
    ("CS1", 8),
    ("CS2", 16),
    ("CS3", 24),
    ("CS4", 32),
    ("CS5", 40),
    ("CS6", 48),
    ("CS7", 56),
    ("AF11", 10),
    ("AF12", 12),
    ("AF13", 14),
    ("AF21", 18),
    ("AF22", 20),
    ("AF23", 22),
    ("AF31", 26),
    ("AF32", 28),
    ("AF33", 30),
    ("AF41", 34),
    ("AF42", 36),
    ("AF43", 38),
    ("EF", 46),
];

/// How many words an option takes.
pub(super) fn arguments(kind: Kind) -> usize {
    match kind {
        Kind::Flag | Kind::DefaultFlag | Kind::Syn => 0,
        Kind::Words(count) => count,
        Kind::TcpFlags => 2,
        _ => 1,
    }
}

/// The arguments in one form, ready to be written but for a comment, which is
/// without its quotes; `None` when they say what would be so without the option. `v6` tells the family where it is known
/// to be IPv6: some defaults differ.
pub(super) fn canonical<'a>(kind: Kind, words: &[&'a str], v6: bool) -> Option<Cow<'a, str>> {
    let first = words.first().copied().unwrap_or_default();
    Some(match kind {
        Kind::DefaultFlag => return None,
        Kind::Default(default) => return Some(integer_or(first)).filter(|text| text != default).map(in_quotes),
        Kind::Prefix if first == "128" || first == "32" && !v6 => return None,
        Kind::HostMask if WHOLE.contains(&first) => return None,
        Kind::Flag => Cow::Borrowed(""),
        Kind::Syn => Cow::Borrowed("FIN,SYN,RST,ACK SYN"),
        Kind::Words(_) | Kind::HostMask => quoted(words),
        Kind::Number | Kind::Prefix => integer_or(first),
        Kind::Range => range(first, ':', integer),
        Kind::Range16 => range_16(first),
        Kind::Probability => probability(first).map_or(Cow::Borrowed(first), Cow::Owned),
        Kind::Port => return Some(port_range(first)).filter(|ports| ports != "0:65535"),
        Kind::Ports => set(first, port_range),
        Kind::TcpFlags => {
            format!("{} {}", tcp_flags(first), tcp_flags(words.get(1).copied().unwrap_or_default())).into()
        }
        Kind::States | Kind::Set => set(first, upper),
        Kind::Rate => rate(first).map_or(Cow::Borrowed(first), Cow::Owned),
        Kind::Mark => mark(first).into(),
        Kind::Mask => return Some(mark(first)).filter(|mask| mask != "0xffffffff").map(Cow::Owned),
        Kind::Level => return names::level(first).map_or(Some(Cow::Borrowed(first)), level),
        Kind::Icmp => names::icmp(first, false).into(),
        Kind::Icmp6 => names::icmp(first, true).into(),
        Kind::Reject => return reject(first),
        Kind::Address => address::or_same(first),
        Kind::Mac => first.to_ascii_lowercase().into(),
        Kind::Comment => return Some(comment::without_dates(first)).filter(|it| !it.is_empty()),
        Kind::SetMark(how) => set_mark(how, first).into(),
        Kind::DscpClass => {
            dscp(DSCP.iter().find(|(name, _)| name.eq_ignore_ascii_case(first)).map(|it| it.1), first).into()
        }
        Kind::Dscp => dscp(names::integer(first), first).into(),
    })
}

/// Words as they are, in quotes where needed.
pub(super) fn quoted<'a>(words: &[&'a str]) -> Cow<'a, str> {
    if let [word] = *words {
        return in_quotes(Cow::Borrowed(word));
    }
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        push_word(&mut text, word);
    }
    text.into()
}

/// One word, in quotes where needed.
fn in_quotes(word: Cow<'_, str>) -> Cow<'_, str> {
    if is_plain(&word) {
        return word;
    }
    let mut text = String::with_capacity(word.len() + 2);
    push_word(&mut text, &word);
    text.into()
}

fn upper(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_lowercase()) { text.to_ascii_uppercase().into() } else { Cow::Borrowed(text) }
}

fn integer(text: &str) -> Option<u64> {
    names::integer(text)
}

/// A number as it is read, anything else as it is.
fn number_or(text: &str, number: impl Fn(&str) -> Option<u64>) -> Cow<'_, str> {
    number(text).map_or(Cow::Borrowed(text), |number| names::decimal(text, number))
}

fn integer_or(text: &str) -> Cow<'_, str> {
    // A number in hexadecimal digits is a mask and stays one.
    if text.starts_with("0x") { text.to_ascii_lowercase().into() } else { number_or(text, integer) }
}

/// `a:b`, where equal ends are one number; the ends brought to numbers.
fn range(text: &str, mark: char, number: impl Fn(&str) -> Option<u64>) -> Cow<'_, str> {
    match text.split_once([mark, '-']) {
        None => number_or(text, number),
        Some((low, high)) => {
            let (low, high) = (number_or(low, &number), number_or(high, &number));
            if low == high { low } else { format!("{low}:{high}").into() }
        }
    }
}

fn range_16(text: &str) -> Cow<'_, str> {
    let between = |low: &str, high: &str| Cow::Owned(range(&format!("{low}:{high}"), ':', integer).into_owned());
    match text.split_once(':') {
        Some(("", high)) => between("0", high),
        Some((low, "")) => between(low, "65535"),
        _ => range(text, ':', integer),
    }
}

/// The kernel keeps a probability in units of 2^-31.
fn probability(text: &str) -> Option<String> {
    const UNITS: f64 = 2_147_483_648.0;
    let value: f64 = text.parse().ok()?;
    let value = (0.0..=1.0).contains(&value).then_some(value)?;
    Some(format!("{:.11}", (value * UNITS).round() / UNITS))
}

/// A range of ports that is not meant, said as the one that is, where that is
/// one.
pub(super) fn port_complement(range: &str) -> Option<String> {
    let (low, high) = range.split_once(':')?;
    let (low, high): (u16, u16) = (low.parse().ok()?, high.parse().ok()?);
    let (low, high) = match (low, high) {
        (0, u16::MAX) => return None,
        (0, high) => (high + 1, u16::MAX),
        (low, u16::MAX) => (0, low - 1),
        _ => return None,
    };
    Some(if low == high { low.to_string() } else { format!("{low}:{high}") })
}

/// The milliseconds of the span that a rate is given in.
pub(super) fn rate_span_ms(text: &str) -> u64 {
    let span = text.split_once('/').map_or("sec", |(_, span)| span).to_ascii_lowercase();
    span_of(&span).map_or(1, |(_, seconds)| seconds) * 1000
}

fn span_of(span: &str) -> Option<(&'static str, u64)> {
    let full = |name| match name {
        "sec" => "second",
        "min" => "minute",
        name => name,
    };
    SPANS.into_iter().find(|(name, _)| !span.is_empty() && full(*name).starts_with(span))
}

fn port_range(text: &str) -> Cow<'_, str> {
    let port = |text: &str| names::port(text).map(u64::from);
    match text.split_once(':') {
        None => number_or(text, port),
        Some((low, high)) => {
            let low = if low.is_empty() { Cow::Borrowed("0") } else { number_or(low, port) };
            let high = if high.is_empty() { Cow::Borrowed("65535") } else { number_or(high, port) };
            if low == high { low } else { format!("{low}:{high}").into() }
        }
    }
}

/// A comma-separated set, its elements in one form and order.
fn set<'a>(text: &'a str, element: impl Fn(&'a str) -> Cow<'a, str>) -> Cow<'a, str> {
    if !text.as_bytes().contains(&b',') {
        return element(text);
    }
    let mut elements: Vec<Cow<'a, str>> = text.split(',').map(element).collect();
    elements.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    elements.dedup();
    elements.join(",").into()
}

fn tcp_flags(text: &str) -> String {
    let text = text.to_ascii_uppercase();
    if text == "ALL" {
        return TCP_FLAGS.join(",");
    }
    let mut flags: Vec<&str> = text.split(',').filter(|flag| *flag != "NONE").collect();
    if flags.is_empty() {
        return "NONE".to_owned();
    }
    flags.sort_by_key(|flag| TCP_FLAGS.iter().position(|known| known == flag));
    flags.dedup();
    flags.join(",")
}

/// A rate as the kernel keeps it, said in the largest span that divides it.
/// Rates of bytes stay as they are.
fn rate(text: &str) -> Option<String> {
    let (count, span) = text.split_once('/').unwrap_or((text, "sec"));
    let span = span.to_ascii_lowercase();
    let seconds = span_of(&span)?;
    let count = integer(count).filter(|count| *count > 0)?;
    let period = RATE_SCALE * seconds.1 / count;
    if period == 0 {
        return None;
    }
    let spans = SPANS.map(|(name, seconds)| (name, seconds * RATE_SCALE));
    // The save goes from the shortest span to longer ones for as long as the
    // rate is below one per span.
    let mut chosen = spans[3];
    for &next in spans.iter().rev().skip(1) {
        let per = chosen.1;
        if period > per || per / period < per % period {
            chosen = next;
        } else {
            break;
        }
    }
    Some(format!("{}/{}", chosen.1 / period, chosen.0))
}

fn mark(text: &str) -> String {
    let (value, mask) = text.split_once('/').map_or((text, None), |(value, mask)| (value, Some(mask)));
    let hexadecimal = |text: &str| integer(text).map_or_else(|| text.to_owned(), |number| format!("{number:#x}"));
    match mask.map(hexadecimal) {
        None => hexadecimal(value),
        Some(mask) if mask == "0xffffffff" => hexadecimal(value),
        Some(mask) => format!("{}/{mask}", hexadecimal(value)),
    }
}

fn set_mark(how: MarkKind, text: &str) -> String {
    const ALL: u64 = 0xffff_ffff;
    let (value, mask) = text.split_once('/').map_or((text, None), |(value, mask)| (value, Some(mask)));
    let mask = mask.map_or(Some(ALL), integer);
    let (Some(value), Some(mask)) = (integer(value), mask) else { return text.to_owned() };
    let (value, mask) = match how {
        MarkKind::Xset => (value, mask),
        MarkKind::Set => (value, mask | value),
        MarkKind::And => (0, ALL & !value),
        MarkKind::Or => (value, value),
        MarkKind::Xor => (value, 0),
    };
    format!("{value:#x}/{mask:#x}")
}

fn level<'a>(level: u16) -> Option<Cow<'a, str>> {
    const WARNING: u16 = 4;
    (level != WARNING).then(|| level.to_string().into())
}

fn reject(text: &str) -> Option<Cow<'_, str>> {
    let name = REJECTS.iter().find(|(short, _)| *short == text).map_or(text, |(_, name)| name);
    let default = matches!(name, "icmp-port-unreachable" | "icmp6-port-unreachable");
    (!default).then_some(Cow::Borrowed(name))
}

fn dscp(value: Option<u64>, text: &str) -> String {
    value.map_or_else(|| text.to_owned(), |value| format!("{value:#04x}"))
}
