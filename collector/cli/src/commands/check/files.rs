//! A check against files of a repository: read and digested here, as a push
//! reads them, and compared by the collector, which keeps nothing of them.
//!
//! A file that was named and that nothing maps is unchecked, never left out in
//! silence.

use std::path::PathBuf;

use driftline_api::compare::{CompareRequest, Comparison};
use driftline_compare::Selector;

use super::super::Context;
use super::super::local::repository::{self, Chosen, Repository};
use super::listing;
use crate::arguments::check::Check;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::mapping::Named;
use crate::snapshot;

/// Reads what was named, with the fleet key of the runner.
pub(super) fn read(context: &Context, arguments: &Check, paths: &[PathBuf]) -> Outcome<Repository> {
    let selector = selector(&arguments.env)?;
    let environment = selector.environment.as_ref().ok_or_else(|| {
        let said = format!("`--env {}` names no environment, and files are those of one", arguments.env);
        Failure::new(Exit::Usage, said).hint("write `env=NAME,host=…`")
    })?;
    let (role, host) = (selector.role.as_ref(), selector.host.as_ref());
    let named = Named {
        env: environment.as_str(),
        role: role.map(driftline_canon::Role::as_str),
        host: host.map(driftline_canon::HostName::as_str),
    };
    let chosen =
        Chosen { map: arguments.map.as_deref(), source: arguments.source.as_deref(), kind: arguments.kind.as_deref() };
    let read = repository::several(paths, chosen, named, &context.access.fleet_key()?)?;
    read.remarks.iter().for_each(|remark| context.printer.say(remark));
    Ok(read)
}

fn selector(text: &str) -> Outcome<Selector> {
    text.parse().map_err(|error| Failure::new(Exit::Usage, format!("`--env {text}`: {error}")))
}

/// What hosts, or a snapshot of them, differ in from what was read.
pub(super) async fn compared(
    context: &Context,
    arguments: &Check,
    repository: &Repository,
    all: bool,
) -> Outcome<Comparison> {
    let (name, declared) = (repository.name.clone(), repository.declared.clone());
    let mut answer = match &arguments.from_snapshot {
        None => {
            let request = CompareRequest { left: arguments.env.clone(), name, declared, all: all.then_some(true) };
            context.client()?.post(&["compare"], &request).await?
        }
        Some(path) => {
            let left = snapshot::must_open(path)?;
            let right = super::super::snapshot::of_declared(context, name, None, declared).await?;
            snapshot::compared(&left, &snapshot::for_hosts_of(&left, &right), listing(all))?
        }
    };
    let unmapped = repository.unmapped.iter().map(|file| format!("{file} (no source is mapped to it)"));
    answer.unchecked.extend(unmapped);
    Ok(answer)
}
