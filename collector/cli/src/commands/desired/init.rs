//! `driftline desired init`: a mapping file, proposed from what agents watch.
//!
//! It guesses no contents: each source is told with the path that it has on the
//! hosts, and a person says where the repository keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use driftline_api::host::{HostDetail, HostPage};
use serde::Serialize;

use super::super::Context;
use crate::arguments::desired::DesiredInit;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::mapping;

/// Hosts that are asked one by one: what a role watches is seen on a few.
const HOSTS_ASKED_MAX: usize = 200;

/// What a source is on the hosts that watch it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    paths: BTreeSet<String>,
    roles: BTreeSet<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    env: &'a str,
    cursor: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: &DesiredInit) -> Outcome {
    let client = context.client()?;
    let mut found: BTreeMap<(String, String), Found> = BTreeMap::new();
    let (mut cursor, mut asked) = (None, 0);
    loop {
        let page: HostPage = client.get(&["hosts"], &Page { env: &arguments.env, cursor }).await?;
        let wanted = page.hosts.iter().filter(|host| arguments.role.as_ref().is_none_or(|role| *role == host.role));
        for host in wanted.take(HOSTS_ASKED_MAX.saturating_sub(asked)) {
            asked += 1;
            let detail: HostDetail = client.get(&["hosts", &host.host], &()).await?;
            note(&mut found, &detail);
        }
        cursor = page.next;
        if cursor.is_none() || asked >= HOSTS_ASKED_MAX {
            break;
        }
    }
    if found.is_empty() {
        return Err(Failure::new(Exit::Inconclusive, format!("no host of {} watches anything", arguments.env))
            .hint("`driftline hosts` lists the hosts"));
    }
    context.printer.data(&proposed(&arguments.env, &found))?;
    context.printer.say(&format!("save it as {} and put each file's path into it", mapping::FILE_NAME));
    Ok(Exit::Clean)
}

fn note(found: &mut BTreeMap<(String, String), Found>, detail: &HostDetail) {
    for source in detail.sources.iter().filter(|source| !source.retired && !source.source.ends_with("/at-reboot")) {
        let one = found.entry((source.source.clone(), source.kind.clone())).or_default();
        one.paths.insert(source.path.clone());
        one.roles.insert(detail.host.role.clone());
    }
}

fn proposed(environment: &str, found: &BTreeMap<(String, String), Found>) -> String {
    let mut text = format!(
        "# Which file of this repository is which source, as seen in {environment}.\n\
         # Take out what CI/CD does not deploy: what is declared is declared whole.\n"
    );
    for ((source, kind), one) in found {
        let roles = one.roles.iter().cloned().collect::<Vec<_>>().join(", ");
        let paths = one.paths.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let (source, path) = (toml::Value::from(source.as_str()), toml::Value::from(path_of(source, kind, one)));
        // Writing into a String cannot fail.
        _ = write!(
            text,
            "\n# {} ({roles})\n[[source]]\nname = {source}\nkind = \"{kind}\"\npath = {path}\n",
            crate::printer::text::safe(&paths)
        );
    }
    text
}

/// Where a repository might have it.
fn path_of(source: &str, kind: &str, one: &Found) -> String {
    let name = match (kind, source.rsplit('/').next()) {
        ("firewall", Some("nft")) => "firewall.nft".to_owned(),
        ("firewall", Some(backend)) => format!("{backend}.rules"),
        ("process_env" | "database_settings", _) => format!("{}.env", source.replace('/', "-")),
        _ => {
            let path = one.paths.first().map_or(source, String::as_str);
            path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("file").to_owned()
        }
    };
    format!("{{env}}/{name}")
}

#[cfg(test)]
mod tests;
