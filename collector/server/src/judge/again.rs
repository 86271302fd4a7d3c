//! Judging again: an agent says later, and for certain, who made the changes of
//! an earlier record.
//!
//! Only who made them is new: windows, revisions and the policy are those that
//! were there when the change was recorded, so that no verdict turns by time
//! alone. The change keeps the verdict that it had; another one is an entry of
//! its own, and whoever was told of the first is told of the second.

use driftline_canon::{Actor, Confidence};
use driftline_compare::judge::book::{Made, Then};
use driftline_compare::judge::held::Held;
use driftline_compare::judge::judge;
use driftline_compare::judge::later::{judged_again, verdict_now};
use driftline_compare::policy::Policy;
use driftline_compare::{Severity, Verdict};
use driftline_store::{Change, DocumentKind, EntryBody, HostRecord, Rejudgement, StoreError, numbered};

use super::{Judge, question, rejudged};
use crate::policy;
use crate::record::Draft;

/// A change that was recorded before.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the history.
    pub id: u64,
    /// When it was recorded.
    pub recorded_ms: i64,
    /// It.
    pub change: Change,
}

/// The entries that say what these changes of a host are now that it is known
/// who made them; none for those of which nothing better is known.
///
/// # Errors
/// When the store cannot be read.
pub fn again(
    draft: &mut Draft<'_>,
    host: &HostRecord,
    actor: &Actor,
    changes: &[Recorded],
) -> Result<Vec<EntryBody>, StoreError> {
    let Some(book) = draft.judge().map(Judge::book).filter(|_| actor.confidence == Confidence::Exact).cloned() else {
        return Ok(Vec::new());
    };
    // All changes of a record are recorded at once.
    let Some(recorded_ms) = changes.first().map(|one| one.recorded_ms) else { return Ok(Vec::new()) };
    let earlier: Option<Policy> = policy::before_the_last(draft.reader(), recorded_ms)?;
    let then = Then { policy: earlier.as_ref().unwrap_or_else(|| book.policy()), known_ms: recorded_ms };
    let made = Made { fleet_key_epoch: host.fleet_key_epoch, canonical_form: host.canonical_form };
    let mut entries = Vec::new();
    for Recorded { id, recorded_ms, change } in changes {
        let known = draft.reader().rejudged(*id)?;
        let had = verdict_now(change.verdict, known.iter().map(|one| &one.later));
        let question =
            driftline_compare::judge::Question { actor: Some(actor), ..question(host, change, *recorded_ms) };
        let judgement = judge(&question, &book.find_then(then, &question, made).given());
        let verdict = judgement.verdict;
        let after_ms = draft.now_ms.saturating_sub(*recorded_ms);
        let Some(later) = judged_again(*id, had, judgement, after_ms) else { continue };
        let told = EntryBody::Rejudgement(Rejudgement {
            severity: severity(draft, *id, change, verdict)?,
            ..rejudged(change, change.verdict, later)
        });
        entries.push(told);
    }
    Ok(entries)
}

/// How much the new verdict matters: as much as the change did, to whoever was
/// told of it. An alert that still waits is not sent any more.
fn severity(draft: &mut Draft<'_>, id: u64, change: &Change, verdict: Verdict) -> Result<Severity, StoreError> {
    if draft.document::<Held>(&numbered(id))?.is_none() {
        return Ok(change.severity);
    }
    draft.remove_document(DocumentKind::Held, &numbered(id));
    Ok(if verdict == Verdict::Authorised { Severity::Info } else { change.severity })
}
