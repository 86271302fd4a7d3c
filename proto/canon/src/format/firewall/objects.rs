//! Objects of nftables one at a time, for whoever follows a ruleset as it
//! changes: together they give the items that a listing of all of them gives.
//!
//! It keeps no ruleset: the order of rules, how often one stands in its chain
//! and what a set holds are known to those who ask.

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::model::name_in_key;
use super::nft::Ruleset;
use super::nft_json::{rule_text, take};
use crate::format::gather::{Gather, content};
use crate::format::rules::{Shown, order_value};
use crate::{ItemKey, Problem, Setting, Value};

/// A rule of a listing or of a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its canonical text, or why it has none.
    pub text: Result<Box<str>, NotRead>,
    /// Whether it holds what only iptables can list (`xt`).
    pub is_of_iptables: bool,
    /// Whether it counts packets.
    pub counts: bool,
}

/// A rule that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead {
    /// Why.
    pub problem: Problem,
    /// What is watched by content in its place.
    pub text: Box<str>,
}

/// What is counted and hashed of a rule: two rules with the same one are the
/// same rule twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleHash([u8; 32]);

/// The name of a chain as keys have it: `inet filter/input`.
#[must_use]
pub fn chain_name(family: &str, table: &str, chain: &str) -> String {
    format!("{family} {}/{}", name_in_key(table), name_in_key(chain))
}

/// Reads a rule: the object within `{"rule": …}`.
#[must_use]
pub fn read_rule(rule: &Json) -> Rule {
    let statements = rule.get("expr").and_then(Json::as_array);
    let has = |name: &str| statements.is_some_and(|all| all.iter().any(|one| one.get(name).is_some()));
    let mut gather = Gather::new();
    let text = rule_text(&Ruleset::new(&mut gather), rule);
    let text = text.map_err(|(kind, reason, text)| NotRead { problem: Problem::whole(kind, reason), text });
    Rule { text, is_of_iptables: has("xt"), counts: has("counter") }
}

/// Reads any other object of a listing, `{"chain": …}` and the like: the
/// settings that it makes by itself, and what is wrong with it.
#[must_use]
pub fn read_object(object: &Json) -> (Vec<Setting>, Vec<Problem>) {
    let mut gather = Gather::new();
    let mut ruleset = Ruleset::new(&mut gather);
    take(&mut ruleset, object);
    ruleset.give();
    let mut reading = gather.finish(object.to_string().as_bytes());
    reading.settings.iter_mut().for_each(|setting| setting.line = None);
    // A single object has no lines.
    reading.problems.iter_mut().for_each(|problem| problem.place = None);
    (reading.settings, reading.problems)
}

/// What stands for a rule of that text.
#[must_use]
pub fn hash_of(text: &str) -> RuleHash {
    RuleHash(Shown::of(text.as_bytes()).hash)
}

/// The item of the rule of that text which stands there for the `time`th time,
/// from 1.
#[must_use]
pub fn rule_setting(chain: &str, text: &str, time: u32) -> Setting {
    let shown = Shown::of(text.as_bytes());
    let key = ItemKey::from_bytes(&shown.key(chain.as_bytes(), time));
    Setting { secret: *shown.text != *text.as_bytes(), ..setting(key, text) }
}

/// The item of the order of a chain's rules; none without rules.
#[must_use]
pub fn order_setting<'a>(chain: &str, rules: impl IntoIterator<Item = &'a RuleHash>) -> Option<Setting> {
    RuleOrder::default().setting(chain, rules)
}

/// The order of a chain's rules as far as it was hashed: one that changes behind
/// some rules costs what is behind them.
#[derive(Debug, Clone, Default)]
pub struct RuleOrder {
    /// After each [`MARK_RULES`] rules.
    marks: Vec<Sha256>,
}

/// Rules between two places that the hash of an order can go on from: a hundred
/// bytes are kept for each of them, and so many rules take ten microseconds.
const MARK_RULES: usize = 512;

impl RuleOrder {
    /// Rules that it knows, from the first on.
    #[must_use]
    pub fn known(&self) -> usize {
        self.marks.len() * MARK_RULES
    }

    /// Only so many rules are as they were.
    pub fn cut(&mut self, rules: usize) {
        self.marks.truncate(rules / MARK_RULES);
    }

    /// Goes on with what is not known of all rules.
    pub fn go_on<'a>(&mut self, all: impl IntoIterator<Item = &'a RuleHash>) {
        let mut order = self.marks.last().cloned().unwrap_or_default();
        for (number, rule) in (1_usize..).zip(all.into_iter().skip(self.known())) {
            order.update(rule.0);
            if number.is_multiple_of(MARK_RULES) {
                self.marks.push(order.clone());
            }
        }
    }

    /// The item of the order, given the rules behind those that are known; none
    /// without rules.
    #[must_use]
    pub fn setting<'a>(&self, chain: &str, behind: impl IntoIterator<Item = &'a RuleHash>) -> Option<Setting> {
        let (mut order, mut count) = (self.marks.last().cloned().unwrap_or_default(), self.known());
        for rule in behind {
            order.update(rule.0);
            count += 1;
        }
        (count > 0).then(|| setting(order_key(chain), &order_value(count, &order.finalize())))
    }
}

/// The key of the order of a chain's rules.
#[must_use]
pub fn order_key(chain: &str) -> ItemKey {
    ItemKey::order_of(chain.as_bytes())
}

/// The item of what could not be read, in the order of the listing; none if all
/// could.
#[must_use]
pub fn content_setting<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Setting> {
    let mut gather = Gather::new();
    let mut texts = texts.into_iter().peekable();
    texts.peek()?;
    texts.for_each(|text| gather.unread(text.as_bytes()));
    gather.into_unread().map(content)
}

fn setting(key: ItemKey, value: &str) -> Setting {
    let value = Value::text(value);
    Setting { key, value, line: None, template: None, file: None, secret: false }
}

#[cfg(test)]
mod tests;
