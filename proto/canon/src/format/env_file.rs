//! Env files in their dialects.
//!
//! Reads what the consumer of the file would read, and says where the two of
//! them would not understand each other. It reads no other file, no
//! environment, and executes nothing.

mod collect;
mod compose;
mod cursor;
mod detect;
mod docker_run;
mod dotenv;
mod excerpt;
mod interpolate;
mod shell;
mod space;
mod systemd;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::collect::Collector;
use super::Reading;
use crate::limits::FILE_BYTES_MAX;
use crate::{Place, Problem, ProblemKind};
pub use detect::detect;

/// The UTF-8 byte order mark, as some editors leave it.
const BOM: &[u8] = b"\xef\xbb\xbf";

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
pub fn read(bytes: &[u8], dialect: Option<EnvDialect>) -> Reading {
    let dialect = dialect.unwrap_or_else(|| detect(bytes));
    if let Some(reading) = unreadable(bytes, dialect) {
        return reading;
    }
    match dialect {
        EnvDialect::Dotenv => {
            let text = with_line_feeds(without_bom(bytes));
            read_with(&text, dialect, dotenv::read)
        }
        EnvDialect::Compose => read_with(without_bom(bytes), dialect, compose::read),
        EnvDialect::DockerRun => read_with(without_bom(bytes), dialect, docker_run::read),
        EnvDialect::Systemd => read_with(bytes, dialect, systemd::read),
        EnvDialect::Shell => read_with(bytes, dialect, shell::read),
    }
}

fn read_with(text: &[u8], dialect: EnvDialect, parse: fn(&[u8], &mut Collector<'_>)) -> Reading {
    let mut out = Collector::new(text);
    parse(text, &mut out);
    out.finish(dialect)
}

/// The reading of a file that no dialect can read: watched by content.
fn unreadable(bytes: &[u8], dialect: EnvDialect) -> Option<Reading> {
    let problem = if bytes.len() > FILE_BYTES_MAX {
        Problem::whole(
            ProblemKind::Limit,
            format!("the file has more than {FILE_BYTES_MAX} bytes; it is watched as content"),
        )
    } else {
        let nul = memchr::memchr(0, bytes)?;
        let line = bytes[..nul].iter().filter(|&&b| b == b'\n').count() + 1;
        let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        Problem::at(
            ProblemKind::Encoding,
            place,
            "the line holds a NUL byte: no env file; it is watched as content",
            None,
        )
    };
    let settings = vec![collect::content(Sha256::digest(bytes).into())];
    Some(Reading { settings, problems: vec![problem], dialect: Some(dialect) })
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// The text with every line end as a line feed, as Python and Node see it.
fn with_line_feeds(bytes: &[u8]) -> Text<'_> {
    if !bytes.contains(&b'\r') {
        return Text::Borrowed(bytes);
    }
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' => text.push(b'\n'),
            b'\n' if at > 0 && bytes[at - 1] == b'\r' => {}
            _ => text.push(byte),
        }
    }
    Text::Owned(text)
}

/// Bytes as they are, or a copy that is wiped.
enum Text<'a> {
    Borrowed(&'a [u8]),
    Owned(Zeroizing<Vec<u8>>),
}

impl std::ops::Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
