//! Enrolment tokens: made by operators, who keep the secret to themselves.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::token::{TokenGrant, TokenInfo, TokenList, TokenRequest};
use driftline_canon::{Environment, HostName, Role};
use driftline_daemon::clock::format_ms;
use driftline_store::{EventKind, TokenRecord};

use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use super::{Http, Shared};
use crate::grant::OperatorRole;
use crate::{event, hex, identity, state};

/// Seconds that a token is valid unless said otherwise.
const VALID_S_DEFAULT: u64 = 3_600;

/// Tokens that may be open at once: a rollout of a thousand hosts fits.
const OPEN_MAX: usize = 10_000;

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<TokenList>, Problem> {
    Known::of(pairs, &[])?;
    let now_ms = http.core.clock.now_ms();
    let mut tokens = http.read(|reader| reader.tokens()).await?;
    let sight = operator.sight();
    tokens.retain(|token| sight.shows(Some(&token.environment)));
    tokens.sort_by_key(|token| std::cmp::Reverse(token.created_ms));
    let tokens = tokens.iter().map(|token| info(token, now_ms)).collect();
    Ok(Json(TokenList { schema_version: SCHEMA_VERSION, tokens }))
}

pub(super) async fn create(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<Json<TokenGrant>, Problem> {
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let now_ms = http.core.clock.now_ms();
    let token = token(&request, operator.0.name.clone(), now_ms)?;
    operator.may(OperatorRole::Operator, Some(&token.environment))?;
    let open =
        http.read(move |reader| Ok(reader.tokens()?.iter().filter(|token| status(token, now_ms) == "open").count()));
    if open.await? >= OPEN_MAX {
        return Err(Problem::conflict(format!("{OPEN_MAX} tokens are open")).hint("revoke some, or let them expire"));
    }
    let grant = grant(&http, &token);
    http.core
        .recorder
        .decide(move |draft| {
            let only = token.host.as_ref().map_or_else(String::new, |host| format!(", for {host} only"));
            let message = format!(
                "{} made token {} for {} in {}{only}",
                token.created_by, token.id, token.role, token.environment
            );
            draft.append(vec![in_environment(&token, EventKind::TokenCreated, message)]);
            draft.put_token(token);
            Ok(())
        })
        .await?;
    Ok(Json(grant))
}

pub(super) async fn revoke(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    id: Named,
) -> Result<StatusCode, Problem> {
    operator.may_change()?;
    let id = name_in_path(id)?;
    let (by, wanted) = (operator.0.name.clone(), id.clone());
    let known = http.core.recorder.decide(move |draft| {
        let Some(mut token) = draft.token(&wanted)? else { return Ok(Ok(false)) };
        if let Err(refused) = operator.may(OperatorRole::Operator, Some(&token.environment)) {
            return Ok(Err(refused));
        }
        if !token.revoked {
            let message = format!("token {} was revoked by {by}", token.id);
            draft.append(vec![in_environment(&token, EventKind::TokenRevoked, message)]);
            token.revoked = true;
            draft.put_token(token);
        }
        Ok(Ok(true))
    });
    if known.await?? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(format!("there is no token `{id}`")).hint("`driftline token list` lists them"))
}

fn token(request: &TokenRequest, created_by: String, now_ms: i64) -> Result<TokenRecord, Problem> {
    let valid_s = request.valid_s.unwrap_or(VALID_S_DEFAULT);
    if !(60..=604_800).contains(&valid_s) {
        return Err(Problem::bad("`valid_s` is between 60 and 604800"));
    }
    let named = |error: driftline_canon::NameError| Problem::bad(error.to_string());
    let mut id = [0_u8; 8];
    getrandom::fill(&mut id).map_err(|_| Problem::stopping())?;
    let secret_hash = hex::decode(&request.secret_sha256);
    Ok(TokenRecord {
        id: hex::encode(&id),
        secret_hash: secret_hash.ok_or_else(|| Problem::bad("`secret_sha256` is not 64 hexadecimal characters"))?,
        environment: Environment::new(&*request.environment).map_err(named)?,
        role: Role::new(&*request.role).map_err(named)?,
        host: request.host.as_deref().map(HostName::new).transpose().map_err(named)?,
        created_by,
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(i64::try_from(valid_s).unwrap_or(0) * 1000),
        revoked: false,
        used: None,
    })
}

fn grant(http: &Http, token: &TokenRecord) -> TokenGrant {
    let core = &http.core;
    let advertised = |given: &[String], port: u16| -> Vec<String> {
        if !given.is_empty() {
            return given.to_vec();
        }
        let names = &core.config.advertise.names;
        if names.is_empty() {
            return vec![state::endpoint(&identity::host_name(), port)];
        }
        names.iter().map(|name| state::endpoint(name, port)).collect()
    };
    TokenGrant {
        id: token.id.clone(),
        expires_s: u64::try_from(token.expires_ms / 1000).unwrap_or(0),
        ca_sha256: hex::encode(&core.ca.sha256()),
        enrol: advertised(&core.config.advertise.enrol, core.bound.enrol.port()),
        ingest: advertised(&core.config.advertise.ingest, core.bound.ingest.port()),
    }
}

fn in_environment(token: &TokenRecord, kind: EventKind, message: String) -> driftline_store::EntryBody {
    let mut entry = event::general(kind, message);
    if let driftline_store::EntryBody::Event(event) = &mut entry {
        event.environment = Some(token.environment.clone());
    }
    entry
}

fn info(token: &TokenRecord, now_ms: i64) -> TokenInfo {
    TokenInfo {
        id: token.id.clone(),
        environment: token.environment.to_string(),
        role: token.role.to_string(),
        status: status(token, now_ms).to_owned(),
        created_by: token.created_by.clone(),
        created_at: format_ms(token.created_ms),
        expires_at: format_ms(token.expires_ms),
        used_by: token.used.as_ref().map(|used| used.host.to_string()),
    }
}

fn status(token: &TokenRecord, now_ms: i64) -> &'static str {
    if token.revoked {
        "revoked"
    } else if token.used.is_some() {
        "used"
    } else if now_ms > token.expires_ms {
        "expired"
    } else {
        "open"
    }
}
