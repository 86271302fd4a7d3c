//! `driftline-agent discover`: a configuration for what is on this host.
//!
//! It replaces no configuration: beside one that is there it prints what that
//! one does not watch.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use driftline_daemon::config::ConfigError;
use driftline_daemon::exit::{Exit, ExitKind};

use super::{Outcome, boxed, print};
use crate::cli::DiscoverArguments;
use crate::config::Config;
use crate::discover::{Findings, additions, document, look};

#[derive(Debug, thiserror::Error)]
enum DiscoverError {
    #[error("could not look below {path}")]
    Root {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{path} is there already and stays as it is; what it does not watch is printed above")]
    Exists { path: String },
    #[error("could not write {path}")]
    Write {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl ExitKind for DiscoverError {
    fn exit(&self) -> Exit {
        match self {
            Self::Root { .. } => Exit::Usage,
            Self::Config(error) => error.exit(),
            Self::Exists { .. } => Exit::Config,
            Self::Write { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Exit::Denied,
            Self::Write { .. } => Exit::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { path } => {
                Some(format!("add what is missing to {path}, or write to another file with `--config`"))
            }
            _ => None,
        }
    }
}

pub(crate) fn carry_out(arguments: &DiscoverArguments) -> Outcome {
    let root = &arguments.root;
    let findings =
        look(root).map_err(|source| boxed(DiscoverError::Root { path: root.display().to_string(), source }))?;
    if !arguments.write {
        return print(&document(&findings));
    }
    write(&findings, &arguments.config.config)
}

fn write(findings: &Findings, path: &Path) -> Outcome {
    match create(path, &document(findings)) {
        Ok(()) => print(&format!("{}: written, look it through\n", path.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let config = Config::load(path).map_err(|error| boxed(DiscoverError::Config(error)))?;
            let added = additions(findings, &config);
            if added.is_empty() {
                return print(&format!("{}: watches all that was found\n", path.display()));
            }
            print(added.trim_start())?;
            Err(boxed(DiscoverError::Exists { path: path.display().to_string() }))
        }
        Err(source) => Err(boxed(DiscoverError::Write { path: path.display().to_string(), source })),
    }
}

/// Writes a file that was not there; half a file is not left behind.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        _ = std::fs::remove_file(path);
    }
    written
}
