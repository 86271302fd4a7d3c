//! Walks over the graph: from which hooks a chain is reached, and what it and
//! the chains below it do.
//!
//! Walks are bounded. One that would go on is cut, and who asked must take what
//! it did not see for the worst.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::graph::{Caller, Chain, ChainId, Graph, Kind, Policy, RuleId};
use super::keys;
use super::reach::Bound;
use crate::meaning::Reach;

/// Chains that one walk visits. A host with thousands of services has a chain
/// of two for each, and a few of them are told apart in a sentence.
const CHAINS_MAX: usize = 256;

/// Jumps that one walk looks at: eight times that, for chains called from many
/// places.
const EDGES_MAX: usize = 2048;

/// Rules of a chain that are looked at to see how far they reach.
const RULES_MAX: usize = 64;

/// Rules of a chain up to which those that a sentence names are put in order.
const SORTED_MAX: usize = 256;

/// One chain on a walk.
#[derive(Debug, Clone, Copy)]
struct Step {
    chain: ChainId,
    bound: Bound,
    /// Conditions on the way.
    conditions: u32,
    /// The rule that led here, and the step it stands in.
    by: Option<(RuleId, usize)>,
}

/// A walk: each chain once, by the widest way.
#[derive(Debug, Default)]
struct Walk {
    steps: Vec<Step>,
    /// Whether there was more.
    cut: bool,
}

/// A hook that a chain is reached from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The chain with the hook; none: a walk was cut, it may be any.
    pub(super) base: Option<ChainId>,
    /// What bounds the packets on the way.
    pub(super) bound: Bound,
    /// The jumps on the way, the nearest first.
    pub(super) via: Vec<RuleId>,
}

/// What a chain and the chains below it do.
#[derive(Debug, Default)]
pub(super) struct Below {
    /// What of it accepts, how far that reaches, and its first rules.
    pub(super) accepts: Rules,
    /// The same of what drops.
    pub(super) drops: Rules,
    /// The same of what sends elsewhere.
    pub(super) forwards: Rules,
    /// Whether anything in it is not understood.
    pub(super) odd: bool,
    /// Whether it leaves something that rules look at.
    pub(super) writes: bool,
}

/// Rules of a kind.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// How far they reach together; none: there are none.
    pub(super) bound: Option<Bound>,
    /// The first of them.
    pub(super) first: Vec<RuleId>,
    /// How many there are.
    pub(super) count: usize,
}

impl Rules {
    fn widen(&mut self, bound: Bound) {
        self.bound = Some(self.bound.map_or(bound, |known| known.max(bound)));
    }
}

impl Graph {
    /// The hooks from which a chain is reached.
    pub(super) fn entries(&self, chain: ChainId) -> Vec<Entry> {
        let walk = self.walk(chain, Bound::ANY, &|graph, chain, found| graph.callers(chain, found));
        let mut entries = Vec::new();
        for (at, step) in walk.steps.iter().enumerate() {
            if self.is_entry(self.at(step.chain)) {
                let bound = step.bound.meet(self.hook_bound(step.chain));
                entries.push(Entry { base: Some(step.chain), bound, via: way(&walk.steps, at) });
            }
        }
        if walk.cut {
            entries.push(Entry { base: None, bound: Bound::ANY, via: Vec::new() });
        }
        // The widest first; of equal ones the walk found that with the fewest
        // conditions first.
        entries.sort_by_key(|entry| Reverse(entry.bound));
        entries
    }

    /// Whether packets come into a chain by itself. Where a table has no policy
    /// at all, its dump is loaded into one that is there already (ufw): then so
    /// does what nothing in the dump calls.
    fn is_entry(&self, chain: &Chain) -> bool {
        let table = keys::table(&chain.name);
        let known = self.tables.get(table);
        if known.is_some_and(|table| table.dormant) {
            return false;
        }
        let part = !keys::is_nft(table) && known.is_none_or(|table| table.policies == 0);
        chain.hook.is_some() || part && chain.callers.is_empty()
    }

    /// What bounds the packets that come by a chain's hook: what goes out was
    /// made here.
    fn hook_bound(&self, chain: ChainId) -> Bound {
        let chain = self.at(chain);
        let hook = chain.hook.as_ref().map(|hook| &*hook.name);
        let out = hook.map_or_else(|| chain.name.ends_with("-output"), |hook| hook == "output");
        if out { Bound { new: true, reach: Reach::Local } } else { Bound::ANY }
    }

    /// The policy of a chain that packets come into by itself.
    pub(super) fn policy(&self, chain: ChainId) -> Policy {
        let chain = self.at(chain);
        let default = if keys::is_nft(keys::table(&chain.name)) { Policy::Accept } else { Policy::Unknown };
        chain.policy.unwrap_or(default)
    }

