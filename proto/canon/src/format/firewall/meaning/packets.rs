//! Which packets a rule is about, in words, and whether two rules can be about
//! the same ones.
//!
//! Words for people: what is left out narrows what is said, never widens it.

use std::fmt::Write as _;

use super::act::{Field, Match, Wanted};
use super::reach;
use crate::meaning::Reach;

/// Values that a sentence names one by one.
const NAMED_MAX: usize = 4;

/// Values of each side up to which two lists are held against each other.
const COMPARED_MAX: usize = 64;

/// The packets that fit all of some conditions.
#[derive(Debug, Clone)]
pub(super) struct Packets<'m> {
    matches: Vec<&'m Match>,
    /// From where.
    pub(super) reach: Reach,
    /// Whether they leave this host.
    pub(super) out: bool,
}

impl<'m> Packets<'m> {
    /// The rule's own conditions first, then those of the jumps to it, the
    /// nearest first.
    pub(super) fn new(matches: Vec<&'m Match>, reach: Reach, out: bool) -> Self {
        Self { matches, reach, out }
    }

    fn of(&self, field: &Field) -> Option<&'m Match> {
        self.matches.iter().copied().find(|one| one.fields.contains(field))
    }

    fn values(&self, field: &Field) -> Option<String> {
        self.of(field).map(|one| named(one, field))
    }

    /// `tcp/22 on 192.0.2.1`
    pub(super) fn what(&self) -> String {
        let protocol = self.values(&Field::Protocol);
        let ports = self.values(&Field::Port);
        let icmp = self.values(&Field::Icmp);
        let mut text = match (protocol, ports, icmp) {
            (Some(protocol), Some(ports), _) => format!("{protocol}/{ports}"),
            (None, Some(ports), _) => format!("ports {ports}"),
            (Some(protocol), None, Some(icmp)) => format!("{} {icmp}", protocol.trim_start_matches("ipv6-")),
            (Some(protocol), None, None) if protocol.starts_with("all but") => protocol,
            (Some(protocol), None, None) => format!("all {protocol}"),
            (None, None, Some(icmp)) => format!("icmp {icmp}"),
            (None, None, None) => "all ports".to_owned(),
        };
        if let Some(to) = self.values(&Field::Destination).filter(|_| !self.out) {
            let _ = write!(text, " on {to}");
        }
        if let Some(from) = self.values(&Field::SourcePort) {
            let _ = write!(text, " from port {from}");
        }
        if let Some(state) = self.values(&Field::State).filter(|state| state != "new" && !state.contains("new,")) {
            let _ = write!(text, " in state {state}");
        }
        text
    }

    /// `10.0.0.0/8`, `any source`; for what leaves, where it goes.
    pub(super) fn who(&self) -> String {
        if self.out {
            return self.values(&Field::Destination).unwrap_or_else(|| "any destination".to_owned());
        }
        let interface = self.matches.iter().copied().find(|one| one.fields.contains(&Field::In));
        let by = interface.map(|one| named(one, &Field::In));
        match (self.reach, self.source()) {
            (Reach::Local, _) => "this host itself".to_owned(),
            (_, Some(source)) => source,
            (Reach::Any, None) => match by {
                Some(by) => format!("any source by {by}"),
                None => "any source".to_owned(),
            },
            (Reach::Bounded, None) => match by {
                Some(by) => format!("what comes in by {by}"),
                None => "some sources".to_owned(),
            },
        }
    }

    /// The sources, where any are named: those that bound them first.
    fn source(&self) -> Option<String> {
        let named_sources = || {
            self.matches.iter().copied().filter_map(|one| {
                let field = one.fields.iter().find(|field| matches!(field, Field::Source | Field::Mac))?;
                Some((one, named(one, field)))
            })
        };
        let bounds = |one: &Match| reach::bound([one], &|_| false).reach < Reach::Any;
        if self.reach < Reach::Any {
            return named_sources().find(|(one, _)| bounds(one)).map(|(_, text)| text);
        }
        let (one, text) = named_sources().next()?;
        Some(if one.negated {
            format!("any source but {}", text.trim_start_matches("all but "))
        } else {
            format!("{text}, as good as any source")
        })
    }

    /// What else must fit: ` (limit, mark)`.
    pub(super) fn conditions(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for one in &self.matches {
            for field in &one.fields {
                let name = match field {
                    Field::Other(name) => name,
                    Field::Left(name) => *name,
                    Field::Out if !self.out => "out interface",
                    _ => continue,
                };
                if !names.contains(&name) && names.len() < NAMED_MAX {
                    names.push(name);
                }
            }
        }
        if names.is_empty() { String::new() } else { format!(" (with {})", names.join(", ")) }
    }

    /// Packets and sources in one: `tcp/22 to any source`.
    pub(super) fn both(&self, between: &str) -> String {
        format!("{} {between} {}{}", self.what(), self.who(), self.conditions())
    }
}

/// What a condition compares a field with, in words.
fn named(one: &Match, field: &Field) -> String {
    let text = match &one.wanted {
        Wanted::Computed => "some".to_owned(),
        Wanted::Set(name) => match name.rsplit_once('/') {
            Some((_, set)) if set.starts_with('@') => set.to_owned(),
            _ => format!("set {}", name.trim_start_matches("ipset/")),
        },
        Wanted::Values(values) => list(values, *field == Field::Port || *field == Field::SourcePort),
    };
    if one.negated { format!("all but {text}") } else { text }
}

fn list(values: &[Box<str>], ports: bool) -> String {
    let first: Vec<String> = values
        .iter()
        .take(NAMED_MAX)
        .map(|value| if ports { value.replace(':', "-") } else { value.to_string() })
        .collect();
    let more = values.len().saturating_sub(NAMED_MAX);
    let text = first.join(",");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

/// Whether no packet fits both: other protocols, other ports, other addresses.
pub(super) fn are_apart(one: &[&Match], other: &[&Match]) -> bool {
    let apart = |field: &Field, same: fn(&str, &str) -> bool| {
        let (Some(left), Some(right)) = (plain(one, field), plain(other, field)) else { return false };
        let few = left.len() <= COMPARED_MAX && right.len() <= COMPARED_MAX;
        few && !left.iter().any(|a| right.iter().any(|b| same(a, b)))
    };
    apart(&Field::Protocol, |a, b| a == b || numbered(a) != numbered(b))
        || apart(&Field::Port, ports_meet)
        || apart(&Field::Source, reach::meet)
        || apart(&Field::Destination, reach::meet)
}

/// A protocol by its number is not held against one by its name.
fn numbered(protocol: &str) -> bool {
    protocol.starts_with(|c: char| c.is_ascii_digit())
}

/// The values of a field, where it is compared with nothing else.
fn plain<'m>(matches: &[&'m Match], field: &Field) -> Option<&'m [Box<str>]> {
    matches.iter().find_map(|one| match &one.wanted {
        Wanted::Values(values) if !one.negated && one.fields.contains(field) => Some(values.as_slice()),
        _ => None,
    })
}

fn ports_meet(a: &str, b: &str) -> bool {
    let ends = |text: &str| -> Option<(u16, u16)> {
        match text.split_once(['-', ':']) {
            None => text.parse().ok().map(|port| (port, port)),
            Some((low, high)) => Some((low.parse().ok()?, high.parse().ok()?)),
        }
    };
    match (ends(a), ends(b)) {
        (Some(a), Some(b)) => a.0 <= b.1 && b.0 <= a.1,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
