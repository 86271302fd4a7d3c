//! Who made a change and what it means: from an agent's stream to webhook, API
//! and live stream, and what a hostile agent can do with both.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::meaning::MeaningText;
use driftline_canon::{Actor, Confidence, Effect, Evidence, ItemKey, Meaning, Reach, SourceKind, SourceName};
use driftline_wire::convert::{Amendment, encode_record};
use driftline_wire::v1::{self, agent_frame, record::Body};
use driftline_wire::{Record, SourceRef};

use super::*;

const RULE: &str = "ip filter INPUT: -p tcp --dport 5432 -j ACCEPT";
const WITHOUT: &[(&str, &str)] = &[("ip filter INPUT policy", "DROP")];
const WITH: &[(&str, &str)] = &[("ip filter INPUT policy", "DROP"), (RULE, "1")];

fn firewall() -> SourceRef {
    SourceRef::new(SourceName::new("firewall/nft").unwrap(), SourceKind::Firewall, b"nftables")
}

fn of_firewall(record: Record) -> Record {
    Record { source: Some(firewall()), ..record }
}

fn alice() -> Box<Actor> {
    let user = |uid, name| Some(User { uid, name: Some(ActorText::new(name)) });
    Box::new(Actor {
        confidence: Confidence::Exact,
        evidence: vec![Evidence::Audit],
        login: user(1000, "alice"),
        user: user(0, "root"),
        pid: Some(4242),
        command: Some(ActorText::command("nft add rule inet filter input tcp dport 5432 accept")),
        ..Actor::unknown()
    })
}

fn opens(machine: Option<&str>) -> (ItemKey, Meaning) {
    let text = MeaningText::new("opens tcp/5432 to any source");
    let meaning = Meaning { effect: Effect::Opens, reach: Reach::Any, machine: machine.map(MeaningText::new), text };
    (ItemKey::from_bytes(RULE.as_bytes()), meaning)
}

/// An agent whose firewall is known.
async fn settled(fleet: &Fleet) -> (Agent, Stream) {
    let mut agent = Agent::enrol(fleet, "web-1", "production").await;
    let mut stream = agent.dial(fleet).await.unwrap();
    agent.open(&mut stream, &[(SOURCE, Root::empty())], true).await.unwrap();
    agent.now = observation(WITHOUT);
    let first = of_firewall(agent.snapshot(SnapshotReason::First));
    stream.record(&first).await;
    stream.acked(first.seq).await;
    (agent, stream)
}

