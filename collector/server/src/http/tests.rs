//! Every endpoint through the router, without a socket.

mod desired;
mod drift;
mod files;
mod reports;
mod retention;
mod sides;

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use driftline_api::{change, compare as api_compare, host, problem, token};
use driftline_canon::{ItemKey, Masked, SourceKind, SourceName};
use driftline_compare::{Class, Mark, Severity, Verdict};
use driftline_daemon::Clock;
use driftline_store::{
    Beside, Change, EngineKind, EntryBody, EventKind, HostStatus, ItemRecord, OperatorRecord, Side, SourceRecord,
    Store, StoreOptions, StoredDigest,
};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::*;
use crate::app::Bound;
use crate::ca::Ca;
use crate::config::Config;
use crate::drift::{Ends, Keeper};
use crate::event;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::pepper::Pepper;
use crate::record::RecordParts;
use crate::record::health::{Health, Trouble};
use crate::testing::host_record;

mod live;
mod policies;
mod roles;
mod scoped;
mod sight;

const NOW_MS: i64 = 1_800_000_000_000;
const PATIENCE: Duration = Duration::from_secs(20);

struct Room {
    _dir: tempfile::TempDir,
    http: Shared,
    clock: Clock,
}

impl Room {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config { state_dir: dir.path().to_owned(), ..Config::default() };
        change(&mut config);
        let clock = Clock::manual(NOW_MS);
        let store = Store::open(&dir.path().join("store"), EngineKind::Redb, StoreOptions::default()).unwrap();
        let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::default()));
        let (notifier, _) = Notifier::new(&[]);
        let entries = notifier.live();
        let drift = Arc::new(Keeper::new(notifier.marks()));
        let (recorder, stage) = crate::record::stage(RecordParts {
            store: store.clone(),
            writer: store.writer().unwrap(),
            clock: clock.clone(),
            notifier,
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
            stop: CancellationToken::new(),
        });
        std::thread::spawn(move || stage.run());
        let nowhere = "127.0.0.1:7443".parse().unwrap();
        let core = Arc::new(Core {
            config,
            store,
            recorder,
            ca: Arc::new(Ca::create_or_open(dir.path(), NOW_MS).unwrap()),
            pepper: Pepper::new(&[3; 32]),
            classes: Arc::default(),
            live: Arc::new(Live::default()),
            health,
            metrics,
            entries,
            drift,
            clock: clock.clone(),
            started_ms: NOW_MS,
            bound: Bound { ingest: nowhere, enrol: nowhere, api: nowhere },
        });
        let stop = CancellationToken::new();
        let ends = Ends { store: core.store.clone(), recorder: core.recorder.clone(), clock: clock.clone() };
        #[allow(clippy::disallowed_methods, reason = "a test ends with its runtime")]
        tokio::spawn(Arc::clone(&core.drift).keep(ends, stop.clone()));
        let http = Arc::new(Http {
            core,
            places: Arc::new(Semaphore::new(READS_MAX)),
            long_places: Arc::new(Semaphore::new(LONG_READS_MAX)),
            doors: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
            reads: Reads::default(),
            limiter: Mutex::default(),
            streams: Group::new("live stream", CONNECTIONS_MAX, stop.child_token()),
            stop,
        });
        let room = Self { _dir: dir, http, clock };
        for (name, role) in [("ada", "admin"), ("vic", "viewer"), ("dan", "deployer")] {
            room.operator(name, role, false).await;
        }
        room
    }

    /// An operator whose token is his name.
    async fn operator(&self, name: &str, role: &str, revoked: bool) {
        let token_hash = Sha256::digest(name.as_bytes()).into();
        let (name, roles) = (name.to_owned(), vec![role.to_owned()]);
        let operator = OperatorRecord { name, token_hash, roles, created_ms: NOW_MS, revoked };
        self.http
            .core
            .recorder
            .decide(move |draft| {
                draft.put_operator(operator);
                Ok(())
            })
            .await
            .unwrap();
    }

    /// Gives an operator two roles.
    async fn two_roles(&self, name: &str, roles: [&str; 2]) {
        let (token_hash, name) = (Sha256::digest(name.as_bytes()).into(), name.to_owned());
        let roles = roles.map(str::to_owned).to_vec();
        let operator = OperatorRecord { name, token_hash, roles, created_ms: NOW_MS, revoked: false };
        let step = move |draft: &mut crate::record::Draft<'_>| {
            draft.put_operator(operator);
            Ok(())
        };
        self.http.core.recorder.decide(step).await.unwrap();
    }

    async fn append(&self, entries: Vec<EntryBody>) {
        self.http
            .core
            .recorder
            .decide(move |draft| {
                draft.append(entries);
                Ok(())
            })
            .await
            .unwrap();
    }

    /// Two hosts, one source each, and five changes of the first.
    async fn fill(&self) {
        let step = |draft: &mut crate::record::Draft<'_>| {
            for (name, environment, value) in [("web-1", "production", 1), ("web-2", "staging", 2)] {
                let mut host = host_record(name);
                host.environment = driftline_canon::Environment::new(environment).unwrap();
                host.status = HostStatus::Connected;
                let source = SourceName::new("app").unwrap();
                let items = [item("DB_HOST", value), item("LOG_LEVEL", 9)];
                let items = items.map(|item| (item.key.clone(), Some(item)));
                draft.put_items(&host.host, &source, items);
                draft.put_source(source_record(&host.host, source));
                draft.put_host(host);
            }
            draft.append((0..5).map(|number| change(number, "DB_HOST")).collect());
            draft.append(vec![event::of_host(&host_record("web-1"), EventKind::Gap, "a gap")]);
            Ok(())
        };
        self.http.core.recorder.decide(step).await.unwrap();
    }

    async fn send(&self, request: Request<Body>, peer: IpAddr) -> Response {
        let service = router(Arc::clone(&self.http)).layer(Extension(auth::OpenConnection::new(peer)));
        tokio::time::timeout(PATIENCE, service.oneshot(request)).await.expect("an answer in time").unwrap()
    }

    async fn call(&self, method: &str, path: &str, bearer: Option<&str>, body: &str) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        self.send(request, IpAddr::from([10, 0, 0, 1])).await
    }

    async fn get(&self, path: &str) -> Response {
        self.call("GET", path, Some("ada"), "").await
    }

    /// An answer that is 200 and exactly this shape of `api`.
    async fn json<T: DeserializeOwned + Serialize>(&self, path: &str) -> T {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let bytes = bytes(answer).await;
        let shape: T = serde_json::from_slice(&bytes).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&shape).unwrap(), told, "{path}: nothing beside the shape");
        shape
    }

    async fn problem(&self, path: &str) -> (u16, problem::ApiError) {
        refusal(self.get(path).await).await
    }

    async fn live(&self, last: Option<u64>) -> Body {
        let mut request = Request::builder().uri("/api/v1/changes/stream").header("authorization", "Bearer vic");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = self.send(request.body(Body::empty()).unwrap(), IpAddr::from([10, 0, 0, 1])).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        answer.into_body()
    }
}

