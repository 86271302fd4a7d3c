//! Whether there is anything to save, asked without running a program and
//! without loading a module.
//!
//! A program that saves would load the module of a backend that nobody uses, so
//! it is only run where this says that the backend is there.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use driftline_canon::{Problem, ProblemKind};

use super::super::Backend;
use super::super::namespace::{Namespace, NamespaceError};

/// The tables of `ip_tables` and `ip6_tables` that this thread's namespace has,
/// one a line; missing where the module is not loaded.
const NAMES: &str = "/proc/thread-self/net";

/// Bytes of it. The kernel has five tables, with names of at most 31 bytes.
const NAMES_BYTES_MAX: u64 = 4096;

/// There as soon as `ip_set` is loaded or built in, since it has a parameter.
const IP_SET: &str = "/sys/module/ip_set";

/// Why it cannot be known.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadedError {
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    #[error("could not read {path}, which names the tables that are loaded: {source}")]
    Names {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl LoadedError {
    pub(super) fn problem(&self) -> Problem {
        let kind = match self {
            Self::Namespace(error) if error.source.kind() == io::ErrorKind::NotFound => ProblemKind::Missing,
            Self::Namespace(NamespaceError { source, .. }) | Self::Names { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                ProblemKind::Unreadable
            }
            _ => ProblemKind::Host,
        };
        Problem::whole(kind, self.to_string())
    }
}

/// Whether the program of a backend may be run. That of iptables-nft asks
/// nftables, which whoever follows nftables has asked already.
pub(super) fn is_loaded(backend: Backend, place: &Namespace) -> Result<bool, LoadedError> {
    let file = match backend {
        Backend::Nft | Backend::IptablesNft | Backend::Ip6tablesNft => return Ok(true),
        Backend::Ipset => return Ok(Path::new(IP_SET).exists()),
        Backend::IptablesLegacy => "ip_tables_names",
        Backend::Ip6tablesLegacy => "ip6_tables_names",
    };
    place.within(|| has_names(&Path::new(NAMES).join(file)))?
}

fn has_names(path: &PathBuf) -> Result<bool, LoadedError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(NAMES_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(!text.trim().is_empty()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(LoadedError::Names { path: path.display().to_string(), source }),
    }
}

#[cfg(test)]
mod tests;
