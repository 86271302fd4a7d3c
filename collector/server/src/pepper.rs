//! The pepper: a secret of the collector that keeps a stolen store and a stolen
//! agent key from being enough to guess values.
//!
//! It is made once and never changes: every stored digest depends on it.

use std::io;
use std::path::Path;

use driftline_canon::{Digest, Root};
use driftline_daemon::files;
use driftline_store::StoredDigest;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const FILE: &str = "pepper";

/// The pepper with its key schedule done.
#[derive(Clone)]
pub struct Pepper {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper(..)")
    }
}

impl Pepper {
    /// Opens the pepper of a directory, or makes it.
    ///
    /// # Errors
    /// When the file cannot be read, written, or is not 32 bytes.
    pub fn create_or_open(dir: &Path) -> io::Result<Self> {
        if !dir.join(FILE).exists() {
            let mut bytes = Zeroizing::new([0_u8; 32]);
            getrandom::fill(&mut *bytes).map_err(|_| io::Error::other("the system gave no random bytes"))?;
            files::write_private(&dir.join(FILE), &*bytes)?;
        }
        Self::open(dir)
    }

    /// Opens the pepper of a directory.
    ///
    /// # Errors
    /// When the file cannot be read or is not 32 bytes.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let bytes = Zeroizing::new(files::read_limited(&dir.join(FILE), 64)?);
        let bytes: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the pepper does not have 32 bytes"))?;
        Ok(Self::new(bytes))
    }

    /// A pepper of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        // RFC 2104 pads a key shorter than the block of 64 bytes with zeros.
        let mut block = Zeroizing::new([0_u8; 64]);
        block[..32].copy_from_slice(bytes);
        Self { mac: <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into()) }
    }

    /// What the store keeps of an item's digest.
    #[must_use]
    pub fn digest(&self, digest: &Digest) -> StoredDigest {
        self.over(b"item\0", &digest.0)
    }

    /// What the store keeps of a root.
    #[must_use]
    pub fn root(&self, root: &Root) -> StoredDigest {
        self.over(b"root\0", &root.0)
    }

    /// Names the pepper, and says nothing about it: what was peppered by
    /// another cannot be compared.
    #[must_use]
    pub fn id(&self) -> String {
        crate::hex::encode(&self.over(b"id\0", &[0; 32]).0[..8])
    }

    fn over(&self, label: &[u8], bytes: &[u8; 32]) -> StoredDigest {
        let mut mac = self.mac.clone();
        mac.update(label);
        mac.update(bytes);
        StoredDigest(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_survives_and_nothing_else_does() {
        let pepper = Pepper::new(&[7; 32]);
        assert_eq!(pepper.digest(&Digest([1; 32])), pepper.digest(&Digest([1; 32])));
        assert_ne!(pepper.digest(&Digest([1; 32])), pepper.digest(&Digest([2; 32])));
        assert_ne!(pepper.digest(&Digest([1; 32])).0, pepper.root(&Root([1; 32])).0);
        assert_ne!(pepper.digest(&Digest([1; 32])), Pepper::new(&[8; 32]).digest(&Digest([1; 32])));
        assert_eq!(format!("{pepper:?}"), "Pepper(..)");
    }

    #[test]
    fn it_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = Pepper::create_or_open(dir.path()).unwrap();
        let again = Pepper::create_or_open(dir.path()).unwrap();
        assert_eq!(first.digest(&Digest([1; 32])), again.digest(&Digest([1; 32])));
    }

    #[test]
    fn a_torn_pepper_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), [1; 31]).unwrap();
        assert_eq!(Pepper::open(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
