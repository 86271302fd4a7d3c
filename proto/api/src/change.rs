//! Changes and the other entries of the history.

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Meaning};
use crate::judge::{Later, Reason};

/// One side of a change or difference. No value, only what may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Display text; none when policy forbids any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display: Option<String>,
    /// Whether it is a secret (its display is masked).
    pub secret: bool,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
}

/// One item that changed, classified and judged. Immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Position in the history; never reused.
    pub id: u64,
    /// Where.
    pub environment: String,
    /// Host name.
    pub host: String,
    /// What the host is for.
    pub role: String,
    /// Logical source name.
    pub source: String,
    /// Kind of the source (`env_file`, `file` …).
    pub kind: String,
    /// Path on the host.
    pub path: String,
    /// Which key.
    pub key: String,
    /// `added`, `removed` or `changed`.
    pub what: What,
    /// The side before; none when it was added.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Side>,
    /// The side after; none when it was removed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Side>,
    /// When the agent saw it.
    pub observed_at: String,
    /// If nobody watched: since when it may have been so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unobserved_since: Option<String>,
    /// When it was on the collector's disk.
    pub recorded_at: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// `security`, `functional` or `cost`.
    pub class: String,
    /// Whether it was meant: `authorised`, `authorised_unverified`, `window_only`,
    /// `content_mismatch`, `out_of_band` or `undetermined`.
    pub verdict: String,
    /// Marks beside the verdict, those that it got later among them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub marks: Vec<String>,
    /// What the verdict rests on; none where nothing to judge by was ever given.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Reason>,
    /// What a better verdict would have needed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<Reason>,
    /// What became known of it later.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub later: Vec<Later>,
    /// Who did it, where anything was said of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<Actor>,
    /// What it means, for firewalls.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meaning: Option<Meaning>,
    /// Names the agent's record that told it. All changes of one look have the
    /// same, and so has the amendment that says later who made them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<String>,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its value is another one.
    Changed,
}

/// `GET /api/v1/changes`: newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePage {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The changes of this page.
    pub changes: Vec<Change>,
    /// Cursor of the next page; none at the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
    /// When the history begins, if the question reaches further back: what came
    /// before was removed, as the policy says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub begins_at: Option<String>,
}

/// Query of `GET /api/v1/changes` and of the live stream
/// `GET /api/v1/changes/stream` (server-sent events: `event: change` with a
/// [`Change`], `event: event` with an [`Event`], `event: amendment` with an
/// [`crate::actor::Amendment`], `event: rejudgement` with a
/// [`crate::judge::Rejudgement`], the id being the history id, so
/// `Last-Event-ID` resumes; at last, where who reads no longer may, `event: end`
/// with a [`crate::problem::ApiError`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeQuery {
    /// Environment name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Source name, or a source kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Key; `*` matches any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Changes that open a firewall: to `any` source, to a `bounded` range, to
    /// the `local` host, or `anything`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Who did it: part of a login, user, executable or unit; or exactly a uid,
    /// process, session or container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Changes of that verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Least severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Not before this time: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Not after this time: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Cursor of an earlier page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted, at most [`crate::PAGE_ROWS_MAX`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// An entry of the history that is not a change: gaps, problems, what happened
/// to hosts, what operators did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the history.
    pub id: u64,
    /// When.
    pub at: String,
    /// What, as a stable word: `host_enrolled`, `host_connected`, `host_stopped`,
    /// `host_silent`, `host_quarantined`, `host_revoked`, `identity_violation`,
    /// `gap`, `problem`, `problem_solved`, `source_added`, `source_retired`,
    /// `root_mismatch`, `resynchronised`, `sequence_gap`, `clock_skew`,
    /// `token_created`, `token_used`, `token_refused`, `token_revoked`, `operator`,
    /// `retention`.
    pub what: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// Environment, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environment: Option<String>,
    /// Host, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// Source, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// One sentence.
    pub message: String,
}

/// `GET /api/v1/events` (query: [`ChangeQuery`] without `key`): newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The events of this page.
    pub events: Vec<Event>,
    /// Cursor of the next page; none at the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
    /// When the history begins, if the question reaches further back: what came
    /// before was removed, as the policy says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub begins_at: Option<String>,
}

/// `GET /api/v1/history/KEY` (query: env, host, source): what one key was, newest first.
pub type KeyHistory = ChangePage;

/// Where the history begins, once its oldest entries were removed. The chain is
/// proven from here on, and the entry `announced_by` vouches for it: its message
/// says `up to entry ANNOUNCED, whose hash is ANNOUNCED_HASH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The first entry of the chain.
    pub first: u64,
    /// Hash of the entry before it, hex.
    pub before: String,
    /// When the first entry was recorded.
    pub at: String,
    /// Entries that were removed.
    pub removed: u64,
    /// Entries from before that are kept beside the chain: nothing proves them,
    /// and something that is there now still needs them.
    pub beside: u64,
    /// When the last were removed.
    pub cut_at: String,
    /// Days that the policy kept entries for, then.
    pub days: u32,
    /// The version of that policy.
    pub policy: u64,
    /// Up to which entry the removal was announced.
    pub announced: u64,
    /// Hash of that entry, hex.
    pub announced_hash: String,
    /// The entry that announced it.
    pub announced_by: u64,
}

/// The first line of `GET /api/v1/export`, if the history has no entry 1 any
/// more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainStart {
    /// Where it begins.
    pub begins: Beginning,
}

/// One raw entry of the history as `GET /api/v1/export` streams it (ndjson, in
/// order): enough to recompute the chain offline. Before the first of a history
/// whose oldest entries were removed stands a [`ChainStart`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEntry {
    /// Position, from 1, without holes.
    pub id: u64,
    /// The stored bytes, base64.
    pub body: String,
    /// SHA-256(label ‖ previous hash ‖ id ‖ body), hex.
    pub hash: String,
}

/// `GET /api/v1/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Whether every entry holds to the one before.
    pub intact: bool,
    /// Entries that were checked.
    pub entries: u64,
    /// Hash of the last entry, hex: note it elsewhere to hold the next against.
    pub head: String,
    /// Where the history begins, if its oldest entries were removed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub begins: Option<Beginning>,
    /// First entry that does not hold, and why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub broken_at: Option<u64>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}
