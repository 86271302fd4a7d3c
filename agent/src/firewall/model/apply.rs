//! How an event changes the ruleset that is known, with what `nft` says of it.
//!
//! Events that were told once more after a listing change nothing. What cannot
//! be true of the ruleset that is known is said: it is to be listed again.

use serde_json::Value as Json;

use super::chain::{Chain, Rule};
use super::touched::{Touched, Unclear};
use super::{Model, Set, Table, Thing};
use crate::firewall::event::{Spot, TableId, What};

/// What was told does not fit what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Astray(
    /// What does not fit.
    pub &'static str,
);

/// An event of an object.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    /// Of which table.
    pub table: &'a TableId,
    /// What.
    pub what: &'a What,
    /// Its handle.
    pub handle: u64,
    /// Whether it is gone.
    pub gone: bool,
    /// Its kind and itself as `nft` says it, where that is needed.
    pub said: Option<(&'a str, &'a Json)>,
}

/// Names that the kernel gives to what stands within rules.
pub(crate) fn is_within_rule(name: &str) -> bool {
    name.starts_with("__")
}

impl Model {
    /// Takes an event over.
    ///
    /// # Errors
    /// [`Astray`].
    pub fn apply(&mut self, news: &News<'_>, touched: &mut Touched) -> Result<(), Astray> {
        touched.table(news.table, self.tables.iter().find(|table| table.id == *news.table));
        if let What::Table { flags } = news.what {
            self.apply_table(news, *flags, touched);
            return Ok(());
        }
        let Some(table) = self.table(news.table) else {
            // What is told of a table that a later listing no longer had.
            return if news.gone { Ok(()) } else { Err(Astray("something was added to a table that is not known")) };
        };
        match news.what {
            What::Table { .. } => Ok(()),
            What::Chain { name, binding, on_devices } => {
                if !binding && !is_within_rule(name) {
                    table.apply_chain(news, name, *on_devices, touched)?;
                }
                Ok(())
            }
            What::Rule { chain, spot, sets } => table.apply_rule(news, chain, (*spot, sets), touched),
            What::Set { name, anonymous, interval } => {
                if !anonymous && !is_within_rule(name) {
                    table.apply_set(news, name, *interval, touched)?;
                }
                Ok(())
            }
            What::Elements { set, lasting } => match lasting {
                true => table.apply_elements(news, set, touched),
                false => Ok(()),
            },
            What::Stateful { name } => table.apply_object(news, name, touched),
            What::Flowtable { name } => {
                touched.unclear.insert(Unclear::Flowtable(news.table.clone(), name.clone()));
                Ok(())
            }
        }
    }

    fn apply_table(&mut self, news: &News<'_>, flags: u32, touched: &mut Touched) {
        let at = self.tables.iter().position(|table| table.id == *news.table);
        match at {
            Some(at) if news.gone => {
                // One that was made anew under its name is another one.
                if self.tables[at].handle == news.handle || news.handle == 0 {
                    let table = self.tables.remove(at);
                    table.forget(touched);
                }
            }
            Some(at) => {
                let table = &mut self.tables[at];
                touched.facts(&table.id, &table.itself.facts);
                table.flag(flags);
                table.handle = news.handle;
                touched.facts(&table.id, &table.itself.facts);
            }
            None if news.gone => {}
            None => {
                let table = Table::new(news.table.clone(), news.handle, flags);
                touched.facts(&table.id, &table.itself.facts);
                self.tables.push(table);
            }
        }
    }

    /// Says that a transaction has ended.
    pub fn settle(&mut self, touched: &mut Touched) {
        for table in &mut self.tables {
            for chain in &mut table.chains {
                if !chain.settle() {
                    touched.unclear.insert(Unclear::Chain(table.id.clone(), chain.name().into()));
                }
            }
        }
    }

    /// Takes over what a listing says of something that was unclear; nothing,
    /// if it is not there any more.
    pub fn replace(&mut self, unclear: &Unclear, listed: Model, touched: &mut Touched) {
        let (Unclear::Table(id) | Unclear::Chain(id, _) | Unclear::Set(id, _) | Unclear::Flowtable(id, _)) = unclear;
        touched.table(id, self.tables.iter().find(|table| table.id == *id));
        let listed = listed.tables.into_iter().find(|table| table.id == *id);
        let Some(at) = self.tables.iter().position(|table| table.id == *id) else { return };
        let table = &mut self.tables[at];
        table.drop_unclear(unclear, touched);
        let Some(listed) = listed else { return };
        for chain in listed.chains {
            touched.facts(id, &chain.itself.facts);
            touched.chain(id, chain.name(), &chain.rules, false);
            table.chains.push(chain);
        }
        for set in listed.sets {
            touched.facts(id, &set.itself.facts);
            touched.keys(id, set.elements.keys().cloned());
            table.sets.push(set);
        }
        for (kind, object) in listed.objects {
            touched.facts(id, &object.facts);
            table.objects.push((kind, object));
        }
    }
}

