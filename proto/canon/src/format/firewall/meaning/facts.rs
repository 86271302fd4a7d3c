//! Items that are no rules: tables, hooks, policies, sets, elements. What a
//! change of one turns.
//!
//! An element is a rule of its own for each rule that looks into its set: what
//! it turns is what adding those would.

use super::act::{Act, Branch, Match, Verdict, Wanted, verdict_of};
use super::graph::{ChainId, Graph, Hook, Policy, Told};
use super::keys::{self, About, Fact};
use super::nft::side_by_side;
use super::packets::Packets;
use super::say;
use super::turn::Turn;
use crate::meaning::{Effect, Meaning, Reach};

/// Rules looking into one set that are asked one by one.
const USERS_MAX: usize = 32;

/// Chains of a table that is switched on or off which are asked one by one.
const HOOKED_MAX: usize = 64;

/// Another value of an item.
#[derive(Debug, Clone)]
pub(super) struct FactChange {
    pub(super) key: Box<str>,
    pub(super) before: Option<Box<str>>,
    pub(super) after: Option<Box<str>>,
}

/// Before the rules are carried out or behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    First,
    Last,
}

fn is_dormant(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.contains("dormant"))
}

/// When a fact is carried out, and its place among those.
pub(super) fn rank(fact: &FactChange) -> (When, u8) {
    let (came, gone) = (fact.before.is_none(), fact.after.is_none());
    match keys::about(&fact.key) {
        About::Table(_) if gone || is_dormant(fact.after.as_deref()) => (When::Last, 6),
        About::Table(_) => (When::First, 0),
        About::Chain(_, Fact::Policy) if gone => (When::Last, 3),
        About::Chain(_, Fact::Policy) if policy(fact.after.as_deref()) == Policy::Accept => (When::First, 2),
        About::Chain(_, Fact::Policy) => (When::Last, 0),
        About::Chain(_, Fact::Hook) if came => (When::First, 1),
        About::Chain(_, Fact::Hook | Fact::Devices) => (When::Last, 4),
        About::Chain(..) if gone => (When::Last, 5),
        About::Chain(..) => (When::First, 1),
        About::Set(_) if came => (When::First, 3),
        About::Element(..) if gone => (When::Last, 1),
        About::Element(..) => (When::First, 4),
        _ => (When::Last, 2),
    }
}

/// What has to be so before a fact's time comes: a chain that gets its first
/// policy accepts until then, as it did before it was there.
pub(super) fn prepare(graph: &mut Graph, fact: &FactChange) {
    if let (About::Chain(chain, Fact::Policy), None) = (keys::about(&fact.key), &fact.before) {
        let chain = graph.chain(chain);
        graph.chains[chain as usize].policy = Some(Policy::Accept);
        graph.chains[chain as usize].present = true;
    }
}

fn policy(value: Option<&str>) -> Policy {
    match value {
        Some("accept" | "ACCEPT") => Policy::Accept,
        Some("drop" | "DROP") => Policy::Drop,
        _ => Policy::Unknown,
    }
}

fn hook(value: &str) -> Hook {
    let mut words = value.split(' ');
    let mut behind =
        |word: &str| words.by_ref().skip_while(|found| *found != word).nth(1).unwrap_or_default().to_owned();
    let kind = behind("type");
    let name = behind("hook");
    Hook { name: name.into(), kind: kind.into(), rest: words.collect::<Vec<_>>().join(" ").into() }
}

