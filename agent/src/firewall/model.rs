//! What is known of the ruleset of one namespace: tables, chains with their
//! rules in order, sets and named objects, all as canonical text.
//!
//! It asks nobody and reads no netlink. That what is told about is not there is
//! said: such a ruleset is to be listed again.

pub mod apply;
pub mod chain;
pub mod iptables;
mod rules;
pub mod touched;

use std::collections::{BTreeMap, HashMap};

use driftline_canon::format::firewall::meaning::Rewritten;
use driftline_canon::format::nftables::{self, content_setting};
use driftline_canon::{ItemKey, Problem, Setting, Value};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::event::{TableId, family_name, family_of};
pub use chain::{Chain, Rule};
pub use rules::Since;
use touched::Unclear;

/// The value of most items that are not rules: that they are there.
const PRESENT: &[u8] = b"present";

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// In the order of the listing.
    tables: Vec<Table>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    id: TableId,
    handle: u64,
    itself: Thing,
    chains: Vec<Chain>,
    sets: Vec<Set>,
    /// Counters, limits, flowtables and the like, with their kind.
    objects: Vec<(Box<str>, Thing)>,
    /// Made by iptables-nft: another reader lists it.
    hidden: bool,
}

/// What is said of an object that has no order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thing {
    name: Box<str>,
    handle: u64,
    facts: Vec<Fact>,
    problems: Vec<Problem>,
}

/// A set or map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Set {
    itself: Thing,
    /// What it is said to be, without elements: elements are read by it.
    head: Json,
    /// Elements that are ranges: events do not tell them one by one.
    interval: bool,
    elements: BTreeMap<ItemKey, Option<Box<str>>>,
}

/// An item without what can be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    key: ItemKey,
    /// None: `present`.
    value: Option<Box<str>>,
}

impl Fact {
    fn of(setting: &Setting) -> Self {
        Self { key: setting.key.clone(), value: value_of(setting) }
    }

    fn setting(&self) -> Setting {
        setting(self.key.clone(), self.value.as_deref())
    }
}

fn value_of(setting: &Setting) -> Option<Box<str>> {
    let bytes = setting.value.bytes();
    (bytes != PRESENT).then(|| String::from_utf8_lossy(bytes).into())
}

fn setting(key: ItemKey, value: Option<&str>) -> Setting {
    let value = Value::text(value.map_or(PRESENT, str::as_bytes));
    Setting { key, value, line: None, template: None, file: None, secret: false }
}

fn text<'j>(object: &'j Json, name: &str) -> &'j str {
    object.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn handle(object: &Json) -> u64 {
    object.get("handle").and_then(Json::as_u64).unwrap_or(0)
}

impl Thing {
    /// Of an object within its `{"chain": …}`.
    fn of(kind: &str, inner: &Json) -> Self {
        let (settings, problems) = nftables::read_object(&Json::from_iter([(kind, inner.clone())]));
        let name = text(inner, "name");
        Self { name: name.into(), handle: handle(inner), facts: settings.iter().map(Fact::of).collect(), problems }
    }
}

impl Set {
    fn of(kind: &str, inner: &Json) -> Self {
        let mut head = inner.clone();
        if let Some(head) = head.as_object_mut() {
            head.remove("elem");
        }
        let flags = inner.get("flags").and_then(Json::as_array);
        let interval = flags.is_some_and(|flags| flags.iter().any(|flag| flag == "interval"));
        let itself = Thing::of(kind, &head);
        let mut set = Self { itself, head: Json::from_iter([(kind, head)]), interval, elements: BTreeMap::new() };
        let found = inner.get("elem").map(|elements| set.read(elements)).unwrap_or_default();
        set.elements.extend(found);
        set
    }

    /// The items of a list of elements. Those that go by themselves are none.
    fn read(&mut self, elements: &Json) -> Vec<(ItemKey, Option<Box<str>>)> {
        // A monitor says `{"set": […]}` where a listing says `[…]`.
        let elements = elements.get("set").unwrap_or(elements);
        let mut object = self.head.clone();
        if let Some(inner) = object.as_object_mut().and_then(|outer| outer.values_mut().next())
            && let Some(inner) = inner.as_object_mut()
        {
            inner.insert("elem".to_owned(), elements.clone());
        }
        let (settings, problems) = nftables::read_object(&object);
        self.itself.problems = problems;
        let is_element = |one: &&Setting| !self.itself.facts.iter().any(|fact| fact.key == one.key);
        settings.iter().filter(is_element).map(|one| (one.key.clone(), value_of(one))).collect()
    }

    fn settings(&self) -> impl Iterator<Item = Setting> {
        let elements = self.elements.iter().map(|(key, value)| setting(key.clone(), value.as_deref()));
        self.itself.facts.iter().map(Fact::setting).chain(elements)
    }
}

