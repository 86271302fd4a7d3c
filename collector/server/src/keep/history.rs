//! The history: entries that are older than the policy keeps go, from the
//! beginning on, in pieces.
//!
//! Nothing is ever taken from the middle. An alert that nobody took yet holds
//! everything from its first entry on; what else is needed of old entries is
//! kept beside the chain.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftline_compare::chain::Beginning;
use driftline_compare::judge::held::Held;
use driftline_daemon::clock::format_ms;
use driftline_store::{CUT_ENTRIES_MAX, Cut, EntryBody, EventKind, Reader, StoreError};
use tokio_util::sync::CancellationToken;

use super::{Rule, needed, pause, read};
use crate::app::Core;
use crate::event;
use crate::record::Draft;

/// What one run removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal {
    /// The last entry that goes.
    pub(super) last: u64,
    /// Its hash.
    hash: [u8; 32],
    days: u32,
    policy: u64,
    before_ms: i64,
    /// Entries that began a drift which is there.
    openers: BTreeSet<u64>,
}

/// A piece, and the event that announces it if it was not announced before.
pub(super) struct Piece {
    /// Entries that go.
    entries: u64,
    pub(super) cut: Cut,
    pub(super) told: Option<EntryBody>,
}

/// Removes old entries; gives how many. None when it was not done: it goes on
/// where it stopped, even after a start.
pub(super) async fn cut(core: &Arc<Core>, rule: Rule, stop: &CancellationToken) -> Option<u64> {
    let Some(goal) = read(core, move |reader| goal(reader, rule)).await? else { return Some(0) };
    let goal = Arc::new(goal);
    let mut removed = 0;
    loop {
        let whole = Arc::clone(&goal);
        let Some(piece) = read(core, move |reader| piece(reader, &whole)).await? else { break };
        let entries = piece.entries;
        let step = move |draft: &mut Draft<'_>| {
            draft.cut(piece.cut, piece.told);
            Ok(())
        };
        // An error says that the collector stops.
        core.recorder.decide(step).await.ok()?;
        removed += entries;
        if !pause(stop).await {
            return None;
        }
    }
    sweep(core, &goal, stop).await?;
    Some(removed)
}

/// What is to be removed; none when nothing is old.
pub(super) fn goal(reader: &Reader, rule: Rule) -> Result<Option<Goal>, StoreError> {
    let Some(days) = rule.history_days else { return Ok(None) };
    let before_ms = rule.before_ms(days);
    let last = reader.recorded_before(before_ms)?.min(first_untold(reader)?.saturating_sub(1));
    let begins = reader.anchor()?.map_or(1, |anchor| anchor.first);
    if last < begins {
        return Ok(None);
    }
    let Some(hash) = reader.hash_of(last)? else { return Ok(None) };
    let openers = needed::openers(reader)?;
    Ok(Some(Goal { last, hash, days, policy: rule.policy, before_ms, openers }))
}

/// The first entry that an alert still has to tell of.
fn first_untold(reader: &Reader) -> Result<u64, StoreError> {
    let held = reader.documents::<Held>("")?.into_iter().map(|held| held.change).min();
    Ok(reader.outbox_first_entry()?.into_iter().chain(held).min().unwrap_or(u64::MAX))
}

/// The next piece; none when all is done.
pub(super) fn piece(reader: &Reader, goal: &Goal) -> Result<Option<Piece>, StoreError> {
    let anchor = reader.anchor()?;
    let from = anchor.as_ref().map_or(1, |anchor| anchor.first);
    if from > goal.last {
        return Ok(None);
    }
    let end = goal.last.saturating_add(1).min(from.saturating_add(CUT_ENTRIES_MAX));
    // What an earlier run announced and did not finish is finished first.
    let announced = anchor.map_or(0, |anchor| anchor.announced.0);
    let (first, told) = if announced >= from { (end.min(announced + 1), None) } else { (end, Some(told(goal))) };
    let keep = needed::among(reader, (from, first), &goal.openers)?;
    let entries = (first - from).saturating_sub(keep.len() as u64);
    let announced = told.as_ref().map(|_| (goal.last, goal.hash));
    Ok(Some(Piece { entries, cut: Cut { first, keep, announced, days: goal.days, policy: goal.policy }, told }))
}

fn told(goal: &Goal) -> EntryBody {
    let Goal { last, hash, days, policy, before_ms, .. } = goal;
    let words = Beginning::words(*last, hash);
    let before = format_ms(*before_ms);
    event::general(
        EventKind::Retention,
        format!("what was recorded before {before} is removed, {words}: policy {policy} keeps {days} days"),
    )
}

/// Lets go of what was kept beside the chain and is needed no more.
async fn sweep(core: &Arc<Core>, goal: &Arc<Goal>, stop: &CancellationToken) -> Option<()> {
    let mut after = 0;
    loop {
        let whole = Arc::clone(goal);
        let looked = read(core, move |reader| needed::no_more(reader, after, &whole.openers)).await?;
        let Some((last, gone)) = looked else { return Some(()) };
        after = last;
        if gone.is_empty() {
            continue;
        }
        let step = move |draft: &mut Draft<'_>| {
            draft.drop_kept(gone);
            Ok(())
        };
        core.recorder.decide(step).await.ok()?;
        if !pause(stop).await {
            return None;
        }
    }
}