/// Carries a fact out; what it means.
pub(super) fn carry_out(graph: &mut Graph, fact: &FactChange) -> Meaning {
    let after = fact.after.as_deref();
    let came = fact.before.is_none();
    match keys::about(&fact.key) {
        About::Table(table) => turned_table(graph, table, came, after),
        About::Chain(chain, Fact::Present) => {
            let id = graph.chain(chain);
            graph.chains[id as usize].present = after.is_some();
            plain(chain, if after.is_some() { "adds the chain" } else { "deletes the chain" })
        }
        About::Chain(chain, Fact::Hook) => turned_hook(graph, chain, after),
        About::Chain(chain, Fact::Policy) => turned_policy(graph, chain, after),
        About::Chain(chain, Fact::Devices) => {
            say::meaning(chain, Effect::Unclear, Reach::Any, "changes which devices the chain is for")
        }
        About::Chain(chain, Fact::Remark) => plain(chain, "changes a remark"),
        About::Element(set, element) => turned_element(graph, fact, set, element),
        About::Set(set) => {
            let id = graph.set(set);
            graph.sets[id as usize].told = told_of(after);
            let used = graph.find_set(set).is_some_and(|set| !set.users.is_empty());
            match (used, came, after) {
                (false, true, _) | (true, true, _) => plain(set, "adds a set"),
                (false, _, _) => plain(set, "changes a set that no rule looks into"),
                _ => say::meaning(set, Effect::Unclear, Reach::Any, "changes a set that rules look into"),
            }
        }
        About::Object(kind) if came || !matches!(kind, "limit" | "quota") => {
            let done = match (came, after) {
                (true, _) => "adds",
                (_, None) => "deletes",
                _ => "changes",
            };
            plain(&fact.key, done)
        }
        About::Object(_) => {
            say::meaning(&fact.key, Effect::Unclear, Reach::Any, "changes how much a rule that looks at it takes")
        }
        _ => say::meaning("", Effect::Unclear, Reach::Any, "changes something that is not understood"),
    }
}

/// What is told of the elements of a set with that definition. Those that have
/// a timeout are not.
fn told_of(definition: Option<&str>) -> Told {
    let expires = |text: &str| text.split([' ', ',', ';']).any(|word| matches!(word, "timeout" | "dynamic"));
    match definition {
        None => Told::Nothing,
        Some(text) if expires(text) => Told::Lasting,
        Some(_) => Told::All,
    }
}

fn plain(name: &str, text: &str) -> Meaning {
    say::meaning(name, Effect::Neutral, Reach::Any, &format!("{text} {name}"))
}

fn told(name: &str, turn: &Turn, text: &str) -> Meaning {
    let (effect, bound) = say::effect(turn);
    say::meaning(name, effect, bound.map_or(Reach::Any, |bound| bound.reach), text)
}

fn turned_table(graph: &mut Graph, name: &str, came: bool, after: Option<&str>) -> Meaning {
    let dormant = is_dormant(after);
    let was = std::mem::replace(&mut graph.table(name).dormant, false);
    let mut turn = Turn::default();
    if was != dormant {
        let hooked: Vec<ChainId> = graph.table(name).hooked.iter().copied().take(HOOKED_MAX + 1).collect();
        hooked.iter().take(HOOKED_MAX).for_each(|&chain| turn.join(graph.hooking(chain)));
        if hooked.len() > HOOKED_MAX {
            turn.widen_closes(super::reach::Bound::ANY);
        }
    }
    graph.table(name).dormant = dormant;
    match (was, dormant) {
        (false, true) => {
            told(name, &turn.around(), &format!("switches the table {name} off: nothing that it drops is dropped"))
        }
        (true, false) => told(name, &turn, &format!("switches the table {name} on")),
        _ if came => plain(name, "adds the table"),
        _ if after.is_none() => plain(name, "deletes the table"),
        _ => plain(name, "changes the flags of the table"),
    }
}

