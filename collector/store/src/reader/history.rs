//! Reading the history: one entry, pages of them, the chain.
//!
//! A query takes the index that narrows it most, then the flags in the index
//! row, and reads an entry only when both leave it a chance.

use std::collections::VecDeque;

use driftline_canon::{Actor, HostName, ItemKey, SourceName};
use driftline_compare::judge::later::Later;

use crate::anchor::{Anchor, CUT_ENTRIES_MAX};
use crate::chain::{ChainVerifier, VerifyReport};
use crate::codec::{Head, decode, decode_amended, decode_bounds, decode_entry, split_history};
use crate::engine::{Direction, Flow};
use crate::error::StoreError;
use crate::layout::{Flags, META_ANCHOR, Span, Table, amended_key, hour, id_of, joined, ordered};
use crate::posting;
use crate::query::{EntryQuery, Page, SCAN_ROWS_MAX};
use crate::reader::Reader;
use crate::record::{Change, Entry, EntryBody};
use crate::writer::head_of;

/// Who made a change, as its agent said later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amended {
    /// The entry that says it.
    pub id: u64,
    /// When it was recorded.
    pub recorded_ms: i64,
    /// Who it was.
    pub actor: Box<Actor>,
}

/// What became known of a change later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejudged {
    /// The entry that says it.
    pub id: u64,
    /// When it was recorded.
    pub recorded_ms: i64,
    /// What it is now, and why.
    pub later: Later,
}

/// Entries that say what one change is now and are looked at, at most: there are
/// three things that it can become.
const REJUDGED_MAX: usize = 16;

/// Entries between two calls of a progress function.
const PROGRESS_EVERY: u64 = 10_000;

