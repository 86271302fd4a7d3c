//! A real collector in this process, and what an operator sees of it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use driftline_server::app::{Bound, Options, bind_with};
use driftline_server::{Config, ServerError};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Far above every promise that is not measured: a slow machine must not fail
/// a test.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const SECRET: &str = "a webhook secret of a test";

pub struct Fleet {
    pub dir: tempfile::TempDir,
    pub config: Config,
    pub bound: Bound,
    pub bearer: String,
    options: Options,
    api: reqwest::Client,
    running: Option<(CancellationToken, JoinHandle<Result<(), ServerError>>)>,
}

impl Fleet {
    pub async fn start() -> Self {
        Self::start_with(|_| {}, Options::default()).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config), options: Options) -> Self {
        driftline_daemon::tls::install_provider();
        let dir = tempfile::tempdir().unwrap();
        Self::start_in(dir, change, options).await
    }

    pub async fn start_in(dir: tempfile::TempDir, change: impl FnOnce(&mut Config), options: Options) -> Self {
        driftline_daemon::tls::install_provider();
        init(dir.path());
        let mut config = Config::load(&dir.path().join("collector.toml")).unwrap();
        change(&mut config);
        let bearer = std::fs::read_to_string(dir.path().join("operator/operator.token")).unwrap().trim().to_owned();
        let ca = std::fs::read(dir.path().join("operator/ca.pem")).unwrap();
        let api = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
            .no_proxy()
            .build()
            .unwrap();
        let nowhere = "127.0.0.1:1".parse().unwrap();
        let bound = Bound { ingest: nowhere, enrol: nowhere, api: nowhere };
        let mut fleet = Self { dir, config, bound, bearer, options, api, running: None };
        fleet.run().await;
        fleet
    }

    pub async fn run(&mut self) {
        let app = bind_with(self.config.clone(), self.options.clone()).await.unwrap();
        self.bound = app.bound();
        let stop = CancellationToken::new();
        let task = tokio::spawn(app.run(stop.clone()));
        self.running = Some((stop, task));
    }

    pub async fn stop(&mut self) {
        let (stop, task) = self.running.take().unwrap();
        stop.cancel();
        task.await.unwrap().unwrap();
    }

    /// As `kill -9` would, as far as a task can: nothing is drained.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn ca_pem(&self) -> Vec<u8> {
        std::fs::read(self.path("operator/ca.pem")).unwrap()
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("https://127.0.0.1:{}{path}", self.bound.api.port());
        self.api.request(method, url).bearer_auth(&self.bearer)
    }

    pub fn anonymous(&self, path: &str) -> reqwest::RequestBuilder {
        self.api.get(format!("https://127.0.0.1:{}{path}", self.bound.api.port()))
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.request(reqwest::Method::GET, path).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    pub async fn events(&self, what: &str) -> Vec<Value> {
        let page = self.get("/api/v1/events?limit=1000").await;
        page["events"].as_array().unwrap().iter().filter(|event| event["what"] == what).cloned().collect()
    }

    pub async fn changes(&self) -> Vec<Value> {
        self.get("/api/v1/changes?limit=1000").await["changes"].as_array().unwrap().clone()
    }

    pub async fn host(&self, name: &str) -> Value {
        self.get(&format!("/api/v1/hosts/{name}")).await["host"].clone()
    }

    pub async fn eventually(&self, what: &str) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let events = self.events(what).await;
            if !events.is_empty() {
                return events;
            }
            assert!(begun.elapsed() < PATIENCE, "never saw {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A token as the command line makes one: (id, secret).
    pub async fn token(&self, environment: &str, host: Option<&str>, valid_s: u64) -> (String, [u8; 32]) {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).unwrap();
        let hash = driftline_canon::EnrolmentToken::secret_hash(&secret);
        let mut body = serde_json::json!({
            "environment": environment, "role": "web", "valid_s": valid_s,
            "secret_sha256": driftline_server::hex::encode(&hash),
        });
        if let Some(host) = host {
            body["host"] = host.into();
        }
        let answer = self.request(reqwest::Method::POST, "/api/v1/tokens").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let grant: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (grant["id"].as_str().unwrap().to_owned(), secret)
    }
}

/// `driftline-collector init`, as an operator would.
pub fn init(dir: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_driftline-collector"))
        .arg("init")
        .args(["--name", "127.0.0.1", "--ingest-listen", "127.0.0.1:0", "--enrol-listen", "127.0.0.1:0"])
        .args(["--api-listen", "127.0.0.1:0"])
        .args([Path::new("--dir"), &dir.join("state"), Path::new("--config"), &dir.join("collector.toml")])
        .args([Path::new("--operator-config"), &dir.join("operator/cli.toml")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A webhook receiver: what came, and what it answers.
#[derive(Clone)]
pub struct Webhook {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    status: Arc<Mutex<u16>>,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub id: String,
    pub signature: String,
    pub body: Vec<u8>,
    pub json: Value,
}

impl Webhook {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let webhook = Self { url, calls: Arc::default(), status: Arc::new(Mutex::new(200)) };
        let shared = webhook.clone();
        let take = move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
            let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
            let json = serde_json::from_slice(&body).unwrap();
            let call = Call {
                id: text("driftline-alert-id"),
                signature: text("driftline-signature"),
                body: body.to_vec(),
                json,
            };
            shared.calls.lock().unwrap().push(call);
            let status = *shared.status.lock().unwrap();
            async move { axum::http::StatusCode::from_u16(status).unwrap() }
        };
        let router = axum::Router::new().route("/hook", axum::routing::post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        webhook
    }

    pub fn route(&self, dir: &Path) -> driftline_server::config::AlertRoute {
        let secret_file = dir.join("webhook.secret");
        std::fs::write(&secret_file, format!("{SECRET}\n")).unwrap();
        driftline_server::config::AlertRoute {
            name: "hook".to_owned(),
            kind: driftline_server::config::RouteKind::Webhook,
            url: self.url.clone(),
            secret_file,
            min_severity: driftline_compare::Severity::Info,
            allow_plaintext: false,
            ca_file: None,
        }
    }

    pub fn answer_with(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub async fn wait(&self, wanted: impl Fn(&Call) -> bool) -> Call {
        let begun = Instant::now();
        loop {
            if let Some(call) = self.calls().into_iter().find(|call| wanted(call)) {
                return call;
            }
            assert!(begun.elapsed() < PATIENCE, "no such call among {:?}", self.calls());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub fn has_key(call: &Call, key: &str) -> bool {
    call.json["changes"].as_array().is_some_and(|changes| changes.iter().any(|change| change["key"] == key))
}