impl Table {
    fn new(id: TableId, handle: u64, flags: u32) -> Self {
        let mut table = Self {
            itself: Thing::default(),
            id,
            handle,
            chains: Vec::new(),
            sets: Vec::new(),
            objects: Vec::new(),
            hidden: false,
        };
        table.flag(flags);
        table
    }

    /// `NFT_TABLE_F_DORMANT`, `…_OWNER` and `…_PERSIST`.
    fn flag(&mut self, flags: u32) {
        let names = ["dormant", "owner", "persist"].into_iter().enumerate();
        let set: Vec<Json> = names.filter(|(bit, _)| flags & (1 << bit) != 0).map(|(_, name)| name.into()).collect();
        let mut inner = serde_json::json!({"family": family_name(self.id.family), "name": &*self.id.name});
        if !set.is_empty() {
            inner["flags"] = Json::Array(set);
        }
        self.itself = Thing::of("table", &inner);
    }

    /// The name of a chain of it in keys.
    fn key_of_chain(&self, chain: &str) -> String {
        nftables::chain_name(family_name(self.id.family), &self.id.name, chain)
    }

    /// Everything about it.
    fn settings(&self) -> Vec<Setting> {
        let mut all: Vec<Setting> = self.itself.facts.iter().map(Fact::setting).collect();
        for chain in &self.chains {
            all.extend(chain.itself.facts.iter().map(Fact::setting));
            all.extend(chain.settings(&self.key_of_chain(&chain.itself.name)));
        }
        all.extend(self.sets.iter().flat_map(Set::settings));
        all.extend(self.objects.iter().flat_map(|(_, object)| object.facts.iter().map(Fact::setting)));
        all
    }

    fn problems(&self) -> impl Iterator<Item = &Problem> {
        let chains = self.chains.iter().flat_map(|chain| chain.itself.problems.iter().chain(chain.problems()));
        let sets = self.sets.iter().flat_map(|set| &set.itself.problems);
        self.itself
            .problems
            .iter()
            .chain(chains)
            .chain(sets)
            .chain(self.objects.iter().flat_map(|(_, it)| &it.problems))
    }

    /// Says of keys what they are set to, where they are those of facts or
    /// elements.
    fn fill(&self, keys: &mut HashMap<ItemKey, Option<Setting>>) {
        let chains = self.chains.iter().flat_map(|chain| &chain.itself.facts);
        let sets = self.sets.iter().flat_map(|set| &set.itself.facts);
        let objects = self.objects.iter().flat_map(|(_, object)| &object.facts);
        for fact in self.itself.facts.iter().chain(chains).chain(sets).chain(objects) {
            if let Some(value) = keys.get_mut(&fact.key) {
                *value = Some(fact.setting());
            }
        }
        for (key, value) in keys.iter_mut() {
            let found = self.sets.iter().find_map(|set| set.elements.get(key));
            if let Some(found) = found {
                *value = Some(setting(key.clone(), found.as_deref()));
            }
        }
    }

    /// A line that stands for all of it.
    fn print(&self) -> String {
        let objects = self.objects.iter().map(|(_, object)| object);
        let things = self.chains.iter().map(|chain| &chain.itself).chain(self.sets.iter().map(|set| &set.itself));
        let facts = things.chain(objects).chain([&self.itself]).flat_map(|thing| &thing.facts);
        let mut facts: Vec<(&ItemKey, Option<&str>)> = facts.map(|fact| (&fact.key, fact.value.as_deref())).collect();
        facts.extend(self.sets.iter().flat_map(|set| &set.elements).map(|(key, value)| (key, value.as_deref())));
        facts.sort_unstable();
        let mut chains: Vec<&Chain> = self.chains.iter().collect();
        chains.sort_unstable_by_key(|chain| chain.name());
        let mut hash = Sha256::new();
        facts.iter().for_each(|(key, value)| hash.update(format!("{key} = {value:?}\n")));
        for chain in chains {
            hash.update(chain.name());
            chain.rules.iter().for_each(|rule| hash.update(&*rule.text));
        }
        format!("{:?} {:?} {}", self.id, hash.finalize(), self.hidden)
    }

    fn chain_at(&self, name: &str) -> Option<usize> {
        self.chains.iter().position(|chain| *chain.itself.name == *name)
    }
}

impl Model {
    /// Takes an object of a listing, as `{"rule": {…}}`. Objects come in the
    /// order of the listing, each behind its table.
    pub fn take(&mut self, object: &Json) {
        let Some((kind, inner)) = object.as_object().and_then(|object| object.iter().next()) else { return };
        if kind == "metainfo" {
            return;
        }
        let name = if kind == "table" { text(inner, "name") } else { text(inner, "table") };
        let id = TableId { family: family_of(text(inner, "family")), name: name.into() };
        if kind == "table" {
            self.tables.push(Table::new(id, handle(inner), 0));
            return;
        }
        // Listings of parts do not say the table itself.
        let table = match self.tables.iter().position(|table| table.id == id) {
            Some(at) => &mut self.tables[at],
            None => {
                self.tables.push(Table::new(id, 0, 0));
                let last = self.tables.len() - 1;
                &mut self.tables[last]
            }
        };
        match kind.as_str() {
            "chain" => table.chains.push(Chain::of(inner)),
            "rule" => {
                if let Some(at) = table.chain_at(text(inner, "chain")) {
                    table.chains[at].rules.push(Rule::of(inner));
                }
            }
            "set" | "map" => table.sets.push(Set::of(kind, inner)),
            _ => table.objects.push((kind.as_str().into(), Thing::of(kind, inner))),
        }
    }

