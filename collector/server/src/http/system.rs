//! The collector itself: who asks, how it stands, whether it is well.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::host::{EnvironmentSummary, SeverityCount, Status};
use driftline_api::token::WhoAmI;
use driftline_canon::Environment;
use driftline_daemon::clock::format_ms;
use driftline_store::{HostStatus, Reader, StoreError};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Pairs};
use crate::grant::Sight;
use crate::metrics::Now;

/// How far back the summary counts changes.
const DAY_MS: i64 = 86_400_000;

pub(super) async fn whoami(Extension(operator): Extension<Operator>) -> Json<WhoAmI> {
    Json(WhoAmI {
        schema_version: SCHEMA_VERSION,
        operator: operator.0.name,
        roles: operator.0.roles,
        collector_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

pub(super) async fn status(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<Status>, Problem> {
    Known::of(pairs, &[])?;
    let sight = operator.sight();
    let now_ms = http.core.clock.now_ms();
    let read =
        http.read(move |reader| Ok((environments(reader, now_ms, &sight)?, entries(reader)?, reader.outbox_len()?)));
    let (environments, history_entries, alerts_pending) = read.await?;
    Ok(Json(Status {
        schema_version: SCHEMA_VERSION,
        collector_version: env!("CARGO_PKG_VERSION").to_owned(),
        now: format_ms(now_ms),
        started_at: format_ms(http.core.started_ms),
        engine: http.core.store.engine().to_string(),
        history_entries,
        alerts_pending,
        environments,
    }))
}

/// Entries of the history from where it begins.
fn entries(reader: &Reader) -> Result<u64, StoreError> {
    let before = reader.anchor()?.map_or(0, |anchor| anchor.first.saturating_sub(1));
    Ok(reader.head()?.0.saturating_sub(before))
}

fn environments(reader: &Reader, now_ms: i64, sight: &Sight) -> Result<Vec<EnvironmentSummary>, StoreError> {
    let mut found: BTreeMap<Environment, EnvironmentSummary> = BTreeMap::new();
    for host in reader.hosts()? {
        let problems: usize = reader.sources(&host.host)?.iter().map(|source| source.problems.len()).sum();
        let summary = found.entry(host.environment.clone()).or_insert_with(|| empty(&host.environment));
        summary.hosts += 1;
        summary.problems = summary.problems.saturating_add(u32::try_from(problems).unwrap_or(u32::MAX));
        match host.status {
            HostStatus::Connected => summary.connected += 1,
            HostStatus::Silent | HostStatus::Quarantined | HostStatus::Revoked => summary.unwell += 1,
            HostStatus::Never | HostStatus::Stopped | HostStatus::Forgotten => {}
        }
    }
    for (environment, counts) in reader.change_counts(now_ms.saturating_sub(DAY_MS))? {
        let summary = found.entry(environment.clone()).or_insert_with(|| empty(&environment));
        summary.changes_24h = SeverityCount { critical: counts.critical, warning: counts.warning, info: counts.info };
    }
    found.retain(|environment, _| sight.shows(Some(environment)));
    Ok(found.into_values().collect())
}

fn empty(environment: &Environment) -> EnvironmentSummary {
    EnvironmentSummary {
        environment: environment.to_string(),
        hosts: 0,
        connected: 0,
        unwell: 0,
        changes_24h: SeverityCount::default(),
        problems: 0,
    }
}

/// Alive: it answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: the store can be written and it is not stopping.
pub(super) async fn readyz(State(http): State<Shared>) -> Response {
    let reason = match http.core.health.trouble() {
        Some(trouble) => trouble.message(),
        None if http.stop.is_cancelled() => "the collector is stopping",
        None => return "ready\n".into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
}

pub(super) async fn metrics(State(http): State<Shared>) -> Result<Response, Problem> {
    let outbox = http.read(|reader| reader.outbox_len()).await?;
    let text = http.core.metrics.render(Now {
        connected: u64::try_from(http.core.live.connected()).unwrap_or(u64::MAX),
        outbox,
        writable: http.core.health.trouble().is_none(),
    });
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
