//! What one commit will make of the state: the store's, overlaid with what the
//! steps before have decided.
//!
//! Steps read and write here as if each were committed alone. Puts of the same
//! record become one; appends stay in order.

mod judged;
mod latest;

use std::collections::BTreeMap;

use driftline_canon::{HostName, ItemKey, SourceName};
use driftline_store::{
    AlertRecord, Cut, Document, DocumentKind, EntryBody, HostRecord, HostStatus, ItemRecord, Operation, OperatorRecord,
    Reader, SourceRecord, StoreError, TokenRecord, Written,
};

use crate::judge::Judge;
use crate::notify::Routes;
pub use latest::Placed;

/// The state as it will be.
pub struct Draft<'a> {
    reader: &'a Reader,
    routes: &'a Routes,
    judge: Option<&'a Judge>,
    /// Entries that the store has.
    recorded: u64,
    /// The collector's time.
    pub now_ms: i64,
    hosts: BTreeMap<HostName, Kept<HostRecord>>,
    sources: BTreeMap<HostName, BTreeMap<SourceName, Kept<SourceRecord>>>,
    items: BTreeMap<HostName, BTreeMap<SourceName, BTreeMap<ItemKey, Kept<ItemRecord>>>>,
    tokens: BTreeMap<String, Kept<TokenRecord>>,
    operators: BTreeMap<String, Kept<OperatorRecord>>,
    documents: BTreeMap<(DocumentKind, String), Written>,
    forgotten: Vec<HostName>,
    appended: usize,
    /// Entries that no host made: they count for ids, not for its budget.
    past: usize,
    /// What was looked up for hosts, in entries: it counts for budgets, not for
    /// ids.
    looked_up: usize,
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
            judge: None,
            recorded: 0,
            now_ms,
            hosts: BTreeMap::new(),
            sources: BTreeMap::new(),
            items: BTreeMap::new(),
            tokens: BTreeMap::new(),
            operators: BTreeMap::new(),
            documents: BTreeMap::new(),
            forgotten: Vec::new(),
            appended: 0,
            past: 0,
            looked_up: 0,
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

    /// Every host that is not forgotten, by environment, then name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn hosts(&self) -> Result<Vec<HostRecord>, StoreError> {
        let stored = self.reader.hosts()?.into_iter();
        let mut all: BTreeMap<HostName, HostRecord> = stored.map(|host| (host.host.clone(), host)).collect();
        for (name, kept) in &self.hosts {
            match kept.value.as_ref().filter(|host| host.status != HostStatus::Forgotten) {
                Some(host) => _ = all.insert(name.clone(), host.clone()),
                None => _ = all.remove(name),
            }
        }
        let mut hosts: Vec<HostRecord> = all.into_values().collect();
        hosts.sort_by(|a, b| (&a.environment, &a.host).cmp(&(&b.environment, &b.host)));
        Ok(hosts)
    }

    /// Inserts or replaces a host.
    pub fn put_host(&mut self, host: HostRecord) {
        self.hosts.insert(host.host.clone(), Kept::made(Some(host)));
    }

    /// The same for a caller that puts it back before anybody else asks: no
    /// copy is made.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn take_host(&mut self, host: &HostName) -> Result<Option<HostRecord>, StoreError> {
        match self.hosts.get_mut(host) {
            Some(kept) => Ok(kept.value.take()),
            None => self.reader.host(host),
        }
    }

    /// Puts back as it was what [`Self::take_host`] gave.
    pub fn keep_host(&mut self, host: HostRecord) {
        keep(&mut self.hosts, host.host.clone(), host);
    }

    /// A source, for a caller that puts it back before anybody else asks: no
    /// copy is made.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn take_source(&mut self, host: &HostName, source: &SourceName) -> Result<Option<SourceRecord>, StoreError> {
        match self.sources.get_mut(host).and_then(|own| own.get_mut(source)) {
            Some(kept) => Ok(kept.value.take()),
            None if self.forgotten.contains(host) => Ok(None),
            None => self.reader.source(host, source),
        }
    }

    /// Puts back as it was what [`Self::take_source`] gave.
    pub fn keep_source(&mut self, source: SourceRecord) {
        let own = entry(&mut self.sources, &source.host);
        keep(own, source.source.clone(), source);
    }

    /// Every source of a host, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn sources(&mut self, host: &HostName) -> Result<Vec<SourceRecord>, StoreError> {
        let stored = if self.forgotten.contains(host) { Vec::new() } else { self.reader.sources(host)? };
        let mut all: BTreeMap<SourceName, SourceRecord> =
            stored.into_iter().map(|source| (source.source.clone(), source)).collect();
        let own = self.sources.get(host).into_iter().flatten();
        all.extend(own.filter_map(|(name, kept)| kept.value.clone().map(|value| (name.clone(), value))));
        Ok(all.into_values().collect())
    }

    /// Inserts or replaces a source.
    pub fn put_source(&mut self, source: SourceRecord) {
        let own = entry(&mut self.sources, &source.host);
        put(own, source.source.clone(), Some(source));
    }

    /// The items of these keys, in their order, for a caller that gives each
    /// key back to [`Self::put_items`] before anybody else asks: no copy is
    /// made.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn take_items<'k>(
        &mut self,
        host: &HostName,
        source: &SourceName,
        keys: impl Iterator<Item = &'k ItemKey>,
    ) -> Result<Vec<Option<ItemRecord>>, StoreError> {
        let mut own = self.items.get_mut(host).and_then(|sources| sources.get_mut(source));
        let (mut stored, mut taken) = (None, Vec::new());
        for key in keys {
            if let Some(kept) = own.as_mut().and_then(|own| own.get_mut(key)) {
                taken.push(kept.value.take());
                continue;
            }
            if self.forgotten.contains(host) {
                taken.push(None);
                continue;
            }
            let rows = match stored.take() {
                Some(rows) => rows,
                None => self.reader.items_of(host, source)?,
            };
            taken.push(stored.insert(rows).get(key)?);
        }
        Ok(taken)
    }

    /// One item.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn item(&self, host: &HostName, source: &SourceName, key: &ItemKey) -> Result<Option<ItemRecord>, StoreError> {
        let own = self.items.get(host).and_then(|sources| sources.get(source)).and_then(|own| own.get(key));
        match own {
            Some(kept) => Ok(kept.value.clone()),
            None if self.forgotten.contains(host) => Ok(None),
            None => self.reader.item(host, source, key),
        }
    }

    /// Every item of a source, by key.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn items(&mut self, host: &HostName, source: &SourceName) -> Result<BTreeMap<ItemKey, ItemRecord>, StoreError> {
        let stored = if self.forgotten.contains(host) { Vec::new() } else { self.reader.items(host, source)? };
        let mut all: BTreeMap<ItemKey, ItemRecord> = stored.into_iter().map(|item| (item.key.clone(), item)).collect();
        let Some(own) = self.items.get(host).and_then(|sources| sources.get(source)) else { return Ok(all) };
        for (key, kept) in own {
            match &kept.value {
                Some(value) => _ = all.insert(key.clone(), value.clone()),
                None => _ = all.remove(key),
            }
        }
        Ok(all)
    }

    /// Inserts, replaces or (with none) removes items of a source.
    pub fn put_items(
        &mut self,
        host: &HostName,
        source: &SourceName,
        items: impl IntoIterator<Item = (ItemKey, Option<ItemRecord>)>,
    ) {
        let own = entry(entry(&mut self.items, host), source);
        for (key, item) in items {
            put(own, key, item);
        }
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

    /// A document.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn document<D: Document>(&self, id: &str) -> Result<Option<D>, StoreError> {
        match self.documents.get(&(D::KIND, id.to_owned())) {
            Some(written) => written.read(),
            None => self.reader.document(id),
        }
    }

    /// The documents of a kind whose ids begin so, by id.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn documents<D: Document>(&self, prefix: &str) -> Result<Vec<D>, StoreError> {
        let stored = self.reader.documents::<D>(prefix)?;
        let mut all: BTreeMap<String, D> = stored.into_iter().map(|document| (document.id(), document)).collect();
        for ((_, id), written) in self.documents.range((D::KIND, prefix.to_owned())..) {
            if written.kind != D::KIND || !id.starts_with(prefix) {
                break;
            }
            match written.read::<D>()? {
                Some(document) => _ = all.insert(id.clone(), document),
                None => _ = all.remove(id),
            }
        }
        Ok(all.into_values().collect())
    }

    /// Inserts or replaces a document.
    ///
    /// # Errors
    /// See [`Written::put`].
    pub fn put_document<D: Document>(&mut self, document: &D) -> Result<(), StoreError> {
        let written = Written::put(document)?;
        self.documents.insert((written.kind, written.id.clone()), written);
        Ok(())
    }

    /// Removes a document; one that is not there is left so.
    pub fn remove_document(&mut self, kind: DocumentKind, id: &str) {
        self.documents.insert((kind, id.to_owned()), Written::remove(kind, id));
    }

    /// The last document of a kind, by id, where none is ever removed.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn last_document<D: Document>(&self) -> Result<Option<D>, StoreError> {
        let mut own = self.documents.range((D::KIND, String::new())..).filter(|((kind, _), _)| *kind == D::KIND);
        match own.next_back() {
            // Ids rise: what this commit wrote comes after what is stored.
            Some((_, written)) => written.read(),
            None => self.reader.last_document(""),
        }
    }

    /// Every operator, by name.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn operators(&self) -> Result<Vec<OperatorRecord>, StoreError> {
        let stored = self.reader.operators()?;
        let mut all: BTreeMap<String, OperatorRecord> =
            stored.into_iter().map(|operator| (operator.name.clone(), operator)).collect();
        let own = self.operators.values().filter_map(|kept| kept.value.clone());
        all.extend(own.map(|operator| (operator.name.clone(), operator)));
        Ok(all.into_values().collect())
    }

    /// Inserts or replaces an operator.
    pub fn put_operator(&mut self, operator: OperatorRecord) {
        self.operators.insert(operator.name.clone(), Kept::made(Some(operator)));
    }

    /// Forgets the sources and items of a host, those of earlier steps too.
    pub fn forget_sources(&mut self, host: &HostName) {
        self.sources.remove(host);
        self.items.remove(host);
        self.forgotten.push(host.clone());
    }

    /// What budgets are charged for so far: entries that were appended, and what
    /// was looked up as if it were some.
    #[must_use]
    pub fn charged(&self) -> usize {
        self.appended + self.looked_up
    }

    /// Appends to the history what belongs together, with the alerts that tell
    /// of it.
    pub fn append(&mut self, entries: Vec<EntryBody>) {
        if entries.is_empty() {
            return;
        }
        self.appended += entries.len();
        let alerts = self.routes.alerts(&entries);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// The same without an alert for one route: what tells of a receiver that
    /// takes nothing would only wait behind what it did not take.
    pub fn append_past(&mut self, route: &str, entries: Vec<EntryBody>) {
        self.past += entries.len();
        let mut alerts = self.routes.alerts(&entries);
        alerts.retain(|(name, _)| name != route);
        self.rest.push(Operation::Append { entries, alerts });
    }

    /// Cuts a piece off the beginning of the history, with the event that
    /// announces it.
    pub fn cut(&mut self, cut: Cut, told: Option<EntryBody>) {
        if let Some(told) = told {
            self.past += 1;
            let entries = vec![told];
            let alerts = self.routes.alerts(&entries);
            self.rest.push(Operation::Append { entries, alerts });
        }
        self.rest.push(Operation::Cut(cut));
    }

    /// Removes entries that were kept beside the chain.
    pub fn drop_kept(&mut self, ids: Vec<u64>) {
        self.rest.push(Operation::DropKept(ids));
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
        // First: what later steps put for the same host stays.
        let mut operations: Vec<Operation> = self.forgotten.into_iter().map(Operation::RemoveSources).collect();
        operations.extend(changed(self.hosts).map(Operation::PutHost));
        operations.extend(self.sources.into_values().flat_map(changed).map(Operation::PutSource));
        operations.extend(changed(self.tokens).map(Operation::PutToken));
        operations.extend(changed(self.operators).map(Operation::PutOperator));
        for (host, sources) in self.items {
            for (source, own) in sources {
                items_of(&host, source, own, &mut operations);
            }
        }
        operations.extend(self.documents.into_values().map(Operation::Document));
        operations.extend(self.rest);
        operations
    }
}

fn items_of(
    host: &HostName,
    source: SourceName,
    own: BTreeMap<ItemKey, Kept<ItemRecord>>,
    operations: &mut Vec<Operation>,
) {
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
        operations.push(Operation::RemoveItems { host: host.clone(), source, keys });
    }
}

/// What a map has under a key, begun if there is nothing.
fn entry<'m, K: Ord + Clone, V: Default>(map: &'m mut BTreeMap<K, V>, key: &K) -> &'m mut V {
    map.entry(key.clone()).or_default()
}

fn put<K: Ord, T: Clone>(map: &mut BTreeMap<K, Kept<T>>, key: K, value: Option<T>) {
    map.insert(key, Kept::made(value));
}

/// Puts a value back; whether it was changed stays as it was.
fn keep<K: Ord, T: Clone>(map: &mut BTreeMap<K, Kept<T>>, key: K, value: T) {
    map.entry(key).or_insert_with(|| Kept::read(None)).value = Some(value);
}

fn changed<K, T>(kept: BTreeMap<K, Kept<T>>) -> impl Iterator<Item = T> {
    kept.into_values().filter(|kept| kept.changed).filter_map(|kept| kept.value)
}