async fn bytes(answer: Response) -> Bytes {
    tokio::time::timeout(PATIENCE, answer.into_body().collect()).await.expect("an end").unwrap().to_bytes()
}

async fn refusal(answer: Response) -> (u16, problem::ApiError) {
    let status = answer.status().as_u16();
    let bytes = bytes(answer).await;
    let told = serde_json::from_slice(&bytes);
    (status, told.unwrap_or_else(|_| panic!("no JSON but {}", String::from_utf8_lossy(&bytes))))
}

fn item(key: &str, digest: u8) -> ItemRecord {
    ItemRecord {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: StoredDigest([digest; 32]),
        secret: false,
        display: Some(Masked::from_wire(format!("value {digest}"))),
        line: Some(1),
        file: None,
        since_ms: NOW_MS,
    }
}

fn source_record(host: &driftline_canon::HostName, source: SourceName) -> SourceRecord {
    SourceRecord {
        host: host.clone(),
        source,
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        root: StoredDigest([7; 32]),
        items: 2,
        observed_ms: NOW_MS,
        retired: false,
        problems: Vec::new(),
    }
}

fn change(number: u8, key: &str) -> EntryBody {
    let host = host_record("web-1");
    let side =
        |digest| Side { digest: StoredDigest([digest; 32]), secret: false, display: None, line: None, file: None };
    EntryBody::Change(Change {
        environment: host.environment,
        host: host.host,
        role: host.role,
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        key: ItemKey::from_bytes(key.as_bytes()),
        before: Some(side(number)),
        after: Some(side(number + 1)),
        observed_ms: NOW_MS,
        unobserved_since_ms: None,
        severity: Severity::Critical,
        class: Class::Functional,
        verdict: Verdict::Undetermined,
        marks: vec![Mark::Coalesced],
        agent_seq: 1,
        agent_epoch: vec![1],
        beside: Beside::default(),
    })
}

