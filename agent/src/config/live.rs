//! A `[[source]]` of kind `database_settings`: which server to ask, as whom,
//! and how often.
//!
//! It connects to nothing and reads no password.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{DisplayPolicy, SourceKind, SourceName};
use driftline_daemon::config::Mistake;

use super::source::{self, Pattern, ReadAs, SourceSpec, Written};
use crate::config::Server;
use crate::database::ask::Target;
use crate::database::is_spoken;
use crate::database::link::Endpoint;
use crate::database::login::PasswordAt;
use crate::database::poll::DatabaseSpec;

/// Seconds between two questions, if the table does not say.
const POLL_S: u64 = 10;

/// The least and most of it. Below two seconds a server would notice; a day is
/// no watching any more.
const POLL_S_MIN: u64 = 2;
const POLL_S_MAX: u64 = 24 * 60 * 60;

/// Keys that only this kind has. `poll_s` is for `process_env` too.
const KEYS: [&str; 7] = ["connect", "user", "database", "password_file", "password_env", "ca_file", "config"];

/// Whether a table is of this kind; one of another kind must not have its keys.
pub(super) fn is_live(written: &Written) -> Result<bool, Mistake> {
    if written.kind == SourceKind::DatabaseSettings {
        return Ok(true);
    }
    let used = [
        written.connect.is_some(),
        written.user.is_some(),
        written.database.is_some(),
        written.password_file.is_some(),
        written.password_env.is_some(),
        written.ca_file.is_some(),
        // A `firewall` names its dump files so.
        written.config.is_some() && written.kind != SourceKind::Firewall,
    ];
    match KEYS.into_iter().zip(used).find(|(_, used)| *used) {
        Some((key, _)) => {
            let reason = format!("source `{}`: `{key}` is for `database_settings` sources", written.name);
            Err(Mistake::at(key, reason))
        }
        None => Ok(false),
    }
}

/// Checks a table of this kind.
pub(super) fn check(written: Written) -> Result<DatabaseSpec, Mistake> {
    source::check_name(&written.name)?;
    let name = written.name.clone();
    let mistake = |key: &str, reason: String| Mistake::at(key, format!("source `{name}`: {reason}"));
    if written.path.is_some() || written.format.is_some() || written.dialect.is_some() {
        return Err(mistake("kind", "a `database_settings` source has no `path`, `format` or `dialect`".to_owned()));
    }
    let of_process = [&written.pid_file, &written.executable].into_iter().any(Option::is_some);
    if of_process || written.unit.is_some() || written.env_file.is_some() {
        return Err(mistake("kind", "a `database_settings` source has no key of `process_env`".to_owned()));
    }
    let server = written.server.filter(|server| is_spoken(*server));
    let server = server.ok_or_else(|| {
        let all = Server::ALL.into_iter().filter(|one| is_spoken(*one)).map(Server::as_str).collect::<Vec<_>>();
        mistake("kind", format!("a `database_settings` needs a `server`: `{}`", all.join("`, `")))
    })?;
    let connect = written.connect.as_deref().unwrap_or_default();
    let endpoint = Endpoint::parse(connect)
        .ok_or_else(|| mistake("connect", "`connect` must be `unix:/path` or `host:port`".to_owned()))?;
    let poll_s = written.poll_s.unwrap_or(POLL_S);
    super::within("poll_s", poll_s, POLL_S_MIN, POLL_S_MAX)?;
    let password = password(&name, written.password_file, written.password_env)?;
    if let Some(path) = written.ca_file.as_ref().filter(|path| !path.is_absolute()) {
        let reason = format!("`{}` is not an absolute path", super::display_path(path));
        return Err(mistake("ca_file", reason));
    }
    for (key, text) in [("user", &written.user), ("database", &written.database)] {
        if text.as_ref().is_some_and(|text| text.is_empty() || text.contains(char::is_control)) {
            return Err(mistake(key, format!("`{key}` is empty or holds control characters")));
        }
    }
    let (user, database, ca_file) = (written.user, written.database, written.ca_file);
    Ok(DatabaseSpec {
        source: spec(name, written.display),
        target: Target { server, endpoint, user, password, database, ca_file },
        every: Duration::from_secs(poll_s),
        config: written.config,
    })
}

fn password(name: &SourceName, file: Option<PathBuf>, variable: Option<String>) -> Result<Option<PasswordAt>, Mistake> {
    let mistake = |key: &str, reason: &str| Err(Mistake::at(key, format!("source `{name}`: {reason}")));
    match (file, variable) {
        (Some(_), Some(_)) => mistake("password_env", "`password_file` and `password_env` are two passwords: say one"),
        (Some(path), None) if !path.is_absolute() => {
            mistake("password_file", "`password_file` must be an absolute path")
        }
        (Some(path), None) => Ok(Some(PasswordAt::File(path))),
        (None, Some(variable)) if variable.is_empty() || variable.contains(['=', '\0']) => {
            mistake("password_env", "`password_env` is no name of a variable")
        }
        (None, variable) => Ok(variable.map(PasswordAt::Variable)),
    }
}

/// The part that every source has. There is no file behind it.
fn spec(name: SourceName, display: DisplayPolicy) -> Arc<SourceSpec> {
    Arc::new(SourceSpec {
        name,
        kind: SourceKind::DatabaseSettings,
        pattern: Pattern::Path(PathBuf::new()),
        dialect: None,
        reading: ReadAs::Content,
        display,
        file_bytes_max: 0,
    })
}

#[cfg(test)]
mod tests;
