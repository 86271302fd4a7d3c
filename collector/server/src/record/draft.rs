//! What one commit will make of the state: the store's, overlaid with what the
//! steps before have decided.
//!
//! Steps read and write here as if each were committed alone. Puts of the same
//! record become one; appends stay in order.

use std::collections::BTreeMap;

use driftline_canon::{HostName, ItemKey, SourceName};
use driftline_store::{
    AlertRecord, EntryBody, HostRecord, ItemRecord, Operation, OperatorRecord, Reader, SourceRecord, StoreError,
    TokenRecord,
};

use crate::notify::Routes;

type SourceId = (HostName, SourceName);

/// The state as it will be.
pub struct Draft<'a> {
    reader: &'a Reader,
    routes: &'a Routes,
    /// The collector's time.
    pub now_ms: i64,
    hosts: BTreeMap<HostName, Kept<HostRecord>>,
    sources: BTreeMap<SourceId, Kept<SourceRecord>>,
    items: BTreeMap<SourceId, BTreeMap<ItemKey, Kept<ItemRecord>>>,
    tokens: BTreeMap<String, Kept<TokenRecord>>,
    rest: Vec<Operation>,
}

/// A record as read, or as it will be.
struct Kept<T> {
    value: Option<T>,
    changed: bool,
}

impl<T: Clone> Kept<T> {
    fn read(value: Option<T>) -> Self {
        Self { value, changed: false }
    }

    fn made(value: Option<T>) -> Self {
        Self { value, changed: true }
    }
}

impl<'a> Draft<'a> {
    /// Nothing decided yet.
    #[must_use]
    pub fn new(reader: &'a Reader, now_ms: i64, routes: &'a Routes) -> Self {
        Self {
            reader,
            routes,
            now_ms,
            hosts: BTreeMap::new(),
            sources: BTreeMap::new(),
            items: BTreeMap::new(),
            tokens: BTreeMap::new(),
            rest: Vec::new(),
        }
    }

    /// A host.
    ///
    /// # Errors
    /// When the store cannot be read; the same is true of every read below.
    pub fn host(&mut self, host: &HostName) -> Result<Option<HostRecord>, StoreError> {
        if let Some(kept) = self.hosts.get(host) {
            return Ok(kept.value.clone());
        }
        let value = self.reader.host(host)?;
        self.hosts.insert(host.clone(), Kept::read(value.clone()));
        Ok(value)
    }

    /// Inserts or replaces a host.
    pub fn put_host(&mut self, host: HostRecord) {
        self.hosts.insert(host.host.clone(), Kept::made(Some(host)));
    }