#[tokio::test]
async fn every_answer_is_the_shape_of_the_api_and_nothing_else() {
    let room = Room::new().await;
    room.fill().await;
    let status: host::Status = room.json("/api/v1/status").await;
    assert_eq!((status.environments.len(), status.history_entries, status.engine.as_str()), (2, 6, "redb"));
    assert_eq!(status.environments[0].changes_24h.critical, 5);
    let who: token::WhoAmI = room.json("/api/v1/whoami").await;
    assert_eq!((who.operator.as_str(), who.roles.as_slice()), ("ada", ["admin".to_owned()].as_slice()));
    let hosts: host::HostPage = room.json("/api/v1/hosts?env=staging").await;
    assert_eq!(hosts.hosts.iter().map(|host| host.host.as_str()).collect::<Vec<_>>(), ["web-2"]);
    let detail: host::HostDetail = room.json("/api/v1/hosts/web-1").await;
    assert_eq!((detail.sources[0].items.len(), detail.sources[0].path.as_str()), (2, "/etc/app.env"));
    let changes: change::ChangePage = room.json("/api/v1/changes").await;
    assert_eq!(changes.changes.iter().map(|change| change.id).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    assert_eq!(changes.changes[0].marks, ["coalesced"]);
    let none: change::ChangePage = room.json("/api/v1/changes?env=staging").await;
    assert!(none.changes.is_empty());
    let history: change::KeyHistory = room.json("/api/v1/history/DB_HOST?host=web-1&limit=2").await;
    assert_eq!(history.changes.len(), 2);
    let events: change::EventPage = room.json("/api/v1/events?severity=warning").await;
    assert_eq!(events.events[0].message, "a gap");
    let compared: api_compare::Comparison = room.json("/api/v1/compare?left=production&right=staging").await;
    assert_eq!((compared.keys, compared.differing, compared.differences.len()), (2, 1, 1));
    let verified: change::Verification = room.json("/api/v1/verify").await;
    assert!(verified.intact && verified.entries == 6);
    let tokens: token::TokenList = room.json("/api/v1/tokens").await;
    assert!(tokens.tokens.is_empty());
}

#[tokio::test]
async fn bad_questions_are_refused_with_what_is_wrong_and_never_half_answered() {
    let room = Room::new().await;
    room.fill().await;
    for path in [
        "status",
        "hosts",
        "hosts/web-1",
        "changes",
        "changes/stream",
        "events",
        "history/A",
        "verify",
        "export",
        "compare",
        "baselines",
        "desired",
        "desired/show",
        "tokens",
    ] {
        let (status, problem) = room.problem(&format!("/api/v1/{path}?colour=red")).await;
        assert_eq!((status, problem.code.as_str()), (400, "bad_request"), "{path}");
        assert!(problem.message.contains("`colour`") && problem.hint.is_some(), "{path}: {problem:?}");
    }
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=x",
        "cursor=x",
        "cursor=AAAA",
        "env=a%20b",
        "since=now",
        "severity=high",
        "host=a/b",
        "env=a&env=b",
    ] {
        for path in ["changes", "events"] {
            let (status, problem) = room.problem(&format!("/api/v1/{path}?{query}")).await;
            assert_eq!((status, problem.code.as_str()), (400, "bad_request"), "{path}?{query}");
        }
    }
    for query in ["limit=0", "cursor=AAAA", "cursor=%21", "env=a%20b"] {
        assert_eq!(room.problem(&format!("/api/v1/hosts?{query}")).await.0, 400, "{query}");
    }
    for (path, status, code) in [
        ("/api/v1/hosts/nobody", 404, "not_found"),
        ("/api/v1/hosts/a%20b", 400, "bad_request"),
        ("/api/v1/hosts/%FF", 400, "bad_request"),
        ("/api/v1/history/%FF", 400, "bad_request"),
        ("/api/v1/compare?left=production", 400, "bad_request"),
        ("/api/v1/compare?left=production&right=mars", 404, "not_found"),
        ("/api/v1/compare?left=production&right=env%3D", 400, "bad_request"),
        ("/api/v1/compare?left=production&right=staging&all=perhaps", 400, "bad_request"),
        ("/api/v1/export?from=one", 400, "bad_request"),
        ("/api/v2/status", 404, "not_found"),
    ] {
        let (told, problem) = room.problem(path).await;
        assert_eq!((told, problem.code.as_str()), (status, code), "{path}: {problem:?}");
    }
    let (status, problem) = refusal(room.call("PUT", "/api/v1/status", Some("ada"), "").await).await;
    assert_eq!((status, problem.code.as_str()), (405, "bad_request"));
}

