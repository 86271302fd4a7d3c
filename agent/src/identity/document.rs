//! The identity file as text: TOML, binary fields in base64.
//!
//! It has a version; fields are never renamed. Keys are wiped on drop.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftline_canon::{EnrolmentToken, FleetKey, KeyEpoch};
use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// Version of this form.
const VERSION: u32 = 1;

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    version: u32,
    /// An enrolment that has begun and whose answer is not here yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) enrolling: Option<Enrolling>,
    /// What an enrolment made of this host.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) member: Option<Member>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enrolling {
    pub(super) token_id: String,
    pub(super) key: Encoded,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// The token that made it, so that using it again is no mistake.
    pub(super) token_id: String,
    pub(super) enrol: Vec<String>,
    pub(super) ingest: Vec<String>,
    pub(super) ca: Encoded,
    fleet_key: Encoded,
    fleet_key_epoch: u32,
    pub(super) current: Pair,
    /// Renewed, not yet accepted by a collector; without a certificate: not yet
    /// answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) next: Option<Pair>,
}

/// A key and its certificate.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    pub(super) key: Encoded,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    certificate: Option<Encoded>,
}

/// Bytes as base64, wiped on drop.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Encoded(String);

/// A field that should be base64 and is not.
#[derive(Debug)]
pub(super) struct NotBase64;

impl Default for Document {
    fn default() -> Self {
        Self { version: VERSION, enrolling: None, member: None }
    }
}

impl Document {
    /// Reads the file's bytes. Errors name the reason, never a value.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let document: Self = toml::from_str(text).map_err(|_| "it is not an identity file")?;
        if document.version == VERSION { Ok(document) } else { Err("a newer version of driftline wrote it") }
    }

    pub(super) fn encode(&self) -> Option<Zeroizing<String>> {
        toml::to_string(self).ok().map(Zeroizing::new)
    }
}

impl Member {
    pub(super) fn new(token: &EnrolmentToken, ca: &[u8], current: Pair) -> Self {
        Self {
            token_id: token.id.clone(),
            enrol: token.enrol.clone(),
            ingest: token.ingest.clone(),
            ca: Encoded::new(ca),
            fleet_key: Encoded::new(token.fleet_key.expose()),
            fleet_key_epoch: token.fleet_key.epoch().0,
            current,
            next: None,
        }
    }

    pub(super) fn fleet_key(&self) -> Option<FleetKey> {
        let bytes = self.fleet_key.as_bytes().ok()?;
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
        Some(FleetKey::new(*bytes, KeyEpoch(self.fleet_key_epoch)))
    }
}

impl Pair {
    pub(super) fn new(key: Encoded, certificate: &[u8]) -> Self {
        Self { key, certificate: Some(Encoded::new(certificate)) }
    }

    pub(super) fn without_certificate(key: Encoded) -> Self {
        Self { key, certificate: None }
    }

    /// Key and certificate, if both are there and whole.
    pub(super) fn complete(&self) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)> {
        let certificate = self.certificate.as_ref()?.as_bytes().ok()?;
        Some((self.key.as_bytes().ok()?, certificate.to_vec()))
    }
}

impl Encoded {
    fn new(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    pub(super) fn as_bytes(&self) -> Result<Zeroizing<Vec<u8>>, NotBase64> {
        STANDARD.decode(&self.0).map(Zeroizing::new).map_err(|_| NotBase64)
    }
}

impl From<&KeyPair> for Encoded {
    fn from(key: &KeyPair) -> Self {
        Self::new(key.serialized_der())
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests;
