//! Items and observations: what is known about a source, without its values.
//!
//! An observation is sorted by key and has no key twice; both are established
//! here and nowhere else.

pub mod position;

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::digest::KeyedDigest;
use crate::display::{self, DisplayPolicy, Masked};
use crate::format::{FileName, Setting};
use crate::secret::{self, SecretReason};
use crate::{Digest, ItemKey, Root};
use position::Position;

/// The smallest comparable unit of a source, as it travels: no value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Stored")]
pub struct Item {
    /// What is set.
    pub key: ItemKey,
    /// What stands for the value.
    pub digest: Digest,
    /// Whether the value was taken for a secret.
    pub secret: bool,
    /// What may be shown of the value, by the source's policy.
    pub display: Option<Masked>,
    /// The line it stands on, from 1; none for metadata.
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    pub file: Option<FileName>,
}

/// An item as it is stored: [`Position`] says why line and file are one.
#[derive(Deserialize)]
struct Stored {
    key: ItemKey,
    digest: Digest,
    secret: bool,
    display: Option<Masked>,
    position: Position,
}

#[derive(Serialize)]
struct StoredRef<'a> {
    key: &'a ItemKey,
    digest: &'a Digest,
    secret: bool,
    display: Option<&'a Masked>,
    position: Position<&'a str>,
}

impl From<Stored> for Item {
    fn from(stored: Stored) -> Self {
        let Stored { key, digest, secret, display, position } = stored;
        let (line, file) = position.split();
        Self { key, digest, secret, display, line, file: file.map(FileName::from) }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, digest, secret, display, line, file } = self;
        let position = Position::of(*line, file.as_deref());
        StoredRef { key, digest, secret: *secret, display: display.as_ref(), position }.serialize(serializer)
    }
}

/// All items of one source at one time, sorted by key. A clone shares them: a
/// large one is on its way to several places at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observation {
    #[serde(with = "shared")]
    items: Arc<Vec<Item>>,
}

/// Shared items are stored as if they were not.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Item;

    pub(super) fn serialize<S: Serializer>(items: &Arc<Vec<Item>>, serializer: S) -> Result<S::Ok, S::Error> {
        items.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Vec<Item>>, D::Error> {
        Vec::deserialize(deserializer).map(Arc::new)
    }
}

impl Observation {
    /// Sorts items; of equal keys the last one stays, as in the files.
    #[must_use]
    pub fn new(mut items: Vec<Item>) -> Self {
        items.reverse();
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items.dedup_by(|later, kept| later.key == kept.key);
        Self { items: Arc::new(items) }
    }

    /// The observation of settings: digests under the fleet key, secrets
    /// masked, displays by policy.
    #[must_use]
    pub fn of_settings(settings: &[Setting], keyed: &KeyedDigest, policy: DisplayPolicy) -> Self {
        let reasons = secret::classify_all(settings);
        Self::new(
            settings.iter().zip(reasons).map(|(setting, reason)| item_of(setting, reason, keyed, policy)).collect(),
        )
    }

    /// The items, sorted by key.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item of that key.
    #[must_use]
    pub fn get(&self, key: &ItemKey) -> Option<&Item> {
        let at = self.items.binary_search_by(|item| item.key.cmp(key)).ok()?;
        self.items.get(at)
    }

    /// The root over all (key, digest) pairs.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::of(self.items.iter().map(|item| (&item.key, &item.digest)))
    }

    /// Takes the items out.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        Arc::unwrap_or_clone(self.items)
    }
}

fn item_of(setting: &Setting, reason: Option<SecretReason>, keyed: &KeyedDigest, policy: DisplayPolicy) -> Item {
    Item {
        key: setting.key.clone(),
        digest: keyed.digest(&setting.key, &setting.value),
        secret: reason.is_some(),
        display: display::masked(setting, reason, policy),
        line: setting.line,
        file: setting.file.as_ref().map(position::bounded),
    }
}