#[tokio::test]
async fn pages_give_each_row_once() {
    let room = Room::new().await;
    room.fill().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: change::ChangePage = room.json(&format!("/api/v1/changes?limit=2{cursor}")).await;
        assert!(page.changes.len() <= 2);
        seen.extend(page.changes.iter().map(|change| change.id));
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
        // What comes meanwhile is newer than any page that is still to come.
        room.append(vec![change(9, "LATER")]).await;
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let first: host::HostPage = room.json("/api/v1/hosts?limit=1").await;
    let next = first.next.unwrap();
    let second: host::HostPage = room.json(&format!("/api/v1/hosts?limit=1&cursor={next}")).await;
    let names: Vec<&str> = first.hosts.iter().chain(&second.hosts).map(|host| host.host.as_str()).collect();
    assert_eq!((names, second.next), (vec!["web-1", "web-2"], None));
}

#[tokio::test]
async fn i5_without_a_valid_token_nothing_is_said_and_guessing_is_held_off() {
    let room = Room::new().await;
    room.operator("eve", "admin", true).await;
    for (bearer, guess) in [(None, 1), (Some("wrong"), 2), (Some("eve"), 3), (Some(""), 4)] {
        let (status, problem) = refusal(room.call("GET", "/api/v1/status", bearer, "").await).await;
        assert_eq!((status, problem.code.as_str()), (401, "unauthorised"), "try {guess}");
    }
    let basic = Request::builder().uri("/api/v1/status").header("authorization", "Basic ada").body(Body::empty());
    assert_eq!(room.send(basic.unwrap(), IpAddr::from([10, 0, 0, 1])).await.status(), 401);
    for _ in 5..10 {
        assert_eq!(room.call("GET", "/api/v1/export", Some(&"x".repeat(300)), "").await.status(), 401);
    }
    let (status, _) = refusal(room.call("GET", "/api/v1/status", Some("wrong"), "").await).await;
    assert_eq!(status, 429, "guessing is held off");
    assert_eq!(room.get("/api/v1/status").await.status(), 200, "who has a token is not, whoever else is there");
    let request = Request::builder().uri("/api/v1/status").header("authorization", "bearer ada").body(Body::empty());
    assert_eq!(room.send(request.unwrap(), IpAddr::from([10, 0, 0, 2])).await.status(), 200, "others are let in");
    room.clock.advance_ms(61_000);
    assert_eq!(room.get("/api/v1/status").await.status(), 200);
}

#[tokio::test]
async fn p5_who_may_only_look_changes_nothing() {
    let room = Room::new().await;
    room.fill().await;
    let body = r#"{"environment":"dev","role":"web","secret_sha256":"00"}"#;
    for who in ["vic", "dan"] {
        for (method, path) in
            [("POST", "/api/v1/tokens"), ("DELETE", "/api/v1/tokens/abc"), ("DELETE", "/api/v1/hosts/web-1")]
        {
            let (status, problem) = refusal(room.call(method, path, Some(who), body).await).await;
            assert_eq!((status, problem.code.as_str()), (403, "forbidden"), "{who} {method} {path}");
        }
        assert_eq!(room.call("GET", "/api/v1/hosts", Some(who), "").await.status(), 200);
    }
    let detail: host::HostDetail = room.json("/api/v1/hosts/web-1").await;
    assert_eq!(detail.host.status, "connected");
    assert_eq!(room.call("DELETE", "/api/v1/hosts/web-1", Some("ada"), "").await.status(), 204);
    assert_eq!(room.call("DELETE", "/api/v1/hosts/web-1", Some("ada"), "").await.status(), 204, "safe to repeat");
    assert_eq!(room.call("DELETE", "/api/v1/hosts/nobody", Some("ada"), "").await.status(), 404);
    let detail: host::HostDetail = room.json("/api/v1/hosts/web-1").await;
    assert_eq!(detail.host.status, "revoked");
    let events: change::EventPage = room.json("/api/v1/events?limit=1").await;
    assert!(events.events[0].message.contains("revoked by ada"), "said once, with who did it: {events:?}");
}

