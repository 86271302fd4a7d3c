//! What a transaction has touched, and the items that follow: what costs is what
//! was touched, not what there is.
//!
//! It may name an item that did not change: that is found out by digests.

use std::collections::{HashMap, HashSet};

use driftline_canon::format::nftables::{RuleHash, order_key, rule_setting};
use driftline_canon::{ItemKey, Setting};

use super::rules::Since;
use super::{Chain, Fact, Model, Rule, Table};
use crate::firewall::event::{TableId, family_name};
use crate::firewall::model::iptables;

/// Rules that are few.
const FEW: usize = 4;

/// What is to be listed, because no event tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unclear {
    /// A whole table.
    Table(TableId),
    /// A chain with its rules.
    Chain(TableId, Box<str>),
    /// A set or map with its elements.
    Set(TableId, Box<str>),
    /// A flowtable.
    Flowtable(TableId, Box<str>),
}

/// What was touched since it was asked for last.
#[derive(Debug, Default)]
pub struct Touched {
    tables: HashMap<TableId, InTable>,
    /// What is to be listed.
    pub unclear: HashSet<Unclear>,
    /// A rule that could not be read came or went.
    unread: bool,
}

/// What of one table was touched.
#[derive(Debug, Default)]
struct InTable {
    /// Whether it was another reader's before.
    was_hidden: bool,
    /// Keys that went, or may have changed.
    keys: HashSet<ItemKey>,
    chains: HashMap<Box<str>, HashMap<RuleHash, Rules>>,
}

/// Rules of one text in one chain.
#[derive(Debug)]
struct Rules {
    text: Box<str>,
    /// How many went, at most.
    gone: u32,
    /// How many are there now.
    now: u32,
}

/// What follows of a transaction.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each key with what it is set to now, or with none if it is gone.
    pub items: Vec<(ItemKey, Option<Setting>)>,
    /// Chains of which rules may have changed.
    pub chains: Vec<InChain>,
    /// Whether a table of iptables-nft was touched.
    pub iptables: bool,
    /// The same of ip6tables-nft.
    pub ip6tables: bool,
}

/// A chain of which rules may have changed.
#[derive(Debug)]
pub struct InChain {
    /// Its table.
    pub table: TableId,
    /// Its name.
    pub name: Box<str>,
    /// Its name in keys.
    pub key: String,
    /// What is as it was; nothing, where that is not known.
    pub since: Since,
}

impl Touched {
    /// Whether nothing was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// A table was; to be called before it is changed.
    pub(super) fn table(&mut self, id: &TableId, table: Option<&Table>) {
        if !self.tables.contains_key(id) {
            let was_hidden = table.is_some_and(|table| table.hidden);
            self.tables.insert(id.clone(), InTable { was_hidden, ..InTable::default() });
        }
    }

    pub(super) fn facts<'f>(&mut self, id: &TableId, facts: impl IntoIterator<Item = &'f Fact>) {
        self.keys(id, facts.into_iter().map(|fact| fact.key.clone()));
    }

    pub(super) fn keys(&mut self, id: &TableId, keys: impl IntoIterator<Item = ItemKey>) {
        if let Some(table) = self.tables.get_mut(id) {
            table.keys.extend(keys);
        }
    }

    /// A rule came or went.
    pub(super) fn rule(&mut self, id: &TableId, chain: &str, rule: &Rule, gone: bool) {
        if rule.problem.is_some() {
            self.unread = true;
        }
        let Some(table) = self.tables.get_mut(id) else { return };
        if !table.chains.contains_key(chain) {
            table.chains.insert(chain.into(), HashMap::new());
        }
        if let Some(rules) = table.chains.get_mut(chain).filter(|_| rule.problem.is_none()) {
            let one = rules.entry(rule.hash).or_insert_with(|| Rules { text: rule.text.clone(), gone: 0, now: 0 });
            one.gone += u32::from(gone);
        }
    }

    /// All rules of a chain went or are told anew.
    pub(super) fn chain(&mut self, id: &TableId, chain: &str, rules: &[Rule], gone: bool) {
        rules.iter().for_each(|rule| self.rule(id, chain, rule, gone));
    }

    /// What follows, now that the transaction has ended.
    pub fn outcome(self, model: &mut Model) -> Outcome {
        let mut outcome = Outcome::default();
        let mut unread = self.unread;
        for (id, touched) in self.tables {
            let table = model.table(&id);
            let hidden = table.map(|table| {
                table.hidden = iptables::made(table);
                table.hidden
            });
            let theirs = if family_name(id.family) == "ip6" { &mut outcome.ip6tables } else { &mut outcome.iptables };
            *theirs |= touched.was_hidden || hidden == Some(true);
            unread |= hidden.is_some_and(|hidden| hidden != touched.was_hidden);
            outcome.chains.extend(touched.chains_of(&id, model.table(&id)));
            let table = model.tables.iter().find(|table| table.id == id);
            match (touched.was_hidden, table) {
                (true, None) => {}
                (true, Some(table)) if table.hidden => {}
                (true, Some(table)) => {
                    outcome.items.extend(table.settings().into_iter().map(|one| (one.key.clone(), Some(one))));
                }
                (false, table) => touched.items(&id, table, &mut outcome.items),
            }
        }
        if unread {
            outcome.items.push((ItemKey::metadata(ItemKey::CONTENT), model.content()));
        }
        outcome
    }
}

