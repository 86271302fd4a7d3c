//! Records to test with: small, and told apart by a number.
//!
//! No randomness and no clock: the same number gives the same record.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test helpers, of which each test binary uses a part"
)]

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{
    Actor, AgentId, Confidence, Environment, HostName, ItemKey, Masked, Problem, ProblemKind, Role, SourceKind,
    SourceName,
};
use driftline_compare::judge::later::Later;
use driftline_compare::judge::{Evidence, Missing};
use driftline_compare::{Class, Mark, Severity, Verdict};
use driftline_store::record::{Side, TokenUse};
use driftline_store::*;

pub(crate) const ENVIRONMENTS: [&str; 3] = ["dev", "production", "staging"];
pub(crate) const KEYS: [&str; 6] = ["DATABASE_URL", "DB_HOST", "DB_TIMEOUT", "LOG_LEVEL", "REDIS_URL", "@mode"];

pub(crate) fn host_name(name: &str) -> HostName {
    HostName::new(name).unwrap()
}

pub(crate) fn source_name(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

pub(crate) fn environment(name: &str) -> Environment {
    Environment::new(name).unwrap()
}

pub(crate) fn key(name: &str) -> ItemKey {
    ItemKey::from_canonical(name.to_owned()).unwrap()
}

pub(crate) fn digest(number: u64) -> StoredDigest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[31] = 0xff;
    StoredDigest(bytes)
}

pub(crate) fn host(name: &str, environment_name: &str) -> HostRecord {
    HostRecord {
        host: host_name(name),
        environment: environment(environment_name),
        role: Role::new("web").unwrap(),
        agent: AgentId::new("agent-1").unwrap(),
        serials: vec![vec![1, 2, 3]],
        public_key_sha256: [7; 32],
        status: HostStatus::Connected,
        epoch: vec![9; 16],
        applied_seq: 42,
        instances: [vec![1], vec![]],
        enrolled_ms: 1_700_000_000_000,
        last_seen_ms: 1_700_000_000_001,
        verified_ms: 0,
        skew_ms: -5,
        fleet_key_epoch: 1,
        canonical_form: 1,
        degraded_sources: 0,
        facts: HostFacts { hostname: name.to_owned(), ..HostFacts::default() },
    }
}

pub(crate) fn source(host: &str, name: &str, items: u32) -> SourceRecord {
    SourceRecord {
        host: host_name(host),
        source: source_name(name),
        kind: SourceKind::EnvFile,
        path: format!("/etc/shop/{name}.env"),
        root: digest(u64::from(items)),
        items,
        observed_ms: 1_700_000_000_000,
        retired: false,
        problems: vec![Problem::whole(ProblemKind::Missing, "it is not there")],
    }
}

pub(crate) fn item(name: &str, number: u64) -> ItemRecord {
    ItemRecord {
        key: key(name),
        digest: digest(number),
        secret: number.is_multiple_of(3),
        display: (!number.is_multiple_of(4)).then(|| Masked::from_wire(format!("value {number}"))),
        line: (!number.is_multiple_of(5)).then(|| u32::try_from(number % 1000).unwrap()),
        file: number.is_multiple_of(7).then(|| format!("/etc/app/conf.d/{}.conf", number % 10).into()),
        since_ms: 1_700_000_000_000 + i64::try_from(number).unwrap(),
    }
}

pub(crate) fn severity(number: u64) -> Severity {
    Severity::ALL[usize::try_from(number % 3).unwrap()]
}

/// A change whose environment, host, source, key and severity follow from the number.
pub(crate) fn change(number: u64) -> Change {
    let environment_name = ENVIRONMENTS[usize::try_from(number % 3).unwrap()];
    let side = |number| Side {
        digest: digest(number),
        secret: false,
        display: Some(Masked::from_wire(format!("{number}"))),
        line: Some(3),
        file: None,
    };
    Change {
        environment: environment(environment_name),
        host: host_name(&format!("{environment_name}-{}", number / 3 % 2)),
        role: Role::new("web").unwrap(),
        source: source_name(if number.is_multiple_of(5) { "worker" } else { "app" }),
        kind: if number.is_multiple_of(7) { SourceKind::File } else { SourceKind::EnvFile },
        path: "/etc/shop/app.env".to_owned(),
        key: key(KEYS[usize::try_from(number / 2 % 6).unwrap()]),
        before: (!number.is_multiple_of(4)).then(|| side(number)),
        after: Some(side(number + 1)),
        observed_ms: 1_700_000_000_000,
        unobserved_since_ms: number.is_multiple_of(2).then_some(1_699_999_999_000),
        severity: severity(number / 6),
        class: Class::Functional,
        verdict: Verdict::ALL[usize::try_from(number / 2 % 6).unwrap()],
        marks: vec![Mark::Unobserved],
        agent_seq: number,
        agent_epoch: vec![1; 16],
        beside: beside(number),
    }
}

