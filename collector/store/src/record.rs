//! What the store keeps, as its users see it.
//!
//! Digests and roots arrive here peppered already: the store never sees what an
//! agent sent.

mod stored;

use driftline_canon::{
    Actor, AgentId, Environment, FileName, HostName, ItemKey, Masked, Meaning, Problem, Role, SourceKind, SourceName,
};
use driftline_compare::judge::later::Later;
use driftline_compare::judge::{Evidence, Missing};
use driftline_compare::{Class, Mark, Severity, Verdict};
use serde::{Deserialize, Serialize};

/// HMAC-SHA-256(pepper, digest or root): equal if and only if what it stands
/// for is equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoredDigest(pub [u8; 32]);

/// How a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostStatus {
    /// Enrolled, never connected.
    Never,
    /// A stream is open.
    Connected,
    /// Stopped on purpose (it said goodbye).
    Stopped,
    /// Gone without a word.
    Silent,
    /// Two live agents used its identity.
    Quarantined,
    /// Its certificate was revoked.
    Revoked,
    /// An operator had it forgotten: kept so that its old certificates stay
    /// refused, and shown to nobody.
    Forgotten,
}

/// What the agent said of its host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostFacts {
    /// Host name as the host itself has it.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// CPU architecture.
    pub architecture: String,
    /// Boot id.
    pub boot_id: String,
    /// Version of the agent.
    pub agent_version: String,
    /// The agent's resident memory in bytes.
    pub agent_resident_bytes: u64,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRecord {
    /// Its name; unique in the fleet.
    pub host: HostName,
    /// Environment of its certificate.
    pub environment: Environment,
    /// Role of its certificate.
    pub role: Role,
    /// The agent that speaks for it: the latest enrolled.
    pub agent: AgentId,
    /// Serial of the newest certificate, and of the one before while the newest
    /// has not been used yet.
    pub serials: Vec<Vec<u8>>,
    /// SHA-256 of the enrolled public key (SubjectPublicKeyInfo).
    pub public_key_sha256: [u8; 32],
    /// How it stands.
    pub status: HostStatus,
    /// Agent state directory that the sequence belongs to.
    pub epoch: Vec<u8>,
    /// Highest record applied in that epoch.
    pub applied_seq: u64,
    /// The process that spoke last, and the one before it.
    pub instances: [Vec<u8>; 2],
    /// First enrolled.
    pub enrolled_ms: i64,
    /// Last frame.
    pub last_seen_ms: i64,
    /// Last time every root was found equal; 0 for never.
    pub verified_ms: i64,
    /// Host clock minus collector clock at the last hello.
    pub skew_ms: i64,
    /// Epoch of the fleet key its digests were made with.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form its digests were made with.
    pub canonical_form: u32,
    /// Sources polled or unreadable.
    pub degraded_sources: u32,
    /// What the agent said of its host.
    pub facts: HostFacts,
}

/// One source of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Host.
    pub host: HostName,
    /// Logical name.
    pub source: SourceName,
    /// Kind.
    pub kind: SourceKind,
    /// Path on the host, escaped.
    pub path: String,
    /// Peppered root.
    pub root: StoredDigest,
    /// Number of items.
    pub items: u32,
    /// Last observed to change.
    pub observed_ms: i64,
    /// No longer in the agent's configuration.
    pub retired: bool,
    /// Open problems.
    pub problems: Vec<Problem>,
}

/// One item of a source, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// Which key.
    pub key: ItemKey,
    /// Peppered digest.
    pub digest: StoredDigest,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    pub display: Option<Masked>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    pub file: Option<FileName>,
    /// Since when it has this value.
    pub since_ms: i64,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Peppered digest.
    pub digest: StoredDigest,
    /// Whether it is a secret.
    pub secret: bool,
    /// What may be shown.
    pub display: Option<Masked>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// The included file that it stands in; none: the source's own.
    pub file: Option<FileName>,
}

/// A change, classified and judged. What is known beside it is stored behind it
/// ([`Beside`]): changes of older formats end before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Environment.
    pub environment: Environment,
    /// Host.
    pub host: HostName,
    /// Role.
    pub role: Role,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Path on the host.
    pub path: String,
    /// Key.
    pub key: ItemKey,
    /// Before; none when added.
    pub before: Option<Side>,
    /// After; none when removed.
    pub after: Option<Side>,
    /// When the agent saw it.
    pub observed_ms: i64,
    /// If nobody watched: since when it may have been so.
    pub unobserved_since_ms: Option<i64>,
    /// Severity.
    pub severity: Severity,
    /// Class.
    pub class: Class,
    /// Verdict.
    pub verdict: Verdict,
    /// Marks.
    pub marks: Vec<Mark>,
    /// Sequence of the record in its epoch.
    pub agent_seq: u64,
    /// Epoch of that sequence.
    pub agent_epoch: Vec<u8>,
    /// Who did it, and what it means.
    #[serde(skip)]
    pub beside: Beside,
}

/// What is known of a change beside the change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beside {
    /// Who did it, as its agent said then. What it said later is an
    /// [`Amendment`].
    pub actor: Option<Box<Actor>>,
    /// What it means, for firewalls.
    pub meaning: Option<Box<Meaning>>,
    /// What its verdict rests on; none where nothing to judge by was ever given.
    /// Stored behind the others: changes of older formats end before it.
    #[serde(skip)]
    pub grounds: Option<Box<Grounds>>,
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grounds {
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What a better one would have needed.
    pub missing: Vec<Missing>,
}

