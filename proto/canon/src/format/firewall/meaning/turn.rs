//! What becomes of packets when one rule is put into a chain: which may get in
//! that were kept out, and the other way round.
//!
//! Never claims less than may be. To take a rule out is the same turned
//! around, asked of the ruleset without it. The proof is step by step: a packet
//! that gets in by a whole transaction gets in by one of its steps.

use super::act::{Act, Branch, Match, Verdict};
use super::graph::{Caller, ChainId, Graph, Policy, RuleId};
use super::packets;
use super::reach::{self, Bound};
use super::walk::{Below, Entry, Rules};

/// Branches of a rule, and of them times the hooks it is reached from, that are
/// looked at one by one. Rules of people have ten.
const BRANCHES_MAX: usize = 256;

/// Jumps to a chain whose conditions are held against a rule.
const CALLERS_MAX: usize = 8;

/// Rules that a sentence names.
pub(super) const LISTED_MAX: usize = 3;

/// Rules that drop which are held against one that accepts; with more of them
/// some will fit.
const DROPS_MAX: usize = 32;

/// What may become of packets.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    /// May get in, at most from there.
    pub(super) opens: Option<Bound>,
    /// May be kept out.
    pub(super) closes: Option<Bound>,
    /// Nobody knows.
    pub(super) unclear: Option<Bound>,
    /// Are sent elsewhere.
    pub(super) forwards: Option<Bound>,
    /// Are forwarded no more.
    pub(super) unforwards: bool,
    /// Replies are let in.
    pub(super) replies: bool,
    /// The ways that lead to it; none: nothing reaches it.
    pub(super) entry: Option<Entry>,
    /// Rules below a jump that accept or send elsewhere.
    pub(super) accepted: Listed,
    /// Rules below a jump that drop.
    pub(super) dropped: Listed,
}

/// The first rules of many.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    pub(super) first: Vec<RuleId>,
    pub(super) count: usize,
}

impl Listed {
    fn take(&mut self, rules: Rules) {
        self.count += rules.count;
        let room = LISTED_MAX.saturating_sub(self.first.len());
        self.first.extend(rules.first.into_iter().take(room));
    }

    fn join(&mut self, other: Self) {
        self.take(Rules { bound: None, first: other.first, count: other.count });
    }
}

fn widen(known: &mut Option<Bound>, bound: Bound) {
    *known =
        Some(known.map_or(bound, |known| Bound { new: known.new || bound.new, reach: known.reach.max(bound.reach) }));
}

impl Turn {
    /// Takes in another one.
    pub(super) fn join(&mut self, other: Self) {
        for (mine, theirs) in [
            (&mut self.opens, other.opens),
            (&mut self.closes, other.closes),
            (&mut self.unclear, other.unclear),
            (&mut self.forwards, other.forwards),
        ] {
            theirs.into_iter().for_each(|bound| widen(mine, bound));
        }
        self.unforwards |= other.unforwards;
        self.replies |= other.replies;
        self.entry = self.entry.take().or(other.entry);
        self.accepted.join(other.accepted);
        self.dropped.join(other.dropped);
    }

    /// May let in packets of that bound.
    pub(super) fn widen_opens(&mut self, bound: Bound) {
        widen(&mut self.opens, bound);
    }

    /// May keep out packets of that bound.
    pub(super) fn widen_closes(&mut self, bound: Bound) {
        widen(&mut self.closes, bound);
    }

    /// Nobody knows what becomes of packets of that bound.
    pub(super) fn widen_unclear(&mut self, bound: Bound) {
        widen(&mut self.unclear, bound);
    }

    /// The same for a rule that is taken out.
    pub(super) fn around(mut self) -> Self {
        std::mem::swap(&mut self.opens, &mut self.closes);
        if self.replies {
            widen(&mut self.closes, Bound { new: false, ..Bound::ANY });
        }
        if let Some(bound) = self.forwards.take() {
            self.unforwards = true;
            widen(&mut self.unclear, bound);
        }
        self
    }
}

/// Where a rule is looked at.
struct Place<'e> {
    chain: ChainId,
    entry: &'e Entry,
}

