//! The file with a route's secret.

use driftline_daemon::{config, files};
use zeroize::Zeroizing;

use crate::config::AlertRoute;
use crate::error::ServerError;
use crate::notify::signature::Secret;

/// Bytes of a secret at least: 128 bits.
const BYTES_MIN: usize = 16;

/// Bytes of a secret at most; more is some other file.
const BYTES_MAX: usize = 4096;

/// Reads the secret of a route; a line break at its end does not count.
///
/// # Errors
/// [`ServerError::Setting`] naming the file.
pub fn load(route: &AlertRoute) -> Result<Secret, ServerError> {
    let path = &route.secret_file;
    let unusable = |reason: String| ServerError::Setting { what: "the secret file", path: path.clone(), reason };
    let bytes = files::read_limited(path, BYTES_MAX).map_err(|error| unusable(error.to_string()))?;
    let bytes = Zeroizing::new(bytes);
    let trimmed = bytes.trim_ascii_end();
    if trimmed.len() < BYTES_MIN {
        return Err(unusable(format!("it has {} bytes, at least {BYTES_MIN} are needed", trimmed.len())));
    }
    if let Ok(Some(warning)) = config::check_permissions(path) {
        tracing::warn!(route = route.name, "{warning}");
    }
    Ok(Secret::new(trimmed.to_vec()))
}

#[cfg(test)]
mod tests;
