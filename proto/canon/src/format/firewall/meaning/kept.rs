//! A ruleset kept beside a source, and told what was read of it: for whoever
//! reads the source and hands on what changed.
//!
//! It keeps no digests and compares none: an item that was read anew and is the
//! same means nothing.

use std::collections::{BTreeMap, HashMap};

use super::keys::{self, About};
use super::{Ruleset, text_of};
use crate::format::Setting;
use crate::meaning::Meaning;
use crate::{Item, ItemKey, Observation, Value};

/// What each item that changed means.
pub type Meant = Vec<(ItemKey, Meaning)>;

/// The ruleset of one source as it was read last.
#[derive(Debug, Default)]
pub struct Kept {
    ruleset: Ruleset,
    /// What is no rule and no order of rules.
    facts: HashMap<ItemKey, Box<str>>,
    /// Sets of another source.
    beside: HashMap<ItemKey, Box<str>>,
}

/// The rules of a chain as they are now: so many of those it had before are as
/// they were at its front and its back, and between them are these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewritten<'a> {
    /// Rules in front that are as they were.
    pub front: usize,
    /// Rules at the back that are as they were.
    pub back: usize,
    /// What is between them now.
    pub rules: Vec<&'a str>,
}

/// All rules of a chain, whatever it had.
impl<'a> FromIterator<&'a str> for Rewritten<'a> {
    fn from_iter<T: IntoIterator<Item = &'a str>>(rules: T) -> Self {
        Self { front: 0, back: 0, rules: rules.into_iter().collect() }
    }
}

impl Kept {
    /// The ruleset of a reading's settings.
    #[must_use]
    pub fn of(settings: &[Setting]) -> Self {
        let facts = settings.iter().filter(|one| is_fact(&one.key));
        Self {
            ruleset: Ruleset::of(settings),
            facts: facts.map(|one| (one.key.clone(), text_of(&one.value).into())).collect(),
            beside: HashMap::new(),
        }
    }

    /// The same for a source of which the items are known that it had before:
    /// also what became of it since. Where a rule stood that is gone, nobody
    /// knows any more; it is taken to have stood in front.
    #[must_use]
    pub fn since(known: &Observation, now: &[Setting]) -> (Self, Meant) {
        Self::since_beside(known, now, [])
    }

