//! Desired state: pushed by CI/CD, listed and shown.
//!
//! It repeats no digest, and what a push sets off is not known here.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::desired::{
    DeclaredCount, DesiredPush, PushDetail, RevisionDetail, RevisionInfo, RevisionList, ShownItem,
};
use driftline_canon::Environment;
use driftline_compare::desired::{Pruned, Revision, Sheet, Standings};
use driftline_daemon::clock::format_ms;
use driftline_store::{Reader, StoreError};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::history::{is_environment, no_environment};
use super::query::{Known, Pairs};
use crate::desired::{self, Recorded};
use crate::grant::OperatorRole;

/// Bytes of a push: some 80,000 settings with their displays. A source has
/// 100,000 items at most, and nobody's repository has a tenth of that.
pub(super) const PUSH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Characters of a revision's name that find it, if no other begins so: what
/// version control shows of a hash.
const PREFIX_CHARS_MIN: usize = 7;

pub(super) async fn push(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<DesiredPush>, JsonRejection>,
) -> Result<Json<PushDetail>, Problem> {
    operator.may_deploy()?;
    let Json(request) = request.map_err(|error| refused_body(&error))?;
    let pepper = http.core.pepper.clone();
    let checked = tokio::task::spawn_blocking(move || desired::checked::pushed(request, &pepper)).await;
    let pushed = checked.map_err(|_| Problem::stopping())?.map_err(Problem::from)?;
    let selector = pushed.selector.clone();
    operator.may(OperatorRole::Deployer, selector.environment.as_ref())?;
    if let Some(environment) = selector.environment.clone() {
        let wanted = environment.clone();
        if !http.read(move |reader| is_environment(reader, &wanted)).await? {
            return Err(no_environment(&environment));
        }
    }
    let by = operator.0.name.clone();
    let (revision, changed) = match http.core.recorder.decide(move |draft| desired::record(draft, pushed, &by)).await? {
        Recorded::New(revision) => (revision, true),
        Recorded::Same(revision) => (revision, false),
        Recorded::TooMuch(said) => {
            return Err(Problem::conflict(said).hint("declare for roles rather than hosts, or let some expire"));
        }
        Recorded::Other(before) => {
            let said = format!(
                "revision {} was declared for {} on {} with another content",
                before.revision,
                before.selector,
                format_ms(before.pushed_ms)
            );
            return Err(Problem::conflict(said).hint("a revision is one content; `--replace` declares it anew"));
        }
    };
    let now_ms = http.core.clock.now_ms();
    let detail = http.read(move |reader| {
        let all: Vec<Revision> = reader.documents("")?;
        let hosts = reader.hosts()?.into_iter();
        let hosts = hosts.filter(|host| selector.matches(&host.environment, &host.role, &host.host)).count();
        let notes = (hosts == 0).then(|| format!("no host matches {selector} yet"));
        Ok(PushDetail {
            schema_version: SCHEMA_VERSION,
            revision: info(&revision, &Standings::of(&all, now_ms)),
            changed,
            hosts: hosts as u64,
            notes: notes.into_iter().collect(),
        })
    });
    Ok(Json(detail.await?))
}

pub(super) async fn list(State(http): State<Shared>, pairs: Pairs) -> Result<Json<RevisionList>, Problem> {
    let environment: Option<Environment> = Known::of(pairs, &["env"])?.parsed("env")?;
    let now_ms = http.core.clock.now_ms();
    let revisions = http.read(move |reader| {
        if let Some(environment) = &environment
            && !is_environment(reader, environment)?
        {
            return Ok(Err(no_environment(environment)));
        }
        let all: Vec<Revision> = reader.documents("")?;
        let wanted = all.iter().rev().filter(|one| is_of(one, environment.as_ref()));
        let standings = Standings::of(&all, now_ms);
        Ok(Ok(wanted.map(|one| info(one, &standings)).collect()))
    });
    Ok(Json(RevisionList { schema_version: SCHEMA_VERSION, revisions: revisions.await?? }))
}

pub(super) async fn show(State(http): State<Shared>, pairs: Pairs) -> Result<Json<RevisionDetail>, Problem> {
    let known = Known::of(pairs, &["env", "revision"])?;
    let environment: Option<Environment> = known.parsed("env")?;
    let wanted = known.text("revision").map(str::to_owned);
    let now_ms = http.core.clock.now_ms();
    let detail = http.read(move |reader| {
        let all: Vec<Revision> = reader.documents("")?;
        let found = match find(&all, environment.as_ref(), wanted.as_deref()) {
            Ok(found) => found,
            Err(problem) => {
                return Ok(Err(pruned(reader, environment.as_ref(), wanted.as_deref())?.unwrap_or(problem)));
            }
        };
        let items = sheets(reader, found)?.iter().flat_map(shown).collect();
        Ok(Ok(RevisionDetail {
            schema_version: SCHEMA_VERSION,
            revision: info(found, &Standings::of(&all, now_ms)),
            items,
        }))
    });
    Ok(Json(detail.await??))
}

