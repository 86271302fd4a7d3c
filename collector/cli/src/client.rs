//! Asking the collector: HTTPS with one pinned CA, a bearer token, JSON of
//! `driftline-api`.
//!
//! It believes no other CA, follows no redirect, uses no proxy, and reads no
//! answer without a limit. Retrying is left to those who know what may be
//! repeated.

pub mod access;
pub mod sse;
pub mod tls;

use std::fmt;
use std::time::Duration;

use driftline_api::problem::ApiError;
use futures_util::StreamExt as _;
use reqwest::{Method, Response, StatusCode, Url, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use access::Access;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::text::safe;

/// How long connecting may take: a collector that is there answers at once.
const CONNECT_S_MAX: u64 = 10;

/// How long a whole answer may take: the largest comparison needs a second.
const ANSWER_S_MAX: u64 = 60;

/// Bytes of an answer. A comparison of a million keys stays below.
const ANSWER_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes of an error's body that are read: it is a sentence.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// How long nothing may come on a stream before it counts as dead: the
/// collector sends a sign of life more often.
const SILENCE_S_MAX: u64 = 60;

/// Asks one collector.
#[derive(Clone)]
pub struct Client {
    base: Url,
    token: Zeroizing<String>,
    http: reqwest::Client,
}

// By hand: the token must not be in a log or a panic.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the collector that is configured.
    ///
    /// # Errors
    /// [`Failure`] when the configuration does not say enough, or what it names
    /// cannot be used.
    pub fn new(access: &Access) -> Outcome<Self> {
        let base = access.collector()?;
        let token = Zeroizing::new(access.token()?);
        let tls = tls::pinned(&access.ca()?)?;
        let http = builder().tls_backend_preconfigured(tls).https_only(true).build();
        let http = http.map_err(|error| Failure::new(Exit::Internal, format!("cannot set up HTTPS: {error}")))?;
        Ok(Self { base, token, http })
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// [`Failure`] when the collector cannot be reached, refuses, or answers
    /// something that this version does not understand.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &impl Serialize) -> Outcome<T> {
        let response = self.send(Method::GET, self.url(path, query)?, None::<&()>).await?;
        understood(&body(response, ANSWER_BYTES_MAX).await?)
    }

    /// Sends JSON and asks for JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &[&str], sent: &impl Serialize) -> Outcome<T> {
        let response = self.send(Method::POST, self.url(path, &())?, Some(sent)).await?;
        understood(&body(response, ANSWER_BYTES_MAX).await?)
    }

    /// Puts JSON in the place of what is there and asks for JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn put<T: DeserializeOwned>(&self, path: &[&str], sent: &impl Serialize) -> Outcome<T> {
        let response = self.send(Method::PUT, self.url(path, &())?, Some(sent)).await?;
        understood(&body(response, ANSWER_BYTES_MAX).await?)
    }

    /// Has something done that has no answer.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn act(&self, path: &[&str], query: &impl Serialize) -> Outcome<()> {
        self.send(Method::POST, self.url(path, query)?, None::<&()>).await.map(|_| ())
    }

    /// Deletes something.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, path: &[&str]) -> Outcome<()> {
        self.send(Method::DELETE, self.url(path, &())?, None::<&()>).await.map(|_| ())
    }

    /// Opens an answer that does not end soon.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn stream(&self, path: &[&str], query: &impl Serialize, last_event: Option<u64>) -> Outcome<Stream> {
        let mut request = self.http.get(self.url(path, query)?).bearer_auth(&*self.token);
        if let Some(id) = last_event {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        Ok(Stream { response: checked(response).await? })
    }

    /// The collector's address, for messages.
    #[must_use]
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    async fn send(&self, method: Method, url: Url, sent: Option<&impl Serialize>) -> Outcome<Response> {
        let mut request = self.http.request(method, url).bearer_auth(&*self.token);
        request = request.timeout(Duration::from_secs(ANSWER_S_MAX));
        if let Some(sent) = sent {
            let json = serde_json::to_vec(sent)
                .map_err(|error| Failure::new(Exit::Internal, format!("cannot write the request: {error}")))?;
            request = request.header(header::CONTENT_TYPE, "application/json").body(json);
        }
        checked(request.send().await.map_err(|error| self.unreachable(&error))?).await
    }

    /// The URL of an API path; each part is escaped as it must be.
    fn url(&self, path: &[&str], query: &impl Serialize) -> Outcome<Url> {
        let unusable = || Failure::new(Exit::Usage, format!("{} cannot carry an API path", self.address()));
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| unusable())?.pop_if_empty().extend(["api", "v1"]).extend(path);
        let query = serde_json::to_value(query)
            .map_err(|error| Failure::new(Exit::Internal, format!("cannot write the query: {error}")))?;
        // Without a field there is no `?` either.
        for (name, value) in query.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().append_pair(name, &text);
        }
        Ok(url)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let cause = innermost(error);
        let failure = Failure::new(Exit::Unreachable, format!("cannot reach {}: {cause}", self.address()));
        match cause.contains("certificate") || cause.contains("UnknownIssuer") {
            true => {
                failure.hint("the collector's certificate is not signed by the CA in `ca_file`, or names another host")
            }
            false => {
                failure.hint("is `driftline-collector run` up, and the address right? `--collector URL` names another")
            }
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("driftline/", env!("CARGO_PKG_VERSION")))
}

