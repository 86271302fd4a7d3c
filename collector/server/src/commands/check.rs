//! `check`: whether `run` would start, without starting it.
//!
//! It changes nothing: a certificate that would be renewed is only named.

use std::io::Write as _;
use std::path::Path;

use driftline_daemon::clock;
use driftline_daemon::files::{Lock, LockError};

use crate::ca::Ca;
use crate::config::{AlertRoute, Config};
use crate::error::ServerError;
use crate::notify::secret;
use crate::pepper::Pepper;
use crate::{identity, state};

pub(super) fn check(path: &Path) -> Result<(), ServerError> {
    let config = Config::load(path)?;
    config.alerts.iter().try_for_each(check_route)?;
    let dir = &config.state_dir;
    if !state::is_initialised(dir) {
        return Err(ServerError::NotInitialised { dir: dir.clone() });
    }
    let ca = Ca::open(dir)?;
    Pepper::open(dir).map_err(|error| ServerError::file("read", dir.join("pepper"), error))?;
    let names = identity::names(&config.advertise.names, &identity::host_name());
    let now_ms = clock::now_ms();
    let certificate = match identity::load(dir, &ca, &names) {
        Some(identity) if now_ms < identity.not_after_ms => {
            format!("valid until {}", clock::format_ms(identity.not_after_ms))
        }
        _ => "will be issued at the next start".to_owned(),
    };
    let store = check_store(&config)?;
    let text = format!("{}: ok\ncertificate: {certificate}\nstore: {store}\n", path.display());
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| ServerError::file("write", "standard output", error))
}

fn check_route(route: &AlertRoute) -> Result<(), ServerError> {
    secret::load(route).map(drop)
}

/// Opens the store unless the running collector has it.
fn check_store(config: &Config) -> Result<String, ServerError> {
    let _lock = match Lock::take(&config.state_dir.join(state::LOCK_FILE)) {
        Ok(lock) => lock,
        Err(LockError::Held { pid, .. }) => return Ok(format!("in use by process {pid}, not opened")),
        Err(error) => return Err(error.into()),
    };
    let store = state::open_store(config, true)?;
    let entries = store.reader()?.head()?.0;
    Ok(format!("{}, {}", store.engine(), driftline_canon::count(entries, "entry", "entries")))
}

#[cfg(test)]
mod tests;