    /// A source.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn source(&mut self, host: &HostName, source: &SourceName) -> Result<Option<SourceRecord>, StoreError> {
        let id = (host.clone(), source.clone());
        if let Some(kept) = self.sources.get(&id) {
            return Ok(kept.value.clone());
        }
        let value = self.reader.source(host, source)?;
        self.sources.insert(id, Kept::read(value.clone()));
        Ok(value)
    }

    /// Every source of a host, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn sources(&mut self, host: &HostName) -> Result<Vec<SourceRecord>, StoreError> {
        let stored = self.reader.sources(host)?;
        let mut all: BTreeMap<SourceName, SourceRecord> =
            stored.into_iter().map(|source| (source.source.clone(), source)).collect();
        let own = self.sources.iter().filter(|((of, _), _)| of == host);
        all.extend(own.filter_map(|((_, name), kept)| kept.value.clone().map(|value| (name.clone(), value))));
        Ok(all.into_values().collect())
    }

    /// Inserts or replaces a source.
    pub fn put_source(&mut self, source: SourceRecord) {
        let id = (source.host.clone(), source.source.clone());
        self.sources.insert(id, Kept::made(Some(source)));
    }

    /// One item.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn item(
        &mut self,
        host: &HostName,
        source: &SourceName,
        key: &ItemKey,
    ) -> Result<Option<ItemRecord>, StoreError> {
        let of_source = self.items.entry((host.clone(), source.clone())).or_default();
        if let Some(kept) = of_source.get(key) {
            return Ok(kept.value.clone());
        }
        let value = self.reader.item(host, source, key)?;
        of_source.insert(key.clone(), Kept::read(value.clone()));
        Ok(value)
    }

    /// Every item of a source, by key.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn items(&mut self, host: &HostName, source: &SourceName) -> Result<BTreeMap<ItemKey, ItemRecord>, StoreError> {
        let stored = self.reader.items(host, source)?;
        let mut all: BTreeMap<ItemKey, ItemRecord> = stored.into_iter().map(|item| (item.key.clone(), item)).collect();
        let Some(own) = self.items.get(&(host.clone(), source.clone())) else { return Ok(all) };
        for (key, kept) in own {
            match &kept.value {
                Some(value) => _ = all.insert(key.clone(), value.clone()),
                None => _ = all.remove(key),
            }
        }
        Ok(all)
    }

    /// Inserts or replaces an item.
    pub fn put_item(&mut self, host: &HostName, source: &SourceName, item: ItemRecord) {
        let of_source = self.items.entry((host.clone(), source.clone())).or_default();
        of_source.insert(item.key.clone(), Kept::made(Some(item)));
    }

    /// Removes an item.
    pub fn remove_item(&mut self, host: &HostName, source: &SourceName, key: ItemKey) {
        self.items.entry((host.clone(), source.clone())).or_default().insert(key, Kept::made(None));
    }

    /// A token.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn token(&mut self, id: &str) -> Result<Option<TokenRecord>, StoreError> {
        if let Some(kept) = self.tokens.get(id) {
            return Ok(kept.value.clone());
        }
        let value = self.reader.token(id)?;
        self.tokens.insert(id.to_owned(), Kept::read(value.clone()));
        Ok(value)
    }

    /// Inserts or replaces a token.
    pub fn put_token(&mut self, token: TokenRecord) {
        self.tokens.insert(token.id.clone(), Kept::made(Some(token)));
    }

    /// Inserts or replaces an operator.
    pub fn put_operator(&mut self, operator: OperatorRecord) {
        self.rest.push(Operation::PutOperator(operator));
    }

    /// Appends to the history what belongs together, with the alerts that tell
    /// of it.
    pub fn append(&mut self, entries: Vec<EntryBody>) {
        if entries.is_empty() {
            return;
        }
        let alerts = self.routes.alerts(&entries);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// The same without an alert for one route: what tells of a receiver that
    /// takes nothing would only wait behind what it did not take.
    pub fn append_past(&mut self, route: &str, entries: Vec<EntryBody>) {
        let mut alerts = self.routes.alerts(&entries);
        alerts.retain(|(name, _)| name != route);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// Takes an alert out of the outbox.
    pub fn alert_done(&mut self, id: u64) {
        self.rest.push(Operation::AlertDone(id));
    }

    /// Puts an alert off.
    pub fn alert_deferred(&mut self, alert: &AlertRecord, next_attempt_ms: i64) {
        self.rest.push(Operation::AlertDeferred { id: alert.id, attempts: alert.attempts, next_attempt_ms });
    }

    /// The operations that make it so.
    #[must_use]
    pub fn finish(self) -> Vec<Operation> {
        let mut operations: Vec<Operation> = Vec::new();
        operations.extend(changed(self.hosts).map(Operation::PutHost));
        operations.extend(changed(self.sources).map(Operation::PutSource));
        operations.extend(changed(self.tokens).map(Operation::PutToken));
        for ((host, source), own) in self.items {
            let (mut items, mut keys) = (Vec::new(), Vec::new());
            for (key, kept) in own.into_iter().filter(|(_, kept)| kept.changed) {
                match kept.value {
                    Some(item) => items.push(item),
                    None => keys.push(key),
                }
            }
            if !items.is_empty() {
                operations.push(Operation::PutItems { host: host.clone(), source: source.clone(), items });
            }
            if !keys.is_empty() {
                operations.push(Operation::RemoveItems { host, source, keys });
            }
        }
        operations.extend(self.rest);
        operations
    }
}

fn changed<K, T>(kept: BTreeMap<K, Kept<T>>) -> impl Iterator<Item = T> {
    kept.into_values().filter(|kept| kept.changed).filter_map(|kept| kept.value)
}
