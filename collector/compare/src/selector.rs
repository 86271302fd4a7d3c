//! Selectors: which hosts are meant, as operators write it.
//!
//! `production`, or `key=value` pairs joined by commas
//! (`env=production,role=web`, `host=web-1`). A key that is not known is
//! refused, never ignored: a selector must not quietly mean more hosts than it
//! says.

use std::fmt;
use std::str::FromStr;

use driftline_canon::{Environment, HostName, NameError, Role};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a selector. Three names of the length that certificates carry fit.
pub const SELECTOR_BYTES_MAX: usize = 2048;

/// Which hosts are meant. What is not given matches everything; at least one is
/// given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this role.
    pub role: Option<Role>,
    /// Only this host.
    pub host: Option<HostName>,
}

/// Why a text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing was said.
    #[error("a selector cannot be empty: name an environment, or `env=`, `role=`, `host=`")]
    Empty,
    /// Longer than [`SELECTOR_BYTES_MAX`].
    #[error("a selector has at most {SELECTOR_BYTES_MAX} bytes, this one has {length}")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// A key that this version does not know.
    #[error("unknown selector key `{key}`: this version knows `env`, `role` and `host`")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key given twice.
    #[error("`{key}` is given twice in one selector")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A part without `=` beside others.
    #[error("`{part}` is not `key=value`: an environment's bare name stands alone")]
    NotAPair {
        /// The part.
        part: String,
    },
    /// The value is no name.
    #[error("selector `{key}`: {source}")]
    Name {
        /// The key.
        key: &'static str,
        /// Why not.
        source: NameError,
    },
}

impl Selector {
    /// All hosts of an environment.
    #[must_use]
    pub fn environment(environment: Environment) -> Self {
        Self { environment: Some(environment), role: None, host: None }
    }

    /// Whether a host is meant.
    #[must_use]
    pub fn matches(&self, environment: &Environment, role: &Role, host: &HostName) -> bool {
        self.environment.as_ref().is_none_or(|wanted| wanted == environment)
            && self.role.as_ref().is_none_or(|wanted| wanted == role)
            && self.host.as_ref().is_none_or(|wanted| wanted == host)
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SelectorError::Empty);
        }
        if text.len() > SELECTOR_BYTES_MAX {
            return Err(SelectorError::TooLong { length: text.len() });
        }
        if !text.contains(['=', ',']) {
            return Ok(Self::environment(name("env", text)?));
        }
        let mut selector = Self { environment: None, role: None, host: None };
        for part in text.split(',') {
            let not_a_pair = || SelectorError::NotAPair { part: part.trim().to_owned() };
            let (key, value) = part.split_once('=').ok_or_else(not_a_pair)?;
            match key.trim() {
                "env" | "environment" => put("env", &mut selector.environment, value)?,
                "role" => put("role", &mut selector.role, value)?,
                "host" => put("host", &mut selector.host, value)?,
                other => return Err(SelectorError::UnknownKey { key: other.to_owned() }),
            }
        }
        Ok(selector)
    }
}

fn put<N: FromStr<Err = NameError>>(key: &'static str, at: &mut Option<N>, value: &str) -> Result<(), SelectorError> {
    match at.replace(name(key, value)?) {
        None => Ok(()),
        Some(_) => Err(SelectorError::Twice { key }),
    }
}

fn name<N: FromStr<Err = NameError>>(key: &'static str, value: &str) -> Result<N, SelectorError> {
    value.trim().parse().map_err(|source| SelectorError::Name { key, source })
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(environment), None, None) = (&self.environment, &self.role, &self.host) {
            return environment.fmt(f);
        }
        let parts = [
            self.environment.as_ref().map(|name| format!("env={name}")),
            self.role.as_ref().map(|name| format!("role={name}")),
            self.host.as_ref().map(|name| format!("host={name}")),
        ];
        f.pad(&parts.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
