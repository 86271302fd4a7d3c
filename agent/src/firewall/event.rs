//! What the kernel tells of nftables, one event a message: which object, where,
//! and whether it came or went (`linux/netfilter/nf_tables.h`).
//!
//! It reads no expression: what a rule says comes from `nft`. A message that is
//! not of nftables or makes no sense is said to be that, never skipped.

use super::tlv::{Attributes, Message};

/// `NFNL_SUBSYS_NFTABLES`, the high byte of a message's type.
const SUBSYSTEM: u16 = 10;

/// Bytes of `struct nfgenmsg` in front of the attributes.
const NFGENMSG: usize = 4;

/// `NLM_F_APPEND` and `NLM_F_CREATE` on the news of a rule.
const APPEND: u16 = 0x800;
const CREATE: u16 = 0x400;

/// `NFT_CHAIN_BINDING`: a chain within a rule (`jump { … }`).
const CHAIN_BINDING: u32 = 4;

/// `NFT_SET_ANONYMOUS` and `NFT_SET_INTERVAL`.
const SET_ANONYMOUS: u32 = 1;
const SET_INTERVAL: u32 = 4;

/// Names a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId {
    /// `NFPROTO_…`.
    pub family: u8,
    /// Its name.
    pub name: Box<str>,
}

/// Where a rule was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Behind the rule with that handle.
    Behind(u64),
    /// At the end.
    End,
    /// At the front.
    Front,
    /// In the place of another one, which the kernel does not name.
    Replaced,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of an object.
    Object {
        /// Of which table.
        table: TableId,
        /// What it is.
        what: What,
        /// Its handle; 0 where the message has none.
        handle: u64,
        /// Whether it is gone.
        gone: bool,
    },
    /// A transaction ends here.
    Generation {
        /// The generation that it made.
        id: u32,
        /// The process that committed it.
        pid: u32,
        /// What that process calls itself.
        name: Box<str>,
    },
    /// Not about a ruleset.
    Other,
    /// Not to be understood.
    Malformed,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A table with these flags.
    Table {
        /// `NFT_TABLE_F_…`.
        flags: u32,
    },
    /// A chain.
    Chain {
        /// Its name.
        name: Box<str>,
        /// Whether it stands within a rule.
        binding: bool,
        /// Whether it hangs on devices, of which `nft monitor` says nothing.
        on_devices: bool,
    },
    /// A rule.
    Rule {
        /// Of which chain.
        chain: Box<str>,
        /// Where it was put.
        spot: Spot,
        /// Sets and maps that it looks into: `nft monitor` has been seen to
        /// forget one and to say the rule without it.
        sets: Vec<Box<str>>,
    },
    /// A set or map.
    Set {
        /// Its name.
        name: Box<str>,
        /// Whether it stands within a rule.
        anonymous: bool,
        /// Whether its elements are ranges.
        interval: bool,
    },
    /// Elements of a set or map.
    Elements {
        /// Of which.
        set: Box<str>,
        /// Whether any of them stays: the others go by themselves.
        lasting: bool,
    },
    /// A counter, limit, quota and the like.
    Stateful {
        /// Its name.
        name: Box<str>,
    },
    /// A flowtable.
    Flowtable {
        /// Its name.
        name: Box<str>,
    },
}

/// The name of a family as `nft` writes it.
#[must_use]
pub fn family_name(family: u8) -> &'static str {
    match family {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => "unknown",
    }
}

/// The family of that name.
#[must_use]
pub fn family_of(name: &str) -> u8 {
    [1, 2, 3, 5, 7, 10].into_iter().find(|family| family_name(*family) == name).unwrap_or(0)
}

/// Reads a message.
#[must_use]
pub fn read(message: &Message<'_>) -> Event {
    if message.kind >> 8 != SUBSYSTEM {
        return Event::Other;
    }
    let Some((head, rest)) = message.body.split_at_checked(NFGENMSG) else { return Event::Malformed };
    let attributes = Attributes::of(rest);
    if attributes.clone().any(|one| one.is_err()) {
        return Event::Malformed;
    }
    let kind = message.kind & 0xff;
    if kind == 15 {
        return generation(&attributes).unwrap_or(Event::Malformed);
    }
    match object(kind, head[0], message.flags, &attributes) {
        Some(found) => found.unwrap_or(Event::Malformed),
        None => Event::Other,
    }
}