/// An answer that comes piece by piece.
#[derive(Debug)]
pub struct Stream {
    response: Response,
}

impl Stream {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`Failure`] when the connection broke, or went silent.
    pub async fn next(&mut self) -> Outcome<Option<bytes::Bytes>> {
        let limit = Duration::from_secs(SILENCE_S_MAX);
        match tokio::time::timeout(limit, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => {
                Err(Failure::new(Exit::Unreachable, format!("the connection broke: {}", innermost(&error))))
            }
            Err(_) => Err(Failure::new(Exit::Unreachable, format!("nothing came for {SILENCE_S_MAX} s"))),
        }
    }
}

/// A response of 2xx; everything else is a failure with the collector's words.
async fn checked(response: Response) -> Outcome<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = body(response, ERROR_BYTES_MAX).await.unwrap_or_default();
    let said: Option<ApiError> = serde_json::from_slice(&body).ok();
    let message = said.as_ref().map_or_else(|| format!("the collector answered {status}"), |said| said.message.clone());
    let hint = said.and_then(|said| said.hint).map(|hint| safe(&hint)).or_else(|| hint(status).map(str::to_owned));
    Err(Failure::new(exit(status), safe(&message)).maybe_hint(hint))
}

fn exit(status: StatusCode) -> Exit {
    match status.as_u16() {
        401 | 403 => Exit::Denied,
        404 | 410 => Exit::Inconclusive,
        400 | 405 | 413 | 414 => Exit::Usage,
        409 | 422 => Exit::Data,
        429 | 502..=504 => Exit::Unreachable,
        _ => Exit::Internal,
    }
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        401 => Some("the access token is not known to this collector: `driftline login` sets another"),
        403 => Some("your role does not permit this"),
        429 | 503 => Some("the collector is busy: try again"),
        _ => None,
    }
}

async fn body(response: Response, limit: usize) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|error| Failure::new(Exit::Unreachable, format!("the answer broke off: {}", innermost(&error))))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Failure::new(Exit::Data, format!("the answer has more than {limit} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads JSON of the API.
///
/// # Errors
/// [`Failure`] when this version does not understand it.
pub fn understood<T: DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::new(Exit::Data, format!("the collector's answer is not understood: {error}"))
            .hint("are collector and command line of the same version?")
    })
}

/// The cause at the bottom says what happened; what is above it only that a
/// request failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

#[cfg(test)]
mod tests;
