use driftline_canon::{AgentId, Environment, Role};
use driftline_store::TokenUse;

use super::*;
use crate::testing::host_record;

const NOW_MS: i64 = 1_000_000;
const SECRET: [u8; 32] = [7; 32];
const KEY: [u8; 32] = [1; 32];

fn token() -> TokenRecord {
    TokenRecord {
        id: "t".to_owned(),
        secret_hash: EnrolmentToken::secret_hash(&SECRET),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        host: None,
        created_by: "admin".to_owned(),
        created_ms: 0,
        expires_ms: NOW_MS,
        revoked: false,
        used: None,
    }
}

fn used(agent: &str, key: [u8; 32]) -> TokenRecord {
    let used = TokenUse {
        host: HostName::new("web-1").unwrap(),
        agent: AgentId::new(agent).unwrap(),
        public_key_sha256: key,
        certificate: Vec::new(),
        used_ms: 0,
    };
    TokenRecord { used: Some(used), ..token() }
}

fn ask(
    token: Option<&TokenRecord>,
    host: Option<&HostRecord>,
    secret: [u8; 32],
    now_ms: i64,
) -> Result<Verdict, Refused> {
    let hostname = HostName::new("web-1").unwrap();
    decide(token, host, &Asked { secret: &secret, hostname: &hostname, public_key_sha256: KEY, now_ms })
}

#[test]
fn i5_the_table_of_tokens() {
    let host = host_record("web-1");
    let elsewhere = HostRecord { environment: Environment::new("staging").unwrap(), ..host_record("web-1") };
    let for_other = TokenRecord { host: Some(HostName::new("web-2").unwrap()), ..token() };
    let for_this = TokenRecord { host: Some(HostName::new("web-1").unwrap()), ..token() };
    let for_this_again = for_this.clone();
    let revoked = TokenRecord { revoked: true, ..token() };
    for (name, token, host, secret, now_ms, wanted) in [
        ("no such token", None, None, SECRET, NOW_MS, Err(Refused::Unknown)),
        ("guessed", Some(token()), None, [8; 32], NOW_MS, Err(Refused::Unknown)),
        ("good", Some(token()), None, SECRET, NOW_MS, Ok(Verdict::Issue)),
        ("expired", Some(token()), None, SECRET, NOW_MS + 1, Err(Refused::Expired)),
        ("revoked", Some(revoked), None, SECRET, NOW_MS, Err(Refused::Revoked)),
        ("for another host", Some(for_other), None, SECRET, NOW_MS, Err(Refused::WrongHost)),
        ("for this host", Some(for_this), None, SECRET, NOW_MS, Ok(Verdict::Issue)),
        ("replaces", Some(token()), Some(host.clone()), SECRET, NOW_MS, Err(Refused::HostKnown)),
        ("replaces, meant", Some(for_this_again), Some(host.clone()), SECRET, NOW_MS, Ok(Verdict::Issue)),
        ("other environment", Some(token()), Some(elsewhere), SECRET, NOW_MS, Err(Refused::WrongEnvironment)),
        ("replayed", Some(used("a1", [2; 32])), Some(host.clone()), SECRET, NOW_MS, Err(Refused::Used)),
        ("i2 answer lost", Some(used("a1", KEY)), Some(host.clone()), SECRET, NOW_MS + 1, Ok(Verdict::Again)),
        ("replaced since", Some(used("a0", KEY)), Some(host), SECRET, NOW_MS, Err(Refused::Used)),
    ] {
        assert_eq!(ask(token.as_ref(), host.as_ref(), secret, now_ms), wanted, "{name}");
    }
}

#[test]
fn i5_a_guess_learns_nothing() {
    assert_eq!(Refused::Unknown.status().message(), "the token is not valid");
}
