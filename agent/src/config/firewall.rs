//! A `[[source]]` of kind `firewall`: whose live rules to follow.
//!
//! It asks no kernel and looks for no namespace: one that is named and not
//! there is a problem record, never a bad configuration.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::key::escape;
use driftline_canon::{SourceKind, SourceName};
use driftline_daemon::config::Mistake;

use super::source::{self, Pattern, ReadAs, SourceSpec, Written};
use crate::firewall::FirewallSpec;
use crate::firewall::namespace::{Name, Namespace};

/// Seconds between two looks at what the kernel tells nothing about (legacy
/// tables, sets of ipset), if the table does not say.
const POLL_S: u64 = 2;

/// Namespaces of one table. Each takes a socket and a process; a host with more
/// is one of containers, whose own rules are made by machines.
const NAMESPACES_MAX: usize = 64;

/// Whether a table is of this kind; one of another kind must not have its keys.
/// `poll_s` is for others too.
pub(super) fn is_firewall(written: &Written) -> Result<bool, Mistake> {
    if written.kind == SourceKind::Firewall {
        return Ok(true);
    }
    let used = [("namespaces", written.namespaces.is_some()), ("own", written.own.is_some())];
    match used.into_iter().find(|(_, used)| *used) {
        Some((key, _)) => {
            Err(Mistake::at(key, format!("source `{}`: `{key}` is for `firewall` sources", written.name)))
        }
        None => Ok(false),
    }
}

/// Checks a table of this kind.
pub(super) fn check(written: Written, reconcile: Duration) -> Result<FirewallSpec, Mistake> {
    source::check_name(&written.name)?;
    let name = written.name.clone();
    if let Some(key) = of_others(&written) {
        return Err(Mistake::at(key, format!("source `{name}`: a `firewall` source has no `{key}`")));
    }
    let poll_s = written.poll_s.unwrap_or(POLL_S);
    super::within("poll_s", poll_s, 1, 3600)?;
    let places = places(&name, written.own.unwrap_or(true), written.namespaces.unwrap_or_default())?;
    let source = Arc::new(SourceSpec {
        name,
        kind: SourceKind::Firewall,
        pattern: Pattern::Path(PathBuf::new()),
        dialect: None,
        reading: ReadAs::Content,
        display: written.display,
        file_bytes_max: 0,
    });
    Ok(FirewallSpec { source, places, poll: Duration::from_secs(poll_s), reconcile, config: written.config })
}

/// That the dump files are a source of this configuration, and of that kind.
pub(super) fn check_config(spec: &FirewallSpec, sources: &[Arc<SourceSpec>]) -> Result<(), Mistake> {
    let Some(config) = &spec.config else { return Ok(()) };
    if sources.iter().any(|one| one.name == *config && one.kind == SourceKind::FirewallDump) {
        return Ok(());
    }
    let name = &spec.source.name;
    Err(Mistake::at("config", format!("source `{name}`: there is no `firewall_dump` source `{config}`")))
}

/// A key that stands in the table and means nothing to this kind. Those of
/// `database_settings` were refused before.
fn of_others(written: &Written) -> Option<&'static str> {
    let keys = [
        ("path", written.path.is_some()),
        ("server", written.server.is_some()),
        ("format", written.format.is_some()),
        ("dialect", written.dialect.is_some()),
        ("file_bytes_max", written.file_bytes_max.is_some()),
        ("unit", written.unit.is_some()),
        ("pid_file", written.pid_file.is_some()),
        ("executable", written.executable.is_some()),
        ("env_file", written.env_file.is_some()),
    ];
    keys.into_iter().find(|(_, there)| *there).map(|(key, _)| key)
}

fn places(name: &SourceName, own: bool, namespaces: Vec<String>) -> Result<Vec<Namespace>, Mistake> {
    if namespaces.len() > NAMESPACES_MAX {
        let reason = format!("source `{name}`: more than {NAMESPACES_MAX} namespaces");
        return Err(Mistake::at("namespaces", reason));
    }
    let mut places: Vec<Namespace> = own.then_some(Namespace::Own).into_iter().collect();
    let mut known = HashSet::new();
    for (index, text) in namespaces.into_iter().enumerate() {
        let mistake = |reason: &str| {
            let shown = escape(text.as_bytes());
            Mistake::at(format!("namespaces.{index}"), format!("source `{name}`: `{shown}` {reason}"))
        };
        let namespace = Name::new(&text).ok_or_else(|| mistake("is no name of a network namespace"))?;
        // Its sources would have the names of the host's own.
        let taken = crate::firewall::Backend::ALL.iter().any(|backend| backend.as_str() == text);
        if taken || text == crate::firewall::AT_REBOOT {
            return Err(mistake("is the name of a backend: a namespace of that name cannot be told from it"));
        }
        if !known.insert(text.clone()) {
            return Err(mistake("is named twice"));
        }
        places.push(Namespace::Named(namespace));
    }
    if places.is_empty() {
        let reason = format!("source `{name}`: `own = false` and no `namespaces`: there is nothing to watch");
        return Err(Mistake::at("own", reason));
    }
    Ok(places)
}

#[cfg(test)]
mod tests;