impl Graph {
    /// What putting a rule into a chain does; the rule takes no part yet.
    pub(super) fn adding(&self, chain: ChainId, act: &Act) -> Turn {
        let entries = self.entries(chain);
        let mut turn = Turn { entry: entries.first().cloned(), ..Turn::default() };
        let many = act.branches.len().saturating_mul(entries.len()) > BRANCHES_MAX;
        for entry in &entries {
            let place = Place { chain, entry };
            if many {
                turn.join(self.anything(&place, act));
                continue;
            }
            for branch in &act.branches {
                self.branch(&place, act, branch, &mut turn);
            }
            if act.leaves.iter().any(|leaves| self.is_seen(leaves)) {
                widen(&mut turn.unclear, entry.bound.meet(self.bound_of(&act.matches)));
            }
        }
        turn
    }

    /// What is too much to be looked at may do anything.
    fn anything(&self, place: &Place<'_>, act: &Act) -> Turn {
        let bound = Some(place.entry.bound.meet(self.bound_of(&act.matches)));
        Turn { opens: bound, closes: bound, unclear: bound, ..Turn::default() }
    }

    fn bound_of<'m>(&self, matches: impl IntoIterator<Item = &'m Match>) -> Bound {
        reach::bound(matches, &|set| self.is_wide(set))
    }

    fn branch(&self, place: &Place<'_>, act: &Act, branch: &Branch, turn: &mut Turn) {
        let matches: Vec<&Match> = act.matches.iter().chain(&branch.matches).collect();
        let bound = place.entry.bound.meet(self.bound_of(matches.iter().copied()));
        match &branch.verdict {
            Verdict::Accept => self.accept(place, bound, &matches, turn),
            Verdict::Drop => widen(&mut turn.closes, bound),
            Verdict::Return => self.leave(place, bound, &matches, turn),
            Verdict::Jump(name) => self.jump(place, bound, name, &matches, turn),
            Verdict::Goto(name) => {
                self.jump(place, bound, name, &matches, turn);
                self.leave(place, bound, &matches, turn);
            }
            Verdict::Map(name) => self.map(place, bound, name, &matches, turn),
            Verdict::Forward(_) => widen(&mut turn.forwards, bound),
            Verdict::Hide => {}
            Verdict::Odd(_) => widen(&mut turn.unclear, bound),
        }
    }

    /// These packets are accepted here. They skip what comes behind: what drops
    /// there, and what leaves something for other rules.
    fn accept(&self, place: &Place<'_>, bound: Bound, matches: &[&Match], turn: &mut Turn) {
        if !bound.new {
            turn.replies = true;
        } else if self.may_drop(place.entry, matches) {
            widen(&mut turn.opens, bound);
        }
        if self.is_tangled(place.chain) {
            widen(&mut turn.unclear, bound);
        }
    }

    /// These packets leave the chain here.
    fn leave(&self, place: &Place<'_>, bound: Bound, matches: &[&Match], turn: &mut Turn) {
        if place.entry.base.is_some_and(|base| base == place.chain) {
            match self.policy(place.chain) {
                Policy::Accept => self.accept(place, bound, matches, turn),
                Policy::Drop => widen(&mut turn.closes, bound),
                Policy::Unknown => widen(&mut turn.unclear, bound),
            }
            return;
        }
        let rest = self.below(place.chain, bound);
        let drops = rest.drops.bound.is_some() || rest.odd;
        let accepts = rest.accepts.bound.is_some() || rest.forwards.bound.is_some() || rest.odd;
        if drops && accepts || self.is_tangled(place.chain) {
            widen(&mut turn.unclear, bound);
        }
        if drops {
            widen(&mut turn.opens, bound);
        }
        if accepts {
            widen(&mut turn.closes, bound);
        }
    }

    fn jump(&self, place: &Place<'_>, bound: Bound, name: &str, matches: &[&Match], turn: &mut Turn) {
        let Some(target) = self.find_chain(name) else { return widen(&mut turn.unclear, bound) };
        let below = self.below(target, bound);
        if let Some(accepted) = below.accepts.bound {
            if !accepted.new {
                turn.replies = true;
            } else if self.may_drop(place.entry, matches) {
                widen(&mut turn.opens, accepted);
            }
            if self.is_tangled(place.chain) {
                widen(&mut turn.unclear, bound);
            }
        }
        if let Some(dropped) = below.drops.bound {
            widen(&mut turn.closes, dropped);
        }
        if let Some(forwarded) = below.forwards.bound {
            widen(&mut turn.forwards, forwarded);
        }
        if below.odd || below.writes {
            widen(&mut turn.unclear, bound);
        }
        turn.accepted.take(below.accepts);
        turn.accepted.take(below.forwards);
        turn.dropped.take(below.drops);
    }

    fn map(&self, place: &Place<'_>, bound: Bound, name: &str, matches: &[&Match], turn: &mut Turn) {
        let Some(set) = self.find_set(name) else { return };
        if set.accepts > 0 {
            self.accept(place, bound, matches, turn);
        }
        if set.drops > 0 {
            widen(&mut turn.closes, bound);
        }
        if set.others > 0 || set.jumps.len() > BRANCHES_MAX {
            widen(&mut turn.unclear, bound);
        }
        for &chain in set.jumps.keys().take(BRANCHES_MAX) {
            self.jump(place, bound, &self.at(chain).name, matches, turn);
        }
    }

    /// Whether any of these packets may be dropped on that way if no rule that
    /// is new accepts them.
    fn may_drop(&self, entry: &Entry, matches: &[&Match]) -> bool {
        let Some(base) = entry.base else { return true };
        if self.policy(base) != Policy::Accept || !self.spend(1) {
            return true;
        }
        let Below { drops, odd, .. } = self.below(base, Bound::ANY);
        if drops.count > DROPS_MAX || drops.count > drops.first.len() || odd {
            return true;
        }
        drops.first.iter().any(|&rule| self.overlap(base, matches, rule))
    }

    /// Whether a packet that fits these may come to a rule below a chain and fit
    /// it too.
    fn overlap(&self, base: ChainId, matches: &[&Match], rule: RuleId) -> bool {
        let fits = |rule: RuleId| {
            let act = self.act(rule);
            !packets::are_apart(matches, &act.matches.iter().collect::<Vec<_>>())
        };
        let chain = self.rule(rule).chain;
        let callers = &self.at(chain).callers;
        let called = || {
            callers.keys().any(|caller| match caller {
                Caller::Rule(rule) => fits(*rule),
                Caller::Map(_) => true,
            })
        };
        fits(rule) && (chain == base || callers.len() > CALLERS_MAX || called())
    }

    /// What the policy of a chain decides turns from drop to accept, or back.
    pub(super) fn policy_turn(&self, chain: ChainId, from: Policy, to: Policy) -> Turn {
        let entries = self.entries(chain);
        let Some(entry) = entries.iter().find(|entry| entry.base == Some(chain)) else { return Turn::default() };
        let mut turn = Turn { entry: Some(entry.clone()), ..Turn::default() };
        match (from, to) {
            (from, to) if from == to => {}
            (Policy::Drop, Policy::Accept) => widen(&mut turn.opens, entry.bound),
            (Policy::Accept, Policy::Drop) => widen(&mut turn.closes, entry.bound),
            (Policy::Unknown, Policy::Drop) => widen(&mut turn.closes, entry.bound),
            _ => widen(&mut turn.unclear, entry.bound),
        }
        turn
    }

    /// What hooking a chain in does.
    pub(super) fn hooking(&self, chain: ChainId) -> Turn {
        let entries = self.entries(chain);
        let Some(entry) = entries.into_iter().find(|entry| entry.base == Some(chain)) else { return Turn::default() };
        let below = self.below(chain, entry.bound);
        let mut turn = Turn { entry: Some(entry.clone()), ..Turn::default() };
        if below.drops.bound.is_some() || self.policy(chain) != Policy::Accept {
            widen(&mut turn.closes, entry.bound);
        }
        if let Some(bound) = below.forwards.bound {
            widen(&mut turn.forwards, bound);
        }
        if below.odd || below.writes {
            widen(&mut turn.unclear, entry.bound);
        }
        turn
    }
}
