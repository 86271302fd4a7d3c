//! Records for unit tests.
#![allow(clippy::unwrap_used, reason = "test support")]

use driftline_canon::{AgentId, Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::{Class, Severity, Verdict};
use driftline_store::{Beside, Change, HostFacts, HostRecord, HostStatus, Side, StoredDigest};

/// A host of production with nothing known of it.
pub(crate) fn host_record(name: &str) -> HostRecord {
    HostRecord {
        host: HostName::new(name).unwrap(),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        agent: AgentId::new("a1").unwrap(),
        serials: vec![vec![1]],
        public_key_sha256: [0; 32],
        status: HostStatus::Never,
        epoch: Vec::new(),
        applied_seq: 0,
        instances: [Vec::new(), Vec::new()],
        enrolled_ms: 0,
        last_seen_ms: 0,
        verified_ms: 0,
        skew_ms: 0,
        fleet_key_epoch: 1,
        canonical_form: 1,
        degraded_sources: 0,
        facts: HostFacts::default(),
    }
}

/// A change of a key that says nothing.
pub(crate) fn change(host: &HostRecord, key: &str) -> Change {
    let side =
        |digest| Side { digest: StoredDigest([digest; 32]), secret: false, display: None, line: None, file: None };
    Change {
        environment: host.environment.clone(),
        host: host.host.clone(),
        role: host.role.clone(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        key: ItemKey::from_bytes(key.as_bytes()),
        before: Some(side(1)),
        after: Some(side(2)),
        observed_ms: 1,
        unobserved_since_ms: None,
        severity: Severity::Info,
        class: Class::Functional,
        verdict: Verdict::Undetermined,
        marks: Vec::new(),
        agent_seq: 1,
        agent_epoch: vec![1],
        beside: Beside::default(),
    }
}
