//! Desired state on its way into the store: checked, peppered, recorded with
//! the event that tells of it.
//!
//! It sees digests and masked displays, never a value, and judges nothing:
//! [`after_push`] is where those hook in who do.

pub mod checked;

use driftline_compare::desired::{Pruned, Revision, Sheet, SheetItem, Standing, counted_until_ms, standing};
use driftline_store::{Document as _, DocumentKind, EntryBody, EventKind, StoreError, numbered};

use crate::event;
use crate::judge::later::adopted;
use crate::record::Draft;
pub use checked::{Pushed, PushedSource, Refused};

/// Revisions that are kept of one selector beside those in force: some months
/// of daily deployments, to look back at.
const REVISIONS_KEPT_MAX: usize = 100;

/// How far back it is known that there was a revision, by numbers: thirty pushes
/// a day for a year.
const PRUNED_KNOWN_MAX: u64 = 10_000;

/// Sources that an event names; more are counted.
const SOURCES_NAMED_MAX: usize = 5;

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It is a new revision.
    New(Revision),
    /// The same is in force already.
    Same(Revision),
    /// The revision is known with another content.
    Other(Revision),
}

/// Records a push: the revision, its sheets and an event, in one commit.
///
/// # Errors
/// When the store cannot be read.
pub fn record(draft: &mut Draft<'_>, pushed: Pushed, by: &str) -> Result<Recorded, StoreError> {
    let all: Vec<Revision> = draft.documents("")?;
    let of_name = |one: &&Revision| one.selector == pushed.selector && one.revision == pushed.revision;
    if let Some(before) = all.iter().rev().find(of_name) {
        let same = has_content(draft, before, &pushed)?;
        let in_force = standing(before, &all, draft.now_ms) == Standing::Current;
        if same && in_force && pushed.expires_s.is_none() {
            return Ok(Recorded::Same(before.clone()));
        }
        if !same && !pushed.replace {
            return Ok(Recorded::Other(before.clone()));
        }
    }
    let revision = revision_of(&pushed, all.last().map_or(1, |last| last.number + 1), by, draft.now_ms);
    let owner = owner(revision.number);
    let sheet = |source: PushedSource| Sheet {
        owner: owner.clone(),
        source: source.source,
        kind: source.kind,
        items: source.items,
    };
    let sheets: Vec<Sheet> = pushed.sources.into_iter().map(sheet).collect();
    for sheet in &sheets {
        draft.put_document(sheet)?;
    }
    draft.put_document(&revision)?;
    draft.append(vec![told(&revision)]);
    prune(draft, all, &revision)?;
    after_push(draft, &revision, &sheets)?;
    Ok(Recorded::New(revision))
}

/// What else a push sets off, in its commit: earlier changes that it adopts,
/// drift that it opens or ends. The revision and its sheets are in the draft.
fn after_push(draft: &mut Draft<'_>, revision: &Revision, sheets: &[Sheet]) -> Result<(), StoreError> {
    adopted(draft, revision, sheets)?;
    Ok(())
}

/// What the sheets of a revision are filed under.
#[must_use]
pub fn owner(number: u64) -> String {
    format!("revision/{}", numbered(number))
}

fn revision_of(pushed: &Pushed, number: u64, by: &str, now_ms: i64) -> Revision {
    let lives_ms = |seconds: u64| i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    let count = |items: &[SheetItem]| u32::try_from(items.len()).unwrap_or(u32::MAX);
    Revision {
        number,
        selector: pushed.selector.clone(),
        revision: pushed.revision.clone(),
        ticket: pushed.ticket.clone(),
        pushed_by: by.to_owned(),
        pushed_ms: now_ms,
        expires_ms: pushed.expires_s.map(|seconds| now_ms.saturating_add(lives_ms(seconds))),
        fleet_key_epoch: pushed.fleet_key_epoch,
        canonical_form: pushed.canonical_form,
        sources: pushed.sources.iter().map(|one| (one.source.clone(), count(&one.items))).collect(),
    }
}

fn has_content(draft: &Draft<'_>, revision: &Revision, pushed: &Pushed) -> Result<bool, StoreError> {
    if revision.fleet_key_epoch != pushed.fleet_key_epoch
        || revision.canonical_form != pushed.canonical_form
        || revision.sources.len() != pushed.sources.len()
    {
        return Ok(false);
    }
    let owner = owner(revision.number);
    for source in &pushed.sources {
        let sheet: Option<Sheet> = draft.document(&format!("{owner}/{}", source.source))?;
        let Some(sheet) = sheet.filter(|sheet| sheet.kind == source.kind) else { return Ok(false) };
        let pairs = |items: &[SheetItem]| Vec::from_iter(items.iter().map(|item| (item.key.clone(), item.digest)));
        if pairs(&sheet.items) != pairs(&source.items) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn told(revision: &Revision) -> EntryBody {
    let named = revision.sources.iter().take(SOURCES_NAMED_MAX).map(|(source, items)| format!("{source} ({items})"));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match revision.sources.len().saturating_sub(SOURCES_NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let ticket = revision.ticket.as_ref().map_or_else(String::new, |ticket| format!("; ticket {ticket}"));
    let Revision { pushed_by, revision: name, selector, .. } = revision;
    let message = format!("{pushed_by} declared {name} for {selector}: {named}{more}{ticket}");
    event::in_environment(EventKind::Operator, revision.selector.environment.clone(), message)
}

/// Lets go of the oldest revisions of a selector that nothing is held against
/// any more.
fn prune(draft: &mut Draft<'_>, mut all: Vec<Revision>, newest: &Revision) -> Result<(), StoreError> {
    all.push(newest.clone());
    let over = |one: &&Revision| {
        one.selector == newest.selector
            && matches!(standing(one, &all, newest.pushed_ms), Standing::Superseded | Standing::Expired)
    };
    let over: Vec<&Revision> = all.iter().filter(over).collect();
    let gone = over.len().saturating_sub(REVISIONS_KEPT_MAX);
    let until_ms = |revision: &Revision| counted_until_ms(revision, &all).unwrap_or(newest.pushed_ms);
    over.into_iter().take(gone).try_for_each(|revision| let_go(draft, revision, until_ms(revision)))
}

/// Lets go of a revision with its items; that it was there is kept.
///
/// # Errors
/// When what is kept of it cannot be written.
pub fn let_go(draft: &mut Draft<'_>, revision: &Revision, counted_until_ms: i64) -> Result<(), StoreError> {
    let Revision { number, selector, revision: name, pushed_ms, .. } = revision.clone();
    let owner = owner(number);
    for (source, _) in &revision.sources {
        draft.remove_document(DocumentKind::Sheet, &format!("{owner}/{source}"));
    }
    draft.remove_document(DocumentKind::Revision, &revision.id());
    if let Some(old) = number.checked_sub(PRUNED_KNOWN_MAX) {
        draft.remove_document(DocumentKind::Pruned, &numbered(old));
    }
    let pruned_ms = draft.now_ms;
    draft.put_document(&Pruned { number, selector, revision: name, pushed_ms, counted_until_ms, pruned_ms })
}

#[cfg(test)]
mod tests;
