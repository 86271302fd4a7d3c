//! The enrolment token: what an operator hands to a new host.
//!
//! `dl1.<payload>.<checksum>` in base64url without padding (RFC 4648). It is
//! made on the operator's side, because it carries the fleet key, which the
//! collector must never see. The collector knows only the hash of the secret.
//! The checksum tells a token cut short from a wrong one; it protects nothing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{Environment, FleetKey, KeyEpoch, Role};

const PREFIX: &str = "dl1";
const CHECKSUM_BYTES: usize = 6;

/// Bytes of a token as text. The payload is about 300; endpoints may add some.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Endpoints in a token. More collectors than this share one name.
pub const ENDPOINTS_MAX: usize = 8;

/// What a new host needs to become part of the fleet.
#[derive(Clone)]
pub struct EnrolmentToken {
    /// Names the token at the collector; not secret.
    pub id: String,
    /// Proves the right to enrol, once.
    pub secret: [u8; 32],
    /// SHA-256 of the CA certificate (DER): the only CA to believe.
    pub ca_sha256: [u8; 32],
    /// Where to enrol: `host:port`, tried in order.
    pub enrol: Vec<String>,
    /// Where to send changes afterwards: `host:port`, tried in order.
    pub ingest: Vec<String>,
    /// The environment that the certificate will name.
    pub environment: Environment,
    /// The role that the certificate will name.
    pub role: Role,
    /// Seconds since 1970 after which the collector refuses it.
    pub expires_s: u64,
    /// The key of every digest.
    pub fleet_key: FleetKey,
}

/// Why a text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin like one.
    #[error("this is not an enrolment token: one begins with `dl1.`")]
    NotAToken,
    /// Cut short, or characters lost or changed on the way.
    #[error("the token is damaged: cut short, or changed while it was copied")]
    Damaged,
    /// Whole, but of a form this version does not know.
    #[error("the token is of a form that this version does not know")]
    Unknown,
}

impl EnrolmentToken {
    /// The token as text.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(Vec::with_capacity(512));
        put(&mut out, self.id.as_bytes());
        out.extend_from_slice(&self.secret);
        out.extend_from_slice(&self.ca_sha256);
        out.extend_from_slice(self.fleet_key.expose());
        out.extend_from_slice(&self.fleet_key.epoch().0.to_be_bytes());
        out.extend_from_slice(&self.expires_s.to_be_bytes());
        put(&mut out, self.environment.as_str().as_bytes());
        put(&mut out, self.role.as_str().as_bytes());
        put(&mut out, self.enrol.join(",").as_bytes());
        put(&mut out, self.ingest.join(",").as_bytes());
        let payload = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*out));
        let check = checksum(&payload);
        Zeroizing::new(format!("{PREFIX}.{}.{check}", &*payload))
    }

    /// Reads a token, surrounding white space ignored.
    ///
    /// # Errors
    /// [`TokenError`] says whether it is none, damaged, or from elsewhere.
    pub fn decode(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let rest = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('.'));
        let rest = rest.ok_or(TokenError::NotAToken)?;
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Damaged);
        }
        let (payload, check) = rest.split_once('.').ok_or(TokenError::Damaged)?;
        if checksum(payload) != check {
            return Err(TokenError::Damaged);
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Damaged)?);
        Fields(&bytes).token().ok_or(TokenError::Unknown)
    }

    /// What the collector keeps of the secret.
    #[must_use]
    pub fn secret_hash(secret: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"driftline token 1\0");
        hash.update(secret);
        hash.finalize().into()
    }
}

impl fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentToken({} for {})", self.id, self.environment)
    }
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&field[..usize::from(length)]);
}

fn checksum(payload: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(payload.as_bytes())[..CHECKSUM_BYTES])
}

/// Reads the payload field by field; `None` at the first that does not fit.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn token(mut self) -> Option<EnrolmentToken> {
        let id = self.text()?;
        let secret = self.array()?;
        let ca_sha256 = self.array()?;
        let key = Zeroizing::new(self.array::<32>()?);
        let epoch = KeyEpoch(u32::from_be_bytes(self.array()?));
        let expires_s = u64::from_be_bytes(self.array()?);
        let environment = Environment::new(self.text()?).ok()?;
        let role = Role::new(self.text()?).ok()?;
        let enrol = endpoints(&self.text()?)?;
        let ingest = endpoints(&self.text()?)?;
        let fleet_key = FleetKey::new(*key, epoch);
        let token = EnrolmentToken { id, secret, ca_sha256, enrol, ingest, environment, role, expires_s, fleet_key };
        self.0.is_empty().then_some(token)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(head.to_vec()).ok()
    }
}

fn endpoints(joined: &str) -> Option<Vec<String>> {
    let all: Vec<String> = joined.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    (1..=ENDPOINTS_MAX).contains(&all.len()).then_some(all)
}

#[cfg(test)]
mod tests;
