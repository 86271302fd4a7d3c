//! Acceptances: listed, given and revoked.
//!
//! Of two people who accept the same at once, the writer takes the first and
//! tells the second. Nothing is accepted without a reason, an owner and an end.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::drift as api;
use driftline_canon::Environment;
use driftline_compare::acceptance::{Acceptance, Covers, DriftSelector};
use driftline_compare::drift::Drift;
use driftline_daemon::clock::{format_ms, parse_ms};
use driftline_store::{EntryBody, EventKind, StoreError, numbered};

use super::Shared;
use super::auth::Operator;
use super::drift::{by_number, caught_up, no_drift};
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use crate::event;
use crate::grant::OperatorRole;
use crate::record::Draft;

/// Acceptances that may be valid at once: whoever needs more of them needs
/// expectations.
const VALID_MAX: usize = 10_000;

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<api::AcceptanceList>, Problem> {
    let known = Known::of(pairs, &["all"])?;
    let all = known.parsed::<bool>("all")? == Some(true);
    let now_ms = http.core.clock.now_ms();
    let mut acceptances = http.read(|reader| reader.documents::<Acceptance>("")).await?;
    let sight = operator.sight();
    acceptances.retain(|one| (all || one.is_valid_at(now_ms)) && sight.shows(environment(&one.covers).as_ref()));
    acceptances.reverse();
    let acceptances = acceptances.iter().map(|one| shown(one, now_ms)).collect();
    Ok(Json(api::AcceptanceList { schema_version: SCHEMA_VERSION, acceptances }))
}

/// What was decided of a request.
enum Decided {
    Given(Box<Acceptance>),
    Already(Box<Acceptance>),
    TooMany,
}

pub(super) async fn accept(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<api::AcceptanceRequest>, JsonRejection>,
) -> Result<Json<api::AcceptanceDetail>, Problem> {
    operator.may_change()?;
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    caught_up(&http).await?;
    let now_ms = http.core.clock.now_ms();
    let covers = covers(&http, &operator, &request.covers).await?;
    operator.may(OperatorRole::Operator, environment(&covers).as_ref())?;
    let expires_ms = parse_ms(&request.expires_at);
    let expires_ms = expires_ms.ok_or_else(|| Problem::bad("`expires_at` is not an RFC 3339 time"))?;
    let acceptance = Acceptance {
        number: 0,
        covers,
        reason: request.reason,
        owner: request.owner,
        accepted_by: operator.0.name,
        accepted_ms: now_ms,
        expires_ms,
        revoked: None,
    };
    acceptance.check().map_err(|error| Problem::bad(error.to_string()))?;
    match http.core.recorder.decide(move |draft| decide(draft, acceptance)).await? {
        Decided::Given(acceptance) => {
            caught_up(&http).await?;
            let number = acceptance.number;
            let drifts = http.read(|reader| reader.documents::<Drift>("")).await?;
            let covered = drifts.iter().filter(|drift| drift.acceptance == Some(number)).count() as u64;
            let acceptance = shown(&acceptance, now_ms);
            Ok(Json(api::AcceptanceDetail { schema_version: SCHEMA_VERSION, acceptance, drifts: covered }))
        }
        Decided::Already(other) => Err(Problem::conflict(format!(
            "{} accepted this already, until {}: {} (owner {}, {})",
            other.accepted_by,
            format_ms(other.expires_ms),
            other.reason,
            other.owner,
            other.name()
        ))
        .hint(format!("`driftline accept revoke {}` ends it first", other.name()))),
        Decided::TooMany => Err(Problem::conflict(format!("{VALID_MAX} acceptances are valid"))
            .hint("revoke some, or write an expectation into the policy")),
    }
}

/// A drift that is there, or a selector.
async fn covers(http: &Shared, operator: &Operator, text: &str) -> Result<Covers, Problem> {
    let Some(number) = Drift::number_of(text) else {
        let selector: DriftSelector = text.parse().map_err(|error| Problem::bad(format!("`covers`: {error}")))?;
        return Ok(Covers::Selected(selector));
    };
    let drift = http.read(move |reader| by_number(reader, number)).await?.ok_or_else(|| no_drift(text))?;
    operator.may(OperatorRole::Operator, Some(&drift.identity.environment))?;
    if !drift.state.is_there() {
        return Err(Problem::conflict(format!("{text} is {}: there is nothing to accept", drift.state.as_str())));
    }
    let identity = drift.identity;
    let place = (identity.environment, identity.role, identity.source, identity.key);
    Ok(Covers::Drift { number, content: drift.content, place })
}

