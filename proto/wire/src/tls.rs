//! TLS of both ends: version 1.3 alone, and who believes whom.
//!
//! Sessions are never resumed: a resumed session would keep a certificate alive
//! that has expired or was revoked meanwhile, and an agent connects too rarely
//! to gain from it. Early data is off for the same reason.

mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::version::TLS13;
use rustls::{ClientConfig, KeyLogFile, RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

pub use verify::PinError;

/// How wrong a host's clock may be while its agent still connects, to learn how
/// wrong it is. A day is promised; time zone mistakes add half a day.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(48 * 60 * 60);

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// What the tests of a caller may change: the clock, and logging of TLS keys.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    time: Arc<dyn TimeProvider>,
    key_log: bool,
}

impl TlsSettings {
    /// The host's clock, no key log.
    #[must_use]
    pub fn new() -> Self {
        Self { time: Arc::new(DefaultTimeProvider), key_log: false }
    }

    /// Certificates are checked at the time that `now_ms` gives.
    #[must_use]
    pub fn with_clock(mut self, now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.time = Arc::new(Clock(Box::new(now_ms)));
        self
    }

    /// Whether the keys of every connection go to the file that
    /// `SSLKEYLOGFILE` names. For tests that read their own traffic; never set
    /// from a configuration.
    #[must_use]
    pub fn with_key_log(mut self, key_log: bool) -> Self {
        self.key_log = key_log;
        self
    }
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self::new()
    }
}

struct Clock(Box<dyn Fn() -> i64 + Send + Sync>);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from((self.0)()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

/// A certificate, what leads from it to its CA, and its key. The key is wiped
/// on drop and never printed.
pub struct Credentials {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Credentials {
    /// Takes a chain, leaf first, and the leaf's key.
    #[must_use]
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self { chain, key }
    }

    /// Reads a chain and a key from PEM (RFC 7468).
    ///
    /// # Errors
    /// [`TlsError::Pem`] names which of the two is not one.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates_from_pem(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Pem { what: "private key", source })?;
        Ok(Self { chain, key })
    }

    /// The chain, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }
}

