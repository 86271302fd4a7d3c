//! `driftline-agent check`: whether the configuration is right, and what each
//! source would watch on this host now.
//!
//! It reads names, never a file of a source, and needs no running agent. It
//! connects to a server only with `--connect`.

mod connect;

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::{Outcome, boxed, print, runtime};
use crate::actor;
use crate::cli::CheckArguments;
use crate::config::{Config, Pattern, SourceSpec};
use crate::firewall::namespace::Namespace;
use crate::firewall::save::survey;
use crate::firewall::tools::Tools;
use crate::observe::examine::{What, examine};
use crate::process::described;
use crate::watch::notifier::Notifier;
use crate::watch::tree::Tree;

/// Files of a glob that are listed.
const FILES_SHOWN_MAX: usize = 20;

pub(crate) fn carry_out(arguments: &CheckArguments) -> Outcome {
    let path = &arguments.config.config;
    let config = Config::load(path).map_err(boxed)?;
    let mut text = format!("{}: ok\n", path.display());
    if config.sources.is_empty() && config.databases.is_empty() && config.firewall.is_none() {
        text.push_str("no sources: nothing is watched\n");
    }
    for spec in &config.sources {
        describe(spec, &mut text);
    }
    for spec in &config.databases {
        let (source, target) = (&spec.source, &spec.target);
        let (server, seconds) = (target.server.as_str(), spec.every.as_secs());
        // Writing to a string cannot fail.
        _ = writeln!(text, "{} ({}): {server} at {}, every {seconds} s", source.name, source.kind, target.endpoint);
    }
    if let Some(spec) = &config.firewall {
        for place in &spec.places {
            let shown = match place {
                Namespace::Own => "the host's own rules".to_owned(),
                Namespace::Named(name) => format!("the rules of the network namespace {name}"),
            };
            _ = writeln!(text, "{} ({}): {shown}", spec.source.name, spec.source.kind);
            let runtime = super::runtime()?;
            for (backend, found) in runtime.block_on(survey(&Tools::system(), place)) {
                _ = writeln!(text, "  {}: {found}", backend.as_str());
            }
        }
    }
    for (source, found) in actor::probe(config.actor) {
        if let Err(why) = found {
            _ = writeln!(text, "who makes changes: no evidence from {}: {why}", source.as_str());
        }
    }
    let asked = if arguments.connect { runtime()?.block_on(connect::ask_all(&config, &mut text)) } else { Ok(()) };
    print(&text)?;
    asked.map_err(boxed)
}

fn describe(spec: &Arc<SourceSpec>, out: &mut String) {
    // Writing to a string cannot fail.
    _ = writeln!(out, "{} ({}): {}", spec.name, spec.kind, spec.path_display());
    if let Pattern::Process(source) = &spec.pattern {
        _ = writeln!(out, "  {}", described(Path::new("/"), &source.selector));
        return;
    }
    let mut tree = Tree::new(vec![Arc::clone(spec)], Notifier::closed());
    tree.plant(0);
    while tree.list() {}
    let ids = tree.table.ids(0, usize::MAX);
    for id in ids.iter().take(FILES_SHOWN_MAX) {
        let path = tree.table.path_of(*id);
        let state = match examine(&path).what {
            What::File(..) => "would be watched".to_owned(),
            What::Absent(why) => format!("{why} yet, its directory would be watched"),
            What::Refused(why, _) => why,
            What::OutOfBounds(why) => format!("is refused: {why}"),
            What::Unreadable(error, _) => format!("cannot be read: {}", std::io::Error::from(error)),
        };
        _ = writeln!(out, "  {}: {state}", crate::config::display_path(&path));
    }
    if ids.len() > FILES_SHOWN_MAX {
        _ = writeln!(out, "  and {} more", ids.len() - FILES_SHOWN_MAX);
    }
    if ids.is_empty() && matches!(spec.pattern, Pattern::Glob(_)) {
        _ = writeln!(out, "  nothing matches yet, its directories would be watched");
    }
}
