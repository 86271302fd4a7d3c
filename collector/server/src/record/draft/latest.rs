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

impl Draft<'_> {
    /// Shows the changes of one record of a host, and says whether these are all
    /// of them: an old record's are no longer looked for.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn latest_changes(
        &mut self,
        host: &HostName,
        epoch: &[u8],
        seq: u64,
        mut visit: impl FnMut(&Change),
    ) -> Result<bool, StoreError> {
        let mut found = false;
        for operation in self.rest.iter().rev().take(PENDING_LOOKED_AT) {
            let Operation::Append { entries, .. } = operation else { continue };
            for change in entries.iter().filter_map(change_of).filter(|change| change.host == *host) {
                if change.agent_epoch == epoch && change.agent_seq == seq {
                    found = true;
                    visit(change);
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
            self.appended += page.entries.len() / LOOKED_AT_PER_ENTRY;
            for change in page.entries.iter().filter_map(|entry| change_of(&entry.body)) {
                if change.agent_epoch != epoch || change.agent_seq < seq {
                    return Ok(true);
                }
                if change.agent_seq == seq {
                    visit(change);
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
