//! What was declared for a host before what is declared now, and until when that
//! may still be there: a deployment takes its time, and several may be on their
//! way at once.
//!
//! It goes by selectors, numbers and times; it reads no items.

use std::sync::Arc;

use driftline_compare::desired::Revision;

use super::Items;

/// How long a host may have what an earlier revision declared before that is a
/// finding: deployments of an hour are slow.
pub const STALE_AFTER_MS: i64 = 60 * 60 * 1_000;

/// How long it is remembered that another revision than the last one before was
/// in force: what is there of it after that is no longer late.
pub const REMEMBERED_MS: i64 = 24 * STALE_AFTER_MS;

/// Earlier revisions of one source of one host that are remembered: one push
/// every eight minutes of the hour in which they are forgiven.
const EARLIER_MAX: usize = 8;

/// What was declared before.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// What it is.
    pub items: Arc<Items>,
    /// When something else took its place.
    pub end_ms: i64,
}

impl Earlier {
    /// From when on it is a finding that it is still there.
    #[must_use]
    pub fn due_ms(&self) -> i64 {
        self.end_ms.saturating_add(STALE_AFTER_MS)
    }
}

/// The revisions that were in force for a host before the chosen one, and until
/// when, the latest first: those of [`REMEMBERED_MS`], and the last of all.
/// `fitting` are those for the host and source, by rank.
pub(super) fn ended(fitting: &[&Revision], chosen: &Revision, now_ms: i64) -> Vec<(u64, i64)> {
    let making = |one: &Revision| (one.fleet_key_epoch, one.canonical_form);
    let others = fitting.iter().filter(|one| one.number != chosen.number && making(one) == making(chosen));
    let mut ended: Vec<(u64, i64)> =
        others.filter_map(|one| end_ms(one, fitting).map(|end_ms| (one.number, end_ms))).collect();
    ended.retain(|(_, end_ms)| *end_ms <= now_ms);
    ended.sort_by_key(|(number, end_ms)| std::cmp::Reverse((*end_ms, *number)));
    let is_kept =
        |(index, (_, end_ms)): &(usize, (u64, i64))| *index == 0 || now_ms < end_ms.saturating_add(REMEMBERED_MS);
    ended.into_iter().enumerate().take_while(is_kept).map(|(_, one)| one).take(EARLIER_MAX).collect()
}

/// When a revision was in force no longer; none if it never was, or is.
fn end_ms(one: &Revision, fitting: &[&Revision]) -> Option<i64> {
    let above = || fitting.iter().filter(|other| other.rank() > one.rank());
    if above().any(|other| other.number < one.number && other.is_valid_at(one.pushed_ms)) {
        return None;
    }
    let replaced_ms = above().filter(|other| other.number > one.number).map(|other| other.pushed_ms).min();
    [replaced_ms, one.expires_ms].into_iter().flatten().min()
}

#[cfg(test)]
mod tests;
