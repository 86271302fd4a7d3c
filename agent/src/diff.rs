//! The stage that says what changed: from what was known and what was seen to
//! the records that tell the difference.
//!
//! A pure function. It reads no clock and no file, and judges nothing: whether
//! a change was meant is the collector's question.

use std::collections::BTreeMap;

use driftline_canon::item::position;
use driftline_canon::meaning::MeaningText;
use driftline_canon::{
    Delta, DisplayPolicy, Effect, FileName, Item, ItemKey, KeyEpoch, Meaning, Observation, Problem, ProblemKind, Reach,
    Root, SourceKind, delta,
};

use crate::journal::entry::{
    Beside, Body, Entry, Fingerprint, Gap, Snapshot, SnapshotReason, SourceRef, SourceState, StateHead,
};
use crate::observe::look::Unread;
use crate::observe::{Observed, Sight};

/// What follows from an observation.
#[derive(Debug, Default)]
pub struct Decision {
    /// Records, in order.
    pub entries: Vec<Entry>,
    /// The state to keep; none when nothing changed. That of a part has no
    /// items: they change as the part says.
    pub state: Option<SourceState>,
    /// A part does not follow from what was known: the whole is needed.
    pub refused: bool,
}

/// Compares an observation with what was known of the source. For a part its
/// items need not be known.
#[must_use]
pub fn decide(known: Option<&SourceState>, observed: &Observed, key_epoch: KeyEpoch) -> Decision {
    let fingerprint = Fingerprint::of(&observed.spec, key_epoch);
    let same_key = known.filter(|known| known.fingerprint.key_epoch == key_epoch);
    let (observation, content) = match &observed.sight {
        Sight::Whole { observation, content, unreadable } => {
            (with_last_known_of(unreadable, same_key, observation), *content)
        }
        Sight::Unreadable { metadata } => {
            (last_known(same_key, metadata.clone()), same_key.and_then(|known| known.content))
        }
        Sight::Part { delta, .. } => return decide_part(known, observed, delta, fingerprint),
    };
    let head = StateHead { root: observation.root(), kind: observed.spec.kind, path: observed.path.clone() };
    let state = SourceState {
        head,
        fingerprint,
        content,
        observed_ms: observed.observed_ms,
        problems: observed.problems.clone(),
        observation,
    };
    let mut bodies = Vec::new();
    match known {
        None => {
            bodies.push(snapshot(SnapshotReason::First, Root::empty(), &state));
            if !state.problems.is_empty() {
                bodies.push(Body::Problems(state.problems.clone()));
            }
        }
        Some(known) => compare(known, &state, observed.unobserved_since_ms, &mut bodies),
    }
    let entries = entries(observed, known.is_some(), &state.head, bodies);
    let refresh = known.is_none_or(|known| must_refresh(known, &state));
    Decision { state: (refresh || !entries.is_empty()).then_some(state), entries, refused: false }
}

/// A part costs by what changed: nothing here looks at the other items.
fn decide_part(known: Option<&SourceState>, observed: &Observed, delta: &Delta, fingerprint: Fingerprint) -> Decision {
    let head = StateHead { root: delta.after, kind: observed.spec.kind, path: observed.path.clone() };
    let follows = |known: &&SourceState| {
        known.head.root == delta.before && known.fingerprint == fingerprint && known.head.path == head.path
    };
    let Some(known) = known.filter(follows) else {
        return Decision { refused: true, ..Decision::default() };
    };
    let state = SourceState {
        head,
        fingerprint,
        content: known.content,
        observed_ms: observed.observed_ms,
        problems: observed.problems.clone(),
        observation: Observation::default(),
    };
    let mut bodies = Vec::new();
    if was_never_read(known) && !delta.changes.is_empty() {
        let items = delta.changes.iter().filter_map(|change| change.after.clone()).collect();
        let (before, root) = (delta.before, delta.after);
        bodies.push(Body::Snapshot(Snapshot { reason: SnapshotReason::First, before, root, items }));
    } else if !delta.changes.is_empty() {
        bodies.push(Body::Delta(delta.clone()));
    }
    if known.problems != state.problems {
        bodies.push(Body::Problems(state.problems.clone()));
    }
    let entries = entries(observed, true, &state.head, bodies);
    Decision { state: (!entries.is_empty()).then_some(state), entries, refused: false }
}

fn entries(observed: &Observed, known: bool, head: &StateHead, bodies: Vec<Body>) -> Vec<Entry> {
    let source = SourceRef { name: observed.name.clone(), kind: head.kind, path: head.path.clone() };
    let unobserved_since_ms = observed.unobserved_since_ms.filter(|_| known);
    let entry = |body| {
        let beside = match &body {
            Body::Delta(delta) => beside(observed, delta),
            _ => Beside::default(),
        };
        Entry { beside, ..Entry::new(Some(source.clone()), observed.observed_ms, unobserved_since_ms, body) }
    };
    bodies.into_iter().map(entry).collect()
}

/// Who made the changes of a delta, and what they mean.
fn beside(observed: &Observed, delta: &Delta) -> Beside {
    let is_changed = |key: &ItemKey| delta.changes.binary_search_by(|change| change.key.cmp(key)).is_ok();
    let shown = |(key, meaning): &(ItemKey, Meaning)| (key.clone(), shown(meaning, observed.spec.display));
    let meanings: BTreeMap<_, _> = observed.meanings.iter().filter(|(key, _)| is_changed(key)).map(shown).collect();
    Beside { actor: observed.actor.clone().map(Box::new), meanings: meanings.into_iter().collect() }
}

