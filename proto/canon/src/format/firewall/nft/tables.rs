//! The tables of a ruleset on their way to items.
//!
//! Knows no chain and no set: those are kept by the names of their tables.

use std::collections::HashMap;

use crate::Place;
use crate::format::gather::{Gather, text};

/// All of one ruleset, in the order in which they are first named.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// What is said about each, and its line; none where it is gone again.
    tables: Vec<Option<(String, String, u32)>>,
    index: HashMap<String, usize>,
}

impl Tables {
    /// A table is there.
    pub(crate) fn add(&mut self, name: &str, line: u32) {
        if !self.index.contains_key(name) {
            self.index.insert(name.to_owned(), self.tables.len());
            self.tables.push(Some((name.to_owned(), "present".to_owned(), line)));
        }
    }

    /// The flags of a table.
    pub(crate) fn flags(&mut self, name: &str, flags: &str) {
        let at = self.index.get(name).copied();
        if let Some(Some((_, value, _))) = at.and_then(|at| self.tables.get_mut(at)) {
            *value = format!("flags {flags}");
        }
    }

    /// The table is gone.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(at) = self.index.remove(name) {
            self.tables[at] = None;
        }
    }

    /// Hands everything over as items.
    pub(crate) fn give(self, gather: &mut Gather) {
        for (table, value, line) in self.tables.into_iter().flatten() {
            let key = format!("{table} table");
            gather.set_quietly(key.as_bytes(), text(value), Place { line, column: 1 });
        }
    }
}
