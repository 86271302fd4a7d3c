//! Digests under the fleet key, and the root of an observation.
//!
//! A digest is HMAC-SHA-256 (RFC 2104, FIPS 180-4) under the fleet key over a
//! domain label, the key and the canonical value. Nothing else about a value
//! leaves the host, so the fleet key is wiped on drop and never printed.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::{ItemKey, Value};

/// Separates item digests from every other use of the fleet key.
const ITEM_LABEL: &[u8] = b"driftline item 1\0";
/// Separates roots from every other SHA-256.
const ROOT_LABEL: &[u8] = b"driftline root 1\0";

/// Which fleet key made a digest. Digests of different epochs are never
/// compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyEpoch(pub u32);

/// The secret that agents and CI share and the collector never has.
#[derive(Clone)]
pub struct FleetKey {
    bytes: [u8; 32],
    epoch: KeyEpoch,
}

impl FleetKey {
    /// A key from 32 random bytes and its epoch.
    #[must_use]
    pub fn new(bytes: [u8; 32], epoch: KeyEpoch) -> Self {
        Self { bytes, epoch }
    }

    /// The epoch of this key.
    #[must_use]
    pub fn epoch(&self) -> KeyEpoch {
        self.epoch
    }

    /// The key itself, for the enrolment token and for files of mode 0600.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The digest of one item.
    #[must_use]
    pub fn digest(&self, key: &ItemKey, value: &Value) -> Digest {
        self.keyed().digest(key, value)
    }

    /// The key schedule done once, for digesting many items.
    #[must_use]
    pub fn keyed(&self) -> KeyedDigest {
        // RFC 2104 pads a key shorter than the block of 64 bytes with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..self.bytes.len()].copy_from_slice(&self.bytes);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(ITEM_LABEL);
        KeyedDigest { mac }
    }
}

impl Drop for FleetKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for FleetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FleetKey(epoch {})", self.epoch.0)
    }
}

/// A fleet key with its key schedule done (see [`FleetKey::keyed`]).
#[derive(Clone)]
pub struct KeyedDigest {
    mac: Hmac<Sha256>,
}

impl KeyedDigest {
    /// The digest of one item.
    #[must_use]
    pub fn digest(&self, key: &ItemKey, value: &Value) -> Digest {
        let mut mac = self.mac.clone();
        // The length keeps (key, value) pairs from sliding into each other.
        mac.update(&(key.as_str().len() as u64).to_be_bytes());
        mac.update(key.as_str().as_bytes());
        mac.update(&[value.tag()]);
        mac.update(value.bytes());
        Digest(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedDigest(..)")
    }
}

/// What stands for a value outside its host: 32 bytes, equal if and only if
/// key and value are equal under the same fleet key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0[..6])
    }
}

/// SHA-256 over the sorted (key, digest) pairs of an observation: two
/// observations have the same root if and only if they have the same items.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Root(pub [u8; 32]);

impl Root {
    /// The root of pairs that are sorted by key and free of duplicates.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a ItemKey, &'a Digest)>) -> Self {
        let mut hash = Sha256::new();
        hash.update(ROOT_LABEL);
        for (key, digest) in pairs {
            hash.update((key.as_str().len() as u64).to_be_bytes());
            hash.update(key.as_str().as_bytes());
            hash.update(digest.0);
        }
        Self(hash.finalize().into())
    }

    /// The same from the bytes that it covers, as [`crate::Pairs`] keeps them.
    pub(crate) fn of_bytes<'a>(pairs: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(ROOT_LABEL);
        pairs.into_iter().for_each(|bytes| hash.update(bytes));
        Self(hash.finalize().into())
    }

    /// The root of no items: where every source starts.
    #[must_use]
    pub fn empty() -> Self {
        Self::of([])
    }

    /// One root over many sources, sorted by name: what a heartbeat carries.
    #[must_use]
    pub fn of_sources<'a>(roots: impl IntoIterator<Item = (&'a str, &'a Self)>) -> Self {
        let mut all = SourcesRoot::new();
        roots.into_iter().for_each(|(name, root)| all.add(name, root));
        all.finish()
    }
}

/// [`Root::of_sources`], one source after the other: for more than one wants to
/// hold at once.
#[derive(Clone)]
pub struct SourcesRoot {
    hash: Sha256,
}

impl SourcesRoot {
    /// Of no source yet.
    #[must_use]
    pub fn new() -> Self {
        let mut hash = Sha256::new();
        hash.update(b"driftline sources 1\0");
        Self { hash }
    }

    /// Takes the next source; they come sorted by name.
    pub fn add(&mut self, name: &str, root: &Root) {
        self.hash.update((name.len() as u64).to_be_bytes());
        self.hash.update(name.as_bytes());
        self.hash.update(root.0);
    }

    /// The root over all of them.
    #[must_use]
    pub fn finish(self) -> Root {
        Root(self.hash.finalize().into())
    }
}

impl Default for SourcesRoot {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SourcesRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourcesRoot(..)")
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({self})")
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0[..6])
    }
}

/// Whether two secrets are equal, in time that does not depend on where they
/// differ.
#[must_use]
pub fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests;
