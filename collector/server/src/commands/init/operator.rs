//! The first operator's files: access token, CA certificate, fleet key and the
//! command line's configuration, all 0600 in one directory.
//!
//! A fleet key that is there is kept: every digest of the fleet depends on it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_daemon::files;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::ca::Ca;
use crate::config::Config;
use crate::error::ServerError;
use crate::{hex, pem};

/// How a bearer token begins, so that a leaked one is recognised.
const TOKEN_PREFIX: &str = "dlo_";

/// The CA certificate, beside the configuration.
const CA: &str = "ca.pem";

/// The access token, beside the configuration.
const TOKEN: &str = "operator.token";

/// The fleet key, beside the configuration.
const FLEET_KEY: &str = "fleet-key.toml";

/// Bytes of each of the files when they are looked at again.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Where the operator's files go.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) config: PathBuf,
    ca: PathBuf,
    token: PathBuf,
    fleet_key: PathBuf,
}

impl Files {
    pub(super) fn at(config: Option<&Path>) -> Result<Self, ServerError> {
        let no_home = || ServerError::Setting {
            what: "the home directory",
            path: PathBuf::from("~"),
            reason: "HOME is not set; say `--operator-config FILE`".to_owned(),
        };
        let config = match config {
            Some(path) => super::absolute(path)?,
            None => default_path().ok_or_else(no_home)?,
        };
        let beside = |name: &str| config.with_file_name(name);
        Ok(Self { ca: beside(CA), token: beside(TOKEN), fleet_key: beside(FLEET_KEY), config })
    }
}

/// Where the command line looks for its configuration.
pub(super) fn default_path() -> Option<PathBuf> {
    let base = match std::env::var_os("XDG_CONFIG_HOME") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => PathBuf::from(std::env::var_os("HOME").filter(|home| !home.is_empty())?).join(".config"),
    };
    Some(base.join("driftline").join("cli.toml"))
}

/// Where operators reach the API, as far as the configuration tells.
pub(super) fn endpoint(config: &Config) -> String {
    let port = config.listen.api.port();
    if let Some(name) = config.advertise.names.first() {
        return crate::state::endpoint(name, port);
    }
    let address = config.listen.api.ip();
    if address.is_unspecified() {
        return crate::state::endpoint(&crate::identity::host_name(), port);
    }
    crate::state::endpoint(&address.to_string(), port)
}

/// Writes the files and gives the hash of the bearer token. The configuration
/// comes last: while it is missing, everything may be written again.
pub(super) fn write(to: &Files, api: &str, ca: &Ca) -> Result<[u8; 32], ServerError> {
    let ca_pem = pem::encode(ca.certificate());
    if to.config.exists() && files::read_limited(&to.ca, FILE_BYTES_MAX).ok().as_deref() != Some(ca_pem.as_bytes()) {
        return Err(ServerError::OperatorConfigTaken { path: to.config.clone() });
    }
    if let Some(dir) = to.config.parent() {
        std::fs::create_dir_all(dir).map_err(|error| ServerError::file("make", dir, error))?;
    }
    let token = bearer_token()?;
    let hash = Sha256::digest(token.as_bytes()).into();
    put(&to.ca, ca_pem.as_bytes())?;
    if !to.fleet_key.exists() {
        put(&to.fleet_key, fleet_key()?.as_bytes())?;
    }
    put(&to.token, format!("{}\n", &*token).as_bytes())?;
    put(&to.config, configuration(api).as_bytes())?;
    Ok(hash)
}

fn bearer_token() -> Result<Zeroizing<String>, ServerError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|_| ServerError::Random)?;
    Ok(Zeroizing::new(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes))))
}

fn fleet_key() -> Result<Zeroizing<String>, ServerError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|_| ServerError::Random)?;
    let key = Zeroizing::new(hex::encode(&*bytes));
    Ok(Zeroizing::new(format!(
        "# The key that every digest of this fleet is made with. Whoever has it and the\n\
         # collector's store can guess values: keep it, back it up, share it with no one.\n\
         [fleet]\nepoch = 1\nkey = \"{}\"\n",
        &*key
    )))
}

/// Names without directories: the four files may be moved and copied together.
fn configuration(api: &str) -> String {
    format!(
        "# driftline: how the command line reaches the collector\n\
         collector = \"{api}\"\nca_file = \"{CA}\"\ntoken_file = \"{TOKEN}\"\nfleet_key_file = \"{FLEET_KEY}\"\n"
    )
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    files::write_private(path, bytes).map_err(|error| ServerError::file("write", path, error))
}
