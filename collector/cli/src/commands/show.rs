//! `driftline show HOST`: one host, its sources, items and problems.

use driftline_api::host::HostDetail;
use serde::Serialize;

use super::Context;
use crate::arguments::commands::Show;
use crate::client::Client;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::time_text::rfc3339;
use crate::view::hosts;

pub(super) async fn run(context: &Context, arguments: &Show) -> Outcome {
    let at = arguments.at.map(|when| rfc3339(when.at(clock::now())));
    let mut answer = detail(&context.client()?, &arguments.host, (arguments.source.as_deref(), at)).await?;
    if let Some(source) = &arguments.source {
        answer.sources.retain(|one| one.source == *source);
        if answer.sources.is_empty() {
            let said = format!("{} has no source `{source}`", arguments.host);
            return Err(Failure::new(Exit::Inconclusive, said).hint("without `--source` all of them are shown"));
        }
    }
    context.printer.result(&answer, &answer.sources, &hosts::detail(&answer, clock::now()))?;
    if answer.at.is_some() {
        let unknown = answer.sources.iter().flat_map(|source| &source.problems).any(|one| one.kind == "unknown");
        return Ok(if unknown { Exit::Inconclusive } else { Exit::Clean });
    }
    let known = !hosts::is_unwell(&answer.host) && answer.host.degraded_sources == 0;
    Ok(if known { Exit::Clean } else { Exit::Inconclusive })
}

/// Which sources of the host.
#[derive(Serialize)]
struct Query<'a> {
    source: Option<&'a str>,
    at: Option<&'a str>,
    cursor: Option<String>,
}

/// Follows pages until every source is there.
async fn detail(client: &Client, host: &str, (source, at): (Option<&str>, Option<String>)) -> Outcome<HostDetail> {
    let at = at.as_deref();
    let path = ["hosts", host];
    let mut all: HostDetail = client.get(&path, &Query { source, at, cursor: None }).await?;
    while let Some(next) = all.next.take() {
        let page: HostDetail = client.get(&path, &Query { source, at, cursor: Some(next) }).await?;
        all.sources.extend(page.sources);
        all.next = page.next;
    }
    Ok(all)
}
