//! The elements that one `add` names, each in its one form.
//!
//! A range of hosts or ports is the hosts and ports, a range of networks the
//! networks that fill it: so does ipset keep them. Knows the types of sets by
//! their parts; a part that it does not know stays as it is written.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::format::firewall::{address, names};

/// Elements that ranges may stand for in one dump. ipset itself takes 65536
/// per set where nothing is said.
pub(super) const EXPANDED_MAX: usize = 65_536;

/// Networks that one range is at most: two a bit.
const NETWORKS_MAX: usize = 64;

/// One part of a type: `hash:ip,port,net` has three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Network,
    Port,
    Mac,
    Mark,
    Name,
}

/// What a set says of the form of its elements.
#[derive(Debug, Default)]
pub(super) struct Kind {
    parts: Vec<Part>,
    /// Ports have their protocol before them, except in a bitmap.
    bare_ports: bool,
    pub(super) v6: bool,
    pub(super) netmask: Option<u32>,
}

/// Ranges that stand for too many elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

impl Kind {
    /// The kind of a type, of IPv4.
    pub(super) fn of(kind: &str) -> Self {
        let (method, parts) = kind.split_once(':').unwrap_or(("", kind));
        let part = |part: &str| match part {
            "ip" => Part::Host,
            "net" => Part::Network,
            "port" => Part::Port,
            "mac" => Part::Mac,
            "mark" => Part::Mark,
            _ => Part::Name,
        };
        Self { parts: parts.split(',').map(part).collect(), bare_ports: method == "bitmap", v6: false, netmask: None }
    }

    /// Hands over each element that `text` stands for.
    ///
    /// # Errors
    /// When there are more than `left`.
    pub(super) fn each(&self, text: &str, left: usize, mut give: impl FnMut(&str)) -> Result<usize, TooMany> {
        if let Some(text) = self.one(text) {
            give(&text);
            return Ok(1);
        }
        let mut whole = vec![String::with_capacity(text.len())];
        for (at, part) in text.split(',').enumerate() {
            let kind = self.parts.get(at).copied().unwrap_or(Part::Name);
            let forms = self.forms(kind, part, left)?;
            if forms.len().saturating_mul(whole.len()) > left.max(1) {
                return Err(TooMany);
            }
            whole = joined(whole, &forms, at > 0);
        }
        let count = whole.len();
        whole.iter().for_each(|element| give(element));
        Ok(count)
    }

