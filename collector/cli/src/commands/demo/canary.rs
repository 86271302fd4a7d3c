//! Looks for the sample's secrets where they must never be.
//!
//! It knows the secrets because they are in the files that it hands out; it
//! prints none of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftline_canon::{Format, Value, format, secret};
use sha2::{Digest as _, Sha256};

use super::shop::Shop;
use crate::hex;

/// Secrets shorter than this appear by chance.
const SECRET_BYTES_MIN: usize = 6;

/// Every secret of every file, and the forms it might leak in.
pub(super) fn forms(shop: &Shop) -> Vec<Vec<u8>> {
    let files = shop.environments.iter().flat_map(|stage| &stage.files);
    let of_env = files.flat_map(|file| of_file(Format::EnvFile(file.dialect), &file.bytes));
    let databases = shop.environments.iter().filter_map(|stage| stage.database.as_ref());
    let of_databases = databases.flat_map(|database| of_file(Format::PostgresConf, &database.bytes));
    of_env.chain(of_databases).flat_map(|secret| forms_of(&secret)).collect()
}

fn of_file(format: Format, bytes: &[u8]) -> Vec<Vec<u8>> {
    let read = format::read(format, bytes);
    let reasons = secret::classify_all(&read.settings);
    let secrets = read.settings.iter().zip(reasons).filter(|(_, reason)| reason.is_some());
    let values = secrets.filter_map(|(setting, _)| match &setting.value {
        Value::Text(value) => Some(value.to_vec()),
        _ => None,
    });
    values.map(|value| password_of(&value).unwrap_or(value)).filter(|value| value.len() >= SECRET_BYTES_MIN).collect()
}

/// Of a URL, the password alone: the rest may be shown.
fn password_of(value: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    let (_, rest) = text.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    Some(password.as_bytes().to_vec())
}

/// Raw, base64, and plain SHA-256: whoever has one of them can guess.
fn forms_of(secret: &[u8]) -> [Vec<u8>; 3] {
    let digest = Sha256::digest(secret);
    let base64 = STANDARD.encode(secret).trim_end_matches('=').as_bytes().to_vec();
    [secret.to_vec(), base64, hex::encode(&digest).into_bytes()]
}

/// Whether any of the forms is somewhere in the text.
pub(super) fn is_in(forms: &[Vec<u8>], text: &[u8]) -> bool {
    forms.iter().any(|form| text.windows(form.len()).any(|window| window == form.as_slice()))
}

#[cfg(test)]
mod tests;
