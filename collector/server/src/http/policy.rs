//! The policy: shown, applied, its versions, and tried out.
//!
//! A bad one changes nothing and is answered with everything that is wrong with
//! it.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::policy::{PolicyDetail, PolicyInfo, PolicyList, PolicyOutcome, PolicyPush, PolicyTrial};
use driftline_api::problem;
use driftline_compare::policy::{Policy, PolicyErrors, PolicyVersion};
use driftline_daemon::clock::format_ms;
use tokio::sync::oneshot;

use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use super::{Http, Shared};
use crate::policy::{self, Applied};
use crate::record::{Draft, Reply};

mod trial;

/// Bytes of a request with a policy: its 256 KiB, with every fourth character
/// escaped.
const PUSH_BYTES_MAX: usize = 512 * 1024;

/// Bytes that such a request weighs among the records that wait for the writer.
const STEP_BYTES: usize = PUSH_BYTES_MAX;

pub(super) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(PUSH_BYTES_MAX)
}

pub(super) async fn show(State(http): State<Shared>, pairs: Pairs) -> Result<Json<PolicyDetail>, Problem> {
    Known::of(pairs, &[])?;
    let current: Option<PolicyVersion> = http.read(|reader| reader.last_document("")).await?;
    Ok(Json(detail(current, true)))
}

pub(super) async fn version(
    State(http): State<Shared>,
    number: Named,
    pairs: Pairs,
) -> Result<Json<PolicyDetail>, Problem> {
    Known::of(pairs, &[])?;
    let text = name_in_path(number)?;
    let number: u64 = text.parse().map_err(|_| Problem::bad(format!("`{text}` is no version of the policy")))?;
    let read = http.read(move |reader| {
        let last: Option<PolicyVersion> = reader.last_document("")?;
        let found: Option<PolicyVersion> = reader.document(&driftline_store::numbered(number))?;
        Ok((found, last.map(|last| last.number)))
    });
    let (found, last) = read.await?;
    let none = || Problem::not_found(format!("there is no version {number} of the policy"));
    let found = found.ok_or_else(|| none().hint("`driftline policy history` lists them"))?;
    Ok(Json(detail(Some(found), last == Some(number))))
}

pub(super) async fn history(State(http): State<Shared>, pairs: Pairs) -> Result<Json<PolicyList>, Problem> {
    Known::of(pairs, &[])?;
    let all: Vec<PolicyVersion> = http.read(|reader| reader.documents("")).await?;
    let last = all.last().map(|last| last.number);
    let versions = all.iter().rev().map(|one| info(one, last == Some(one.number))).collect();
    Ok(Json(PolicyList { schema_version: SCHEMA_VERSION, versions }))
}

pub(super) async fn apply(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<PolicyPush>, JsonRejection>,
) -> Result<Json<PolicyDetail>, Problem> {
    let Json(PolicyPush { text, replaces }) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let (text, policy) = parsed(text).await?;
    let applied = put(&http, text, Arc::new(policy), replaces, operator.0.name).await?;
    match applied {
        Applied::New(version) | Applied::Same(version) => Ok(Json(detail(Some(version), true))),
        Applied::Other(current) => Err(not_the_one(current, replaces)),
    }
}

/// Has the writer put it in force. What is weighed after the commit is weighed
/// by it.
async fn put(
    http: &Http,
    text: String,
    policy: Arc<Policy>,
    replaces: Option<u64>,
    by: String,
) -> Result<Applied, Problem> {
    let (answer, answered) = oneshot::channel();
    let classes = Arc::clone(&http.core.classes);
    let step = move |draft: &mut Draft<'_>| {
        let applied = policy::apply(draft, (text, &*policy), replaces, &by)?;
        let reply: Reply = Box::new(move || {
            if let Applied::New(_) = applied {
                classes.follow(policy);
            }
            // Whoever asked may have gone meanwhile; it is in force anyway.
            _ = answer.send(applied);
        });
        Ok(reply)
    };
    http.core.recorder.submit(STEP_BYTES, step).await?;
    answered.await.map_err(|_| Problem::stopping())
}

pub(super) async fn test(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<PolicyTrial>, JsonRejection>,
) -> Result<Json<PolicyOutcome>, Problem> {
    let Json(PolicyTrial { text, days }) = request.map_err(|error| Problem::bad(error.body_text()))?;
    if !(1..=trial::DAYS_MAX).contains(&days) {
        return Err(Problem::bad(format!("`days` is between 1 and {}", trial::DAYS_MAX)));
    }
    let (_, policy) = parsed(text).await?;
    let (now_ms, sight) = (http.core.clock.now_ms(), operator.sight());
    let outcome = http.read_long(move |reader| trial::replay(reader, &policy, now_ms, days, &sight));
    Ok(Json(outcome.await?))
}

/// A policy, read where it may take its time.
async fn parsed(text: String) -> Result<(String, Policy), Problem> {
    let read = tokio::task::spawn_blocking(move || Policy::parse(&text).map(|policy| (text, policy)));
    read.await.map_err(|_| Problem::stopping())?.map_err(|errors| wrong(&errors))
}

fn wrong(errors: &PolicyErrors) -> Problem {
    let one = |fault: &driftline_compare::policy::Fault| problem::Problem {
        kind: "policy".to_owned(),
        line: Some(fault.line),
        column: Some(fault.column),
        reason: fault.reason.clone(),
        excerpt: None,
    };
    let count = errors.faults.len() + errors.left_out;
    let mistakes = if count == 1 { "a mistake".to_owned() } else { format!("{count} mistakes") };
    let first = errors.faults.first().map_or_else(String::new, |fault| format!(": {fault}"));
    Problem::unprocessable(format!("this policy has {mistakes}{first}"))
        .hint("nothing was changed; `driftline policy check FILE` shows the lines")
        .problems(errors.faults.iter().map(one).collect())
}

fn not_the_one(current: Option<PolicyVersion>, replaces: Option<u64>) -> Problem {
    let made_from = replaces.map_or_else(|| "no version".to_owned(), |version| format!("version {version}"));
    let Some(current) = current else {
        return Problem::conflict(format!("no policy is in force, and this one was made from {made_from}"))
            .hint("nothing was changed; leave `replaces` out");
    };
    let PolicyVersion { number, applied_by, applied_ms, .. } = current;
    let at = format_ms(applied_ms);
    Problem::conflict(format!(
        "policy {number} is in force, applied by {applied_by} at {at}; this one was made from {made_from}"
    ))
    .hint(format!("nothing was changed; look at `driftline policy show`, then apply with `--replaces {number}`"))
}

fn detail(version: Option<PolicyVersion>, in_force: bool) -> PolicyDetail {
    let policy = version.as_ref().map(|version| info(version, in_force));
    let text = version.map(|version| version.text).unwrap_or_default();
    PolicyDetail { schema_version: SCHEMA_VERSION, policy, text }
}

fn info(version: &PolicyVersion, in_force: bool) -> PolicyInfo {
    PolicyInfo {
        version: version.number,
        in_force,
        applied_by: version.applied_by.clone(),
        applied_at: format_ms(version.applied_ms),
        summary: version.summary.clone(),
    }
}
