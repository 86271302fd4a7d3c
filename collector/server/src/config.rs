//! The collector's configuration file, read strictly.
//!
//! It says where things are and who is told; it holds no secret itself, only
//! the paths of files that do. Nothing is opened or bound here.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use driftline_compare::Severity;
use driftline_daemon::ConfigError;
use driftline_daemon::config::{self, Mistake};
use serde::Deserialize;

/// Where the configuration is unless said otherwise.
pub const DEFAULT_PATH: &str = "/etc/driftline/collector.toml";

/// Where the state is unless said otherwise.
pub const DEFAULT_STATE_DIR: &str = "/var/lib/driftline-collector";

/// Alert routes. Each has a task and a connection of its own; more than this
/// is work for a receiver that fans out.
pub const ROUTES_MAX: usize = 16;

/// The store's cache at most, in MiB: what a small machine can spare.
const CACHE_MIB_MAX: u64 = 64 * 1024;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory of the CA, the pepper and the store; private to the collector.
    #[serde(default = "default_state_dir")]
    pub state_dir: PathBuf,
    /// Where to listen.
    #[serde(default)]
    pub listen: Listen,
    /// How others reach this collector.
    #[serde(default)]
    pub advertise: Advertise,
    /// The store.
    #[serde(default)]
    pub store: StoreConfig,
    /// Who is told of changes.
    #[serde(default, rename = "alert")]
    pub alerts: Vec<AlertRoute>,
    /// How agents are treated.
    #[serde(default)]
    pub agents: Agents,
    /// The metrics endpoint.
    #[serde(default)]
    pub metrics: Metrics,
}

/// Addresses to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// gRPC from enrolled agents: mutual TLS.
    pub ingest: SocketAddr,
    /// gRPC from agents without a valid certificate: server TLS.
    pub enrol: SocketAddr,
    /// HTTP API for operators: server TLS and bearer tokens.
    pub api: SocketAddr,
}

/// What tokens tell new agents, and what the server certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advertise {
    /// DNS names and addresses of this collector, beside its host name and
    /// loopback.
    pub names: Vec<String>,
    /// `host:port` of the enrolment listener; from `names` if empty.
    pub enrol: Vec<String>,
    /// `host:port` of the ingest listener; from `names` if empty.
    pub ingest: Vec<String>,
}

/// The store's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Which engine.
    pub engine: Engine,
    /// Memory for its cache, in MiB.
    pub cache_mib: u64,
}

/// The engines that a store can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The default.
    #[default]
    Redb,
    /// Selectable.
    Sled,
}

/// One receiver of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRoute {
    /// Its name: part of what the outbox keeps, so not to be changed lightly.
    pub name: String,
    /// What kind of receiver.
    pub kind: RouteKind,
    /// Where to send to.
    pub url: String,
    /// File with the secret that signs, at least 16 bytes.
    pub secret_file: PathBuf,
    /// Least severity that is sent.
    #[serde(default = "default_severity")]
    pub min_severity: Severity,
    /// Permits `http://` to other hosts than this one.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// PEM file with the CA to believe, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// Kinds of receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// A signed POST of JSON.
    Webhook,
}

/// How agents are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// Seconds without a frame before an agent counts as silent.
    pub silence_s: u32,
    /// Seconds that hosts have to come back after the collector started.
    pub restart_grace_s: u32,
}

/// The metrics endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether `/metrics` answers without a bearer token.
    pub public: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: default_state_dir(),
            listen: Listen::default(),
            advertise: Advertise::default(),
            store: StoreConfig::default(),
            alerts: Vec::new(),
            agents: Agents::default(),
            metrics: Metrics::default(),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        let any = IpAddr::from([0, 0, 0, 0]);
        Self { ingest: SocketAddr::new(any, 7441), enrol: SocketAddr::new(any, 7442), api: SocketAddr::new(any, 7443) }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { engine: Engine::Redb, cache_mib: 64 }
    }
}

impl Default for Agents {
    fn default() -> Self {
        Self { silence_s: 25, restart_grace_s: 60 }
    }
}