    /// The same, where rules look into sets of another source: those that it
    /// has now, with their definitions and elements.
    #[must_use]
    pub fn since_beside<'a>(
        known: &Observation,
        now: &[Setting],
        sets: impl IntoIterator<Item = (&'a ItemKey, &'a str)>,
    ) -> (Self, Meant) {
        let is_now: HashMap<&ItemKey, &Setting> = now.iter().map(|one| (&one.key, one)).collect();
        let gone = known.items().iter().filter(|item| !is_now.contains_key(&item.key));
        let mut before: Vec<Setting> = gone.map(as_setting).collect();
        for setting in now {
            let Some(item) = known.get(&setting.key) else { continue };
            before.push(if is_fact(&setting.key) { as_setting(item) } else { setting.clone() });
        }
        let mut kept = Self::of(&before);
        kept.read_beside(sets);
        let meant = kept.read(now);
        (kept, meant)
    }

    /// Sets of another source, into which rules of this one look, were read
    /// anew, all of them: what their changes mean.
    pub fn read_beside<'a>(&mut self, now: impl IntoIterator<Item = (&'a ItemKey, &'a str)>) -> Meant {
        let now: BTreeMap<&ItemKey, &str> = now.into_iter().collect();
        let gone = self.beside.extract_if(|key, _| !now.contains_key(key));
        for (key, before) in gone {
            self.ruleset.set(key.as_str(), Some(&before), None);
        }
        for (key, value) in now {
            let before = self.beside.get(key).map(|before| &**before);
            if before != Some(value) {
                self.ruleset.set(key.as_str(), before, Some(value));
                self.beside.insert(key.clone(), value.into());
            }
        }
        self.ruleset.settle()
    }

    /// The source was read anew, all of it.
    pub fn read(&mut self, now: &[Setting]) -> Meant {
        let mut chains: HashMap<&str, Vec<String>> = HashMap::new();
        let mut facts = HashMap::new();
        for setting in now {
            match keys::about(setting.key.as_str()) {
                About::Rule(chain) => chains.entry(chain).or_default().push(text_of(&setting.value).into_owned()),
                About::Order(_) => {}
                _ => {
                    facts.insert(setting.key.clone(), text_of(&setting.value));
                }
            }
        }
        let gone: Vec<_> = self.facts.keys().filter(|key| !facts.contains_key(*key)).cloned().collect();
        for key in gone {
            self.fact(&key, None);
        }
        for (key, value) in facts {
            self.fact(&key, Some(&value));
        }
        for chain in self.ruleset.chains().filter(|chain| !chains.contains_key(chain.as_str())).collect::<Vec<_>>() {
            self.ruleset.rewrite(&chain, &[]);
        }
        for (chain, rules) in chains {
            self.ruleset.rewrite(chain, &rules.iter().map(String::as_str).collect::<Vec<_>>());
        }
        self.ruleset.settle()
    }

    /// How many rules a chain has.
    #[must_use]
    pub fn count(&self, chain: &str) -> usize {
        self.ruleset.graph.find_chain(chain).map_or(0, |chain| self.ruleset.graph.at(chain).rules.len())
    }

    /// A part of it changed: chains with their rules as they are now, and what is
    /// no rule, with none where it is gone. What it costs goes by the rules that
    /// are named and by what changed.
    pub fn part<'a>(
        &mut self,
        chains: impl IntoIterator<Item = (&'a str, Rewritten<'a>)>,
        items: impl IntoIterator<Item = (&'a ItemKey, Option<&'a Value>)>,
    ) -> Meant {
        for (key, value) in items {
            if is_fact(key) {
                self.fact(key, value.map(text_of).as_deref());
            }
        }
        for (chain, rules) in chains {
            self.ruleset.rewrite_between(chain, &rules);
        }
        self.ruleset.settle()
    }

    fn fact(&mut self, key: &ItemKey, now: Option<&str>) {
        let before = self.facts.get(key).map(|value| &**value);
        if before == now {
            return;
        }
        self.ruleset.set(key.as_str(), before, now);
        match now {
            Some(now) => _ = self.facts.insert(key.clone(), now.into()),
            None => _ = self.facts.remove(key),
        }
    }
}

impl Ruleset {
    /// A chain has these rules now, whatever it had.
    pub fn rewrite(&mut self, chain: &str, now: &[&str]) {
        self.rewrite_between(chain, &now.iter().copied().collect());
    }

    /// A chain has these rules now between those that are as they were.
    fn rewrite_between(&mut self, chain: &str, now: &Rewritten<'_>) {
        let Rewritten { front, back, rules: now } = now;
        let all = self.rules(chain).len();
        let (front, back) = ((*front).min(all), *back);
        let between = all.saturating_sub(front + back);
        let before: Vec<&str> = self.rules(chain).skip(front).take(between).collect();
        let same = before.iter().zip(now).take_while(|(old, new)| old == new).count();
        let behind = before[same..].iter().rev().zip(now[same..].iter().rev()).take_while(|(old, new)| old == new);
        let behind = behind.count();
        let gone = same..before.len() - behind;
        for at in gone.rev() {
            self.remove(chain, front + at);
        }
        for (at, rule) in now.iter().enumerate().take(now.len() - behind).skip(same) {
            self.insert(chain, front + at, rule);
        }
    }

    /// The chains that have rules.
    fn chains(&self) -> impl Iterator<Item = String> {
        self.graph.chains.iter().filter(|chain| !chain.rules.is_empty()).map(|chain| chain.name.to_string())
    }
}

/// Whether an item is neither a rule nor the order of rules.
fn is_fact(key: &ItemKey) -> bool {
    !matches!(keys::about(key.as_str()), About::Rule(_) | About::Order(_))
}

/// An item of which the value is gone, as far as it can be told: by what was
/// shown of it, or, for a rule, by its key.
fn as_setting(item: &Item) -> Setting {
    let shown = item.display.as_ref().map(|shown| shown.as_str());
    let text = shown.unwrap_or_else(|| match keys::about(item.key.as_str()) {
        About::Rule(chain) => item.key.as_str()[chain.len() + 1..].trim_start(),
        _ => "",
    });
    let value = Value::text(text);
    Setting { key: item.key.clone(), value, line: None, template: None, file: None, secret: item.secret }
}

#[cfg(test)]
mod tests;
