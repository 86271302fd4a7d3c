//! What is kept, and for how long: takes old entries off the beginning of the
//! history, and lets go of what ended long ago.
//!
//! It decides by the policy in force and by what is still needed; how a chain
//! is cut is the store's. It works in small pieces beside the writer, so that
//! ingest never waits for it, and stops at any of them without harm.

mod documents;
pub mod history;
mod needed;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_compare::policy::PolicyVersion;
use driftline_store::{Reader, StoreError};
use tokio_util::sync::CancellationToken;

use crate::app::Core;

/// How often is looked whether something is old: it becomes so once a day.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Wait between two pieces: with a piece of some ten milliseconds, the writer is
/// free nine tenths of the time.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a policy is in force before it removes anything: a mistyped number
/// of days can be taken back meanwhile.
pub const GRACE_MS: i64 = 3_600_000;

/// Days for which ended drift, closed windows, revisions that count no more and
/// reports are kept where the policy gives no number: a year, and what it takes
/// to audit it.
pub const ENDED_DAYS_DEFAULT: u32 = 400;

const DAY_MS: i64 = 86_400_000;

/// What is old, by the policy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Days of history; none: all of it.
    pub history_days: Option<u32>,
    /// Days of what has ended.
    pub ended_days: u32,
    /// The version of the policy; 0 where there is none.
    pub policy: u64,
    /// Days since 1970, UTC: nothing becomes old within a day.
    pub today: i64,
}

impl Rule {
    /// The rule now. None while it must not be applied: the policy is not
    /// understood, or too new.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(reader: &Reader, now_ms: i64) -> Result<Option<Self>, StoreError> {
        let version: Option<PolicyVersion> = reader.last_document("")?;
        let today = now_ms.div_euclid(DAY_MS);
        let Some(version) = version else {
            return Ok(Some(Self { history_days: None, ended_days: ENDED_DAYS_DEFAULT, policy: 0, today }));
        };
        let Ok(policy) = version.policy() else { return Ok(None) };
        if now_ms < version.applied_ms.saturating_add(GRACE_MS) {
            return Ok(None);
        }
        let history_days = policy.retention_days;
        let ended_days = history_days.unwrap_or(ENDED_DAYS_DEFAULT);
        Ok(Some(Self { history_days, ended_days, policy: version.number, today }))
    }

    /// What was before this time is old, with that many days kept.
    #[must_use]
    pub fn before_ms(&self, days: u32) -> i64 {
        self.today.saturating_sub(i64::from(days)).saturating_mul(DAY_MS)
    }
}

/// Keeps what is to be kept until the stop, and nothing else.
///
/// # Errors
/// Never: the type fits the task owner.
pub async fn watch(core: Arc<Core>, stop: CancellationToken) -> Result<(), Infallible> {
    let mut done = None;
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        // What was not done is tried again at the next look.
        _ = look(&core, &mut done, &stop).await;
    }
    Ok(())
}

/// Removes what is old, unless that was done today under the same policy. None
/// when not all of it was done.
pub(crate) async fn look(core: &Arc<Core>, done: &mut Option<Rule>, stop: &CancellationToken) -> Option<()> {
    let now_ms = core.clock.now_ms();
    let Some(rule) = read(core, move |reader| Rule::read(reader, now_ms)).await? else { return Some(()) };
    if *done == Some(rule) {
        return Some(());
    }
    let entries = history::cut(core, rule, stop).await?;
    let ended = documents::remove(core, rule, stop).await?;
    if entries > 0 || ended > 0 {
        tracing::info!(entries, ended, policy = rule.policy, "removed what is old");
    }
    *done = Some(rule);
    Some(())
}

/// Reads where it may block. What cannot be read is told, and none.
async fn read<T: Send + 'static>(
    core: &Arc<Core>,
    read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
) -> Option<T> {
    let store = core.store.clone();
    let done = tokio::task::spawn_blocking(move || read(&store.reader()?)).await.ok()?;
    done.inspect_err(|error| tracing::error!(%error, "what is old could not be looked for, trying again")).ok()
}

/// Waits between two pieces; false when it is time to stop.
async fn pause(stop: &CancellationToken) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some()
}

#[cfg(test)]
mod tests;