impl Clone for Credentials {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} certificates, key)", self.chain.len())
    }
}

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or not of that.
    #[error("could not read the {what}")]
    Pem {
        /// What was read.
        what: &'static str,
        /// Why not.
        #[source]
        source: pem::Error,
    },
    /// No certificate in the file.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// The CA certificate cannot be one.
    #[error("the CA certificate cannot be used")]
    Ca(#[source] rustls::Error),
    /// Certificate and key do not fit each other, or cannot be used.
    #[error("certificate and key cannot be used together")]
    Credentials(#[source] rustls::Error),
    /// The verifier of client certificates refuses the CA.
    #[error("client certificates cannot be verified")]
    Verifier(#[from] VerifierBuilderError),
}

/// Certificates from PEM; at least one.
///
/// # Errors
/// [`TlsError::Pem`] or [`TlsError::NoCertificate`].
pub fn certificates_from_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let all = all.map_err(|source| TlsError::Pem { what: "certificate", source })?;
    if all.is_empty() { Err(TlsError::NoCertificate) } else { Ok(all) }
}

/// SHA-256 over a certificate (DER): its fingerprint, and what a token pins.
#[must_use]
pub fn fingerprint(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

/// The collector's listener for agents: a client certificate of this CA is
/// mandatory, and is judged by the collector's clock alone, so that an agent's
/// wrong clock locks nobody out. An expired one is refused: `Renew` is for it.
///
/// # Errors
/// [`TlsError`].
pub fn ingest_server(
    own: &Credentials,
    client_ca: CertificateDer<'static>,
    settings: &TlsSettings,
) -> Result<Arc<ServerConfig>, TlsError> {
    let roots = Arc::new(roots_of(client_ca)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build()?;
    let builder = server_builder(settings)?.with_client_cert_verifier(verifier);
    let config = builder.with_single_cert(own.chain.clone(), own.key.clone_key());
    Ok(finish_server(config.map_err(TlsError::Credentials)?, settings, &[HTTP2]))
}

/// The collector's listener for enrolment and renewal: no client certificate.
///
/// # Errors
/// [`TlsError`].
pub fn enrol_server(own: &Credentials, settings: &TlsSettings) -> Result<Arc<ServerConfig>, TlsError> {
    anonymous_server(own, settings, &[HTTP2])
}

/// The collector's HTTP API: no client certificate, HTTP/2 or HTTP/1.1.
///
/// # Errors
/// [`TlsError`].
pub fn api_server(own: &Credentials, settings: &TlsSettings) -> Result<Arc<ServerConfig>, TlsError> {
    anonymous_server(own, settings, &[HTTP2, HTTP1])
}

fn anonymous_server(
    own: &Credentials,
    settings: &TlsSettings,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = server_builder(settings)?.with_no_client_auth();
    let config = builder.with_single_cert(own.chain.clone(), own.key.clone_key());
    Ok(finish_server(config.map_err(TlsError::Credentials)?, settings, protocols))
}

/// An enrolled agent: believes its CA, shows its certificate.
///
/// # Errors
/// [`TlsError`].
pub fn agent_client(
    ca: CertificateDer<'static>,
    own: &Credentials,
    settings: &TlsSettings,
) -> Result<Arc<ClientConfig>, TlsError> {
    let verifier = Arc::new(verify::CollectorVerifier::of_ca(roots_of(ca)?, &provider()));
    let builder = client_builder(settings)?.dangerous().with_custom_certificate_verifier(verifier);
    let config = builder.with_client_auth_cert(own.chain.clone(), own.key.clone_key());
    Ok(finish_client(config.map_err(TlsError::Credentials)?, settings, &[HTTP2]))
}

/// An agent that knows only the fingerprint of the CA certificate, from its
/// token, or one that renews an expired certificate. Shows no certificate.
///
/// # Errors
/// [`TlsError`].
pub fn pinned_client(ca_sha256: [u8; 32], settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsError> {
    pinned(ca_sha256, settings, &[HTTP2])
}

/// The same for the HTTP API: an operator's command line that pins the CA.
///
/// # Errors
/// [`TlsError`].
pub fn pinned_api_client(ca_sha256: [u8; 32], settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsError> {
    pinned(ca_sha256, settings, &[HTTP2, HTTP1])
}

fn pinned(pin: [u8; 32], settings: &TlsSettings, protocols: &[&[u8]]) -> Result<Arc<ClientConfig>, TlsError> {
    let verifier = Arc::new(verify::CollectorVerifier::of_pin(pin, &provider()));
    let builder = client_builder(settings)?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(finish_client(builder.with_no_client_auth(), settings, protocols))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn roots_of(ca: CertificateDer<'static>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(ca).map_err(TlsError::Ca)?;
    Ok(roots)
}

fn server_builder(
    settings: &TlsSettings,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::clone(&settings.time));
    builder.with_protocol_versions(&[&TLS13]).map_err(TlsError::Credentials)
}

fn client_builder(
    settings: &TlsSettings,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::clone(&settings.time));
    builder.with_protocol_versions(&[&TLS13]).map_err(TlsError::Credentials)
}

fn finish_server(mut config: ServerConfig, settings: &TlsSettings, protocols: &[&[u8]]) -> Arc<ServerConfig> {
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    if settings.key_log {
        config.key_log = Arc::new(KeyLogFile::new());
    }
    Arc::new(config)
}

fn finish_client(mut config: ClientConfig, settings: &TlsSettings, protocols: &[&[u8]]) -> Arc<ClientConfig> {
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    if settings.key_log {
        config.key_log = Arc::new(KeyLogFile::new());
    }
    Arc::new(config)
}

#[cfg(test)]
mod tests;
