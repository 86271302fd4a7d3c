//! A ruleset as a graph: which chain jumps where, which rule looks into which
//! set, and of each chain which of its rules accept, drop or do something else.
//!
//! Kept up to date rule by rule, so that a question about one rule never goes
//! over all of them. It judges nothing; the order of rules is kept and not
//! looked at.

mod link;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use super::act::{Act, Leaves};
use super::keys::{self, About};
use super::reach::{Bound, Width};
use super::{iptables, nft};

/// A rule's place in the graph.
pub(super) type RuleId = u32;
/// A chain's place in the graph.
pub(super) type ChainId = u32;
/// A set's place in the graph.
pub(super) type SetId = u32;

/// What kinds of rules a chain keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Accepts something.
    Accept,
    /// Drops something.
    Drop,
    /// Sends something elsewhere.
    Forward,
    /// Jumps or goes to a chain, also by a map.
    Jump,
    /// Leaves the chain before its end.
    Leave,
    /// Does what nobody knows.
    Odd,
    /// Leaves something that other rules may look at.
    Write,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Accept, Self::Drop, Self::Forward, Self::Jump, Self::Leave, Self::Odd, Self::Write];

    fn bit(self) -> u8 {
        1 << Self::ALL.iter().position(|kind| *kind == self).unwrap_or(0)
    }
}

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The chain that it stands in.
    pub(super) chain: ChainId,
    /// Its canonical text.
    pub(super) text: Box<str>,
    kinds: u8,
    /// How many conditions it has: of ways that reach as far, the one with the
    /// fewest is said.
    pub(super) conditions: u32,
    /// What bounds it if its set is narrow, and if it is wide.
    bounds: (Bound, Bound),
    bounded_by: Option<SetId>,
    /// Where it jumps or goes to.
    pub(super) targets: Box<[ChainId]>,
    /// The map that says what it does.
    pub(super) map: Option<SetId>,
}

impl Rule {
    /// Whether it is of that kind.
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kinds & kind.bit() != 0
    }

    /// Whether it is of one kind alone.
    pub(super) fn is_single(&self) -> bool {
        self.kinds.count_ones() == 1
    }

    /// Whether nothing becomes of a packet by it.
    pub(super) fn is_passive(&self) -> bool {
        self.kinds == 0
    }
}

/// Where a chain is hooked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hook {
    /// `input`, `forward` …
    pub(super) name: Box<str>,
    /// `filter`, `nat`, `route`, or the table of iptables.
    pub(super) kind: Box<str>,
    /// The devices and the priority, as they are written.
    pub(super) rest: Box<str>,
}

/// What becomes of what no rule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Accept,
    Drop,
    /// It is not said, or not understood.
    Unknown,
}

/// One chain.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// As keys name it.
    pub(super) name: Box<str>,
    /// Whether anything says that it is there.
    pub(super) present: bool,
    /// Where it is hooked in.
    pub(super) hook: Option<Hook>,
    /// Its policy, where one is said.
    pub(super) policy: Option<Policy>,
    /// Its rules in order.
    pub(super) rules: Vec<RuleId>,
    of_kind: [BTreeSet<RuleId>; 7],
    /// Rules and maps that jump to it, and how often.
    pub(super) callers: BTreeMap<Caller, u32>,
}

impl Chain {
    /// Its rules of a kind.
    pub(super) fn of(&self, kind: Kind) -> &BTreeSet<RuleId> {
        &self.of_kind[Kind::ALL.iter().position(|one| *one == kind).unwrap_or(0)]
    }
}

/// Who jumps to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    Rule(RuleId),
    Map(SetId),
}

/// One set or map.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Rules that look into it.
    pub(super) users: BTreeSet<RuleId>,
    /// How many addresses its elements hold.
    pub(super) width: Width,
    /// Whether it is told what elements it has.
    pub(super) told: Told,
    /// Rules that add elements to it, or take them out.
    writers: u32,
    /// How many of its elements accept, drop, and do something else.
    pub(super) accepts: u32,
    pub(super) drops: u32,
    pub(super) others: u32,
    /// Chains that its elements jump to.
    pub(super) jumps: BTreeMap<ChainId, u32>,
}

/// Whether it is told what elements a set has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody says what set it is.
    #[default]
    Nothing,
    /// Those that stay. Others come and go, and are not told.
    Lasting,
    /// All of them.
    All,
}

impl Set {
    /// Whether it holds as good as any source, or may.
    fn is_wide(&self) -> bool {
        self.told != Told::All || self.writers > 0 || self.width.is_any()
    }
}

