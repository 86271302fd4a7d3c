//! Strict configuration: TOML in which every key is known, with errors that
//! name file, line, column and the nearest known key.
//!
//! A value never appears in an error: the line is shown with its values masked,
//! because a configuration may hold a password. Nothing is defaulted here and
//! nothing is corrected.

mod explain;
mod mask;
mod mistake;

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::exit::{Exit, ExitKind};
use crate::files;

pub use mistake::Mistake;

/// Bytes of a configuration file. Thousands of sources fit; what is larger is
/// not a configuration written for driftline.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// Why a configuration could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("there is no configuration file {}", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// A directory stands there.
    #[error("{} is a directory, not a configuration file", path.display())]
    Directory {
        /// Which path.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("could not read the configuration file {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is over [`CONFIG_BYTES_MAX`].
    #[error("the configuration file {} has more than {CONFIG_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("{}:{line}: the configuration file is not UTF-8", path.display())]
    NotUtf8 {
        /// Which file.
        path: PathBuf,
        /// The first line that is not, from 1.
        line: usize,
    },
    /// It is not TOML, or not the TOML that was asked for.
    #[error("{0}")]
    Invalid(Box<Invalid>),
}

impl ExitKind for ConfigError {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("run it as root or as the user that owns the file".to_owned())
            }
            _ => None,
        }
    }
}

/// One mistake in a configuration file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Which file.
    pub path: PathBuf,
    /// Where: line and column from 1, and the line with values masked.
    pub place: Option<InvalidPlace>,
    /// What is wrong, in words; never a value.
    pub reason: String,
}

/// Where a configuration is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPlace {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line, values masked.
    pub excerpt: String,
    /// Characters before the caret in the masked line.
    pub caret: usize,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let Some(place) = &self.place else {
            return write!(f, "{path}: {}", self.reason);
        };
        let gutter = " ".repeat(place.line.to_string().len());
        let pad = " ".repeat(place.caret);
        writeln!(f, "{path}:{}:{}: {}", place.line, place.column, self.reason)?;
        writeln!(f, " {} | {}", place.line, place.excerpt)?;
        write!(f, " {gutter} | {pad}^")
    }
}

/// Reads a configuration file.
///
/// # Errors
/// [`ConfigError`] says what is wrong and where.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    parse(path, &load_text(path)?)
}

/// Reads a configuration file as text, for callers that parse it themselves.
///
/// # Errors
/// [`ConfigError`], all but [`ConfigError::Invalid`].
pub fn load_text(path: &Path) -> Result<String, ConfigError> {
    let path_of = || path.to_owned();
    let bytes = files::read_limited(path, CONFIG_BYTES_MAX).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing { path: path_of() },
        io::ErrorKind::IsADirectory => ConfigError::Directory { path: path_of() },
        io::ErrorKind::FileTooLarge => ConfigError::TooLarge { path: path_of() },
        _ => ConfigError::Unreadable { path: path_of(), source },
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|&&byte| byte == b'\n').count();
        ConfigError::NotUtf8 { path: path_of(), line }
    })
}

/// Parses a configuration; `path` is only for messages.
///
/// # Errors
/// [`ConfigError::Invalid`] with the place.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text)
        .map_err(|error| ConfigError::Invalid(Box::new(explain::explain(path, text, error.message(), error.span()))))
}

/// A configuration that parsed but means something impossible, with the place
/// of the key in `text`.
#[must_use]
pub fn invalid(path: &Path, text: &str, mistake: &Mistake) -> ConfigError {
    let place = mistake.place(text).map(|at| explain::place_of(text, at));
    let reason = mistake.reason().to_owned();
    ConfigError::Invalid(Box::new(Invalid { path: path.to_owned(), place, reason }))
}

/// A warning when a file that holds secrets may be read or written by others.
///
/// # Errors
/// When the file cannot be looked at.
pub fn check_permissions(path: &Path) -> io::Result<Option<String>> {
    let mode = std::fs::metadata(path)?.mode() & 0o7777;
    let what = match (mode & 0o004 != 0, mode & 0o022 != 0) {
        (_, true) => "others may write it",
        (true, false) => "others may read it",
        (false, false) => return Ok(None),
    };
    Ok(Some(format!("{} has mode {mode:04o}: {what} (use 0600 or 0640)", path.display())))
}

#[cfg(test)]
mod tests;
