//! Whose chains and tables these are, by the names that programs give them.
//!
//! Names alone are looked at: anybody may name a chain `DOCKER`, so this makes
//! a change quieter and never hides it. Chains that such programs leave to
//! people (`DOCKER-USER`, `ufw-user-input`) are nobody's.

use super::keys;

/// How a name is told.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// The whole name.
    Whole(&'static str),
    /// Its beginning.
    Begins(&'static str),
    /// Its beginning, with a zone of firewalld behind it.
    Zone(&'static str),
}

use Named::{Begins, Whole, Zone};

/// The zones that firewalld brings, and those that others make in it. People's
/// own zones are not told from people's own chains.
const ZONES: [&str; 12] = [
    "block",
    "dmz",
    "docker",
    "drop",
    "external",
    "home",
    "internal",
    "libvirt",
    "nm-shared",
    "public",
    "trusted",
    "work",
];

/// Chains that people write, though a program made them: these count first.
const OF_PEOPLE: &[Named] = &[
    Whole("DOCKER-USER"),
    Begins("ufw-user-"),
    Begins("ufw6-user-"),
    // What ufw takes from before.rules and after.rules is written by hand.
    Begins("ufw-before-"),
    Begins("ufw6-before-"),
    Begins("ufw-after-"),
    Begins("ufw6-after-"),
];

/// Chains, and who writes them.
const CHAINS: &[(Named, &str)] = &[
    // moby: `DOCKER`, `DOCKER-FORWARD`, `DOCKER-ISOLATION-STAGE-1`, `DOCKER_OUTPUT` …
    (Whole("DOCKER"), "docker"),
    (Begins("DOCKER-"), "docker"),
    (Begins("DOCKER_"), "docker"),
    // Kubernetes: kube-proxy and kubelet, and the network plugins.
    (Begins("KUBE-"), "kube-proxy"),
    (Begins("cali-"), "calico"),
    (Begins("CILIUM_"), "cilium"),
    (Begins("OLD_CILIUM_"), "cilium"),
    (Begins("FLANNEL-"), "flannel"),
    (Begins("CNI-"), "cni"),
    (Begins("NETAVARK"), "podman"),
    // fail2ban: `f2b-sshd`, and `fail2ban-ssh` before 0.9.
    (Begins("f2b-"), "fail2ban"),
    (Begins("fail2ban-"), "fail2ban"),
    // firewalld's chains in the tables of iptables.
    (Begins("INPUT_direct"), "firewalld"),
    (Begins("INPUT_ZONES"), "firewalld"),
    (Begins("FORWARD_direct"), "firewalld"),
    (Begins("FORWARD_IN_ZONES"), "firewalld"),
    (Begins("FORWARD_OUT_ZONES"), "firewalld"),
    (Begins("OUTPUT_direct"), "firewalld"),
    (Begins("PREROUTING_direct"), "firewalld"),
    (Begins("PREROUTING_ZONES"), "firewalld"),
    (Begins("POSTROUTING_direct"), "firewalld"),
    (Begins("POSTROUTING_ZONES"), "firewalld"),
    (Zone("IN_"), "firewalld"),
    (Zone("FWDI_"), "firewalld"),
    (Zone("FWDO_"), "firewalld"),
    (Zone("PRE_"), "firewalld"),
    (Zone("POST_"), "firewalld"),
    // ufw's own, beside those of people.
    (Begins("ufw-"), "ufw"),
    (Begins("ufw6-"), "ufw"),
    (Begins("LIBVIRT_"), "libvirt"),
    (Begins("TAILSCALE"), "tailscale"),
    (Begins("ts-"), "tailscale"),
];

/// Tables of nftables, without their family, and who writes them.
const TABLES: &[(Named, &str)] = &[
    (Whole("docker-bridges"), "docker"),
    (Begins("docker-"), "docker"),
    (Whole("kube-proxy"), "kube-proxy"),
    (Whole("firewalld"), "firewalld"),
    // What it puts in the way of packets while it loads its rules anew.
    (Whole("firewalld_policy_drop"), "firewalld"),
    (Begins("f2b-"), "fail2ban"),
    (Whole("libvirt_network"), "libvirt"),
    (Begins("netavark"), "podman"),
    (Begins("calico"), "calico"),
    (Begins("cali-"), "calico"),
];

fn fits(named: Named, name: &str) -> bool {
    match named {
        Whole(whole) => name == whole,
        Begins(with) => name.starts_with(with),
        Zone(with) => name.strip_prefix(with).is_some_and(|rest| {
            ZONES
                .iter()
                .any(|zone| rest.strip_prefix(zone).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
        }),
    }
}

/// Who writes a table, chain or set, by its name as keys have it; none: a
/// person, as far as anybody can tell.
pub(super) fn writer_of(name: &str) -> Option<&'static str> {
    let table = keys::table(name);
    let known = |list: &[(Named, &'static str)], name: &str| {
        list.iter().find(|(named, _)| fits(*named, name)).map(|(_, writer)| *writer)
    };
    let short = keys::short(name).trim_start_matches('@');
    if OF_PEOPLE.iter().any(|named| fits(*named, short)) {
        return None;
    }
    let in_table = table.split_once(' ').and_then(|(_, table)| known(TABLES, table));
    in_table.or_else(|| known(CHAINS, short))
}

#[cfg(test)]
mod tests;