/// One table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Whether it is switched off.
    pub(super) dormant: bool,
    /// Chains of iptables with a policy: a dump of a whole table has them.
    pub(super) policies: u32,
    /// Its chains with a hook.
    pub(super) hooked: BTreeSet<ChainId>,
    /// What its rules leave for others, and how many do.
    marks: BTreeMap<&'static str, u32>,
    elements: BTreeMap<SetId, u32>,
    unseen_writes: u32,
    translations: u32,
}

/// All of a ruleset.
#[derive(Debug, Default)]
pub(super) struct Graph {
    rules: Vec<Rule>,
    free: Vec<RuleId>,
    pub(super) chains: Vec<Chain>,
    chain_names: HashMap<Box<str>, ChainId>,
    free_chains: Vec<ChainId>,
    pub(super) sets: Vec<Set>,
    set_names: HashMap<Box<str>, SetId>,
    pub(super) tables: HashMap<Box<str>, Table>,
    /// How many rules look at what others left.
    lookers: BTreeMap<&'static str, u32>,
    /// What may still be spent on walks until the next transaction.
    budget: AtomicU64,
}

/// Jumps that are looked at for one transaction, and rules that are read again,
/// each by its length. A transaction of people needs a hundred; one that is
/// made to be expensive is told as unclear from there on.
const BUDGET: u64 = 2_000_000;

/// What reading a rule again costs: as much as so many jumps, and one more for
/// that many bytes.
const READING: (u64, u64) = (16, 16);

