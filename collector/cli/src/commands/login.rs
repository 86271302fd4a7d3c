//! `driftline login`: writes the configuration, once the collector has said who
//! this is.
//!
//! It stores paths, not secrets; the files stay where they are. Nothing is
//! written before the collector has accepted the token.

use std::path::{Path, PathBuf};

use driftline_api::token::WhoAmI;

use super::Context;
use crate::arguments::commands::Login;
use crate::arguments::{self, Common};
use crate::client::{Access, Client};
use crate::config;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::printer::document::Document;

pub(super) async fn run(context: &Context, common: &Common, arguments: &Login) -> Outcome {
    let access = match &arguments.from {
        Some(from) => taken_from(from, common)?,
        None => context.access.clone(),
    };
    let access = absolute(access)?;
    let client = Client::new(&access)?;
    if access.fleet_key_file.is_some() {
        access.fleet_key()?;
    } else {
        context.printer.say("no fleet key: `driftline token create` will not work from here");
    }
    let me: WhoAmI = client.get(&["whoami"], &()).await?;
    let path = target(common)?;
    let text = config::render(&entries(&access, client.address()));
    input::write_private(&path, text.as_bytes())
        .map_err(|error| Failure::file(Exit::Config, "write", &path, &error))?;
    let document = Document::default().facts([
        ("collector", format!("{} ({})", client.address(), me.collector_version)),
        ("operator", format!("{} ({})", me.operator, me.roles.join(", "))),
        ("configuration", path.display().to_string()),
    ]);
    context.printer.result(&me, std::slice::from_ref(&me), &document)?;
    Ok(Exit::Clean)
}

/// What another configuration says; what it leaves out is taken from flags.
fn taken_from(from: &Path, common: &Common) -> Outcome<Access> {
    let settings = config::load(Some(from), &arguments::known_flags())?;
    let file = |key: &str| settings.flag(key).map(|named| copied_along(from, Path::new(named)));
    Ok(Access {
        collector: settings.flag("collector").map(str::to_owned).or_else(|| common.collector.clone()),
        ca_pem: settings.ca_pem.clone(),
        ca_file: file("ca_file").or_else(|| common.ca_file.clone()),
        token_file: file("token_file").or_else(|| common.token_file.clone()),
        fleet_key_file: file("fleet_key_file").or_else(|| common.fleet_key_file.clone()),
        token_file_typed: common.token_file_typed,
        key_file_typed: common.fleet_key_file_typed,
    })
}

/// A file as the configuration names it, or the one of that name beside a copy
/// of the configuration: paths of another machine lead nowhere here.
fn copied_along(from: &Path, named: &Path) -> PathBuf {
    let beside = named.file_name().map(|name| from.with_file_name(name));
    beside.filter(|beside| !named.exists() && beside.is_file()).unwrap_or_else(|| named.to_owned())
}

fn absolute(access: Access) -> Outcome<Access> {
    let path = |path: Option<PathBuf>| -> Outcome<Option<PathBuf>> {
        let made = path.as_deref().map(std::path::absolute).transpose();
        made.map_err(|error| Failure::new(Exit::Internal, format!("cannot find the working directory: {error}")))
    };
    Ok(Access {
        ca_file: path(access.ca_file)?,
        token_file: path(access.token_file)?,
        fleet_key_file: path(access.fleet_key_file)?,
        ..access
    })
}

fn target(common: &Common) -> Outcome<PathBuf> {
    let no_home = || Failure::new(Exit::Config, "HOME is not set").hint("`--config FILE` says where to write");
    common.config.clone().or_else(config::default_path).ok_or_else(no_home)
}

fn entries(access: &Access, collector: &str) -> Vec<(&'static str, String)> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let ca_pem = access.ca_pem.clone().filter(|_| access.ca_file.is_none());
    let all = [
        ("collector", Some(collector.to_owned())),
        ("ca_file", path(&access.ca_file)),
        ("ca_pem", ca_pem),
        ("token_file", path(&access.token_file)),
        ("fleet_key_file", path(&access.fleet_key_file)),
    ];
    all.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
}

#[cfg(test)]
mod tests;
