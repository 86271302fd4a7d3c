//! Who this agent is, on disk: one private file, replaced as a whole.
//!
//! Key, certificate, CA, endpoints and fleet key stand in one file, so that no
//! power cut leaves a certificate without its key. Nothing here talks to a
//! collector, and nothing here is ever printed.

mod document;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_canon::{EnrolmentToken, FleetKey};
use driftline_daemon::files;
use driftline_wire::identity::{self as peer, PeerIdentity};
use driftline_wire::tls::{self, Credentials, TlsError, TlsSettings};
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use document::{Document, Enrolling, Member, Pair};

/// The file within the state directory.
const FILE: &str = "identity.toml";

/// Bytes of that file. Two certificates of at most 16 KiB, their keys and the
/// CA, all in base64.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Never enrolled.
    #[error("this host is not enrolled: {} is not there", path.display())]
    NotEnrolled {
        /// Where it would be.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("could not {what} {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// `read` or `write`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It is there and is none.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What of it. Never a value.
        what: &'static str,
    },
    /// A key could not be made or used.
    #[error("could not make a key")]
    Key(#[from] rcgen::Error),
}

/// An enrolled agent's identity.
#[derive(Clone)]
pub struct Identity {
    /// What the certificate says.
    pub peer: PeerIdentity,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The CA's certificate, DER.
    pub ca: Vec<u8>,
    /// The key, PKCS#8 DER.
    pub key: Zeroizing<Vec<u8>>,
    /// Where to enrol and renew: `host:port`, in order.
    pub enrol: Vec<String>,
    /// Where to ship: `host:port`, in order.
    pub ingest: Vec<String>,
    /// The key of every digest.
    pub fleet_key: FleetKey,
    /// Start of the certificate's validity.
    pub not_before_ms: i64,
    /// End of the certificate's validity.
    pub not_after_ms: i64,
    /// Whether a collector has accepted a connection with this certificate. A
    /// renewed one is kept beside its predecessor until then.
    pub confirmed: bool,
}

impl Identity {
    /// The newest identity of a state directory, confirmed or not.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load(state_dir: &Path) -> Result<Self, IdentityError> {
        IdentityFile::new(state_dir).newest()
    }

    /// The identity before a renewal that was never confirmed, for when the
    /// renewed one is refused.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load_confirmed(state_dir: &Path) -> Result<Self, IdentityError> {
        let store = IdentityFile::new(state_dir);
        let member = store.member()?;
        let pair = member.current.complete();
        let (key, certificate) = pair.ok_or_else(|| store.damaged("there is no certificate"))?;
        store.assemble(&member, key, certificate, true)
    }

    /// TLS for the ingest listener.
    ///
    /// # Errors
    /// [`TlsError`] when key and certificate do not fit.
    pub fn client_tls(&self, settings: &TlsSettings) -> Result<Arc<ClientConfig>, TlsError> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.to_vec()));
        let chain = vec![CertificateDer::from(self.certificate.clone())];
        tls::agent_client(CertificateDer::from(self.ca.clone()), &Credentials::new(chain, key), settings)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.peer)
    }
}

/// The file, and the few steps in which it changes.
#[derive(Debug, Clone)]
pub(crate) struct IdentityFile {
    path: PathBuf,
}

