//! The state directory: what is in it, and who has it.

use std::io;
use std::net::IpAddr;
use std::path::Path;

use driftline_daemon::{clock, files};
use driftline_store::{EngineKind, Store, StoreOptions};

use crate::config::{Config, Engine};
use crate::error::ServerError;

/// Keeps two collectors out of one directory.
pub const LOCK_FILE: &str = "lock";

/// Written last by `init`.
const MARKER_FILE: &str = "initialised";

const STORE_DIR: &str = "store";

/// Whether `init` went through to its end.
#[must_use]
pub fn is_initialised(dir: &Path) -> bool {
    dir.join(MARKER_FILE).exists()
}

/// Says that `init` went through to its end.
///
/// # Errors
/// Whatever the kernel says.
pub fn mark_initialised(dir: &Path) -> io::Result<()> {
    files::write_private(&dir.join(MARKER_FILE), b"1\n")
}

/// Opens the store that the configuration names; `thorough` reads all of it.
///
/// # Errors
/// [`driftline_store::OpenError`] saying what is in the way and the way out.
pub fn open_store(config: &Config, thorough: bool) -> Result<Store, ServerError> {
    let kind = match config.store.engine {
        Engine::Redb => EngineKind::Redb,
        Engine::Sled => EngineKind::Sled,
    };
    let cache_bytes = usize::try_from(config.store.cache_mib.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX);
    let options =
        StoreOptions { cache_bytes, check_integrity: thorough, now_ms: clock::now_ms(), ..StoreOptions::default() };
    Ok(Store::open(&config.state_dir.join(STORE_DIR), kind, options)?)
}

/// `host:port`, with brackets around an IPv6 address.
#[must_use]
pub fn endpoint(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}
