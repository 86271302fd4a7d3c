//! The collector's own certificate: issued by its CA, renewed by itself.
//!
//! It is made anew when it is missing, past half its life, for other names, or
//! of another CA. Agents and operators believe the CA, so nobody notices.

use std::path::Path;

use driftline_daemon::files;
use driftline_wire::tls::Credentials;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

use crate::ca::{Ca, CaError};
use crate::error::ServerError;
use crate::x509;

const KEY_FILE: &str = "server.key";
const CHAIN_FILE: &str = "server.pem";
const NAMES_FILE: &str = "server.names";

/// Bytes of each of the three files.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// The collector's certificate and until when it serves.
#[derive(Debug, Clone)]
pub struct ServerIdentity {
    /// Certificate, CA certificate and key.
    pub credentials: Credentials,
    /// When to make the next one.
    pub renew_ms: i64,
    /// When it ends.
    pub not_after_ms: i64,
}

/// Every name that the collector's certificate has to carry, sorted.
#[must_use]
pub fn names(configured: &[String], host: &str) -> Vec<String> {
    let fixed = [host, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut names: Vec<String> = configured.iter().cloned().chain(fixed).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

/// This host's name.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The certificate of a state directory, made anew if it has to be.
///
/// # Errors
/// [`ServerError`] naming the file, or the name that cannot be certified.
pub fn load_or_issue(dir: &Path, ca: &Ca, names: &[String], now_ms: i64) -> Result<ServerIdentity, ServerError> {
    if let Some(identity) = load(dir, ca, names)
        && now_ms < identity.renew_ms
    {
        return Ok(identity);
    }
    issue(dir, ca, names, now_ms)?;
    let damaged = || CaError::Damaged { path: dir.join(CHAIN_FILE) };
    load(dir, ca, names).ok_or_else(|| damaged().into())
}

/// The certificate of a state directory as it is; none when it is missing,
/// damaged, for other names or of another CA.
#[must_use]
pub fn load(dir: &Path, ca: &Ca, names: &[String]) -> Option<ServerIdentity> {
    let read = |name: &str| files::read_limited(&dir.join(name), FILE_BYTES_MAX).ok();
    let key = Zeroizing::new(read(KEY_FILE)?);
    let chain = read(CHAIN_FILE)?;
    if read(NAMES_FILE)? != names.join("\n").as_bytes() {
        return None;
    }
    let credentials = Credentials::from_pem(&chain, &key).ok()?;
    let leaf = credentials.chain().first()?;
    let key_info = KeyPair::from_pem(std::str::from_utf8(&key).ok()?).ok()?;
    let key_info = rcgen::PublicKeyData::subject_public_key_info(&key_info);
    if !x509::is_signed_by(leaf, ca.certificate()) || x509::public_key_info(leaf)? != key_info {
        return None;
    }
    let facts = x509::facts(leaf)?;
    // The beginning is backdated by a day, which moves the middle a little
    // forward: harmless for 90 days.
    let renew_ms = facts.not_before_ms + (facts.not_after_ms - facts.not_before_ms) / 2;
    Some(ServerIdentity { credentials, renew_ms, not_after_ms: facts.not_after_ms })
}

fn issue(dir: &Path, ca: &Ca, names: &[String], now_ms: i64) -> Result<(), ServerError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(CaError::from)?;
    let issued = ca.issue_server(names, &key, now_ms)?;
    let chain = format!("{}{}", crate::pem::encode(&issued.certificate), crate::pem::encode(ca.certificate()));
    let key = Zeroizing::new(key.serialize_pem());
    for (name, bytes) in
        [(KEY_FILE, key.as_bytes()), (CHAIN_FILE, chain.as_bytes()), (NAMES_FILE, names.join("\n").as_bytes())]
    {
        let path = dir.join(name);
        files::write_private(&path, bytes).map_err(|error| ServerError::file("write", &path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;
    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn it_is_kept_until_half_its_life_and_then_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
        let names = names(&["collector.example".to_owned()], "here");
        let at = |ms| load_or_issue(dir.path(), &ca, &names, ms).unwrap().credentials.chain().to_vec();
        let first = at(NOW_MS);
        assert_eq!(at(NOW_MS + 40 * DAY_MS), first);
        assert_ne!(at(NOW_MS + 46 * DAY_MS), first);
    }

    #[test]
    fn other_names_or_a_torn_file_make_it_anew() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::create_or_open(dir.path(), NOW_MS).unwrap();
        let first = load_or_issue(dir.path(), &ca, &names(&[], "here"), NOW_MS).unwrap();
        let other = load_or_issue(dir.path(), &ca, &names(&[], "there"), NOW_MS).unwrap();
        assert_ne!(first.credentials.chain(), other.credentials.chain());
        std::fs::write(dir.path().join(KEY_FILE), "torn").unwrap();
        assert!(load_or_issue(dir.path(), &ca, &names(&[], "there"), NOW_MS).is_ok());
    }

    #[test]
    fn loopback_and_the_host_are_always_named() {
        assert_eq!(names(&["localhost".to_owned()], "h"), ["127.0.0.1", "::1", "h", "localhost"]);
    }
}