impl IdentityFile {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self { path: state_dir.join(FILE) }
    }

    /// What this token has made of this host already.
    pub(crate) fn made_by(&self, token_id: &str) -> Result<Option<Identity>, IdentityError> {
        let member = self.read()?.and_then(|document| document.member);
        match member.filter(|member| member.token_id == token_id) {
            Some(_) => self.newest().map(Some),
            None => Ok(None),
        }
    }

    /// The key to enrol with: the same one again for the same token, so that a
    /// lost answer can be asked for again.
    pub(crate) fn key_to_enrol(&self, token_id: &str) -> Result<KeyPair, IdentityError> {
        let mut document = self.read()?.unwrap_or_default();
        if let Some(begun) = document.enrolling.as_ref().filter(|begun| begun.token_id == token_id) {
            return self.key_of(begun.key.as_bytes()?);
        }
        let key = KeyPair::generate()?;
        document.enrolling = Some(Enrolling { token_id: token_id.to_owned(), key: (&key).into() });
        self.write(&document)?;
        Ok(key)
    }

    /// Enrolment has ended well: what was before is forgotten.
    pub(crate) fn enrolled(&self, token: &EnrolmentToken, ca: &[u8], certificate: &[u8]) -> Result<(), IdentityError> {
        let mut document = self.read()?.unwrap_or_default();
        let begun = document.enrolling.take().ok_or_else(|| self.damaged("the enrolment's key is gone"))?;
        document.member = Some(Member::new(token, ca, Pair::new(begun.key, certificate)));
        self.write(&document)
    }

    fn newest(&self) -> Result<Identity, IdentityError> {
        let member = self.member()?;
        let next = member.next.as_ref().and_then(Pair::complete);
        let (pair, confirmed) = next.map_or((member.current.complete(), true), |next| (Some(next), false));
        let (key, certificate) = pair.ok_or_else(|| self.damaged("there is no certificate"))?;
        self.assemble(&member, key, certificate, confirmed)
    }

    /// The key to renew with: persisted before it is used.
    pub(crate) fn key_to_renew(&self) -> Result<KeyPair, IdentityError> {
        let mut member = self.member()?;
        if let Some(next) = &member.next {
            return self.key_of(next.key.as_bytes()?);
        }
        let key = KeyPair::generate()?;
        member.next = Some(Pair::without_certificate((&key).into()));
        self.write_member(member)?;
        Ok(key)
    }

    /// The certificate of that key has come.
    pub(crate) fn renewed(&self, certificate: &[u8]) -> Result<(), IdentityError> {
        let mut member = self.member()?;
        let next = member.next.take().ok_or_else(|| self.damaged("the renewal's key is gone"))?;
        member.next = Some(Pair::new(next.key, certificate));
        self.write_member(member)
    }

    /// A collector has accepted the renewed certificate: the old one retires.
    pub(crate) fn confirm(&self) -> Result<(), IdentityError> {
        let mut member = self.member()?;
        if member.next.as_ref().and_then(Pair::complete).is_none() {
            return Ok(());
        }
        if let Some(next) = member.next.take() {
            member.current = next;
        }
        self.write_member(member)
    }

    fn assemble(
        &self,
        member: &Member,
        key: Zeroizing<Vec<u8>>,
        certificate: Vec<u8>,
        confirmed: bool,
    ) -> Result<Identity, IdentityError> {
        let peer = PeerIdentity::from_certificate(&certificate);
        let peer = peer.map_err(|_| self.damaged("the certificate names no agent"))?;
        let validity = peer::validity(&certificate);
        let (not_before_ms, not_after_ms) = validity.map_err(|_| self.damaged("the certificate has no dates"))?;
        Ok(Identity {
            peer,
            certificate,
            ca: member.ca.as_bytes().map_err(|_| self.damaged("the CA certificate"))?.to_vec(),
            key,
            enrol: member.enrol.clone(),
            ingest: member.ingest.clone(),
            fleet_key: member.fleet_key().ok_or_else(|| self.damaged("the fleet key"))?,
            not_before_ms,
            not_after_ms,
            confirmed,
        })
    }

    fn key_of(&self, der: Zeroizing<Vec<u8>>) -> Result<KeyPair, IdentityError> {
        let der = PrivatePkcs8KeyDer::from(der.as_slice());
        KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ECDSA_P256_SHA256).map_err(IdentityError::Key)
    }

    fn member(&self) -> Result<Member, IdentityError> {
        let document = self.read()?;
        let member = document.and_then(|document| document.member);
        member.ok_or_else(|| IdentityError::NotEnrolled { path: self.path.clone() })
    }

    fn write_member(&self, member: Member) -> Result<(), IdentityError> {
        let mut document = self.read()?.unwrap_or_default();
        document.member = Some(member);
        self.write(&document)
    }

    fn read(&self) -> Result<Option<Document>, IdentityError> {
        let bytes = match files::read_limited(&self.path, FILE_BYTES_MAX) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(IdentityError::File { path: self.path.clone(), what: "read", source }),
        };
        Document::decode(&bytes).map(Some).map_err(|what| self.damaged(what))
    }

    fn write(&self, document: &Document) -> Result<(), IdentityError> {
        let text = document.encode().ok_or_else(|| self.damaged("it cannot be written down"))?;
        files::write_private(&self.path, text.as_bytes()).map_err(|source| IdentityError::File {
            path: self.path.clone(),
            what: "write",
            source,
        })
    }

    fn damaged(&self, what: &'static str) -> IdentityError {
        IdentityError::Damaged { path: self.path.clone(), what }
    }
}

impl From<document::NotBase64> for IdentityError {
    fn from(_: document::NotBase64) -> Self {
        Self::Damaged { path: PathBuf::from(FILE), what: "a key is not base64" }
    }
}

#[cfg(test)]
pub(crate) mod tests;