impl Table {
    /// Everything of it is touched, because it is gone.
    fn forget(&self, touched: &mut Touched) {
        let id = &self.id;
        touched.facts(id, &self.itself.facts);
        for chain in &self.chains {
            touched.facts(id, &chain.itself.facts);
            touched.chain(id, chain.name(), &chain.rules, true);
        }
        for set in &self.sets {
            touched.facts(id, &set.itself.facts);
            touched.keys(id, set.elements.keys().cloned());
        }
        for (_, object) in &self.objects {
            touched.facts(id, &object.facts);
        }
    }

    /// What is to be listed anew is forgotten. A listing of a set keeps its
    /// place, as far as places of sets mean anything.
    fn drop_unclear(&mut self, unclear: &Unclear, touched: &mut Touched) {
        let of = |name: &str| match unclear {
            Unclear::Table(_) => true,
            Unclear::Chain(_, it) | Unclear::Set(_, it) | Unclear::Flowtable(_, it) => &**it == name,
        };
        let mut gone = Table::new(self.id.clone(), 0, 0);
        if matches!(unclear, Unclear::Table(_) | Unclear::Chain(..)) {
            let (out, kept) = std::mem::take(&mut self.chains).into_iter().partition(|chain| of(chain.name()));
            (gone.chains, self.chains) = (out, kept);
        }
        if matches!(unclear, Unclear::Table(_) | Unclear::Set(..)) {
            let (out, kept) = std::mem::take(&mut self.sets).into_iter().partition(|set| of(&set.itself.name));
            (gone.sets, self.sets) = (out, kept);
        }
        if matches!(unclear, Unclear::Table(_) | Unclear::Flowtable(..)) {
            let is = |(kind, it): &(Box<str>, Thing)| {
                of(&it.name) && (matches!(unclear, Unclear::Table(_)) || &**kind == "flowtable")
            };
            let (out, kept) = std::mem::take(&mut self.objects).into_iter().partition(is);
            (gone.objects, self.objects) = (out, kept);
        }
        gone.forget(touched);
    }

    fn apply_chain(
        &mut self,
        news: &News<'_>,
        name: &str,
        on_devices: bool,
        touched: &mut Touched,
    ) -> Result<(), Astray> {
        let id = self.id.clone();
        let at = self.chains.iter().position(|chain| chain.itself.handle == news.handle);
        if on_devices {
            touched.unclear.insert(Unclear::Chain(id.clone(), name.into()));
        }
        if news.gone {
            if let Some(at) = at.filter(|_| !on_devices) {
                let chain = self.chains.remove(at);
                touched.facts(&id, &chain.itself.facts);
                touched.chain(&id, chain.name(), &chain.rules, true);
            }
            return Ok(());
        }
        let (_, inner) = news.said.ok_or(Astray("a chain is not said"))?;
        let Some(at) = at else {
            let chain = Chain::of(inner);
            touched.facts(&id, &chain.itself.facts);
            self.chains.push(chain);
            return Ok(());
        };
        let chain = &mut self.chains[at];
        if chain.name() != name {
            // Rules that jump there say its new name without being told of.
            let old = chain.name().to_owned();
            touched.chain(&id, &old, &chain.rules, true);
            touched.chain(&id, name, &chain.rules, false);
            touched.unclear.insert(Unclear::Table(id.clone()));
            // Of that name these were not known.
            chain.rules.anew();
        }
        let before = chain.describe(Thing::of("chain", inner));
        touched.facts(&id, before.iter().chain(&chain.itself.facts));
        Ok(())
    }

    fn apply_rule(
        &mut self,
        news: &News<'_>,
        name: &str,
        (spot, sets): (Spot, &[Box<str>]),
        touched: &mut Touched,
    ) -> Result<(), Astray> {
        if is_within_rule(name) {
            return Ok(());
        }
        let id = self.id.clone();
        let Some(at) = self.chain_at(name) else {
            return if news.gone { Ok(()) } else { Err(Astray("a rule was added to a chain that is not known")) };
        };
        let chain = &mut self.chains[at];
        if news.gone {
            if let Some(rule) = chain.remove(news.handle) {
                touched.rule(&id, name, rule, true);
            }
            return Ok(());
        }
        let (_, inner) = news.said.ok_or(Astray("a rule is not said"))?;
        let rule = Rule::of(inner);
        if jumps_within(inner) || !sets.iter().all(|set| names_set(inner, set)) {
            touched.unclear.insert(Unclear::Chain(id.clone(), name.into()));
        }
        touched.rule(&id, name, &rule, false);
        // One that is told of once more may have had another text.
        if let Some(old) = chain.known(rule.handle) {
            touched.rule(&id, name, old, true);
        }
        if !chain.put(rule, spot) {
            touched.unclear.insert(Unclear::Chain(id, name.into()));
        }
        Ok(())
    }

