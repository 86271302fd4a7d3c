//! Desired state: what CI/CD declared for a selector at a revision.
//!
//! Shapes only. Items are digests and masked displays, peppered where they
//! rest; a value was never here.

use driftline_canon::{ItemKey, Masked, SourceKind, SourceName};
use serde::{Deserialize, Serialize};

use crate::Selector;

/// What was declared at one revision; its items are [`Sheet`]s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Rises with each push, over all selectors; ids and sheets are named by it.
    pub number: u64,
    /// Hosts it is for: an environment, and a role or host if narrower.
    pub selector: Selector,
    /// The commit, or whatever CI/CD calls it (`--rev`).
    pub revision: String,
    /// Ticket, if one was given.
    pub ticket: Option<String>,
    /// Who pushed it.
    pub pushed_by: String,
    /// When.
    pub pushed_ms: i64,
    /// Not valid from then on; none: until a later push for the same selector
    /// and source has settled.
    pub expires_ms: Option<i64>,
    /// Epoch of the fleet key that its digests were made with.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form that they were made with.
    pub canonical_form: u32,
    /// The sources that it declares, and how many items each has.
    pub sources: Vec<(SourceName, u32)>,
}

/// The items of one source, as a revision declares or a baseline keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// What it is a sheet of: `revision/NUMBER` or `baseline/NUMBER/HOST`, the
    /// number as `store::numbered` writes it.
    pub owner: String,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Its items, by key.
    pub items: Vec<SheetItem>,
}

/// One item of a [`Sheet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetItem {
    /// Key.
    pub key: ItemKey,
    /// Peppered digest.
    pub digest: [u8; 32],
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    pub display: Option<Masked>,
}
