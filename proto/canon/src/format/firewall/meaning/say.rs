//! The sentences: what a turn is called, from where, and in which words.
//!
//! Says what `turn` found and no more; no sentence is read by a program.

use super::act::{Act, Branch, Leaves, Match, Verdict};
use super::graph::{ChainId, Graph, RuleId};
use super::keys;
use super::machine;
use super::packets::Packets;
use super::reach::{self, Bound};
use super::turn::{LISTED_MAX, Listed, Turn};
use crate::meaning::{Effect, Meaning, MeaningText, Reach};

/// Jumps whose conditions go into a sentence.
const JUMPS_SAID_MAX: usize = 8;

/// A meaning in the making: of the items of one chain, set or table.
pub(super) fn meaning(name: &str, effect: Effect, reach: Reach, text: &str) -> Meaning {
    Meaning { effect, reach, machine: machine::writer_of(name).map(MeaningText::new), text: MeaningText::new(text) }
}

/// What a turn comes to: what opens counts before what nobody knows, and that
/// before what closes.
pub(super) fn effect(turn: &Turn) -> (Effect, Option<Bound>) {
    let widest = |one: Option<Bound>, other: Option<Bound>| match (one, other) {
        (Some(one), Some(other)) => Some(if one.reach >= other.reach { one } else { other }),
        (one, other) => one.or(other),
    };
    if turn.opens.is_some() || turn.forwards.is_some() {
        (Effect::Opens, widest(widest(turn.opens, turn.forwards), turn.unclear))
    } else if turn.unclear.is_some() {
        (Effect::Unclear, turn.unclear)
    } else if turn.closes.is_some() {
        (Effect::Closes, turn.closes)
    } else {
        (Effect::Neutral, None)
    }
}

/// A rule that came or went, and what that turned.
pub(super) struct Told<'g> {
    graph: &'g Graph,
    chain: ChainId,
    act: &'g Act,
    turn: &'g Turn,
    gone: bool,
    ways: Vec<Act>,
}

impl<'g> Told<'g> {
    pub(super) fn new(graph: &'g Graph, chain: ChainId, act: &'g Act, turn: &'g Turn, gone: bool) -> Self {
        let via: &[RuleId] = turn.entry.as_ref().map_or(&[], |entry| &entry.via);
        let via = if graph.spend(1) { via } else { &[] };
        let ways = via.iter().take(JUMPS_SAID_MAX).map(|&rule| graph.act(rule)).collect();
        Self { graph, chain, act, turn, gone, ways }
    }

    /// What it means.
    pub(super) fn meaning(&self) -> Meaning {
        let (effect, bound) = effect(self.turn);
        let reach = bound.unwrap_or_else(|| self.own_bound()).reach;
        let mut text = match effect {
            Effect::Opens => self.opens(reach),
            Effect::Unclear => self.unclear(reach),
            Effect::Closes => self.closes(reach),
            Effect::Neutral => self.neutral(reach),
        };
        text.push_str(self.hook());
        meaning(&self.graph.at(self.chain).name, effect, reach, &text)
    }

    fn own_bound(&self) -> Bound {
        let own = reach::bound(self.conditions(self.act.branches.first()), &|set| self.graph.is_wide(set));
        self.turn.entry.as_ref().map_or(own, |entry| own.meet(entry.bound))
    }

    /// The rule's conditions, those of a branch, and those of the jumps to it.
    fn conditions(&self, branch: Option<&'g Branch>) -> Vec<&Match> {
        let own = branch.into_iter().flat_map(|branch| &branch.matches).chain(&self.act.matches);
        own.chain(self.ways.iter().flat_map(|act| &act.matches)).collect()
    }

    fn is_out(&self) -> bool {
        self.base_hook() == Some("output")
    }

