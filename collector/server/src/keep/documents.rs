//! What ended long ago: drift, windows, revisions that count no more with their
//! sheets, reports.
//!
//! The newest of each is always kept: numbers are never given twice, and what
//! was ever given for an environment stays known. It touches no history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_compare::Selector;
use driftline_compare::desired::{Revision, counted_until_ms};
use driftline_compare::drift::Drift;
use driftline_compare::report::Report;
use driftline_compare::window::Window;
use driftline_daemon::clock::format_ms;
use driftline_store::{Document, DocumentKind, EventKind, Reader, StoreError};
use tokio_util::sync::CancellationToken;

use super::{Rule, pause, read};
use crate::app::Core;
use crate::record::Draft;
use crate::{desired, event};

/// Documents that one commit removes: after one with revisions or windows the
/// writer reads again what it judges by.
const REMOVED_PER_COMMIT: usize = 200;

/// What is to go, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gone {
    /// A drift, if it is still ended.
    Drift(String),
    /// A window or report.
    Other(DocumentKind, String),
    /// A revision with its sheets, and up to when it counted.
    Revision(Box<Revision>, i64),
}

/// Removes what ended before the rule's time; gives how many. None when it was
/// not done.
pub(super) async fn remove(core: &Arc<Core>, rule: Rule, stop: &CancellationToken) -> Option<u64> {
    let before_ms = rule.before_ms(rule.ended_days);
    let gone = read(core, move |reader| old(reader, before_ms)).await?;
    let mut told = Some(event::general(EventKind::Retention, said(&gone, before_ms)));
    for some in gone.chunks(REMOVED_PER_COMMIT) {
        let (some, told) = (some.to_vec(), told.take());
        let step = move |draft: &mut Draft<'_>| {
            draft.append(told.into_iter().collect());
            some.iter().try_for_each(|one| one.remove(draft, before_ms))
        };
        core.recorder.decide(step).await.ok()?;
        if !pause(stop).await {
            return None;
        }
    }
    Some(gone.len() as u64)
}

impl Gone {
    fn remove(&self, draft: &mut Draft<'_>, before_ms: i64) -> Result<(), StoreError> {
        match self {
            Self::Drift(id) => {
                // It may have come back meanwhile.
                if draft.document::<Drift>(id)?.is_some_and(|drift| is_over(&drift, before_ms)) {
                    draft.remove_document(DocumentKind::Drift, id);
                }
                Ok(())
            }
            Self::Other(kind, id) => {
                draft.remove_document(*kind, id);
                Ok(())
            }
            Self::Revision(revision, until_ms) => desired::let_go(draft, revision, *until_ms),
        }
    }
}

/// Everything that ended before a time and that nothing needs.
pub(super) fn old(reader: &Reader, before_ms: i64) -> Result<Vec<Gone>, StoreError> {
    let drifts: Vec<Drift> = reader.documents("")?;
    let newest = drifts.iter().map(|drift| drift.number).max();
    let over = |drift: &&Drift| is_over(drift, before_ms) && Some(drift.number) != newest;
    let mut gone: Vec<Gone> = drifts.iter().filter(over).map(|drift| Gone::Drift(drift.id())).collect();
    gone.extend(windows(&reader.documents("")?, before_ms));
    gone.extend(revisions(&reader.documents("")?, &drifts, before_ms));
    gone.extend(reports(&reader.documents("")?, before_ms));
    Ok(gone)
}

fn is_over(drift: &Drift, before_ms: i64) -> bool {
    !drift.state.is_there() && drift.ended_ms.is_some_and(|ended_ms| ended_ms < before_ms)
}

/// The newest number of each selector.
fn newest<'s>(all: impl Iterator<Item = (&'s Selector, u64)>) -> BTreeSet<u64> {
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    for (selector, number) in all {
        let known = newest.entry(selector.to_string()).or_default();
        *known = number.max(*known);
    }
    newest.into_values().collect()
}

fn windows(all: &[Window], before_ms: i64) -> Vec<Gone> {
    let newest = newest(all.iter().map(|one| (&one.selector, one.number)));
    let over = |one: &&Window| one.end_ms() < before_ms && !newest.contains(&one.number);
    all.iter().filter(over).map(|one| Gone::Other(DocumentKind::Window, one.id())).collect()
}

/// Revisions that nothing was held against since a time, and that no drift which
/// is there names.
fn revisions(all: &[Revision], drifts: &[Drift], before_ms: i64) -> Vec<Gone> {
    let newest = newest(all.iter().map(|one| (&one.selector, one.number)));
    let named = |one: &Revision| {
        drifts.iter().any(|drift| drift.state.is_there() && drift.expected_by.contains(one.revision.as_str()))
    };
    let over = |one: &Revision| {
        let until_ms = counted_until_ms(one, all).filter(|until_ms| *until_ms < before_ms)?;
        (!newest.contains(&one.number) && !named(one)).then(|| Gone::Revision(Box::new(one.clone()), until_ms))
    };
    all.iter().filter_map(over).collect()
}

/// Reports but the last of each schedule, which says when it ran last.
fn reports(all: &[Report], before_ms: i64) -> Vec<Gone> {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    all.iter().for_each(|one| _ = last.insert(&one.schedule, one.number));
    let over = |one: &&Report| one.ran_ms < before_ms && last.get(one.schedule.as_str()) != Some(&one.number);
    all.iter().filter(over).map(|one| Gone::Other(DocumentKind::Report, one.id())).collect()
}

fn said(gone: &[Gone], before_ms: i64) -> String {
    let count = |is: fn(&Gone) -> bool| gone.iter().filter(|one| is(one)).count() as u64;
    let counts = [
        (count(|one| matches!(one, Gone::Drift(_))), "ended drift", "ended drifts"),
        (count(|one| matches!(one, Gone::Other(DocumentKind::Window, _))), "closed window", "closed windows"),
        (count(|one| matches!(one, Gone::Revision(..))), "superseded revision", "superseded revisions"),
        (count(|one| matches!(one, Gone::Other(DocumentKind::Report, _))), "report", "reports"),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    let parts: Vec<String> = counts.map(|(count, one, many)| driftline_canon::count(count, one, many)).collect();
    format!("what ended before {} is removed: {}", format_ms(before_ms), parts.join(", "))
}
