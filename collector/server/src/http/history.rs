//! Changes, events and the history of a key, newest first.

use axum::extract::State;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::change::{Change, ChangePage, EventPage};
use driftline_canon::{Environment, HostName, ItemKey};
use driftline_store::{Entry, EntryBody, EntryFilter, EntryQuery, Page, Reader, StoreError};

use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Named, Pairs, cursor, name_in_path};
use super::{Http, Shared};
use crate::grant::Sight;
use crate::render;

/// Keys of a query to the history.
pub(super) const CHANGE_KEYS: &[&str] =
    &["env", "host", "source", "key", "opens", "actor", "verdict", "severity", "since", "until", "cursor", "limit"];

const EVENT_KEYS: &[&str] = &["env", "host", "source", "severity", "since", "until", "cursor", "limit"];

/// Times that a page which the store cut short is continued before it is
/// handed out as it is: bounds what one request costs.
const SCANS_MAX: usize = 50;

pub(super) async fn changes(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<ChangePage>, Problem> {
    let query = EntryQuery { filter: EntryFilter::Changes, ..Known::of(pairs, CHANGE_KEYS)?.entries()? };
    change_page(&http, &operator, query).await
}

pub(super) async fn of_key(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    key: Named,
    pairs: Pairs,
) -> Result<Json<ChangePage>, Problem> {
    let known = Known::of(pairs, &["env", "host", "source", "since", "until", "cursor", "limit"])?;
    let key =
        ItemKey::from_canonical(name_in_path(key)?).map_err(|error| Problem::bad(format!("the key is {error}")))?;
    let query = EntryQuery { filter: EntryFilter::Changes, key: Some(key), kept_too: true, ..known.entries()? };
    change_page(&http, &operator, query).await
}

/// Refuses an environment or host that nobody ever heard of: an empty answer
/// would read as "nothing changed".
pub(super) async fn must_be_known(http: &Http, query: &EntryQuery) -> Result<(), Problem> {
    let (environment, host) = (query.environment.clone(), query.host.clone());
    let unknown = http.read(move |reader| {
        if let Some(environment) = environment
            && !is_environment(reader, &environment)?
        {
            return Ok(Some(no_environment(&environment)));
        }
        match host {
            Some(host) if !is_host(reader, &host)? => Ok(Some(super::hosts::no_host(host.as_str()))),
            _ => Ok(None),
        }
    });
    unknown.await?.map_or(Ok(()), Err)
}

/// Whether the history or a host names it: the history also has what was
/// forgotten since.
pub(super) fn is_environment(reader: &Reader, environment: &Environment) -> Result<bool, StoreError> {
    let one =
        EntryQuery { environment: Some(environment.clone()), limit: 1, newest_first: true, ..EntryQuery::default() };
    Ok(!reader.entries(&one)?.entries.is_empty() || reader.hosts()?.iter().any(|host| host.environment == *environment))
}

fn is_host(reader: &Reader, host: &HostName) -> Result<bool, StoreError> {
    let one = EntryQuery { host: Some(host.clone()), limit: 1, newest_first: true, ..EntryQuery::default() };
    Ok(reader.host(host)?.is_some() || !reader.entries(&one)?.entries.is_empty())
}

pub(super) fn no_environment(environment: &Environment) -> Problem {
    Problem::not_found(format!("there is no environment `{environment}`")).hint("`driftline status` lists them")
}

/// What became known of a change after it was recorded.
pub(super) fn since(reader: &Reader, id: u64, change: &driftline_store::Change) -> Result<render::Since, StoreError> {
    Ok(render::Since { amended: reader.amendment(change)?, rejudged: reader.rejudged(id)? })
}

/// The changes among entries, with what became known of them later.
pub(super) fn rendered(reader: &Reader, entries: &[Entry]) -> Result<Vec<Change>, StoreError> {
    let change = |entry: &Entry| match &entry.body {
        EntryBody::Change(change) => {
            let since = since(reader, entry.id, change);
            Some(since.map(|since| render::change(entry.id, entry.recorded_ms, change, &since)))
        }
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
    };
    entries.iter().filter_map(change).collect()
}

async fn change_page(http: &Http, operator: &Operator, query: EntryQuery) -> Result<Json<ChangePage>, Problem> {
    let query = operator.narrowed(http, query).await?;
    must_be_known(http, &query).await?;
    let asked = query.clone();
    let ((changes, begins_at), next) = page(http, operator.sight(), query, move |reader, page| {
        Ok((rendered(reader, &page.entries)?, begins_at(reader, &asked, page.next.is_none())?))
    })
    .await?;
    Ok(Json(ChangePage { schema_version: SCHEMA_VERSION, changes, next: next.map(cursor), begins_at }))
}

pub(super) async fn events(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<EventPage>, Problem> {
    let query = EntryQuery { filter: EntryFilter::Events, ..Known::of(pairs, EVENT_KEYS)?.entries()? };
    let query = operator.narrowed(&http, query).await?;
    must_be_known(&http, &query).await?;
    let event = |entry: &Entry| match &entry.body {
        EntryBody::Event(event) => Some(render::event(entry.id, entry.recorded_ms, event)),
        EntryBody::Change(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
    };
    let (sight, asked) = (operator.sight(), query.clone());
    let ((events, begins_at), next) = page(&http, sight, query, move |reader, page| {
        let events: Vec<_> = page.entries.iter().filter_map(event).collect();
        Ok((events, begins_at(reader, &asked, page.next.is_none())?))
    })
    .await?;
    Ok(Json(EventPage { schema_version: SCHEMA_VERSION, events, next: next.map(cursor), begins_at }))
}

/// When the history begins, if a question reaches further back: it asks for a
/// time before, or for everything and there is no more.
fn begins_at(reader: &Reader, query: &EntryQuery, is_last: bool) -> Result<Option<String>, StoreError> {
    let Some(anchor) = reader.anchor()? else { return Ok(None) };
    let reaches_back = query.since_ms.map_or(is_last, |since_ms| since_ms <= anchor.newest_ms);
    if reaches_back { super::chain::begins_at(reader) } else { Ok(None) }
}

/// The environment that an entry is of.
pub(super) fn environment_of(entry: &Entry) -> Option<&Environment> {
    match &entry.body {
        EntryBody::Change(change) => Some(&change.environment),
        EntryBody::Event(event) => event.environment.as_ref(),
        EntryBody::Amendment(amendment) => Some(&amendment.environment),
        EntryBody::Rejudgement(one) => Some(&one.environment),
    }
}

/// One page, filled as far as one request may cost.
async fn page<T: Send + 'static>(
    http: &Http,
    sight: Sight,
    query: EntryQuery,
    render: impl FnOnce(&Reader, &Page) -> Result<T, StoreError> + Send + 'static,
) -> Result<(T, Option<u64>), Problem> {
    http.read(move |reader| {
        let mut page = reader.entries(&query)?;
        page.entries.retain(|entry| sight.shows(environment_of(entry)));
        for _ in 1..SCANS_MAX {
            let left = query.limit.saturating_sub(page.entries.len());
            let Some(next) = page.next.filter(|_| left > 0) else { break };
            let more = reader.entries(&EntryQuery { limit: left, ..query.clone() }.continued(next))?;
            page.entries.extend(more.entries.into_iter().filter(|entry| sight.shows(environment_of(entry))));
            page.next = more.next;
        }
        Ok((render(reader, &page)?, page.next))
    })
    .await
}
