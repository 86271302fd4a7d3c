//! `init`: the CA, the pepper, the store, the first operator and the fleet key.
//!
//! Each step can be repeated after a crash in the middle; a finished collector
//! is never touched. The fleet key goes to the operator's files and nowhere
//! else: no copy stays with the collector.

mod operator;

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};

use driftline_daemon::files::{self, Lock};
use driftline_daemon::{clock, config};
use driftline_store::{Batch, Operation, OperatorRecord};

use super::InitArguments;
use crate::ca::Ca;
use crate::config::{Config, DEFAULT_PATH};
use crate::error::ServerError;
use crate::pepper::Pepper;
use crate::{identity, state};

/// What `init` made, for the words that it prints.
#[derive(Debug)]
pub struct Created {
    config: PathBuf,
    state_dir: PathBuf,
    operator_config: PathBuf,
    api: String,
}

pub(super) fn init(arguments: InitArguments) -> Result<(), ServerError> {
    let created = create(&arguments)?;
    let text = next_steps(&created);
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| ServerError::file("write", "standard output", error))
}

fn create(arguments: &InitArguments) -> Result<Created, ServerError> {
    let now_ms = clock::now_ms();
    let config = configuration(arguments)?;
    let dir = config.state_dir.clone();
    let made = |error| ServerError::file("make the private directory", &dir, error);
    files::create_private_dir(&dir).map_err(made)?;
    let _lock = Lock::take(&dir.join(state::LOCK_FILE))?;
    if state::is_initialised(&dir) {
        return Err(ServerError::AlreadyInitialised { dir });
    }
    let ca = Ca::create_or_open(&dir, now_ms)?;
    Pepper::create_or_open(&dir).map_err(|error| ServerError::file("make", dir.join("pepper"), error))?;
    let names = identity::names(&config.advertise.names, &identity::host_name());
    identity::load_or_issue(&dir, &ca, &names, now_ms)?;
    let api = operator::endpoint(&config);
    let files = operator::Files::at(arguments.operator_config.as_deref())?;
    let token_hash = operator::write(&files, &api, &ca)?;
    first_operator(&config, &arguments.operator, token_hash, now_ms)?;
    write_configuration(arguments, &config)?;
    give_to_owner(&dir)?;
    state::mark_initialised(&dir).map_err(|error| ServerError::file("write", &dir, error))?;
    give_to_owner(&dir)?;
    Ok(Created { config: arguments.config.clone(), state_dir: dir, operator_config: files.config, api })
}

/// The configuration that is there, or the one that the flags describe.
fn configuration(arguments: &InitArguments) -> Result<Config, ServerError> {
    if arguments.config.exists() {
        let config = Config::load(&arguments.config)?;
        return agree(arguments, &config)
            .map_or(Ok(config), |flag| Err(ServerError::Contradiction { flag, path: arguments.config.clone() }));
    }
    let mut config = Config { state_dir: absolute(&arguments.dir)?, ..Config::default() };
    config.advertise.names.clone_from(&arguments.names);
    config.listen.ingest = arguments.ingest_listen.unwrap_or(config.listen.ingest);
    config.listen.enrol = arguments.enrol_listen.unwrap_or(config.listen.enrol);
    config.listen.api = arguments.api_listen.unwrap_or(config.listen.api);
    Ok(config.checked(&arguments.config, "")?)
}

/// The first flag that says something else than the file.
fn agree(arguments: &InitArguments, config: &Config) -> Option<&'static str> {
    let other = |asked: Option<std::net::SocketAddr>, set| asked.is_some_and(|address| address != set);
    let dir_given = arguments.dir != Path::new(crate::config::DEFAULT_STATE_DIR);
    if dir_given && absolute(&arguments.dir).ok().as_ref() != Some(&config.state_dir) {
        return Some("--dir");
    }
    if !arguments.names.iter().all(|name| config.advertise.names.contains(name)) {
        return Some("--name");
    }
    let listeners = [
        (arguments.ingest_listen, config.listen.ingest, "--ingest-listen"),
        (arguments.enrol_listen, config.listen.enrol, "--enrol-listen"),
        (arguments.api_listen, config.listen.api, "--api-listen"),
    ];
    listeners.into_iter().find(|&(asked, set, _)| other(asked, set)).map(|(_, _, flag)| flag)
}