    /// What a listing leaves open: the flags of its tables, and which of them
    /// iptables-nft has made.
    pub fn finish(&mut self, flags: &[(TableId, u32)]) {
        for table in &mut self.tables {
            if let Some((_, flags)) = flags.iter().find(|(id, _)| *id == table.id) {
                table.flag(*flags);
            }
            table.hidden = iptables::made(table);
        }
    }

    /// Rules and elements: what the size of buffers goes by.
    #[must_use]
    pub fn size(&self) -> usize {
        let rules = |table: &Table| table.chains.iter().map(|chain| chain.rules.len()).sum::<usize>();
        let elements = |table: &Table| table.sets.iter().map(|set| set.elements.len()).sum::<usize>();
        self.tables.iter().map(|table| rules(table) + elements(table)).sum()
    }

    /// The rules of a chain that is not another reader's, as whoever knew `known`
    /// of them is to be told: what is between those that are as they were, or all
    /// of them where that is not to be known.
    #[must_use]
    pub fn rules(&self, id: &TableId, chain: &str, since: Since, known: usize) -> Rewritten<'_> {
        let table = self.seen().find(|table| table.id == *id);
        let chain = table.and_then(|table| Some(&table.chains[table.chain_at(chain)?]));
        let Some(chain) = chain else { return Rewritten::default() };
        if since.before != known || chain.rules.has_unread() {
            return chain.read().map(|rule| &*rule.text).collect();
        }
        let between = chain.rules.get(since.front..chain.rules.len() - since.back).unwrap_or_default();
        Rewritten { front: since.front, back: since.back, ..between.iter().map(|rule| &*rule.text).collect() }
    }

    /// Everything that is not another reader's.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        self.seen().flat_map(Table::settings).chain(self.content()).collect()
    }

    /// All that is wrong with it, each thing once.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for problem in self.seen().flat_map(Table::problems) {
            if problems.len() >= driftline_canon::limits::PROBLEMS_MAX {
                break;
            }
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
        }
        problems
    }

    /// Whether any table is one of iptables-nft.
    #[must_use]
    pub fn has_iptables(&self) -> bool {
        self.tables.iter().any(|table| table.hidden)
    }

    /// The item of all rules that could not be read.
    fn content(&self) -> Option<Setting> {
        let rules = self.seen().flat_map(|table| &table.chains).flat_map(|chain| chain.rules.iter());
        content_setting(rules.filter(|rule| rule.problem.is_some()).map(|rule| &*rule.text))
    }

    /// Leaves only what was unclear in a listing that has more.
    pub fn only(&mut self, unclear: &Unclear) {
        let (Unclear::Table(id) | Unclear::Chain(id, _) | Unclear::Set(id, _) | Unclear::Flowtable(id, _)) = unclear;
        self.tables.retain(|table| table.id == *id);
        for table in &mut self.tables {
            let (chain, set, flowtable) = match unclear {
                Unclear::Table(_) => continue,
                Unclear::Chain(_, name) => (Some(name), None, None),
                Unclear::Set(_, name) => (None, Some(name), None),
                Unclear::Flowtable(_, name) => (None, None, Some(name)),
            };
            table.chains.retain(|it| chain.is_some_and(|name| it.itself.name == *name));
            table.sets.retain(|it| set.is_some_and(|name| it.itself.name == *name));
            let is = |kind: &str, it: &Thing| kind == "flowtable" && flowtable.is_some_and(|name| it.name == *name);
            table.objects.retain(|(kind, it)| is(kind, it));
        }
    }

    /// Whether the elements of a set are told one by one; none: no such set.
    #[must_use]
    pub fn tells_elements(&self, id: &TableId, set: &str) -> Option<bool> {
        let table = self.tables.iter().find(|table| table.id == *id)?;
        table.sets.iter().find(|it| &*it.itself.name == set).map(|it| !it.interval)
    }

    /// Stands for all of it: equal for two rulesets that are the same.
    #[must_use]
    pub fn print(&self) -> [u8; 32] {
        let mut tables: Vec<String> = self.tables.iter().map(Table::print).collect();
        tables.sort_unstable();
        Sha256::digest(tables.join("\n").as_bytes()).into()
    }

    fn seen(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| !table.hidden)
    }

    fn table(&mut self, id: &TableId) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.id == *id)
    }
}

#[cfg(test)]
mod tests;
