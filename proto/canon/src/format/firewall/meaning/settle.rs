//! Carries out what was told, step by step, and asks of each step what it
//! turns.
//!
//! The order of the steps is chosen for the sentences: what a new chain drops
//! comes last, so that a firewall that is set up in one transaction opens
//! nothing. Any order would be sound, because each step is asked of a ruleset
//! that holds at least the rules that a step by step change would have there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{self, When};
use super::graph::{ChainId, Graph, Kind, RuleId};
use super::order::{self, Changed};
use super::say::{self, Told};
use super::turn::Turn;
use super::{Ruleset, facts::FactChange};
use crate::ItemKey;
use crate::meaning::{Effect, Meaning, Reach};

/// Rounds in which jumps that came are taken in, those that are reached first:
/// chains of jumps that came at once are this long at most for their sentences
/// to say that they are reached.
const ROUNDS_MAX: usize = 8;

/// What was told and not carried out.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Rules that are new, and how many were told before each.
    came: BTreeMap<RuleId, u64>,
    told: u64,
    gone: Vec<RuleId>,
    facts: Vec<FactChange>,
    fact_at: HashMap<Box<str>, usize>,
    /// The lists of chains that lost rules, as they were.
    lists: BTreeMap<ChainId, Vec<RuleId>>,
}

impl Pending {
    /// A rule is new.
    pub(super) fn came(&mut self, rule: RuleId) {
        self.told += 1;
        self.came.insert(rule, self.told);
    }

    /// A rule is gone; whether it took part before.
    pub(super) fn went(&mut self, rule: RuleId) -> bool {
        if self.came.remove(&rule).is_some() {
            return false;
        }
        self.gone.push(rule);
        true
    }

    /// The rules of a chain before the first of them goes.
    pub(super) fn before(&mut self, chain: ChainId, rules: &[RuleId]) {
        let came = &self.came;
        self.lists
            .entry(chain)
            .or_insert_with(|| rules.iter().copied().filter(|rule| !came.contains_key(rule)).collect());
    }

    /// An item has another value.
    pub(super) fn fact(&mut self, key: &str, before: Option<&str>, after: Option<&str>) {
        let after: Option<Box<str>> = after.map(Into::into);
        match self.fact_at.get(key) {
            Some(&at) => self.facts[at].after = after,
            None => {
                self.fact_at.insert(key.into(), self.facts.len());
                self.facts.push(FactChange { key: key.into(), before: before.map(Into::into), after });
            }
        }
    }
}

/// Where meanings go; none: nobody asks.
type Said<'s> = Option<&'s mut Vec<(ItemKey, Meaning)>>;

fn tell(said: &mut Said<'_>, key: impl FnOnce() -> ItemKey, meaning: impl FnOnce() -> Meaning) {
    if let Some(said) = said {
        said.push((key(), meaning()));
    }
}

impl Ruleset {
    pub(super) fn carry_out(&mut self, mut said: Said<'_>) {
        self.graph.begin();
        let Pending { came, gone, mut facts, lists, .. } = std::mem::take(&mut self.pending);
        facts.retain(|fact| fact.before != fact.after);
        self.facts(&facts, When::First, &mut said);
        let mut came: Vec<(u64, RuleId)> = came.into_iter().map(|(rule, told)| (told, rule)).collect();
        came.sort_unstable();
        let mut came: Vec<RuleId> = came.into_iter().map(|(_, rule)| rule).collect();
        let mut gone = gone;
        let touched: BTreeSet<ChainId> = came.iter().chain(&gone).map(|&rule| self.graph.rule(rule).chain).collect();
        let changed = self.compare(&lists, &came);
        for (chain, changed) in &changed {
            self.swap(changed, &mut said);
            let pairs = || changed.same.iter().chain(&changed.replaced);
            let old: HashSet<RuleId> = pairs().map(|pair| pair.0).collect();
            let new: HashSet<RuleId> = pairs().map(|pair| pair.1).collect();
            gone.retain(|rule| !old.contains(rule));
            came.retain(|rule| !new.contains(rule));
            debug_assert!(touched.contains(chain));
        }
        self.came(came, &mut said);
        let dropped = self.gone(&gone, &mut said);
        for &chain in &touched {
            let turn = changed.get(&chain).map(|changed| order::turn_of(&self.graph, changed));
            self.order(chain, turn, dropped.get(&chain), &mut said);
        }
        for (_, changed) in changed {
            changed.same.iter().chain(&changed.replaced).for_each(|pair| self.graph.forget(pair.0));
        }
        gone.into_iter().for_each(|rule| self.graph.forget(rule));
        self.facts(&facts, When::Last, &mut said);
        self.graph.tidy(touched.into_iter(), facts.iter().map(|fact| &*fact.key));
    }

