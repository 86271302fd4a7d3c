//! A batch on its way to the disk: the writes that its operations come to.
//!
//! It reads through what it has written so far, so that a later operation of a
//! batch sees an earlier one. Nothing here touches the disk but to read.

mod cut;

use std::collections::BTreeMap;

use crate::batch::{Batch, Committed, Operation};
use crate::chain::entry_hash;
use crate::codec::{
    Head, decode, decode_amended, decode_bounds, decode_counts, encode, encode_amended, encode_bounds, encode_counts,
    encode_history,
};
use crate::engine::{Direction, Flow, Snapshot, WriteSet};
use crate::error::StoreError;
use crate::layout::{
    Flags, META_HEAD, Span, Table, amended_key, due_key, hour, item_key, joined, minute, ordered, rejudged_key,
    severity_index, source_key, verdict_names,
};
use crate::posting::Postings;
use crate::query::Opens;
use crate::record::{AlertRecord, Amendment, Change, EntryBody, Event, OperatorRecord, Rejudgement};

pub(crate) struct Draft<'a> {
    snapshot: &'a Snapshot,
    writes: WriteSet,
    head: Head,
    now_ms: i64,
    indexes: Indexes,
    /// Changes by environment and severity.
    counts: BTreeMap<String, [u64; 3]>,
    committed: Committed,
}

/// Index rows of the batch that are not written yet.
struct Indexes {
    environment: Postings,
    host: Postings,
    key: Postings,
    opens: Postings,
    verdict: Postings,
}

impl Default for Indexes {
    fn default() -> Self {
        Self {
            environment: Postings::new(Table::ByEnvironment),
            host: Postings::new(Table::ByHost),
            key: Postings::new(Table::ByKey),
            opens: Postings::new(Table::ByOpens),
            verdict: Postings::new(Table::ByVerdict),
        }
    }
}

impl Indexes {
    fn all(self) -> [Postings; 5] {
        [self.environment, self.host, self.key, self.opens, self.verdict]
    }
}

