//! Who asks: a bearer token, compared by its hash.
//!
//! Failed tries are counted per address and held off; a token is never logged.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use driftline_store::OperatorRecord;
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::error::Problem;

/// Bytes of a bearer token at most; ours have 47.
const TOKEN_BYTES_MAX: usize = 256;

/// Roles that may change something.
const CHANGING: [&str; 2] = [ADMIN, "operator"];

/// The role that may do everything.
const ADMIN: &str = "admin";

/// The role of CI/CD: it says what hosts should have.
const DEPLOYER: &str = "deployer";

/// A connection: where it comes from, and whether anybody showed a valid token
/// on it.
#[derive(Debug, Clone)]
pub(super) struct OpenConnection {
    pub(super) peer: IpAddr,
    known: Arc<AtomicBool>,
}

impl OpenConnection {
    pub(super) fn new(peer: IpAddr) -> Self {
        Self { peer, known: Arc::default() }
    }

    fn authenticated(&self) {
        self.known.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_authenticated(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }
}

/// The operator that a request was made by.
#[derive(Debug, Clone)]
pub(super) struct Operator(pub(super) OperatorRecord);

impl Operator {
    /// # Errors
    /// [`Problem`] 403 unless a role permits changes.
    pub(super) fn may_change(&self) -> Result<(), Problem> {
        if self.0.roles.iter().any(|role| CHANGING.contains(&role.as_str())) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("{} may not change anything", self.0.name)))
    }

    /// # Errors
    /// [`Problem`] 403 unless a role permits declaring what CI/CD deploys.
    pub(super) fn may_deploy(&self) -> Result<(), Problem> {
        if self.0.roles.iter().any(|role| role == DEPLOYER) {
            return Ok(());
        }
        self.may_change()
    }

    /// # Errors
    /// [`Problem`] 403 unless it is an administrator.
    pub(super) fn must_be_admin(&self) -> Result<(), Problem> {
        if self.0.roles.iter().any(|role| role == ADMIN) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("{} is no administrator", self.0.name)))
    }
}

pub(super) async fn require(
    State(http): State<Shared>,
    Extension(open): Extension<OpenConnection>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let peer = open.peer;
    let hash = bearer(request.headers()).map(|token| Sha256::digest(token.as_bytes()).into());
    let operator = match hash {
        Some(hash) => http.read(move |reader| reader.operator_by_token_hash(&hash)).await?,
        None => None,
    };
    let Some(operator) = operator.filter(|operator| !operator.revoked) else {
        // Only who fails is held off: a good token works from any address.
        let now_ms = http.core.clock.now_ms();
        http.core.metrics.login_refused();
        let mut limiter = http.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let may_try = limiter.may_try(peer, now_ms);
        limiter.failed(peer, now_ms);
        return Err(if may_try { Problem::unauthorised() } else { Problem::too_many() });
    };
    open.authenticated();
    let is_route = request.extensions().get::<MatchedPath>().is_some();
    http.reads.note(&operator.name, request.method(), request.uri().path(), is_route);
    request.extensions_mut().insert(Operator(operator));
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && (1..=TOKEN_BYTES_MAX).contains(&token.len())).then_some(token)
}
