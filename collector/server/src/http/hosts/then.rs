//! One host as it was at a past time, with what nobody knows of it said.

use driftline_api::SCHEMA_VERSION;
use driftline_api::host::{HostDetail, Item, Source};
use driftline_api::problem::Problem as ApiProblem;
use driftline_canon::HostName;
use driftline_daemon::clock::format_ms;
use driftline_store::{
    EntryBody, EntryFilter, EntryQuery, EventKind, HostStatus, ItemRecord, Reader, SourceThen, StoreError,
};

use crate::http::error::Problem;
use crate::render;

/// Changes that are looked up for the time since when a value stood; of more,
/// the time since when the source was watched is told.
const SINCE_LOOKED_UP_MAX: usize = 1_000;

/// Keys of which nobody knows what they had, named one by one.
const UNKNOWN_NAMED_MAX: usize = 20;

pub(super) fn detail(
    reader: &Reader,
    name: &HostName,
    at_ms: i64,
    wanted: impl Fn(&SourceThen) -> bool,
) -> Result<Result<HostDetail, Problem>, StoreError> {
    let Some(host) = reader.host(name)?.filter(|host| host.status != HostStatus::Forgotten) else {
        return Ok(Err(super::no_host(name.as_str())));
    };
    let then = reader.items_at(name, at_ms)?;
    let begins_at = crate::http::chain::begins_at(reader)?;
    if let Some(why) = then.hidden {
        let problem = Problem::not_found(format!("what {name} had at {} is unknown: {why}", format_ms(at_ms)));
        return Ok(Err(match begins_at {
            Some(begins_at) => problem.hint(format!("the history begins at {begins_at}")),
            None => problem,
        }));
    }
    if then.sources.is_empty() {
        let said = format!("nothing was watched on {name} at {}", format_ms(at_ms));
        return Ok(Err(Problem::not_found(said)));
    }
    let begins_ms = begins_at.as_deref().and_then(driftline_daemon::clock::parse_ms).unwrap_or(0);
    let mut since = Since { reader, host: name, at_ms, begins_ms, looked_up: 0 };
    let sources: Result<Vec<Source>, StoreError> =
        then.sources.into_iter().filter(wanted).map(|source| shown(&mut since, source)).collect();
    let host = super::shown(&host, &reader.sources(name)?, None);
    let (at, unwatched, next) = (Some(format_ms(at_ms)), Vec::new(), None);
    Ok(Ok(HostDetail { schema_version: SCHEMA_VERSION, host, at, sources: sources?, unwatched, next }))
}

fn shown(since: &mut Since<'_>, then: SourceThen) -> Result<Source, StoreError> {
    let mut problems: Vec<ApiProblem> = Vec::new();
    if let Some(why) = &then.hidden {
        problems.push(unknown(format!("nobody can say what of this differs from now: {why}")));
    }
    for key in then.unknown.iter().take(UNKNOWN_NAMED_MAX) {
        problems.push(unknown(format!("`{key}`: nobody knows what it had then")));
    }
    let name = &then.source.source;
    let added_ms = since.added_ms(name)?;
    let mut items: Vec<Item> = Vec::new();
    for mut item in then.items.into_iter().filter(|item| !then.unknown.contains(&item.key)) {
        if item.since_ms == 0 || item.since_ms > since.at_ms {
            item.since_ms = since.changed_ms(name, &item)?.unwrap_or(added_ms);
        }
        items.push(render::item(&item));
    }
    Ok(Source {
        source: name.to_string(),
        kind: then.source.kind.to_string(),
        path: then.source.path.clone(),
        observed_at: format_ms(since.at_ms.min(then.source.observed_ms)),
        retired: false,
        items,
        problems,
    })
}

fn unknown(reason: String) -> ApiProblem {
    ApiProblem { kind: "unknown".to_owned(), line: None, column: None, reason, excerpt: None }
}

/// Finds since when a value stood.
struct Since<'r> {
    reader: &'r Reader,
    host: &'r HostName,
    at_ms: i64,
    /// When the history begins: what stood already is no older as far as it
    /// tells.
    begins_ms: i64,
    looked_up: usize,
}

impl Since<'_> {
    fn query(&self, source: &driftline_canon::SourceName) -> EntryQuery {
        EntryQuery {
            host: Some(self.host.clone()),
            source: Some(source.clone()),
            until_ms: Some(self.at_ms.saturating_add(1)),
            limit: 1,
            newest_first: true,
            ..EntryQuery::default()
        }
    }

    fn added_ms(&self, source: &driftline_canon::SourceName) -> Result<i64, StoreError> {
        let query =
            EntryQuery { event_kind: Some(EventKind::SourceAdded), filter: EntryFilter::Events, ..self.query(source) };
        Ok(self
            .reader
            .entries(&query)?
            .entries
            .first()
            .map_or(self.begins_ms.min(self.at_ms), |entry| entry.recorded_ms))
    }

    fn changed_ms(
        &mut self,
        source: &driftline_canon::SourceName,
        item: &ItemRecord,
    ) -> Result<Option<i64>, StoreError> {
        self.looked_up += 1;
        if self.looked_up > SINCE_LOOKED_UP_MAX {
            return Ok(None);
        }
        let query = EntryQuery { key: Some(item.key.clone()), filter: EntryFilter::Changes, ..self.query(source) };
        let page = self.reader.entries(&query)?;
        Ok(page.entries.first().and_then(|entry| match &entry.body {
            EntryBody::Change(change) => Some(change.observed_ms),
            EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
        }))
    }
}