/// Every fifth change is of a firewall that opens, every third has an actor.
pub(crate) fn beside(number: u64) -> Beside {
    use driftline_canon::meaning::MeaningText;
    use driftline_canon::{Effect, Meaning, Reach};
    let at = usize::try_from(number).unwrap();
    let meaning = Meaning {
        effect: if at.is_multiple_of(10) { Effect::Closes } else { Effect::Opens },
        reach: Reach::ALL[at / 5 % 3],
        machine: None,
        text: MeaningText::new("opens tcp/5432"),
    };
    Beside {
        actor: at.is_multiple_of(3).then(|| Box::new(actor(["alice", "bob"][at % 2], Confidence::Probable))),
        meaning: at.is_multiple_of(5).then(|| Box::new(meaning)),
        grounds: at.is_multiple_of(4).then(|| {
            let evidence = vec![Evidence::WindowOpen { ticket: format!("CHG-{number}") }];
            Box::new(Grounds { evidence, missing: vec![Missing::NoRule] })
        }),
    }
}

pub(crate) fn actor(login: &str, confidence: Confidence) -> Actor {
    let login = Some(User { uid: 1000, name: Some(ActorText::new(login)) });
    Actor { confidence, login, ..Actor::unknown() }
}

/// What is said later of who made a change.
pub(crate) fn amendment(change: &Change, login: &str, confidence: Confidence) -> EntryBody {
    EntryBody::Amendment(Amendment {
        environment: change.environment.clone(),
        host: change.host.clone(),
        role: change.role.clone(),
        source: change.source.clone(),
        kind: change.kind,
        agent_seq: change.agent_seq,
        agent_epoch: change.agent_epoch.clone(),
        severity: change.severity,
        changes: 1,
        keys: vec![change.key.clone()],
        actor: Box::new(actor(login, confidence)),
    })
}

/// What a change is now.
pub(crate) fn rejudgement(id: u64, change: &Change) -> EntryBody {
    let evidence = Evidence::AdoptedBy { revision: "r1".to_owned(), after_ms: 1 };
    EntryBody::Rejudgement(Rejudgement {
        environment: change.environment.clone(),
        host: change.host.clone(),
        role: change.role.clone(),
        source: change.source.clone(),
        kind: change.kind,
        key: change.key.clone(),
        verdict: change.verdict,
        severity: change.severity,
        later: Later { change: id, mark: Mark::Adopted, evidence },
    })
}

pub(crate) fn event(number: u64) -> Event {
    let kind = [EventKind::HostConnected, EventKind::Gap, EventKind::Collector][usize::try_from(number % 3).unwrap()];
    let named = kind != EventKind::Collector;
    let name = ENVIRONMENTS[usize::try_from(number % 3).unwrap()];
    Event {
        kind,
        severity: severity(number),
        environment: named.then(|| environment(name)),
        host: named.then(|| host_name(&format!("{name}-0"))),
        source: (kind == EventKind::Gap).then(|| source_name("app")),
        between_ms: (kind == EventKind::Gap).then_some((1, 2)),
        message: format!("event {number}"),
    }
}

/// Every fourth entry is an event.
pub(crate) fn body(number: u64) -> EntryBody {
    if number % 4 == 3 { EntryBody::Event(event(number)) } else { EntryBody::Change(change(number)) }
}

pub(crate) fn token(id: &str) -> TokenRecord {
    TokenRecord {
        id: id.to_owned(),
        secret_hash: [3; 32],
        environment: environment("production"),
        role: Role::new("web").unwrap(),
        host: None,
        created_by: "ada".to_owned(),
        created_ms: 1,
        expires_ms: 2,
        revoked: false,
        used: Some(TokenUse {
            host: host_name("web-1"),
            agent: AgentId::new("agent-1").unwrap(),
            public_key_sha256: [4; 32],
            certificate: vec![0x30, 0x82],
            used_ms: 1,
        }),
    }
}

pub(crate) fn operator(name: &str, token: u8) -> OperatorRecord {
    OperatorRecord {
        name: name.to_owned(),
        token_hash: [token; 32],
        roles: vec!["viewer".to_owned()],
        created_ms: 1,
        revoked: false,
    }
}

pub(crate) fn batch(now_ms: i64, operations: Vec<Operation>) -> Batch {
    Batch { operations, now_ms }
}

pub(crate) fn append(bodies: Vec<EntryBody>) -> Operation {
    Operation::Append { entries: bodies, alerts: vec![] }
}
