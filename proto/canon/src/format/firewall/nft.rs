//! Rulesets of nftables: what `nft list ruleset` prints, and files by hand.
//!
//! Follows the file as `nft -f` does: definitions, includes, additions, flushes.
//! It asks no kernel whether a rule is possible.

pub(super) mod block;
pub(super) mod rule;
pub(super) mod sets;
pub(super) mod statement;
pub(super) mod tables;
pub(super) mod token;
pub(super) mod value;

use std::collections::HashMap;
use std::rc::Rc;

use self::sets::Sets;
use self::tables::Tables;
use self::token::Token;
use super::model::Chains;
use crate::format::gather::Gather;
use crate::format::includes::{FileName, Files, Includes};
use crate::limits::FILE_BYTES_MAX;
use crate::{Place, ProblemKind};

/// Bytes of memory that definitions and what they are put in place of may take
/// in one file: as much as a file may have. A list of a hundred thousand
/// addresses used once is fine, a chain of doublings stops here.
const EXPANDED_BYTES_MAX: usize = FILE_BYTES_MAX;

/// What has been read of a ruleset so far.
pub(super) struct Ruleset<'g> {
    chains: Chains,
    sets: Sets,
    tables: Tables,
    defines: HashMap<String, Rc<[Token<'static>]>>,
    expanded: usize,
    gather: &'g mut Gather,
}

impl<'g> Ruleset<'g> {
    pub(super) fn new(gather: &'g mut Gather) -> Self {
        Self {
            chains: Chains::default(),
            sets: Sets::default(),
            tables: Tables::default(),
            defines: HashMap::new(),
            expanded: 0,
            gather,
        }
    }

    /// A problem at a line; what stands there is watched by content.
    fn refuse(&mut self, kind: ProblemKind, line: u32, reason: &str, tokens: &[Token<'_>]) {
        self.gather.problem(kind, Place { line, column: 1 }, reason, None);
        self.watch(tokens);
    }

    fn watch(&mut self, tokens: &[Token<'_>]) {
        for token in tokens {
            self.gather.unread(token.source().as_bytes());
        }
    }

    /// Counts tokens that are copied; whether there is room for them.
    fn charge(&mut self, tokens: &[Token<'_>]) -> bool {
        let bytes: usize = tokens.iter().map(|token| size_of::<Token<'_>>() + token.text().len()).sum();
        self.expanded = self.expanded.saturating_add(bytes);
        self.expanded <= EXPANDED_BYTES_MAX
    }

    /// A problem at a place; these bytes are watched by content.
    pub(super) fn refuse_bytes(&mut self, place: Place, reason: &str, bytes: &[u8]) {
        self.gather.problem(ProblemKind::Syntax, place, reason, None);
        self.gather.unread(bytes);
    }

    /// A problem of no place; the text is watched by content.
    pub(super) fn gather_problem(&mut self, kind: ProblemKind, reason: &str, text: &str) {
        self.gather.problem_whole(kind, reason);
        self.gather.unread(text.as_bytes());
    }

    /// Hands everything over as items.
    pub(super) fn give(self) {
        self.tables.give(self.gather);
        self.chains.give(self.gather);
        self.sets.give(self.gather);
    }

    pub(super) fn table(&mut self, table: &str, line: u32) {
        self.tables.add(table, line);
    }
}

/// Reads a text and what it includes.
pub(super) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files, gather: &mut Gather) {
    let mut ruleset = Ruleset::new(gather);
    let mut includes = Includes::new(files);
    block::read(&mut ruleset, bytes, name, &mut includes, block::Context::Top);
    ruleset.give();
}

#[cfg(test)]
mod tests;