    /// What a chain and those below it do with packets of that bound.
    pub(super) fn below(&self, chain: ChainId, bound: Bound) -> Below {
        let walk = self.walk(chain, bound, &|graph, chain, found| graph.called(chain, found));
        let mut below = Below::default();
        for step in &walk.steps {
            self.look(step, &mut below);
        }
        if walk.cut {
            below.odd = true;
            below.accepts.widen(bound);
            below.drops.widen(bound);
        }
        below
    }

    fn look(&self, step: &Step, below: &mut Below) {
        let chain = self.at(step.chain);
        below.odd |= !chain.of(Kind::Odd).is_empty() || !chain.present && chain.hook.is_none();
        below.writes |= !chain.of(Kind::Write).is_empty() && self.is_tangled(step.chain);
        for (kind, found) in
            [(Kind::Accept, &mut below.accepts), (Kind::Drop, &mut below.drops), (Kind::Forward, &mut below.forwards)]
        {
            let rules = chain.of(kind);
            found.count += rules.len();
            let room = RULES_MAX.saturating_sub(found.first.len());
            let mut first: Vec<RuleId> = rules.iter().copied().take(room).collect();
            if chain.rules.len() <= SORTED_MAX {
                first.sort_by_key(|rule| chain.rules.iter().position(|known| known == rule));
            }
            found.first.extend(first);
            rules.iter().take(RULES_MAX).for_each(|&rule| found.widen(step.bound.meet(self.bound(self.rule(rule)))));
            if rules.len() > RULES_MAX {
                found.widen(step.bound);
            }
        }
        for &rule in chain.of(Kind::Jump).iter().take(EDGES_MAX) {
            let Some(map) = self.rule(rule).map else { continue };
            let (map, bound) = (&self.sets[map as usize], step.bound.meet(self.bound(self.rule(rule))));
            below.odd |= map.others > 0;
            for (elements, found) in [(map.accepts, &mut below.accepts), (map.drops, &mut below.drops)] {
                if elements > 0 {
                    found.count += elements as usize;
                    found.widen(bound);
                }
            }
        }
    }

    /// The chains that a chain is called from, each with the rule that calls.
    fn callers(&self, chain: ChainId, found: &mut dyn FnMut(ChainId, RuleId) -> bool) {
        for caller in self.at(chain).callers.keys() {
            let go_on = match *caller {
                Caller::Rule(rule) => found(self.rule(rule).chain, rule),
                Caller::Map(map) => {
                    let mut users =
                        self.sets[map as usize].users.iter().filter(|&&user| self.rule(user).map == Some(map));
                    users.all(|&user| found(self.rule(user).chain, user))
                }
            };
            if !go_on {
                return;
            }
        }
    }

    /// The chains that a chain calls, each with the rule that calls.
    fn called(&self, chain: ChainId, found: &mut dyn FnMut(ChainId, RuleId) -> bool) {
        for &id in self.at(chain).of(Kind::Jump) {
            let rule = self.rule(id);
            let by_map = rule.map.into_iter().flat_map(|map| self.sets[map as usize].jumps.keys());
            if !rule.targets.iter().chain(by_map).all(|&target| found(target, id)) {
                return;
            }
        }
    }

    fn walk(&self, from: ChainId, bound: Bound, edges: &Edges<'_>) -> Walk {
        let mut walk = Walk::default();
        let mut waiting = BinaryHeap::from([(bound, Reverse(0), Reverse(0))]);
        let mut planned = vec![Step { chain: from, bound, conditions: 0, by: None }];
        let mut seen = HashSet::new();
        while let Some((_, _, Reverse(at))) = waiting.pop() {
            let step = planned[at];
            if !seen.insert(step.chain) {
                continue;
            }
            if walk.steps.len() >= CHAINS_MAX {
                walk.cut = true;
                break;
            }
            let here = walk.steps.len();
            walk.steps.push(step);
            edges(self, step.chain, &mut |chain, rule| {
                let kept = self.rule(rule);
                let bound = step.bound.meet(self.bound(kept));
                let conditions = step.conditions.saturating_add(kept.conditions);
                waiting.push((bound, Reverse(conditions), Reverse(planned.len())));
                planned.push(Step { chain, bound, conditions, by: Some((rule, here)) });
                walk.cut |= planned.len() > EDGES_MAX || !self.spend(1);
                !walk.cut
            });
            if walk.cut {
                break;
            }
        }
        walk
    }
}

/// Hands out the chains next to one until it is told to stop.
type Edges<'e> = dyn Fn(&Graph, ChainId, &mut dyn FnMut(ChainId, RuleId) -> bool) + 'e;

/// The rules that led to a step. A walk up begins at the chain that is asked
/// about, so the first on the way back is the farthest.
fn way(steps: &[Step], mut at: usize) -> Vec<RuleId> {
    let mut way = Vec::new();
    while let Some((rule, from)) = steps[at].by {
        way.push(rule);
        at = from;
    }
    way.reverse();
    way
}
