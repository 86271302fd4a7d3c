//! Changes of the small rulesets, by chance.

use crate::ruleset::{About, Language, PORTS, Random, Rules, SOURCES, Verdict};

/// The ruleset with one to three changes.
pub(crate) fn changed(before: &Rules, random: &mut Random) -> Rules {
    let mut after = before.clone();
    for _ in 0..1 + random.below(3) * random.below(2) {
        change(&mut after, random);
    }
    after
}

/// The ruleset with a rule more in the chain that nothing jumps to.
pub(crate) fn with_rule_in_lone_chain(before: &Rules, random: &mut Random) -> Rules {
    let mut after = before.clone();
    let last = after.chains.len() - 1;
    let mut rule = after.rule(last, random);
    while matches!(rule.verdict, Verdict::Mark(_)) {
        rule = after.rule(last, random);
    }
    after.chains[last].rules.push(rule);
    after
}

fn change(rules: &mut Rules, random: &mut Random) {
    let at = match rules.about {
        _ if random.one_in(3) => random.below(rules.chains.len()),
        About::Marks => 0,
        About::Anything | About::Order | About::Maps => random.below(rules.bases),
        About::Shared => rules.bases,
    };
    if rules.about == About::Maps && rules.language == Language::Nft && !random.one_in(3) {
        return map(rules, random);
    }
    if rules.about == About::Order && !random.one_in(3) {
        return move_one(rules, at, random);
    }
    match random.below(14) {
        0..=3 => add(rules, at, random),
        4..=5 => remove(rules, at, random),
        6 => {
            remove(rules, at, random);
            add(rules, at, random);
        }
        7 => move_one(rules, at, random),
        8 => recomment(rules, at, random),
        9 => policy(rules, random),
        10 if random.one_in(2) => rules.chains[at].rules.clear(),
        11 if rules.language == Language::Nft => elements(rules, random),
        12 if rules.language == Language::Nft => map(rules, random),
        13 if rules.language == Language::Nft && random.one_in(4) => rules.dormant = !rules.dormant,
        _ => add(rules, at, random),
    }
}

fn add(rules: &mut Rules, chain: usize, random: &mut Random) {
    let rule = rules.rule(chain, random);
    let at = random.below(rules.chains[chain].rules.len() + 1);
    rules.chains[chain].rules.insert(at, rule);
}

fn remove(rules: &mut Rules, chain: usize, random: &mut Random) {
    let list = &mut rules.chains[chain].rules;
    if !list.is_empty() {
        let at = random.below(list.len());
        list.remove(at);
    }
}

fn move_one(rules: &mut Rules, chain: usize, random: &mut Random) {
    let list = &mut rules.chains[chain].rules;
    if list.len() > 1 {
        let rule = list.remove(random.below(list.len()));
        let to = random.below(list.len() + 1);
        list.insert(to, rule);
    }
}

fn recomment(rules: &mut Rules, chain: usize, random: &mut Random) {
    let list = &mut rules.chains[chain].rules;
    if !list.is_empty() {
        let at = random.below(list.len());
        list[at].comment = if list[at].comment.is_some() { None } else { Some(9) };
    }
}

fn policy(rules: &mut Rules, random: &mut Random) {
    let at = random.below(rules.bases);
    if let Some(base) = &mut rules.chains[at].base {
        base.2 = !base.2;
    }
}

fn toggle<T: PartialEq>(list: &mut Vec<T>, one: T) {
    match list.iter().position(|known| *known == one) {
        Some(at) => {
            list.remove(at);
        }
        None => list.push(one),
    }
}

fn elements(rules: &mut Rules, random: &mut Random) {
    if random.one_in(3) {
        let port = random.of(&PORTS);
        toggle(&mut rules.ports[0], port);
    } else {
        let set = random.below(rules.sources.len());
        let source = random.of(&SOURCES);
        toggle(&mut rules.sources[set], source);
    }
}

fn map(rules: &mut Rules, random: &mut Random) {
    let port = random.of(&PORTS);
    let verdict = rules.mapped(random);
    match rules.map.iter().position(|(known, _)| *known == port) {
        Some(at) if random.one_in(2) => {
            rules.map.remove(at);
        }
        Some(at) => rules.map[at].1 = verdict,
        None => rules.map.push((port, verdict)),
    }
}
