//! Drift: an open difference with a life. What it is, since when, who began it,
//! how it ended and whether it came back.
//!
//! Shapes and what they say of themselves. What is found is decided by
//! [`observe`], what becomes of it by [`reconcile`]; no clock is read and no
//! value is known here, only digests and masked displays.

pub mod observe;
pub mod reconcile;
pub mod story;
pub mod unseen;

use std::fmt;

use driftline_canon::{Environment, HostName, ItemKey, Masked, Role, SourceKind, SourceName};
use serde::{Deserialize, Serialize};

use crate::{Class, Severity};
pub use observe::{Look, Observed};
pub use reconcile::{Step, reconcile};

/// Hosts of a drift that are named; the count says how many more there are.
pub const HOSTS_NAMED_MAX: usize = 10;

/// Turns of a drift that are kept: the first, and the latest before this many.
/// Two hands that fight over a setting make no document that grows for ever.
pub const TURNS_MAX: usize = 32;

/// What is held against what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// What is there against what CI/CD declared.
    Desired,
    /// What is there against what a person approved.
    Baseline,
    /// What is in force against what a reboot would load.
    AtReboot,
    /// A file against the process that read it.
    Process,
    /// A host against the others of its role.
    Role,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::Desired, Self::Baseline, Self::AtReboot, Self::Process, Self::Role];

    /// The rule's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desired => "desired",
            Self::Baseline => "baseline",
            Self::AtReboot => "at_reboot",
            Self::Process => "process",
            Self::Role => "role",
        }
    }

    /// The rule of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What makes a drift the same one tomorrow. Hosts of a role that differ in the
/// same key are one drift, not one each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Environment.
    pub environment: Environment,
    /// Role.
    pub role: Role,
    /// Source.
    pub source: SourceName,
    /// What is held against what.
    pub rule: Rule,
    /// Key.
    pub key: ItemKey,
}

impl Identity {
    /// The identity as one text, which begins with [`unit`].
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}/{}", unit(&self.environment, &self.role, &self.source), self.rule, self.key)
    }
}

/// What the identities of one source of one role begin with. Names of sources
/// may hold a `/`: what begins so may belong to another source too.
#[must_use]
pub fn unit(environment: &Environment, role: &Role, source: &SourceName) -> String {
    format!("{environment}/{role}/{source}/")
}

/// How what is there differs from what should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Another value.
    Differs,
    /// It should be there and is not.
    Missing,
    /// It is there and should not be.
    Extra,
    /// Hosts of one role disagree.
    Split,
    /// It still has what an earlier revision declared.
    Stale,
}

impl Way {
    /// The way's name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Split => "split",
            Self::Stale => "stale",
        }
    }
}

/// What may be shown of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shown {
    /// Whether there is anything.
    pub present: bool,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown of it.
    pub display: Option<Masked>,
}

/// Where a drift stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is there, and nobody said that it may be.
    Open,
    /// It is there, and somebody said why, until when.
    Accepted,
    /// What is there became what should be.
    Resolved,
    /// What should be became what is there.
    Adopted,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Resolved, Self::Adopted];

    /// The state's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Resolved => "resolved",
            Self::Adopted => "adopted",
        }
    }

    /// Whether the difference is there.
    #[must_use]
    pub fn is_there(self) -> bool {
        matches!(self, Self::Open | Self::Accepted)
    }
}

/// What happened to a drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It was found for the first time.
    Opened,
    /// It was found again after it had ended.
    Reopened,
    /// It became another difference without having ended.
    Changed,
    /// The acceptance of this number covers it.
    Accepted(u64),
    /// The acceptance of this number covers it no longer.
    AcceptanceEnded(u64, Uncovered),
    /// What is there became what should be.
    Resolved,
    /// What should be became what is there: the revision, or what else it was.
    Adopted(String),
}

/// Why an acceptance covers a drift no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncovered {
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It was for another value.
    OtherValue,
}

/// A turn and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at_ms: i64,
    /// What.
    pub turn: Turn,
}

/// The change that began it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    /// Its entry of the history.
    pub entry: u64,
    /// Its host.
    pub host: HostName,
    /// Who made it, in words, as far as known when the drift was found.
    pub actor: Option<String>,
    /// How much the change mattered: of a firewall's rule its meaning is known
    /// then, and of a difference only its key.
    pub severity: Severity,
}

/// A difference with a life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Names it (`d-NUMBER`); never given twice.
    pub number: u64,
    /// What makes it this one.
    pub identity: Identity,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Where it stands.
    pub state: State,
    /// How it differs.
    pub way: Way,
    /// How much it matters.
    pub severity: Severity,
    /// What it touches.
    pub class: Class,
    /// Since when the difference is there, this time.
    pub opened_ms: i64,
    /// Since when it was there the first time.
    pub first_opened_ms: i64,
    /// When it ended, if it did.
    pub ended_ms: Option<i64>,
    /// The change that began it, this time; none if nobody saw one.
    pub opener: Option<Opener>,
    /// The hosts that differ, by name, at most [`HOSTS_NAMED_MAX`].
    pub hosts: Vec<HostName>,
    /// How many they are.
    pub host_count: u32,
    /// Hosts of the role that were held against it.
    pub of_hosts: u32,
    /// What should be there.
    pub expected: Shown,
    /// Where that is from: a revision, a baseline, the other hosts.
    pub expected_by: String,
    /// What is there; of several, what most of them have.
    pub actual: Shown,
    /// Digest of what differs from what: another one is another difference.
    pub content: [u8; 32],
    /// Digest of what is there.
    pub content_actual: [u8; 32],
    /// The acceptance that covers it.
    pub acceptance: Option<u64>,
    /// What happened to it, oldest first.
    pub turns: Vec<Event>,
    /// Turns that are kept no longer.
    pub turns_left_out: u32,
    /// How often it came back after it had ended.
    pub reopened: u32,
}

impl Drift {
    /// What the change that began it says of its severity: for firewalls alone.
    #[must_use]
    pub fn severity_at_opening(&self) -> Severity {
        let weighs = matches!(self.kind, SourceKind::Firewall | SourceKind::FirewallDump);
        self.opener.as_ref().filter(|_| weighs).map_or(Severity::Info, |opener| opener.severity)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("d-{}", self.number)
    }

    /// The number in a drift's name (`d-NUMBER`).
    #[must_use]
    pub fn number_of(name: &str) -> Option<u64> {
        let digits = name.strip_prefix("d-")?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    /// How long it was there, or is.
    #[must_use]
    pub fn age_ms(&self, now_ms: i64) -> i64 {
        self.ended_ms.unwrap_or(now_ms).saturating_sub(self.opened_ms).max(0)
    }

    pub(crate) fn turned(&mut self, at_ms: i64, turn: Turn) {
        if self.turns.len() >= TURNS_MAX {
            self.turns.remove(1);
            self.turns_left_out = self.turns_left_out.saturating_add(1);
        }
        self.turns.push(Event { at_ms, turn });
    }
}

#[cfg(test)]
mod tests;
