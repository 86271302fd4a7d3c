//! Values in nftables rules and sets: numbers, addresses, names, flags, times.
//!
//! Each in one form, readable. What is not known stays as it is written.

use std::borrow::Cow;
use std::fmt;

use super::token::Token;
use crate::format::firewall::{address, comment, names};

/// What a value is compared with: it decides which names there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// A port.
    Port,
    /// A protocol over IP.
    Protocol,
    /// A type of ICMP.
    Icmp,
    /// A type of ICMPv6.
    Icmp6,
    /// Anything else.
    Other,
}

/// Types of ICMP by nft's names (`nft describe icmp type`).
const ICMP: &[(u64, &str)] = &[
    (0, "echo-reply"),
    (3, "destination-unreachable"),
    (4, "source-quench"),
    (5, "redirect"),
    (8, "echo-request"),
    (9, "router-advertisement"),
    (10, "router-solicitation"),
    (11, "time-exceeded"),
    (12, "parameter-problem"),
    (13, "timestamp-request"),
    (14, "timestamp-reply"),
    (15, "info-request"),
    (16, "info-reply"),
    (17, "address-mask-request"),
    (18, "address-mask-reply"),
];

/// Types of ICMPv6 by nft's names (`nft describe icmpv6 type`).
const ICMP6: &[(u64, &str)] = &[
    (1, "destination-unreachable"),
    (2, "packet-too-big"),
    (3, "time-exceeded"),
    (4, "parameter-problem"),
    (128, "echo-request"),
    (129, "echo-reply"),
    (130, "mld-listener-query"),
    (131, "mld-listener-report"),
    (132, "mld-listener-done"),
    (133, "nd-router-solicit"),
    (134, "nd-router-advert"),
    (135, "nd-neighbor-solicit"),
    (136, "nd-neighbor-advert"),
    (137, "nd-redirect"),
    (138, "router-renumbering"),
    (143, "mld2-listener-report"),
];

/// TCP flags in the order of their bits.
const FLAGS: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"];

/// Spans of time, the longest first.
const SPANS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// One element of a set or map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// What is looked up.
    pub(crate) key: String,
    /// What it maps to.
    pub(crate) data: Option<String>,
    /// What else is said: a timeout, a comment.
    pub(crate) more: String,
    /// Whether it will go by itself: put in by a packet or with a timeout that
    /// runs.
    pub(crate) expires: bool,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        f.write_str(&self.more)?;
        match &self.data {
            Some(data) => write!(f, " : {data}"),
            None => Ok(()),
        }
    }
}

/// A text, in quotes where it would be read as something else.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/' | b'*' | b'+');
    let plain = !text.is_empty() && text.bytes().all(plain);
    if plain { Cow::Borrowed(text) } else { ["\"", text, "\""].concat().into() }
}

/// One token as a word of a rule.
pub(crate) fn word<'t>(token: &'t Token<'_>, field: Field) -> Cow<'t, str> {
    match token {
        Token::Quoted(text) => quoted(text),
        Token::Word(text) => canonical(text, field),
        Token::Open => Cow::Borrowed("{"),
        Token::Close => Cow::Borrowed("}"),
        Token::Comma | Token::End => Cow::Borrowed(","),
    }
}

fn canonical(text: &str, field: Field) -> Cow<'_, str> {
    let digits = text.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if digits && let Some(number) = names::integer(text) {
        return named(text, number, field);
    }
    if is_mac(text) {
        return text.to_ascii_lowercase().into();
    }
    let may_be_address = digits || text.as_bytes().contains(&b':');
    if may_be_address && let Some(address) = address::canonical(text) {
        return address;
    }
    match field {
        Field::Port if !digits => {
            if let Some(port) = names::port(text) {
                return port.to_string().into();
            }
        }
        Field::Protocol if !digits => return names::protocol(text),
        _ => {}
    }
    if !may_be_address {
        return Cow::Borrowed(text);
    }
    match text.split_once('-') {
        Some((low, high)) if !high.contains('-') => range(low, high, field),
        _ => Cow::Borrowed(text),
    }
}

