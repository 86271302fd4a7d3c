//! Records for unit tests.
#![allow(clippy::unwrap_used, reason = "test support")]

use driftline_canon::{AgentId, Environment, HostName, Role};
use driftline_store::{HostFacts, HostRecord, HostStatus};

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
