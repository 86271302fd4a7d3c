//! The changes of one record, for what is said of it later.
//!
//! It looks back from now, and not for ever: whoever asks is told whether all
//! of them were found.

use driftline_canon::HostName;
use driftline_store::{Change, EntryBody, EntryFilter, EntryQuery, Operation, StoreError};

use super::Draft;

/// Changes of a host among which those of an amended record are looked for: an
/// amendment comes within seconds, and few records are larger.
const CHANGES_LOOKED_AT: usize = 2_048;

/// So many are read at once.
const CHANGES_PAGE: usize = 128;

/// What is looked at costs a host as much history as this part of it would:
/// nobody keeps the writer busy with amendments.
const LOOKED_AT_PER_ENTRY: usize = 32;

/// The same for steps of this commit: about what an agent may have on its way.
const PENDING_LOOKED_AT: usize = 256;

/// A change, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    /// Its place in the history.
    pub id: u64,
    /// When it was recorded.
    pub recorded_ms: i64,
    /// It.
    pub change: &'a Change,
}

impl Draft<'_> {
    /// Entries that the steps so far append, whoever they are charged to.
    fn appended_in_all(&self) -> usize {
        let of = |operation: &Operation| match operation {
            Operation::Append { entries, .. } => entries.len(),
            _ => 0,
        };
        self.rest.iter().map(of).sum()
    }

    /// Shows the changes of one record of a host, each with its place in the
    /// history and when it was recorded, and says whether these are all of them:
    /// an old record's are no longer looked for.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn latest_changes(
        &mut self,
        host: &HostName,
        epoch: &[u8],
        seq: u64,
        mut visit: impl FnMut(Placed<'_>),
    ) -> Result<bool, StoreError> {
        let (mut found, recorded_ms) = (false, self.now_ms);
        let mut next = self.recorded.saturating_add(u64::try_from(self.appended_in_all()).unwrap_or(u64::MAX));
        for operation in self.rest.iter().rev().take(PENDING_LOOKED_AT) {
            let Operation::Append { entries, .. } = operation else { continue };
            next = next.saturating_sub(u64::try_from(entries.len()).unwrap_or(u64::MAX));
            for (id, entry) in (next.saturating_add(1)..).zip(entries) {
                let Some(change) = change_of(entry).filter(|change| change.host == *host) else { continue };
                if change.agent_epoch == epoch && change.agent_seq == seq {
                    found = true;
                    visit(Placed { id, recorded_ms, change });
                }
            }
        }
        if found {
            // All changes of a record are appended at once.
            return Ok(true);
        }
        let mut query = EntryQuery {
            host: Some(host.clone()),
            filter: EntryFilter::Changes,
            limit: CHANGES_PAGE,
            newest_first: true,
            ..EntryQuery::default()
        };
        for _ in 0..CHANGES_LOOKED_AT / CHANGES_PAGE {
            let page = self.reader.entries(&query)?;
            self.looked_up += page.entries.len() / LOOKED_AT_PER_ENTRY;
            for entry in &page.entries {
                let Some(change) = change_of(&entry.body) else { continue };
                if change.agent_epoch != epoch || change.agent_seq < seq {
                    return Ok(true);
                }
                if change.agent_seq == seq {
                    visit(Placed { id: entry.id, recorded_ms: entry.recorded_ms, change });
                }
            }
            let Some(next) = page.next else { return Ok(true) };
            query = query.continued(next);
        }
        Ok(false)
    }
}

fn change_of(body: &EntryBody) -> Option<&Change> {
    match body {
        EntryBody::Change(change) => Some(change),
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
    }
}
