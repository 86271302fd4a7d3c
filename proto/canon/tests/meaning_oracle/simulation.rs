//! A slow firewall over a small world: a few sources, interfaces, protocols,
//! ports and states, and what a ruleset does with each packet of it.

use std::net::Ipv4Addr;

use driftline_canon::Reach;

use crate::ruleset::{Chain, Condition, PORTS, Rule, Rules, Verdict};

/// A packet on its way in, or out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packet {
    out: bool,
    source: Ipv4Addr,
    interface: &'static str,
    protocol: &'static str,
    port: u16,
    state: &'static str,
}

/// An address and an interface that no rule names: whoever comes from there
/// gets in only where anybody does.
const STRANGER: ([u8; 4], &str) = ([8, 8, 8, 8], "eth9");

/// Where packets come from.
const FROM: [([u8; 4], &str); 8] = [
    STRANGER,
    ([203, 0, 113, 7], "eth9"),
    ([10, 0, 0, 1], "eth9"),
    ([10, 1, 2, 3], "eth9"),
    ([8, 8, 8, 8], "eth0"),
    ([10, 1, 2, 3], "eth0"),
    ([198, 51, 100, 1], "eth9"),
    ([127, 0, 0, 1], "lo"),
];

impl Packet {
    pub(crate) fn is_reply(&self) -> bool {
        self.state == "established"
    }

    /// How far a change reaches at least that lets this packet in.
    pub(crate) fn reach(&self) -> Reach {
        if self.out || self.interface == "lo" {
            Reach::Local
        } else if (self.source.octets(), self.interface) == STRANGER {
            Reach::Any
        } else {
            Reach::Bounded
        }
    }
}

/// Every packet of the world.
pub(crate) fn packets() -> Vec<Packet> {
    let mut found = Vec::new();
    let mut push = |out: bool, source: [u8; 4], interface| {
        for state in ["new", "established", "invalid"] {
            for protocol in ["tcp", "udp"] {
                for port in PORTS {
                    found.push(Packet { out, source: source.into(), interface, protocol, port, state });
                }
            }
            found.push(Packet { out, source: source.into(), interface, protocol: "icmp", port: 0, state });
        }
    };
    FROM.iter().for_each(|&(source, interface)| push(false, source, interface));
    push(true, [203, 0, 113, 1], "");
    found
}

/// Whether a ruleset lets a packet through all its hooks.
pub(crate) fn accepted(rules: &Rules, packet: &Packet) -> bool {
    if rules.dormant {
        return true;
    }
    let mut mark = 0;
    let order: &[&str] = if packet.out { &["output"] } else { &["prerouting", "input"] };
    for hook in order {
        for chain in rules.chains.iter().filter(|chain| chain.base.is_some_and(|base| base.0 == *hook)) {
            if !passes(rules, chain, packet, &mut mark) {
                return false;
            }
        }
    }
    true
}

/// What became of a packet in a chain.
enum End {
    Accepted,
    Dropped,
    /// It came to the end, or returned.
    Through,
}

fn passes(rules: &Rules, chain: &Chain, packet: &Packet, mark: &mut u32) -> bool {
    match walk(rules, chain, packet, mark) {
        End::Accepted => true,
        End::Dropped => false,
        End::Through => chain.base.is_some_and(|base| base.2),
    }
}

fn walk(rules: &Rules, chain: &Chain, packet: &Packet, mark: &mut u32) -> End {
    for rule in &chain.rules {
        if !fits(rules, rule, packet, *mark) {
            continue;
        }
        match carry_out(rules, &rule.verdict, packet, mark) {
            Some(end) => return end,
            None => continue,
        }
    }
    End::Through
}

/// What a verdict ends with; none: the chain goes on.
fn carry_out(rules: &Rules, verdict: &Verdict, packet: &Packet, mark: &mut u32) -> Option<End> {
    match verdict {
        Verdict::Nothing | Verdict::Log => None,
        Verdict::Mark(new) => {
            *mark = *new;
            None
        }
        Verdict::Accept => Some(End::Accepted),
        Verdict::Drop => Some(End::Dropped),
        Verdict::Return => Some(End::Through),
        Verdict::Jump(to) => match walk(rules, &rules.chains[*to], packet, mark) {
            End::Through => None,
            end => Some(end),
        },
        Verdict::Goto(to) => Some(walk(rules, &rules.chains[*to], packet, mark)),
        Verdict::Inline(branches) => looked_up(rules, branches, packet, mark),
        Verdict::Map => looked_up(rules, &rules.map, packet, mark),
    }
}

fn looked_up(rules: &Rules, branches: &[(u16, Verdict)], packet: &Packet, mark: &mut u32) -> Option<End> {
    let found = branches.iter().find(|(port, _)| packet.protocol == "tcp" && *port == packet.port);
    found.and_then(|(_, verdict)| carry_out(rules, verdict, packet, mark))
}

fn fits(rules: &Rules, rule: &Rule, packet: &Packet, mark: u32) -> bool {
    rule.conditions.iter().all(|condition| match condition {
        Condition::Source(negated, network) => within(network, packet.source) != *negated,
        Condition::SourceIn(negated, set) => {
            rules.sources[*set].iter().any(|network| within(network, packet.source)) != *negated
        }
        Condition::Interface(negated, name) => (packet.interface == *name) != *negated,
        Condition::Protocol(name) => packet.protocol == *name,
        Condition::Port(negated, protocol, ports) => {
            packet.protocol == *protocol && ports.contains(&packet.port) != *negated
        }
        Condition::PortIn(protocol, set) => packet.protocol == *protocol && rules.ports[*set].contains(&packet.port),
        Condition::State(negated, states) => states.contains(&packet.state) != *negated,
        Condition::Mark(wanted) => mark == *wanted,
    })
}

fn within(network: &str, address: Ipv4Addr) -> bool {
    let (base, prefix) = network.split_once('/').unwrap_or((network, "32"));
    let (base, prefix): (Ipv4Addr, u32) = (base.parse().unwrap(), prefix.parse().unwrap());
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    base.to_bits() & mask == address.to_bits() & mask
}