    /// The element, where it is one host or one network: most are.
    fn one<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match *self.parts {
            [Part::Network] if !text.contains(['-', ',']) => Some(address::or_same(text)),
            [Part::Host] if self.netmask.is_none() && text.parse::<Ipv4Addr>().is_ok() => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn forms(&self, kind: Part, text: &str, left: usize) -> Result<Vec<String>, TooMany> {
        Ok(match kind {
            Part::Host => match self.hosts(text) {
                Some(hosts) => hosts.up_to(left)?,
                None => {
                    let masked = self.netmask.and_then(|mask| masked_v6(text, mask));
                    vec![masked.unwrap_or_else(|| address::or_same(text).into_owned())]
                }
            },
            Part::Network => networks(text),
            Part::Port => self.ports(text, left)?,
            Part::Mac => vec![text.to_ascii_uppercase()],
            Part::Mark => vec![names::integer(text).map_or_else(|| text.to_owned(), |mark| format!("{mark:#010x}"))],
            Part::Name => vec![text.to_owned()],
        })
    }

    /// The hosts of an address, a network or a range of IPv4, or with a
    /// netmask the networks.
    fn hosts(&self, text: &str) -> Option<Hosts> {
        let step = self.netmask.filter(|&mask| mask <= 32).map_or(1_u64, |mask| 1 << (32 - mask));
        let (first, last) = range(text)?;
        let begin = u64::from(first) / step * step;
        Some(Hosts { begin, last: u64::from(last), step })
    }

    fn ports(&self, text: &str, left: usize) -> Result<Vec<String>, TooMany> {
        let (protocol, ports) = text.split_once(':').unwrap_or(("tcp", text));
        let protocol = names::protocol(protocol);
        let named = |port: String| if self.bare_ports { port } else { format!("{protocol}:{port}") };
        if matches!(&*protocol, "icmp" | "ipv6-icmp" | "icmpv6") {
            let mut kind = names::icmp(ports, self.v6);
            if !kind.contains('/') && kind.bytes().all(|b| b.is_ascii_digit()) {
                kind.push_str("/0");
            }
            return Ok(vec![named(kind)]);
        }
        let bounds = match ports.split_once('-') {
            Some((first, last)) if names::port(ports).is_none() => (names::port(first), names::port(last)),
            _ => (names::port(ports), names::port(ports)),
        };
        let (Some(first), Some(last)) = bounds else { return Ok(vec![named(ports.to_owned())]) };
        let (first, last) = (first.min(last), first.max(last));
        if usize::from(last - first) >= left.max(1) {
            return Err(TooMany);
        }
        Ok((first..=last).map(|port| named(port.to_string())).collect())
    }
}

/// Every beginning with every form behind it.
fn joined(mut whole: Vec<String>, forms: &[String], comma: bool) -> Vec<String> {
    if let [form] = forms {
        for begin in &mut whole {
            if comma {
                begin.push(',');
            }
            begin.push_str(form);
        }
        return whole;
    }
    let comma = if comma { "," } else { "" };
    whole.iter().flat_map(|begin| forms.iter().map(move |form| format!("{begin}{comma}{form}"))).collect()
}

struct Hosts {
    begin: u64,
    last: u64,
    step: u64,
}

impl Hosts {
    fn up_to(&self, left: usize) -> Result<Vec<String>, TooMany> {
        let mut hosts = Vec::with_capacity(1);
        let mut host = self.begin;
        while host <= self.last {
            if hosts.len() >= left.max(1) {
                return Err(TooMany);
            }
            hosts.push(Ipv4Addr::from_bits(u32::try_from(host).unwrap_or(u32::MAX)).to_string());
            host += self.step;
        }
        Ok(hosts)
    }
}

/// The first and the last address of an address, network or range of IPv4.
fn range(text: &str) -> Option<(u32, u32)> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (first.parse::<Ipv4Addr>().ok()?.to_bits(), last.parse::<Ipv4Addr>().ok()?.to_bits());
        return Some((first.min(last), first.max(last)));
    }
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    let address: Ipv4Addr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok().filter(|&bits| bits <= 32)?;
    let hosts = u32::MAX.checked_shr(bits).unwrap_or(0);
    Some((address.to_bits() & !hosts, address.to_bits() | hosts))
}

/// The networks of a network or of a range of IPv4.
fn networks(text: &str) -> Vec<String> {
    let Some((first, last)) = text.contains('-').then(|| range(text)).flatten() else {
        return vec![address::or_same(text).into_owned()];
    };
    let (mut at, last) = (u64::from(first), u64::from(last));
    let mut found = Vec::new();
    while at <= last && found.len() < NETWORKS_MAX {
        let fitting = (last - at + 1).ilog2();
        let bits = fitting.min(at.trailing_zeros()).min(32);
        let network = Ipv4Addr::from_bits(u32::try_from(at).unwrap_or(u32::MAX));
        found.push(if bits == 0 { network.to_string() } else { format!("{network}/{}", 32 - bits) });
        at += 1 << bits;
    }
    found
}

/// The range of a bitmap: two addresses or two ports.
pub(super) fn bounds(text: &str) -> String {
    if let Some((first, last)) = range(text) {
        return format!("{}-{}", Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last));
    }
    let ports = text.split_once('-').map(|(first, last)| (names::port(first), names::port(last)));
    match ports {
        Some((Some(first), Some(last))) => format!("{first}-{last}"),
        _ => text.to_owned(),
    }
}

/// What a netmask of IPv6 leaves of an address.
fn masked_v6(text: &str, mask: u32) -> Option<String> {
    let address: Ipv6Addr = text.split_once('/').map_or(text, |(address, _)| address).parse().ok()?;
    Some(address::masked(IpAddr::V6(address), mask).to_string())
}

#[cfg(test)]
mod tests;