#[tokio::test]
async fn tokens_are_made_listed_revoked_and_run_out() {
    let room = Room::new().await;
    let hash = "ab".repeat(32);
    let request = |environment: &str, valid_s: u64, hash: &str| {
        format!(r#"{{"environment":"{environment}","role":"web","valid_s":{valid_s},"secret_sha256":"{hash}"}}"#)
    };
    for body in [
        request("a b", 60, &hash),
        request("dev", 59, &hash),
        request("dev", 604_801, &hash),
        request("dev", 60, "ab"),
        request("dev", 60, &"zz".repeat(32)),
        r#"{"environment":"dev"}"#.to_owned(),
        r#"{"environment":"dev","role":"web","secret_sha256":"","colour":1}"#.to_owned(),
        "[".to_owned(),
        format!("\"{}\"", "x".repeat(BODY_BYTES_MAX)),
    ] {
        let (status, problem) = refusal(room.call("POST", "/api/v1/tokens", Some("ada"), &body).await).await;
        assert_eq!((status, problem.code.as_str()), (400, "bad_request"), "{}", &body[..body.len().min(80)]);
    }
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = room.call("POST", "/api/v1/tokens", Some("ada"), &request("dev", 60, &hash)).await;
        assert_eq!(answer.status(), 200);
        let grant: token::TokenGrant = serde_json::from_slice(&bytes(answer).await).unwrap();
        assert_eq!(grant.ca_sha256, hex_of(&room.http.core.ca.sha256()));
        assert_eq!(grant.expires_s, u64::try_from(NOW_MS / 1000).unwrap() + 60);
        assert!(!grant.enrol.is_empty() && !grant.ingest.is_empty());
        ids.push(grant.id);
    }
    assert_eq!(room.call("DELETE", &format!("/api/v1/tokens/{}", ids[0]), Some("ada"), "").await.status(), 204);
    assert_eq!(room.call("DELETE", "/api/v1/tokens/nothing", Some("ada"), "").await.status(), 404);
    room.clock.advance_ms(60_001);
    let list: token::TokenList = room.json("/api/v1/tokens").await;
    let status = |id: &str| list.tokens.iter().find(|token| token.id == id).unwrap().status.clone();
    assert_eq!((status(&ids[0]).as_str(), status(&ids[1]).as_str()), ("revoked", "expired"));
    assert!(!format!("{list:?}").contains(&hash), "not even the hash of a secret");
}

fn hex_of(bytes: &[u8]) -> String {
    crate::hex::encode(bytes)
}

/// Ids of events until `count` of them came or the stream ended.
async fn ids(body: &mut Body, count: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("an event in time");
        let Some(frame) = frame else { break };
        // A frame holds whole events.
        let frame = frame.unwrap().into_data().unwrap();
        let lines = std::str::from_utf8(&frame).unwrap().lines();
        ids.extend(lines.filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse::<u64>().unwrap()));
    }
    ids
}

