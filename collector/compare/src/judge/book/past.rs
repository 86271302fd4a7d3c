//! What was given at each past time: a book that goes through the history with
//! whoever judges old changes again.
//!
//! It goes forward only, and forgets what a book of then would have left out: it
//! never holds more than a book of today.

use std::cmp::Reverse;

use driftline_canon::SourceName;

use super::Book;
use crate::desired::{Revision, Sheet};
use crate::window::Window;

/// A book on its way through the history.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Not pushed yet, the next one last.
    to_push: Vec<Revision>,
    /// Not opened yet, the next one last.
    to_open: Vec<Window>,
    revisions: Vec<Revision>,
    windows: Vec<Window>,
    book: Book,
}

impl Past {
    /// Before anything was given.
    #[must_use]
    pub fn new(mut revisions: Vec<Revision>, mut windows: Vec<Window>) -> Self {
        revisions.sort_by_key(|one| Reverse((one.pushed_ms, one.number)));
        windows.sort_by_key(|one| Reverse((one.from_ms, one.number)));
        Self { to_push: revisions, to_open: windows, ..Self::default() }
    }

    /// Goes on to a time. Gives the sheets that the book then still needs
    /// ([`Self::add`]).
    pub fn go_to(&mut self, time_ms: i64) -> Vec<(u64, SourceName)> {
        let known = (self.revisions.len(), self.windows.len());
        while let Some(one) = self.to_push.pop_if(|one| one.pushed_ms <= time_ms) {
            self.revisions.push(one);
        }
        while let Some(one) = self.to_open.pop_if(|one| one.from_ms <= time_ms) {
            self.windows.push(one);
        }
        if known == (self.revisions.len(), self.windows.len()) {
            return Vec::new();
        }
        let book = Book::new(self.revisions.clone(), self.windows.clone(), &self.book);
        // What is left out once is left out for ever: newer ones stand before it.
        self.revisions.retain(|one| book.volumes.contains_key(&one.number));
        self.windows = book.windows.values().flatten().cloned().collect();
        self.book = book;
        self.book.wanted()
    }

    /// Takes the items of one source of a revision.
    pub fn add(&mut self, number: u64, sheet: Sheet) {
        self.book.add(number, sheet);
    }

    /// What was given by the time that it went to; without a policy.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }
}

#[cfg(test)]
mod tests;
