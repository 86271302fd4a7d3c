//! Runs what the policy schedules: comparisons at set times, of two sides or of
//! hosts with what was approved of them, kept as reports.
//!
//! It judges nothing, approves nothing and tells nobody. After a downtime each schedule runs once
//! and says how many runs were missed: what was then cannot be compared any
//! more.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_compare::policy::PolicyVersion;
use driftline_compare::policy::schedule::Schedule;
use driftline_compare::report::{self, Due, Found, Outcome, Report};
use driftline_store::{DocumentKind, StoreError, numbered};
use tokio_util::sync::CancellationToken;

use crate::app::Core;
use crate::http::scan;

/// How often is looked whether something is due: times are whole minutes, and a
/// look reads one small document.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reports that are kept: ten schedules a day for five years. Older ones go.
const REPORTS_MAX: u64 = 20_000;

/// Runs what is due until the stop.
///
/// # Errors
/// Never: the type fits the task owner.
pub async fn keep(core: Arc<Core>, stop: CancellationToken) -> Result<(), Infallible> {
    let mut known = Known::default();
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        if let Err(error) = look(&core, &mut known).await {
            tracing::error!(%error, "schedules could not be looked at, trying again");
        }
    }
    Ok(())
}

/// What was read of policy and reports.
#[derive(Default)]
pub(crate) struct Known {
    version: Option<PolicyVersion>,
    schedules: Vec<Schedule>,
    reports: Option<Reports>,
}

#[derive(Default)]
struct Reports {
    last: u64,
    /// When each schedule was due that ran last.
    due_ms: BTreeMap<String, i64>,
}

pub(crate) async fn look(core: &Arc<Core>, known: &mut Known) -> Result<(), StoreError> {
    refresh(core, known)?;
    let (Some(version), Some(reports)) = (&known.version, &mut known.reports) else { return Ok(()) };
    for schedule in &known.schedules {
        let now_ms = core.clock.now_ms();
        let after_ms = reports.due_ms.get(&schedule.name).copied().unwrap_or(version.applied_ms);
        let Some(due) = report::due(|now_ms| schedule.at.last_due(now_ms), after_ms, now_ms) else { continue };
        let (left, right) = schedule.task.sides();
        reports.last += 1;
        reports.due_ms.insert(schedule.name.clone(), due.due_ms);
        let outcome = match scan::compared(core, &left, &right).await {
            Ok((comparison, unchecked)) => Outcome::Found(Found::of(&comparison, unchecked)),
            Err(reason) => Outcome::Failed(report::reason(&reason)),
        };
        let done = Report {
            number: reports.last,
            schedule: schedule.name.clone(),
            left,
            right,
            due_ms: due.due_ms,
            ran_ms: now_ms,
            missed: due.missed,
            outcome,
        };
        tell(&done, due);
        put(core, done).await;
    }
    Ok(())
}

fn tell(done: &Report, due: Due) {
    let Report { schedule, left, right, .. } = done;
    if due.missed > 0 {
        tracing::warn!(%schedule, missed = due.missed, "runs of a schedule were missed");
    }
    match &done.outcome {
        Outcome::Found(found) => tracing::info!(%schedule, %left, %right, percent = found.percent(), "a scan ran"),
        Outcome::Failed(reason) => tracing::warn!(%schedule, %left, %right, %reason, "a scan failed"),
    }
}

/// Reads the policy where it is another one, and the reports once.
fn refresh(core: &Core, known: &mut Known) -> Result<(), StoreError> {
    let reader = core.store.reader()?;
    let version: Option<PolicyVersion> = reader.last_document("")?;
    if known.version != version {
        // One that this version of the collector does not read schedules nothing.
        let policy = version.as_ref().and_then(|version| version.policy().ok());
        known.schedules = policy.map(|policy| policy.schedules).unwrap_or_default();
        known.version = version;
    }
    if known.reports.is_none() && !known.schedules.is_empty() {
        let mut reports = Reports::default();
        reader.newest_documents(|one: Report| {
            reports.last = reports.last.max(one.number);
            let due_ms = reports.due_ms.entry(one.schedule).or_insert(one.due_ms);
            *due_ms = (*due_ms).max(one.due_ms);
            true
        })?;
        known.reports = Some(reports);
    }
    Ok(())
}

async fn put(core: &Core, done: Report) {
    let recorded = core.recorder.decide(move |draft| {
        if let Some(old) = done.number.checked_sub(REPORTS_MAX) {
            draft.remove_document(DocumentKind::Report, &numbered(old));
        }
        draft.put_document(&done)
    });
    // An error says that the collector stops: it runs again after the start.
    _ = recorded.await;
}