impl Agents {
    /// How long without a frame before an agent counts as silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.silence_s.into())
    }

    /// How long hosts have to come back after the collector started.
    #[must_use]
    pub fn restart_grace(&self) -> Duration {
        Duration::from_secs(self.restart_grace_s.into())
    }
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of what is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = config::load_text(path)?;
        config::parse::<Self>(path, &text)?.checked(path, &text)
    }

    /// Checks what the shape alone does not; `text` is what was parsed.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] saying which setting is impossible, and where.
    pub fn checked(self, path: &Path, text: &str) -> Result<Self, ConfigError> {
        match self.mistake().or_else(|| self.route_mistake()) {
            Some(mistake) => Err(config::invalid(path, text, &mistake)),
            None => Ok(self),
        }
    }

    fn mistake(&self) -> Option<Mistake> {
        if self.state_dir.as_os_str().is_empty() || !self.state_dir.is_absolute() {
            return Some(Mistake::at("state_dir", "`state_dir` must be an absolute path"));
        }
        if !(1..=CACHE_MIB_MAX).contains(&self.store.cache_mib) {
            let reason = format!("`store.cache_mib` must be between 1 and {CACHE_MIB_MAX}");
            return Some(Mistake::at("store.cache_mib", reason));
        }
        if !(1..=3600).contains(&self.agents.silence_s) {
            return Some(Mistake::at("agents.silence_s", "`agents.silence_s` must be between 1 and 3600"));
        }
        if self.agents.restart_grace_s > 3600 {
            return Some(Mistake::at("agents.restart_grace_s", "`agents.restart_grace_s` must be at most 3600"));
        }
        self.advertise.mistake().map(|mistake| mistake.below("advertise"))
    }

    fn route_mistake(&self) -> Option<Mistake> {
        if self.alerts.len() > ROUTES_MAX {
            let found = self.alerts.len();
            let reason = format!("there are {found} `[[alert]]` routes, at most {ROUTES_MAX} are possible");
            return Some(Mistake::at(format!("alert.{ROUTES_MAX}"), reason));
        }
        for (index, route) in self.alerts.iter().enumerate() {
            let at = |key: &str, reason: String| Some(Mistake::at(format!("alert.{index}.{key}"), reason));
            if route.name.is_empty() || route.name.len() > 64 {
                return at("name", "the `name` of an `[[alert]]` has 1 to 64 bytes".to_owned());
            }
            if self.alerts.iter().take(index).any(|other| other.name == route.name) {
                return at("name", format!("two `[[alert]]` routes are named `{}`", route.name));
            }
            if let Err(reason) = route.checked_url() {
                return at("url", format!("`[[alert]]` `{}`: {reason}", route.name));
            }
        }
        None
    }
}

impl Advertise {
    fn mistake(&self) -> Option<Mistake> {
        if let Some(index) = self.names.iter().position(|name| !is_name(name)) {
            let reason = format!("`advertise.names`: `{}` is neither a DNS name nor an address", self.names[index]);
            return Some(Mistake::at(format!("names.{index}"), reason));
        }
        for (key, endpoints) in [("enrol", &self.enrol), ("ingest", &self.ingest)] {
            if let Some(index) = endpoints.iter().position(|endpoint| !is_endpoint(endpoint)) {
                let reason = format!("`advertise`: `{}` is not of the form `host:port`", endpoints[index]);
                return Some(Mistake::at(format!("{key}.{index}"), reason));
            }
        }
        None
    }
}

impl AlertRoute {
    /// The URL, if alerts may be sent there: `https`, or `http` to this host.
    ///
    /// # Errors
    /// Why not, in words; the URL itself may hold a password and is not named.
    pub fn checked_url(&self) -> Result<reqwest::Url, String> {
        let url = reqwest::Url::parse(&self.url).map_err(|error| format!("`url` is not a URL: {error}"))?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if self.allow_plaintext || is_loopback(&url) => Ok(url),
            "http" => {
                Err("`url` would send alerts in clear to another host; use https, or set `allow_plaintext = true`"
                    .to_owned())
            }
            _ => Err("`url` must begin with `https://` or `http://`".to_owned()),
        }
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address, or a DNS name (RFC 1123, with `_` as it is used inside
/// networks): whatever else it is, no certificate can name it.
pub(crate) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(is_label))
}

fn is_endpoint(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains([',', ' ', '/']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn default_state_dir() -> PathBuf {
    PathBuf::from(DEFAULT_STATE_DIR)
}

fn default_severity() -> Severity {
    Severity::Warning
}

#[cfg(test)]
mod tests;