    fn base_hook(&self) -> Option<&'g str> {
        let base = self.turn.entry.as_ref()?.base?;
        self.graph.at(base).hook.as_ref().map(|hook| &*hook.name)
    }

    /// Where packets are looked at, where that is not on their way in.
    fn hook(&self) -> &'static str {
        match self.base_hook() {
            Some("forward") => ", forwarded",
            Some("postrouting") => ", after routing",
            _ => "",
        }
    }

    fn packets<'p>(&self, matches: Vec<&'p Match>, reach: Reach) -> Packets<'p> {
        Packets::new(matches, reach, self.is_out())
    }

    /// `tcp/22 to any source`, for up to three branches of these verdicts.
    fn branches(&self, wanted: impl Fn(&Verdict) -> bool, reach: Reach, between: &str) -> Option<String> {
        let mut wanted = self.act.branches.iter().filter(|branch| wanted(&branch.verdict));
        let said: Vec<String> = wanted
            .by_ref()
            .take(LISTED_MAX)
            .map(|it| self.packets(self.conditions(Some(it)), reach).both(between))
            .collect();
        (!said.is_empty()).then(|| and_more(&said, wanted.count()))
    }

    /// What the rules do that a jump leads to.
    fn below(&self, listed: &Listed, reach: Reach, between: &str) -> Option<String> {
        let mut said = Vec::new();
        for &rule in listed.first.iter().take_while(|_| self.graph.spend(1)) {
            let act = self.graph.act(rule);
            let mut matches: Vec<&Match> = act.all_matches().collect();
            let own = self.conditions(self.act.branches.first());
            matches.extend(own);
            let reach = reach.min(self.graph.bound(self.graph.rule(rule)).reach);
            said.push(self.packets(matches, reach).both(between));
        }
        (listed.count > 0).then(|| and_more(&said, listed.count - said.len().min(listed.count)))
    }

    fn target(&self) -> Option<&str> {
        self.act.branches.iter().find_map(|branch| match &branch.verdict {
            Verdict::Jump(name) | Verdict::Goto(name) | Verdict::Map(name) => Some(keys::short(name)),
            _ => None,
        })
    }

    fn opens(&self, reach: Reach) -> String {
        let verb = if self.is_out() { "lets out" } else { "opens" };
        if let Some(text) = self.forwards() {
            return text;
        }
        let let_in =
            |verdict: &Verdict| if self.gone { *verdict == Verdict::Drop } else { *verdict == Verdict::Accept };
        if let Some(text) = self.branches(let_in, reach, "to") {
            let gone = if self.gone { ": what dropped it is gone" } else { "" };
            return format!("{verb} {text}{gone}");
        }
        let (listed, does) = if self.gone { (&self.turn.dropped, "dropped") } else { (&self.turn.accepted, "accepts") };
        if let (Some(chain), Some(text)) = (self.target(), self.below(listed, reach, "to")) {
            return format!("{verb} what {chain} {does}: {text}");
        }
        let packets = self.packets(self.conditions(None), reach).both("to");
        let past = if self.gone { "no longer skips the rest of the chain" } else { "past the rest of the chain" };
        format!("{verb} {packets}: {past}")
    }

    fn forwards(&self) -> Option<String> {
        let bound = self.turn.forwards?;
        let to = self
            .act
            .branches
            .iter()
            .find_map(|it| if let Verdict::Forward(to) = &it.verdict { Some(to) } else { None })?;
        let packets = self.packets(self.conditions(None), bound.reach);
        let to = if to.is_empty() { "another port" } else { to };
        Some(format!("forwards {} to {to} for {}{}", packets.what(), packets.who(), packets.conditions()))
    }

    fn closes(&self, reach: Reach) -> String {
        if self.turn.replies && self.gone {
            return "no longer lets replies in".to_owned();
        }
        let (verb, between) = if self.is_out() { ("no longer lets out", "to") } else { ("closes", "from") };
        let kept_out =
            |verdict: &Verdict| if self.gone { *verdict == Verdict::Accept } else { *verdict == Verdict::Drop };
        if let Some(text) = self.branches(kept_out, reach, between) {
            return format!("{verb} {text}");
        }
        let (listed, does) = if self.gone { (&self.turn.accepted, "accepts") } else { (&self.turn.dropped, "drops") };
        if let (Some(chain), Some(text)) = (self.target(), self.below(listed, reach, between)) {
            return format!("{verb} what {chain} {does}: {text}");
        }
        format!("{verb} {}", self.packets(self.conditions(None), reach).both(between))
    }

    fn unclear(&self, reach: Reach) -> String {
        let packets = self.packets(self.conditions(self.act.branches.first()), reach);
        let now = if self.gone { "no longer " } else { "" };
        let what = packets.both(if packets.out { "to" } else { "from" });
        if let Some(branch) = self.act.branches.first() {
            return match &branch.verdict {
                Verdict::Forward(to) => format!("{now}forwards {what} to {to}"),
                Verdict::Odd(name) => format!("{now}does with {what} what is not understood: {name}"),
                Verdict::Jump(name) | Verdict::Goto(name) => format!("{now}sends {what} through {}", keys::short(name)),
                Verdict::Return => format!("{now}lets {what} skip the rest of the chain"),
                Verdict::Map(name) => format!("{now}lets {} decide over {what}", keys::short(name)),
                _ => format!("{now}decides over {what} before rules that mark packets or write addresses"),
            };
        }
        match self.act.leaves.first() {
            Some(Leaves::Mark(left)) => format!("{now}leaves a {left} at {what}, and rules look at it"),
            Some(Leaves::Element(set)) => format!("{now}puts {what} into {}, and rules look into it", keys::short(set)),
            Some(Leaves::Other(name)) => format!("{now}changes {name} of {what}"),
            None => format!("{now}does with {what} what is not understood"),
        }
    }

    fn neutral(&self, reach: Reach) -> String {
        let matches = self.conditions(self.act.branches.first());
        let packets = self.packets(matches, reach);
        let between = if packets.out { "to" } else { "from" };
        let what = packets.both(between);
        let verb = |now: &str, no_more: &str| format!("{} {what}", if self.gone { no_more } else { now });
        let Some(branch) = self.act.branches.first() else { return self.passive(&what) };
        let said = match &branch.verdict {
            Verdict::Accept if self.turn.replies => return "lets replies in".to_owned(),
            Verdict::Accept => verb("accepts", "no longer accepts"),
            Verdict::Drop => verb("drops", "no longer drops"),
            Verdict::Return => verb("ends the chain for", "no longer ends the chain for"),
            Verdict::Jump(name) | Verdict::Goto(name) => {
                format!("{} through {}", verb("sends", "no longer sends"), keys::short(name))
            }
            Verdict::Map(name) => {
                format!("{} by {}", verb("decides over", "no longer decides over"), keys::short(name))
            }
            Verdict::Forward(_) => verb("forwards", "no longer forwards"),
            Verdict::Hide => verb("hides the source of", "no longer hides the source of"),
            Verdict::Odd(_) => verb("does something with", "no longer does something with"),
        };
        match (&self.turn.entry, &branch.verdict) {
            (None, _) => format!("{said}, in a chain that nothing reaches"),
            (Some(_), Verdict::Accept) => format!("{said}, which nothing else drops"),
            _ => said,
        }
    }

    /// A rule after which packets go on.
    fn passive(&self, what: &str) -> String {
        let (now, no_more) = match (self.act.leaves.is_empty(), self.act.logs) {
            (false, _) => ("marks", "no longer marks"),
            (true, true) => ("logs", "no longer logs"),
            (true, false) => ("counts", "no longer counts"),
        };
        format!("{} {what}", if self.gone { no_more } else { now })
    }
}

fn and_more(said: &[String], more: usize) -> String {
    let text = said.join("; ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}
