//! Sets, maps and named objects of nftables on their way to items.
//!
//! An element is an item by what is looked up; what it maps to is its value. An
//! element that will go by itself is none.

use std::collections::{HashMap, HashSet};

use super::value::{self, Element, Field};
use crate::format::firewall::model::{Refused, table_of};
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;
use crate::{Place, ProblemKind};

/// One set, map or object.
#[derive(Debug, Default)]
pub(crate) struct Set {
    name: String,
    definition: Vec<String>,
    elements: Vec<(Element, u32, Option<FileName>)>,
    line: u32,
    field: Option<Field>,
}

/// All of one ruleset.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    sets: Vec<Set>,
    index: HashMap<String, usize>,
    /// Of each table, where its sets are.
    tables: HashMap<String, Vec<usize>>,
    passed: usize,
}

/// Elements that removals may pass over in one file. Files of people remove
/// none; hostile ones stop here.
const PASSED_MAX: usize = 20_000_000;

impl Sets {
    /// The set of that name (`inet filter/@blocked`), made where it is missing.
    pub(crate) fn set(&mut self, name: &str, line: u32) -> &mut Set {
        let at = *self.index.entry(name.to_owned()).or_insert(self.sets.len());
        if at == self.sets.len() {
            self.sets.push(Set { name: name.to_owned(), line, ..Set::default() });
            if let Some(table) = table_of(name) {
                self.tables.entry(table.to_owned()).or_default().push(at);
            }
        }
        &mut self.sets[at]
    }

    /// The set of that name is gone.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(at) = self.index.remove(name) {
            self.sets[at] = Set::default();
        }
    }

    /// All are gone.
    pub(crate) fn remove_all(&mut self) {
        *self = Self { passed: self.passed, ..Self::default() };
    }

    /// All of a table are gone.
    pub(crate) fn remove_table(&mut self, table: &str) {
        for at in self.tables.remove(table).unwrap_or_default() {
            let gone = std::mem::take(&mut self.sets[at]);
            self.index.remove(&gone.name);
        }
    }

    /// Takes elements out of a set again.
    ///
    /// # Errors
    /// When too many elements were passed over.
    pub(crate) fn remove_elements(&mut self, name: &str, line: u32, keys: &HashSet<String>) -> Result<(), Refused> {
        let length = self.set(name, line).elements.len();
        self.passed = self.passed.saturating_add(length);
        if self.passed > PASSED_MAX {
            return Err(Refused::Limit);
        }
        self.set(name, line).elements.retain(|(element, _, _)| !keys.contains(&element.key));
        Ok(())
    }

    /// Hands everything over as items.
    pub(crate) fn give(self, gather: &mut Gather) {
        for mut set in self.sets.into_iter().filter(|set| !set.name.is_empty()) {
            if set.has_timeouts() {
                let reason = unwatched(&set.name);
                gather.problem(ProblemKind::Unresolved, Place { line: set.line, column: 1 }, &reason, None);
            }
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
        if let Some(types) = words.strip_prefix("type ") {
            self.field.get_or_insert_with(|| field_of(types));
        }
        self.definition.push(words.to_owned());
    }

    /// Whether elements of it may go by themselves.
    fn has_timeouts(&self) -> bool {
        let has = |flags: &str| flags.split(',').any(|flag| flag == "timeout");
        self.definition
            .iter()
            .any(|words| words.starts_with("timeout ") || words.strip_prefix("flags ").is_some_and(has))
    }

    /// What its elements are, as far as they have names.
    pub(crate) fn field(&self) -> Field {
        self.field.unwrap_or(Field::Other)
    }

    /// Takes an element; one that will go by itself is left out.
    pub(crate) fn element(&mut self, element: Element, line: u32, file: Option<FileName>) {
        if !element.expires {
            self.elements.push((element, line, file));
        }
    }

    /// Takes all out.
    pub(crate) fn flush(&mut self) {
        self.elements.clear();
    }
}

/// Why elements of a set are no items, be it for years.
pub(crate) fn unwatched(set: &str) -> String {
    format!("{set}: elements that have a timeout come and go, and are not watched")
}

/// What elements of these types are.
fn field_of(types: &str) -> Field {
    match types.split(' ').next().unwrap_or_default() {
        "inet_service" => Field::Port,
        "inet_proto" => Field::Protocol,
        "icmp_type" => Field::Icmp,
        "icmpv6_type" => Field::Icmp6,
        _ => Field::Other,
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
