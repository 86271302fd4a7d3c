//! The demo's directory: private, new, and removed at the end; and where the
//! programs are.

use std::fs::DirBuilder;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;

/// The demo's directory.
#[derive(Debug)]
pub(super) struct Place {
    dir: PathBuf,
}

impl Place {
    /// Makes the directory, with a name that nobody could have guessed and that
    /// nobody else may enter.
    pub(super) fn new() -> Outcome<Self> {
        let mut name = [0; 6];
        getrandom::fill(&mut name)
            .map_err(|error| Failure::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
        let dir = std::env::temp_dir().join(format!("driftline-demo-{}", hex::encode(&name)));
        let place = Self { dir };
        place.folder("")?;
        Ok(place)
    }

    pub(super) fn path(&self) -> &Path {
        &self.dir
    }

    /// A path in it.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes a private directory in it.
    pub(super) fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.at(name);
        let made = DirBuilder::new().mode(0o700).recursive(!name.is_empty()).create(&path);
        made.map_err(|error| Failure::file(Exit::Internal, "make", &path, &error))?;
        Ok(path)
    }

    /// Removes it with all that is in it.
    pub(super) fn remove(self) -> Outcome<()> {
        std::fs::remove_dir_all(&self.dir).map_err(|error| Failure::file(Exit::Internal, "remove", &self.dir, &error))
    }

    /// The operator's configuration.
    pub(super) fn operator_config(&self) -> PathBuf {
        self.at("operator/cli.toml")
    }
}

/// The directory that the programs are in: this one's own.
pub(super) fn programs() -> Outcome<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Internal, format!("cannot find this program's own path: {error}")))?;
    Ok(own.parent().map(Path::to_owned).unwrap_or_default())
}

/// A program beside this one.
pub(super) fn program(name: &str) -> Outcome<PathBuf> {
    let dir = programs()?;
    let path = dir.join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::new(Exit::Internal, format!("`{name}` is not beside `driftline` in {}", dir.display()))
        .hint("`cargo build --release` builds all three; the demo needs them in one directory"))
}

/// Ports of loopback that are free now. All are held until all are known, so
/// that none is given twice.
pub(super) fn free_ports<const N: usize>() -> Outcome<[u16; N]> {
    let cannot = |error: std::io::Error| Failure::new(Exit::Internal, format!("loopback has no free port: {error}"));
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(cannot)?;
        *port = listener.local_addr().map_err(cannot)?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests;
