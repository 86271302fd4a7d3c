//! Hosts: the list, one in full, and revoking one.

mod then;

use axum::Json;
use axum::extract::State;
use axum::{Extension, http::StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_api::host::{Coverage, Host, HostDetail, HostPage, Source, Unwatched};
use driftline_api::{PAGE_ROWS_MAX, SCHEMA_VERSION};
use driftline_canon::{Environment, HostName, SourceName};
use driftline_daemon::clock::format_ms;
use driftline_store::{EventKind, HostRecord, HostStatus, Reader, SourceRecord, SourceThen, StoreError};
use driftline_wire::convert::{self as wire, Refusal, RefusalKind};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::history::{is_environment, no_environment};
use super::query::{Known, Named, Pairs, name_in_path};
use crate::grant::OperatorRole;
use crate::live::Vitals;
use crate::{event, render};

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<HostPage>, Problem> {
    let known = Known::of(pairs, &["env", "cursor", "limit"])?;
    let environment: Option<Environment> = known.parsed("env")?;
    let (limit, after) = (known.limit()?, known.text("cursor").map(read_cursor).transpose()?);
    let (live, sight) = (std::sync::Arc::clone(&http.core.live), operator.sight());
    let page = http.read(move |reader| {
        if let Some(environment) = &environment
            && !is_environment(reader, environment)?
        {
            return Ok(Err(no_environment(environment)));
        }
        let mut hosts = reader.hosts()?;
        hosts.retain(|host| sight.shows(Some(&host.environment)));
        hosts.retain(|host| environment.as_ref().is_none_or(|wanted| *wanted == host.environment));
        hosts.retain(|host| after.as_ref().is_none_or(|after| position(host) > *after));
        let more = hosts.len() > limit;
        hosts.truncate(limit);
        let next = hosts.last().filter(|_| more).map(|host| cursor(&position(host)));
        let hosts = hosts.iter().map(|host| {
            let sources = reader.sources(&host.host)?;
            Ok(shown(host, &sources, live.vitals(&host.host)))
        });
        Ok(Ok(HostPage { schema_version: SCHEMA_VERSION, hosts: hosts.collect::<Result<_, StoreError>>()?, next }))
    });
    Ok(Json(page.await??))
}

pub(super) async fn show(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    name: Named,
    pairs: Pairs,
) -> Result<Json<HostDetail>, Problem> {
    let known = Known::of(pairs, &["source", "at", "cursor", "limit"])?;
    let at_ms = known.time("at")?;
    let wanted = Wanted {
        source: known.parsed("source")?,
        after: known.text("cursor").map(read_source_cursor).transpose()?,
        limit: known.limit_or(PAGE_ROWS_MAX)?,
    };
    let name = name_in_path(name)?;
    let host = parsed(&name)?;
    operator.sees_host(&http, &host).await?;
    if let Some(at_ms) = at_ms {
        if at_ms > http.core.clock.now_ms() {
            return Err(Problem::bad(format!("`{}` is in the future", format_ms(at_ms))));
        }
        let holds = move |one: &SourceThen| wanted.holds(&one.source);
        return Ok(Json(http.read(move |reader| then::detail(reader, &host, at_ms, holds)).await??));
    }
    let vitals = http.core.live.vitals(&host);
    let detail = http.read(move |reader| detail(reader, &host, vitals, &wanted)).await?;
    detail.map(Json).ok_or_else(|| no_host(&name))
}

pub(super) async fn revoke(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    name: Named,
) -> Result<StatusCode, Problem> {
    operator.may_change()?;
    let name = name_in_path(name)?;
    let (host, live) = (parsed(&name)?, std::sync::Arc::clone(&http.core.live));
    let by = operator.0.name.clone();
    let revoked = http.core.recorder.decide(move |draft| {
        let known = draft.host(&host)?.filter(|host| host.status != HostStatus::Forgotten);
        let Some(mut host) = known else { return Ok(Ok(false)) };
        if let Err(refused) = operator.may(OperatorRole::Operator, Some(&host.environment)) {
            return Ok(Err(refused));
        }
        if host.status != HostStatus::Revoked {
            let message = format!("the certificate of {} was revoked by {by}", host.host);
            draft.append(vec![event::of_host(&host, EventKind::HostRevoked, message)]);
            host.status = HostStatus::Revoked;
        }
        let refusal = Refusal { kind: RefusalKind::Revoked, reason: "this certificate was revoked".to_owned() };
        live.close(&host.host, refusal);
        draft.put_host(host);
        Ok(Ok(true))
    });
    if revoked.await?? { Ok(StatusCode::NO_CONTENT) } else { Err(no_host(&name)) }
}

/// `POST /hosts/HOST/forget?env=ENVIRONMENT`: a host that is gone for good.
pub(super) async fn forget(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    name: Named,
    pairs: Pairs,
) -> Result<StatusCode, Problem> {
    let environment: Option<Environment> = Known::of(pairs, &["env"])?.parsed("env")?;
    let environment = environment.ok_or_else(|| Problem::bad("`env` names the environment of the host"))?;
    operator.may(OperatorRole::Admin, Some(&environment))?;
    let name = name_in_path(name)?;
    let (host, live) = (parsed(&name)?, std::sync::Arc::clone(&http.core.live));
    let by = operator.0.name.clone();
    let forgotten = http.core.recorder.decide(move |draft| {
        let known = draft.host(&host)?.filter(|host| host.status != HostStatus::Forgotten);
        let Some(mut host) = known.filter(|host| host.environment == environment) else { return Ok(Forgot::Unknown) };
        // After a restart or a cut, a host stays connected until its patience
        // is over: it may be on its way back.
        if live.is_connected(&host.host) || host.status == HostStatus::Connected {
            return Ok(Forgot::Connected);
        }
        let message = format!("{} was forgotten by {by}: its state is gone, its history stays", host.host);
        draft.append(vec![event::of_host(&host, EventKind::HostForgotten, message)]);
        draft.forget_sources(&host.host);
        host.status = HostStatus::Forgotten;
        draft.put_host(host);
        Ok(Forgot::Done)
    });
    match forgotten.await? {
        Forgot::Done => Ok(StatusCode::NO_CONTENT),
        Forgot::Unknown => Err(no_host(&name)),
        Forgot::Connected => Err(Problem::conflict(format!("the agent of `{name}` is connected"))
            .hint("stop it, or `driftline revoke` it first")),
    }
}

enum Forgot {
    Done,
    Unknown,
    Connected,
}

/// Items of one answer, unless its first source has more: some megabytes of
/// JSON.
const DETAIL_ITEMS_MAX: usize = 20_000;

/// Which sources of a host are asked for.
struct Wanted {
    source: Option<SourceName>,
    after: Option<SourceName>,
    limit: usize,
}

impl Wanted {
    fn holds(&self, source: &SourceRecord) -> bool {
        self.source.as_ref().is_none_or(|one| *one == source.source)
            && self.after.as_ref().is_none_or(|after| source.source > *after)
    }
}

fn detail(
    reader: &Reader,
    name: &HostName,
    vitals: Option<Vitals>,
    wanted: &Wanted,
) -> Result<Option<HostDetail>, StoreError> {
    let Some(host) = reader.host(name)?.filter(|host| host.status != HostStatus::Forgotten) else { return Ok(None) };
    let stored = reader.sources(name)?;
    let (mut sources, mut items, mut next) = (Vec::new(), 0, None);
    for source in stored.iter().filter(|source| wanted.holds(source)) {
        if sources.len() >= wanted.limit || items >= DETAIL_ITEMS_MAX {
            next = sources.last().map(|last: &Source| URL_SAFE_NO_PAD.encode(&last.source));
            break;
        }
        let own = reader.items(name, &source.source)?;
        items += own.len();
        sources.push(Source {
            source: source.source.to_string(),
            kind: source.kind.to_string(),
            path: source.path.clone(),
            observed_at: format_ms(source.observed_ms),
            retired: source.retired,
            items: own.iter().map(render::item).collect(),
            problems: source.problems.iter().map(render::problem).collect(),
        });
    }
    let unwatched = vitals.as_ref().and_then(|vitals| vitals.coverage.as_deref()).map(unwatched).unwrap_or_default();
    let host = shown(&host, &stored, vitals);
    Ok(Some(HostDetail { schema_version: SCHEMA_VERSION, host, at: None, sources, unwatched, next }))
}

fn unwatched(coverage: &wire::Coverage) -> Vec<Unwatched> {
    let one = |one: &wire::Unwatched| Unwatched { path: one.path.clone(), reason: one.reason.clone() };
    coverage.unwatched.iter().map(one).collect()
}

fn read_source_cursor(text: &str) -> Result<SourceName, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|name| SourceName::new(name).ok());
    name.ok_or_else(|| Problem::bad("`cursor` is not one of this collector"))
}

