//! The collector's API as an operator's program uses it.
//!
//! Only what the benchmark asks.

use std::time::Duration;

use driftline_api::token::{TokenGrant, TokenRequest};
use driftline_canon::EnrolmentToken;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::collector::Collector;

/// How long one answer may take: the largest comparison is the slowest.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// A client with its operator's token.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base: String,
    bearer: String,
}

impl Api {
    /// For one collector.
    pub(crate) fn of(collector: &Collector) -> Self {
        driftline_daemon::tls::install_provider();
        let ca = reqwest::Certificate::from_pem(collector.ca_pem().as_bytes()).expect("the CA's certificate");
        let client = reqwest::Client::builder().tls_certs_only([ca]).timeout(ANSWER_MAX).build();
        Self { client: client.expect("a client"), base: collector.api(), bearer: collector.bearer() }
    }

    /// The answer of a path and query.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let text = self.text(path).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// The same as text.
    pub(crate) async fn text(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.bearer);
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(status.is_success(), "{path}: {status}: {text}");
        text
    }

    /// Sends a body and gives what the collector says to it.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &impl Serialize) -> String {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.bearer);
        let answer = request.json(body).send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(status.is_success(), "{path}: {status}: {text}");
        text
    }

    /// A new token's secret, and what the collector says to it.
    pub(crate) async fn token(&self, environment: &str) -> ([u8; 32], TokenGrant) {
        let mut secret = [0; 32];
        getrandom(&mut secret);
        let hash = EnrolmentToken::secret_hash(&secret);
        let request = TokenRequest {
            environment: environment.to_owned(),
            role: "web".to_owned(),
            host: None,
            valid_s: None,
            secret_sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let text = self.send(Method::POST, "/api/v1/tokens", &request).await;
        (secret, serde_json::from_str(&text).expect("a grant"))
    }
}

/// Random bytes from the operating system.
pub(crate) fn getrandom(bytes: &mut [u8]) {
    use std::io::Read as _;
    let mut source = std::fs::File::open("/dev/urandom").expect("the kernel's random numbers");
    source.read_exact(bytes).expect("random bytes");
}
