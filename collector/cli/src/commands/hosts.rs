//! `driftline hosts`: the hosts, and whether their agents are well.

use driftline_api::SCHEMA_VERSION;
use driftline_api::host::{Host, HostPage};
use serde::Serialize;

use super::Context;
use crate::arguments::commands::Hosts;
use crate::client::Client;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view::hosts;

/// Pages that are followed. A thousand hosts a page is a hundred thousand.
const PAGES_MAX: u32 = 100;

#[derive(Serialize)]
struct Query<'a> {
    env: Option<&'a str>,
    cursor: Option<String>,
    limit: u32,
}

pub(super) async fn run(context: &Context, arguments: &Hosts) -> Outcome {
    let hosts = all(&context.client()?, arguments.env.as_deref()).await?;
    if let (Some(env), true) = (&arguments.env, hosts.is_empty()) {
        let failure = Failure::new(Exit::Inconclusive, format!("no host is enrolled in environment `{env}`"));
        return Err(failure.hint("`driftline status` lists the environments"));
    }
    let page = HostPage { schema_version: SCHEMA_VERSION, hosts, next: None };
    context.printer.result(&page, &page.hosts, &hosts::document(&page.hosts, clock::now()))?;
    let unwell = page.hosts.iter().any(hosts::is_unwell);
    Ok(if unwell { Exit::Inconclusive } else { Exit::Clean })
}

/// Follows pages until every host is there.
pub(super) async fn all(client: &Client, env: Option<&str>) -> Outcome<Vec<Host>> {
    let mut hosts = Vec::new();
    let mut query = Query { env, cursor: None, limit: driftline_api::PAGE_ROWS_MAX };
    for _ in 0..PAGES_MAX {
        let page: HostPage = client.get(&["hosts"], &query).await?;
        hosts.extend(page.hosts);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    Ok(hosts)
}
