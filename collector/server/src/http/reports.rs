//! What scheduled scans found.

use axum::Json;
use axum::extract::State;
use driftline_api::SCHEMA_VERSION;
use driftline_api::report as api;
use driftline_compare::report::{Outcome, Report};
use driftline_daemon::clock;

use super::Shared;
use super::error::Problem;
use super::query::{Known, Pairs};

pub(super) async fn list(State(http): State<Shared>, pairs: Pairs) -> Result<Json<api::ReportList>, Problem> {
    let known = Known::of(pairs, &["schedule", "since", "until", "limit"])?;
    let (since, until, limit) = (known.time("since")?, known.time("until")?, known.limit()?);
    let schedule = known.text("schedule").map(str::to_owned);
    let is_meant = move |one: &Report| {
        schedule.as_ref().is_none_or(|name| *name == one.schedule)
            && since.is_none_or(|since| one.ran_ms >= since)
            && until.is_none_or(|until| one.ran_ms <= until)
    };
    let found = http.read(move |reader| {
        let mut found = Vec::new();
        reader.newest_documents(|one: Report| {
            if is_meant(&one) {
                found.push(shown(one));
            }
            found.len() < limit
        })?;
        Ok(found)
    });
    Ok(Json(api::ReportList { schema_version: SCHEMA_VERSION, reports: found.await? }))
}

fn shown(one: Report) -> api::Report {
    let (found, failed) = match one.outcome {
        Outcome::Found(found) => {
            let [critical, warning, info] = found.by_severity;
            let found = api::Found {
                keys: found.keys,
                differing: found.differing,
                undetermined: found.undetermined,
                percent: found.percent(),
                critical,
                warning,
                info,
                unchecked: found.unchecked,
            };
            (Some(found), None)
        }
        Outcome::Failed(reason) => (None, Some(reason)),
    };
    api::Report {
        number: one.number,
        schedule: one.schedule,
        left: one.left,
        right: one.right,
        due_at: clock::format_ms(one.due_ms),
        ran_at: clock::format_ms(one.ran_ms),
        missed: one.missed,
        found,
        failed,
    }
}