/// A meaning repeats what a rule says: where no value may be shown, only that
/// something is opened or closed is told, and from where.
fn shown(meaning: &Meaning, policy: DisplayPolicy) -> Meaning {
    if policy != DisplayPolicy::Digest {
        return meaning.clone();
    }
    let what = match meaning.effect {
        Effect::Neutral => "neither opens nor closes",
        Effect::Closes => "closes something",
        Effect::Unclear => "may open something",
        Effect::Opens => "opens something",
    };
    let from = match meaning.reach {
        Reach::Local => "to this host itself",
        Reach::Bounded => "to a bounded range",
        Reach::Any => "to any source",
    };
    Meaning { text: MeaningText::new(&format!("{what} {from}")), ..meaning.clone() }
}

fn compare(known: &SourceState, state: &SourceState, since: Option<i64>, bodies: &mut Vec<Body>) {
    let reason = reread(&known.fingerprint, &state.fingerprint);
    if let Some(reason) = reason {
        if !same_bytes(known, state) {
            bodies.push(Body::Gap(Gap {
                from_ms: since.unwrap_or(known.observed_ms),
                to_ms: state.observed_ms,
                reason: "the file changed together with the way it is read: what changed in it cannot be told"
                    .to_owned(),
            }));
        }
        bodies.push(snapshot(reason, known.head.root, state));
    } else if was_never_read(known) && !state.observation.items().is_empty() {
        // Nothing was ever read of it, so that nothing was added to it.
        bodies.push(snapshot(SnapshotReason::First, known.head.root, state));
    } else {
        let changes = delta::changes(&known.observation, &state.observation);
        if !changes.is_empty() {
            bodies.push(Body::Delta(Delta { before: known.head.root, after: state.head.root, changes }));
        }
        if shown_otherwise(known, state) {
            bodies.push(snapshot(SnapshotReason::Policy, state.head.root, state));
        }
    }
    if known.problems != state.problems {
        bodies.push(Body::Problems(state.problems.clone()));
    }
}

/// A file that was read has items, if only of its metadata. A firewall may well
/// be empty, and what is added to that is a change.
fn was_never_read(known: &SourceState) -> bool {
    let could_not =
        |one: &Problem| matches!(one.kind, ProblemKind::Missing | ProblemKind::Unreadable | ProblemKind::Host);
    let read_as_empty = known.head.kind == SourceKind::Firewall && !known.problems.iter().any(could_not);
    known.head.root == Root::empty() && !read_as_empty
}

/// Whether items differ because they are made in another way.
fn reread(before: &Fingerprint, after: &Fingerprint) -> Option<SnapshotReason> {
    if before.key_epoch != after.key_epoch {
        return Some(SnapshotReason::Rekey);
    }
    let way = |one: &Fingerprint| (one.canonical_form, one.kind, one.parsed_max);
    (way(before) != way(after) || before.way != after.way).then_some(SnapshotReason::Normaliser)
}

/// What operators see changed by configuration, while the items did not.
fn shown_otherwise(known: &SourceState, state: &SourceState) -> bool {
    known.fingerprint.display != state.fingerprint.display || known.head.path != state.head.path
}

fn same_bytes(known: &SourceState, state: &SourceState) -> bool {
    match (known.content, state.content) {
        (Some((old, old_stamp)), Some((new, new_stamp))) => old == new || old_stamp == new_stamp,
        (None, None) => true,
        _ => false,
    }
}

/// Lines may have moved although no item changed, and bytes are kept up to
/// date for the day the canonical form changes. A touched file is not worth a
/// write.
fn must_refresh(known: &SourceState, state: &SourceState) -> bool {
    let bytes = |one: &SourceState| one.content.map(|(digest, _)| digest);
    bytes(known) != bytes(state) || known.fingerprint != state.fingerprint
}

/// What an included file set that cannot be read now stays as it was last
/// known: it is neither guessed nor taken for removed. What a file sets that
/// was read after it wins, as it does in the program.
fn with_last_known_of(unreadable: &[Unread], known: Option<&SourceState>, seen: &Observation) -> Observation {
    let Some(known) = known.filter(|_| !unreadable.is_empty()) else {
        return seen.clone();
    };
    let is_kept = |item: &&Item| {
        let Some(unread) = item.file.as_ref().and_then(|file| unreadable.iter().find(|one| is_in(file, &one.name)))
        else {
            return false;
        };
        let now = seen.get(&item.key).and_then(|item| item.file.as_ref());
        now.is_none_or(|file| !unread.later.iter().any(|later| position::bounded(later) == *file))
    };
    let kept = known.observation.items().iter().filter(is_kept);
    Observation::new(seen.items().iter().chain(kept).cloned().collect())
}

/// Whether an item's file is that one, or in that directory. Items hold the end
/// of a long name only.
fn is_in(file: &FileName, unread: &str) -> bool {
    match (file.strip_prefix('…'), unread.strip_suffix('/')) {
        (_, None) => *file == position::bounded(&unread.into()),
        (None, Some(_)) => file.starts_with(unread),
        (Some(end), Some(_)) => {
            file.starts_with(unread) || end.rfind('/').is_some_and(|at| unread.ends_with(&end[..=at]))
        }
    }
}

/// Settings of a file that cannot be read stay as they were last known: they
/// are neither guessed nor taken for removed.
fn last_known(known: Option<&SourceState>, metadata: Vec<Item>) -> Observation {
    let kept = known.into_iter().flat_map(|known| known.observation.items()).cloned();
    Observation::new(kept.chain(metadata).collect())
}

fn snapshot(reason: SnapshotReason, before: Root, state: &SourceState) -> Body {
    let items = state.observation.items().to_vec();
    Body::Snapshot(Snapshot { reason, before, root: state.head.root, items })
}

#[cfg(test)]
mod tests;
