//! What the demo has seen with its own eyes, by name.

use crate::printer::document::{Block, Document};

/// Named observations, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Checks {
    seen: Vec<(bool, String)>,
}

impl Checks {
    /// Notes whether something was observed.
    pub(super) fn note(&mut self, holds: bool, what: impl Into<String>) {
        self.seen.push((holds, what.into()));
    }

    /// Whether all was observed. Nothing observed is not all.
    pub(super) fn all_hold(&self) -> bool {
        !self.seen.is_empty() && self.seen.iter().all(|(holds, _)| *holds)
    }

    /// As a document.
    pub(super) fn document(&self) -> Document {
        let line = |(holds, what): &(bool, String)| format!("{}  {what}", if *holds { "ok    " } else { "FAILED" });
        Document::default().heading("Observed").block(Block::Lines(self.seen.iter().map(line).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_enough_and_nothing_is_not_all() {
        let mut checks = Checks::default();
        assert!(!checks.all_hold());
        checks.note(true, "a");
        assert!(checks.all_hold());
        checks.note(false, "b");
        assert!(!checks.all_hold());
        let lines = vec!["ok      a".to_owned(), "FAILED  b".to_owned()];
        assert_eq!(checks.document().blocks[1], Block::Lines(lines));
    }
}
