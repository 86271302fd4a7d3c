//! The stored forms of what stands in a file: line and file are one field
//! there ([`Position`] says why), so that records of the first version still
//! read and still hash alike.

use driftline_canon::{FileName, ItemKey, Masked, Position};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ItemRecord, Side, StoredDigest};

/// An item as it is stored.
#[derive(Serialize, Deserialize)]
struct Item<K, D, F> {
    key: K,
    digest: StoredDigest,
    secret: bool,
    display: D,
    position: Position<F>,
    since_ms: i64,
}

/// One side of a change as it is stored.
#[derive(Serialize, Deserialize)]
struct Half<D, F> {
    digest: StoredDigest,
    secret: bool,
    display: D,
    position: Position<F>,
}

impl Serialize for ItemRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, digest, secret, display, line, file, since_ms } = self;
        let position = Position::of(*line, file.as_deref());
        let (digest, secret, since_ms) = (*digest, *secret, *since_ms);
        Item { key, digest, secret, display: display.as_ref(), position, since_ms }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ItemRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Item::<ItemKey, Option<Masked>, String>::deserialize(deserializer)?;
        let Item { key, digest, secret, display, position, since_ms } = stored;
        let (line, file) = position.split();
        Ok(Self { key, digest, secret, display, line, file: file.map(FileName::from), since_ms })
    }
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { digest, secret, display, line, file } = self;
        let position = Position::of(*line, file.as_deref());
        Half { digest: *digest, secret: *secret, display: display.as_ref(), position }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Side {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Half { digest, secret, display, position } = Half::<Option<Masked>, String>::deserialize(deserializer)?;
        let (line, file) = position.split();
        Ok(Self { digest, secret, display, line, file: file.map(FileName::from) })
    }
}
