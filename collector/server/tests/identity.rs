//! Who may speak, enrol, renew and ask: every I case that a collector decides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs, reason = "tests")]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/fleet.rs"]
mod fleet;

use std::process::Command;
use std::time::{Duration, Instant};

use agent::*;
use driftline_daemon::Clock;
use driftline_server::app::Options;
use driftline_server::ca::Ca;
use driftline_wire::convert::{AgentMessage, RefusalKind};
use driftline_wire::tls::TlsSettings;
use fleet::*;
use rcgen::KeyPair;
use tonic::Code;

const BASE: &[(&str, &str)] = &[("A", "1")];

#[tokio::test(flavor = "multi_thread")]
async fn i1_an_expired_certificate_renews_for_ninety_days_and_then_says_so() {
    let day = 86_400_000;
    let clock = Clock::manual(driftline_daemon::clock::now_ms());
    let seen = clock.clone();
    let tls = TlsSettings::new().with_clock(move || seen.now_ms());
    let fleet = Fleet::start_with(|_| {}, Options { clock: clock.clone(), tls }).await;
    let mut agent = Agent::enrol(&fleet, "web-1", "production").await;
    clock.advance_ms(60 * day);
    let refused = match agent.dial(&fleet).await {
        Err(_) => true,
        Ok(mut stream) => stream.try_next().await.is_none(),
    };
    assert!(refused, "an expired certificate is refused at the handshake");
    agent.renew(&fleet, KeyPair::generate().unwrap()).await.unwrap();
    let mut stream = agent.dial(&fleet).await.unwrap();
    agent.open(&mut stream, &[], false).await.unwrap();
    clock.advance_ms(98 * day);
    let status = agent.renew(&fleet, KeyPair::generate().unwrap()).await.unwrap_err();
    assert!(status.message().contains("expired too long ago"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_a_lost_answer_can_be_asked_for_again() {
    let fleet = Fleet::start().await;
    let token = fleet.token("production", None, 3600).await;
    let key = KeyPair::generate().unwrap();
    let first = enrol_as(&fleet, "web-1", &token, &key).await.unwrap();
    let again = enrol_as(&fleet, "web-1", &token, &key).await.unwrap();
    assert_eq!(first.certificate, again.certificate);
    assert_eq!(fleet.events("token_used").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_a_renewed_certificate_is_valid_beside_the_old_one_until_it_is_used() {
    let fleet = Fleet::start().await;
    let (mut agent, stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    drop(stream);
    let old = (agent.certificate.clone(), KeyPair::from_pem(&agent.key.serialize_pem()).unwrap());
    agent.renew(&fleet, KeyPair::generate().unwrap()).await.unwrap();
    let new = (agent.certificate.clone(), KeyPair::from_pem(&agent.key.serialize_pem()).unwrap());
    (agent.certificate, agent.key) = (old.0.clone(), KeyPair::from_pem(&old.1.serialize_pem()).unwrap());
    agent.connect(&fleet).await;
    agent.renew(&fleet, KeyPair::generate().unwrap()).await.unwrap();
    agent.connect(&fleet).await;
    for (certificate, key) in [old, new] {
        (agent.certificate, agent.key) = (certificate, key);
        let mut stream = agent.dial(&fleet).await.unwrap();
        assert_eq!(agent.open(&mut stream, &[], false).await.unwrap_err(), RefusalKind::Quarantined);
    }
    // Whoever shows a certificate that was renewed and retired has a copy.
    assert_eq!(fleet.events("host_quarantined").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_a_host_of_another_environment_cannot_be_taken_over() {
    let fleet = Fleet::start().await;
    let (_agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let token = fleet.token("staging", None, 3600).await;
    let refused = enrol_as(&fleet, "web-1", &token, &KeyPair::generate().unwrap()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let bound = fleet.token("production", Some("web-9"), 3600).await;
    assert!(enrol_as(&fleet, "web-8", &bound, &KeyPair::generate().unwrap()).await.is_err());
    let events = fleet.events("identity_violation").await;
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["severity"] == "critical"));
    assert_eq!(fleet.host("web-1").await["environment"], "production");
    stream.send(&AgentMessage::Goodbye { reason: "done".to_owned() }).await;
    assert!(stream.try_next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_a_forged_certificate_is_refused_and_alerted() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let dir = tempfile::tempdir().unwrap();
    let other = Ca::create_or_open(dir.path(), driftline_daemon::clock::now_ms()).unwrap();
    let request = driftline_server::ca::Request::verify(&csr(&agent.key)).unwrap();
    let uri = "driftline://agent/a1/host/db-1/env/production/role/db";
    let honest = std::mem::replace(
        &mut agent.certificate,
        other.issue_agent(&request, uri, driftline_daemon::clock::now_ms()).unwrap().certificate.to_vec(),
    );
    let refused = match agent.dial(&fleet).await {
        Err(_) => true,
        Ok(mut stream) => stream.try_next().await.is_none(),
    };
    assert!(refused);
    assert_eq!(fleet.eventually("identity_violation").await[0]["severity"], "critical");
    agent.certificate = honest;
    stream.record(&agent.becomes(&[("A", "2")])).await;
    stream.acked(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i4_a_revoked_agent_is_cut_off_within_five_seconds_and_stays_out() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let begun = Instant::now();
    let answer = fleet.request(reqwest::Method::DELETE, "/api/v1/hosts/web-1").send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(stream.refused().await, RefusalKind::Revoked);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let mut again = agent.dial(&fleet).await.unwrap();
    assert_eq!(agent.open(&mut again, &[], false).await.unwrap_err(), RefusalKind::Revoked);
    assert!(agent.renew(&fleet, KeyPair::generate().unwrap()).await.is_err());
    assert!(fleet.events("host_revoked").await[0]["message"].as_str().unwrap().contains("by admin"));
    let back = Agent::enrol(&fleet, "web-1", "production").await;
    back.connect(&fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i5_replayed_guessed_and_revoked_tokens_are_refused_counted_and_rate_limited() {
    let fleet = Fleet::start().await;
    let token = fleet.token("production", None, 3600).await;
    enrol_as(&fleet, "web-1", &token, &KeyPair::generate().unwrap()).await.unwrap();
    let replayed = enrol_as(&fleet, "web-1", &token, &KeyPair::generate().unwrap()).await.unwrap_err();
    assert!(replayed.message().contains("used before"), "{replayed}");
    let revoked = fleet.token("production", None, 3600).await;
    let path = format!("/api/v1/tokens/{}", revoked.0);
    assert_eq!(fleet.request(reqwest::Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert!(enrol_as(&fleet, "web-2", &revoked, &KeyPair::generate().unwrap()).await.is_err());
    assert!(fleet.events("token_refused").await.len() >= 2);
    let mut limited = false;
    for _ in 0..20 {
        let guess = (token.0.clone(), [1; 32]);
        let status = enrol_as(&fleet, "web-3", &guess, &KeyPair::generate().unwrap()).await.unwrap_err();
        limited |= status.code() == Code::ResourceExhausted;
    }
    assert!(limited);
    let metrics = fleet.request(reqwest::Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("driftline_collector_refused_tokens_total"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn i5_an_expired_token_is_refused() {
    let clock = Clock::manual(driftline_daemon::clock::now_ms());
    let fleet = Fleet::start_with(|_| {}, Options { clock: clock.clone(), ..Options::default() }).await;
    let token = fleet.token("production", None, 60).await;
    clock.advance_ms(61_000);
    let refused = enrol_as(&fleet, "web-1", &token, &KeyPair::generate().unwrap()).await.unwrap_err();
    assert!(refused.message().contains("expired"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_stream_that_breaks_the_protocol_ends_and_nobody_else_notices() {
    let fleet = Fleet::start().await;
    let (mut agent, mut good) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let bad = Agent::enrol(&fleet, "web-2", "production").await;
    let mut stream = bad.dial(&fleet).await.unwrap();
    stream.send(&AgentMessage::Goodbye { reason: "before hello".to_owned() }).await;
    assert_eq!(stream.refused().await, RefusalKind::Protocol);
    let mut stream = bad.dial(&fleet).await.unwrap();
    let mut hello = bad.hello(0);
    hello.protocol = driftline_wire::ProtocolVersion { major: 99, minor: 0 };
    stream.send(&AgentMessage::Hello(hello)).await;
    assert_eq!(stream.refused().await, RefusalKind::Version);
    let mut stream = bad.dial(&fleet).await.unwrap();
    stream.sender.send(driftline_wire::v1::AgentFrame { frame: None }).await.unwrap();
    assert_eq!(stream.refused().await, RefusalKind::Protocol);
    good.record(&agent.becomes(&[("A", "2")])).await;
    good.acked(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_need_a_token_and_guessing_is_held_off() {
    let fleet = Fleet::start().await;
    assert_eq!(fleet.anonymous("/api/v1/status").send().await.unwrap().status(), 401);
    assert_eq!(fleet.anonymous("/metrics").send().await.unwrap().status(), 401);
    assert_eq!(fleet.anonymous("/healthz").send().await.unwrap().status(), 200);
    assert_eq!(fleet.get("/api/v1/whoami").await["operator"], "admin");
    let unknown = fleet.get("/api/v1/changes?sevrity=info").await;
    assert_eq!(unknown["hint"], "did you mean `severity`?");
    let mut last = 0;
    for _ in 0..20 {
        last = fleet.anonymous("/api/v1/status").bearer_auth("guess").send().await.unwrap().status().as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_never_share_a_directory() {
    let fleet = Fleet::start().await;
    let Err(second) = driftline_server::bind(fleet.config.clone()).await else { panic!("a second one started") };
    assert!(second.to_string().contains("in use by process"), "{second}");
}

#[test]
fn d10_check_says_what_is_wrong_and_where_with_exit_78() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let config = dir.path().join("collector.toml");
    let check = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftline-collector"));
        let done = command.arg("check").arg("--config").arg(&config).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    assert_eq!(check().0, Some(0), "{}", check().1);
    let good = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{good}\n[store]\nengin = \"redb\"\n")).unwrap();
    let (code, text) = check();
    assert_eq!(code, Some(78));
    assert!(text.contains("collector.toml:13:1: unknown key `engin`; did you mean `engine`?"), "{text}");
    std::fs::write(&config, &good).unwrap();
    std::fs::write(dir.path().join("state/ca.pem"), "garbage").unwrap();
    let (code, text) = check();
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("ca.pem"), "{text}");
    std::fs::write(&config, good.replace("state_dir = ", "state_dir = \"/nonexistent/driftline\" #")).unwrap();
    let (code, text) = check();
    assert_eq!(code, Some(78));
    assert!(text.contains("driftline-collector init"), "{text}");
}
