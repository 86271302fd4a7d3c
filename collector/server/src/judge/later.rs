//! Adoption: a push declares what earlier changes had made around CI/CD.
//!
//! The changes are not rewritten; each gets an entry that says which revision
//! adopted it.

use std::collections::HashMap;

use driftline_canon::{ItemKey, SourceName};
use driftline_compare::desired::{Revision, Sheet};
use driftline_compare::judge::later::{adopted as is_adopted, verdict_now};
use driftline_compare::{Mark, Verdict};
use driftline_store::{Change, Entry, EntryBody, EntryQuery, PAGE_ENTRIES_MAX, StoreError};

use crate::record::Draft;

/// Verdicts of changes that may be adopted, where something was given. What
/// could not be judged at all has nothing to be forgiven.
const ADOPTABLE: [Verdict; 3] = [Verdict::OutOfBand, Verdict::ContentMismatch, Verdict::WindowOnly];

/// Pages of such changes that one push looks at, for each verdict: the newest
/// 5,000. Whoever has more of them open has other worries than their marks.
const PAGES_MAX: usize = 5;

/// How far back a push looks: as long as the history is kept.
const SINCE_MS: i64 = 90 * 86_400_000;

/// Notes the earlier changes whose content a push declares: call it in the step
/// that puts the revision. Gives how many there were.
///
/// # Errors
/// When the store cannot be read.
pub fn adopted(draft: &mut Draft<'_>, revision: &Revision, sheets: &[Sheet]) -> Result<usize, StoreError> {
    let declared = Declared::of(sheets);
    let mut entries = Vec::new();
    for verdict in ADOPTABLE {
        let mut query = EntryQuery {
            environment: revision.selector.environment.clone(),
            host: revision.selector.host.clone(),
            verdict: Some(verdict),
            since_ms: Some(draft.now_ms.saturating_sub(SINCE_MS)),
            limit: PAGE_ENTRIES_MAX,
            newest_first: true,
            ..EntryQuery::default()
        };
        for _ in 0..PAGES_MAX {
            let page = draft.reader().entries(&query)?;
            for entry in &page.entries {
                entries.extend(adopts(draft, revision, &declared, entry)?);
            }
            let Some(next) = page.next else { break };
            query = query.continued(next);
        }
    }
    let count = entries.len();
    draft.append(entries);
    Ok(count)
}

/// What a push declares, by source and key.
struct Declared<'a>(HashMap<&'a SourceName, HashMap<&'a ItemKey, &'a [u8; 32]>>);

impl<'a> Declared<'a> {
    fn of(sheets: &'a [Sheet]) -> Self {
        let items = |sheet: &'a Sheet| sheet.items.iter().map(|item| (&item.key, &item.digest)).collect();
        Self(sheets.iter().map(|sheet| (&sheet.source, items(sheet))).collect())
    }

    /// Whether it has what a change left.
    fn has(&self, change: &Change) -> bool {
        let Some(items) = self.0.get(&change.source) else { return false };
        let left = change.after.as_ref().map(|side| &side.digest.0);
        match items.get(&change.key) {
            Some(digest) => left == Some(*digest),
            None => left.is_none() && !change.key.is_metadata() && change.key.ordered_list().is_none(),
        }
    }
}

fn adopts(
    draft: &Draft<'_>,
    revision: &Revision,
    declared: &Declared<'_>,
    entry: &Entry,
) -> Result<Option<EntryBody>, StoreError> {
    let EntryBody::Change(change) = &entry.body else { return Ok(None) };
    if !revision.selector.matches(&change.environment, &change.role, &change.host) || !declared.has(change) {
        return Ok(None);
    }
    let known = draft.reader().rejudged(entry.id)?;
    if known.iter().any(|one| one.later.mark == Mark::Adopted) {
        return Ok(None);
    }
    let times = (entry.recorded_ms, revision.pushed_ms);
    // What turned out to be meant needs no adopting.
    let verdict = verdict_now(change.verdict, known.iter().map(|one| &one.later));
    let later = is_adopted(entry.id, verdict, times, &revision.revision);
    Ok(later.map(|later| EntryBody::Rejudgement(super::rejudged(change, change.verdict, later))))
}

#[cfg(test)]
mod tests;
