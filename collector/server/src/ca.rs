//! The collector's certificate authority: the only file that touches its key.
//!
//! It signs what it is asked to sign and keeps no list of what it signed: who
//! may have a certificate is decided elsewhere.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driftline_daemon::files;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
    SubjectPublicKeyInfo, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use sha2::{Digest as _, Sha256};

const KEY_FILE: &str = "ca.key";
const CERTIFICATE_FILE: &str = "ca.pem";

/// Bytes of a key or certificate file: a P-256 PEM has under 1 KiB.
const PEM_BYTES_MAX: usize = 64 * 1024;

/// Ten years: outlives the machine, and a fleet re-enrols within a day.
const CA_VALID: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Ninety days for the collector's own certificate; it renews itself.
pub const SERVER_VALID: Duration = Duration::from_secs(90 * 86_400);

/// Seven days for an agent: a stolen one is soon worthless.
pub const AGENT_VALID: Duration = Duration::from_secs(7 * 86_400);

/// How far a certificate reaches back, for hosts whose clock is behind.
const BACKDATED: Duration = Duration::from_secs(86_400);

/// What went wrong with the CA.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file of the CA cannot be read or written.
    #[error("could not {verb} {}", path.display())]
    File {
        /// What was attempted.
        verb: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of the CA is not what it should be.
    #[error("{} is not a PEM key or certificate of this CA", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// A request that cannot be signed.
    #[error("the certificate request is not one that can be signed: {0}")]
    Request(String),
    /// Signing failed.
    #[error("could not sign a certificate")]
    Sign(#[from] rcgen::Error),
    /// The system gave no randomness.
    #[error("the system gave no random bytes")]
    Random,
}

/// The CA, its key in memory.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ca(..)")
    }
}

/// A certificate as it was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// DER.
    pub certificate: CertificateDer<'static>,
    /// Its serial, as the certificate encodes it.
    pub serial: Vec<u8>,
    /// When it ends.
    pub not_after_ms: i64,
}

/// A certificate request whose signature was verified.
#[derive(Debug)]
pub struct Request {
    key: Vec<u8>,
}

impl Request {
    /// Reads a PKCS#10 request (RFC 2986) and verifies that whoever made it
    /// has its key. Nothing else in it is believed.
    ///
    /// # Errors
    /// [`CaError::Request`] when it is damaged or not an ECDSA P-256 key.
    pub fn verify(der: &[u8]) -> Result<Self, CaError> {
        let refused = |error: rcgen::Error| CaError::Request(error.to_string());
        let request = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der.to_vec()));
        let request = request.map_err(refused)?;
        if *request.public_key.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(CaError::Request("its key is not ECDSA P-256".to_owned()));
        }
        let key = rcgen::PublicKeyData::subject_public_key_info(&request.public_key);
        Ok(Self { key })
    }

    /// SHA-256 of the public key (SubjectPublicKeyInfo).
    #[must_use]
    pub fn public_key_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.key).into()
    }
}

