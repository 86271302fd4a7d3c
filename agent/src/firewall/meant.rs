//! What the changes of each backend of a namespace mean: its rules as they were
//! handed on last, and what each new reading makes of them.
//!
//! It reads no firewall. What an element of a set of ipset means is in the rules
//! that look into the set: those are told of all sets once one of them does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use driftline_canon::format::firewall::meaning::{Kept, Meant};
use driftline_canon::{Effect, Item, ItemKey, Meaning, Observation, Reach, Setting};

use super::Backend;

/// What a rule says that looks into a set of ipset.
const MATCH_SET: &[u8] = b"--match-set ";

/// The rulesets of one namespace, by backend.
#[derive(Debug, Default)]
pub struct Meanings {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Backend, Rules>,
    /// Definitions and elements of all sets as they were handed on last.
    sets: Option<Sets>,
}

#[derive(Debug, Default)]
struct Rules {
    kept: Kept,
    /// It knows the sets.
    told: bool,
}

type Sets = Vec<(ItemKey, Box<str>)>;

fn as_told(sets: &Sets) -> impl Iterator<Item = (&ItemKey, &str)> {
    sets.iter().map(|(key, value)| (key, &**value))
}

/// Sets of which the journal knows, as they are shown.
fn of_known(known: Observation) -> Sets {
    let shown = |item: Item| {
        let value = item.display.as_ref().map_or("", |shown| shown.as_str()).into();
        (item.key, value)
    };
    known.into_items().into_iter().map(shown).collect()
}

impl Meanings {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of a backend is handed on: what changed means, held against what was
    /// handed on before, or, the first time in this run, against what is known
    /// of that backend.
    pub fn of_whole(
        &self,
        backend: Backend,
        settings: &[Setting],
        known: impl Fn(Backend) -> Option<Observation>,
    ) -> Meant {
        let mut inner = self.lock();
        if backend == Backend::Ipset {
            return inner.of_sets(settings, || known(Backend::Ipset));
        }
        let looks = settings.iter().any(|one| has(one.value.bytes(), MATCH_SET));
        let tells = looks && !inner.kept.get(&backend).is_some_and(|rules| rules.told);
        let known_sets = if tells && inner.sets.is_none() { known(Backend::Ipset).map(of_known) } else { None };
        let Inner { kept, sets } = &mut *inner;
        let sets = known_sets.as_ref().or(sets.as_ref()).filter(|_| tells);
        if let Some(rules) = kept.get_mut(&backend) {
            sets.map(|sets| rules.kept.read_beside(as_told(sets)));
            rules.told |= looks;
            return rules.kept.read(settings);
        }
        // Of a source that was never seen nothing has changed.
        let (now, meant) = match known(backend) {
            Some(known) => Kept::since_beside(&known, settings, sets.into_iter().flat_map(as_told)),
            None => {
                let mut now = Kept::of(settings);
                sets.map(|sets| now.read_beside(as_told(sets)));
                (now, Meant::new())
            }
        };
        kept.insert(backend, Rules { kept: now, told: looks });
        meant
    }

    /// The same for a backend that appeared while its namespace was watched: it
    /// was empty before.
    pub fn was_empty(&self, backend: Backend) {
        let mut inner = self.lock();
        if backend == Backend::Ipset {
            inner.sets.get_or_insert_default();
        } else {
            inner.kept.entry(backend).or_default();
        }
    }

    /// A part of a backend is handed on.
    pub fn of_part(&self, backend: Backend, tell: impl FnOnce(&mut Kept) -> Meant) -> Meant {
        tell(&mut self.lock().kept.entry(backend).or_default().kept)
    }
}

impl Inner {
    /// All sets are handed on: what their changes mean for the rules of each
    /// backend that looks into any.
    fn of_sets(&mut self, settings: &[Setting], known: impl FnOnce() -> Option<Observation>) -> Meant {
        let text = |one: &Setting| Box::from(String::from_utf8_lossy(one.value.bytes()));
        let now: Sets = settings.iter().map(|one| (one.key.clone(), text(one))).collect();
        let never_seen = self.sets.is_none() && known().is_none();
        let mut meant: HashMap<ItemKey, Meaning> = HashMap::new();
        for rules in self.kept.values_mut().filter(|rules| rules.told) {
            for (key, meaning) in rules.kept.read_beside(as_told(&now)) {
                let more = meant.get(&key).is_none_or(|other| weight(&meaning) > weight(other));
                if more {
                    meant.insert(key, meaning);
                }
            }
        }
        self.sets = Some(now);
        if never_seen { Meant::new() } else { meant.into_iter().collect() }
    }
}

/// How much a meaning says, where the rules of several backends look into the
/// same set.
fn weight(meaning: &Meaning) -> u8 {
    match (meaning.effect, meaning.reach) {
        (Effect::Opens, Reach::Any) => 4,
        (Effect::Opens, _) => 3,
        (Effect::Unclear, _) => 2,
        (Effect::Closes, _) => 1,
        _ => 0,
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