fn turned_hook(graph: &mut Graph, name: &str, after: Option<&str>) -> Meaning {
    let id = graph.chain(name);
    let before = graph.at(id).hook.clone();
    let mut turn = if before.is_some() { graph.hooking(id).around() } else { Turn::default() };
    let after = after.map(hook);
    let chain = &mut graph.chains[id as usize];
    chain.hook.clone_from(&after);
    chain.present |= after.is_some();
    let table = graph.table(keys::table(name));
    if after.is_some() {
        table.hooked.insert(id);
    } else {
        table.hooked.remove(&id);
    }
    let now = graph.hooking(id);
    match (&before, &after) {
        (Some(before), Some(after)) if before.name == after.name && before.kind == after.kind => {
            let mut moved = Turn::default();
            moved.widen_unclear(super::reach::Bound::ANY);
            told(
                name,
                &moved,
                &format!("moves {name} within the hook {}: {} now, {} before", after.name, after.rest, before.rest),
            )
        }
        (Some(before), Some(after)) => {
            turn.join(now);
            turn.widen_unclear(super::reach::Bound::ANY);
            told(name, &turn, &format!("moves {name} from the hook {} to {}", before.name, after.name))
        }
        (None, Some(after)) => told(name, &now, &format!("hooks {name} into {}", after.name)),
        (Some(before), None) => told(name, &turn, &format!("takes {name} off the hook {}", before.name)),
        (None, None) => plain(name, "hooks nothing in"),
    }
}

fn turned_policy(graph: &mut Graph, name: &str, after: Option<&str>) -> Meaning {
    let id = graph.chain(name);
    let from = graph.chains[id as usize].policy.unwrap_or(Policy::Accept);
    let to = if after.is_some() { policy(after) } else { Policy::Accept };
    let turn = graph.policy_turn(id, from, to);
    let chain = &mut graph.chains[id as usize];
    chain.policy = after.map(|value| policy(Some(value)));
    chain.present |= after.is_some();
    let out = chain.hook.as_ref().is_some_and(|hook| &*hook.name == "output");
    let now = match (after, to) {
        (None, _) => format!("takes the policy of {name} away"),
        (_, Policy::Accept) => format!("turns the policy of {name} to accept"),
        (_, Policy::Drop) => format!("turns the policy of {name} to drop"),
        (_, Policy::Unknown) => format!("turns the policy of {name} to something that is not understood"),
    };
    let then = match (say::effect(&turn).0, out) {
        (Effect::Opens, false) => ": opens everything that no rule drops to any source",
        (Effect::Opens, true) => ": lets out everything that no rule drops",
        (Effect::Closes, false) => ": closes everything that no rule accepts from any source",
        (Effect::Closes, true) => ": no longer lets out what no rule accepts",
        _ if from == to => ", as it was",
        _ => "",
    };
    told(name, &turn, &format!("{now}{then}"))
}

fn turned_element(graph: &mut Graph, fact: &FactChange, set: &str, element: &str) -> Meaning {
    let mut turn = Turn::default();
    let mut said = None;
    if let Some(before) = fact.before.as_deref() {
        turn.join(element_turn(graph, set, element, before, &mut said).around());
        graph.element(set, element, before, false);
    }
    if let Some(after) = fact.after.as_deref() {
        // First it is in the set: a rule behind a jump that looks into the same
        // set is reached from as far as the element makes it.
        graph.element(set, element, after, true);
        turn.join(element_turn(graph, set, element, after, &mut said));
    }
    let change = match (fact.before.is_some(), fact.after.is_some()) {
        (false, _) if is_exception(set, fact.after.as_deref().unwrap_or_default()) => "is an exception in",
        (false, _) => "is in",
        (_, false) => "is no longer in",
        _ => "changes in",
    };
    let text = format!("{element} {change} {}", keys::short(set));
    let (effect, bound) = say::effect(&turn);
    let reach = bound.map_or(Reach::Any, |bound| bound.reach);
    let Some((user, rules)) = said else {
        let used = graph.find_set(set).is_some_and(|set| !set.users.is_empty());
        let users = if used { "which rules look into" } else { "which no rule looked into" };
        return say::meaning(set, effect, reach, &format!("{text}, {users}"));
    };
    let what = summary(graph, &user, reach, turn.entry.as_ref().and_then(|entry| entry.base));
    let more = if rules > 1 { format!(" and by {} more rules", rules - 1) } else { String::new() };
    let text = match effect {
        Effect::Opens => format!("opens {what}{more}: {text}"),
        Effect::Closes => format!("closes {what}{more}: {text}"),
        _ => text,
    };
    say::meaning(set, effect, reach, &text)
}

