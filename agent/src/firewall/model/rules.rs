//! The rules of a chain in their order, with what is asked of them at each
//! commit kept beside: where a handle stands, the order's hash so far, and which
//! of them are as they were.
//!
//! What a change costs goes by what changed, but for numbers that are looked
//! through: of twenty thousand rules some ten microseconds. It knows nothing of
//! places that the kernel tells of.

use std::ops::Deref;

use driftline_canon::format::nftables::{RuleHash, RuleOrder};

use super::Rule;

/// Rules in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    all: Vec<Rule>,
    /// Their handles: to look through these alone takes a tenth of the time.
    handles: Vec<u64>,
    /// The highest handle there ever was.
    newest: u64,
    /// How many go with the transaction that is under way.
    dead: usize,
    /// How many could not be read.
    unread: usize,
    order: RuleOrder,
    since: Since,
}

/// What is as it was when that was asked last: so many at the front and at the
/// back, of so many that there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Since {
    /// Rules in front of the first that came or went.
    pub front: usize,
    /// Rules behind the last.
    pub back: usize,
    /// How many there were.
    pub before: usize,
}

/// Two lists are equal when their rules are, whatever is known beside.
impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Rules {}

impl Deref for Rules {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        &self.all
    }
}

impl Rules {
    /// Where a handle stands, looked for from a place on that is likely. Rules
    /// are most often added behind the last one.
    pub(super) fn find(&self, handle: u64, hint: usize) -> Option<usize> {
        if handle > self.newest {
            return None;
        }
        if self.handles.last() == Some(&handle) {
            return Some(self.handles.len() - 1);
        }
        let (before, behind) = self.handles.split_at(hint.min(self.handles.len()));
        let found = behind.iter().position(|one| *one == handle).map(|at| at + before.len());
        found.or_else(|| before.iter().position(|one| *one == handle))
    }

    /// Puts a rule at a place, in front of what stands there.
    pub(super) fn insert(&mut self, at: usize, rule: Rule) {
        let at = at.min(self.all.len());
        self.touch(at, self.all.len() - at, rule.problem.is_some());
        self.newest = self.newest.max(rule.handle);
        self.unread += usize::from(rule.problem.is_some());
        self.dead += usize::from(rule.dead);
        self.handles.insert(at, rule.handle);
        self.all.insert(at, rule);
    }

    /// Puts a rule behind the last.
    pub(super) fn push(&mut self, rule: Rule) {
        self.insert(self.all.len(), rule);
    }

    /// Puts a rule in the place of another.
    pub(super) fn replace(&mut self, at: usize, rule: Rule) {
        if at >= self.all.len() {
            return;
        }
        let (was_unread, was_dead) = (self.all[at].problem.is_some(), self.all[at].dead);
        let is_unread = rule.problem.is_some();
        self.unread = self.unread + usize::from(is_unread) - usize::from(was_unread);
        self.dead = self.dead + usize::from(rule.dead) - usize::from(was_dead);
        self.touch(at, self.all.len() - 1 - at, is_unread || was_unread);
        self.newest = self.newest.max(rule.handle);
        self.handles[at] = rule.handle;
        self.all[at] = rule;
    }

    /// The rule at a place goes when the transaction ends.
    pub(super) fn kill(&mut self, at: usize) -> Option<&Rule> {
        let rule = self.all.get_mut(at)?;
        self.dead += usize::from(!rule.dead);
        rule.dead = true;
        let is_unread = rule.problem.is_some();
        self.touch(at, self.all.len() - 1 - at, is_unread);
        self.all.get(at)
    }

    /// Whether any goes.
    pub(super) fn has_dead(&self) -> bool {
        self.dead > 0
    }

    /// Whether any could not be read.
    pub(super) fn has_unread(&self) -> bool {
        self.unread > 0
    }

    /// The transaction has ended: those that go are gone.
    pub(super) fn settle(&mut self) {
        if self.dead > 0 {
            self.all.retain(|rule| !rule.dead);
            self.handles.clear();
            self.handles.extend(self.all.iter().map(|rule| rule.handle));
            self.unread = self.all.iter().filter(|rule| rule.problem.is_some()).count();
            self.dead = 0;
        }
        if self.unread == 0 {
            self.order.go_on(self.all.iter().map(|rule| &rule.hash));
        }
    }

    /// The hashes of those that could be read, as far as the order's hash is
    /// not known: behind what of it is.
    pub(super) fn order(&self) -> (&RuleOrder, impl Iterator<Item = &RuleHash>) {
        // While any cannot be read nothing is known of the order.
        let rest = self.all.get(self.order.known()..).unwrap_or_default();
        (&self.order, rest.iter().filter(|rule| rule.problem.is_none()).map(|rule| &rule.hash))
    }

    /// What is as it was when this was asked last, by those that could be read.
    pub(super) fn since(&mut self) -> Since {
        let now = self.all.len();
        let known = if self.unread == 0 { now } else { 0 };
        let since = std::mem::replace(&mut self.since, Since { front: known, back: known, before: known });
        if self.unread > 0 {
            return Since::default();
        }
        let front = since.front.min(now);
        Since { front, back: since.back.min(now - front), before: since.before }
    }

    /// None of them is as it was, because nothing was known of this list.
    pub(super) fn anew(&mut self) {
        self.since = Since::default();
    }

    /// Something came or went behind so many, and in front of so many.
    fn touch(&mut self, front: usize, back: usize, is_unread: bool) {
        self.order.cut(front);
        self.since.front = self.since.front.min(front);
        self.since.back = self.since.back.min(back);
        if is_unread {
            // It does not count, and so no number of rules is right any more.
            self.order.cut(0);
            self.since = Since::default();
        }
    }
}

#[cfg(test)]
mod tests;
