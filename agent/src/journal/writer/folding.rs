//! When the journal is full: its oldest half is folded source by source, and
//! what still does not fit is dropped, oldest first. A gap says so.
//!
//! Folded records get new numbers, so a new epoch begins: a number that the
//! collector may have seen never stands for something else.

use std::collections::BTreeMap;

use super::amend;
use crate::config::JournalBounds;
use crate::journal::entry::{Body, Entry};
use crate::journal::fold::{Folding, folded_gap};
use crate::journal::recovery::new_epoch;
use crate::journal::store::{Changes, StoreError};

/// When age is looked at again after folding by age would have gained nothing,
/// as a part of the bound: an old journal is not read over and over.
const AGE_PARTS: i64 = 64;

/// Folds if the journal is over a bound; true if it did. `look_ms` becomes the
/// time before which no record can be too old, or folding gains too little.
pub(super) fn fold_if_full(
    changes: &mut Changes<'_>,
    bounds: JournalBounds,
    now_ms: i64,
    look_ms: &mut i64,
) -> Result<bool, StoreError> {
    let too_old = now_ms.saturating_sub(bounds.age_max_ms);
    let over = changes.meta.bytes > bounds.bytes_max;
    let oldest_ms = changes.record_head(changes.meta.first_seq)?.map_or(now_ms, |entry| entry.observed_ms);
    *look_ms = oldest_ms.saturating_add(bounds.age_max_ms);
    if !over && oldest_ms >= too_old {
        return Ok(false);
    }
    *look_ms = now_ms.saturating_add(bounds.age_max_ms / AGE_PARTS);
    let Some(runs) = runs(changes, bounds, too_old)? else {
        return Ok(false);
    };
    amend::merge(changes)?;
    let mut lost = Lost::default();
    for seqs in runs.into_values().filter(|seqs| seqs.len() > 1) {
        fold_run(changes, &seqs, &mut lost)?;
    }
    let room = bounds.bytes_max / 4 * 3;
    drop_oldest(changes, room, &mut lost, |body| !matches!(body, Body::Problems(_)))?;
    // Problems alone fill it: only the bound counts now.
    drop_oldest(changes, bounds.bytes_max, &mut lost, |_| true)?;
    if lost.records == 0 {
        return Ok(false);
    }
    tracing::warn!(records = lost.records, "the journal was full and is folded");
    amend::remove(changes)?;
    changes.begin_epoch(new_epoch(), now_ms)?;
    changes.append(&folded_gap(lost.from_ms, lost.to_ms, lost.records))?;
    Ok(true)
}

#[derive(Default)]
struct Lost {
    records: u64,
    from_ms: i64,
    to_ms: i64,
}

impl Lost {
    fn add(&mut self, entry: &Entry) {
        let (from_ms, to_ms) = match &entry.body {
            Body::Gap(gap) => (gap.from_ms, gap.to_ms),
            _ => (entry.unobserved_since_ms.unwrap_or(entry.observed_ms), entry.observed_ms),
        };
        self.merge(&Self { records: 1, from_ms, to_ms });
    }

    fn merge(&mut self, other: &Self) {
        let none = self.records == 0;
        self.from_ms = if none { other.from_ms } else { self.from_ms.min(other.from_ms) };
        self.to_ms = if none { other.to_ms } else { self.to_ms.max(other.to_ms) };
        self.records += other.records;
    }
}

type Runs = BTreeMap<Option<String>, Vec<u64>>;

/// Numbers of the records to fold, by source: the oldest half, or what is too
/// old. None when folding the same again would gain nothing: each source has
/// one record of each sort already.
fn runs(changes: &Changes<'_>, bounds: JournalBounds, too_old: i64) -> Result<Option<Runs>, StoreError> {
    let meta = &changes.meta;
    let half = meta.first_seq + meta.records().div_ceil(2);
    let over = meta.bytes > bounds.bytes_max;
    let mut runs = Runs::new();
    for seq in meta.first_seq..meta.next_seq {
        let Some(entry) = changes.record_head(seq)? else {
            continue;
        };
        let takes = if over { seq < half } else { entry.observed_ms < too_old };
        if !takes {
            break;
        }
        runs.entry(entry.source.map(|source| source.name.as_str().to_owned())).or_default().push(seq);
    }
    let gains = over || runs.values().any(|seqs| seqs.len() > 3);
    Ok(gains.then_some(runs))
}

/// The folded records take the places of the last of the run, so that the
/// order among sources stays.
fn fold_run(changes: &mut Changes<'_>, seqs: &[u64], lost: &mut Lost) -> Result<(), StoreError> {
    let (mut folding, mut folds) = (Folding::default(), Lost::default());
    for seq in seqs {
        if let Some(entry) = changes.record(*seq)? {
            folds.add(&entry);
            folding.take(entry);
        }
    }
    let folded = folding.finish();
    if folded.len() >= seqs.len() {
        return Ok(());
    }
    lost.merge(&folds);
    let empty = seqs.len() - folded.len();
    let (gone, places) = seqs.split_at(empty);
    for seq in gone {
        changes.replace(*seq, None)?;
    }
    for (seq, entry) in places.iter().zip(&folded) {
        changes.replace(*seq, Some(entry))?;
    }
    Ok(())
}

/// Roots will not fit for what is dropped, so the collector will ask for all
/// of those sources: history is lost, truth is not. Problems are in no root:
/// nobody would ask for them.
fn drop_oldest(
    changes: &mut Changes<'_>,
    bytes_max: u64,
    lost: &mut Lost,
    may_go: impl Fn(&Body) -> bool,
) -> Result<(), StoreError> {
    for seq in changes.meta.first_seq..changes.meta.next_seq {
        if changes.meta.bytes <= bytes_max {
            break;
        }
        if let Some(entry) = changes.record(seq)?.filter(|entry| may_go(&entry.body)) {
            lost.add(&entry);
            changes.replace(seq, None)?;
        }
    }
    Ok(())
}