/// The packets of a rule that looks into a set, for one element.
fn summary(graph: &Graph, act: &Act, reach: Reach, base: Option<ChainId>) -> String {
    let hook = base.and_then(|base| graph.at(base).hook.as_ref());
    let out = hook.is_some_and(|hook| &*hook.name == "output");
    Packets::new(act.all_matches().collect(), reach, out).both("for")
}

/// What an element of a set turns by the rules that look into it. The first of
/// them is handed out for the sentence, and how many there are.
fn element_turn(graph: &Graph, set: &str, element: &str, data: &str, said: &mut Option<(Act, usize)>) -> Turn {
    let mut turn = Turn::default();
    let Some(users) = graph.find_set(set).map(|set| &set.users) else { return turn };
    let mut cut = users.len() > USERS_MAX;
    for &user in users.iter().take(USERS_MAX) {
        if !graph.spend(1) {
            cut = true;
            break;
        }
        let act = graph.act(user);
        for (narrow, negated) in with_element(&act, set, element, data) {
            let by = graph.adding(graph.rule(user).chain, &narrow);
            turn.join(if negated { by.around() } else { by });
            said.get_or_insert((narrow, users.len()));
        }
        if act.reads.iter().any(|read| &**read == set) {
            turn.widen_unclear(graph.bound(graph.rule(user)));
            said.get_or_insert((act, users.len()));
        }
    }
    if cut {
        turn.widen_unclear(super::reach::Bound::ANY);
    }
    if is_exception(set, data) { turn.around() } else { turn }
}

/// An element of ipset that keeps out of its set what wider ones let in.
fn is_exception(set: &str, data: &str) -> bool {
    set.starts_with("ipset/") && data.split(' ').any(|word| word == "nomatch")
}

/// The rule as it is for packets of one element of a set, once for each place
/// where it looks into the set; and whether it looks for what is not in it.
fn with_element(act: &Act, set: &str, element: &str, data: &str) -> Vec<(Act, bool)> {
    let looks = |one: &Match| matches!(&one.wanted, Wanted::Set(name) if &**name == set);
    let table = keys::table(set);
    let mut found = Vec::new();
    for (at, one) in act.matches.iter().enumerate().filter(|(_, one)| looks(one)) {
        let mut narrow = act.clone();
        narrow.matches.splice(at..=at, fitting(one, set, element));
        found.push((narrow, one.negated));
    }
    for branch in &act.branches {
        let Some(one) = branch.matches.iter().find(|one| looks(one)) else { continue };
        let verdict = match &branch.verdict {
            Verdict::Map(_) => match verdict_of(data, |name| keys::chain_of(table, name)) {
                Some(verdict) => verdict,
                None => continue,
            },
            verdict => verdict.clone(),
        };
        let matches = fitting(one, set, element);
        found.push((Act { branches: vec![Branch { matches, verdict }], ..act.clone() }, one.negated));
    }
    found
}

/// What a packet fits that is found as this element.
fn fitting(one: &Match, set: &str, element: &str) -> Vec<Match> {
    let between = if set.starts_with("ipset/") { "," } else { " . " };
    let parts: Vec<&str> = element
        .split(between)
        .map(|part| {
            part.rsplit_once(':')
                .filter(|(name, _)| set.starts_with("ipset/") && matches!(*name, "tcp" | "udp" | "sctp" | "icmp"))
                .map_or(part, |(_, port)| port)
        })
        .collect();
    side_by_side(&one.fields, &[parts.join(" . ").into()])
}
