//! Stage 2, classify: a fact about one item becomes a change with a severity
//! and a class.
//!
//! It looks at keys and masked displays through the rules of `compare`; it
//! changes no state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use driftline_canon::{Environment, ItemKey, SourceKind, SourceName};
use driftline_compare::Mark;
use driftline_compare::classify::{self, Class, Facet, Severity, firewall};
use driftline_compare::policy::Policy;
use driftline_store::{Beside, Change, HostRecord, ItemRecord, Side, SourceRecord};

/// What every change of one record has in common.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// Where.
    pub host: &'a HostRecord,
    /// In which source, as it is after the record.
    pub source: &'a SourceRecord,
    /// Whether any of its items is a secret.
    pub has_secrets: bool,
    /// When the agent saw it.
    pub observed_ms: i64,
    /// Since when it may have been so.
    pub unobserved_since_ms: Option<i64>,
    /// Marks of the whole record.
    pub marks: &'a [Mark],
    /// Sequence number of the record.
    pub seq: u64,
    /// What is known of keys already.
    pub classes: &'a KeyClasses,
}

/// Keys that are remembered, at most. A fleet has some thousand different ones;
/// whoever sends more of them only makes the memory begin anew.
const KEYS_MAX: usize = 20_000;

/// What a rule of the policy says: a class only where it gives one.
type Said = (Severity, Option<Class>);

/// What the rules said of keys: hosts of a role have the same ones, and reading
/// a key costs more than the rest of a change.
#[derive(Debug, Default)]
pub struct KeyClasses {
    built_in: Mutex<HashMap<String, (Severity, Class)>>,
    policy: Mutex<ByPolicy>,
}

/// What the policy in force said.
#[derive(Debug, Default)]
struct ByPolicy {
    policy: Arc<Policy>,
    /// By environment, kind, source and key.
    known: HashMap<String, Option<Said>>,
    /// The name that is looked up, written anew each time.
    name: String,
}

impl KeyClasses {
    /// Weighs by a policy from now on.
    pub fn follow(&self, policy: Arc<Policy>) {
        let mut by = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        *by = ByPolicy { policy, ..ByPolicy::default() };
    }

    /// What [`classify::of_key`] says of a key.
    #[must_use]
    pub fn of_key(&self, key: &str) -> (Severity, Class) {
        let mut known = self.built_in.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(key) {
            return *found;
        }
        if known.len() >= KEYS_MAX {
            known.clear();
        }
        let class = classify::of_key(key);
        known.insert(key.to_owned(), class);
        class
    }

    /// What the first severity rule of the policy that matches says.
    #[must_use]
    pub fn by_policy(
        &self,
        environment: &Environment,
        source: &SourceName,
        kind: SourceKind,
        key: &str,
    ) -> Option<Said> {
        let mut by = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        let ByPolicy { policy, known, name } = &mut *by;
        if policy.severities.is_empty() {
            return None;
        }
        name.clear();
        // Names hold no line's end.
        for part in [environment.as_str(), kind.as_str(), source.as_str(), key] {
            name.push_str(part);
            name.push('\n');
        }
        if let Some(found) = known.get(name.as_str()) {
            return *found;
        }
        if known.len() >= KEYS_MAX {
            known.clear();
        }
        let said = policy.severity_of(environment, source, kind, key);
        known.insert(name.clone(), said);
        said
    }
}

/// What a recorded change would weigh under a policy. Whether its source held
/// secrets then is not known any more; a key of its own that is one counts.
#[must_use]
pub fn weighed_by(policy: &Policy, change: &Change) -> (Severity, Class) {
    let said = policy.severity_of(&change.environment, &change.source, change.kind, change.key.as_str());
    let Beside { actor, meaning, .. } = &change.beside;
    let built_in = firewall::weigh(change.kind, &change.key, meaning.as_deref(), actor.as_deref()).map_or_else(
        || {
            let (before, after) = (change.before.as_ref().map(facet), change.after.as_ref().map(facet));
            let (severity, class) = classify::of_change(change.kind, &change.key, before, after, false);
            // The mode of a file with secrets was weighed when they were known.
            if change.key.is_metadata() { (severity.max(change.severity), class) } else { (severity, class) }
        },
        |weighed| (weighed.severity, weighed.class),
    );
    under(said, built_in)
}

/// A rule of the policy before the built-in ones.
fn under(said: Option<Said>, (severity, class): (Severity, Class)) -> (Severity, Class) {
    said.map_or((severity, class), |(severity, own)| (severity, own.unwrap_or(class)))
}

/// The change of one item: by the policy, where a rule of it speaks. Else for a
/// firewall what it means counts, where that is known, and else its key.
#[must_use]
pub fn change(
    at: &Circumstances<'_>,
    key: &ItemKey,
    before: Option<Side>,
    after: Option<Side>,
    beside: Beside,
) -> Change {
    let weighed = firewall::weigh(at.source.kind, key, beside.meaning.as_deref(), beside.actor.as_deref());
    let said = at.classes.by_policy(&at.host.environment, &at.source.source, at.source.kind, key.as_str());
    let built_in = weighed.map_or_else(
        || {
            let sides = (before.as_ref().map(facet), after.as_ref().map(facet));
            let of_key = |key: &str| at.classes.of_key(key);
            classify::of_change_by(of_key, at.source.kind, key, sides, at.has_secrets)
        },
        |weighed| (weighed.severity, weighed.class),
    );
    let (severity, class) = under(said, built_in);
    let mut marks = at.marks.to_vec();
    if weighed.is_some_and(|weighed| weighed.machine_made) {
        marks.push(Mark::MachineMade);
    }
    if at.unobserved_since_ms.is_some() && !marks.contains(&Mark::Unobserved) {
        marks.insert(0, Mark::Unobserved);
    }
    Change {
        environment: at.host.environment.clone(),
        host: at.host.host.clone(),
        role: at.host.role.clone(),
        source: at.source.source.clone(),
        kind: at.source.kind,
        path: at.source.path.clone(),
        key: key.clone(),
        before,
        after,
        observed_ms: at.observed_ms,
        unobserved_since_ms: at.unobserved_since_ms,
        severity,
        class,
        // Judged when it is appended.
        verdict: driftline_compare::Verdict::Undetermined,
        marks,
        agent_seq: at.seq,
        agent_epoch: at.host.epoch.clone(),
        beside,
    }
}

/// One side of a change, from the item as it is stored.
#[must_use]
pub fn side(item: &ItemRecord) -> Side {
    let ItemRecord { digest, secret, line, .. } = *item;
    Side { digest, secret, display: item.display.clone(), line, file: item.file.clone() }
}

fn facet(side: &Side) -> Facet<'_> {
    Facet { secret: side.secret, display: side.display.as_ref().map(|display| display.as_str()) }
}

#[cfg(test)]
mod tests;
