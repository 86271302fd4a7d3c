//! Settling: while a deployment is in flight, what it makes of its sources is
//! judged at once and told of when it has settled.
//!
//! What is critical does not wait, and neither does what nobody declared. One
//! alert tells of a source on all hosts of a role.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use driftline_canon::{Environment, Role, SourceName};
use driftline_compare::judge::held::Held;
use driftline_compare::{Severity, Verdict};
use driftline_store::{Change, DocumentKind, Entry, EntryBody, HostRecord, Store, StoreError, numbered};
use tokio_util::sync::CancellationToken;

use super::{Judge, Moment, question};
use crate::record::{Draft, Recorder};

/// How often somebody looks for deployments that have settled: alerts of these
/// are half a minute late on purpose.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Changes whose alert waits at once, at most, as one commit makes alerts of
/// them; more are told of as they come.
const HELD_MAX: usize = 10_000;

/// The changes among new entries whose alert waits: index and document.
pub(super) fn held(judge: &Judge, host: &HostRecord, entries: &[EntryBody], at: Moment) -> Vec<(usize, Held)> {
    let waits = |(index, entry): (usize, &EntryBody)| {
        let EntryBody::Change(change) = entry else { return None };
        if change.severity >= Severity::Critical || !waits_with(change.verdict) {
            return None;
        }
        let due_ms = judge.book().settled_ms(&question(host, change, at.now_ms), at.now_ms)?;
        let id = at.first_id.saturating_add(u64::try_from(index).unwrap_or(u64::MAX));
        Some((index, Held { change: id, due_ms }))
    };
    entries.iter().enumerate().filter_map(waits).take(HELD_MAX).collect()
}

/// What is authorised tells nobody; what could not be judged says nothing of a
/// deployment.
fn waits_with(verdict: Verdict) -> bool {
    match verdict {
        Verdict::ContentMismatch | Verdict::WindowOnly | Verdict::OutOfBand | Verdict::AuthorisedUnverified => true,
        Verdict::Authorised | Verdict::Undetermined => false,
    }
}

/// Tells of what has settled, as long as it is still so. Gives how many alerts
/// were made.
///
/// # Errors
/// When the store cannot be read.
pub fn release(draft: &mut Draft<'_>) -> Result<usize, StoreError> {
    let now_ms = draft.now_ms;
    let due: Vec<Held> = draft.documents::<Held>("")?.into_iter().filter(|held| held.due_ms <= now_ms).collect();
    let mut groups: BTreeMap<(Environment, Role, SourceName), Vec<Entry>> = BTreeMap::new();
    for held in due {
        draft.remove_document(DocumentKind::Held, &numbered(held.change));
        let Some(entry) = draft.reader().entry(held.change)? else { continue };
        let EntryBody::Change(change) = &entry.body else { continue };
        if is_still_so(draft, change)? {
            let group = (change.environment.clone(), change.role.clone(), change.source.clone());
            groups.entry(group).or_default().push(entry);
        }
    }
    Ok(groups.into_values().map(|entries| draft.alert(entries)).sum())
}

/// Whether the host still has what the change left: a value that was only on
/// its way is no news.
fn is_still_so(draft: &Draft<'_>, change: &Change) -> Result<bool, StoreError> {
    let item = draft.item(&change.host, &change.source, &change.key)?;
    Ok(item.map(|item| item.digest) == change.after.as_ref().map(|side| side.digest))
}

/// Looks for deployments that have settled, until it is told to stop.
///
/// # Errors
/// Never: a store that cannot be read is looked at again.
pub async fn watch(
    store: Store,
    recorder: Recorder,
    clock: driftline_daemon::Clock,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        let (store, now_ms) = (store.clone(), clock.now_ms());
        let look = tokio::task::spawn_blocking(move || {
            let held = store.reader()?.documents::<Held>("")?;
            Ok::<bool, StoreError>(held.iter().any(|held| held.due_ms <= now_ms))
        });
        if matches!(look.await, Ok(Ok(true))) {
            // An error says that the collector stops; they are told of at its next start.
            _ = recorder.decide(release).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