    fn apply_set(&mut self, news: &News<'_>, name: &str, interval: bool, touched: &mut Touched) -> Result<(), Astray> {
        let id = self.id.clone();
        let at = self.sets.iter().position(|set| &*set.itself.name == name);
        if news.gone {
            if let Some(at) = at.filter(|at| news.handle == 0 || self.sets[*at].itself.handle == news.handle) {
                let set = self.sets.remove(at);
                touched.facts(&id, &set.itself.facts);
                touched.keys(&id, set.elements.into_keys());
            }
            return Ok(());
        }
        let (kind, inner) = news.said.ok_or(Astray("a set is not said"))?;
        let mut set = Set::of(kind, inner);
        set.interval = interval;
        touched.facts(&id, &set.itself.facts);
        if interval {
            touched.unclear.insert(Unclear::Set(id.clone(), name.into()));
        }
        match at {
            Some(at) => {
                let old = std::mem::replace(&mut self.sets[at], set);
                touched.facts(&id, &old.itself.facts);
                self.sets[at].elements = old.elements;
            }
            None => self.sets.push(set),
        }
        Ok(())
    }

    fn apply_elements(&mut self, news: &News<'_>, name: &str, touched: &mut Touched) -> Result<(), Astray> {
        if is_within_rule(name) {
            return Ok(());
        }
        let id = self.id.clone();
        let Some(set) = self.sets.iter_mut().find(|set| &*set.itself.name == name) else {
            return if news.gone { Ok(()) } else { Err(Astray("an element was added to a set that is not known")) };
        };
        if set.interval {
            touched.unclear.insert(Unclear::Set(id, name.into()));
            return Ok(());
        }
        let Some((_, inner)) = news.said else {
            touched.unclear.insert(Unclear::Set(id, name.into()));
            return Ok(());
        };
        let elements = inner.get("elem").map(|elements| set.read(elements)).unwrap_or_default();
        touched.keys(&id, elements.iter().map(|(key, _)| key.clone()));
        for (key, value) in elements {
            if news.gone {
                set.elements.remove(&key);
            } else {
                set.elements.insert(key, value);
            }
        }
        Ok(())
    }

    fn apply_object(&mut self, news: &News<'_>, name: &str, touched: &mut Touched) -> Result<(), Astray> {
        let id = self.id.clone();
        let at = self.objects.iter().position(|(_, it)| it.handle == news.handle && &*it.name == name);
        if news.gone {
            if let Some(at) = at {
                touched.facts(&id, &self.objects.remove(at).1.facts);
            }
            return Ok(());
        }
        let (kind, inner) = news.said.ok_or(Astray("an object is not said"))?;
        let thing = Thing::of(kind, inner);
        touched.facts(&id, &thing.facts);
        match at {
            Some(at) => {
                touched.facts(&id, &self.objects[at].1.facts);
                self.objects[at].1 = thing;
            }
            None => self.objects.push((kind.into(), thing)),
        }
        Ok(())
    }
}

/// Whether a rule jumps to a chain within itself: a listing writes that chain
/// out, a monitor names it.
fn jumps_within(rule: &Json) -> bool {
    rule.get("expr").is_some_and(|expr| any(expr, &|text| text.starts_with("__chain")))
}

/// Whether what is said of a rule has a set in it: its name, or what is in it if
/// it stands within the rule.
fn names_set(rule: &Json, set: &str) -> bool {
    let Some(expr) = rule.get("expr") else { return false };
    if is_within_rule(set) { has_key(expr, "set") } else { any(expr, &|text| text.strip_prefix('@') == Some(set)) }
}

fn any(value: &Json, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Json::String(text) => is(text),
        Json::Array(all) => all.iter().any(|one| any(one, is)),
        Json::Object(all) => all.values().any(|one| any(one, is)),
        _ => false,
    }
}

fn has_key(value: &Json, key: &str) -> bool {
    match value {
        Json::Array(all) => all.iter().any(|one| has_key(one, key)),
        Json::Object(all) => all.iter().any(|(name, one)| name == key || has_key(one, key)),
        _ => false,
    }
}
