//! Sets, maps and named objects of nftables on their way to items.
//!
//! An element is an item by what is looked up; what it maps to is its value. An
//! element that will go by itself is none.

use std::collections::HashMap;

use super::value::{self, Element, Field};
use crate::Place;
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;

/// One set, map or object.
#[derive(Debug, Default)]
pub(crate) struct Set {
    name: String,
    definition: Vec<String>,
    elements: Vec<(Element, u32, Option<FileName>)>,
    line: u32,
}

/// All of one ruleset.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    sets: Vec<Set>,
    index: HashMap<String, usize>,
}

impl Sets {
    /// The set of that name (`inet filter/@blocked`), made where it is missing.
    pub(crate) fn set(&mut self, name: &str, line: u32) -> &mut Set {
        let at = *self.index.entry(name.to_owned()).or_insert(self.sets.len());
        if at == self.sets.len() {
            self.sets.push(Set { name: name.to_owned(), line, ..Set::default() });
        }
        &mut self.sets[at]
    }

    /// All whose names begin so are gone.
    pub(crate) fn clear(&mut self, begin: &str) {
        self.sets.retain(|set| !set.name.starts_with(begin));
        self.index = self.sets.iter().enumerate().map(|(at, set)| (set.name.clone(), at)).collect();
    }

    /// Hands everything over as items.
    pub(crate) fn give(self, gather: &mut Gather) {
        for mut set in self.sets {
            set.definition.sort_unstable();
            set.definition.dedup();
            let definition = if set.definition.is_empty() { "present".to_owned() } else { set.definition.join("; ") };
            gather.set_quietly(set.name.as_bytes(), text(definition), Place { line: set.line, column: 1 });
            for (element, line, file) in set.elements {
                let key = format!("{}: {}", set.name, element.key);
                let data = element.data.as_deref().unwrap_or("present");
                let before = gather.enter(file);
                gather.set_quietly(key.as_bytes(), text(format!("{data}{}", element.more)), Place { line, column: 1 });
                gather.enter(before);
            }
        }
    }
}

impl Set {
    /// Says something about the set.
    pub(crate) fn define(&mut self, words: &str) {
        self.definition.push(words.to_owned());
    }

    /// What its elements are, as far as they have names.
    pub(crate) fn field(&self) -> Field {
        let types = self.definition.iter().find_map(|words| words.strip_prefix("type "));
        match types.map(|words| words.split(' ').next().unwrap_or_default()) {
            Some("inet_service") => Field::Port,
            Some("inet_proto") => Field::Protocol,
            Some("icmp_type") => Field::Icmp,
            Some("icmpv6_type") => Field::Icmp6,
            _ => Field::Other,
        }
    }

    /// Takes an element; one that will go by itself is left out.
    pub(crate) fn element(&mut self, element: Element, line: u32, file: Option<FileName>) {
        if !element.expires {
            self.elements.push((element, line, file));
        }
    }

    /// Takes elements out again.
    pub(crate) fn remove(&mut self, keys: &[String]) {
        self.elements.retain(|(element, _, _)| !keys.contains(&element.key));
    }

    /// Takes all out.
    pub(crate) fn flush(&mut self) {
        self.elements.clear();
    }
}

/// The words of a definition in one form: flags in order, times and numbers
/// canonical, what runs left out. `dynamic` is left out too: a listing as JSON
/// does not tell it.
pub(crate) fn definition(words: &[String]) -> Option<String> {
    let name = words.first()?.as_str();
    let rest = words.get(1..).unwrap_or_default();
    Some(match name {
        "flags" => {
            let mut flags: Vec<&str> = rest.iter().flat_map(|word| word.split([',', ' '])).collect();
            flags.retain(|flag| !flag.is_empty() && *flag != "dynamic");
            flags.sort_unstable();
            if flags.is_empty() {
                return None;
            }
            format!("flags {}", flags.join(","))
        }
        "timeout" | "gc-interval" => format!("{name} {}", value::duration(rest.first().map_or("", String::as_str))),
        _ => words.join(" "),
    })
}
