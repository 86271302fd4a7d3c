//! The agent's configuration: what stands in `agent.toml`, checked once and
//! from then on a proof.
//!
//! It opens nothing but the configuration file. Whether a source exists is the
//! watch's business: a missing file is a problem record, never a bad
//! configuration.

mod actor;
mod database;
mod firewall;
mod glob;
mod live;
mod process;
mod source;
mod wild;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::limits::FILE_BYTES_MAX;
use driftline_daemon::config::{self, ConfigError, Mistake};
use serde::Deserialize;

use crate::database::poll::DatabaseSpec;
use crate::firewall::FirewallSpec;

pub use actor::{ActorConfig, AuditUse};
pub(crate) use database::CLUSTER_FILES;
pub use database::Server;
pub use glob::{Component, Glob, GlobError};
pub use source::{Pattern, ReadAs, SourceSpec, display_path};
pub use wild::Wild;

/// Where the configuration is looked for without `--config`.
pub const CONFIG_PATH: &str = "/etc/driftline/agent.toml";

/// Where state is kept without `state_dir`.
pub const STATE_DIR: &str = "/var/lib/driftline-agent";

/// `[[source]]` tables of one agent. More would be globs written out by hand;
/// the number keeps a source's index in 16 bits.
pub const SOURCE_TABLES_MAX: usize = 10_000;

const MIB: u64 = 1024 * 1024;

/// What stands in the file, word for word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "state_dir")]
    state_dir: PathBuf,
    #[serde(default)]
    agent: WrittenAgent,
    #[serde(default)]
    actor: ActorConfig,
    #[serde(default)]
    source: Vec<source::Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenAgent {
    reconcile_s: u64,
    file_bytes_max: u64,
    journal_bytes_max: u64,
    journal_age_max_s: u64,
    endpoints: Vec<String>,
}

impl Default for WrittenAgent {
    fn default() -> Self {
        Self {
            reconcile_s: 300,
            file_bytes_max: FILE_BYTES_MAX as u64,
            journal_bytes_max: 256 * MIB,
            journal_age_max_s: 7 * 24 * 60 * 60,
            endpoints: Vec::new(),
        }
    }
}

fn state_dir() -> PathBuf {
    STATE_DIR.into()
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where identity, state and journal are kept.
    pub state_dir: PathBuf,
    /// How often every source is compared with what is on disk, events or not.
    pub reconcile: Duration,
    /// When the journal folds its oldest deltas.
    pub journal: JournalBounds,
    /// `host:port` of the collector's ingest listener, tried in order; empty:
    /// those of the enrolment.
    pub endpoints: Vec<String>,
    /// How it may be found out who makes changes.
    pub actor: ActorConfig,
    /// What to watch.
    pub sources: Vec<Arc<SourceSpec>>,
    /// Which database servers to ask.
    pub databases: Vec<Arc<DatabaseSpec>>,
    /// Whose live firewall to follow.
    pub firewall: Option<Arc<FirewallSpec>>,
}

/// How much a journal may hold before it folds its oldest deltas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalBounds {
    /// Bytes of records.
    pub bytes_max: u64,
    /// Age of the oldest record.
    pub age_max_ms: i64,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong and where.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &config::load_text(path)?)
    }

    /// The same; where nothing is at [`CONFIG_PATH`] yet, what holds without a
    /// file: a host is enrolled before anybody has said what to watch.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong and where.
    pub fn load_or_default(path: &Path) -> Result<Self, ConfigError> {
        Self::load_unless_missing(path, Path::new(CONFIG_PATH))
    }

    fn load_unless_missing(path: &Path, usual: &Path) -> Result<Self, ConfigError> {
        let missing = path == usual
            && std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if missing { Self::parse(path, "") } else { Self::load(path) }
    }

    /// Checks a configuration text; `path` is only for messages.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong and where.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let written: Written = config::parse(path, text)?;
        check(written).map_err(|mistake| config::invalid(path, text, &mistake))
    }
}

fn check(written: Written) -> Result<Config, Mistake> {
    let agent = written.agent;
    if !written.state_dir.is_absolute() {
        return Err(Mistake::at("state_dir", "`state_dir` must be an absolute path"));
    }
    agent.check().map_err(|mistake| mistake.below("agent"))?;
    if written.source.len() > SOURCE_TABLES_MAX {
        let reason = format!("there are more than {SOURCE_TABLES_MAX} `[[source]]` tables: use a glob");
        return Err(Mistake::at(format!("source.{SOURCE_TABLES_MAX}"), reason));
    }
    let mut names = HashSet::new();
    let mut sources = Vec::with_capacity(written.source.len());
    let mut databases = Vec::new();
    let mut firewall = None;
    let reconcile = Duration::from_secs(agent.reconcile_s);
    for (index, one) in written.source.into_iter().enumerate() {
        let here = |mistake: Mistake| mistake.below(&format!("source.{index}"));
        if !names.insert(one.name.clone()) {
            return Err(here(Mistake::at("name", format!("the source name `{}` is used twice", one.name))));
        }
        if live::is_live(&one).map_err(here)? {
            databases.push(Arc::new(live::check(one).map_err(here)?));
            continue;
        }
        if firewall::is_firewall(&one).map_err(here)? {
            if firewall.is_some() {
                return Err(here(Mistake::at("kind", "a host has one firewall, and there is one already")));
            }
            firewall = Some((index, Arc::new(firewall::check(one, reconcile).map_err(here)?)));
            continue;
        }
        sources.extend(source::check(one, agent.file_bytes_max).map_err(here)?.into_iter().map(Arc::new));
    }
    process::join(&mut sources)?;
    if let Some((index, spec)) = &firewall {
        firewall::check_config(spec, &sources).map_err(|mistake| mistake.below(&format!("source.{index}")))?;
    }
    let age_max_ms = i64::try_from(agent.journal_age_max_s * 1000).unwrap_or(i64::MAX);
    Ok(Config {
        state_dir: written.state_dir,
        reconcile,
        journal: JournalBounds { bytes_max: agent.journal_bytes_max, age_max_ms },
        endpoints: agent.endpoints,
        actor: written.actor,
        sources,
        databases,
        firewall: firewall.map(|(_, spec)| spec),
    })
}

impl WrittenAgent {
    fn check(&self) -> Result<(), Mistake> {
        within("reconcile_s", self.reconcile_s, 10, 24 * 60 * 60)?;
        within("file_bytes_max", self.file_bytes_max, 1024, FILE_BYTES_MAX as u64)?;
        within("journal_bytes_max", self.journal_bytes_max, MIB, 64 * 1024 * MIB)?;
        within("journal_age_max_s", self.journal_age_max_s, 60, 365 * 24 * 60 * 60)?;
        match self.endpoints.iter().position(|text| !is_endpoint(text)) {
            Some(index) => {
                let reason = format!("`endpoints`: `{}` is not `host:port`", self.endpoints[index]);
                Err(Mistake::at(format!("endpoints.{index}"), reason))
            }
            None => Ok(()),
        }
    }
}

fn within(key: &str, value: u64, least: u64, most: u64) -> Result<(), Mistake> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Mistake::at(key, format!("`{key}` must be from {least} to {most}, not {value}")))
}

/// `host:port`, with an IPv6 address in brackets.
fn is_endpoint(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '@', ' ']),
    };
    host_fits && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests;
