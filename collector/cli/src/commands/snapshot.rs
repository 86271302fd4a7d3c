//! `driftline snapshot SELECTOR --to FILE`: what hosts have or files say, to be
//! compared without a collector.
//!
//! The file has digests that this collector peppered, and no values.

use std::io::Write as _;

use driftline_api::desired::Declared;
use driftline_api::snapshot::{Snapshot, SnapshotRequest};
use driftline_compare::Selector;
use serde::Serialize;

use super::Context;
use super::local::declared;
use super::local::repository::mapped;
use crate::arguments::snapshot::Snapshot as Arguments;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::mapping::Named;

#[derive(Serialize)]
struct Query<'a> {
    selector: &'a str,
}

pub(super) async fn run(context: &Context, arguments: &Arguments) -> Outcome {
    if arguments.to.exists() {
        let said = format!("{} is there already", arguments.to.display());
        return Err(Failure::new(Exit::Usage, said).hint("a snapshot never replaces a file"));
    }
    let snapshot = match (&arguments.selector, &arguments.from) {
        (Some(selector), _) => {
            selector
                .parse::<Selector>()
                .map_err(|error: driftline_compare::SelectorError| Failure::new(Exit::Usage, error.to_string()))?;
            of_hosts(&context.client()?, selector).await?
        }
        (None, Some(_)) => of_files(context, arguments).await?,
        (None, None) => return Err(Failure::new(Exit::Usage, "name hosts, or files with `--from`")),
    };
    let json = serde_json::to_vec(&snapshot)
        .map_err(|error| Failure::new(Exit::Internal, format!("cannot write the snapshot: {error}")))?;
    let cannot = |error: std::io::Error| Failure::file(Exit::Internal, "write", &arguments.to, &error);
    let mut file = input::private(&arguments.to).map_err(cannot)?;
    file.write_all(&json).and_then(|()| file.sync_all()).map_err(cannot)?;
    let items: usize = snapshot.hosts.iter().flat_map(|host| &host.sources).map(|source| source.items.len()).sum();
    let hosts = driftline_canon::count(snapshot.hosts.len() as u64, "host", "hosts");
    context.printer.say(&format!("{}: {items} items of {hosts}", arguments.to.display()));
    if !snapshot.unchecked.is_empty() {
        context.printer.say(&format!("not checked, as last seen: {}", snapshot.unchecked.join(", ")));
        return Ok(Exit::Inconclusive);
    }
    Ok(Exit::Clean)
}

/// What hosts have now.
pub(super) async fn of_hosts(client: &Client, selector: &str) -> Outcome<Snapshot> {
    client.get(&["snapshot"], &Query { selector }).await
}

async fn of_files(context: &Context, arguments: &Arguments) -> Outcome<Snapshot> {
    let Some(from) = &arguments.from else {
        return Err(Failure::new(Exit::Usage, "`--from` names the directory"));
    };
    let key = context.access.fleet_key()?;
    let named = Named { env: arguments.env.as_deref().unwrap_or("."), role: arguments.role.as_deref(), host: None };
    let read = declared::read(from, &mapped(from, arguments.map.as_deref())?, named, &key)?;
    read.remarks.iter().for_each(|remark| context.printer.say(remark));
    of_declared(context, from.display().to_string(), arguments.role.clone(), read.declared).await
}

/// What files say, peppered by the collector.
pub(super) async fn of_declared(
    context: &Context,
    name: String,
    role: Option<String>,
    declared: Declared,
) -> Outcome<Snapshot> {
    context.client()?.post(&["snapshot"], &SnapshotRequest { name, role, declared }).await
}
