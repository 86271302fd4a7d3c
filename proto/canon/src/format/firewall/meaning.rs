//! What a change of a ruleset means: which packets it lets in that were kept
//! out, from where, and the other way round.
//!
//! A [`Ruleset`] is kept beside what is loaded and told of each change; what a
//! change costs grows with the change, the jumps that lead to it and what it
//! jumps to, never with the ruleset. It loads nothing, asks no kernel, and
//! claims less than it knows sooner than more: `docs/formats/firewall.md`,
//! "What a change means", says which way it errs.

mod act;
mod difference;
mod facts;
mod graph;
mod iptables;
mod kept;
mod keys;
mod machine;
mod nft;
mod order;
mod packets;
mod reach;
mod say;
mod settle;
mod turn;
mod walk;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use self::graph::{ChainId, Graph, RuleId};
pub use self::kept::{Kept, Meant, Rewritten};
use self::keys::About;
use self::settle::Pending;
use crate::format::Setting;
use crate::meaning::Meaning;
use crate::{ItemKey, Value};

/// A ruleset of one source, as canon's formats `nft`, `nft-json`,
/// `iptables-save` and `ufw` read it; elements of `ipset-save` may be told to
/// the ruleset of iptables, whose rules look into them.
///
/// Changes are told one by one and settled together: what a transaction comes
/// to is the difference of before and after, however it got there.
#[derive(Debug, Default)]
pub struct Ruleset {
    graph: Graph,
    pending: Pending,
    /// How often each rule stands in each chain.
    times: HashMap<(ChainId, u64), u32>,
}

impl Ruleset {
    /// The ruleset of a reading's settings, in their order.
    #[must_use]
    pub fn of(settings: &[Setting]) -> Self {
        let mut ruleset = Self::default();
        for setting in settings {
            let value = text_of(&setting.value);
            match keys::about(setting.key.as_str()) {
                About::Rule(chain) => ruleset.insert(chain, usize::MAX, &value),
                About::Order(_) => {}
                _ => ruleset.set(setting.key.as_str(), None, Some(&value)),
            }
        }
        ruleset.settle_quietly();
        ruleset
    }

    /// A rule was put into a chain (`inet filter/input`, `filter/INPUT`) at a
    /// position from 0; behind the last one where there is no such position.
    /// `rule` is its canonical text, the item's value.
    pub fn insert(&mut self, chain: &str, at: usize, rule: &str) {
        let chain = self.graph.chain(chain);
        let made = self.graph.make(chain, rule);
        let rules = &mut self.graph.chains[chain as usize].rules;
        rules.insert(at.min(rules.len()), made);
        self.pending.came(made);
    }

    /// The rule at a position from 0 was taken out of a chain; whether there was
    /// one. To take many out, begin with the last.
    pub fn remove(&mut self, chain: &str, at: usize) -> bool {
        let Some(chain) = self.graph.find_chain(chain) else { return false };
        if at >= self.graph.at(chain).rules.len() {
            return false;
        }
        self.pending.before(chain, &self.graph.at(chain).rules);
        let gone = self.graph.chains[chain as usize].rules.remove(at);
        if !self.pending.went(gone) {
            self.graph.forget(gone);
        }
        true
    }

    /// An item that is no rule and no order of rules has another value: `None`
    /// where it is not there.
    pub fn set(&mut self, key: &str, before: Option<&str>, after: Option<&str>) {
        if let (About::Chain(chain, keys::Fact::Policy), true) = (keys::about(key), before.is_some() != after.is_some())
            && !keys::is_nft(keys::table(chain))
        {
            let policies = &mut self.graph.table(keys::table(chain)).policies;
            *policies = if after.is_some() { policies.saturating_add(1) } else { policies.saturating_sub(1) };
        }
        self.pending.fact(key, before, after);
    }

    /// What makes one reading of the same source another one: every difference,
    /// told. The ruleset is that of `before`.
    pub fn tell(&mut self, before: &[Setting], after: &[Setting]) {
        difference::tell(self, before, after);
    }

    /// The rules of a chain, in order.
    pub fn rules(&self, chain: &str) -> impl ExactSizeIterator<Item = &str> {
        let chain = self.graph.find_chain(chain);
        let rules = chain.map_or(&[] as &[RuleId], |chain| &self.graph.at(chain).rules);
        rules.iter().map(|&rule| &*self.graph.rule(rule).text)
    }

    /// What became of the ruleset since it was last settled: each item that
    /// changed, with what that means. What changed and changed back is left
    /// out.
    pub fn settle(&mut self) -> Vec<(ItemKey, Meaning)> {
        let mut said = Vec::new();
        self.carry_out(Some(&mut said));
        said
    }

    /// The same, where nobody asks for the meaning: at a start, and where the
    /// ruleset is made anew.
    pub fn settle_quietly(&mut self) {
        self.carry_out(None);
    }

    /// The key of a rule that stands in its chain that often.
    fn rule_key(&self, rule: RuleId, times: u32) -> ItemKey {
        let rule = self.graph.rule(rule);
        crate::format::rules::key_of(&self.graph.at(rule.chain).name, rule.text.as_bytes(), times)
    }

    /// How often a rule stands in its chain from now on, or did until now.
    fn count(&mut self, rule: RuleId, up: bool) -> u32 {
        let kept = self.graph.rule(rule);
        let mut hash = DefaultHasher::new();
        kept.text.hash(&mut hash);
        let key = (kept.chain, hash.finish());
        let times = self.times.entry(key).or_insert(0);
        if up {
            *times = times.saturating_add(1);
            return *times;
        }
        let before = *times;
        *times = before.saturating_sub(1);
        if *times == 0 {
            self.times.remove(&key);
        }
        before
    }
}

/// What the change from one reading to another means, item by item.
#[must_use]
pub fn meanings(before: &[Setting], after: &[Setting]) -> Vec<(ItemKey, Meaning)> {
    let mut ruleset = Ruleset::of(before);
    ruleset.tell(before, after);
    ruleset.settle()
}

/// A value as text; what is watched by content is none.
fn text_of(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::Content(_) => "".into(),
        value => String::from_utf8_lossy(value.bytes()),
    }
}

#[cfg(test)]
mod tests;
