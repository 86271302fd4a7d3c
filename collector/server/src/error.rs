//! Why the collector could not do what it was asked, with exit code and hint.

use std::io;
use std::path::PathBuf;

use driftline_daemon::files::LockError;
use driftline_daemon::{ConfigError, Exit, ExitKind, TaskFailure};
use driftline_store::{OpenError, StoreError};

use crate::ca::CaError;

/// Any failure of the collector.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The process could not be hardened.
    #[error("could not give up core dumps")]
    Hardening(#[source] io::Error),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A certificate, key or secret of the configuration cannot be used.
    #[error("{what} {} cannot be used: {reason}", path.display())]
    Setting {
        /// What it is.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no collector in the state directory.
    #[error("there is no collector in {}", dir.display())]
    NotInitialised {
        /// The state directory.
        dir: PathBuf,
    },
    /// There is one already.
    #[error("there is a collector in {} already", dir.display())]
    AlreadyInitialised {
        /// The state directory.
        dir: PathBuf,
    },
    /// An operator's configuration of another collector is in the way.
    #[error("{} belongs to another collector", path.display())]
    OperatorConfigTaken {
        /// The file in the way.
        path: PathBuf,
    },
    /// A flag contradicts the configuration file that is there.
    #[error("`{flag}` contradicts {}", path.display())]
    Contradiction {
        /// Which flag.
        flag: &'static str,
        /// The configuration file.
        path: PathBuf,
    },
    /// A file or directory.
    #[error("could not {verb} {}", path.display())]
    File {
        /// What was attempted.
        verb: &'static str,
        /// Which path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another collector runs there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The CA.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The collector's own certificate.
    #[error("the collector's certificate cannot be used")]
    Tls(#[from] driftline_wire::tls::TlsError),
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store fails.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A listener cannot be bound.
    #[error("could not listen on {address} for {what}")]
    Bind {
        /// What the listener is for.
        what: &'static str,
        /// Which address.
        address: std::net::SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Log lines could not be set up.
    #[error(transparent)]
    Log(#[from] driftline_daemon::log::LogError),
    /// The runtime or its signals.
    #[error("could not start the runtime")]
    Runtime(#[source] io::Error),
    /// A task failed.
    #[error(transparent)]
    Task(#[from] TaskFailure),
    /// Interrupted twice.
    #[error(transparent)]
    Interrupted(#[from] driftline_daemon::signals::Interrupted),
    /// The system gave no randomness.
    #[error("the system gave no random bytes")]
    Random,
}

impl ServerError {
    /// A file or directory that could not be used.
    #[must_use]
    pub fn file(verb: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { verb, path: path.into(), source }
    }
}

impl ExitKind for ServerError {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(_)
            | Self::Setting { .. }
            | Self::NotInitialised { .. }
            | Self::Ca(_)
            | Self::Tls(_)
            | Self::Open(_)
            | Self::Contradiction { .. }
            | Self::Log(_)
            | Self::Bind { .. } => Exit::Config,
            Self::AlreadyInitialised { .. } | Self::OperatorConfigTaken { .. } => Exit::Denied,
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Exit::Denied,
            Self::Interrupted(_) => Exit::Interrupted,
            _ => Exit::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::NotInitialised { dir } => {
                Some(format!("make one with `driftline-collector init --dir {}`", dir.display()))
            }
            Self::AlreadyInitialised { dir } => {
                Some(format!("name another directory with `--dir`, or move {} away", dir.display()))
            }
            Self::OperatorConfigTaken { .. } => {
                Some("name another file with `--operator-config FILE`; this one holds a fleet key".to_owned())
            }
            Self::Contradiction { .. } => Some("change the file, or leave the flag out".to_owned()),
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("run it as root or as the user that owns the file".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