    /// Of chains that lost and got rules: what only changed places.
    fn compare(&self, lists: &BTreeMap<ChainId, Vec<RuleId>>, came: &[RuleId]) -> BTreeMap<ChainId, Changed> {
        let got: BTreeSet<ChainId> = came.iter().map(|&rule| self.graph.rule(rule).chain).collect();
        let both = lists.iter().filter(|(chain, _)| got.contains(chain));
        both.map(|(&chain, old)| (chain, order::compare(&self.graph, old, &self.graph.at(chain).rules))).collect()
    }

    /// Puts rules in the place of others that do the same.
    fn swap(&mut self, changed: &Changed, said: &mut Said<'_>) {
        for &(old, new) in changed.same.iter().chain(&changed.replaced) {
            let (was, is) = (self.graph.act(old), self.graph.act(new));
            self.graph.unlink(old, &was);
            self.graph.link(new, &is);
        }
        for &(old, new) in &changed.replaced {
            let name = self.graph.at(self.graph.rule(new).chain).name.clone();
            let reach = self.graph.bound(self.graph.rule(new)).reach;
            let meaning = |text| say::meaning(&name, Effect::Neutral, reach, text);
            let (times_old, times_new) = (self.count(old, false), self.count(new, true));
            tell(said, || self.rule_key(old, times_old), || meaning("is replaced by a rule that does the same"));
            tell(said, || self.rule_key(new, times_new), || meaning("does what a rule in its place did"));
        }
    }

    /// Rules that came: jumps first, so that what they lead to is reached when
    /// it is asked about.
    fn came(&mut self, came: Vec<RuleId>, said: &mut Said<'_>) {
        if said.is_none() {
            for rule in came {
                self.count(rule, true);
                let act = self.graph.act(rule);
                self.graph.link(rule, &act);
            }
            return;
        }
        let (mut jumps, mut opening, mut closing) = (Vec::new(), Vec::new(), Vec::new());
        for rule in came {
            let act = self.graph.act(rule);
            let list = if act.jumps() {
                &mut jumps
            } else if act.drops() {
                &mut closing
            } else {
                &mut opening
            };
            list.push(rule);
        }
        for round in 0..ROUNDS_MAX {
            let last = round + 1 == ROUNDS_MAX;
            let (now, later): (Vec<_>, Vec<_>) = jumps
                .into_iter()
                .partition(|rule| last || !self.graph.entries(self.graph.rule(*rule).chain).is_empty());
            let done = now.is_empty();
            now.into_iter().for_each(|rule| self.came_one(rule, said));
            jumps = later;
            if done {
                break;
            }
        }
        jumps.into_iter().chain(opening).chain(closing).for_each(|rule| self.came_one(rule, said));
    }

    fn came_one(&mut self, rule: RuleId, said: &mut Said<'_>) {
        let (chain, act) = (self.graph.rule(rule).chain, self.graph.act(rule));
        let turn = self.graph.adding(chain, &act);
        let times = self.count(rule, true);
        tell(said, || self.rule_key(rule, times), || Told::new(&self.graph, chain, &act, &turn, false).meaning());
        self.graph.link(rule, &act);
    }