#[tokio::test]
async fn a_live_stream_goes_on_behind_the_last_id_it_is_given() {
    let room = Room::new().await;
    room.fill().await;
    let mut fresh = room.live(None).await;
    let mut resumed = room.live(Some(3)).await;
    assert_eq!(ids(&mut resumed, 3).await, [4, 5, 6], "what was missed");
    room.append(vec![change(1, "NEW")]).await;
    assert_eq!(ids(&mut fresh, 1).await, [7], "only what is new");
    assert_eq!(ids(&mut resumed, 1).await, [7], "and neither twice nor left out");
    let mut ahead = room.live(Some(7)).await;
    room.append(vec![change(1, "NEWER")]).await;
    assert_eq!(ids(&mut ahead, 1).await, [8]);
    for bad in ["x", "-1", "1.5"] {
        let request = Request::builder().uri("/api/v1/changes/stream").header("last-event-id", bad);
        let request = request.header("authorization", "Bearer vic").body(Body::empty()).unwrap();
        let (status, problem) = refusal(room.send(request, IpAddr::from([10, 0, 0, 1])).await).await;
        assert_eq!((status, problem.code.as_str()), (400, "bad_request"), "{bad}");
    }
    room.http.stop.cancel();
    assert_eq!(ids(&mut fresh, 2).await, [8], "ends with the collector");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_cannot_keep_up_is_cut_off_and_misses_nothing_when_it_resumes() {
    const ENTRIES: u64 = 5_000;
    let room = Room::new().await;
    let mut slow = room.live(None).await;
    for _ in 0..ENTRIES / 100 {
        room.append((0..100).map(|number| change(number, "K")).collect()).await;
    }
    let mut seen = ids(&mut slow, usize::MAX).await;
    assert!(!seen.is_empty() && seen.len() < 5_000, "cut off after {}", seen.len());
    let mut resumed = room.live(seen.last().copied()).await;
    let left = usize::try_from(ENTRIES).unwrap() - seen.len();
    seen.extend(ids(&mut resumed, left).await);
    assert_eq!(seen, (1..=ENTRIES).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_that_nobody_reads_hold_up_nobody_else() {
    let room = Room::new().await;
    for _ in 0..60 {
        room.append((0..100).map(|number| change(number, "K")).collect()).await;
    }
    let mut stalled = Vec::new();
    for _ in 0..2 * READS_MAX {
        stalled.push(room.get("/api/v1/export").await.into_body());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(room.get("/api/v1/status").await.status(), 200);
    let all = tokio::time::timeout(PATIENCE, stalled.pop().unwrap().collect()).await.unwrap().unwrap().to_bytes();
    let links: Vec<change::ChainEntry> =
        serde_json::Deserializer::from_slice(&all).into_iter().map(Result::unwrap).collect();
    assert_eq!(links.iter().map(|link| link.id).collect::<Vec<_>>(), (1..=6_000).collect::<Vec<_>>());
    assert_eq!(links.iter().map(|link| &link.hash).collect::<BTreeSet<_>>().len(), 6_000);
    let tail = bytes(room.get("/api/v1/export?from=5999").await).await;
    assert_eq!(String::from_utf8(tail.to_vec()).unwrap().lines().count(), 2);
    assert!(bytes(room.get("/api/v1/export?from=6001").await).await.is_empty());
}

#[tokio::test]
async fn metrics_are_public_only_if_configured() {
    let closed = Room::new().await;
    assert_eq!(closed.call("GET", "/metrics", None, "").await.status(), 401);
    assert_eq!(closed.get("/metrics").await.status(), 200);
    let open = Room::with(|config| config.metrics.public = true).await;
    let answer = open.call("GET", "/metrics", None, "").await;
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = String::from_utf8(bytes(answer).await.to_vec()).unwrap();
    assert!(text.contains("driftline_collector_store_writable 1") && text.ends_with("# EOF\n"), "{text}");
    assert_eq!(open.call("GET", "/api/v1/status", None, "").await.status(), 401);
}

#[tokio::test]
async fn alive_and_ready_are_two_questions_that_anybody_may_ask() {
    let room = Room::new().await;
    let ask = async |path: &str| {
        let answer = room.call("GET", path, None, "").await;
        (answer.status().as_u16(), String::from_utf8(bytes(answer).await.to_vec()).unwrap())
    };
    assert_eq!(ask("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(ask("/readyz").await, (200, "ready\n".to_owned()));
    room.http.core.health.set(Some(Trouble::Full));
    let (status, reason) = ask("/readyz").await;
    assert!(status == 503 && reason.contains("disk"), "{reason}");
    assert_eq!(ask("/healthz").await.0, 200, "a full disk is no reason to restart it");
    room.http.core.health.set(None);
    room.http.stop.cancel();
    assert_eq!(ask("/readyz").await, (503, "the collector is stopping\n".to_owned()));
}

#[tokio::test]
async fn an_environment_or_host_that_nobody_knows_is_not_nothing() {
    let room = Room::new().await;
    room.fill().await;
    for path in
        ["changes?env=nope", "events?env=nope", "hosts?env=nope", "history/DB_HOST?env=nope", "changes/stream?env=nope"]
    {
        let (status, told) = room.problem(&format!("/api/v1/{path}")).await;
        assert_eq!((status, told.code.as_str()), (404, "not_found"), "{path}");
        assert!(told.message.contains("no environment `nope`"), "{path}: {}", told.message);
    }
    for path in ["changes?host=web-9", "events?host=web-9", "history/DB_HOST?host=web-9"] {
        let (status, told) = room.problem(&format!("/api/v1/{path}")).await;
        assert_eq!(status, 404, "{path}");
        assert!(told.message.contains("no host `web-9`"), "{path}: {}", told.message);
    }
    let none: change::ChangePage = room.json("/api/v1/changes?host=web-2").await;
    assert!(none.changes.is_empty(), "known, and nothing changed");
}

#[tokio::test]
async fn a_host_is_shown_page_by_page() {
    let room = Room::new().await;
    room.fill().await;
    let step = |draft: &mut crate::record::Draft<'_>| {
        for name in ["a", "b", "c"] {
            draft.put_source(source_record(&host_record("web-1").host, SourceName::new(name).unwrap()));
        }
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: host::HostDetail = room.json(&format!("/api/v1/hosts/web-1?limit=2{cursor}")).await;
        assert!(page.sources.len() <= 2);
        seen.extend(page.sources.iter().map(|source| source.source.clone()));
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "app", "b", "c"]);
    let one: host::HostDetail = room.json("/api/v1/hosts/web-1?source=app").await;
    assert_eq!((one.sources.len(), one.sources[0].items.len()), (1, 2));
    assert_eq!(room.problem("/api/v1/hosts/web-1?cursor=!").await.0, 400);
}

#[tokio::test]
async fn a_host_is_forgotten_by_an_administrator_alone_and_its_history_stays() {
    let room = Room::new().await;
    room.fill().await;
    let forget = |bearer: &'static str, path: &'static str| room.call("POST", path, Some(bearer), "");
    room.operator("op", "operator", false).await;
    assert_eq!(forget("op", "/api/v1/hosts/web-1/forget?env=production").await.status(), 403);
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget").await.status(), 400, "which one is said twice");
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget?env=staging").await.status(), 404);
    let name = host_record("web-1").host;
    let live = Arc::clone(&room.http.core.live);
    let session = live.new_session();
    live.enter(&name, session, tokio::sync::mpsc::unbounded_channel().0, NOW_MS);
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget?env=production").await.status(), 409, "it is connected");
    live.leave(&name, session, None);
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget?env=production").await.status(), 409, "it may come back");
    let silent = name.clone();
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&silent)?.unwrap();
        host.status = HostStatus::Silent;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget?env=production").await.status(), 204);
    assert_eq!(room.problem("/api/v1/hosts/web-1").await.0, 404);
    let hosts: host::HostPage = room.json("/api/v1/hosts").await;
    assert_eq!(hosts.hosts.iter().map(|host| host.host.as_str()).collect::<Vec<_>>(), ["web-2"]);
    let changes: change::ChangePage = room.json("/api/v1/changes?host=web-1").await;
    assert_eq!(changes.changes.len(), 5, "what it did is not forgotten");
    let events: change::EventPage = room.json("/api/v1/events?host=web-1&limit=1").await;
    assert!(events.events[0].message.contains("forgotten by ada"), "{:?}", events.events);
    let reader = room.http.core.store.reader().unwrap();
    assert!(reader.sources(&name).unwrap().is_empty());
    assert!(reader.items(&name, &SourceName::new("app").unwrap()).unwrap().is_empty());
    assert_eq!(forget("ada", "/api/v1/hosts/web-1/forget?env=production").await.status(), 404, "once");
}

#[tokio::test]
async fn what_operators_read_is_in_the_history() {
    let room = Room::new().await;
    room.fill().await;
    for _ in 0..3 {
        let _: host::Status = room.json("/api/v1/status").await;
    }
    room.http.tell_reads().await;
    // Handed over, so the next step comes after it.
    room.append(Vec::new()).await;
    let events: change::EventPage = room.json("/api/v1/events?limit=1").await;
    let message = &events.events[0].message;
    assert!(message.starts_with("ada read status (3 times) (between "), "{message}");
}