impl Reader {
    /// One entry.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn entry(&self, id: u64) -> Result<Option<Entry>, StoreError> {
        let value = self.snapshot.get(Table::History, &id.to_be_bytes())?;
        value.map(|value| decode_entry(id, &value)).transpose()
    }

    /// One page of the entries that match. Looks at [`SCAN_ROWS_MAX`] rows at
    /// most; `next` says where to go on, and nothing is left out in between.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn entries(&self, query: &EntryQuery) -> Result<Page, StoreError> {
        if query.wants_only_changes() && query.wants_only_events() {
            return Ok(Page::default());
        }
        let Some((low, high)) = self.id_bounds(query)? else { return Ok(Page::default()) };
        let (table, prefix) = index_for(query);
        let direction = if query.newest_first { Direction::Down } else { Direction::Up };
        let from = self.row_of(table, &prefix, low)?;
        let (mut page, mut rows, mut last) = (Page::default(), 0, 0);
        self.snapshot.scan(table, &Span::ids(&prefix, from, high), direction, &mut |key, value| {
            let mut row = Row::of(table, key, value)?;
            while let Some((id, flags)) = row.next(direction) {
                if !(low..=high).contains(&id) {
                    continue;
                }
                if rows == SCAN_ROWS_MAX || page.entries.len() == query.page_size() {
                    page.next = Some(last);
                    return Ok(Flow::Stop);
                }
                rows += 1;
                last = id;
                if let Some(entry) = self.candidate(query, id, flags, value)?
                    && self.answers(query, &entry)?
                {
                    page.entries.push(entry);
                }
            }
            Ok(Flow::Go)
        })?;
        Ok(page)
    }

    /// Whether an entry is an answer, with what amends it.
    fn answers(&self, query: &EntryQuery, entry: &Entry) -> Result<bool, StoreError> {
        let (Some(wanted), EntryBody::Change(change)) = (&query.actor, &entry.body) else {
            return Ok(query.matches(entry));
        };
        if !query.matches_but_actor(entry) {
            return Ok(false);
        }
        let later = self.amendment(change)?;
        let actor = later.as_ref().map(|later| &later.actor).or(change.beside.actor.as_ref());
        Ok(actor.is_some_and(|actor| wanted.matches(actor)))
    }

    /// What was said later of who made a change, with when: if it is at least
    /// as sure as what was said with the change.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn amendment(&self, change: &Change) -> Result<Option<Amended>, StoreError> {
        let key = amended_key(change.host.as_str(), &change.agent_epoch, change.agent_seq);
        let Some(bytes) = self.snapshot.get(Table::Amended, &key)? else { return Ok(None) };
        let (confidence, id) = decode_amended(&bytes)?;
        if change.beside.actor.as_ref().is_some_and(|actor| actor.confidence > confidence) {
            return Ok(None);
        }
        let Some(Entry { recorded_ms, body: EntryBody::Amendment(amendment), .. }) = self.entry(id)? else {
            return Err(StoreError::corrupt("read an amendment", format!("entry {id} is none")));
        };
        // The row is this agent's; which source it means, it says itself.
        Ok((amendment.source == change.source).then_some(Amended { id, recorded_ms, actor: amendment.actor }))
    }

    /// What became known of a change later, in that order.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn rejudged(&self, change: u64) -> Result<Vec<Rejudged>, StoreError> {
        let mut ids = Vec::new();
        let span = Span::ids(&change.to_be_bytes(), 0, u64::MAX);
        self.snapshot.scan(Table::Rejudged, &span, Direction::Up, &mut |key, _| {
            ids.extend(id_of(key));
            Ok(if ids.len() < REJUDGED_MAX { Flow::Go } else { Flow::Stop })
        })?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            match self.entry(id)? {
                Some(Entry { recorded_ms, body: EntryBody::Rejudgement(one), .. }) => {
                    found.push(Rejudged { id, recorded_ms, later: one.later });
                }
                _ => return Err(StoreError::corrupt("read what a change is now", format!("entry {id} is none"))),
            }
        }
        Ok(found)
    }

    /// The id under which a row lies that may hold this one.
    fn row_of(&self, table: Table, prefix: &[u8], id: u64) -> Result<u64, StoreError> {
        let mut first = id;
        if table == Table::History {
            return Ok(first);
        }
        self.snapshot.scan(table, &Span::ids(prefix, 0, id), Direction::Down, &mut |key, _| {
            first = id_of(key).ok_or_else(|| StoreError::corrupt("read an index", "a key has no id"))?;
            Ok(Flow::Stop)
        })?;
        Ok(first)
    }

    /// What became of a key, newest first: an [`EntryQuery`] by its exact name,
    /// for one host and source or for all.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn key_history(
        &self,
        key: &ItemKey,
        host: Option<&HostName>,
        source: Option<&SourceName>,
        limit: usize,
        before_id: Option<u64>,
    ) -> Result<Page, StoreError> {
        self.entries(&EntryQuery {
            host: host.cloned(),
            source: source.cloned(),
            key: Some(key.clone()),
            kept_too: true,
            before_id,
            limit,
            newest_first: true,
            ..EntryQuery::default()
        })
    }

    /// Id and hash of the newest entry; 0 and zeros while there is none.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn head(&self) -> Result<(u64, [u8; 32]), StoreError> {
        let head = self.head_record()?;
        Ok((head.entry, head.hash))
    }

    /// Checks the whole chain. `progress` gets the entries checked so far and
    /// their number.
    ///
    /// # Errors
    /// See [`Self::host`]; a broken chain is no error but the report.
    pub fn verify(&self, mut progress: impl FnMut(u64, u64)) -> Result<VerifyReport, StoreError> {
        let head = self.head()?;
        let anchor = self.anchor()?;
        let mut verifier = anchor.map_or_else(ChainVerifier::default, |anchor| ChainVerifier::from(&anchor));
        self.chain(1, |id, body, hash| {
            if id.is_multiple_of(PROGRESS_EVERY) {
                progress(id, head.0);
            }
            verifier.push(id, body, hash)
        })?;
        progress(head.0, head.0);
        Ok(verifier.finish_at(head))
    }

    /// Shows every link of the chain from an id on, or from its beginning if that
    /// is later: id, encoded body, hash. Stops early when the visitor says
    /// `false`.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn chain(&self, from_id: u64, mut visit: impl FnMut(u64, &[u8], &[u8; 32]) -> bool) -> Result<(), StoreError> {
        let span = Span::ids(&[], from_id.max(self.first_id()?), u64::MAX);
        self.snapshot.scan(Table::History, &span, Direction::Up, &mut |key, value| {
            let id = id_of(key).ok_or_else(|| StoreError::corrupt("read the history", "a key has no id"))?;
            let (hash, body) = split_history(value)?;
            Ok(if visit(id, body, hash) { Flow::Go } else { Flow::Stop })
        })
    }

    /// Where the history begins, if its oldest entries were removed.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn anchor(&self) -> Result<Option<Anchor>, StoreError> {
        let bytes = self.snapshot.get(Table::Meta, META_ANCHOR)?;
        bytes.map(|bytes| decode(Table::Meta, &bytes)).transpose()
    }

    fn first_id(&self) -> Result<u64, StoreError> {
        Ok(self.anchor()?.map_or(1, |anchor| anchor.first))
    }

    /// The highest id up to which every entry was recorded before a time, to
    /// the hour; 0 if there is none. A clock that stepped back makes it lower.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn recorded_before(&self, time_ms: i64) -> Result<u64, StoreError> {
        let mut last = self.head_record()?.entry;
        let from = ordered(hour(time_ms)).to_vec();
        self.snapshot.scan(Table::Hours, &Span { from, to: None }, Direction::Up, &mut |_, value| {
            last = last.min(decode_bounds(value)?.0.saturating_sub(1));
            Ok(Flow::Go)
        })?;
        Ok(last)
    }

    /// Hash of an entry.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn hash_of(&self, id: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let value = self.snapshot.get(Table::History, &id.to_be_bytes())?;
        value.map(|value| split_history(&value).map(|(hash, _)| *hash)).transpose()
    }

    /// Entries with ids in a range, those kept beside the chain among them; at
    /// most [`CUT_ENTRIES_MAX`].
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn oldest(&self, low: u64, high: u64) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        self.snapshot.scan(Table::History, &Span::ids(&[], low, high), Direction::Up, &mut |key, value| {
            if entries.len() as u64 == CUT_ENTRIES_MAX {
                return Ok(Flow::Stop);
            }
            let id = id_of(key).ok_or_else(|| StoreError::corrupt("read the history", "a key has no id"))?;
            entries.push(decode_entry(id, value)?);
            Ok(Flow::Go)
        })?;
        Ok(entries)
    }

    pub(crate) fn head_record(&self) -> Result<Head, StoreError> {
        head_of(&self.snapshot)
    }

    /// An entry, unless what the index says of it rules it out. The history
    /// itself (no flags) has the entry in its row.
    fn candidate(
        &self,
        query: &EntryQuery,
        id: u64,
        flags: Option<Flags>,
        value: &[u8],
    ) -> Result<Option<Entry>, StoreError> {
        let Some(flags) = flags else { return decode_entry(id, value).map(Some) };
        let hopeless = query.min_severity.is_some_and(|least| flags.severity < least)
            || (flags.change && query.wants_only_events())
            || (!flags.change && query.wants_only_changes());
        if hopeless {
            return Ok(None);
        }
        let entry = self.entry(id)?;
        let missing = || StoreError::corrupt("read the history", format!("entry {id} is indexed but not there"));
        entry.ok_or_else(missing).map(Some)
    }

    /// Lowest and highest id that can match, from cursors and times.
    fn id_bounds(&self, query: &EntryQuery) -> Result<Option<(u64, u64)>, StoreError> {
        let mut low = query.after_id.map_or(1, |after| after.saturating_add(1));
        let mut high = query.before_id.map_or(u64::MAX, |before| before.saturating_sub(1));
        let first = self.first_id()?;
        if query.reaches_back() && first > 1 {
            // No hour tells of what is kept beside the chain.
            return Ok((low <= high).then_some((low, high)));
        }
        low = low.max(first);
        if query.since_ms.is_some() || query.until_ms.is_some() {
            let from = query.since_ms.map(|since| ordered(hour(since)).to_vec()).unwrap_or_default();
            let to = query.until_ms.map(|until| ordered(hour(until) + 1).to_vec());
            let (mut lowest, mut highest) = (u64::MAX, 0);
            self.snapshot.scan(Table::Hours, &Span { from, to }, Direction::Up, &mut |_, value| {
                let (first, last) = decode_bounds(value)?;
                lowest = lowest.min(first);
                highest = highest.max(last);
                Ok(Flow::Go)
            })?;
            low = low.max(lowest);
            high = high.min(highest);
        }
        Ok((low <= high).then_some((low, high)))
    }
}

