//! What an item of a ruleset is about, from the key that the readers gave it:
//! a table, a chain, a rule, a set, an element.
//!
//! Knows the shapes of docs/formats/firewall.md and nothing else; a key of
//! another shape is about nothing that is known.

use crate::format::firewall::model::{name_in_key, table_of};
use crate::key::escape;

/// What a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'k> {
    /// A table: its name.
    Table(&'k str),
    /// A chain, and what of it.
    Chain(&'k str, Fact),
    /// A rule of a chain.
    Rule(&'k str),
    /// The order of a chain's rules.
    Order(&'k str),
    /// The definition of a set or map.
    Set(&'k str),
    /// An element: its set, and what is looked up.
    Element(&'k str, &'k str),
    /// A counter, limit or another object: its kind.
    Object(&'k str),
    /// What could not be read.
    Content,
    /// Nothing that is known here.
    Other,
}

/// What is said of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// That it is there.
    Present,
    /// Where it is hooked in.
    Hook,
    /// What becomes of what no rule ends.
    Policy,
    /// Which devices it is for.
    Devices,
    /// Nothing that matters to packets.
    Remark,
}

/// What a key is about.
pub(super) fn about(key: &str) -> About<'_> {
    if let Some(chain) = key.strip_prefix("@order:") {
        return About::Order(chain);
    }
    if key == crate::ItemKey::CONTENT {
        return About::Content;
    }
    if key.starts_with('@') {
        return About::Other;
    }
    if key.starts_with("ipset/") {
        return in_set(key, 0);
    }
    let Some(table) = table_of(key) else {
        return key.strip_suffix(" table").map_or(About::Other, About::Table);
    };
    let name = table.len() + 1;
    if key[name..].starts_with('@') {
        return in_set(key, name);
    }
    let quotes = is_nft(table);
    let (chain, rest) = key.split_at(name + end_of_name(&key[name..], quotes));
    match (chain.strip_suffix(':'), rest) {
        (Some(chain), _) => About::Rule(chain),
        (None, " chain") => About::Chain(chain, Fact::Present),
        (None, " hook") => About::Chain(chain, Fact::Hook),
        (None, " policy") => About::Chain(chain, Fact::Policy),
        (None, " devices") => About::Chain(chain, Fact::Devices),
        (None, " comment" | " flags") => About::Chain(chain, Fact::Remark),
        _ if quotes => About::Object(&chain[name..]),
        _ => About::Other,
    }
}

fn in_set(key: &str, from: usize) -> About<'_> {
    let (set, rest) = key.split_at(from + end_of_name(&key[from..], true));
    match (set.strip_suffix(':'), rest.strip_prefix(' ')) {
        (Some(set), Some(element)) => About::Element(set, element),
        _ => About::Set(key),
    }
}

/// Where a name ends: at a space that is not in quotes.
fn end_of_name(text: &str, quotes: bool) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.bytes().position(|b| {
        let found = b == b' ' && !quoted;
        quoted ^= quotes && b == b'"' && !escaped;
        escaped = quoted && b == b'\\' && !escaped;
        found
    });
    end.unwrap_or(text.len())
}

/// The table of a chain, set or object by its name.
pub(super) fn table(name: &str) -> &str {
    table_of(name).unwrap_or(name)
}

/// Whether a table is one of nftables: those have a family.
pub(super) fn is_nft(table: &str) -> bool {
    table.contains(' ')
}

/// What a chain, set or object is called in its table.
pub(super) fn short(name: &str) -> &str {
    name.get(table(name).len() + 1..).unwrap_or(name)
}

/// The chain that a rule of a table names.
pub(super) fn chain_of(table: &str, name: &str) -> Box<str> {
    let name = if is_nft(table) { name_in_key(name.trim_matches('"')) } else { name.into() };
    format!("{table}/{}", escape(name.as_bytes())).into()
}

/// The set that a rule of a table names.
pub(super) fn set_of(table: &str, name: &str) -> Box<str> {
    format!("{table}/@{}", escape(name_in_key(name).as_bytes())).into()
}

#[cfg(test)]
mod tests;