/// The sheets of a revision, by source.
pub(super) fn sheets(reader: &Reader, revision: &Revision) -> Result<Vec<Sheet>, StoreError> {
    reader.documents(&format!("{}/", desired::owner(revision.number)))
}

/// The revision that is meant: by its whole name, its number, or the beginning
/// of its name; the newest if nothing is said. Of a name pushed several times
/// the newest is meant.
pub(super) fn find<'r>(
    all: &'r [Revision],
    environment: Option<&Environment>,
    wanted: Option<&str>,
) -> Result<&'r Revision, Problem> {
    let of_environment = || all.iter().rev().filter(|one| is_of(one, environment));
    let place = environment.map_or_else(String::new, |environment| format!(" for {environment}"));
    let Some(wanted) = wanted else {
        let none = || Problem::not_found(format!("nothing was ever declared{place}"));
        return of_environment().next().ok_or_else(|| none().hint("`driftline desired push` declares"));
    };
    if let Some(named) = of_environment().find(|one| one.revision == wanted) {
        return Ok(named);
    }
    if let Ok(number) = wanted.parse::<u64>()
        && let Some(numbered) = of_environment().find(|one| one.number == number)
    {
        return Ok(numbered);
    }
    let long_enough = wanted.chars().count() >= PREFIX_CHARS_MIN;
    let mut begun = of_environment().filter(|one| long_enough && one.revision.starts_with(wanted));
    match (begun.next(), begun.next()) {
        (Some(one), other) if other.is_none_or(|other| other.revision == one.revision) => Ok(one),
        (Some(_), Some(_)) => Err(Problem::bad(format!("several revisions{place} begin with `{wanted}`"))),
        _ => Err(Problem::not_found(format!("there is no revision `{wanted}`{place}"))
            .hint("`driftline desired list` lists them")),
    }
}

/// What to say of a revision that was there, and is kept no longer.
fn pruned(
    reader: &Reader,
    environment: Option<&Environment>,
    wanted: Option<&str>,
) -> Result<Option<Problem>, StoreError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let all: Vec<Pruned> = reader.documents("")?;
    let long_enough = wanted.chars().count() >= PREFIX_CHARS_MIN;
    let is_meant = |one: &&Pruned| {
        let named = one.revision == wanted || (long_enough && one.revision.starts_with(wanted));
        (named || wanted.parse() == Ok(one.number))
            && (environment.is_none() || one.selector.environment.as_ref() == environment)
    };
    Ok(all.iter().rev().find(is_meant).map(|one| {
        let Pruned { number, selector, revision, pushed_ms, counted_until_ms, pruned_ms } = one;
        let [pushed, until, gone] = [pushed_ms, counted_until_ms, pruned_ms].map(|at_ms| format_ms(*at_ms));
        Problem::not_found(format!(
            "revision {revision} (number {number}), declared for {selector} on {pushed}, counted until {until} and was \
             removed on {gone}"
        ))
        .hint("the history has who pushed it, as far back as it goes")
    }))
}

fn is_of(revision: &Revision, environment: Option<&Environment>) -> bool {
    environment.is_none() || revision.selector.environment.as_ref() == environment
}

pub(super) fn refused_body(error: &JsonRejection) -> Problem {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        let said = format!("what is declared has more than {PUSH_BYTES_MAX} bytes");
        return Problem::too_large(said).hint("push it in parts: sources of one selector add up");
    }
    Problem::bad(error.body_text())
}

impl From<desired::Refused> for Problem {
    fn from(refused: desired::Refused) -> Self {
        let problem = Self::bad(refused.reason);
        match refused.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

fn info(revision: &Revision, standings: &Standings<'_>) -> RevisionInfo {
    let count = |(source, items): &(driftline_canon::SourceName, u32)| DeclaredCount {
        source: source.to_string(),
        items: *items,
    };
    RevisionInfo {
        number: revision.number,
        selector: revision.selector.to_string(),
        revision: revision.revision.clone(),
        status: standings.standing(revision).as_str().to_owned(),
        ticket: revision.ticket.clone(),
        pushed_by: revision.pushed_by.clone(),
        pushed_at: format_ms(revision.pushed_ms),
        expires_at: revision.expires_ms.map(format_ms),
        sources: revision.sources.iter().map(count).collect(),
    }
}

fn shown(sheet: &Sheet) -> Vec<ShownItem> {
    let item = |item: &driftline_compare::desired::SheetItem| ShownItem {
        source: sheet.source.to_string(),
        kind: sheet.kind.to_string(),
        key: item.key.to_string(),
        display: item.display.as_ref().map(|display| display.as_str().to_owned()),
        secret: item.secret,
    };
    sheet.items.iter().map(item).collect()
}
