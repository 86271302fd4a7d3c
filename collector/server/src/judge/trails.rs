//! The latest changes of keys, on which values are seen to go back.
//!
//! Kept in memory and begun from the history at a start; the history is the
//! truth, and what is forgotten here only goes unmarked.

use std::collections::HashMap;

use driftline_compare::Verdict;
use driftline_compare::judge::later::{Later, REVERT_MS_MAX, Step, Trail};
use driftline_store::{Change, EntryBody, EntryFilter, EntryQuery, PAGE_ENTRIES_MAX, Reader, StoreError};

/// Keys that are followed at once, at most: some 10 MiB. A fleet has some hundred
/// changes an hour; whoever makes more of them only shortens the memory.
const TRAILS_MAX: usize = 20_000;

/// Pages of the history that a start reads.
const PAGES_MAX: usize = 5;

/// The trail of a key, and the verdicts of its changes.
#[derive(Debug, Default)]
struct Followed {
    trail: Trail,
    verdicts: Vec<(u64, Verdict)>,
}

/// Verdicts that are kept beside a trail: of the changes that it can name.
const VERDICTS_MAX: usize = 4;

/// What a change came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What is now known of earlier changes, with their verdicts.
    pub(super) later: Vec<(Verdict, Later)>,
    pub(super) flapping: bool,
    pub(super) quiet: bool,
}

/// All trails, by host, source and key.
#[derive(Debug, Default)]
pub(super) struct Trails(HashMap<String, Followed>);

impl Trails {
    /// Those of the latest changes of a store.
    pub(super) fn read(reader: &Reader, now_ms: i64) -> Result<Self, StoreError> {
        let mut query = EntryQuery {
            filter: EntryFilter::Changes,
            since_ms: Some(now_ms.saturating_sub(REVERT_MS_MAX)),
            limit: PAGE_ENTRIES_MAX,
            newest_first: true,
            ..EntryQuery::default()
        };
        let mut latest = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = reader.entries(&query)?;
            latest.extend(page.entries);
            let Some(next) = page.next else { break };
            query = query.continued(next);
        }
        let mut trails = Self::default();
        for entry in latest.iter().rev() {
            if let EntryBody::Change(change) = &entry.body {
                // What it comes to was recorded then.
                _ = trails.push(change, super::step(change, entry.id, entry.recorded_ms), now_ms);
            }
        }
        Ok(trails)
    }

    pub(super) fn push(&mut self, change: &Change, step: Step, now_ms: i64) -> Outcome {
        if self.0.len() >= TRAILS_MAX {
            let since_ms = now_ms.saturating_sub(REVERT_MS_MAX);
            self.0.retain(|_, one| one.trail.last_ms().is_some_and(|last| last >= since_ms));
            if self.0.len() >= TRAILS_MAX {
                self.0.clear();
            }
        }
        // No name holds a NUL.
        let name = format!("{}\0{}\0{}", change.host, change.source, change.key);
        let followed = self.0.entry(name).or_default();
        if followed.verdicts.len() >= VERDICTS_MAX {
            followed.verdicts.remove(0);
        }
        followed.verdicts.push((step.change, change.verdict));
        let outcome = followed.trail.push(step);
        let verdict_of = |id: u64| {
            let known = followed.verdicts.iter().find(|(change, _)| *change == id);
            known.map_or(Verdict::Undetermined, |(_, verdict)| *verdict)
        };
        let later = outcome.later.into_iter().map(|later| (verdict_of(later.change), later)).collect();
        Outcome { later, flapping: outcome.flapping, quiet: outcome.quiet }
    }
}
