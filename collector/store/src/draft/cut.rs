//! Cutting a piece off the beginning of the history: the entries go with every
//! row of every index that tells of them, and the anchor moves.
//!
//! All of it is one commit, or nothing. It does not know why an entry is old or
//! why one is kept.

use std::collections::BTreeSet;

use crate::anchor::{Anchor, CUT_ENTRIES_MAX, Cut};
use crate::codec::{decode, decode_amended, decode_bounds, decode_counts, decode_entry, encode, encode_bounds};
use crate::codec::{encode_counts, split_history};
use crate::draft::Draft;
use crate::engine::{Direction, Flow};
use crate::error::StoreError;
use crate::layout::{
    META_ANCHOR, Span, Table, amended_key, hour, id_of, joined, minute, ordered, rejudged_key, severity_index,
    verdict_names,
};
use crate::posting;
use crate::query::Opens;
use crate::record::{Entry, EntryBody};

/// Entries of the piece, and what its last one leaves.
struct Piece {
    entries: Vec<Entry>,
    last_hash: [u8; 32],
}

impl Draft<'_> {
    pub(super) fn cut(&mut self, cut: &Cut) -> Result<(), StoreError> {
        let before = self.anchor()?;
        let from = before.as_ref().map_or(1, |anchor| anchor.first);
        if cut.first <= from {
            return Ok(());
        }
        let refused = |why: String| Err(StoreError::bug("cut the beginning off the history", why));
        if cut.first - from > CUT_ENTRIES_MAX {
            return refused(format!("{} entries at once", cut.first - from));
        }
        let announced_now = cut.announced.zip(self.committed.entries.last().copied());
        let announced_before = before.as_ref().map(|anchor| (anchor.announced, anchor.announced_by));
        let Some((announced, announced_by)) = announced_now.or(announced_before) else {
            return refused("nothing announced it".to_owned());
        };
        let last = cut.first - 1;
        if announced.0 < last || announced_by <= last {
            return refused(format!("only entries up to {} were announced, by {announced_by}", announced.0));
        }
        let piece = self.piece(from, last)?;
        let kept: BTreeSet<u64> = cut.keep.iter().copied().filter(|id| (from..=last).contains(id)).collect();
        self.take_out(&piece.entries, last, &kept)?;
        for entry in &piece.entries {
            self.uncount(entry, cut.first)?;
        }
        let gone = piece.entries.iter().filter(|entry| !kept.contains(&entry.id)).count() as u64;
        let newest_ms = piece.entries.iter().map(|entry| entry.recorded_ms).max().unwrap_or(i64::MIN);
        let anchor = Anchor {
            first: cut.first,
            before: piece.last_hash,
            removed: before.as_ref().map_or(0, |anchor| anchor.removed) + gone,
            newest_ms: before.map_or(newest_ms, |anchor| anchor.newest_ms.max(newest_ms)),
            cut_ms: self.now_ms,
            days: cut.days,
            policy: cut.policy,
            announced,
            announced_by,
        };
        self.put_anchor(&anchor)
    }

    /// Removes entries that were kept beside the chain; others are left alone.
    pub(super) fn drop_kept(&mut self, ids: &[u64]) -> Result<(), StoreError> {
        let Some(mut anchor) = self.anchor()? else { return Ok(()) };
        if ids.len() as u64 > CUT_ENTRIES_MAX {
            return Err(StoreError::bug("remove kept entries", format!("{} entries at once", ids.len())));
        }
        let mut entries = Vec::with_capacity(ids.len());
        for &id in ids.iter().filter(|id| **id < anchor.first) {
            if let Some(value) = self.read(Table::History, &id.to_be_bytes())? {
                entries.push(decode_entry(id, &value)?);
            }
        }
        let Some(last) = entries.iter().map(|entry| entry.id).max() else { return Ok(()) };
        let going: BTreeSet<u64> = entries.iter().map(|entry| entry.id).collect();
        for name in names_of(&entries) {
            self.rewrite(&name, 0, last, |id| !going.contains(&id), anchor.first)?;
        }
        for entry in &entries {
            self.remove_entry(entry)?;
        }
        anchor.removed += entries.len() as u64;
        self.put_anchor(&anchor)
    }

    fn anchor(&self) -> Result<Option<Anchor>, StoreError> {
        let bytes = self.read(Table::Meta, META_ANCHOR)?;
        bytes.map(|bytes| decode(Table::Meta, &bytes)).transpose()
    }

    fn put_anchor(&mut self, anchor: &Anchor) -> Result<(), StoreError> {
        self.writes.put(Table::Meta, META_ANCHOR, encode(Table::Meta, anchor)?);
        Ok(())
    }

    /// What is to be taken out: all of it, as earlier commits left it.
    fn piece(&self, from: u64, last: u64) -> Result<Piece, StoreError> {
        let mut piece = Piece { entries: Vec::new(), last_hash: [0; 32] };
        self.snapshot.scan(Table::History, &Span::ids(&[], from, last), Direction::Up, &mut |key, value| {
            let id = id_of(key).ok_or_else(|| StoreError::corrupt("read the history", "a key has no id"))?;
            piece.entries.push(decode_entry(id, value)?);
            piece.last_hash = *split_history(value)?.0;
            Ok(Flow::Go)
        })?;
        if piece.entries.len() as u64 != last - from + 1 {
            let why = format!("{} of entries {from} to {last} are there", piece.entries.len());
            return Err(StoreError::corrupt("cut the beginning off the history", why));
        }
        Ok(piece)
    }

    fn take_out(&mut self, entries: &[Entry], last: u64, kept: &BTreeSet<u64>) -> Result<(), StoreError> {
        let low = entries.first().map_or(0, |entry| entry.id);
        for name in names_of(entries) {
            // What is kept is found by its key, as its story is asked for.
            let by_key = name.0 == Table::ByKey;
            self.rewrite(&name, low, last, |id| id > last || (by_key && kept.contains(&id)), last + 1)?;
        }
        entries.iter().filter(|entry| !kept.contains(&entry.id)).try_for_each(|entry| self.remove_entry(entry))
    }

    /// Removes an entry, and the rows that are its alone.
    fn remove_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.writes.remove(Table::History, entry.id.to_be_bytes());
        match &entry.body {
            EntryBody::Amendment(one) => {
                let key = amended_key(one.host.as_str(), &one.agent_epoch, one.agent_seq);
                let row = self.read(Table::Amended, &key)?;
                if row.map(|bytes| decode_amended(&bytes)).transpose()?.is_some_and(|(_, id)| id == entry.id) {
                    self.writes.remove(Table::Amended, key);
                }
            }
            EntryBody::Rejudgement(one) => {
                self.writes.remove(Table::Rejudged, rejudged_key(one.later.change, entry.id));
            }
            EntryBody::Change(_) | EntryBody::Event(_) => {}
        }
        Ok(())
    }

    /// Takes ids out of the rows of an index that begin in `low..=high`. A row
    /// never lies across the beginning: what stays before `first` and what comes
    /// from there on are rows of their own.
    fn rewrite(
        &mut self,
        (table, name): &(Table, String),
        low: u64,
        high: u64,
        stays: impl Fn(u64) -> bool,
        first: u64,
    ) -> Result<(), StoreError> {
        let prefix = joined(&[name], &[]);
        let mut rows = Vec::new();
        self.snapshot.scan(*table, &Span::ids(&prefix, low, high), Direction::Up, &mut |key, value| {
            let id = id_of(key).ok_or_else(|| StoreError::corrupt("read an index", "a key has no id"))?;
            let entries = posting::decode(id, value);
            rows.push((key.to_vec(), entries.ok_or_else(|| StoreError::corrupt("read an index", "a row is none"))?));
            Ok(Flow::Go)
        })?;
        for (key, entries) in rows {
            let left: Vec<_> = entries.iter().copied().filter(|(id, _)| stays(*id)).collect();
            if left.len() == entries.len() {
                continue;
            }
            self.writes.remove(*table, key);
            let (before, after) = left.split_at(left.partition_point(|(id, _)| *id < first));
            for (id, bytes) in [before, after].into_iter().filter_map(posting::encode) {
                self.writes.put(*table, joined(&[name], &id.to_be_bytes()), bytes);
            }
        }
        Ok(())
    }

    /// Takes an entry out of the bounds of its hour and the counts of its minute.
    fn uncount(&mut self, entry: &Entry, first: u64) -> Result<(), StoreError> {
        let key = ordered(hour(entry.recorded_ms));
        if let Some(bytes) = self.read(Table::Hours, &key)? {
            let (low, high) = decode_bounds(&bytes)?;
            if high < first {
                self.writes.remove(Table::Hours, key);
            } else if low < first {
                self.writes.put(Table::Hours, key, encode_bounds(first, high));
            }
        }
        let EntryBody::Change(change) = &entry.body else { return Ok(()) };
        let key = joined(&[change.environment.as_str()], &ordered(minute(entry.recorded_ms)));
        if let Some(bytes) = self.read(Table::Counts, &key)? {
            let mut counts = decode_counts(&bytes)?;
            let at = usize::from(severity_index(change.severity));
            counts[at] = counts[at].saturating_sub(1);
            if counts == [0; 3] {
                self.writes.remove(Table::Counts, key);
            } else {
                self.writes.put(Table::Counts, key, encode_counts(counts));
            }
        }
        Ok(())
    }
}

