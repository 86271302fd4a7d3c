//! `driftline changes`: what changed, newest first; with `--events`, what else
//! happened.

use driftline_api::change::{Change, ChangePage, ChangeQuery, Event, EventPage};
use driftline_api::{PAGE_ROWS_MAX, SCHEMA_VERSION};

use super::Context;
use crate::arguments::commands::{Changes, Filter};
use crate::client::Client;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::time_text;
use crate::view::{changes, findings};

pub(super) async fn run(context: &Context, arguments: &Changes) -> Outcome {
    let now = clock::now();
    let query = ChangeQuery {
        since: arguments.since.map(|since| time_text::rfc3339(since.at(now))),
        until: arguments.until.map(|until| time_text::rfc3339(until.at(now))),
        ..query(&arguments.filter)
    };
    let client = context.client()?;
    if arguments.events {
        return events(context, &client, query, arguments.limit).await;
    }
    let mismatches = arguments.filter.out_of_band.then(|| ChangeQuery {
        verdict: Some("content_mismatch".to_owned()),
        limit: Some(1),
        ..query.clone()
    });
    let page = all(&client, &["changes"], query, arguments.limit).await?;
    say_beginning(context, page.begins_at.as_deref());
    let found = || findings::of_changes(&page.changes);
    context.printer.checked(&page, &page.changes, &changes::document(&page.changes), found)?;
    if let Some(query) = mismatches
        && !client.get::<ChangePage>(&["changes"], &query).await?.changes.is_empty()
    {
        let said = "beside these, declared settings got another content: `--verdict content_mismatch` lists them";
        context.printer.say(said);
    }
    Ok(Exit::Clean)
}

/// The query that a filter means.
pub(super) fn query(filter: &Filter) -> ChangeQuery {
    ChangeQuery {
        env: filter.env.clone(),
        host: filter.host.clone(),
        source: filter.source.clone(),
        key: filter.key.clone(),
        opens: filter.opens.clone(),
        actor: filter.actor.clone(),
        verdict: filter.verdict(),
        severity: filter.severity.clone(),
        ..ChangeQuery::default()
    }
}

/// Follows pages until `limit` changes are there, or no more.
pub(super) async fn all(client: &Client, path: &[&str], mut query: ChangeQuery, limit: u32) -> Outcome<ChangePage> {
    let mut found: Vec<Change> = Vec::new();
    loop {
        query.limit = Some(rest(limit, found.len()));
        let page: ChangePage = client.get(path, &query).await?;
        let empty = page.changes.is_empty();
        found.extend(page.changes);
        if page.next.is_none() || empty || rest(limit, found.len()) == 0 {
            let (schema_version, changes) = (SCHEMA_VERSION, found);
            return Ok(ChangePage { schema_version, changes, next: page.next, begins_at: page.begins_at });
        }
        query.cursor = page.next;
    }
}

async fn events(context: &Context, client: &Client, mut query: ChangeQuery, limit: u32) -> Outcome {
    if query.key.is_some() {
        return Err(Failure::new(Exit::Usage, "events have no key: leave out `--key`"));
    }
    if query.verdict.is_some() {
        return Err(Failure::new(Exit::Usage, "events have no verdict: leave out `--verdict` and `--out-of-band`"));
    }
    if query.opens.is_some() || query.actor.is_some() {
        return Err(Failure::new(Exit::Usage, "events open nothing: leave out `--opens` and `--actor`"));
    }
    let mut found: Vec<Event> = Vec::new();
    let (next, begins_at) = loop {
        query.limit = Some(rest(limit, found.len()));
        let page: EventPage = client.get(&["events"], &query).await?;
        let empty = page.events.is_empty();
        found.extend(page.events);
        if page.next.is_none() || empty || rest(limit, found.len()) == 0 {
            break (page.next, page.begins_at);
        }
        query.cursor = page.next;
    };
    let page = EventPage { schema_version: SCHEMA_VERSION, events: found, next, begins_at };
    say_beginning(context, page.begins_at.as_deref());
    context.printer.result(&page, &page.events, &changes::events(&page.events))?;
    Ok(Exit::Clean)
}

/// Says that nobody can tell what was before, where somebody asked for it.
pub(super) fn say_beginning(context: &Context, begins_at: Option<&str>) {
    if let Some(at) = begins_at {
        let at = time_text::short(at);
        context.printer.say(&format!("the history begins at {at} (utc): what was recorded before was removed"));
    }
}

fn rest(limit: u32, found: usize) -> u32 {
    limit.saturating_sub(u32::try_from(found).unwrap_or(u32::MAX)).min(PAGE_ROWS_MAX)
}
