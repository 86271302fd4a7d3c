//! What of the rules that came and went in one chain only changed places, or
//! was written anew in its place.
//!
//! Compares the lists of one chain before and after. It is asked only where
//! rules both came and went.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::graph::{Graph, Kind, RuleId};
use super::reach::Bound;
use super::turn::Turn;

/// Rules in one gap between rules that stayed which are held against each
/// other.
const GAP_MAX: usize = 16;

/// What became of one chain's rules.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The same rule, gone and come: as it was, and as it is now.
    pub(super) same: Vec<(RuleId, RuleId)>,
    /// A rule that was replaced by one that does the same, in its place.
    pub(super) replaced: Vec<(RuleId, RuleId)>,
    /// Rules that stand in both lists and left their order, by their ids now.
    pub(super) moved: Vec<RuleId>,
    /// All that stand in both, in their order now: their ids and their places
    /// before.
    kept: Vec<(RuleId, usize)>,
}

/// Compares the lists of a chain: rules that took part before, rules that do
/// now.
pub(super) fn compare(graph: &Graph, old: &[RuleId], new: &[RuleId]) -> Changed {
    let now: BTreeSet<RuleId> = new.iter().copied().collect();
    let was: HashMap<RuleId, usize> = old.iter().enumerate().map(|(at, &rule)| (rule, at)).collect();
    let mut gone: HashMap<&str, VecDeque<RuleId>> = HashMap::new();
    for &rule in old.iter().filter(|rule| !now.contains(rule)) {
        gone.entry(&graph.rule(rule).text).or_default().push_back(rule);
    }
    let mut changed = Changed::default();
    for &rule in new {
        let before = match was.get(&rule) {
            Some(&at) => Some(at),
            None => gone.get_mut(&*graph.rule(rule).text).and_then(VecDeque::pop_front).map(|old| {
                changed.same.push((old, rule));
                was[&old]
            }),
        };
        changed.kept.extend(before.map(|before| (rule, before)));
    }
    let staying = longest_rising(&changed.kept);
    changed.moved =
        changed.kept.iter().enumerate().filter(|(at, _)| !staying.contains(at)).map(|(_, (rule, _))| *rule).collect();
    if changed.moved.is_empty() {
        changed.replaced = replaced(graph, &changed, old, new);
    }
    changed
}

/// The longest part of a list whose second numbers rise: where it stands.
fn longest_rising(list: &[(RuleId, usize)]) -> BTreeSet<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(list.len());
    for (at, &(_, number)) in list.iter().enumerate() {
        let place = ends.partition_point(|&end| list[end].1 < number);
        before.push(place.checked_sub(1).map(|place| ends[place]));
        if place == ends.len() {
            ends.push(at);
        } else {
            ends[place] = at;
        }
    }
    std::iter::successors(ends.last().copied(), |&at| before[at]).collect()
}

/// Pairs of a rule that went and one that came between the same rules that
/// stayed, in order, that do the same.
fn replaced(graph: &Graph, changed: &Changed, old: &[RuleId], new: &[RuleId]) -> Vec<(RuleId, RuleId)> {
    let kept_now: BTreeSet<RuleId> = changed.kept.iter().map(|(rule, _)| *rule).collect();
    let kept_before: BTreeSet<usize> = changed.kept.iter().map(|(_, before)| *before).collect();
    let gone = gaps(old.iter().enumerate().map(|(at, &rule)| (rule, kept_before.contains(&at))));
    let came = gaps(new.iter().map(|&rule| (rule, kept_now.contains(&rule))));
    let mut pairs = Vec::new();
    for (gap, came) in came {
        let mut gone = gone.get(&gap).into_iter().flatten().take(GAP_MAX).map(|&rule| (rule, graph.act(rule)));
        for rule in came.into_iter().take(GAP_MAX) {
            let act = graph.act(rule);
            let rest = gone.clone();
            if let Some((old, _)) = gone.find(|(_, other)| other.does_as(&act)) {
                pairs.push((old, rule));
            } else {
                gone = rest;
            }
        }
    }
    pairs
}

/// The rules that did not stay, by how many that stayed stand before them.
fn gaps(rules: impl Iterator<Item = (RuleId, bool)>) -> HashMap<usize, Vec<RuleId>> {
    let mut found: HashMap<usize, Vec<RuleId>> = HashMap::new();
    let mut before = 0;
    for (rule, stayed) in rules {
        if stayed {
            before += 1;
        } else {
            found.entry(before).or_default().push(rule);
        }
    }
    found
}

/// What moving rules within their chain turns: one rule is told exactly, more
/// of them by what the chain holds.
pub(super) fn turn_of(graph: &Graph, changed: &Changed) -> Turn {
    let Some(&first) = changed.moved.first() else { return Turn::default() };
    let chain = graph.rule(first).chain;
    let mut turn = Turn::default();
    // The first is the widest.
    if let Some(entry) = graph.entries(chain).into_iter().next() {
        match changed.moved.as_slice() {
            [rule] => past(graph, changed, *rule, entry.bound, &mut turn),
            _ => many(graph, changed, entry.bound, &mut turn),
        }
        turn.entry = Some(entry);
    }
    turn
}

/// What one rule passed over.
fn past(graph: &Graph, changed: &Changed, moved: RuleId, entry: Bound, turn: &mut Turn) {
    let Some(now) = changed.kept.iter().position(|(rule, _)| *rule == moved) else { return };
    let before = changed.kept[now].1;
    let act = graph.act(moved);
    let matches: Vec<_> = act.matches.iter().collect();
    let own = graph.rule(moved);
    for (at, &(rule, was)) in changed.kept.iter().enumerate() {
        if rule == moved || (at < now) == (was < before) {
            continue;
        }
        let other = graph.rule(rule);
        if own.is_passive() || other.is_passive() {
            continue;
        }
        let bound = entry.meet(graph.bound(own)).meet(graph.bound(other));
        let is_only = |rule: &super::graph::Rule, kind| rule.is(kind) && rule.is_single();
        // Which of the two is asked first now.
        let (first, second) = if now < at { (own, other) } else { (other, own) };
        if is_only(first, Kind::Accept) && is_only(second, Kind::Accept)
            || is_only(first, Kind::Drop) && is_only(second, Kind::Drop)
        {
            continue;
        }
        if !graph.spend(1) {
            turn.widen_unclear(entry);
            return;
        }
        let others = graph.act(rule);
        if super::packets::are_apart(&matches, &others.matches.iter().collect::<Vec<_>>()) {
            continue;
        }
        if is_only(first, Kind::Accept) && is_only(second, Kind::Drop) {
            if bound.new {
                turn.widen_opens(bound);
            }
        } else if is_only(first, Kind::Drop) && is_only(second, Kind::Accept) {
            turn.widen_closes(bound);
        } else {
            turn.widen_unclear(bound);
        }
    }
}

/// Several rules moved: nobody tells which passed which, but where all of them
/// only accept or only drop that means nothing.
fn many(graph: &Graph, changed: &Changed, entry: Bound, turn: &mut Turn) {
    let active = || changed.kept.iter().map(|(rule, _)| graph.rule(*rule)).filter(|rule| !rule.is_passive());
    let all = |kind| active().all(|rule| rule.is(kind) && rule.is_single());
    if !all(Kind::Accept) && !all(Kind::Drop) {
        turn.widen_unclear(entry);
    }
}
