//! Which values the parts of firewalld's rules may have.
//!
//! Says only whether firewalld takes a value: what it means is not known here.

use super::{Element, address};

/// How packets of IPv4 may be refused, in firewalld's long and short names.
const REJECT_V4: [&str; 16] = [
    "icmp-host-prohibited",
    "host-prohib",
    "icmp-net-unreachable",
    "net-unreach",
    "icmp-host-unreachable",
    "host-unreach",
    "icmp-port-unreachable",
    "port-unreach",
    "icmp-proto-unreachable",
    "proto-unreach",
    "icmp-net-prohibited",
    "net-prohib",
    "tcp-reset",
    "tcp-rst",
    "icmp-admin-prohibited",
    "admin-prohib",
];

/// The same for IPv6.
const REJECT_V6: [&str; 9] = [
    "icmp6-adm-prohibited",
    "adm-prohibited",
    "icmp6-no-route",
    "no-route",
    "icmp6-addr-unreachable",
    "addr-unreach",
    "icmp6-port-unreachable",
    "port-unreach",
    "tcp-reset",
];

/// The types of sets that firewalld makes.
const SET_TYPES: [&str; 11] = [
    "hash:ip",
    "hash:ip,port",
    "hash:ip,port,ip",
    "hash:ip,port,net",
    "hash:ip,mark",
    "hash:net",
    "hash:net,net",
    "hash:net,port",
    "hash:net,port,net",
    "hash:net,iface",
    "hash:mac",
];

/// How the names of modules that track connections begin.
const TRACKS: &str = "nf_conntrack_";

/// Letters of the short name of a module.
const MODULE_LETTERS_MIN: usize = 2;

/// The smallest segment that may be clamped to.
const CLAMP_MIN: u32 = 536;

/// The priority of a rule or a policy.
pub(super) fn priority(text: &str) -> Option<i16> {
    text.trim().parse().ok()
}

/// Whether a packet of that family can be refused so.
pub(super) fn rejects(family: &str, kind: &str) -> bool {
    if family == "ipv4" { REJECT_V4.contains(&kind) } else { REJECT_V6.contains(&kind) }
}

/// Whether an address or network is of that family.
pub(super) fn is_of_family(family: &str, text: &str) -> bool {
    address::canonical(text).is_some_and(|address| address.contains(':') == (family == "ipv6"))
}

/// A number of 32 bits, or two of them for a value and its mask.
pub(super) fn mark(text: &str) -> Option<String> {
    match text.split_once('/') {
        None => number(text).map(|number| number.to_string()),
        Some((value, mask)) => Some(format!("{}/{}", number(value)?, number(mask)?)),
    }
}

/// Decimal, or with the sign of another base before it.
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.get(..2).zip(text.get(2..)).and_then(|(sign, digits)| match sign {
        "0x" | "0X" => Some((digits, 16)),
        "0o" | "0O" => Some((digits, 8)),
        "0b" | "0B" => Some((digits, 2)),
        _ => None,
    });
    match digits {
        Some((digits, base)) => u32::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+')),
        // A leading zero is the sign of no base.
        None => text.parse().ok().filter(|_| !text.starts_with('0') || text.bytes().all(|b| b == b'0')),
    }
}

/// A whole number of any sign.
pub(super) fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// The short name of a module that tracks connections.
pub(super) fn module(name: &str) -> Option<String> {
    let short = match name.strip_prefix(TRACKS) {
        Some(rest) => rest.replace(TRACKS, "").replace('_', "-"),
        None => name.to_owned(),
    };
    (short.chars().count() >= MODULE_LETTERS_MIN).then_some(short)
}

/// Whether an option of a set has such a value.
pub(super) fn is_option(name: &str, value: &str) -> bool {
    match name {
        "family" => matches!(value, "inet" | "inet6"),
        "timeout" | "hashsize" | "maxelem" => integer(value).is_some_and(|number| number >= 0),
        _ => false,
    }
}

/// Whether firewalld takes a file with such values at its root.
pub(super) fn takes(root: &Element) -> bool {
    match &*root.name {
        "ipset" => root.get("type").is_some_and(|kind| SET_TYPES.contains(&kind)),
        "helper" => {
            let module = root.get("module").and_then(|name| name.strip_prefix(TRACKS));
            module.is_some_and(|rest| !rest.replace(TRACKS, "").is_empty())
                && root.get("family").is_none_or(|family| matches!(family, "ipv4" | "ipv6"))
        }
        _ => true,
    }
}

/// What segments are clamped to; `None` as a word is the path's own size.
pub(super) fn clamp(text: &str) -> Option<String> {
    match text {
        "pmtu" | "None" => Some("pmtu".to_owned()),
        _ => text
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse::<u32>().ok())?
            .filter(|size| *size >= CLAMP_MIN)
            .map(|_| text.to_owned()),
    }
}