async fn fleet_with_webhook() -> (Fleet, Webhook) {
    let webhook = Webhook::start().await;
    let dir = tempfile::tempdir().unwrap();
    let route = webhook.route(dir.path());
    let fleet = Fleet::start_in(dir, |config| config.alerts = vec![route], Options::default()).await;
    (fleet, webhook)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opened_what_is_in_the_webhook_the_api_and_the_filters() {
    let (fleet, webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let added = Record { actor: Some(alice()), meanings: vec![opens(None)], ..of_firewall(agent.becomes(WITH)) };
    stream.record(&added).await;
    stream.acked(added.seq).await;
    let call = webhook.wait(|call| has_key(call, RULE)).await;
    let alert: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(alert["severity"], "critical");
    let summary = alert["summary"].as_str().unwrap();
    assert!(summary.contains("opens tcp/5432 to any source"), "{summary}");
    assert!(summary.contains("by alice (root): nft add rule"), "{summary}");
    assert_eq!(alert["changes"][0]["actor"]["login"]["name"], "alice");
    for query in ["opens=any", "opens=anything", "actor=ALICE", "actor=4242", "source=firewall&opens=any&actor=root"] {
        let found = fleet.get(&format!("/api/v1/changes?{query}")).await;
        assert_eq!(found["changes"].as_array().unwrap().len(), 1, "{query}");
        assert_eq!(found["changes"][0]["meaning"]["text"], "opens tcp/5432 to any source");
        assert_eq!(found["changes"][0]["actor"]["evidence"][0], "audit");
    }
    for query in ["opens=bounded", "actor=bob", "opens=any&actor=bob"] {
        let found = fleet.get(&format!("/api/v1/changes?{query}")).await;
        assert!(found["changes"].as_array().unwrap().is_empty(), "{query}");
    }
    let bad = fleet.request(reqwest::Method::GET, "/api/v1/changes?opens=door").send().await.unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(fleet.get("/api/v1/verify").await["intact"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_it_was_is_told_later_and_the_history_stays_as_it_was() {
    let (fleet, webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let added = Record { meanings: vec![opens(None)], ..of_firewall(agent.becomes(WITH)) };
    stream.record(&added).await;
    stream.acked(added.seq).await;
    let before = fleet.changes().await;
    assert!(before[0]["actor"].is_null(), "{before:?}");
    let head = fleet.get("/api/v1/verify").await;
    let amendment = RecordBody::Amendment(Amendment { seq: added.seq, actor: alice() });
    let amendment = of_firewall(agent.record(amendment));
    stream.record(&amendment).await;
    stream.acked(amendment.seq).await;
    let call = webhook.wait(|call| String::from_utf8_lossy(&call.body).contains("amendments")).await;
    let alert: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&alert["severity"], alert["changes"].is_null()), (&"critical".into(), true));
    let summary = alert["summary"].as_str().unwrap();
    assert!(summary.contains(RULE) && summary.contains("it was alice (root): nft"), "{summary}");
    let after = fleet.changes().await;
    assert_eq!(after.len(), 1, "an amendment is no change");
    assert_eq!(after[0]["actor"]["summary"], alert["amendments"][0]["actor"]["summary"]);
    assert!(!after[0]["actor"]["amended_at"].is_null());
    assert_eq!((&after[0]["id"], &after[0]["record"]), (&before[0]["id"], &alert["amendments"][0]["record"]));
    let found = fleet.get("/api/v1/changes?actor=alice").await;
    assert_eq!(found["changes"].as_array().unwrap().len(), 1);
    let verified = fleet.get("/api/v1/verify").await;
    assert_eq!(verified["intact"], true);
    assert_eq!(verified["entries"].as_u64().unwrap(), head["entries"].as_u64().unwrap() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_an_amendment_that_is_sent_again_is_one_entry() {
    let (fleet, _webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let added = of_firewall(agent.becomes(WITH));
    stream.record(&added).await;
    let amendment = of_firewall(agent.record(RecordBody::Amendment(Amendment { seq: added.seq, actor: alice() })));
    stream.record(&amendment).await;
    stream.acked(amendment.seq).await;
    let entries = fleet.get("/api/v1/status").await["history_entries"].clone();
    stream.record(&amendment).await;
    let next = of_firewall(agent.record(RecordBody::Problems(Vec::new())));
    stream.record(&next).await;
    stream.acked(next.seq).await;
    assert_eq!(fleet.get("/api/v1/status").await["history_entries"], entries);
    assert_eq!(fleet.changes().await[0]["actor"]["login"]["name"], "alice", "of the same commit, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_of_what_never_was_changes_nothing_and_one_of_the_future_is_refused() {
    let (fleet, _webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let added = of_firewall(agent.becomes(WITH));
    stream.record(&added).await;
    // The snapshot is no change, and another source has no such record.
    let of_snapshot = of_firewall(agent.record(RecordBody::Amendment(Amendment { seq: 1, actor: alice() })));
    stream.record(&of_snapshot).await;
    let elsewhere = agent.record(RecordBody::Amendment(Amendment { seq: added.seq, actor: alice() }));
    stream.record(&elsewhere).await;
    stream.acked(elsewhere.seq).await;
    assert!(fleet.changes().await[0]["actor"].is_null());
    let next = of_firewall(agent.record(RecordBody::Retired));
    let mut frame = encode_record(&next).unwrap().pop().unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frame.frame else { panic!() };
    part.body = Some(Body::Amendment(v1::Amendment { seq: next.seq + 1, actor: Some(v1::Actor::default()) }));
    stream.sender.send(frame).await.unwrap();
    assert_eq!(stream.refused().await, RefusalKind::Protocol);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_it_was_makes_loud_what_was_quiet_while_nobody_knew() {
    let (fleet, webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let (key, meaning) = opens(Some("fail2ban"));
    let bounded = Meaning { reach: Reach::Bounded, ..meaning };
    let added = Record { meanings: vec![(key, bounded)], ..of_firewall(agent.becomes(WITH)) };
    stream.record(&added).await;
    stream.acked(added.seq).await;
    assert_eq!(fleet.changes().await[0]["severity"], "info");
    // Two hundred changes later, which are more than a page of the history.
    for number in 0..200 {
        let now = [WITH[0], WITH[1], ("ip filter INPUT: -j LOG", if number % 2 == 0 { "1" } else { "2" })];
        let other = of_firewall(agent.becomes(&now));
        stream.record(&other).await;
    }
    let amendment = of_firewall(agent.record(RecordBody::Amendment(Amendment { seq: added.seq, actor: alice() })));
    stream.record(&amendment).await;
    stream.acked(amendment.seq).await;
    let call = webhook.wait(|call| String::from_utf8_lossy(&call.body).contains("amendments")).await;
    let alert: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(alert["severity"], "warning", "{alert:#}");
    assert!(alert["summary"].as_str().unwrap().contains("it was alice"), "{alert:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn amendments_are_charged_to_the_history_of_their_host() {
    let (fleet, _webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let added = of_firewall(agent.becomes(WITH));
    stream.record(&added).await;
    let mut last = added.seq;
    for _ in 0..400 {
        let one = of_firewall(agent.record(RecordBody::Amendment(Amendment { seq: added.seq, actor: alice() })));
        last = one.seq;
        stream.record(&one).await;
    }
    stream.acked(last).await;
    let status = fleet.get("/api/v1/status").await;
    assert!(
        status["history_entries"].as_u64().unwrap() > 400,
        "each is an entry, and entries are what a host has few of"
    );
    assert_eq!(fleet.changes().await.len(), 1);
    assert_eq!(fleet.get("/api/v1/verify").await["intact"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_a_program_makes_are_quiet_and_one_alert() {
    let (fleet, webhook) = fleet_with_webhook().await;
    let (mut agent, mut stream) = settled(&fleet).await;
    let dockerd = Actor { confidence: Confidence::Exact, name: Some(ActorText::new("dockerd")), ..Actor::unknown() };
    let many: Vec<(String, &str)> =
        (0..20).map(|at| (format!("ip nat DOCKER: -p tcp --dport 80{at:02} -j DNAT"), "1")).collect();
    let pairs: Vec<(&str, &str)> =
        WITHOUT.iter().copied().chain(many.iter().map(|(key, value)| (key.as_str(), *value))).collect();
    let mut record = of_firewall(agent.becomes(&pairs));
    let RecordBody::Delta(delta) = &record.body else { panic!() };
    record.meanings = delta.changes.iter().map(|change| (change.key.clone(), opens(Some("docker")).1)).collect();
    let own = Record { actor: Some(Box::new(dockerd)), ..record };
    stream.record(&own).await;
    stream.acked(own.seq).await;
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 20);
    for change in &changes {
        assert_eq!((&change["severity"], &change["marks"][0]), (&"info".into(), &"machine_made".into()));
    }
    // Then the same by hand: among Docker's rules, and by somebody else.
    let more: Vec<(&str, &str)> = pairs.iter().copied().chain([(RULE, "1")]).collect();
    let by_hand =
        Record { actor: Some(alice()), meanings: vec![opens(Some("docker"))], ..of_firewall(agent.becomes(&more)) };
    stream.record(&by_hand).await;
    let call = webhook.wait(|call| has_key(call, RULE)).await;
    let alert: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&alert["severity"], alert["changes"].as_array().unwrap().len()), (&"critical".into(), 1));
    let of_docker = |call: &Call| String::from_utf8_lossy(&call.body).contains("DOCKER");
    let told: Vec<_> = webhook.calls().into_iter().filter(of_docker).collect();
    assert!(told.len() <= 1, "one alert at most for what one look saw");
    for call in told {
        let alert: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert!(alert["summary"].as_str().unwrap().contains("20 changes of docker's own rules"), "{alert}");
    }
}
