//! What scheduled scans found.
//!
//! Who holds roles only in some environments is told of a report whose sides
//! are both among them; of the others nothing, not even that they are there.

use axum::extract::State;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::report as api;
use driftline_canon::Environment;
use driftline_compare::report::{Outcome, Report};
use driftline_daemon::clock;

use super::Shared;
use super::auth::Operator;
use super::compare::sides::Asked;
use super::error::Problem;
use super::query::{Known, Pairs};
use crate::grant::Sight;

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<api::ReportList>, Problem> {
    let known = Known::of(pairs, &["env", "schedule", "since", "until", "limit"])?;
    let (since, until, limit) = (known.time("since")?, known.time("until")?, known.limit()?);
    let (schedule, environment) = (known.text("schedule").map(str::to_owned), known.parsed::<Environment>("env")?);
    let sight = operator.sight();
    let is_meant = move |one: &Report| {
        let sides = [of_side(&one.left), of_side(&one.right)];
        is_seen(&sight, &sides)
            && environment.as_ref().is_none_or(|wanted| sides.iter().flatten().any(|side| side == wanted))
            && schedule.as_ref().is_none_or(|name| *name == one.schedule)
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

/// The one environment that a side of a report is of; none if it may be of
/// several, or is none that this version understands.
fn of_side(side: &str) -> Option<Environment> {
    Asked::parse(side, None).ok()?.environment()
}

fn is_seen(sight: &Sight, sides: &[Option<Environment>; 2]) -> bool {
    sides.iter().all(|side| sight.shows(side.as_ref()))
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