    /// Rules that went, jumps last; of each chain what that turned and how many
    /// of them dropped.
    fn gone(&mut self, gone: &[RuleId], said: &mut Said<'_>) -> BTreeMap<ChainId, Gone> {
        let mut sums: BTreeMap<ChainId, Gone> = BTreeMap::new();
        let is_jump = |graph: &Graph, rule| graph.rule(rule).is(Kind::Jump);
        let others = gone.iter().copied().filter(|&rule| !is_jump(&self.graph, rule));
        let order: Vec<RuleId> =
            others.chain(gone.iter().copied().filter(|&rule| is_jump(&self.graph, rule))).collect();
        for rule in order {
            let (chain, act) = (self.graph.rule(rule).chain, self.graph.act(rule));
            self.graph.unlink(rule, &act);
            let times = self.count(rule, false);
            if said.is_none() {
                continue;
            }
            let turn = self.graph.adding(chain, &act).around();
            tell(said, || self.rule_key(rule, times), || Told::new(&self.graph, chain, &act, &turn, true).meaning());
            let sum = sums.entry(chain).or_default();
            sum.rules += 1;
            sum.dropped += usize::from(self.graph.rule(rule).is(Kind::Drop));
            sum.turn.join(turn);
        }
        sums
    }

    /// What became of the order of a chain, or of all its rules.
    fn order(&mut self, chain: ChainId, moved: Option<Turn>, gone: Option<&Gone>, said: &mut Said<'_>) {
        if said.is_none() {
            return;
        }
        let kept = self.graph.at(chain);
        let name = kept.name.clone();
        let key =
            || ItemKey::from_canonical(format!("@order:{name}")).unwrap_or_else(|_| ItemKey::order_of(name.as_bytes()));
        if let (true, Some(gone)) = (kept.rules.is_empty(), gone) {
            return tell(said, key, || gone.flushed(&name));
        }
        let turn = moved.unwrap_or_default();
        let (effect, bound) = say::effect(&turn);
        let text = match effect {
            Effect::Opens => "a rule moved: what was dropped before is accepted",
            Effect::Closes => "a rule moved: what was accepted before is dropped",
            Effect::Unclear => "rules changed places among others that decide otherwise",
            Effect::Neutral => "changes the order of nothing that decides otherwise",
        };
        let reach = bound.map_or(Reach::Any, |bound| bound.reach);
        tell(said, key, || say::meaning(&name, effect, reach, text));
    }

    /// The facts whose time it is.
    fn facts(&mut self, facts: &[FactChange], when: When, said: &mut Said<'_>) {
        let mut due: Vec<(u8, &FactChange)> = Vec::new();
        for fact in facts {
            let (first, rank) = facts::rank(fact);
            if first == when {
                due.push((rank, fact));
            } else if when == When::First {
                facts::prepare(&mut self.graph, fact);
            }
        }
        due.sort_by_key(|(rank, _)| *rank);
        for (_, fact) in due {
            let meaning = facts::carry_out(&mut self.graph, fact);
            let key = || {
                ItemKey::from_canonical(fact.key.to_string())
                    .unwrap_or_else(|_| ItemKey::from_bytes(fact.key.as_bytes()))
            };
            tell(said, key, || meaning);
        }
    }
}

/// The rules that one chain lost.
#[derive(Debug, Default)]
pub(super) struct Gone {
    rules: usize,
    dropped: usize,
    turn: Turn,
}

impl Gone {
    /// All of them went.
    fn flushed(&self, chain: &str) -> Meaning {
        let (effect, bound) = say::effect(&self.turn);
        let rules = if self.rules == 1 { "rule" } else { "rules" };
        let dropped = match self.dropped {
            0 => "none of them dropped".to_owned(),
            dropped => format!("among them {dropped} that dropped"),
        };
        let reach = bound.map_or(Reach::Any, |bound| bound.reach);
        say::meaning(chain, effect, reach, &format!("flushes {chain}: {} {rules} gone, {dropped}", self.rules))
    }
}
