//! Who asks: a bearer token, compared by its hash.
//!
//! Failed tries are counted per address and held off; a token is never logged.
//! What a route demands stands in [`super::demands`].

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use driftline_canon::{Environment, HostName};
use driftline_compare::Selector;
use driftline_store::{EntryQuery, OperatorRecord};
use sha2::{Digest as _, Sha256};

use super::error::Problem;
use super::{Http, Shared, demands};
use crate::grant::{Grants, OperatorRole, Sight};

/// Bytes of a bearer token at most; ours have 47.
const TOKEN_BYTES_MAX: usize = 256;

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
    fn grants(&self) -> Grants {
        Grants::of(&self.0.roles)
    }

    /// The one question to who asks: whether they hold a role, or one above it,
    /// in an environment; with none, everywhere.
    ///
    /// # Errors
    /// [`Problem`] 403 that names the role and the environment.
    pub(super) fn may(&self, role: OperatorRole, environment: Option<&Environment>) -> Result<(), Problem> {
        if self.grants().may(role, environment) { Ok(()) } else { Err(self.lacks(role, environment)) }
    }

    /// # Errors
    /// [`Problem`] 403 unless a role, or one above it, is held anywhere.
    pub(super) fn may_somewhere(&self, role: OperatorRole) -> Result<(), Problem> {
        if self.grants().may_somewhere(role) { Ok(()) } else { Err(self.lacks(role, None)) }
    }

    /// # Errors
    /// [`Problem`] 403 unless they may change something somewhere; where is
    /// asked once it is known.
    pub(super) fn may_change(&self) -> Result<(), Problem> {
        self.may_somewhere(OperatorRole::Operator)
    }

    /// # Errors
    /// [`Problem`] 403 unless they may declare something somewhere.
    pub(super) fn may_deploy(&self) -> Result<(), Problem> {
        self.may_somewhere(OperatorRole::Deployer)
    }

    /// Which environments they see.
    pub(super) fn sight(&self) -> Sight {
        self.grants().sight()
    }

    /// # Errors
    /// [`Problem`] 403 unless they see that environment.
    pub(super) fn sees(&self, environment: &Environment) -> Result<(), Problem> {
        self.may(OperatorRole::Viewer, Some(environment))
    }

    /// # Errors
    /// [`Problem`] 403 unless they see everything that a selector means.
    pub(super) fn sees_all_of(&self, selector: &Selector) -> Result<(), Problem> {
        self.may(OperatorRole::Viewer, selector.environment.as_ref())
    }

    /// Refuses a host of an environment that they do not see; one that is not
    /// there is not refused.
    ///
    /// # Errors
    /// [`Problem`] 403.
    pub(super) async fn sees_host(&self, http: &Http, host: &HostName) -> Result<(), Problem> {
        if self.sight() == Sight::Everything {
            return Ok(());
        }
        let host = host.clone();
        let found = http.read(move |reader| reader.host(&host)).await?;
        found.map_or(Ok(()), |host| self.sees(&host.environment))
    }

    /// A question to the history, narrowed to what they see.
    ///
    /// # Errors
    /// [`Problem`] 403 when it names what they do not see.
    pub(super) async fn narrowed(&self, http: &Http, query: EntryQuery) -> Result<EntryQuery, Problem> {
        let sight = self.sight();
        match &query.environment {
            Some(environment) => self.sees(environment)?,
            None => {
                if let Some(host) = &query.host {
                    self.sees_host(http, host).await?;
                }
                if let Some(only) = sight.only_one() {
                    return Ok(EntryQuery { environment: Some(only.clone()), ..query });
                }
            }
        }
        Ok(query)
    }

    /// Why they may no longer read what they began to read; none while all is as
    /// it was. What cannot be looked up is none of the two: it ends too.
    pub(super) async fn dismissal(&self, http: &Http) -> Option<Problem> {
        let hash = self.0.token_hash;
        let found = match http.look_up(move |reader| reader.operator_by_token_hash(&hash)).await {
            Ok(found) => found,
            Err(problem) => return Some(problem),
        };
        let (name, was) = (&self.0.name, &self.0.roles);
        match found {
            None => Some(Problem::gone(format!("the access token of {name} is no longer valid"))),
            Some(found) if found.revoked => Some(Problem::gone(format!("the operator {name} was revoked"))),
            Some(found) if found.roles != *was => {
                let (was, now) = (was.join(", "), found.roles.join(", "));
                let problem = Problem::forbidden(format!("{name} had {was} and now has {now}"));
                Some(problem.hint("start it again to read with the role of today"))
            }
            Some(_) => None,
        }
    }

    fn lacks(&self, role: OperatorRole, environment: Option<&Environment>) -> Problem {
        let own = if self.0.roles.is_empty() { "no role".to_owned() } else { self.0.roles.join(", ") };
        let (place, wanted) = match environment {
            Some(environment) => (format!(" in {environment}"), format!("{role}:{environment}")),
            None if self.grants().may_somewhere(role) => (" everywhere".to_owned(), role.to_string()),
            None => (String::new(), role.to_string()),
        };
        let problem = Problem::forbidden(format!("{} has {own}; this needs the role `{role}`{place}", self.0.name));
        problem.hint(format!("an administrator grants it: `driftline operator add NAME --role {wanted}`"))
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
        Some(hash) => http.look_up(move |reader| reader.operator_by_token_hash(&hash)).await?,
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
    let operator = Operator(operator);
    let route = request.extensions().get::<MatchedPath>().cloned();
    // A path that no route has is answered as such.
    if let Some(route) = &route {
        demands::check(&operator, request.method(), route.as_str(), request.uri())?;
    }
    http.reads.note(&operator.0.name, request.method(), request.uri().path(), route.is_some());
    request.extensions_mut().insert(operator);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && (1..=TOKEN_BYTES_MAX).contains(&token.len())).then_some(token)
}