fn generation(attributes: &Attributes<'_>) -> Option<Event> {
    let (id, pid) = (attributes.u32(1)?, attributes.u32(2).unwrap_or(0));
    Some(Event::Generation { id, pid, name: attributes.text(3).unwrap_or_default() })
}

/// The event of an object; none if the message is not about one.
fn object(kind: u16, family: u8, flags: u16, attributes: &Attributes<'_>) -> Option<Option<Event>> {
    // What comes has an even number three below what goes, tables and rules
    // alike; objects and flowtables were numbered later.
    let (gone, at) = match kind {
        0 | 2 => (kind == 2, 4),
        3 | 5 => (kind == 5, 2),
        6 | 8 => (kind == 8, 3),
        9 | 11 => (kind == 11, 16),
        12 | 14 => (kind == 14, 0),
        18 | 20 => (kind == 20, 6),
        22 | 24 => (kind == 24, 5),
        _ => return None,
    };
    let what = match kind {
        0 | 2 => Some(What::Table { flags: attributes.u32(2).unwrap_or(0) }),
        3 | 5 => chain(family, attributes),
        6 | 8 => rule(flags, attributes),
        9 | 11 => set(attributes),
        12 | 14 => attributes.text(2).map(|set| What::Elements { set, lasting: are_lasting(attributes) }),
        18 | 20 => attributes.text(2).map(|name| What::Stateful { name }),
        _ => attributes.text(2).map(|name| What::Flowtable { name }),
    };
    // The name of its table is the first attribute of every object.
    let table = attributes.text(1).map(|name| TableId { family, name });
    let handle = attributes.u64(at).unwrap_or(0);
    Some(what.zip(table).map(|(what, table)| Event::Object { table, what, handle, gone }))
}

fn chain(family: u8, attributes: &Attributes<'_>) -> Option<What> {
    let hook = attributes.within(4);
    let on_devices = hook.find(3).is_some() || hook.find(4).is_some() || family_name(family) == "netdev";
    let binding = attributes.u32(10).unwrap_or(0) & CHAIN_BINDING != 0;
    Some(What::Chain { name: attributes.text(3)?, binding, on_devices })
}

fn rule(flags: u16, attributes: &Attributes<'_>) -> Option<What> {
    let spot = match attributes.u64(6).filter(|handle| *handle != 0) {
        Some(handle) => Spot::Behind(handle),
        None if flags & (APPEND | CREATE) == APPEND => Spot::Replaced,
        None if flags & APPEND != 0 => Spot::End,
        None => Spot::Front,
    };
    Some(What::Rule { chain: attributes.text(2)?, spot, sets: sets_of(attributes) })
}

/// The names of sets in the expressions of a rule: of a lookup, of a set that is
/// added to, and of a map of objects.
fn sets_of(attributes: &Attributes<'_>) -> Vec<Box<str>> {
    let set = |(_, expression): (u16, &[u8])| {
        let expression = Attributes::of(expression);
        let at = match &*expression.text(1)? {
            "lookup" | "dynset" => 1,
            "objref" => 4,
            _ => return None,
        };
        expression.within(2).text(at)
    };
    attributes.within(4).filter_map(Result::ok).filter_map(set).collect()
}

/// Whether an element has neither a timeout nor a time at which it goes.
fn are_lasting(attributes: &Attributes<'_>) -> bool {
    let mut elements = attributes.within(3).filter_map(Result::ok).map(|(_, element)| Attributes::of(element));
    elements.any(|element| element.find(4).is_none() && element.find(5).is_none())
}

fn set(attributes: &Attributes<'_>) -> Option<What> {
    let flags = attributes.u32(3).unwrap_or(0);
    let (anonymous, interval) = (flags & SET_ANONYMOUS != 0, flags & SET_INTERVAL != 0);
    Some(What::Set { name: attributes.text(2)?, anonymous, interval })
}

#[cfg(test)]
mod tests;
