//! Desired state on its way into the store: checked, peppered, recorded with
//! the event that tells of it.
//!
//! It sees digests and masked displays, never a value, and judges nothing:
//! [`after_push`] is where those hook in who do.

pub mod checked;

use std::collections::HashSet;

use driftline_canon::{Environment, SourceName};
use driftline_compare::desired::{Pruned, Revision, Sheet, SheetItem, Standing, Standings, counted_until_ms};
use driftline_store::{Document as _, DocumentKind, EntryBody, EventKind, StoreError, numbered};

use crate::event;
use crate::judge::later::adopted;
use crate::record::Draft;
pub use checked::{Pushed, PushedSource, Refused};

/// Revisions that are kept of one selector beside those in force: some months
/// of daily deployments, to look back at.
const REVISIONS_KEPT_MAX: usize = 100;

/// Selectors of one environment for which something is in force: roles, and some
/// hundred hosts of their own.
const SELECTORS_MAX: usize = 1_000;

/// Settings of one environment that are in force. The judge has them in memory,
/// some hundred bytes each.
const ITEMS_IN_FORCE_MAX: u64 = 1_000_000;

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
    /// Its environment would have more in force than is kept in memory: why.
    TooMuch(String),
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
        let in_force = Standings::of(&all, draft.now_ms).standing(before) == Standing::Current;
        if same && in_force && pushed.expires_s.is_none() {
            return Ok(Recorded::Same(before.clone()));
        }
        if !same && !pushed.replace {
            return Ok(Recorded::Other(before.clone()));
        }
    }
    if let Some(said) = too_much(&all, &pushed, draft.now_ms) {
        return Ok(Recorded::TooMuch(said));
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

/// Why a push would make more be in force for its environment than may be; none
/// if it would not. A selector that is declared for already takes the place of
/// what was there.
fn too_much(all: &[Revision], pushed: &Pushed, now_ms: i64) -> Option<String> {
    let standings = Standings::of(all, now_ms);
    let beside = all.iter().filter(|one| {
        one.selector.environment == pushed.selector.environment
            && matches!(standings.standing(one), Standing::Current | Standing::PartlyCurrent)
    });
    let declared: HashSet<&SourceName> = pushed.sources.iter().map(|one| &one.source).collect();
    let (mut selectors, mut items) = (HashSet::new(), 0_u64);
    for one in beside {
        let is_own = one.selector == pushed.selector;
        if !is_own {
            selectors.insert(&one.selector);
        }
        let stay = one.sources.iter().filter(|(source, _)| !(is_own && declared.contains(source)));
        items += stay.map(|(_, items)| u64::from(*items)).sum::<u64>();
    }
    let environment = pushed.selector.environment.as_ref().map_or("the fleet", Environment::as_str);
    if selectors.len() >= SELECTORS_MAX {
        return Some(format!(
            "{environment} has {SELECTORS_MAX} selectors that are declared for, the most there may be"
        ));
    }
    let more: u64 = pushed.sources.iter().map(|one| one.items.len() as u64).sum();
    (items.saturating_add(more) > ITEMS_IN_FORCE_MAX)
        .then(|| format!("{environment} would have more than {ITEMS_IN_FORCE_MAX} settings in force"))
}

/// Lets go of the oldest revisions of a selector that nothing is held against
/// any more.
fn prune(draft: &mut Draft<'_>, mut all: Vec<Revision>, newest: &Revision) -> Result<(), StoreError> {
    all.retain(|one| one.selector == newest.selector);
    all.push(newest.clone());
    let standings = Standings::of(&all, newest.pushed_ms);
    let over = |one: &&Revision| matches!(standings.standing(one), Standing::Superseded | Standing::Expired);
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