fn absolute(path: &Path) -> Result<PathBuf, ServerError> {
    std::path::absolute(path).map_err(|error| ServerError::file("find", path, error))
}

fn first_operator(config: &Config, name: &str, token_hash: [u8; 32], now_ms: i64) -> Result<(), ServerError> {
    let store = state::open_store(config, false)?;
    let operator = OperatorRecord {
        name: name.to_owned(),
        token_hash,
        roles: vec!["admin".to_owned()],
        created_ms: now_ms,
        revoked: false,
    };
    let batch = Batch { operations: vec![Operation::PutOperator(operator)], now_ms };
    let Some(mut writer) = store.writer() else {
        return Err(ServerError::AlreadyInitialised { dir: config.state_dir.clone() });
    };
    writer.commit(batch)?;
    Ok(())
}

fn write_configuration(arguments: &InitArguments, config: &Config) -> Result<(), ServerError> {
    let path = &arguments.config;
    if path.exists() {
        return Ok(());
    }
    let text = render(config);
    // What is written must be what is read.
    config::parse::<Config>(path, &text)?;
    let failed = |error| ServerError::file("write", path, error);
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        std::fs::create_dir_all(parent).map_err(failed)?;
        readable(parent, 0o755).map_err(failed)?;
    }
    // It holds no secret, and the service that reads it may be another user.
    files::write_private(path, text.as_bytes()).and_then(|()| readable(path, 0o644)).map_err(failed)
}

fn readable(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// A configuration as the file to edit by hand.
fn render(config: &Config) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let names = toml::Value::from(config.advertise.names.clone());
    let mut text = String::from("# driftline-collector; every setting: /usr/share/doc/driftline/collector.toml\n");
    let dir = quoted(&config.state_dir.to_string_lossy());
    let listen = &config.listen;
    // Writing into a String cannot fail.
    _ = write!(
        text,
        "state_dir = {dir}\n\n[listen]\ningest = \"{}\"\nenrol = \"{}\"\napi = \"{}\"\n\n[advertise]\nnames = {names}\n",
        listen.ingest, listen.enrol, listen.api,
    );
    text
}

/// Root makes the files; the service's own user must be able to read them. The
/// directory's owner, set by the package, says who that is.
fn give_to_owner(dir: &Path) -> Result<(), ServerError> {
    let entries = std::fs::read_dir(dir).map_err(|error| ServerError::file("read", dir, error))?;
    for entry in entries {
        let path = entry.map_err(|error| ServerError::file("read", dir, error))?.path();
        give_file_to(&path, dir)?;
        // The service's own user may have put a link there: never through it.
        if std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            give_to_owner(&path)?;
        }
    }
    Ok(())
}

fn give_file_to(path: &Path, like: &Path) -> Result<(), ServerError> {
    let owner = std::fs::metadata(like).map_err(|error| ServerError::file("look at", like, error))?;
    let file = std::fs::symlink_metadata(path).map_err(|error| ServerError::file("look at", path, error))?;
    if (file.uid(), file.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    lchown(path, Some(owner.uid()), Some(owner.gid())).map_err(|error| ServerError::file("give away", path, error))
}

fn next_steps(created: &Created) -> String {
    let (config, operator) = (created.config.display(), created.operator_config.display());
    let run_flag =
        if created.config == Path::new(DEFAULT_PATH) { String::new() } else { format!(" --config {config}") };
    let cli_flag = match operator::default_path() {
        Some(path) if path == created.operator_config => String::new(),
        _ => format!("DRIFTLINE_CONFIG={operator} "),
    };
    format!(
        "The collector is ready in {state}.\n\
         \n\
         \x20 its settings       {config}\n\
         \x20 your access        {operator}\n\
         \n\
         Beside your access lies the fleet key. The collector has no copy: keep a\n\
         backup of that directory, and give it to nobody who may not see values.\n\
         \n\
         Next:\n\
         \n\
         \x20 driftline-collector run{run_flag}\n\
         \x20 {cli_flag}driftline status\n\
         \x20 {cli_flag}driftline token create --env production --role web\n\
         \n\
         The last one prints a token; on the host to watch:\n\
         \n\
         \x20 driftline-agent enroll TOKEN\n\
         \n\
         Operators reach the collector at {api}.\n",
        state = created.state_dir.display(),
        api = created.api,
    )
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