impl InTable {
    /// Chains that were touched; all of them, where the table has become or is
    /// no longer another reader's.
    fn chains_of(&self, id: &TableId, mut table: Option<&mut Table>) -> Vec<InChain> {
        let turned = table.as_ref().filter(|table| table.hidden != self.was_hidden);
        let seen_before = turned.is_none() && !self.was_hidden;
        let all = turned.into_iter().flat_map(|table| &table.chains).map(|chain| chain.name().into());
        let names: HashSet<Box<str>> = self.chains.keys().cloned().chain(all).collect();
        let of = |name: Box<str>| {
            let chain = table.as_mut().and_then(|table| {
                let at = table.chain_at(&name)?;
                table.chains.get_mut(at)
            });
            let since = chain.map(|chain| chain.rules.since()).filter(|_| seen_before);
            InChain { table: id.clone(), key: key_of_chain(id, &name), name, since: since.unwrap_or_default() }
        };
        names.into_iter().map(of).collect()
    }

    /// What follows of a table that was not another reader's.
    fn items(mut self, id: &TableId, table: Option<&Table>, items: &mut Vec<(ItemKey, Option<Setting>)>) {
        // One that has become another reader's is gone from here.
        let seen = table.filter(|table| !table.hidden);
        if let Some(table) = table.filter(|table| table.hidden) {
            items.extend(table.settings().into_iter().map(|one| (one.key, None)));
        }
        for (chain, rules) in &mut self.chains {
            let key = key_of_chain(id, chain);
            let found = seen.and_then(|table| Some(&table.chains[table.chain_at(chain)?]));
            found.into_iter().for_each(|chain| count(rules, chain));
            for one in rules.values() {
                for time in 1..=one.now.saturating_add(one.gone) {
                    let setting = rule_setting(&key, &one.text, time);
                    items.push((setting.key.clone(), (time <= one.now).then_some(setting)));
                }
            }
            items.push((order_key(&key), found.and_then(|chain| chain.order(&key))));
        }
        let mut keys: HashMap<ItemKey, Option<Setting>> = self.keys.into_iter().map(|key| (key, None)).collect();
        if let Some(table) = seen {
            table.fill(&mut keys);
        }
        items.extend(keys);
    }
}

/// Counts how often the rules that were touched stand in their chain. Few are
/// looked for one by one: that costs less than a look at each rule's hash.
fn count(touched: &mut HashMap<RuleHash, Rules>, chain: &Chain) {
    if touched.len() <= FEW {
        for (hash, one) in touched {
            one.now = chain.read().map(|rule| u32::from(rule.hash == *hash)).sum();
        }
        return;
    }
    for rule in chain.read() {
        if let Some(one) = touched.get_mut(&rule.hash) {
            one.now += 1;
        }
    }
}

fn key_of_chain(id: &TableId, chain: &str) -> String {
    driftline_canon::format::nftables::chain_name(family_name(id.family), &id.name, chain)
}
