//! Rules and elements on their way into the graph and out of it: every index
//! that holds one, in one place.
//!
//! Decides nothing. What goes in by [`Graph::link`] comes out by
//! [`Graph::unlink`], so that a kept graph is the same as one made anew.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{Caller, ChainId, Graph, Kind, RuleId, SetId, id, parts};
use crate::format::firewall::meaning::act::{Act, Field, Leaves, Match, Verdict, Wanted, verdict_of};
use crate::format::firewall::meaning::keys;
use crate::format::firewall::meaning::reach::{self, Width};

impl Graph {
    /// Lets a rule take part that does this.
    pub(in crate::format::firewall::meaning) fn link(&mut self, rule: RuleId, act: &Act) {
        let kinds = kinds(act);
        let targets: Box<[ChainId]> = targets(act).map(|name| self.chain(name)).collect();
        let map = act.branches.iter().find_map(|branch| match &branch.verdict {
            Verdict::Map(name) => Some(self.set(name)),
            _ => None,
        });
        let mut bounding = source_sets(act);
        let bounded_by = match (bounding.next(), bounding.next()) {
            (Some(set), None) => Some(self.set(set)),
            _ => None,
        };
        let several = source_sets(act).nth(1).is_some();
        let bounds = (reach::bound(rule_matches(act), &|_| several), reach::bound(rule_matches(act), &|_| true));
        let kept = &mut self.rules[rule as usize];
        (kept.kinds, kept.targets, kept.map, kept.bounds, kept.bounded_by) = (kinds, targets, map, bounds, bounded_by);
        kept.conditions = id(act.all_matches().count());
        self.index(rule, act, true);
    }

    /// Takes a rule that does this out of everything but the list of its chain.
    pub(in crate::format::firewall::meaning) fn unlink(&mut self, rule: RuleId, act: &Act) {
        self.index(rule, act, false);
    }

    fn index(&mut self, rule: RuleId, act: &Act, up: bool) {
        let kept = &self.rules[rule as usize];
        let (chain, kinds, targets) = (kept.chain as usize, kept.kinds, kept.targets.clone());
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            if kinds & kind.bit() != 0 {
                put(&mut self.chains[chain].of_kind[at], rule, up);
            }
        }
        for target in targets {
            tally(&mut self.chains[target as usize].callers, Caller::Rule(rule), up);
        }
        for used in used_sets(act) {
            let set = self.set(used) as usize;
            put(&mut self.sets[set].users, rule, up);
        }
        for one in act.all_matches() {
            for field in &one.fields {
                if let Field::Left(left) = field {
                    tally(&mut self.lookers, *left, up);
                }
            }
        }
        let written: Vec<SetId> = act
            .leaves
            .iter()
            .filter_map(|leaves| if let Leaves::Element(set) = leaves { Some(self.set(set)) } else { None })
            .collect();
        written.iter().for_each(|&set| step(&mut self.sets[set as usize].writers, up));
        let translates = act.branches.iter().any(|it| matches!(it.verdict, Verdict::Forward(_) | Verdict::Hide));
        let name = self.chains[chain].name.clone();
        let table = self.table(keys::table(&name));
        written.into_iter().for_each(|set| tally(&mut table.elements, set, up));
        for leaves in &act.leaves {
            match leaves {
                Leaves::Mark(left) => tally(&mut table.marks, left, up),
                Leaves::Element(_) => {}
                Leaves::Other(_) => step(&mut table.unseen_writes, up),
            }
        }
        if translates {
            step(&mut table.translations, up);
        }
    }

    /// Lets an element of a set take part, or no more.
    pub(in crate::format::firewall::meaning) fn element(&mut self, set: &str, key: &str, data: &str, up: bool) {
        let table = keys::table(set);
        let jump = match verdict_of(data, |name| keys::chain_of(table, name)) {
            Some(Verdict::Jump(name) | Verdict::Goto(name)) => Some(self.chain(&name)),
            _ => None,
        };
        let id = self.set(set);
        let kept = &mut self.sets[id as usize];
        for part in parts(set, key) {
            let width = Width::of(part);
            if up { kept.width.add(width) } else { kept.width.take(width) }
        }
        match data.split(' ').next() {
            Some("accept") => step(&mut kept.accepts, up),
            Some("drop") => step(&mut kept.drops, up),
            Some("jump" | "continue") => {}
            _ => step(&mut kept.others, up),
        }
        if let Some(chain) = jump {
            tally(&mut kept.jumps, chain, up);
            tally(&mut self.chains[chain as usize].callers, Caller::Map(id), up);
        }
    }
}

fn kinds(act: &Act) -> u8 {
    let of = |verdict: &Verdict| match verdict {
        Verdict::Accept => Kind::Accept.bit(),
        Verdict::Drop => Kind::Drop.bit(),
        Verdict::Return => Kind::Leave.bit(),
        Verdict::Jump(_) => Kind::Jump.bit(),
        Verdict::Goto(_) => Kind::Jump.bit() | Kind::Leave.bit(),
        // What its elements do is asked of the map.
        Verdict::Map(_) => Kind::Jump.bit() | Kind::Leave.bit(),
        Verdict::Forward(_) => Kind::Forward.bit(),
        Verdict::Hide => 0,
        Verdict::Odd(_) => Kind::Odd.bit(),
    };
    let verdicts = act.branches.iter().fold(0, |kinds, branch| kinds | of(&branch.verdict));
    if act.leaves.is_empty() { verdicts } else { verdicts | Kind::Write.bit() }
}

fn targets(act: &Act) -> impl Iterator<Item = &str> {
    act.branches.iter().filter_map(|branch| match &branch.verdict {
        Verdict::Jump(name) | Verdict::Goto(name) => Some(&**name),
        _ => None,
    })
}

/// What all packets of a rule fit: the conditions of the rule, and those of a
/// map's key, which all its branches have.
fn rule_matches(act: &Act) -> impl Iterator<Item = &Match> {
    let only = if let [branch] = act.branches.as_slice() { branch.matches.as_slice() } else { &[] };
    act.matches.iter().chain(only)
}

fn source_sets(act: &Act) -> impl Iterator<Item = &str> {
    rule_matches(act).filter(|one| !one.negated && one.fields.contains(&Field::Source)).filter_map(set_of)
}

fn set_of(one: &Match) -> Option<&str> {
    if let Wanted::Set(name) = &one.wanted { Some(name) } else { None }
}

fn used_sets(act: &Act) -> impl Iterator<Item = &str> {
    act.all_matches().filter_map(set_of).chain(act.reads.iter().map(|name| &**name))
}

fn put(set: &mut BTreeSet<RuleId>, rule: RuleId, up: bool) {
    if up {
        set.insert(rule);
    } else {
        set.remove(&rule);
    }
}

fn step(number: &mut u32, up: bool) {
    *number = if up { number.saturating_add(1) } else { number.saturating_sub(1) };
}

fn tally<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, up: bool) {
    if up {
        step(counts.entry(key).or_insert(0), true);
    } else if let Entry::Occupied(mut found) = counts.entry(key) {
        step(found.get_mut(), false);
        if *found.get() == 0 {
            found.remove();
        }
    }
}
