//! From where a rule's packets may come: how wide lists of addresses are, and
//! what bounds them.
//!
//! Judges no rule. What cannot be measured is as wide as it could be.

use std::net::IpAddr;

use super::act::{Field, Match, Wanted};
use crate::meaning::Reach;

/// What interfaces of containers, virtual machines and tunnels are called, at
/// their beginning, by those who make them.
const INNER: [&str; 15] = [
    "docker",
    "podman",
    "cni",
    "cali",
    "cilium",
    "flannel",
    "veth",
    "virbr",
    "vnet",
    "lxc",
    "lxd",
    "wg",
    "tun",
    "tap",
    "tailscale",
];

/// What Docker calls the bridges of its networks: this, and twelve digits. Any
/// other bridge of that beginning may have an outer interface in it.
const BRIDGE: (&str, usize) = ("br-", 12);

/// Public IPv4 addresses that are as good as any: those of a `/7`, two of the
/// largest blocks that anybody was given. A single block of those is still
/// somebody's.
const MANY_V4: u64 = 1 << 25;

/// Public IPv6 networks of 64 bits that are as good as any: those of a `/16`;
/// registries are given `/12`, providers at most `/19`.
const MANY_V6: u128 = 1 << 48;

/// Networks of one's own (RFC 1918, 3927, 6598; RFC 4193, 4291).
const OWN: [&str; 7] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"];

/// This host alone.
const LOCAL: [&str; 2] = ["127.0.0.0/8", "::1"];

/// How many public addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Width {
    v4: u64,
    v6: u128,
    /// Of how many nobody knows.
    unknown: u32,
}

impl Width {
    /// Of one element: an address, a network or a range.
    pub(super) fn of(text: &str) -> Self {
        match ends(text) {
            Ends::Range(low, high) => Self::between(low, high),
            Ends::Name => Self::default(),
            Ends::Unknown => Self { unknown: 1, ..Self::default() },
        }
    }

    fn between(low: IpAddr, high: IpAddr) -> Self {
        let is_own =
            OWN.iter().chain(&LOCAL).any(|own| matches!(ends(own), Ends::Range(from, to) if from <= low && high <= to));
        match (low, high) {
            _ if is_own => Self::default(),
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                Self { v4: u64::from(high.to_bits().saturating_sub(low.to_bits())) + 1, ..Self::default() }
            }
            (IpAddr::V6(low), IpAddr::V6(high)) => {
                Self { v6: (high.to_bits().saturating_sub(low.to_bits()) >> 64) + 1, ..Self::default() }
            }
            _ => Self { unknown: 1, ..Self::default() },
        }
    }

    /// With those of another.
    pub(super) fn add(&mut self, other: Self) {
        self.v4 = self.v4.saturating_add(other.v4);
        self.v6 = self.v6.saturating_add(other.v6);
        self.unknown = self.unknown.saturating_add(other.unknown);
    }

    /// Without those of another.
    pub(super) fn take(&mut self, other: Self) {
        self.v4 = self.v4.saturating_sub(other.v4);
        self.v6 = self.v6.saturating_sub(other.v6);
        self.unknown = self.unknown.saturating_sub(other.unknown);
    }

    /// Whether these are as good as any.
    pub(super) fn is_any(self) -> bool {
        self.v4 >= MANY_V4 || self.v6 >= MANY_V6 || self.unknown > 0
    }
}

enum Ends {
    Range(IpAddr, IpAddr),
    /// No address: the name of one.
    Name,
    Unknown,
}

fn ends(text: &str) -> Ends {
    if let Some((low, high)) = text.split_once('-')
        && let (Ok(low), Ok(high)) = (low.parse(), high.parse())
    {
        return Ends::Range(low, high);
    }
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    match (address.parse::<IpAddr>(), prefix.parse::<u32>()) {
        (Ok(address), _) if prefix.is_empty() => Ends::Range(address, address),
        (Ok(IpAddr::V4(low)), Ok(prefix)) if prefix <= 32 => {
            let rest = u32::MAX.checked_shr(prefix).unwrap_or(0);
            Ends::Range(IpAddr::V4((low.to_bits() & !rest).into()), IpAddr::V4((low.to_bits() | rest).into()))
        }
        (Ok(IpAddr::V6(low)), Ok(prefix)) if prefix <= 128 => {
            let rest = u128::MAX.checked_shr(prefix).unwrap_or(0);
            Ends::Range(IpAddr::V6((low.to_bits() & !rest).into()), IpAddr::V6((low.to_bits() | rest).into()))
        }
        (Ok(_), _) => Ends::Unknown,
        (Err(_), _) if text.is_empty() || text.contains(['/', '*', '<', '>', '&', '!', '$']) => Ends::Unknown,
        (Err(_), _) => Ends::Name,
    }
}