impl Ca {
    /// Makes a CA in a directory, or opens the one that is there. A key without
    /// a certificate is what a crash in between leaves: nothing was signed with
    /// it, so both are made anew.
    ///
    /// # Errors
    /// [`CaError`] naming the file.
    pub fn create_or_open(dir: &Path, now_ms: i64) -> Result<Self, CaError> {
        if dir.join(CERTIFICATE_FILE).exists() {
            return Self::open(dir);
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = ca_params(now_ms)?.self_signed(&key)?;
        write(&dir.join(KEY_FILE), key.serialize_pem().as_bytes())?;
        write(&dir.join(CERTIFICATE_FILE), certificate.pem().as_bytes())?;
        Self::open(dir)
    }

    /// Opens the CA of a directory.
    ///
    /// # Errors
    /// [`CaError`] naming the file.
    pub fn open(dir: &Path) -> Result<Self, CaError> {
        let damaged = |file: &str| CaError::Damaged { path: dir.join(file) };
        let key = zeroize::Zeroizing::new(read(&dir.join(KEY_FILE))?);
        let pem = read(&dir.join(CERTIFICATE_FILE))?;
        let key = KeyPair::from_pem(&key).map_err(|_| damaged(KEY_FILE))?;
        let certificate = crate::pem::certificate(pem.as_bytes()).ok_or_else(|| damaged(CERTIFICATE_FILE))?;
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        if crate::x509::public_key_info(&certificate).as_deref() != Some(spki.as_slice()) {
            return Err(damaged(CERTIFICATE_FILE));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|_| damaged(CERTIFICATE_FILE))?;
        Ok(Self { issuer, certificate })
    }

    /// The CA's own certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// SHA-256 of the CA certificate: what tokens pin.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// A certificate for an agent, naming it by one URI.
    ///
    /// # Errors
    /// [`CaError`] when the name cannot stand in a certificate or signing fails.
    pub fn issue_agent(&self, request: &Request, uri: &str, now_ms: i64) -> Result<Issued, CaError> {
        let name = uri.try_into().map_err(|_| CaError::Request("the name is not ASCII".to_owned()))?;
        let key = SubjectPublicKeyInfo::from_der(&request.key)?;
        let mut params = leaf_params(now_ms, AGENT_VALID, "driftline agent")?;
        params.subject_alt_names = vec![SanType::URI(name)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, &key, now_ms, AGENT_VALID)
    }

    /// A certificate for the collector itself, with the key that it made.
    ///
    /// # Errors
    /// [`CaError`] when a name cannot stand in a certificate or signing fails.
    pub fn issue_server(&self, names: &[String], key: &KeyPair, now_ms: i64) -> Result<Issued, CaError> {
        let mut params = leaf_params(now_ms, SERVER_VALID, "driftline collector")?;
        params.subject_alt_names = names.iter().map(|name| subject_name(name)).collect::<Result<_, _>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, key, now_ms, SERVER_VALID)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        key: &impl rcgen::PublicKeyData,
        now_ms: i64,
        valid: Duration,
    ) -> Result<Issued, CaError> {
        let mut serial = [0_u8; 16];
        getrandom::fill(&mut serial).map_err(|_| CaError::Random)?;
        // The time in front makes a later certificate's serial the higher one,
        // and, until the year 6429, positive (RFC 5280 4.1.2.2) without a
        // padding byte: 48 bits of milliseconds begin with 0x01 since 2004.
        serial[..6].copy_from_slice(&time_prefix(now_ms));
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let certificate = params.signed_by(key, &self.issuer)?;
        let not_after_ms = now_ms.saturating_add(milliseconds(valid));
        Ok(Issued { certificate: certificate.der().clone(), serial: serial.to_vec(), not_after_ms })
    }
}

/// Milliseconds since 1970 as 48 bits, for ids that sort by the time at which
/// they were made.
#[must_use]
pub fn time_prefix(now_ms: i64) -> [u8; 6] {
    let [_, _, bytes @ ..] = now_ms.to_be_bytes();
    bytes
}

fn ca_params(now_ms: i64) -> Result<CertificateParams, CaError> {
    let mut id = [0_u8; 4];
    getrandom::fill(&mut id).map_err(|_| CaError::Random)?;
    let name = format!("driftline CA {}", crate::hex::encode(&id));
    let mut params = leaf_params(now_ms, CA_VALID, &name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = false;
    Ok(params)
}

fn leaf_params(now_ms: i64, valid: Duration, name: &str) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    let now = date_time_ymd(1970, 1, 1) + Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    params.not_before = now - BACKDATED;
    params.not_after = now + valid;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn subject_name(name: &str) -> Result<SanType, CaError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let refused = |_| CaError::Request(format!("`{name}` cannot stand in a certificate"));
    Ok(SanType::DnsName(name.try_into().map_err(refused)?))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn read(path: &Path) -> Result<String, CaError> {
    let failed = |source| CaError::File { verb: "read", path: path.to_owned(), source };
    let bytes = files::read_limited(path, PEM_BYTES_MAX).map_err(failed)?;
    String::from_utf8(bytes).map_err(|_| CaError::Damaged { path: path.to_owned() })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CaError> {
    files::write_private(path, bytes).map_err(|source| CaError::File { verb: "write", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