fn decide(draft: &mut Draft<'_>, mut acceptance: Acceptance) -> Result<Decided, StoreError> {
    let all = draft.documents::<Acceptance>("")?;
    let valid = || all.iter().filter(|one| one.is_valid_at(acceptance.accepted_ms));
    if let Some(other) = valid().find(|one| one.covers == acceptance.covers) {
        return Ok(Decided::Already(Box::new(other.clone())));
    }
    if valid().count() >= VALID_MAX {
        return Ok(Decided::TooMany);
    }
    acceptance.number = all.last().map_or(1, |one| one.number + 1);
    let message = format!(
        "{} accepted {} until {} ({}): {}; owner {}",
        acceptance.accepted_by,
        covered(&acceptance.covers),
        format_ms(acceptance.expires_ms),
        acceptance.name(),
        acceptance.reason,
        acceptance.owner
    );
    draft.append(vec![told(&acceptance, message)]);
    draft.put_document(&acceptance)?;
    Ok(Decided::Given(Box::new(acceptance)))
}

pub(super) async fn revoke(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    id: Named,
) -> Result<StatusCode, Problem> {
    operator.may_change()?;
    let name = name_in_path(id)?;
    let number =
        Acceptance::number_of(&name).ok_or_else(|| Problem::bad(format!("`{name}` is no acceptance: `a-NUMBER`")))?;
    let known = http.read(move |reader| reader.document::<Acceptance>(&numbered(number))).await?;
    if let Some(known) = &known {
        operator.may(OperatorRole::Operator, environment(&known.covers).as_ref())?;
    }
    let (by, now_ms) = (operator.0.name, http.core.clock.now_ms());
    let known = http.core.recorder.decide(move |draft| {
        let Some(mut acceptance) = draft.document::<Acceptance>(&numbered(number))? else { return Ok(false) };
        if acceptance.is_valid_at(now_ms) {
            let covered = covered(&acceptance.covers);
            let message = format!("{by} revoked acceptance {} of {covered}", acceptance.name());
            draft.append(vec![told(&acceptance, message)]);
            acceptance.revoked = Some((by, now_ms));
            draft.put_document(&acceptance)?;
        }
        Ok(true)
    });
    if known.await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(format!("there is no acceptance `{name}`")).hint("`driftline accept list` lists them"))
}

fn covered(covers: &Covers) -> String {
    match covers {
        Covers::Drift { number, place: (environment, role, source, key), .. } => {
            format!("d-{number} ({environment}/{role}/{source} {key})")
        }
        Covers::Selected(selector) => format!("every drift of {selector}"),
    }
}

fn told(acceptance: &Acceptance, message: String) -> EntryBody {
    let mut entry = event::general(EventKind::Operator, message);
    if let EntryBody::Event(event) = &mut entry {
        event.environment = environment(&acceptance.covers);
    }
    entry
}

/// The one environment that it is for, if it is one.
pub(super) fn environment(covers: &Covers) -> Option<Environment> {
    match covers {
        Covers::Drift { place, .. } => Some(place.0.clone()),
        Covers::Selected(selector) => selector.environment().and_then(|one| one.as_str().parse().ok()),
    }
}

/// An acceptance as the API tells it.
pub(super) fn shown(one: &Acceptance, now_ms: i64) -> api::Acceptance {
    let covers = match &one.covers {
        Covers::Drift { number, .. } => format!("d-{number}"),
        Covers::Selected(selector) => selector.to_string(),
    };
    api::Acceptance {
        id: one.name(),
        covers,
        status: one.status(now_ms).to_owned(),
        reason: one.reason.clone(),
        owner: one.owner.clone(),
        accepted_by: one.accepted_by.clone(),
        accepted_at: format_ms(one.accepted_ms),
        expires_at: format_ms(one.expires_ms),
        revoked_by: one.revoked.as_ref().map(|(who, _)| who.clone()),
        revoked_at: one.revoked.as_ref().map(|(_, at_ms)| format_ms(*at_ms)),
    }
}
