//! Drift: open differences with an age, what became of them, and those that
//! somebody accepted.

use serde::{Deserialize, Serialize};

use crate::compare::Difference;
use crate::explain::Explanation;

/// One drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Names it (`d-NUMBER`).
    pub id: String,
    /// Environment.
    pub environment: String,
    /// Role.
    pub role: String,
    /// Source.
    pub source: String,
    /// Kind of the source.
    pub kind: String,
    /// Key.
    pub key: String,
    /// What is held against what: `desired`, `baseline`, `at_reboot`,
    /// `process`, `role`.
    pub rule: String,
    /// `differs`, `missing`, `extra`, `split` or `stale`.
    pub what: String,
    /// `open`, `accepted`, `resolved` or `adopted`.
    pub state: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// `security`, `functional` or `cost`.
    pub class: String,
    /// Since when it is there, this time.
    pub opened_at: String,
    /// Since when it was there the first time.
    pub first_opened_at: String,
    /// How long it is there, or was, in seconds.
    pub age_s: u64,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<String>,
    /// The hosts that differ, by name, at most the first ten.
    pub hosts: Vec<String>,
    /// How many they are.
    pub host_count: u32,
    /// How many hosts were held against it.
    pub of_hosts: u32,
    /// What should be there, as far as it may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<String>,
    /// Where that is from.
    pub expected_by: String,
    /// What is there, as far as it may be shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actual: Option<String>,
    /// Whether either is a secret.
    pub secret: bool,
    /// It in one sentence.
    pub headline: String,
    /// Where it stands, in one sentence.
    pub standing: String,
    /// The change that began it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opened_by: Option<Opener>,
    /// The acceptance that covers it (`a-NUMBER`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acceptance: Option<String>,
    /// How often it came back after it had ended.
    pub reopened: u32,
}

/// The change that began a drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    /// Its id in the history.
    pub change: u64,
    /// Its host.
    pub host: String,
    /// Who made it, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<String>,
}

/// `GET /api/v1/drift` (query: `env`, `rule`, `severity`, `older_than_s`,
/// `state` or `all=true`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Most severe first, then oldest first.
    pub drifts: Vec<Drift>,
    /// How many more there are than are listed.
    pub more: u64,
    /// Environments that were asked for and have neither desired state nor a
    /// baseline: their hosts were held against each other alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unheld: Vec<String>,
    /// Hosts and sources that could not be looked at (at most the first
    /// twenty).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unchecked: Vec<String>,
}

/// `GET /api/v1/drift/ID`: the whole story of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The drift.
    pub drift: Drift,
    /// What happened to it, one sentence each, oldest first.
    pub turns: Vec<String>,
    /// The change that began it, with its actor, verdict and evidence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opening: Option<Explanation>,
    /// What is not known, and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<String>,
    /// The acceptances that were for it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub acceptances: Vec<Acceptance>,
    /// What would end it; none once it has ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub toward: Option<Toward>,
}

/// What would end a drift that is there, as plans are made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toward {
    /// What it is to be like: `revision 4f2a91c`, `baseline 3`, `what is saved`,
    /// `its file`, `most hosts of role web`.
    pub reference: String,
    /// Where the value of it is (`in revision 4f2a91c`, `on production`), what
    /// placeholders of secrets say.
    pub values: String,
    /// Whether what runs is to be restarted, because its file is as it should be.
    pub restart: bool,
    /// What is there on the left, on the hosts that differ, and what should be on
    /// the right. For `at_reboot` the source and the key are those of the live
    /// rule.
    pub difference: Difference,
    /// Hosts that it is about, if not all of the role.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub only: Vec<String>,
    /// Why nothing can be planned, if nothing can.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open: Option<String>,
    /// Hosts that are not connected and were last seen so (`HOST (STATUS)`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unchecked: Vec<String>,
}

/// One acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Names it (`a-NUMBER`).
    pub id: String,
    /// What it is for: a drift's id, or a selector.
    pub covers: String,
    /// `valid`, `expired` or `revoked`.
    pub status: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who accepted it.
    pub accepted_by: String,
    /// When.
    pub accepted_at: String,
    /// Not from then on.
    pub expires_at: String,
    /// Who revoked it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<String>,
}

/// `POST /api/v1/acceptances`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRequest {
    /// A drift's id, or a selector (`env=production,source=app,key=DB_*`).
    pub covers: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Not from then on, RFC 3339.
    pub expires_at: String,
}

/// Answer to [`AcceptanceRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceDetail {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The acceptance.
    pub acceptance: Acceptance,
    /// How many drifts it covers now.
    pub drifts: u64,
}

/// `GET /api/v1/acceptances`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub acceptances: Vec<Acceptance>,
}
