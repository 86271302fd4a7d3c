//! A chain and its rules in order, as the kernel tells of them: each new rule by
//! the one in front of it.
//!
//! What goes in a transaction stays in its place until the transaction ends,
//! because the places of new rules are told by it.

use driftline_canon::format::nftables::{self, RuleHash, hash_of, rule_setting};
use driftline_canon::{Problem, Setting};
use serde_json::Value as Json;
use std::collections::HashMap;

use super::rules::Rules;
use super::{Fact, Thing, handle};
use crate::firewall::event::Spot;

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub(super) itself: Thing,
    pub(super) rules: Rules,
    /// New rules behind one that is not there yet.
    pub(super) waiting: Vec<(u64, Rule)>,
    /// Where the last rule was found.
    hint: usize,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) handle: u64,
    /// Canonical, or what is watched by content.
    pub(super) text: Box<str>,
    pub(super) hash: RuleHash,
    /// Why it could not be read.
    pub(super) problem: Option<Box<Problem>>,
    pub(super) is_of_iptables: bool,
    pub(super) counts: bool,
    /// It goes with the transaction that is under way.
    pub(super) dead: bool,
}

impl Rule {
    /// Of the object within `{"rule": …}`.
    pub(super) fn of(inner: &Json) -> Self {
        let nftables::Rule { text, is_of_iptables, counts } = nftables::read_rule(inner);
        let (text, problem) = match text {
            Ok(text) => (text, None),
            Err(not_read) => (not_read.text, Some(Box::new(not_read.problem))),
        };
        let hash = hash_of(&text);
        Self { handle: handle(inner), text, hash, problem, is_of_iptables, counts, dead: false }
    }
}

impl Chain {
    /// Of the object within `{"chain": …}`.
    pub(super) fn of(inner: &Json) -> Self {
        Self { itself: Thing::of("chain", inner), rules: Rules::default(), waiting: Vec::new(), hint: 0 }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.itself.name
    }

    /// `type filter hook input priority 0`, if it hangs on a hook.
    pub(super) fn hook(&self) -> Option<&str> {
        let hook = self.itself.facts.iter().find(|fact| fact.key.as_str().ends_with(" hook"))?;
        hook.value.as_deref()
    }

    /// Its rules and their order; `key` is its name in keys.
    pub(super) fn settings(&self, key: &str) -> Vec<Setting> {
        let mut times: HashMap<RuleHash, u32> = HashMap::new();
        let mut all = Vec::with_capacity(self.rules.len() + 1);
        for rule in self.read() {
            let time = times.entry(rule.hash).or_insert(0);
            *time += 1;
            all.push(rule_setting(key, &rule.text, *time));
        }
        all.extend(self.order(key));
        all
    }

    /// The order of its rules.
    pub(super) fn order(&self, key: &str) -> Option<Setting> {
        let (order, behind) = self.rules.order();
        order.setting(key, behind)
    }

    /// Rules that could be read.
    pub(super) fn read(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.problem.is_none())
    }

    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        let unread = if self.rules.has_unread() { &self.rules[..] } else { &[] };
        unread.iter().filter_map(|rule| rule.problem.as_deref())
    }

    /// What is said about it is this now.
    pub(super) fn describe(&mut self, itself: Thing) -> Vec<Fact> {
        std::mem::replace(&mut self.itself, itself).facts
    }

    /// Puts a rule in its place. False if the place is not to be known.
    pub(super) fn put(&mut self, rule: Rule, spot: Spot) -> bool {
        if let Some(at) = self.find(rule.handle) {
            // Replaced, or told of once more after a listing.
            self.rules.replace(at, rule);
            return true;
        }
        match spot {
            Spot::Behind(handle) => match self.find(handle) {
                Some(at) => self.rules.insert(at + 1, rule),
                None => self.waiting.push((handle, rule)),
            },
            Spot::End => self.rules.push(rule),
            Spot::Front => self.rules.insert(0, rule),
            Spot::Replaced => {
                self.rules.push(rule);
                return !self.rules.has_dead();
            }
        }
        true
    }

    /// The rule with that handle goes; none if there is no such rule.
    pub(super) fn remove(&mut self, handle: u64) -> Option<&Rule> {
        if let Some(at) = self.waiting.iter().position(|(_, rule)| rule.handle == handle) {
            let (_, rule) = self.waiting.remove(at);
            self.rules.push(Rule { dead: true, ..rule });
            return self.rules.last();
        }
        let at = self.find(handle).filter(|at| !self.rules[*at].dead)?;
        self.rules.kill(at)
    }

    /// The transaction has ended. False if some rule's place is not to be known.
    pub(super) fn settle(&mut self) -> bool {
        while !self.waiting.is_empty() {
            let before = self.waiting.len();
            for (behind, rule) in std::mem::take(&mut self.waiting) {
                match self.find(behind) {
                    Some(at) => self.rules.insert(at + 1, rule),
                    None => self.waiting.push((behind, rule)),
                }
            }
            if self.waiting.len() == before {
                break;
            }
        }
        let known = self.waiting.is_empty();
        self.rules.settle();
        std::mem::take(&mut self.waiting).into_iter().for_each(|(_, rule)| self.rules.push(rule));
        self.hint = 0;
        known
    }

    /// The rule with that handle, unless it goes.
    pub(super) fn known(&self, handle: u64) -> Option<&Rule> {
        self.rules.get(self.rules.find(handle, self.hint)?).filter(|rule| !rule.dead)
    }

    /// Rules go and come one behind the other more often than not.
    fn find(&mut self, handle: u64) -> Option<usize> {
        let found = self.rules.find(handle, self.hint)?;
        self.hint = found;
        Some(found)
    }
}

#[cfg(test)]
mod tests;
