//! Which tables iptables-nft has made: those that it would take for its own.
//!
//! It asks no program. A table that looks like one of iptables and holds what
//! iptables cannot have is one of nftables.

use super::Table;
use crate::firewall::event::family_name;

/// The tables of iptables, each with its chains and their priorities
/// (`iptables/nft.c`, as the manual of iptables lists them).
const TABLES: [(&str, &[(&str, &str)]); 5] = [
    ("filter", &[("INPUT", "input priority 0"), ("FORWARD", "forward priority 0"), ("OUTPUT", "output priority 0")]),
    (
        "nat",
        &[
            ("PREROUTING", "prerouting priority -100"),
            ("INPUT", "input priority 100"),
            ("OUTPUT", "output priority -100"),
            ("POSTROUTING", "postrouting priority 100"),
        ],
    ),
    (
        "mangle",
        &[
            ("PREROUTING", "prerouting priority -150"),
            ("INPUT", "input priority -150"),
            ("FORWARD", "forward priority -150"),
            ("OUTPUT", "output priority -150"),
            ("POSTROUTING", "postrouting priority -150"),
        ],
    ),
    ("raw", &[("PREROUTING", "prerouting priority -300"), ("OUTPUT", "output priority -300")]),
    (
        "security",
        &[("INPUT", "input priority 50"), ("FORWARD", "forward priority 50"), ("OUTPUT", "output priority 50")],
    ),
];

/// Whether a table is one of iptables-nft: it has their name, of chains on hooks
/// only theirs, no set or object with a name, and rules that count, as all of
/// theirs do, or that only iptables can list.
pub(super) fn made(table: &Table) -> bool {
    if !matches!(family_name(table.id.family), "ip" | "ip6") {
        return false;
    }
    let Some((_, chains)) = TABLES.iter().find(|(name, _)| *name == &*table.id.name) else { return false };
    let on_hooks: Vec<_> = table.chains.iter().filter_map(|chain| Some((chain.name(), chain.hook()?))).collect();
    let is_theirs = |(name, hook): &(&str, &str)| {
        chains.iter().any(|(known, at)| known == name && hook.ends_with(&format!(" hook {at}")))
    };
    if on_hooks.is_empty() || !on_hooks.iter().all(is_theirs) || !table.sets.is_empty() || !table.objects.is_empty() {
        return false;
    }
    let mut rules = table.chains.iter().flat_map(|chain| chain.rules.iter());
    rules.clone().any(|rule| rule.is_of_iptables) || rules.all(|rule| rule.counts)
}

#[cfg(test)]
mod tests;
