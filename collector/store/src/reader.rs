//! What the store knows, as of one commit.
//!
//! It reads and decodes; it judges nothing. Every call is bounded in memory by
//! what it returns, and those over the history by named limits.

mod history;
mod then;

pub use history::{Amended, Rejudged};
pub use then::{ANOTHER_FORM, ENTRIES_WALKED_MAX, HostThen, SourceThen};

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline_canon::{Environment, HostName, ItemKey, SourceName};
use serde::de::DeserializeOwned;

use crate::codec::{ItemView, decode, decode_counts};
use crate::engine::{Direction, Flow, Rows, Snapshot};
use crate::error::StoreError;
use crate::layout::{Span, Table, from_ordered, item_key, joined, minute, ordered, source_key};
use crate::record::{AlertRecord, HostRecord, HostStatus, ItemRecord, OperatorRecord, SourceRecord, TokenRecord};
use crate::store::Shared;

/// Alerts that one call hands out, at most: more than any sender has open.
pub const OUTBOX_DUE_MAX: usize = 1_000;

/// Changes of an environment by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeverityCounts {
    /// Informational.
    pub info: u64,
    /// Warnings.
    pub warning: u64,
    /// Critical ones.
    pub critical: u64,
}

/// The state of the store as of one commit.
pub struct Reader {
    pub(crate) snapshot: Snapshot,
    /// Keeps the store open: redb ends its readers when it closes.
    _store: Arc<Shared>,
}

/// The items of one source.
pub struct SourceItems<'a> {
    rows: Rows<'a>,
    prefix: Vec<u8>,
}

impl SourceItems<'_> {
    /// One of them.
    ///
    /// # Errors
    /// See [`Reader::host`].
    pub fn get(&self, key: &ItemKey) -> Result<Option<ItemRecord>, StoreError> {
        let row = [self.prefix.as_slice(), key.as_str().as_bytes()].concat();
        self.rows.get(&row)?.map(|bytes| decode(Table::Items, &bytes)).transpose()
    }
}

impl Reader {
    pub(crate) fn new(snapshot: Snapshot, store: Arc<Shared>) -> Self {
        Self { snapshot, _store: store }
    }

    /// One host.
    ///
    /// # Errors
    /// When the engine cannot read, or a record does not decode. The same is
    /// true of every call below.
    pub fn host(&self, host: &HostName) -> Result<Option<HostRecord>, StoreError> {
        self.record(Table::Hosts, host.as_str().as_bytes())
    }