fn id(index: usize) -> u32 {
    // More than four thousand million of anything never fits a reading.
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Graph {
    /// The chain of that name, made where it is missing.
    pub(super) fn chain(&mut self, name: &str) -> ChainId {
        if let Some(&found) = self.chain_names.get(name) {
            return found;
        }
        let chain = Chain { name: name.into(), hook: built_in(name), ..Chain::default() };
        let made = match self.free_chains.pop() {
            Some(free) => {
                self.chains[free as usize] = chain;
                free
            }
            None => {
                self.chains.push(chain);
                id(self.chains.len() - 1)
            }
        };
        self.chain_names.insert(name.into(), made);
        if self.chains[made as usize].hook.is_some() {
            self.table(keys::table(name)).hooked.insert(made);
        }
        made
    }

    /// The chain of that name, if there is one.
    pub(super) fn find_chain(&self, name: &str) -> Option<ChainId> {
        self.chain_names.get(name).copied()
    }

    /// The set of that name, made where it is missing.
    pub(super) fn set(&mut self, name: &str) -> SetId {
        if let Some(&found) = self.set_names.get(name) {
            return found;
        }
        let made = id(self.sets.len());
        self.sets.push(Set::default());
        self.set_names.insert(name.into(), made);
        made
    }

    /// The set of that name, if there is one.
    pub(super) fn find_set(&self, name: &str) -> Option<&Set> {
        self.set_names.get(name).map(|&set| &self.sets[set as usize])
    }

    /// The table of that name, made where it is missing.
    pub(super) fn table(&mut self, name: &str) -> &mut Table {
        if !self.tables.contains_key(name) {
            self.tables.insert(name.into(), Table::default());
        }
        self.tables.entry(name.into()).or_default()
    }

    /// The rule of an id that was given out.
    pub(super) fn rule(&self, rule: RuleId) -> &Rule {
        &self.rules[rule as usize]
    }

    /// The chain of an id that was given out.
    pub(super) fn at(&self, chain: ChainId) -> &Chain {
        &self.chains[chain as usize]
    }

    /// A transaction begins.
    pub(super) fn begin(&mut self) {
        *self.budget.get_mut() = BUDGET;
    }

    /// Spends on a walk; whether there is anything left.
    pub(super) fn spend(&self, cost: u64) -> bool {
        let left = self.budget.load(Ordering::Relaxed).saturating_sub(cost);
        self.budget.store(left, Ordering::Relaxed);
        left > 0
    }

    /// What a rule does, read again.
    pub(super) fn act(&self, rule: RuleId) -> Act {
        let rule = self.rule(rule);
        self.spend(READING.0 + u64::try_from(rule.text.len()).unwrap_or(u64::MAX) / READING.1);
        read(keys::table(&self.at(rule.chain).name), &rule.text)
    }

    /// Forgets chains and sets of these names that are gone and that nothing
    /// names any more.
    pub(super) fn tidy<'k>(&mut self, chains: impl Iterator<Item = ChainId>, facts: impl Iterator<Item = &'k str>) {
        let named = facts.filter_map(|key| match keys::about(key) {
            About::Chain(chain, _) => self.find_chain(chain),
            _ => None,
        });
        let chains: BTreeSet<ChainId> = named.collect::<Vec<_>>().into_iter().chain(chains).collect();
        for id in chains {
            let chain = &self.chains[id as usize];
            let built_in = built_in(&chain.name).is_some();
            if chain.present && !built_in || !chain.rules.is_empty() || !chain.callers.is_empty() {
                continue;
            }
            if chain.hook.is_some() && !built_in || chain.policy.is_some() {
                continue;
            }
            let name = std::mem::take(&mut self.chains[id as usize]).name;
            self.table(keys::table(&name)).hooked.remove(&id);
            self.chain_names.remove(&name);
            self.free_chains.push(id);
        }
    }

    /// Whether a set holds as good as any source, or may: of elements that are
    /// not told nobody knows how many addresses they are.
    pub(super) fn is_wide(&self, set: &str) -> bool {
        self.set_names.get(set).is_none_or(|&set| self.sets[set as usize].is_wide())
    }

    /// What bounds a rule's packets.
    pub(super) fn bound(&self, rule: &Rule) -> Bound {
        let wide = rule.bounded_by.is_some_and(|set| self.sets[set as usize].is_wide());
        if wide { rule.bounds.1 } else { rule.bounds.0 }
    }

    /// Makes a rule that nothing knows of yet; [`Self::link`] lets it take part.
    pub(super) fn make(&mut self, chain: ChainId, text: &str) -> RuleId {
        let any = (Bound::ANY, Bound::ANY);
        let rule = Rule {
            chain,
            text: text.into(),
            kinds: 0,
            conditions: 0,
            bounds: any,
            bounded_by: None,
            targets: [].into(),
            map: None,
        };
        match self.free.pop() {
            Some(free) => {
                self.rules[free as usize] = rule;
                free
            }
            None => {
                self.rules.push(rule);
                id(self.rules.len() - 1)
            }
        }
    }

    /// Forgets a rule that takes no part any more.
    pub(super) fn forget(&mut self, rule: RuleId) {
        self.rules[rule as usize].text = "".into();
        self.free.push(rule);
    }

    /// Whether rules of a chain's table leave something that any rule looks at:
    /// then what skips a rule may change what another one does.
    pub(super) fn is_tangled(&self, chain: ChainId) -> bool {
        let chain = self.at(chain);
        let Some(table) = self.tables.get(keys::table(&chain.name)) else { return false };
        let translated = table.translations > 0 && chain.hook.as_ref().is_none_or(|hook| &*hook.kind == "nat");
        translated || table.unseen_writes > 0 || self.is_looked_at(table)
    }

    fn is_looked_at(&self, table: &Table) -> bool {
        table.marks.keys().any(|left| self.lookers.contains_key(left))
            || table.elements.keys().any(|&set| !self.sets[set as usize].users.is_empty())
    }

    /// Whether any rule looks at what this one leaves.
    pub(super) fn is_seen(&self, leaves: &Leaves) -> bool {
        match leaves {
            Leaves::Mark(left) => self.lookers.contains_key(left),
            Leaves::Element(set) => {
                self.set_names.get(set).is_some_and(|&set| !self.sets[set as usize].users.is_empty())
            }
            Leaves::Other(_) => true,
        }
    }
}

/// Reads a rule of a table in its language.
pub(super) fn read(table: &str, text: &str) -> Act {
    if keys::is_nft(table) { nft::read(table, text) } else { iptables::read(table, text) }
}

/// The parts of an element that may be addresses.
pub(super) fn parts<'e>(set: &str, element: &'e str) -> Vec<&'e str> {
    let between = if set.starts_with("ipset/") { "," } else { " . " };
    element.split(between).filter(|part| part.contains(['.', ':'])).collect()
}

/// The hook of a chain that iptables brings with a table.
fn built_in(chain: &str) -> Option<Hook> {
    let table = keys::table(chain);
    let name = match keys::short(chain) {
        _ if keys::is_nft(table) => return None,
        "INPUT" => "input",
        "OUTPUT" => "output",
        "FORWARD" => "forward",
        "PREROUTING" => "prerouting",
        "POSTROUTING" => "postrouting",
        _ => return None,
    };
    Some(Hook { name: name.into(), kind: table.into(), rest: "".into() })
}
