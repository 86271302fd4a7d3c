//! Tables, chains and rules on their way from a text to items.
//!
//! Holds canonical text alone: who wants to know what a rule says reads it
//! again with the reader of its kind. A chain keeps the order of its rules and
//! takes insertions and removals as the loading tool would.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use crate::Place;
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;
use crate::format::rules::RuleList;

/// Rules that insertions and removals inside of chains may pass over in one
/// file. Files of people insert at the front or not at all; hostile ones stop
/// here instead of taking the square of their length.
const PASSED_MAX: usize = 20_000_000;

/// One rule in its one form, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleText {
    /// Canonical.
    pub(super) text: Box<str>,
    /// From 1.
    pub(super) line: u32,
    /// The included file that it stands in.
    pub(super) file: Option<FileName>,
}

/// One chain with its rules in order.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// As keys name it: `filter/INPUT`.
    pub(super) name: String,
    /// What is said about the chain itself: the rest of the key, and the value.
    pub(super) facts: Vec<(&'static str, String, u32)>,
    /// Its rules.
    pub(super) rules: VecDeque<RuleText>,
}

/// All chains of one text, in the order in which they are first named.
#[derive(Debug, Default)]
pub(super) struct Chains {
    chains: Vec<Chain>,
    index: HashMap<String, usize>,
    /// Of each table, where its chains are.
    tables: HashMap<String, Vec<usize>>,
    /// The chain that was asked for last: rules come one after the other.
    last: usize,
    passed: usize,
}

/// Why a chain could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No chain, rule or position of that name.
    Missing,
    /// Too many changes inside of chains.
    Limit,
}

impl Chains {
    /// Whether a chain is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<usize> {
        if self.chains.get(self.last).is_some_and(|chain| chain.name == name) {
            return Some(self.last);
        }
        self.index.get(name).copied()
    }

    /// The chain of that name, made where it is missing.
    pub(super) fn chain(&mut self, name: &str) -> &mut Chain {
        let at = match self.find(name) {
            Some(at) => at,
            None => {
                let at = self.chains.len();
                self.chains.push(Chain { name: name.to_owned(), ..Chain::default() });
                self.index.insert(name.to_owned(), at);
                if let Some(table) = table_of(name) {
                    self.tables.entry(table.to_owned()).or_default().push(at);
                }
                at
            }
        };
        self.last = at;
        &mut self.chains[at]
    }

    /// Takes all chains of a table away, with their rules.
    pub(super) fn remove_table(&mut self, table: &str) {
        for at in self.tables.remove(table).unwrap_or_default() {
            let gone = std::mem::take(&mut self.chains[at]);
            self.index.remove(&gone.name);
        }
    }

    /// Takes the rules of all chains of a table out.
    ///
    /// # Errors
    /// When too many chains were passed over.
    pub(super) fn flush_table(&mut self, table: &str) -> Result<(), Refused> {
        self.pass(self.tables.get(table).map_or(0, Vec::len))?;
        for &at in self.tables.get(table).into_iter().flatten() {
            self.chains[at].rules.clear();
        }
        Ok(())
    }

    /// Takes everything away.
    pub(super) fn remove_all(&mut self) {
        *self = Self { passed: self.passed, ..Self::default() };
    }

    /// Puts a rule in at a position from 0.
    ///
    /// # Errors
    /// When there is no such position.
    pub(super) fn insert(&mut self, name: &str, at: usize, rule: RuleText) -> Result<(), Refused> {
        let length = self.chain(name).rules.len();
        if at > length {
            return Err(Refused::Missing);
        }
        self.pass(at.min(length - at))?;
        self.chain(name).rules.insert(at, rule);
        Ok(())
    }

    /// Takes the rule at a position from 0 out.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn remove_at(&mut self, name: &str, at: usize) -> Result<RuleText, Refused> {
        let length = self.chain(name).rules.len();
        self.pass(at.min(length.saturating_sub(at)))?;
        self.chain(name).rules.remove(at).ok_or(Refused::Missing)
    }

    /// Takes the first rule of that text out.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn remove(&mut self, name: &str, rule: &str) -> Result<RuleText, Refused> {
        let length = self.chain(name).rules.len();
        self.pass(length)?;
        let rules = &mut self.chain(name).rules;
        let at = rules.iter().position(|known| &*known.text == rule).ok_or(Refused::Missing)?;
        rules.remove(at).ok_or(Refused::Missing)
    }

    fn pass(&mut self, rules: usize) -> Result<(), Refused> {
        self.passed = self.passed.saturating_add(rules);
        if self.passed > PASSED_MAX { Err(Refused::Limit) } else { Ok(()) }
    }

    /// Hands everything over as items.
    pub(super) fn give(self, gather: &mut Gather) {
        for chain in self.chains {
            for (fact, value, line) in chain.facts {
                let key = format!("{} {fact}", chain.name);
                gather.set_quietly(key.as_bytes(), text(value), Place { line, column: 1 });
            }
            let mut list = RuleList::with_room(chain.name.as_bytes(), chain.rules.len());
            for rule in chain.rules {
                let place = Place { line: rule.line, column: 1 };
                let before = gather.enter(rule.file);
                list.push(gather, rule.text.as_bytes(), rule.text.as_bytes(), place);
                gather.enter(before);
            }
            list.finish(gather);
        }
    }
}

/// The table in the name of something in a table: what stands before the first
/// `/` that is not in quotes.
pub(super) fn table_of(name: &str) -> Option<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let at = name.bytes().position(|b| {
        let found = b == b'/' && !quoted;
        quoted ^= b == b'"' && !escaped;
        escaped = quoted && b == b'\\' && !escaped;
        found
    })?;
    Some(&name[..at])
}

/// A name as keys have it: in quotes where it could be taken for more than one.
pub(super) fn name_in_key(name: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.bytes().all(plain) { Cow::Borrowed(name) } else { Cow::Owned(format!("{name:?}")) }
}

impl Chain {
    /// Says something about the chain; of one thing the last counts.
    pub(super) fn fact(&mut self, fact: &'static str, value: &str, line: u32) {
        self.facts.retain(|(known, _, _)| *known != fact);
        self.facts.push((fact, value.to_owned(), line));
    }
}

#[cfg(test)]
mod tests;
