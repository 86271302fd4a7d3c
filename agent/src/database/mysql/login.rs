//! Proofs of a password in the MySQL protocol.
//!
//! The password itself is sent by one method only, and only where nobody on
//! the way can read it.

use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Logins that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// `mysql_native_password`: two rounds of SHA-1.
    Native,
    /// `caching_sha2_password`: two rounds of SHA-256.
    CachingSha2,
    /// The server looks who is at the other end of the socket.
    Socket,
}

impl Plugin {
    /// The login of that name.
    #[must_use]
    pub fn of_name(name: &[u8]) -> Option<Self> {
        match name {
            b"mysql_native_password" => Some(Self::Native),
            b"caching_sha2_password" => Some(Self::CachingSha2),
            b"auth_socket" | b"unix_socket" => Some(Self::Socket),
            _ => None,
        }
    }

    /// Its name in the protocol.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 => "caching_sha2_password",
            Self::Socket => "auth_socket",
        }
    }

    /// The proof of a password for a challenge; empty without a password.
    #[must_use]
    pub fn proof(self, password: &str, challenge: &[u8]) -> Zeroizing<Vec<u8>> {
        match self {
            _ if password.is_empty() => Zeroizing::default(),
            Self::Native => native(password.as_bytes(), challenge),
            Self::CachingSha2 => caching_sha2(password.as_bytes(), challenge),
            Self::Socket => Zeroizing::default(),
        }
    }
}

/// `SHA1(password) XOR SHA1(challenge, SHA1(SHA1(password)))`.
fn native(password: &[u8], challenge: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Zeroizing::new(<[u8; 20]>::from(Sha1::digest(password)));
    let twice = Sha1::digest(once.as_slice());
    let mask = Sha1::new().chain_update(challenge).chain_update(twice).finalize();
    Zeroizing::new(once.iter().zip(mask).map(|(a, b)| a ^ b).collect())
}

/// `SHA256(password) XOR SHA256(SHA256(SHA256(password)), challenge)`.
fn caching_sha2(password: &[u8], challenge: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
    let twice = Sha256::digest(once.as_slice());
    let mask = Sha256::new().chain_update(twice).chain_update(challenge).finalize();
    Zeroizing::new(once.iter().zip(mask).map(|(a, b)| a ^ b).collect())
}

#[cfg(test)]
mod tests;
