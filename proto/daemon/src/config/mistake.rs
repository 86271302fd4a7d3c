//! A value that cannot be meant, by its key: from there to its place in the
//! file.
//!
//! It says where, never whether: that is the business of whoever knows what the
//! key means.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a configuration that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    key: String,
    reason: String,
}

impl Mistake {
    /// A mistake in the value of a key. `key` is dotted, elements of a list are
    /// numbered from 0 (`agent.reconcile_s`, `source.3.path`); empty, it is the
    /// whole. The reason names no secret.
    #[must_use]
    pub fn at(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// The same, seen from the table that holds what was looked at.
    #[must_use]
    pub fn below(self, table: &str) -> Self {
        let key = if self.key.is_empty() { table.to_owned() } else { format!("{table}.{}", self.key) };
        Self { key, ..self }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where in a text the key begins; of a key that is not written, the
    /// nearest thing that holds it and is.
    pub(super) fn place(&self, text: &str) -> Option<usize> {
        let whole = DeTable::parse(text).ok()?;
        let mut at = None;
        let mut value: Option<&DeValue<'_>> = None;
        for part in self.key.split('.').filter(|part| !part.is_empty()) {
            let found = match value {
                None => of_table(whole.get_ref(), part),
                Some(DeValue::Table(table)) => of_table(table, part),
                Some(DeValue::Array(list)) => of_list(list, part),
                Some(_) => None,
            };
            let Some((begin, inner)) = found else { break };
            (at, value) = (Some(begin), Some(inner));
        }
        at
    }
}

fn of_table<'a, 'text>(table: &'a DeTable<'text>, part: &str) -> Option<(usize, &'a DeValue<'text>)> {
    let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == part)?;
    Some((key.span().start, value.get_ref()))
}

fn of_list<'a, 'text>(list: &'a [Spanned<DeValue<'text>>], part: &str) -> Option<(usize, &'a DeValue<'text>)> {
    let value = list.get(part.parse::<usize>().ok()?)?;
    Some((value.span().start, value.get_ref()))
}
