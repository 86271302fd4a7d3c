//! Operators: added, listed, given a new access token, revoked.
//!
//! The access token is made where the operator is added; only its hash comes
//! here. The last administrator stays.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::operator::{OperatorAdd, OperatorInfo, OperatorList, OperatorRotate};
use driftline_daemon::clock::format_ms;
use driftline_store::{EventKind, OperatorRecord};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use crate::grant::{Grant, Grants, OperatorRole};
use crate::record::Draft;
use crate::{event, hex};

/// Bytes of a name. It stands in every entry that tells what they did.
const NAME_BYTES_MAX: usize = 64;

/// Operators at most, revoked ones too: every person and pipeline of a large
/// company.
const OPERATORS_MAX: usize = 1_000;

/// Roles of one operator: one in each environment.
const ROLES_MAX: usize = 32;

pub(super) async fn list(State(http): State<Shared>, pairs: Pairs) -> Result<Json<OperatorList>, Problem> {
    Known::of(pairs, &[])?;
    let operators = http.read(|reader| reader.operators()).await?;
    Ok(Json(OperatorList { schema_version: SCHEMA_VERSION, operators: operators.iter().map(info).collect() }))
}

pub(super) async fn add(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<OperatorAdd>, JsonRejection>,
) -> Result<Json<OperatorInfo>, Problem> {
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let record = OperatorRecord {
        name: name(request.name)?,
        token_hash: token_hash(&request.token_sha256)?,
        roles: roles(&request.roles)?,
        created_ms: http.core.clock.now_ms(),
        revoked: false,
    };
    let by = operator.0.name;
    let added = http.core.recorder.decide(move |draft| {
        let all = draft.operators()?;
        if let Some(refused) = refusal(&all, &record) {
            return Ok(Err(refused));
        }
        tell(draft, format!("{by} added the operator {} ({})", record.name, record.roles.join(", ")));
        draft.put_operator(record.clone());
        Ok(Ok(record))
    });
    Ok(Json(info(&added.await??)))
}

/// Why an operator cannot be added beside those that are there.
fn refusal(all: &[OperatorRecord], new: &OperatorRecord) -> Option<Problem> {
    if all.iter().any(|one| one.name == new.name && !one.revoked) {
        let problem = Problem::conflict(format!("there is an operator `{}` already", new.name));
        return Some(problem.hint("`driftline operator rotate` gives a new token; to change roles, revoke and add"));
    }
    if is_taken(all, &new.name, &new.token_hash) {
        return Some(Problem::conflict("this access token is another operator's"));
    }
    let known = all.iter().any(|one| one.name == new.name);
    (!known && all.len() >= OPERATORS_MAX).then(|| Problem::conflict(format!("there are {OPERATORS_MAX} operators")))
}

fn is_taken(all: &[OperatorRecord], name: &str, token_hash: &[u8; 32]) -> bool {
    all.iter().any(|one| one.name != name && one.token_hash == *token_hash)
}

pub(super) async fn rotate(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    who: Named,
    request: Result<Json<OperatorRotate>, JsonRejection>,
) -> Result<Json<OperatorInfo>, Problem> {
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let (wanted, by) = (name_in_path(who)?, operator.0.name.clone());
    // One's own token is everybody's to renew.
    if wanted != by {
        operator.may(OperatorRole::Admin, None)?;
    }
    let token_hash = token_hash(&request.token_sha256)?;
    let rotated = http.core.recorder.decide(move |draft| {
        let all = draft.operators()?;
        let Some(found) = all.iter().find(|one| one.name == wanted && !one.revoked) else {
            return Ok(Err(no_operator(&wanted)));
        };
        if is_taken(&all, &wanted, &token_hash) {
            return Ok(Err(Problem::conflict("this access token is another operator's")));
        }
        let record = OperatorRecord { token_hash, ..found.clone() };
        tell(draft, format!("{by} gave the operator {wanted} a new access token"));
        draft.put_operator(record.clone());
        Ok(Ok(record))
    });
    Ok(Json(info(&rotated.await??)))
}

pub(super) async fn revoke(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    who: Named,
) -> Result<StatusCode, Problem> {
    let (wanted, by) = (name_in_path(who)?, operator.0.name);
    let revoked = http.core.recorder.decide(move |draft| {
        let all = draft.operators()?;
        let Some(found) = all.iter().find(|one| one.name == wanted) else { return Ok(Err(no_operator(&wanted))) };
        if found.revoked {
            return Ok(Ok(()));
        }
        let rules = |one: &&OperatorRecord| !one.revoked && Grants::of(&one.roles).may(OperatorRole::Admin, None);
        if all.iter().filter(rules).all(|one| one.name == wanted) {
            let problem = Problem::conflict(format!("{wanted} is the last administrator"));
            return Ok(Err(problem.hint("add another first: `driftline operator add NAME --role admin`")));
        }
        tell(draft, format!("{by} revoked the operator {wanted}"));
        draft.put_operator(OperatorRecord { revoked: true, ..found.clone() });
        Ok(Ok(()))
    });
    revoked.await??;
    Ok(StatusCode::NO_CONTENT)
}

fn tell(draft: &mut Draft<'_>, message: String) {
    draft.append(vec![event::general(EventKind::Operator, message)]);
}

fn no_operator(name: &str) -> Problem {
    // What was typed here may have been a token.
    let known = name.len() <= NAME_BYTES_MAX && name.bytes().all(is_name_byte);
    let shown = if known && !name.starts_with("dlo_") { format!(" `{name}`") } else { " of that name".to_owned() };
    Problem::not_found(format!("there is no operator{shown}")).hint("`driftline operator list` lists them")
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._@-".contains(&byte)
}

fn name(name: String) -> Result<String, Problem> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_name_byte) || name.starts_with("dlo_") {
        let reason = format!("a name has 1 to {NAME_BYTES_MAX} letters, digits, dots, dashes, `_` or `@`");
        return Err(Problem::bad(reason));
    }
    Ok(name)
}

fn token_hash(text: &str) -> Result<[u8; 32], Problem> {
    hex::decode(text).ok_or_else(|| Problem::bad("`token_sha256` is not 64 hex digits"))
}

fn roles(texts: &[String]) -> Result<Vec<String>, Problem> {
    if !(1..=ROLES_MAX).contains(&texts.len()) {
        return Err(Problem::bad(format!("an operator has 1 to {ROLES_MAX} roles")));
    }
    let read = texts.iter().map(|text| text.parse::<Grant>().map(|grant| grant.to_string()));
    read.collect::<Result<_, _>>().map_err(Problem::bad)
}

fn info(operator: &OperatorRecord) -> OperatorInfo {
    OperatorInfo {
        name: operator.name.clone(),
        roles: operator.roles.clone(),
        created_at: format_ms(operator.created_ms),
        revoked: operator.revoked,
    }
}
