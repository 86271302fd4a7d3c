//! Items and observations: what is known about a source, without its values.
//!
//! An observation is sorted by key and has no key twice; both are established
//! here and nowhere else.

use serde::{Deserialize, Serialize};

use crate::digest::KeyedDigest;
use crate::display::{self, DisplayPolicy, Masked};
use crate::format::Setting;
use crate::secret::{self, SecretReason};
use crate::{Digest, ItemKey, Root};

/// The smallest comparable unit of a source, as it travels: no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// All items of one source at one time, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observation {
    items: Vec<Item>,
}

impl Observation {
    /// Sorts items; of equal keys the last one stays, as in the files.
    #[must_use]
    pub fn new(mut items: Vec<Item>) -> Self {
        items.reverse();
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items.dedup_by(|later, kept| later.key == kept.key);
        Self { items }
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
        self.items
    }
}

fn item_of(setting: &Setting, reason: Option<SecretReason>, keyed: &KeyedDigest, policy: DisplayPolicy) -> Item {
    Item {
        key: setting.key.clone(),
        digest: keyed.digest(&setting.key, &setting.value),
        secret: reason.is_some(),
        display: display::masked(setting, reason, policy),
        line: setting.line,
    }
}