/// The entries of one row: one of the history, or those of an index row.
struct Row(VecDeque<(u64, Option<Flags>)>);

impl Row {
    fn of(table: Table, key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        let first = id_of(key).ok_or_else(|| StoreError::corrupt("read an index", "a key has no id"))?;
        if table == Table::History {
            return Ok(Self([(first, None)].into()));
        }
        let entries = posting::decode(first, value);
        let entries = entries.ok_or_else(|| StoreError::corrupt("read an index", "a row is none"))?;
        Ok(Self(entries.into_iter().map(|(id, flags)| (id, Some(flags))).collect()))
    }

    fn next(&mut self, direction: Direction) -> Option<(u64, Option<Flags>)> {
        match direction {
            Direction::Up => self.0.pop_front(),
            Direction::Down => self.0.pop_back(),
        }
    }
}

/// The index that narrows a query most, and the prefix to read in it.
fn index_for(query: &EntryQuery) -> (Table, Vec<u8>) {
    if let Some(key) = query.exact_key() {
        (Table::ByKey, joined(&[key], &[]))
    } else if let Some([everywhere, here]) = query.verdict_names() {
        (Table::ByVerdict, joined(&[if query.environment.is_some() { &here } else { &everywhere }], &[]))
    } else if let Some(opens) = query.opens {
        (Table::ByOpens, joined(&[opens.as_str()], &[]))
    } else if let Some(host) = &query.host {
        (Table::ByHost, joined(&[host.as_str()], &[]))
    } else if let Some(environment) = &query.environment {
        (Table::ByEnvironment, joined(&[environment.as_str()], &[]))
    } else {
        (Table::History, Vec::new())
    }
}
