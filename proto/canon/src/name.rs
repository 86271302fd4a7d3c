//! Names that travel: environments, roles, hosts, sources and their kinds.
//!
//! A name is checked once, where it enters the process, and is then a proof:
//! it is not empty, within its limit, and free of control characters. Nothing
//! here resolves a name or knows where it came from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{AGENT_ID_BYTES_MAX, NAME_BYTES_MAX};

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("{} {what} cannot be empty", article(what))]
    Empty {
        /// Which kind of name was meant.
        what: &'static str,
    },
    /// The text is longer than this kind of name may be.
    #[error("{} {what} has at most {max} bytes, this one has {length}", article(what))]
    TooLong {
        /// Which kind of name was meant.
        what: &'static str,
        /// Bytes allowed.
        max: usize,
        /// Bytes found.
        length: usize,
    },
    /// A character that this kind of name does not allow.
    #[error("{} {what} cannot contain {found:?}", article(what))]
    Character {
        /// Which kind of name was meant.
        what: &'static str,
        /// The first character refused.
        found: char,
    },
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $max:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks a text.
            ///
            /// # Errors
            /// [`NameError`] when it is empty, too long, or holds a character
            /// that this kind of name does not allow.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                check($what, &text, $max, $allowed)?;
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }
    };
}

name!(
    /// A named stage, such as `production`. Lower-case letters, digits, `-`,
    /// `_` and `.`.
    Environment,
    "environment name",
    NAME_BYTES_MAX,
    is_label
);
name!(
    /// What a host is for, such as `web`. The same characters as an
    /// environment.
    Role,
    "role name",
    NAME_BYTES_MAX,
    is_label
);
name!(
    /// A host as its certificate names it (RFC 1123 characters, and `_`).
    HostName,
    "host name",
    NAME_BYTES_MAX,
    is_label
);
name!(
    /// An agent as the collector's CA named it: new at every enrolment.
    /// Lower-case letters, digits and `-`, as in a UUID: it is part of a URI
    /// and never needs escaping there.
    AgentId,
    "agent id",
    AGENT_ID_BYTES_MAX,
    is_plain
);
name!(
    /// The logical name of a source: the same in every environment, whatever
    /// the path. A source that came from a glob carries the matched path after
    /// a `/`. Anything printable; unprintable bytes arrive escaped.
    SourceName,
    "source name",
    NAME_BYTES_MAX,
    is_printable
);

fn is_label(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.')
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !crate::key::is_deceptive(c)
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn check(what: &'static str, text: &str, max: usize, allowed: fn(char) -> bool) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty { what });
    }
    if text.len() > max {
        return Err(NameError::TooLong { what, max, length: text.len() });
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(found) => Err(NameError::Character { what, found }),
        None => Ok(()),
    }
}

/// What kind of thing a source is (the table of kinds in the manual). Stores
/// hold a kind by its place here: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// An env file, in one of the [`crate::EnvDialect`]s.
    EnvFile,
    /// Any file: content hash and metadata.
    File,
    /// A configuration file of a database server.
    DatabaseConfig,
    /// A configuration file in a format that many programs share.
    ConfigFile,
    /// A file of firewall rules: what the next boot would load.
    FirewallDump,
    /// The environment that a running process has.
    ProcessEnv,
    /// The live settings of a database server, asked for over a connection.
    DatabaseSettings,
    /// The live rules of the kernel's firewall.
    Firewall,
}

impl SourceKind {
    /// Every kind, in the manual's order.
    pub const ALL: [Self; 8] = [
        Self::EnvFile,
        Self::File,
        Self::DatabaseConfig,
        Self::ConfigFile,
        Self::FirewallDump,
        Self::ProcessEnv,
        Self::DatabaseSettings,
        Self::Firewall,
    ];

    /// The kind's name in configuration, on the wire and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnvFile => "env_file",
            Self::File => "file",
            Self::DatabaseConfig => "database_config",
            Self::ConfigFile => "config_file",
            Self::FirewallDump => "firewall_dump",
            Self::ProcessEnv => "process_env",
            Self::DatabaseSettings => "database_settings",
            Self::Firewall => "firewall",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
