//! Keys that earlier hosts had in a source: the next host nearly always has the
//! same ones, and then none is checked and kept anew.
//!
//! It orders by bytes, as the store does, and judges nothing.

use std::collections::HashMap;

use driftline_canon::{ItemKey, SourceName};

/// Keys of one source that are remembered. A source with more has keys that few
/// hosts share; those behind the last are read as they come.
const KEYS_MAX: usize = 100_000;

/// Keys by source.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<SourceName, Vec<ItemKey>>);

/// The keys of one source, walked through once for each host.
#[derive(Debug)]
pub(super) struct Walk<'k> {
    known: &'k mut Vec<ItemKey>,
    at: usize,
    unshared: Option<ItemKey>,
}

impl Keys {
    /// Those of a source, from the first on.
    pub(super) fn of(&mut self, source: &SourceName) -> Walk<'_> {
        if !self.0.contains_key(source) {
            self.0.insert(source.clone(), Vec::new());
        }
        Walk { known: self.0.entry(source.clone()).or_default(), at: 0, unshared: None }
    }
}

impl Walk<'_> {
    /// The key of that text, which comes behind all that were asked for; none if
    /// it is no key.
    pub(super) fn next(&mut self, text: &str) -> Option<&ItemKey> {
        let behind = self.known.get(self.at..).unwrap_or_default();
        self.at += behind.iter().take_while(|key| key.as_str().as_bytes() < text.as_bytes()).count();
        if self.known.get(self.at).is_none_or(|key| key.as_str() != text) {
            let key = ItemKey::from_canonical(text.to_owned()).ok()?;
            if self.known.len() >= KEYS_MAX {
                return Some(self.unshared.insert(key));
            }
            self.known.insert(self.at, key);
        }
        self.at += 1;
        self.known.get(self.at - 1)
    }
}

#[cfg(test)]
mod tests;