/// A number as the field's own name for it, where the listing has one.
fn named(text: &str, number: u64, field: Field) -> Cow<'_, str> {
    let table = match field {
        Field::Protocol => return names::protocol(&number.to_string()),
        Field::Icmp => ICMP,
        Field::Icmp6 => ICMP6,
        Field::Port | Field::Other => return names::decimal(text, number),
    };
    let found = table.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| names::decimal(text, number), |&(_, name)| Cow::Borrowed(name))
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text.split(':').all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The two ends; a network's own are that network.
fn range<'t>(low: &'t str, high: &'t str, field: Field) -> Cow<'t, str> {
    let (low, high) = (canonical(low, field), canonical(high, field));
    if low == high { low } else { format!("{low}-{high}").into() }
}

/// The elements of a group, each with its tokens.
pub(crate) fn elements<'s, 't>(tokens: &'s [Token<'t>]) -> impl Iterator<Item = &'s [Token<'t>]> {
    let mut depth = 0_usize;
    tokens
        .split(move |token| {
            match token {
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *token == Token::Comma
        })
        .filter(|tokens| tokens.iter().any(|token| *token != Token::End))
}

/// Reads one element.
pub(crate) fn element(tokens: &[Token<'_>], field: Field) -> Element {
    let mut found = Element::default();
    let mut key: Vec<Cow<'_, str>> = Vec::new();
    let mut data: Option<Vec<Cow<'_, str>>> = None;
    let mut at = 0;
    let text = |at: usize| tokens.get(at).map_or("", Token::text);
    while at < tokens.len() {
        match tokens[at].word() {
            "timeout" => {
                found.more += &format!(" timeout {}", duration(text(at + 1)));
                at += 2;
            }
            "expires" => {
                found.expires = true;
                at += 2;
            }
            "counter" if text(at + 1) == "packets" => {
                found.more += " counter";
                at += 5;
            }
            "comment" => {
                let text = comment::without_dates(text(at + 1));
                if !text.is_empty() {
                    found.more += &format!(" comment {}", quoted(&text));
                }
                at += 2;
            }
            ":" => {
                data = Some(Vec::new());
                at += 1;
            }
            _ => {
                if tokens[at] != Token::End {
                    match &mut data {
                        Some(data) => data.push(word(&tokens[at], Field::Other)),
                        None => key.push(word(&tokens[at], field)),
                    }
                }
                at += 1;
            }
        }
    }
    found.key = joined(&key);
    found.data = data.map(|words| joined(&words));
    found
}

/// Words with white space between them; a range in one word.
fn joined(words: &[Cow<'_, str>]) -> String {
    if let [word] = words
        && !word.contains(" - ")
    {
        return word.clone().into_owned();
    }
    words.join(" ").replace(" - ", "-")
}

/// A list of TCP flags, in parentheses or not, and how many tokens it has.
pub(crate) fn flags(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let mut found: Vec<&str> = Vec::new();
    let mut used = 0;
    let open = tokens.first()?.word() == "(";
    used += usize::from(open);
    loop {
        let name = tokens.get(used)?.word();
        if name == "0" {
            used += 1;
        } else {
            let at = FLAGS.iter().position(|flag| *flag == name)?;
            found.push(FLAGS[at]);
            used += 1;
        }
        match tokens.get(used) {
            Some(Token::Comma) => used += 1,
            Some(token) if token.word() == "|" => used += 1,
            Some(token) if open && token.word() == ")" => {
                used += 1;
                break;
            }
            _ if open => return None,
            _ => break,
        }
    }
    found.sort_unstable();
    let text = if found.is_empty() { "0x0".to_owned() } else { found.join(",") };
    Some((text, used))
}

/// A time (`1h30m`, `90`), in the largest spans.
pub(crate) fn duration(text: &str) -> String {
    let Some(mut seconds) = seconds(text) else { return text.to_owned() };
    let mut found = String::new();
    for (name, span) in SPANS {
        if seconds >= span {
            found += &format!("{}{name}", seconds / span);
            seconds %= span;
        }
    }
    if found.is_empty() { "0s".to_owned() } else { found }
}

fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        let span = SPANS.iter().find(|(name, _)| *name == c)?.1;
        total = total.checked_add(number.take()?.checked_mul(span)?)?;
    }
    total.checked_add(number.unwrap_or(0))
}

#[cfg(test)]
mod tests;
