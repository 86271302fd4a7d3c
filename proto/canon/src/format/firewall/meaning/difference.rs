//! What turns one reading of a ruleset into another, told to the ruleset.
//!
//! Tells no more than the rules between the first and the last difference of
//! each chain; which of them only moved is found out when they are settled.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::keys::{self, About};
use super::{Ruleset, text_of};
use crate::Value;
use crate::format::Setting;

/// The chains' rules in order, and everything else.
#[derive(Default)]
struct Sorted<'s> {
    chains: BTreeMap<&'s str, Vec<Cow<'s, str>>>,
    others: BTreeMap<&'s str, &'s Value>,
}

impl<'s> Sorted<'s> {
    fn of(settings: &'s [Setting]) -> Self {
        let mut sorted = Self::default();
        for setting in settings {
            let key = setting.key.as_str();
            match keys::about(key) {
                About::Rule(chain) => sorted.chains.entry(chain).or_default().push(text_of(&setting.value)),
                About::Order(_) => {}
                _ => {
                    sorted.others.insert(key, &setting.value);
                }
            }
        }
        sorted
    }
}

/// Tells a ruleset, made of the one reading, what makes it the other.
pub(super) fn tell(ruleset: &mut Ruleset, before: &[Setting], after: &[Setting]) {
    let (before, after) = (Sorted::of(before), Sorted::of(after));
    let keys: BTreeSet<&str> = before.others.keys().chain(after.others.keys()).copied().collect();
    for key in keys {
        let (old, new) = (before.others.get(key), after.others.get(key));
        if old != new {
            let text = |value: Option<&&'_ Value>| value.map(|value| text_of(value).into_owned());
            ruleset.set(key, text(old).as_deref(), text(new).as_deref());
        }
    }
    let chains: BTreeSet<&str> = before.chains.keys().chain(after.chains.keys()).copied().collect();
    for chain in chains {
        let none = Vec::new();
        rules(ruleset, chain, before.chains.get(chain).unwrap_or(&none), after.chains.get(chain).unwrap_or(&none));
    }
}

fn rules(ruleset: &mut Ruleset, chain: &str, before: &[Cow<'_, str>], after: &[Cow<'_, str>]) {
    let same = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let (before, after) = (&before[same..], &after[same..]);
    let behind = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
    for at in (same..same + before.len() - behind).rev() {
        ruleset.remove(chain, at);
    }
    for (at, rule) in after[..after.len() - behind].iter().enumerate() {
        ruleset.insert(chain, same + at, rule);
    }
}