impl<'a> Draft<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, head: Head, now_ms: i64) -> Self {
        Self {
            snapshot,
            writes: WriteSet::default(),
            head,
            now_ms,
            indexes: Indexes::default(),
            counts: BTreeMap::new(),
            committed: Committed::default(),
        }
    }

    /// The writes of a batch, where the history stands after them, and what
    /// the caller is told.
    pub(crate) fn carry_out(mut self, batch: &Batch) -> Result<(WriteSet, Head, Committed), StoreError> {
        for operation in &batch.operations {
            self.apply(operation)?;
        }
        self.total()?;
        self.head.commit += 1;
        self.writes.put(Table::Meta, META_HEAD, encode(Table::Meta, &self.head)?);
        Ok((self.writes, self.head, self.committed))
    }

    fn apply(&mut self, operation: &Operation) -> Result<(), StoreError> {
        match operation {
            Operation::PutHost(host) => {
                self.writes.put(Table::Hosts, host.host.as_str(), encode(Table::Hosts, host)?);
            }
            Operation::PutSource(source) => {
                let key = source_key(source.host.as_str(), source.source.as_str());
                self.writes.put(Table::Sources, key, encode(Table::Sources, source)?);
            }
            Operation::PutItems { host, source, items } => {
                for item in items {
                    let key = item_key(host.as_str(), source.as_str(), item.key.as_str());
                    self.writes.put(Table::Items, key, encode(Table::Items, item)?);
                }
            }
            Operation::RemoveItems { host, source, keys } => {
                for key in keys {
                    self.writes.remove(Table::Items, item_key(host.as_str(), source.as_str(), key.as_str()));
                }
            }
            Operation::RemoveSources(host) => {
                self.remove_below(Table::Sources, host.as_str())?;
                self.remove_below(Table::Items, host.as_str())?;
            }
            Operation::Append { entries, alerts } => self.append(entries, alerts)?,
            Operation::Alert { route, entries } => {
                self.make_alert(route, entries.iter().map(|entry| entry.id).collect())?;
            }
            Operation::AlertDone(id) => self.alert_done(*id)?,
            Operation::AlertDeferred { id, attempts, next_attempt_ms } => {
                self.alert_deferred(*id, *attempts, *next_attempt_ms)?;
            }
            Operation::PutToken(token) => {
                self.writes.put(Table::Tokens, token.id.as_str(), encode(Table::Tokens, token)?);
            }
            Operation::PutOperator(operator) => self.put_operator(operator)?,
            Operation::Document(written) => match written.row() {
                (key, Some(bytes)) => self.writes.put(Table::Documents, key, bytes),
                (key, None) => self.writes.remove(Table::Documents, key),
            },
            Operation::Cut(cut) => self.cut(cut)?,
            Operation::DropKept(ids) => self.drop_kept(ids)?,
        }
        Ok(())
    }

    fn append(&mut self, entries: &[EntryBody], alerts: &[(String, Vec<u32>)]) -> Result<(), StoreError> {
        let first = self.committed.entries.len();
        for body in entries {
            self.append_entry(body)?;
        }
        for (route, told) in alerts {
            let appended = &self.committed.entries[first..];
            let told = told.iter().map(|&index| {
                let id = usize::try_from(index).ok().and_then(|index| appended.get(index));
                id.copied().ok_or_else(|| StoreError::bug("make an alert", format!("no entry {index} in its step")))
            });
            let told = told.collect::<Result<Vec<_>, _>>()?;
            self.make_alert(route, told)?;
        }
        Ok(())
    }

    fn append_entry(&mut self, body: &EntryBody) -> Result<(), StoreError> {
        let id = self.head.entry + 1;
        let mut row = encode_history(self.now_ms, body)?;
        let Some((place, encoded)) = row.split_first_chunk_mut::<32>() else {
            return Err(StoreError::bug("append an entry", "it has no room for its hash"));
        };
        let hash = entry_hash(&self.head.hash, id, encoded);
        *place = hash;
        self.writes.put(Table::History, id.to_be_bytes(), row);
        match body {
            EntryBody::Change(change) => self.index_change(id, change),
            EntryBody::Event(event) => self.index_event(id, event),
            EntryBody::Amendment(amendment) => self.index_amendment(id, amendment)?,
            EntryBody::Rejudgement(one) => self.index_rejudgement(id, one),
        }
        self.head.entry = id;
        self.head.hash = hash;
        self.committed.entries.push(id);
        Ok(())
    }

    fn index_change(&mut self, id: u64, change: &Change) {
        let flags = Flags { change: true, severity: change.severity };
        self.indexes.environment.add(change.environment.as_str(), id, flags, &mut self.writes);
        self.indexes.host.add(change.host.as_str(), id, flags, &mut self.writes);
        self.indexes.key.add(change.key.as_str(), id, flags, &mut self.writes);
        for name in change.beside.meaning.iter().flat_map(|meaning| Opens::names_of(meaning)) {
            self.indexes.opens.add(name, id, flags, &mut self.writes);
        }
        for name in verdict_names(change.verdict, change.environment.as_str()).into_iter().flatten() {
            self.indexes.verdict.add(&name, id, flags, &mut self.writes);
        }
        let environment = change.environment.as_str();
        let counts = match self.counts.get_mut(environment) {
            Some(counts) => counts,
            None => self.counts.entry(environment.to_owned()).or_default(),
        };
        counts[usize::from(severity_index(change.severity))] += 1;
    }

    fn index_event(&mut self, id: u64, event: &Event) {
        let flags = Flags { change: false, severity: event.severity };
        if let Some(environment) = &event.environment {
            self.indexes.environment.add(environment.as_str(), id, flags, &mut self.writes);
        }
        if let Some(host) = &event.host {
            self.indexes.host.add(host.as_str(), id, flags, &mut self.writes);
        }
    }

    /// The surest amendment of a record counts, of equally sure ones the last.
    fn index_amendment(&mut self, id: u64, amendment: &Amendment) -> Result<(), StoreError> {
        let flags = Flags { change: false, severity: amendment.severity };
        self.indexes.environment.add(amendment.environment.as_str(), id, flags, &mut self.writes);
        self.indexes.host.add(amendment.host.as_str(), id, flags, &mut self.writes);
        let key = amended_key(amendment.host.as_str(), &amendment.agent_epoch, amendment.agent_seq);
        let surer = match self.read(Table::Amended, &key)? {
            Some(bytes) => decode_amended(&bytes)?.0 > amendment.actor.confidence,
            None => false,
        };
        if !surer {
            self.writes.put(Table::Amended, key, encode_amended(amendment.actor.confidence, id));
        }
        Ok(())
    }

    fn index_rejudgement(&mut self, id: u64, one: &Rejudgement) {
        let flags = Flags { change: false, severity: one.severity };
        self.indexes.environment.add(one.environment.as_str(), id, flags, &mut self.writes);
        self.indexes.host.add(one.host.as_str(), id, flags, &mut self.writes);
        self.writes.put(Table::Rejudged, rejudged_key(one.later.change, id), []);
    }

    /// Adds what the entries of the batch came to: index rows, counts, and the
    /// bounds of the hour.
    fn total(&mut self) -> Result<(), StoreError> {
        for index in std::mem::take(&mut self.indexes).all() {
            index.finish(&mut self.writes);
        }
        for (environment, more) in std::mem::take(&mut self.counts) {
            let key = joined(&[&environment], &ordered(minute(self.now_ms)));
            let mut counts = match self.read(Table::Counts, &key)? {
                Some(bytes) => decode_counts(&bytes)?,
                None => [0; 3],
            };
            for (count, more) in counts.iter_mut().zip(more) {
                *count += more;
            }
            self.writes.put(Table::Counts, key, encode_counts(counts));
        }
        let (Some(first), Some(last)) = (self.committed.entries.first(), self.committed.entries.last()) else {
            return Ok(());
        };
        let key = ordered(hour(self.now_ms));
        let low = match self.read(Table::Hours, &key)? {
            Some(bytes) => decode_bounds(&bytes)?.0,
            None => *first,
        };
        self.writes.put(Table::Hours, key, encode_bounds(low, *last));
        Ok(())
    }

    /// Removes what the store and this batch have below a name.
    fn remove_below(&mut self, table: Table, name: &str) -> Result<(), StoreError> {
        let span = Span::below(&[name]);
        let mut keys = self.writes.keys_within(table, &span);
        self.snapshot.scan(table, &span, Direction::Up, &mut |key, _| {
            keys.push(key.to_vec());
            Ok(Flow::Go)
        })?;
        for key in keys {
            self.writes.remove(table, key);
        }
        Ok(())
    }

    /// An alert that would tell of nothing is not made.
    fn make_alert(&mut self, route: &str, entries: Vec<u64>) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.head.alert += 1;
        let id = self.head.alert;
        let alert = AlertRecord { id, route: route.to_owned(), entries, attempts: 0, next_attempt_ms: self.now_ms };
        self.put_alert(&alert)?;
        self.head.outbox += 1;
        self.committed.alerts.push(id);
        Ok(())
    }

    fn put_alert(&mut self, alert: &AlertRecord) -> Result<(), StoreError> {
        self.writes.put(Table::Outbox, alert.id.to_be_bytes(), encode(Table::Outbox, alert)?);
        self.writes.put(Table::OutboxDue, due_key(alert.next_attempt_ms, alert.id), []);
        Ok(())
    }

    /// An alert that is gone already is left so: deliveries may be told twice.
    fn alert_done(&mut self, id: u64) -> Result<(), StoreError> {
        if let Some(alert) = self.alert(id)? {
            self.writes.remove(Table::Outbox, id.to_be_bytes());
            self.writes.remove(Table::OutboxDue, due_key(alert.next_attempt_ms, id));
            self.head.outbox = self.head.outbox.saturating_sub(1);
        }
        Ok(())
    }

    fn alert_deferred(&mut self, id: u64, attempts: u32, next_attempt_ms: i64) -> Result<(), StoreError> {
        if let Some(mut alert) = self.alert(id)? {
            self.writes.remove(Table::OutboxDue, due_key(alert.next_attempt_ms, id));
            alert.attempts = attempts;
            alert.next_attempt_ms = next_attempt_ms;
            self.put_alert(&alert)?;
        }
        Ok(())
    }

    fn alert(&self, id: u64) -> Result<Option<AlertRecord>, StoreError> {
        let bytes = self.read(Table::Outbox, &id.to_be_bytes())?;
        bytes.map(|bytes| decode(Table::Outbox, &bytes)).transpose()
    }

    fn put_operator(&mut self, operator: &OperatorRecord) -> Result<(), StoreError> {
        if let Some(bytes) = self.read(Table::Operators, operator.name.as_bytes())? {
            let before: OperatorRecord = decode(Table::Operators, &bytes)?;
            self.writes.remove(Table::OperatorTokens, before.token_hash);
        }
        self.writes.put(Table::Operators, operator.name.as_str(), encode(Table::Operators, operator)?);
        self.writes.put(Table::OperatorTokens, operator.token_hash, operator.name.as_bytes());
        Ok(())
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(table, key) {
            Some(written) => Ok(written.map(<[u8]>::to_vec)),
            None => self.snapshot.get(table, key),
        }
    }
}

#[cfg(test)]
mod tests;
