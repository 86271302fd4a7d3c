//! A change from an agent's stream to the API and the webhook, and what the
//! collector does when streams, stores, receivers and disks misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "pipeline/told.rs"]
mod told;

use std::path::Path;
use std::time::{Duration, Instant};

use agent::*;
use driftline_canon::Root;
use driftline_server::app::Options;
use driftline_wire::RecordBody;
use driftline_wire::convert::{AgentMessage, Gap, RefusalKind, SnapshotReason};
use fleet::*;
use futures_util::StreamExt as _;

const BASE: &[(&str, &str)] = &[("DATABASE_URL", "postgres://app:hunter22@db/app"), ("LOG_LEVEL", "info")];
const EDITED: &[(&str, &str)] = &[("DATABASE_URL", "postgres://app:hunter22@db/app"), ("LOG_LEVEL", "debug")];

#[tokio::test(flavor = "multi_thread")]
async fn one_change_from_the_stream_to_api_and_webhook() {
    let webhook = Webhook::start().await;
    let dir = tempfile::tempdir().unwrap();
    let route = webhook.route(dir.path());
    let fleet = Fleet::start_in(dir, |config| config.alerts = vec![route], Options::default()).await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    assert!(fleet.changes().await.is_empty(), "a first state is no change");
    stream.record(&agent.becomes(EDITED)).await;
    stream.acked(2).await;
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((&changes[0]["key"], &changes[0]["what"]), (&"LOG_LEVEL".into(), &"changed".into()));
    assert_eq!(changes[0]["before"]["display"], "info");
    assert_eq!(changes[0]["after"]["display"], "debug");
    assert_eq!((&changes[0]["verdict"], &changes[0]["host"]), (&"undetermined".into(), &"web-1".into()));
    let call = webhook.wait(|call| has_key(call, "LOG_LEVEL")).await;
    let (time, _) = call.signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let secret = driftline_server::notify::signature::Secret::new(SECRET.as_bytes().to_vec());
    assert_eq!(call.signature, secret.header(time.parse().unwrap(), &call.body));
    stream.send(&agent.heartbeat()).await;
    let begun = Instant::now();
    while fleet.host("web-1").await["verified_at"].is_null() {
        assert!(begun.elapsed() < PATIENCE);
    }
    let history = fleet.get("/api/v1/history/LOG_LEVEL?host=web-1").await;
    assert_eq!(history["changes"].as_array().unwrap().len(), 1);
    assert_eq!(fleet.get("/api/v1/verify").await["intact"], true);
    let export = fleet.request(reqwest::Method::GET, "/api/v1/export").send().await.unwrap().text().await.unwrap();
    let entries = fleet.get("/api/v1/status").await["history_entries"].as_u64().unwrap();
    assert_eq!(u64::try_from(export.lines().count()).unwrap(), entries);
    for place in [export, fleet.get("/api/v1/hosts/web-1").await.to_string(), format!("{:?}", webhook.calls())] {
        assert!(!place.contains("hunter22"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_are_compared() {
    let fleet = Fleet::start().await;
    let (_a, _s1) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let (_b, _s2) = Agent::settled(&fleet, "web-2", "staging", EDITED).await;
    let compared = fleet.get("/api/v1/compare?left=production&right=staging").await;
    assert_eq!((&compared["keys"], &compared["differing"]), (&2.into(), &1.into()), "{compared}");
    let told = |at: usize, name: &str| compared["differences"][at][name].as_str().unwrap_or_default();
    assert_eq!(
        (told(0, "key"), told(0, "what"), told(0, "severity")),
        ("DATABASE_URL", "equal", "critical"),
        "one secret"
    );
    assert_eq!((told(1, "key"), &compared["violations"]), ("LOG_LEVEL", &1.into()));
    let all = fleet.get("/api/v1/compare?left=production&right=staging&all=true").await;
    assert!(all["differences"].as_array().unwrap().iter().any(|one| one["what"] == "equal"), "{all}");
    assert_eq!((&all["keys"], &all["differing"]), (&2.into(), &1.into()), "{all}");
    let unknown = fleet.get("/api/v1/compare?left=production&right=nowhere").await;
    assert_eq!(unknown["code"], "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_engine_does_the_same() {
    let sled = |config: &mut driftline_server::Config| {
        std::fs::remove_dir_all(config.state_dir.join("store")).unwrap();
        config.store.engine = driftline_server::config::Engine::Sled;
    };
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let mut config = driftline_server::Config::load(&dir.path().join("collector.toml")).unwrap();
    sled(&mut config);
    let app = driftline_server::bind(config).await.unwrap();
    assert_eq!(app.core().store.engine().as_str(), "sled");
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(app.run(stop.clone()));
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_many_agents_come_back_at_once_after_a_restart() {
    const AGENTS: usize = 60;
    let mut fleet = Fleet::start().await;
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let (agent, stream) = Agent::settled(&fleet, &format!("web-{number}"), "production", BASE).await;
        drop(stream);
        agents.push(agent);
    }
    fleet.stop().await;
    fleet.run().await;
    let begun = Instant::now();
    let streams = futures_util::future::join_all(agents.iter().map(|agent| agent.connect(&fleet))).await;
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(streams.iter().all(|(_, acked, asked)| *acked == 1 && asked.is_empty()));
    assert_eq!(fleet.get("/api/v1/status").await["environments"][0]["connected"], AGENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_record_that_is_sent_again_is_applied_once() {
    let mut fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let record = agent.becomes(EDITED);
    stream.record(&record).await;
    stream.acked(2).await;
    drop(stream);
    fleet.stop().await;
    fleet.run().await;
    let (mut stream, acked, asked) = agent.connect(&fleet).await;
    assert_eq!((acked, asked), (2, Vec::new()));
    stream.record(&record).await;
    stream.record(&agent.becomes(BASE)).await;
    stream.acked(3).await;
    assert_eq!(fleet.changes().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn intermediate_states_are_kept() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    for _ in 0..100 {
        stream.record(&agent.becomes(EDITED)).await;
        stream.record(&agent.becomes(BASE)).await;
    }
    stream.acked(201).await;
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 200);
    let newest = |index: usize| changes[index]["after"]["display"].clone();
    assert_eq!((newest(0), newest(1)), ("info".into(), "debug".into()));
    assert!(fleet.events("root_mismatch").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_that_does_not_fit_loses_no_fact_and_is_repaired() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    agent.now = observation(&[("LOG_LEVEL", "trace")]);
    stream.record(&agent.becomes(&[("LOG_LEVEL", "warn")])).await;
    stream.record(&agent.becomes(&[("LOG_LEVEL", "error")])).await;
    let asked = stream.acked(3).await;
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(changes[0]["marks"][0], "resynchronised");
    if asked.is_empty() {
        assert!(matches!(stream.next().await, driftline_wire::CollectorMessage::SendAll { .. }));
    }
    stream.record(&agent.snapshot(SnapshotReason::Resync)).await;
    stream.acked(4).await;
    assert_eq!(fleet.events("root_mismatch").await.len(), 1);
    assert_eq!(fleet.events("resynchronised").await.len(), 1);
    let items = fleet.get("/api/v1/hosts/web-1").await["sources"][0]["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!(items[0]["display"], "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_and_retired_sources_are_said() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    stream
        .record(&agent.record(RecordBody::Gap(Gap { from_ms: 1000, to_ms: 2000, reason: "queue overflow".into() })))
        .await;
    stream.record(&agent.record(RecordBody::Retired)).await;
    stream.acked(3).await;
    let gap = &fleet.events("gap").await[0];
    assert!(gap["message"].as_str().unwrap().contains("between 1970-01-01T00:00:01.000Z"), "{gap}");
    assert_eq!(fleet.events("source_retired").await.len(), 1);
    assert_eq!(fleet.get("/api/v1/hosts/web-1").await["sources"][0]["retired"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_a_new_parser_or_key_is_never_drift() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    agent.now = observation(EDITED);
    for (seq, reason) in [(2, SnapshotReason::Normaliser), (3, SnapshotReason::Rekey), (4, SnapshotReason::Policy)] {
        stream.record(&agent.snapshot(reason)).await;
        stream.acked(seq).await;
    }
    assert!(fleet.changes().await.is_empty());
    assert_eq!(fleet.events("resynchronised").await.len(), 1, "only the first of them differed");
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_a_store_restored_from_yesterday_is_noticed_and_repaired() {
    let mut fleet = Fleet::start().await;
    let (mut agent, stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    drop(stream);
    fleet.stop().await;
    copy_dir(&fleet.path("state/store"), &fleet.path("yesterday"));
    fleet.run().await;
    let (mut stream, ..) = agent.connect(&fleet).await;
    stream.record(&agent.becomes(EDITED)).await;
    stream.acked(2).await;
    drop(stream);
    fleet.stop().await;
    std::fs::remove_dir_all(fleet.path("state/store")).unwrap();
    copy_dir(&fleet.path("yesterday"), &fleet.path("state/store"));
    fleet.run().await;
    let (mut stream, acked, asked) = agent.connect(&fleet).await;
    assert_eq!((acked, asked.as_slice()), (1, [SOURCE.to_owned()].as_slice()));
    stream.record(&agent.snapshot(SnapshotReason::Resync)).await;
    stream.acked(3).await;
    assert_eq!(fleet.events("root_mismatch").await.len(), 1);
    assert_eq!(fleet.events("sequence_gap").await.len(), 1);
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["marks"], serde_json::json!(["unobserved", "coalesced", "resynchronised"]));
    stream.record(&agent.becomes(BASE)).await;
    stream.acked(4).await;
    assert_eq!(fleet.changes().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn d7_a_lost_state_directory_is_a_new_epoch_and_its_changes_are_found() {
    let fleet = Fleet::start().await;
    let (mut agent, stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    drop(stream);
    (agent.epoch, agent.instance, agent.seq) = (random(), random(), 0);
    let mut stream = agent.dial(&fleet).await.unwrap();
    let (acked, asked) = agent.open(&mut stream, &[(SOURCE, Root::empty())], true).await.unwrap();
    assert_eq!((acked, asked.len()), (0, 0));
    agent.now = observation(EDITED);
    stream.record(&agent.snapshot(SnapshotReason::First)).await;
    stream.acked(1).await;
    assert_eq!(fleet.events("epoch_changed").await.len(), 1);
    let changes = fleet.changes().await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["marks"], serde_json::json!(["unobserved", "coalesced"]));
    assert!(changes[0]["unobserved_since"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn d7_a_clone_quarantines_both() {
    let fleet = Fleet::start().await;
    let (mut agent, mut first) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let original = std::mem::replace(&mut agent.instance, random());
    let (mut second, ..) = agent.connect(&fleet).await;
    assert_eq!(first.refused().await, RefusalKind::Superseded);
    let clone = std::mem::replace(&mut agent.instance, original);
    let mut third = agent.dial(&fleet).await.unwrap();
    let refused = agent.open(&mut third, &[], false).await.unwrap_err();
    assert_eq!(refused, RefusalKind::Quarantined);
    assert_eq!(second.refused().await, RefusalKind::Quarantined);
    agent.instance = clone;
    let mut fourth = agent.dial(&fleet).await.unwrap();
    assert_eq!(agent.open(&mut fourth, &[], false).await.unwrap_err(), RefusalKind::Quarantined);
    assert_eq!(fleet.events("host_quarantined").await[0]["severity"], "critical");
    assert_eq!(fleet.host("web-1").await["status"], "quarantined");
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_a_clock_that_is_a_day_off_is_shown_and_never_locked_out() {
    let fleet = Fleet::start().await;
    let (mut agent, stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    drop(stream);
    agent.clock_ms = -86_400_000;
    for _ in 0..2 {
        let (mut stream, ..) = agent.connect(&fleet).await;
        let next = if agent.seq == 1 { EDITED } else { BASE };
        stream.record(&agent.becomes(next)).await;
        stream.acked(agent.seq).await;
    }
    let events = fleet.events("clock_skew").await;
    assert_eq!(events.len(), 1, "said once");
    assert!(events[0]["message"].as_str().unwrap().contains("behind"), "{events:?}");
    let skew = fleet.host("web-1").await["clock_skew_ms"].as_i64().unwrap();
    assert!((skew + 86_400_000).abs() < 5_000, "{skew}");
    assert_eq!(fleet.changes().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn i7_a_killed_agent_is_silent_and_a_stopped_one_is_not() {
    let webhook = Webhook::start().await;
    let dir = tempfile::tempdir().unwrap();
    let route = webhook.route(dir.path());
    let short = |config: &mut driftline_server::Config| {
        config.agents.silence_s = 2;
        config.alerts = vec![route];
    };
    let fleet = Fleet::start_in(dir, short, Options::default()).await;
    let (_killed, stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let (_stopped, polite) = Agent::settled(&fleet, "web-2", "production", BASE).await;
    polite.send(&AgentMessage::Goodbye { reason: "SIGTERM".to_owned() }).await;
    let begun = Instant::now();
    drop(stream);
    let silent = fleet.eventually("host_silent").await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(silent[0]["host"], "web-1");
    webhook.wait(|call| call.json["events"][0]["what"] == "host_silent").await;
    assert_eq!(fleet.events("host_stopped").await[0]["host"], "web-2");
    let stopped = fleet.host("web-2").await;
    assert_eq!(stopped["status"], "stopped");
    assert!(stopped["last_seen"].is_string());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(fleet.events("host_silent").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i7_a_restart_of_the_collector_gives_hosts_time_to_come_back() {
    let grace = |config: &mut driftline_server::Config| {
        (config.agents.silence_s, config.agents.restart_grace_s) = (1, 4);
    };
    let mut fleet = Fleet::start_with(grace, Options::default()).await;
    let (back, s1) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let (_gone, s2) = Agent::settled(&fleet, "web-2", "production", BASE).await;
    fleet.stop().await;
    drop((s1, s2));
    fleet.run().await;
    let (stream, ..) = back.connect(&fleet).await;
    let began = Instant::now();
    let beats = async {
        loop {
            stream.send(&back.heartbeat()).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let silent = tokio::select! {
        silent = fleet.eventually("host_silent") => silent,
        () = beats => unreachable!(),
    };
    assert!(began.elapsed() > Duration::from_secs(2), "too early");
    assert_eq!(silent.len(), 1);
    assert_eq!(silent[0]["host"], "web-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_alerts_of_a_receiver_that_is_down_survive_a_restart_in_order_and_once() {
    let webhook = Webhook::start().await;
    webhook.answer_with(500);
    let dir = tempfile::tempdir().unwrap();
    let route = webhook.route(dir.path());
    let mut fleet = Fleet::start_in(dir, |config| config.alerts = vec![route], Options::default()).await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    // Six values: to and fro between two would be one finding.
    for level in ["a", "b", "c", "d", "e", "f"] {
        stream.record(&agent.becomes(&[BASE[0], ("LOG_LEVEL", level)])).await;
    }
    stream.acked(7).await;
    webhook.wait(|_| true).await;
    fleet.stop().await;
    let failed = webhook.calls().len();
    webhook.answer_with(200);
    fleet.run().await;
    let begun = Instant::now();
    while fleet.get("/api/v1/status").await["alerts_pending"] != 0 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ids: Vec<u64> = webhook.calls()[failed..].iter().map(|call| call.id.parse().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    let told = webhook.calls()[failed..].iter().filter(|call| has_key(call, "LOG_LEVEL")).count();
    assert_eq!(told, 6);
    assert_eq!(webhook.calls()[0].id, webhook.calls()[failed].id, "the same id at every try");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_are_streamed_and_resumed() {
    let fleet = Fleet::start().await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let open = |last: Option<String>| {
        let request = fleet.request(reqwest::Method::GET, "/api/v1/changes/stream?key=LOG_*");
        let request = last.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        async { request.send().await.unwrap().bytes_stream() }
    };
    let mut live = open(None).await;
    stream.record(&agent.becomes(EDITED)).await;
    let first = String::from_utf8(live.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("event: change") && first.contains("LOG_LEVEL"), "{first}");
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    drop(live);
    stream.record(&agent.becomes(BASE)).await;
    stream.acked(3).await;
    let mut resumed = open(Some(id.clone())).await;
    let missed = String::from_utf8(resumed.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(missed.contains("\"display\":\"info\"") && !missed.contains(&format!("id: {id}\n")), "{missed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_a_full_disk_holds_agents_back_and_everything_resumes_by_itself() {
    let Some(disk) = SmallDisk::mount() else { return };
    let webhook = Webhook::start().await;
    let dir = tempfile::tempdir_in(disk.0.path()).unwrap();
    let route = webhook.route(dir.path());
    let fleet = Fleet::start_in(dir, |config| config.alerts = vec![route], Options::default()).await;
    let (mut agent, mut stream) = Agent::settled(&fleet, "web-1", "production", BASE).await;
    let ballast = disk.0.path().join("ballast");
    fill(&ballast);
    let big: Vec<(String, String)> = (0..20_000).map(|n| (format!("KEY_{n:05}"), "x".repeat(200))).collect();
    let pairs: Vec<(&str, &str)> = big.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    stream.record(&agent.becomes(&pairs)).await;
    let begun = Instant::now();
    while fleet.anonymous("/readyz").send().await.unwrap().status() != 503 {
        assert!(begun.elapsed() < PATIENCE, "never full");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    webhook.wait(|call| call.json["summary"].as_str().unwrap().contains("disk")).await;
    std::fs::remove_file(&ballast).unwrap();
    stream.acked(2).await;
    assert_eq!(fleet.anonymous("/readyz").send().await.unwrap().status(), 200);
    fleet.eventually("collector").await;
    drop(fleet);
}

struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        let mounted =
            mount.args(["-t", "tmpfs", "-o", "size=48m,mode=0700", "driftline-test"]).arg(dir.path()).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self(dir));
        }
        assert!(std::env::var("CI").as_deref() != Ok("true"), "a tmpfs has to be mountable in CI: run as root");
        eprintln!("left out: needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the collector may still have files open.
        std::process::Command::new("umount").arg("-l").arg(self.0.path()).status().unwrap();
    }
}

fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    let block = vec![1; 64 * 1024];
    while file.write_all(&block).is_ok() {}
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
