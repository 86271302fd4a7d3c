//! What a `process_env` source asks for: whose environment, and which env file
//! it is held against.
//!
//! It looks for no process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{SourceKind, SourceName};
use driftline_daemon::config::Mistake;

use super::source::{Pattern, SourceSpec, display_path};
use crate::process::{EnvFile, ProcessSource, Selector};

/// Seconds between two looks, without `poll_s`.
const POLL_S: u64 = 10;

/// The keys of a table that are for `process_env` alone.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) unit: Option<String>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) executable: Option<PathBuf>,
    pub(super) env_file: Option<SourceName>,
    pub(super) poll_s: Option<u64>,
}

impl Written {
    /// The first of its keys that is there.
    pub(super) fn any(&self) -> Option<&'static str> {
        let keys = [
            ("unit", self.unit.is_some()),
            ("pid_file", self.pid_file.is_some()),
            ("executable", self.executable.is_some()),
            ("env_file", self.env_file.is_some()),
            ("poll_s", self.poll_s.is_some()),
        ];
        keys.into_iter().find(|(_, there)| *there).map(|(key, _)| key)
    }

    /// What the table asks for. The env file is found later, among all sources.
    pub(super) fn check(self, name: &SourceName) -> Result<ProcessSource, Mistake> {
        let poll_s = self.poll_s.unwrap_or(POLL_S);
        super::within("poll_s", poll_s, 1, 3600)?;
        let selector = match (self.unit, self.pid_file, self.executable) {
            (Some(unit), None, None) => Selector::Unit(checked_unit(name, unit)?),
            (None, Some(path), None) => Selector::PidFile(absolute(name, "pid_file", path)?),
            (None, None, Some(path)) => Selector::Executable(absolute(name, "executable", path)?),
            _ => {
                let reason = format!("source `{name}`: a `process_env` needs one of `unit`, `pid_file`, `executable`");
                return Err(Mistake::at("kind", reason));
            }
        };
        let file = self.env_file.map(|source| EnvFile { source, path: PathBuf::new(), dialect: None });
        Ok(ProcessSource { selector, file, poll: Duration::from_secs(poll_s) })
    }
}

fn checked_unit(name: &SourceName, unit: String) -> Result<String, Mistake> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    let fits = unit.len() <= 255 && unit.chars().all(allowed) && unit.ends_with(".service") && !unit.starts_with('.');
    if fits {
        return Ok(unit);
    }
    let shown = driftline_canon::key::escape(unit.as_bytes());
    Err(Mistake::at("unit", format!("source `{name}`: `{shown}` is not the name of a service, such as `web.service`")))
}

fn absolute(name: &SourceName, key: &'static str, path: PathBuf) -> Result<PathBuf, Mistake> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Mistake::at(key, format!("source `{name}`: `{}` is not an absolute path", display_path(&path))))
}

/// Finds the env files that processes are held against.
pub(super) fn join(sources: &mut [Arc<SourceSpec>]) -> Result<(), Mistake> {
    for at in 0..sources.len() {
        let Pattern::Process(source) = &sources[at].pattern else {
            continue;
        };
        let Some(wanted) = &source.file else {
            continue;
        };
        let found = sources.iter().find(|one| one.name == wanted.source && one.kind == SourceKind::EnvFile);
        let Some((Pattern::Path(path), dialect)) = found.map(|one| (&one.pattern, one.dialect)) else {
            let (name, wanted) = (&sources[at].name, &wanted.source);
            let reason = format!("source `{name}`: there is no `env_file` source `{wanted}` of one file");
            return Err(Mistake::at("source", reason));
        };
        let file = EnvFile { source: wanted.source.clone(), path: path.clone(), dialect };
        let pattern = Pattern::Process(Box::new(ProcessSource { file: Some(file), ..(**source).clone() }));
        if let Some(spec) = Arc::get_mut(&mut sources[at]) {
            spec.pattern = pattern;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
