//! Puts the events of the kernel and the lines of `nft monitor` together into
//! transactions.
//!
//! Both tell the same in the same order. Where they do not, that is said: then
//! neither is believed.

use std::collections::VecDeque;

use crate::firewall::event::{Event, TableId, What};
use crate::firewall::model::Model;
use crate::firewall::model::apply::{Astray, is_within_rule};
use crate::firewall::monitor::Line;
use crate::observe::MadeBy;

/// What was committed at once.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// Its events, each with the line that says what it is about.
    pub(super) events: Vec<(Told, Option<Line>)>,
    /// How many of them have their line.
    matched: usize,
    /// The generation that it made; none: the kernel did it by itself.
    pub(super) generation: Option<u32>,
    /// Who committed it.
    pub(super) made_by: Option<MadeBy>,
    /// When it was heard of.
    pub(super) heard_ms: i64,
}

/// An event of an object.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) table: TableId,
    pub(super) what: What,
    pub(super) handle: u64,
    pub(super) gone: bool,
}

/// Transactions on their way.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Those that are complete.
    pub(super) done: VecDeque<Transaction>,
    /// The events of the one that is not.
    open: Vec<(Told, Option<Line>)>,
}

/// How far the lines of a transaction are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matched {
    All,
    /// `nft monitor` has not said everything yet.
    NotYet,
}

impl Stream {
    /// Takes an event.
    pub(super) fn take(&mut self, event: Event, now_ms: i64) -> Result<(), Astray> {
        match event {
            Event::Object { table, what, handle, gone } => {
                self.open.push((Told { table, what, handle, gone }, None));
            }
            Event::Generation { id, pid, name } => {
                let made_by = (pid != 0).then(|| MadeBy::new(pid, &name));
                self.close(Some(id), made_by, now_ms);
            }
            Event::Other => {}
            Event::Malformed => return Err(Astray("a message of the kernel cannot be understood")),
        }
        Ok(())
    }

    /// Whether events wait for the end of their transaction.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The transaction ends here.
    pub(super) fn close(&mut self, generation: Option<u32>, made_by: Option<MadeBy>, heard_ms: i64) {
        let events = std::mem::take(&mut self.open);
        self.done.push_back(Transaction { events, matched: 0, generation, made_by, heard_ms });
    }
}

impl Transaction {
    /// Whether elements are what it waits for to be said.
    pub(super) fn waits_for_elements(&self) -> bool {
        self.events.get(self.matched).is_some_and(|(told, _)| matches!(told.what, What::Elements { .. }))
    }

    /// What it waits for will not be said.
    pub(super) fn give_up(&mut self) {
        self.matched += 1;
    }

    /// Takes its lines from what `nft monitor` said.
    pub(super) fn complete(&mut self, model: &Model, lines: &mut VecDeque<Line>) -> Result<Matched, Astray> {
        while self.matched < self.events.len() {
            let at = self.matched;
            if needs_line(&self.events, at, model) {
                let Some(line) = next(&self.events[at].0, lines)? else { return Ok(Matched::NotYet) };
                self.events[at].1 = line;
            }
            self.matched += 1;
        }
        Ok(Matched::All)
    }
}

/// The line of an event; none if it was not said yet. Elements are not always
/// said: `nft monitor` forgets sets that a rule looked into which went.
fn next(told: &Told, lines: &mut VecDeque<Line>) -> Result<Option<Option<Line>>, Astray> {
    let are_elements = matches!(told.what, What::Elements { .. });
    while let Some(line) = lines.pop_front() {
        if is_of(&line, told) {
            return Ok(Some(Some(line)));
        }
        if are_elements && !line.is_within_rule() && &*line.kind != "element" {
            lines.push_front(line);
            return Ok(Some(None));
        }
        if !line.is_within_rule() && &*line.kind != "element" {
            return Err(Astray("`nft monitor` says something else than the kernel"));
        }
    }
    Ok(None)
}

fn table_of(line: &Line) -> TableId {
    TableId { family: crate::firewall::event::family_of(line.text("family")), name: line.text("table").into() }
}

/// Whether a line is about an event.
fn is_of(line: &Line, told: &Told) -> bool {
    let (named, kinds): (_, &[&str]) = match &told.what {
        What::Rule { chain, .. } => (line.text("chain") == &**chain && &*line.kind == "rule", &["rule"]),
        What::Chain { name, .. } => (line.text("name") == &**name, &["chain"]),
        What::Set { name, .. } => (line.text("name") == &**name, &["set", "map"]),
        What::Elements { set, .. } => (line.text("name") == &**set, &["element"]),
        What::Stateful { name } => (line.text("name") == &**name, &[]),
        What::Table { .. } | What::Flowtable { .. } => return false,
    };
    let stateful = kinds.is_empty() && !matches!(&*line.kind, "rule" | "chain" | "set" | "map" | "element");
    let handle = line.object.get("handle").and_then(serde_json::Value::as_u64);
    let same = matches!(told.what, What::Elements { .. }) || handle == Some(told.handle);
    named
        && same
        && (stateful || kinds.contains(&&*line.kind))
        && line.gone == told.gone
        && table_of(line) == told.table
}

/// Whether what happened is known only with its line.
fn needs_line(events: &[(Told, Option<Line>)], at: usize, model: &Model) -> bool {
    let told = &events[at].0;
    match &told.what {
        What::Elements { set, lasting } => {
            *lasting && !is_within_rule(set) && tells(events, at, model, &told.table, set)
        }
        _ if told.gone => false,
        What::Table { .. } | What::Flowtable { .. } => false,
        What::Chain { name, binding, .. } => !binding && !is_within_rule(name),
        What::Rule { chain, .. } => !is_within_rule(chain),
        What::Set { name, anonymous, .. } => !anonymous && !is_within_rule(name),
        What::Stateful { .. } => true,
    }
}

/// Whether the elements of a set are told one by one, as far as the transaction
/// has come.
fn tells(events: &[(Told, Option<Line>)], at: usize, model: &Model, table: &TableId, set: &str) -> bool {
    let in_transaction = events[..at].iter().rev().find_map(|(told, _)| match &told.what {
        What::Set { name, interval, .. } if &**name == set && !told.gone && told.table == *table => Some(!interval),
        _ => None,
    });
    in_transaction.or_else(|| model.tells_elements(table, set)).unwrap_or(false)
}

#[cfg(test)]
mod tests;