/// A host as the store has it, with what its live stream last said.
pub(super) fn shown(host: &HostRecord, sources: &[SourceRecord], vitals: Option<Vitals>) -> Host {
    let is_live = vitals.is_some();
    let live = vitals.unwrap_or_default();
    let coverage = live.coverage.as_ref().map(|said| Coverage { found: said.found, watched: said.watched });
    let time = |ms: i64| (ms > 0).then(|| format_ms(ms));
    let problems: usize = sources.iter().map(|source| source.problems.len()).sum();
    let watched = sources.iter().filter(|source| !source.retired).count();
    let resident = if live.resident_bytes > 0 { live.resident_bytes } else { host.facts.agent_resident_bytes };
    Host {
        host: host.host.to_string(),
        environment: host.environment.to_string(),
        role: host.role.to_string(),
        agent: host.agent.to_string(),
        status: render::status_word(host.status).to_owned(),
        last_seen: time(host.last_seen_ms.max(live.last_seen_ms)),
        verified_at: time(host.verified_ms.max(live.verified_ms)),
        agent_version: host.facts.agent_version.clone(),
        os: host.facts.os.clone(),
        kernel: host.facts.kernel.clone(),
        architecture: host.facts.architecture.clone(),
        boot_id: host.facts.boot_id.clone(),
        agent_resident_bytes: resident,
        clock_skew_ms: host.skew_ms,
        sources: u32::try_from(watched).unwrap_or(u32::MAX),
        degraded_sources: if is_live { live.degraded_sources } else { host.degraded_sources },
        problems: u32::try_from(problems).unwrap_or(u32::MAX),
        coverage,
    }
}

fn parsed(name: &str) -> Result<HostName, Problem> {
    HostName::new(name).map_err(|error| Problem::bad(error.to_string()))
}

pub(super) fn no_host(name: &str) -> Problem {
    Problem::not_found(format!("there is no host `{name}`")).hint("`driftline hosts` lists them")
}

/// Hosts are listed by environment, then name.
type Position = (String, String);

fn position(host: &HostRecord) -> Position {
    (host.environment.to_string(), host.host.to_string())
}

fn cursor((environment, host): &Position) -> String {
    // Names hold no slash.
    URL_SAFE_NO_PAD.encode(format!("{environment}/{host}"))
}

fn read_cursor(text: &str) -> Result<Position, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let position = text.as_deref().and_then(|text| text.split_once('/'));
    let position = position.map(|(environment, host)| (environment.to_owned(), host.to_owned()));
    position.ok_or_else(|| Problem::bad("`cursor` is not one of this collector"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let position = ("production".to_owned(), "web-1".to_owned());
        assert_eq!(read_cursor(&cursor(&position)).unwrap(), position);
        assert!(read_cursor("AAAA").is_err());
    }
}