/// What an agent said later of who made the changes of one of its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// Environment.
    pub environment: Environment,
    /// Host.
    pub host: HostName,
    /// Role.
    pub role: Role,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Sequence of the record that it amends, in its epoch.
    pub agent_seq: u64,
    /// Epoch of that sequence.
    pub agent_epoch: Vec<u8>,
    /// The worst severity among the changes that it amends, as far as they were
    /// found; info if none was.
    pub severity: Severity,
    /// The changes that were found.
    pub changes: u32,
    /// The first of their keys.
    pub keys: Vec<ItemKey>,
    /// Who it was.
    pub actor: Box<Actor>,
}

/// What became known later of whether a change was meant: it was adopted, went
/// back, or goes to and fro. The change itself is never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejudgement {
    /// Environment.
    pub environment: Environment,
    /// Host.
    pub host: HostName,
    /// Role.
    pub role: Role,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Key.
    pub key: ItemKey,
    /// The verdict that the change had and keeps.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// Which change, what it is now, and why.
    pub later: Later,
}

/// What an event is about. Names are stable: they are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A host enrolled.
    HostEnrolled,
    /// A host's certificate was renewed.
    HostRenewed,
    /// A stream opened.
    HostConnected,
    /// An agent stopped on purpose.
    HostStopped,
    /// An agent is gone without a word.
    HostSilent,
    /// Two live agents with one identity.
    HostQuarantined,
    /// A certificate was revoked.
    HostRevoked,
    /// An agent claimed to be somebody else.
    IdentityViolation,
    /// Changes may have gone unseen.
    Gap,
    /// Something cannot be read or parsed.
    Problem,
    /// It can be again.
    ProblemSolved,
    /// A source was seen for the first time.
    SourceAdded,
    /// A source is no longer configured.
    SourceRetired,
    /// Agent and collector disagree on a root.
    RootMismatch,
    /// They agree again after a full resend.
    Resynchronised,
    /// Records are missing between two sequence numbers.
    SequenceGap,
    /// The agent's state directory is a new one, or it knows more, or less, than it should.
    EpochChanged,
    /// The host's clock is off.
    ClockSkew,
    /// A token was made.
    TokenCreated,
    /// A token was used.
    TokenUsed,
    /// A token was refused.
    TokenRefused,
    /// A token was revoked.
    TokenRevoked,
    /// The collector's own health: disk full, writes failing, and their end.
    Collector,
    /// An operator did or read something.
    Operator,
    /// A host makes more history than it may, and is held back.
    HostFlooding,
    /// An operator had a host forgotten.
    HostForgotten,
    /// What is older than is kept was removed.
    Retention,
}

/// An entry that is not a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is about.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// Environment, where it has one.
    pub environment: Option<Environment>,
    /// Host, where it has one.
    pub host: Option<HostName>,
    /// Source, where it has one.
    pub source: Option<SourceName>,
    /// Bounds in time, where it is about a stretch.
    pub between_ms: Option<(i64, i64)>,
    /// One sentence.
    pub message: String,
}

/// What one entry of the history says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "entries are made one at a time and stored encoded")]
pub enum EntryBody {
    /// An item changed.
    Change(Change),
    /// Anything else.
    Event(Event),
    /// Who made earlier changes.
    Amendment(Amendment),
    /// What an earlier change is now.
    Rejudgement(Rejudgement),
}

/// One entry of the history: append-only and chained by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Position, from 1, without holes.
    pub id: u64,
    /// When the collector recorded it.
    pub recorded_ms: i64,
    /// What it says.
    pub body: EntryBody,
}

/// An enrolment token. Never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Names it.
    pub id: String,
    /// Hash of the secret (canon's `EnrolmentToken::secret_hash`).
    pub secret_hash: [u8; 32],
    /// Environment it is for.
    pub environment: Environment,
    /// Role it is for.
    pub role: Role,
    /// The only host that may use it, if any.
    pub host: Option<HostName>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
    /// Until when.
    pub expires_ms: i64,
    /// Revoked by hand.
    pub revoked: bool,
    /// Used by: host, SHA-256 of its public key, and the certificate handed
    /// out, so that a lost answer can be given again.
    pub used: Option<TokenUse>,
}

/// How a token was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// Host that enrolled.
    pub host: HostName,
    /// Agent id it got.
    pub agent: AgentId,
    /// SHA-256 of its public key.
    pub public_key_sha256: [u8; 32],
    /// The certificate it got, DER.
    pub certificate: Vec<u8>,
    /// When.
    pub used_ms: i64,
}

/// An operator. Never the bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorRecord {
    /// Name.
    pub name: String,
    /// SHA-256 of the bearer token.
    pub token_hash: [u8; 32],
    /// Role names.
    pub roles: Vec<String>,
    /// When it was made.
    pub created_ms: i64,
    /// Revoked by hand.
    pub revoked: bool,
}

/// An alert waiting to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// The same at every try; rises.
    pub id: u64,
    /// The route it is for.
    pub route: String,
    /// The history entries it tells of.
    pub entries: Vec<u64>,
    /// Tries so far.
    pub attempts: u32,
    /// Not before.
    pub next_attempt_ms: i64,
}
