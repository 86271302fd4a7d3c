//! The hosts that watch a source, and what they have of it: each different
//! value of a key once, with the hosts beside it.
//!
//! It reads; it holds nothing against anything.

use std::collections::BTreeMap;

use driftline_canon::{ItemKey, ProblemKind};
use driftline_compare::drift::Rule;
use driftline_compare::drift::observe::Held;
use driftline_store::{HostRecord, ItemRecord, Reader, SourceRecord, StoreError};

use super::{Keys, Unit};
use crate::drift::given::{Given, Said, Wanted};
use crate::drift::marks::{is_blind, may_speak};

/// One host that watches the source, or did.
pub(super) struct Row {
    pub(super) host: HostRecord,
    pub(super) source: SourceRecord,
    /// What it should have.
    pub(super) said: Said,
    /// Whether what is there now is not known: it could not be read, nobody
    /// watches it any more, or its host may not speak.
    pub(super) blind: bool,
    /// Whether the file is not there.
    pub(super) absent: bool,
}

impl Row {
    /// Whether it can tell of a key. Of a file that is gone only that is told.
    pub(super) fn has_a_say(&self, key: &ItemKey) -> bool {
        !self.blind && (!self.absent || key.is_metadata())
    }

    /// What it should have at a key, whoever says so.
    pub(super) fn wanted(&self, key: &ItemKey) -> Option<&Wanted> {
        let by = |rule| self.said.by(rule, key).wanted();
        by(Rule::Desired).or(by(Rule::Baseline))
    }

    /// What its digests were made with.
    pub(super) fn making(&self) -> (u32, u32) {
        (self.host.fleet_key_epoch, self.host.canonical_form)
    }

    /// When its source changed last, by the collector's clock.
    pub(super) fn changed_ms(&self, now_ms: i64) -> i64 {
        self.source.observed_ms.saturating_sub(self.host.skew_ms).min(now_ms)
    }

    /// Whether anything waits for a restart.
    pub(super) fn is_pending(&self) -> bool {
        self.source.problems.iter().any(|problem| problem.kind == ProblemKind::Pending)
    }
}

/// The hosts of a role that watch a source, or did: what was open on one that no
/// longer does is not over.
pub(super) fn read(
    reader: &Reader,
    hosts: &[HostRecord],
    given: &mut Given,
    (environment, role, name): &Unit,
    now_ms: i64,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for host in hosts.iter().filter(|host| host.environment == *environment && host.role == *role) {
        let Some(source) = reader.source(&host.host, name)? else { continue };
        let said = if given.is_empty() { Said::default() } else { given.said(reader, host, name, now_ms)? };
        let blind = source.retired || !may_speak(host) || is_blind(&source);
        rows.push(Row { host: host.clone(), source, said, blind, absent: false });
    }
    for row in &mut rows {
        let state = reader.item(&row.host.host, name, &ItemKey::metadata(ItemKey::STATE))?;
        let shown = state.as_ref().and_then(|item| item.display.as_ref()).map(|display| display.as_str().to_owned());
        row.absent = shown.as_deref() == Some("absent");
        row.blind |= matches!(shown.as_deref(), Some("unreadable" | "refused"));
    }
    Ok(rows)
}

/// What the hosts have, by key.
#[derive(Default)]
pub(super) struct Column {
    cells: BTreeMap<ItemKey, Cell>,
    secrets: bool,
}

#[derive(Default)]
struct Cell {
    groups: Vec<Held>,
    /// (row, group), rows rising.
    rows: Vec<(usize, usize)>,
    latest_ms: i64,
}

/// Reads what a look at these keys needs.
pub(super) fn column(reader: &Reader, rows: &[Row], keys: &Keys) -> Result<Column, StoreError> {
    let mut column = Column::default();
    for (index, row) in rows.iter().enumerate() {
        match keys {
            Keys::All => {
                for item in reader.items(&row.host.host, &row.source.source)? {
                    column.add(index, item);
                }
            }
            Keys::Some(keys) => {
                let items = reader.items_of(&row.host.host, &row.source.source)?;
                for key in keys {
                    if let Some(item) = items.get(key)? {
                        column.add(index, item);
                    }
                }
            }
        }
    }
    Ok(column)
}

impl Column {
    fn add(&mut self, row: usize, item: ItemRecord) {
        self.secrets |= item.secret;
        let cell = self.cells.entry(item.key).or_default();
        cell.latest_ms = cell.latest_ms.max(item.since_ms);
        let known = cell.groups.iter().position(|group| group.digest == item.digest.0);
        let group = known.unwrap_or(cell.groups.len());
        match cell.groups.get_mut(group) {
            Some(held) => {
                held.since_ms = held.since_ms.min(item.since_ms);
                held.secret |= item.secret;
            }
            None => {
                let (digest, secret, since_ms) = (item.digest.0, item.secret, item.since_ms);
                cell.groups.push(Held { digest, secret, display: item.display, since_ms });
            }
        }
        cell.rows.push((row, group));
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &ItemKey> {
        self.cells.keys()
    }

    pub(super) fn has_secrets(&self) -> bool {
        self.secrets
    }

    /// What a row has.
    pub(super) fn held(&self, row: usize, key: &ItemKey) -> Option<&Held> {
        let cell = self.cells.get(key)?;
        let at = cell.rows.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        cell.groups.get(cell.rows.get(at)?.1)
    }

    /// When the last of them changed.
    pub(super) fn latest_ms(&self, key: &ItemKey) -> i64 {
        self.cells.get(key).map_or(0, |cell| cell.latest_ms)
    }
}
