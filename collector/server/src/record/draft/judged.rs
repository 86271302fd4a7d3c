//! What hosts told on its way into the history: judged, and told of now, later
//! or not at all.
//!
//! The verdict and who is to wait for it are decided in [`crate::judge`].

use driftline_store::{Entry, EntryBody, HostRecord, Operation, Reader, StoreError};

use super::Draft;
use crate::judge::{Judge, Moment, book};

impl<'a> Draft<'a> {
    /// The same draft, with somebody who judges what hosts changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn judged(mut self, judge: &'a Judge) -> Result<Self, StoreError> {
        self.recorded = self.reader.head()?.0;
        self.judge = Some(judge);
        Ok(self)
    }

    /// The state before this commit.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        self.reader
    }

    /// Who judges, if anybody does.
    #[must_use]
    pub fn judge(&self) -> Option<&'a Judge> {
        self.judge
    }

    /// Whether the steps so far changed what is judged by: later ones then wait
    /// for the next commit.
    #[must_use]
    pub fn changes_the_book(&self) -> bool {
        self.documents.keys().any(|(kind, _)| book::counts(*kind))
    }

    /// Appends what a host told: each change gets its verdict here, by what
    /// the steps before it made.
    pub fn append_judged(&mut self, host: &HostRecord, mut entries: Vec<EntryBody>) {
        let Some(judge) = self.judge.filter(|_| !entries.is_empty()) else { return self.append(entries) };
        let before = u64::try_from(self.appended + self.past).unwrap_or(u64::MAX);
        let first_id = self.recorded.saturating_add(before).saturating_add(1);
        let told = entries.len();
        let untold = judge.record(host, &mut entries, Moment { now_ms: self.now_ms, first_id });
        let mut silent = untold.quiet;
        for (index, held) in untold.held {
            // One that cannot be put is told of at once.
            if !silent.contains(&index) && self.put_document(&held).is_ok() {
                silent.push(index);
            }
        }
        // What the collector adds is not the host's.
        self.past += entries.len().saturating_sub(told);
        self.appended += told;
        let alerts = self.routes.alerts_but(&entries, &silent);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// Appends what a host said of earlier changes, and what the collector makes
    /// of it, which is not the host's.
    pub fn append_amended(&mut self, amendment: EntryBody, rejudged: Vec<EntryBody>) {
        self.past += rejudged.len();
        self.appended += 1;
        let entries: Vec<EntryBody> = [amendment].into_iter().chain(rejudged).collect();
        let alerts = self.routes.alerts(&entries);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// Tells of entries of earlier commits. Gives how many alerts that makes.
    pub fn alert(&mut self, entries: Vec<Entry>) -> usize {
        let bodies: Vec<EntryBody> = entries.iter().map(|entry| entry.body.clone()).collect();
        let alerts = self.routes.alerts(&bodies);
        let count = alerts.len();
        for (route, indexes) in alerts {
            let told = indexes.iter().filter_map(|&index| entries.get(usize::try_from(index).ok()?).cloned());
            self.rest.push(Operation::Alert { route, entries: told.collect() });
        }
        count
    }
}
