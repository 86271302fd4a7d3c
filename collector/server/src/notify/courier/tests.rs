//! A courier against a receiver that misbehaves in every way it can.

#![allow(clippy::disallowed_methods, reason = "receivers and couriers of a test end with its runtime")]

use std::sync::Mutex;
use std::time::Instant;

use driftline_compare::Severity as Least;
use driftline_store::{EngineKind, EntryBody, EntryFilter, EntryQuery, EventKind, StoreOptions};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::RouteKind;
use crate::event;
use crate::notify::Notifier;
use crate::record::RecordParts;

const SECRET: &[u8] = b"a secret of sixteen bytes or more";
const DAY_MS: i64 = 86_400_000;
const PATIENCE: Duration = Duration::from_secs(25);

/// What a receiver does with a call.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Status(u16),
    Redirect,
    CutOff,
    Hang,
}

#[derive(Debug, Clone)]
struct Call {
    at: Instant,
    path: String,
    id: String,
    signature: String,
    body: Vec<u8>,
}

/// Answers as it was told, call by call, and the last answer ever after.
#[derive(Clone)]
struct Receiver {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Receiver {
    async fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        let receiver = Self { port: listener.local_addr().unwrap().port(), calls: Arc::default(), answers };
        let shared = receiver.clone();
        tokio::task::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn(shared.clone().serve(stream));
            }
        });
        receiver
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(call) = read_call(&mut stream).await {
            self.calls.lock().unwrap().push(call);
            let answer = {
                let mut answers = self.answers.lock().unwrap();
                if answers.len() > 1 { answers.remove(0) } else { answers[0] }
            };
            let text = match answer {
                Answer::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"),
                Answer::Redirect => "HTTP/1.1 307 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_owned(),
                Answer::CutOff => return,
                Answer::Hang => return std::future::pending().await,
            };
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    }

    fn answer_with(&self, answer: Answer) {
        *self.answers.lock().unwrap() = vec![answer];
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    async fn wait(&self, count: usize) -> Vec<Call> {
        let begun = Instant::now();
        while self.calls().len() < count {
            assert!(begun.elapsed() < PATIENCE, "only {} calls", self.calls().len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.calls()
    }
}

async fn read_call(stream: &mut TcpStream) -> Option<Call> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let header = |name: &str| {
                let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
                line.map(|line| line.split_once(':').unwrap().1.trim().to_owned()).unwrap_or_default()
            };
            let length: usize = header("content-length").parse().unwrap();
            if bytes.len() >= end + 4 + length {
                let path = head.split(' ').nth(1).unwrap().to_owned();
                let (id, signature) = (header("driftline-alert-id"), header("driftline-signature"));
                return Some(Call { at: Instant::now(), path, id, signature, body: bytes[end + 4..].to_vec() });
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A store with a writer, and one route that is served.
struct Room {
    dir: tempfile::TempDir,
    store: Store,
    clock: Clock,
    parts: CourierParts,
    routes: Vec<AlertRoute>,
    lane: Option<LaneEnd>,
    courier: Option<(CancellationToken, tokio::task::JoinHandle<Result<(), StoreError>>)>,
}

fn route(dir: &std::path::Path, name: &str, port: u16) -> AlertRoute {
    let secret_file = dir.join("secret");
    std::fs::write(&secret_file, SECRET).unwrap();
    AlertRoute {
        name: name.to_owned(),
        kind: RouteKind::Webhook,
        url: format!("http://127.0.0.1:{port}/hook"),
        secret_file,
        min_severity: Least::Info,
        allow_plaintext: false,
        ca_file: None,
    }
}

impl Room {
    fn new(port: u16) -> Self {
        driftline_daemon::tls::install_provider();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s"), EngineKind::Redb, StoreOptions::default()).unwrap();
        let routes = vec![route(dir.path(), "hook", port), route(dir.path(), "other", 1)];
        let (notifier, mut lanes) = Notifier::new(&routes);
        let (clock, metrics) = (Clock::manual(10 * DAY_MS), Arc::new(Metrics::default()));
        let (recorder, stage) = crate::record::stage(RecordParts {
            store: store.clone(),
            writer: store.writer().unwrap(),
            clock: clock.clone(),
            notifier,
            health: Arc::default(),
            metrics: Arc::clone(&metrics),
            stop: CancellationToken::new(),
        });
        std::thread::spawn(move || stage.run());
        let parts = CourierParts { store: store.clone(), recorder, clock: clock.clone(), metrics };
        Self { dir, store, clock, parts, routes, lane: Some(lanes.remove(0)), courier: None }
    }

    /// The courier of the first route; after a stop it has to read the outbox.
    fn start(&mut self) {
        let lane = self.lane.take().unwrap_or_else(|| Notifier::new(&self.routes[..1]).1.remove(0));
        let courier = Courier::new(&self.routes[0], lane, self.parts.clone()).unwrap();
        let stop = CancellationToken::new();
        self.courier = Some((stop.clone(), tokio::task::spawn(async move { courier.run(stop).await })));
    }

    async fn stop(&mut self) {
        let (stop, task) = self.courier.take().unwrap();
        stop.cancel();
        tokio::time::timeout(PATIENCE, task).await.expect("it stops at once").unwrap().unwrap();
    }

    async fn tell(&self, message: &str) {
        let entries = vec![event::general(EventKind::Operator, message)];
        self.parts
            .recorder
            .decide(move |draft| {
                draft.append(entries);
                Ok(())
            })
            .await
            .unwrap();
    }

    fn waiting(&self, route: &str) -> Vec<u64> {
        let alerts = self.store.reader().unwrap().outbox_of(route, 0, 100).unwrap();
        alerts.iter().map(|alert| alert.id).collect()
    }

    async fn delivered(&self) {
        let begun = Instant::now();
        while !self.waiting("hook").is_empty() {
            assert!(begun.elapsed() < PATIENCE, "{:?} still wait", self.waiting("hook"));
            // The silence watch does it every second.
            self.parts.recorder.flush_later().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// HMAC of RFC 2104 with nothing but the hash, as a receiver might write it.
fn hmac(secret: &[u8], message: &[u8]) -> String {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(secret).for_each(|(byte, secret)| *byte ^= secret);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    crate::hex::encode(&Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_2xx_is_tried_again_with_longer_pauses_and_signed_each_time() {
    let answers = [Answer::Status(500), Answer::Redirect, Answer::CutOff, Answer::Status(204)];
    let receiver = Receiver::start(&answers).await;
    let mut room = Room::new(receiver.port);
    room.start();
    room.tell("first").await;
    let calls = receiver.wait(4).await;
    room.delivered().await;
    assert_eq!(receiver.calls().len(), 4, "taken once it said so");
    for (pair, least_ms) in calls.windows(2).zip([125, 250, 500]) {
        let pause = pair[1].at - pair[0].at;
        assert!(pause >= Duration::from_millis(least_ms - 20), "{pause:?}");
    }
    let now_s = 10 * DAY_MS / 1000;
    for call in &calls {
        assert_eq!((call.path.as_str(), call.id.as_str()), ("/hook", "1"), "a redirect is not followed");
        let signed = [format!("{now_s}.").as_bytes(), &call.body].concat();
        assert_eq!(call.signature, format!("t={now_s},v1={}", hmac(SECRET, &signed)));
        let alert: driftline_api::alert::Alert = serde_json::from_slice(&call.body).unwrap();
        assert_eq!((alert.id.as_str(), alert.summary.as_str()), ("1", "first"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_route_keeps_its_order_and_its_ids_over_restarts() {
    let receiver = Receiver::start(&[Answer::Status(503)]).await;
    let mut room = Room::new(receiver.port);
    room.start();
    for message in ["a", "b", "c"] {
        room.tell(message).await;
    }
    let tried = receiver.wait(2).await;
    assert!(tried.iter().all(|call| call.id == "1"), "nothing overtakes the first");
    room.stop().await;
    assert_eq!(room.waiting("hook"), [1, 3, 5], "none is lost; the others belong to the other route");
    let before = receiver.calls().len();
    receiver.answer_with(Answer::Status(200));
    room.start();
    room.delivered().await;
    let after = receiver.calls()[before..].to_vec();
    assert_eq!(after.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["1", "3", "5"]);
    assert_eq!(after[0].body, tried[0].body, "the same words under the same id");
    assert_eq!(room.waiting("other"), [2, 4, 6]);
    room.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_an_alert_is_given_up_said_once_and_not_told_to_the_same_receiver() {
    let receiver = Receiver::start(&[Answer::Status(500)]).await;
    let mut room = Room::new(receiver.port);
    room.start();
    room.tell("old").await;
    receiver.wait(1).await;
    room.clock.advance_ms(DAY_MS);
    receiver.wait(3).await;
    assert_eq!(room.waiting("hook"), [1], "not before the day is over");
    // From the first try on: a collector that was down itself gives up nothing.
    room.clock.advance_ms(60_000);
    room.delivered().await;
    let query = EntryQuery { filter: EntryFilter::Events, limit: 10, ..EntryQuery::default() };
    let events = room.store.reader().unwrap().entries(&query).unwrap().entries;
    let told: Vec<_> = events.iter().map(|entry| super::super::severity(&entry.body)).collect();
    assert_eq!(told, [Severity::Info, Severity::Critical], "{events:?}");
    assert!(format!("{events:?}").contains("alert 1 was not delivered to `hook`"), "{events:?}");
    assert_eq!(room.waiting("other"), [2, 3], "another receiver hears of it");
    receiver.answer_with(Answer::Status(200));
    room.tell("new").await;
    room.delivered().await;
    let last = receiver.calls().last().unwrap().clone();
    assert!(String::from_utf8(last.body).unwrap().contains("new"), "it goes on with the next");
    room.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_is_called_again_and_does_not_hold_up_the_stop() {
    let receiver = Receiver::start(&[Answer::Hang, Answer::Hang]).await;
    let mut room = Room::new(receiver.port);
    room.start();
    room.tell("x").await;
    let calls = receiver.wait(2).await;
    let waited = calls[1].at - calls[0].at;
    assert!(waited >= CALL && waited < CALL + Duration::from_secs(5), "{waited:?}");
    assert_eq!(calls[0].id, calls[1].id);
    let begun = Instant::now();
    room.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "a stop waits for no receiver");
    assert_eq!(room.waiting("hook"), [1]);
}

#[tokio::test]
async fn p4_alerts_go_in_clear_to_this_host_only_unless_permitted() {
    let room = Room::new(1);
    let courier = |url: &str, allow_plaintext: bool| {
        let route = AlertRoute { url: url.to_owned(), allow_plaintext, ..room.routes[0].clone() };
        let lane = Notifier::new(std::slice::from_ref(&route)).1.remove(0);
        Courier::new(&route, lane, room.parts.clone()).map(|_| ()).map_err(|error| error.to_string())
    };
    for url in ["http://192.0.2.1/hook", "http://hooks.example.com/", "http://127.0.0.1.example.com/"] {
        let refused = courier(url, false).unwrap_err();
        assert!(refused.contains("in clear") && !refused.contains("hooks.example"), "{refused}");
        courier(url, true).unwrap();
    }
    for url in ["http://localhost/", "http://[::1]:9/", "http://127.0.0.2/", "https://hooks.example.com/"] {
        courier(url, false).unwrap();
    }
    for url in ["ftp://127.0.0.1/", "unix:/run/x", "hook"] {
        courier(url, true).unwrap_err();
    }
    std::fs::write(room.dir.path().join("secret"), b"short").unwrap();
    assert!(courier("https://hooks.example.com/", false).unwrap_err().contains("at least 16"));
}

#[tokio::test]
async fn an_alert_of_the_collector_itself_is_sent_without_an_outbox() {
    let receiver = Receiver::start(&[Answer::Status(200)]).await;
    let mut room = Room::new(receiver.port);
    let (notifier, mut lanes) = Notifier::new(&room.routes[..1]);
    room.lane = Some(lanes.remove(0));
    notifier.trouble(crate::record::health::Trouble::Full, 10 * DAY_MS);
    room.start();
    let calls = receiver.wait(1).await;
    assert!(calls[0].id.starts_with("collector-"), "{}", calls[0].id);
    assert!(room.waiting("hook").is_empty());
    room.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_read_back_tells_of_all_its_entries() {
    let receiver = Receiver::start(&[Answer::Status(200)]).await;
    let mut room = Room::new(receiver.port);
    let host = crate::testing::host_record("web-1");
    let change = |number: usize| crate::testing::change(&host, &format!("KEY_{number}"));
    let mut entries: Vec<EntryBody> = (0..700).map(|number| EntryBody::Change(change(number))).collect();
    // The worst one comes last.
    entries.push(crate::record::health::event(Severity::Critical, "worst".to_owned()));
    let append = move |draft: &mut crate::record::Draft<'_>| {
        draft.append(entries);
        Ok(())
    };
    room.parts.recorder.decide(append).await.unwrap();
    // A courier with a lane of its own has nothing but the outbox.
    room.lane = None;
    room.start();
    let calls = receiver.wait(1).await;
    let alert: driftline_api::alert::Alert = serde_json::from_slice(&calls[0].body).unwrap();
    assert_eq!((alert.changes.len(), alert.more_changes, alert.events.len()), (100, 600, 1));
    assert_eq!(alert.severity, "critical");
    assert!(alert.summary.contains("700 changes"), "{}", alert.summary);
    room.stop().await;
}