    /// Every host that is not forgotten, by environment, then name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn hosts(&self) -> Result<Vec<HostRecord>, StoreError> {
        let mut hosts: Vec<HostRecord> = self.records(Table::Hosts, &Span::all())?;
        hosts.retain(|host| host.status != HostStatus::Forgotten);
        hosts.sort_by(|a, b| (&a.environment, &a.host).cmp(&(&b.environment, &b.host)));
        Ok(hosts)
    }

    /// One source of a host.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn source(&self, host: &HostName, source: &SourceName) -> Result<Option<SourceRecord>, StoreError> {
        self.record(Table::Sources, &source_key(host.as_str(), source.as_str()))
    }

    /// Every source of a host, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn sources(&self, host: &HostName) -> Result<Vec<SourceRecord>, StoreError> {
        self.records(Table::Sources, &Span::below(&[host.as_str()]))
    }

    /// One item.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn item(&self, host: &HostName, source: &SourceName, key: &ItemKey) -> Result<Option<ItemRecord>, StoreError> {
        self.record(Table::Items, &item_key(host.as_str(), source.as_str(), key.as_str()))
    }

    /// The items of one source, to look up many of them.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn items_of(&self, host: &HostName, source: &SourceName) -> Result<SourceItems<'_>, StoreError> {
        let prefix = joined(&[host.as_str(), source.as_str()], b"");
        Ok(SourceItems { rows: self.snapshot.rows(Table::Items)?, prefix })
    }

    /// Every item of a source, by key.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn items(&self, host: &HostName, source: &SourceName) -> Result<Vec<ItemRecord>, StoreError> {
        self.records(Table::Items, &Span::below(&[host.as_str(), source.as_str()]))
    }

    /// Shows every item of some hosts, in order of the hosts given, then of
    /// source and key, without an allocation per item. Sources come with
    /// retired ones; items without a source record are not shown.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn scan_items(
        &self,
        hosts: &[HostName],
        mut visit: impl FnMut(&HostName, &SourceRecord, ItemView<'_>),
    ) -> Result<(), StoreError> {
        for host in hosts {
            for source in self.sources(host)? {
                self.scan_items_of(host, &source.source, |item| visit(host, &source, item))?;
            }
        }
        Ok(())
    }

    /// Shows every item of one source, in order of keys.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn scan_items_of(
        &self,
        host: &HostName,
        source: &SourceName,
        mut visit: impl FnMut(ItemView<'_>),
    ) -> Result<(), StoreError> {
        let span = Span::below(&[host.as_str(), source.as_str()]);
        self.snapshot.scan(Table::Items, &span, Direction::Up, &mut |_, value| {
            visit(ItemView::decode(value)?);
            Ok(Flow::Go)
        })
    }

    /// One token, by its id.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn token(&self, id: &str) -> Result<Option<TokenRecord>, StoreError> {
        self.record(Table::Tokens, id.as_bytes())
    }

    /// Every token, by id.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.records(Table::Tokens, &Span::all())
    }

    /// One operator, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn operator(&self, name: &str) -> Result<Option<OperatorRecord>, StoreError> {
        self.record(Table::Operators, name.as_bytes())
    }

    /// Every operator, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn operators(&self) -> Result<Vec<OperatorRecord>, StoreError> {
        self.records(Table::Operators, &Span::all())
    }

    /// Whose bearer token has this SHA-256. Revoked operators are found too.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn operator_by_token_hash(&self, hash: &[u8; 32]) -> Result<Option<OperatorRecord>, StoreError> {
        match self.snapshot.get(Table::OperatorTokens, hash)? {
            Some(name) => self.record(Table::Operators, &name),
            None => Ok(None),
        }
    }

    /// Alerts whose time has come, longest due first; at most
    /// [`OUTBOX_DUE_MAX`].
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn outbox_due(&self, now_ms: i64, limit: usize) -> Result<Vec<AlertRecord>, StoreError> {
        let limit = limit.min(OUTBOX_DUE_MAX);
        let to = now_ms.checked_add(1).map(|end| ordered(end).to_vec());
        let mut ids = Vec::new();
        self.snapshot.scan(Table::OutboxDue, &Span { from: Vec::new(), to }, Direction::Up, &mut |key, _| {
            if ids.len() == limit {
                return Ok(Flow::Stop);
            }
            ids.extend(key.last_chunk::<8>().copied());
            Ok(Flow::Go)
        })?;
        let missing = || StoreError::corrupt("read the outbox", "a due alert is not in it");
        ids.iter().map(|id| self.record(Table::Outbox, id)?.ok_or_else(missing)).collect()
    }

    /// Alerts of one route with ids above `after`, by id; at most
    /// [`OUTBOX_DUE_MAX`]. For a sender that keeps the order of a route.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn outbox_of(&self, route: &str, after: u64, limit: usize) -> Result<Vec<AlertRecord>, StoreError> {
        let limit = limit.min(OUTBOX_DUE_MAX);
        let from = after.saturating_add(1).to_be_bytes().to_vec();
        let mut alerts: Vec<AlertRecord> = Vec::new();
        self.snapshot.scan(Table::Outbox, &Span { from, to: None }, Direction::Up, &mut |_, value| {
            if alerts.len() == limit {
                return Ok(Flow::Stop);
            }
            let alert: AlertRecord = decode(Table::Outbox, value)?;
            alerts.extend((alert.route == route).then_some(alert));
            Ok(Flow::Go)
        })?;
        Ok(alerts)
    }

    /// When the next alert is due; none when the outbox is empty.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn outbox_next_ms(&self) -> Result<Option<i64>, StoreError> {
        let mut next = None;
        self.snapshot.scan(Table::OutboxDue, &Span::all(), Direction::Up, &mut |key, _| {
            next = key.first_chunk::<8>().map(|time| from_ordered(*time));
            Ok(Flow::Stop)
        })?;
        Ok(next)
    }

    /// The first entry that a waiting alert tells of; none when the outbox is
    /// empty. Reads all of it.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn outbox_first_entry(&self) -> Result<Option<u64>, StoreError> {
        let mut first: Option<u64> = None;
        self.snapshot.scan(Table::Outbox, &Span::all(), Direction::Up, &mut |_, value| {
            let alert: AlertRecord = decode(Table::Outbox, value)?;
            first = first.into_iter().chain(alert.entries).min();
            Ok(Flow::Go)
        })?;
        Ok(first)
    }

    /// How many alerts wait.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn outbox_len(&self) -> Result<u64, StoreError> {
        Ok(self.head_record()?.outbox)
    }

    /// Changes recorded since a time, rounded down to its minute, by
    /// environment and severity. Environments without one are left out. Costs
    /// one row per environment and minute with changes.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn change_counts(&self, since_ms: i64) -> Result<BTreeMap<Environment, SeverityCounts>, StoreError> {
        let mut found = BTreeMap::new();
        let mut after = Span::all();
        while let Some(environment) = self.first_environment(&after)? {
            let below = Span::below(&[environment.as_str()]);
            let from = joined(&[environment.as_str()], &ordered(minute(since_ms)));
            let mut counts = SeverityCounts::default();
            let span = Span { from, to: below.to.clone() };
            self.snapshot.scan(Table::Counts, &span, Direction::Up, &mut |_, value| {
                let [info, warning, critical] = decode_counts(value)?;
                counts.info += info;
                counts.warning += warning;
                counts.critical += critical;
                Ok(Flow::Go)
            })?;
            if counts != SeverityCounts::default() {
                found.insert(environment, counts);
            }
            after = Span { from: below.to.unwrap_or_default(), to: None };
        }
        Ok(found)
    }

    fn first_environment(&self, span: &Span) -> Result<Option<Environment>, StoreError> {
        let mut first = None;
        self.snapshot.scan(Table::Counts, span, Direction::Up, &mut |key, _| {
            let name = key.split(|&byte| byte == 0).next().unwrap_or_default();
            let name = std::str::from_utf8(name).ok().and_then(|name| Environment::new(name).ok());
            first = Some(name.ok_or_else(|| StoreError::corrupt("read the counts", "a key has no environment"))?);
            Ok(Flow::Stop)
        })?;
        Ok(first)
    }

    fn record<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.snapshot.get(table, key)?.map(|bytes| decode(table, &bytes)).transpose()
    }

    fn records<T: DeserializeOwned>(&self, table: Table, span: &Span) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        self.snapshot.scan(table, span, Direction::Up, &mut |_, value| {
            records.push(decode(table, value)?);
            Ok(Flow::Go)
        })?;
        Ok(records)
    }
}
