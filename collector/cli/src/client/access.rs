//! How the collector is reached: address, CA, token and fleet key, from flags,
//! variables and the configuration file.
//!
//! Files are read only when they are needed, so that an offline command works
//! without any.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use driftline_canon::{FleetKey, KeyEpoch};
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::arguments::Common;
use crate::config::Settings;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::text;
use crate::{hex, input};

/// Bytes of a token, CA or key file. Each has a few lines.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The fleet key itself, for runners that keep secrets in variables.
const FLEET_KEY_VARIABLE: &str = "DRIFTLINE_FLEET_KEY";

/// The access token itself, for the same.
const TOKEN_VARIABLE: &str = "DRIFTLINE_TOKEN";

/// Anything for everybody, or writing for the group: a group that may read is
/// how several operators share a machine.
const OTHERS: u32 = 0o027;

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Address of the API as it was given.
    pub collector: Option<String>,
    /// File with the CA certificate.
    pub ca_file: Option<PathBuf>,
    /// The CA certificate itself, used where no file is named.
    pub ca_pem: Option<String>,
    /// File with the access token.
    pub token_file: Option<PathBuf>,
    /// File with the fleet key.
    pub fleet_key_file: Option<PathBuf>,
    /// Whether the token's file was typed: it wins over the variable.
    pub token_file_typed: bool,
    /// The same of the fleet key's file.
    pub key_file_typed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetKeyFile {
    fleet: FleetKeyTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetKeyTable {
    epoch: u32,
    key: String,
}

impl Access {
    /// What flags, variables and the file say together.
    #[must_use]
    pub fn new(common: &Common, settings: &Settings) -> Self {
        Self {
            collector: common.collector.clone(),
            ca_file: common.ca_file.clone(),
            ca_pem: settings.ca_pem.clone(),
            token_file: common.token_file.clone(),
            fleet_key_file: common.fleet_key_file.clone(),
            token_file_typed: common.token_file_typed,
            key_file_typed: common.fleet_key_file_typed,
        }
    }

    /// The address of the API.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or it is not one of HTTPS.
    pub fn collector(&self) -> Outcome<Url> {
        let given = self.collector.as_deref().ok_or_else(|| missing("collector"))?;
        let text = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
        let refuse = |reason: &str| {
            Failure::new(Exit::Config, format!("`{given}` is not a collector's address: {reason}"))
                .hint("write it like https://collector.example:7443")
        };
        let url = Url::parse(&text).map_err(|error| refuse(&error.to_string()))?;
        if url.scheme() != "https" {
            return Err(refuse("only https is spoken"));
        }
        if url.host_str().is_none_or(str::is_empty) || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must name a host, and nothing secret"));
        }
        Ok(url)
    }

    /// The certificates to believe.
    ///
    /// # Errors
    /// [`Failure`] when there are none.
    pub fn ca(&self) -> Outcome<Vec<CertificateDer<'static>>> {
        let (name, pem) = match (&self.ca_file, &self.ca_pem) {
            (Some(path), _) => (path.display().to_string(), read("CA certificate", path)?),
            (None, Some(pem)) => ("`ca_pem`".to_owned(), Zeroizing::new(pem.clone().into_bytes())),
            (None, None) => return Err(missing("ca_file")),
        };
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match parsed {
            Ok(all) if !all.is_empty() => Ok(all),
            _ => Err(Failure::new(Exit::Config, format!("{name} holds no certificate (PEM)"))),
        }
    }

    /// The access token.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or the file holds something else.
    pub fn token(&self) -> Outcome<String> {
        let variable = std::env::var_os(TOKEN_VARIABLE).filter(|text| !text.is_empty() && !self.token_file_typed);
        if let Some(text) = variable {
            let text = text.to_str().unwrap_or_default().trim();
            let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            let refuse = || Failure::new(Exit::Config, format!("{TOKEN_VARIABLE} holds no access token"));
            return is_token.then(|| text.to_owned()).ok_or_else(refuse);
        }
        let path = self.token_file.as_deref().ok_or_else(|| missing("token_file"))?;
        let bytes = read_secret("access token", path)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::new(Exit::Config, format!("{} holds no access token", path.display())));
        }
        Ok(text.to_owned())
    }

    /// The fleet key.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or the file holds something else.
    pub fn fleet_key(&self) -> Outcome<FleetKey> {
        let refuse = |name: &str| Failure::new(Exit::Config, format!("{name} holds no fleet key"));
        let variable = std::env::var_os(FLEET_KEY_VARIABLE).filter(|text| !text.is_empty() && !self.key_file_typed);
        if let Some(text) = variable {
            let text = Zeroizing::new(text.into_encoded_bytes());
            return read_fleet_key(&text).ok_or_else(|| {
                refuse(FLEET_KEY_VARIABLE).hint("its value is `EPOCH:KEY`, or the text of a fleet key file")
            });
        }
        let path = self.fleet_key_file.as_deref().ok_or_else(|| missing("fleet_key_file"))?;
        let bytes = read_secret("fleet key", path)?;
        read_fleet_key(&bytes).ok_or_else(|| refuse(&path.display().to_string()))
    }
}

/// A fleet key as its file has it, or as `EPOCH:KEY` with 64 hexadecimal
/// characters. Why a text is none is not said: it would quote the key.
fn read_fleet_key(bytes: &[u8]) -> Option<FleetKey> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let short = text.split_once(':').and_then(|(epoch, key)| Some((epoch.parse().ok()?, key.to_owned())));
    let (epoch, key) = match short {
        Some((epoch, key)) => (epoch, Zeroizing::new(key)),
        None => {
            let FleetKeyFile { fleet } = toml::from_str(text).ok()?;
            (fleet.epoch, Zeroizing::new(fleet.key))
        }
    };
    let key = Zeroizing::new(hex::decode::<32>(&key)?);
    Some(FleetKey::new(*key, KeyEpoch(epoch)))
}

fn read(what: &str, path: &Path) -> Outcome<Zeroizing<Vec<u8>>> {
    let read = input::read_limited(path, FILE_BYTES_MAX);
    read.map(Zeroizing::new).map_err(|error| Failure::file(Exit::Config, &format!("read the {what}"), path, &error))
}

/// Reads a secret, as ssh(1) reads a key: one that others could read is none.
fn read_secret(what: &str, path: &Path) -> Outcome<Zeroizing<Vec<u8>>> {
    let bytes = read(what, path)?;
    let metadata = std::fs::metadata(path)
        .map_err(|error| Failure::file(Exit::Config, &format!("look at the {what}"), path, &error))?;
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(bytes);
    }
    Err(Failure::new(Exit::Config, format!("the {what} {} has mode {mode:04o}: others may use it", path.display()))
        .hint(format!("chmod 0600 {}", text::quoted(&path.to_string_lossy()))))
}

fn missing(key: &str) -> Failure {
    Failure::new(Exit::Config, format!("no `{key}` is configured"))
        .hint("`driftline login` sets it up; `driftline login --help` has examples")
}

#[cfg(test)]
mod tests;