/// Whether two addresses, networks or ranges may have one in common.
pub(super) fn meet(one: &str, other: &str) -> bool {
    match (ends(one), ends(other)) {
        (Ends::Range(a, b), Ends::Range(c, d)) => a.is_ipv4() == c.is_ipv4() && a <= d && c <= b,
        _ => true,
    }
}

fn is_local(text: &str) -> bool {
    let Ends::Range(low, high) = ends(text) else { return false };
    LOCAL.iter().any(|local| matches!(ends(local), Ends::Range(from, to) if from <= low && high <= to))
}

/// Whether an interface leads to what this host itself made, or to members of a
/// tunnel. Any other may be the one that faces the world, whatever it is called.
fn is_inner(interface: &str) -> bool {
    let is_dockers = |id: &str| id.len() == BRIDGE.1 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    INNER.iter().any(|begins| interface.starts_with(begins)) || interface.strip_prefix(BRIDGE.0).is_some_and(is_dockers)
}

/// From where, and whether new connections are among what fits: replies to
/// what was let in or out before are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bound {
    /// Whether anything but replies fits.
    pub(super) new: bool,
    /// From where.
    pub(super) reach: Reach,
}

impl Bound {
    /// Everything from everywhere.
    pub(super) const ANY: Self = Self { new: true, reach: Reach::Any };

    /// What fits both.
    pub(super) fn meet(self, other: Self) -> Self {
        Self { new: self.new && other.new, reach: self.reach.min(other.reach) }
    }
}

/// What bounds the packets that fit all of these. `is_wide` tells whether a
/// named set holds as good as any source.
pub(super) fn bound<'m>(matches: impl IntoIterator<Item = &'m Match>, is_wide: &dyn Fn(&str) -> bool) -> Bound {
    matches.into_iter().fold(Bound::ANY, |bound, one| bound.meet(bound_of(one, is_wide)))
}

fn bound_of(one: &Match, is_wide: &dyn Fn(&str) -> bool) -> Bound {
    if one.negated {
        return Bound::ANY;
    }
    let reach = |reach| Bound { new: true, reach };
    match &one.wanted {
        Wanted::Computed => Bound::ANY,
        Wanted::Set(name) => {
            let bounds = one.fields.iter().any(|field| match field {
                Field::Source => !is_wide(name),
                field => matches!(field, Field::Mac),
            });
            reach(if bounds { Reach::Bounded } else { Reach::Any })
        }
        Wanted::Values(values) => one.fields.first().map_or(Bound::ANY, |field| bound_by(field, values)),
    }
}

fn bound_by(field: &Field, values: &[Box<str>]) -> Bound {
    let bounded = |local: bool, any: bool| Bound {
        new: true,
        reach: match (any || values.is_empty(), local) {
            (true, _) => Reach::Any,
            (false, true) => Reach::Local,
            (false, false) => Reach::Bounded,
        },
    };
    match field {
        Field::Source => {
            let mut width = Width::default();
            values.iter().for_each(|value| width.add(Width::of(value)));
            bounded(values.iter().all(|value| is_local(value)), width.is_any())
        }
        Field::In => bounded(
            values.iter().all(|value| &**value == "lo"),
            values.iter().any(|value| &**value != "lo" && !is_inner(value)),
        ),
        Field::Mac => bounded(false, false),
        Field::State => {
            let replies = values.iter().all(|value| matches!(&**value, "established" | "related"));
            Bound { new: !replies || values.is_empty(), ..Bound::ANY }
        }
        _ => Bound::ANY,
    }
}

#[cfg(test)]
mod tests;