/// Under which names of which indexes entries are found, each once.
fn names_of(entries: &[Entry]) -> BTreeSet<(Table, String)> {
    let mut names = BTreeSet::new();
    for entry in entries {
        match &entry.body {
            EntryBody::Change(change) => {
                names.insert((Table::ByEnvironment, change.environment.to_string()));
                names.insert((Table::ByHost, change.host.to_string()));
                names.insert((Table::ByKey, change.key.to_string()));
                let opens = change.beside.meaning.iter().flat_map(|meaning| Opens::names_of(meaning));
                names.extend(opens.map(|name| (Table::ByOpens, name.to_owned())));
                let verdict = verdict_names(change.verdict, change.environment.as_str());
                names.extend(verdict.into_iter().flatten().map(|name| (Table::ByVerdict, name)));
            }
            EntryBody::Event(event) => {
                names.extend(event.environment.iter().map(|name| (Table::ByEnvironment, name.to_string())));
                names.extend(event.host.iter().map(|name| (Table::ByHost, name.to_string())));
            }
            EntryBody::Amendment(one) => {
                names.insert((Table::ByEnvironment, one.environment.to_string()));
                names.insert((Table::ByHost, one.host.to_string()));
            }
            EntryBody::Rejudgement(one) => {
                names.insert((Table::ByEnvironment, one.environment.to_string()));
                names.insert((Table::ByHost, one.host.to_string()));
            }
        }
    }
    names
}
