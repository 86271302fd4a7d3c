//! Where two sides differ.

use serde::{Deserialize, Serialize};

use crate::desired::Declared;

/// What one side has at a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// `value`, `missing`, `split` (hosts disagree) or `unknown` (could not be read).
    pub state: CellState,
    /// What may be shown (for `split`, of the most common value).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// For `split`: who has what.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<Group>,
    /// Where it stands, or, where it is missing, would.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<At>,
}

/// Where an item stands on one of the hosts that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The host; of several, the first by name.
    pub host: String,
    /// The file; none where the source is no file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// Whether the file is included by the source's own.
    pub included: bool,
}

/// Hosts of one side that agree with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The hosts, by name; at most the first ten.
    pub hosts: Vec<String>,
    /// How many hosts they are.
    pub count: u32,
    /// What they have; none where it is missing or may not be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether the key is missing on them.
    pub missing: bool,
}

/// See [`Cell::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    /// One value on all hosts.
    Value,
    /// No host has it.
    Missing,
    /// Hosts disagree.
    Split,
    /// It could not be read.
    Unknown,
}

/// One key that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Role.
    pub role: String,
    /// Source.
    pub source: String,
    /// Kind of the source.
    pub kind: String,
    /// Key.
    pub key: String,
    /// `differs`, `missing_left`, `missing_right`, `split`, `undetermined`.
    pub what: String,
    /// Left side.
    pub left: Cell,
    /// Right side.
    pub right: Cell,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// `security`, `functional` or `cost`.
    pub class: String,
    /// What would bring the sides together, in words.
    pub recommendation: String,
    /// Whether it is about the file rather than in it (mode, owner …).
    pub metadata: bool,
    /// Why it is no finding: who accepted it, or what the policy expects.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meant: Option<String>,
    /// Which of them: `accepted` or `expected`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meant_kind: Option<String>,
    /// Why it is one though it may be equal: a secret that both sides have, what
    /// the policy expects otherwise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub violation: Option<String>,
}

impl Difference {
    /// Whether somebody has to look at it: it differs and is not meant to, or is
    /// as it must not be. What could not be compared is none, and no pass.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        let differs = !matches!(self.what.as_str(), "equal" | "undetermined");
        self.violation.is_some() || (differs && self.meant.is_none())
    }
}

/// `GET /api/v1/compare?left=SIDE&right=SIDE` (`&all=true` lists equal keys too,
/// as `equal`; `&at=TIME` is for sides without a time). A side is `SELECTOR`,
/// `desired:SELECTOR`, either of them with `@TIME` behind, `baseline:SELECTOR` or
/// `revision:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Left selector as given.
    pub left: String,
    /// Right selector as given.
    pub right: String,
    /// Hosts on the left.
    pub left_hosts: u32,
    /// Hosts on the right.
    pub right_hosts: u32,
    /// Settings compared (keys on either side, metadata not counted).
    pub keys: u64,
    /// Settings that differ and are not meant to.
    pub differing: u64,
    /// Differences that somebody accepted; not among `differing`.
    #[serde(skip_serializing_if = "is_none", default)]
    pub accepted: u64,
    /// Differences that the policy expects; not among `differing`.
    #[serde(skip_serializing_if = "is_none", default)]
    pub expected: u64,
    /// Keys that are as they must not be, though they may be equal.
    #[serde(skip_serializing_if = "is_none", default)]
    pub violations: u64,
    /// Settings that could not be compared.
    pub undetermined: u64,
    /// `differing` of `keys`, one decimal; never "0.0" unless nothing differs,
    /// never "100.0" unless all do.
    pub percent: String,
    /// What makes this less than a check: hosts that are not connected and were
    /// compared as they were last seen (`HOST (STATUS)`), what nobody knows of a
    /// past time, what is declared and watched by nobody; at most the first
    /// twenty of a side.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unchecked: Vec<String>,
    /// Sources that hosts of one side have and the other side says nothing of, so
    /// that nothing of them was compared; of more than twenty the last entry says
    /// how many more.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub uncovered: Vec<String>,
    /// Metadata items that differ.
    pub metadata_differing: u64,
    /// Every difference: most severe first, then by source and key.
    pub differences: Vec<Difference>,
}

/// `POST /api/v1/compare`: hosts against what files say, digested with the fleet
/// key where they were read. The answer is a [`Comparison`], the hosts on its
/// left; nothing is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareRequest {
    /// Hosts: a selector.
    pub left: String,
    /// What the answer calls the files.
    pub name: String,
    /// What they say.
    pub declared: Declared,
    /// Whether equal keys are listed too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub all: Option<bool>,
}

/// Whether there is none of something.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
