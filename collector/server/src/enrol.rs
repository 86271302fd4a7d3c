//! Enrolment: a token becomes a certificate, and an old certificate the next.
//!
//! Every decision is made by the writer, so that a token is used once however
//! many ask at the same time. A refusal says no more than that the token does
//! not hold: whoever guesses learns nothing.

pub mod limiter;
mod renew;
pub mod rules;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use driftline_canon::AgentId;
use driftline_compare::Severity;
use driftline_daemon::Clock;
use driftline_store::{EventKind, HostRecord, HostStatus, StoreError, TokenRecord, TokenUse};
use driftline_wire::convert::{EnrolRequest, Enrolled, Refusal, RefusalKind, RenewRequest};
use driftline_wire::service::Enrolment;
use driftline_wire::v1::{EnrollRequest, EnrollResponse, RenewRequest as RenewFrame};
use driftline_wire::{PROTOCOL, Peer, PeerIdentity, version};
use tonic::{Request, Response, Status};

use crate::ca::{self, Ca, Issued};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::record::{Draft, Recorder};
use crate::session::fresh_host;
use crate::{event, hex};
use limiter::Limiter;
use rules::{Asked, Refused, Verdict};

/// What the service needs.
pub struct EnrolParts {
    /// The writer.
    pub recorder: Recorder,
    /// The CA.
    pub ca: Arc<Ca>,
    /// Who is connected.
    pub live: Arc<Live>,
    /// The clock.
    pub clock: Clock,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// The service; clones share everything.
#[derive(Clone)]
pub struct EnrolmentService {
    parts: Arc<EnrolParts>,
    limiter: Arc<Mutex<Limiter>>,
}

impl EnrolmentService {
    /// A service.
    #[must_use]
    pub fn new(parts: EnrolParts) -> Self {
        Self { parts: Arc::new(parts), limiter: Arc::default() }
    }

    fn may_try(&self, peer: IpAddr) -> Result<(), Status> {
        let limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        if limiter.may_try(peer, self.parts.clock.now_ms()) {
            return Ok(());
        }
        Err(Status::resource_exhausted("too many failed tries from this address, wait a minute"))
    }

    /// Counts a failed try; says whether it is worth an event.
    fn failed(&self, peer: IpAddr) -> bool {
        self.parts.metrics.token_refused();
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.failed(peer, self.parts.clock.now_ms())
    }

    async fn refused(
        &self,
        peer: IpAddr,
        refused: Refused,
        environment: Option<driftline_canon::Environment>,
    ) -> Status {
        tracing::warn!(%peer, reason = refused.log(), "enrolment refused");
        if self.failed(peer) {
            let message = format!("enrolment from {peer} refused: {}", refused.log());
            let kind = if refused.is_violation() { EventKind::IdentityViolation } else { EventKind::TokenRefused };
            let mut entry = event::general(kind, message);
            if let driftline_store::EntryBody::Event(event) = &mut entry {
                event.environment = environment;
            }
            let append = move |draft: &mut Draft<'_>| {
                draft.append(vec![entry]);
                Ok(())
            };
            // Stopping: it was counted and logged.
            _ = self.parts.recorder.decide(append).await;
        }
        refused.status()
    }
}

#[tonic::async_trait]
impl Enrolment for EnrolmentService {
    async fn enroll(&self, request: Request<EnrollRequest>) -> Result<Response<EnrollResponse>, Status> {
        let peer = address(&request)?;
        self.may_try(peer)?;
        let asked = EnrolRequest::decode(request.into_inner())?;
        version::compatible(PROTOCOL, asked.protocol)
            .map_err(|error| Status::failed_precondition(error.to_string()))?;
        let csr = ca::Request::verify(&asked.csr).map_err(|error| Status::invalid_argument(error.to_string()))?;
        let parts = Arc::clone(&self.parts);
        let decided = self.parts.recorder.decide(move |draft| enrol(draft, &parts, &asked, &csr)).await;
        match decided.map_err(|stopped| Status::unavailable(stopped.to_string()))? {
            Ok(enrolled) => Ok(Response::new(enrolled.encode())),
            Err((refused, environment)) => Err(self.refused(peer, refused, environment).await),
        }
    }

    async fn renew(&self, request: Request<RenewFrame>) -> Result<Response<EnrollResponse>, Status> {
        let peer = address(&request)?;
        let asked = RenewRequest::decode(request.into_inner())?;
        version::compatible(PROTOCOL, asked.protocol)
            .map_err(|error| Status::failed_precondition(error.to_string()))?;
        let csr = ca::Request::verify(&asked.csr).map_err(|error| Status::invalid_argument(error.to_string()))?;
        // Whoever proves a certificate of ours is never held off: failed tries
        // from the same address are somebody else's.
        let proven = match renew::proven(&self.parts, &asked, self.parts.clock.now_ms()) {
            Ok(proven) => proven,
            Err(refused) => {
                self.may_try(peer)?;
                return Err(self.refused(peer, refused, None).await);
            }
        };
        let parts = Arc::clone(&self.parts);
        let decided = self.parts.recorder.decide(move |draft| renew::renew(draft, &parts, &csr, proven)).await;
        match decided.map_err(|stopped| Status::unavailable(stopped.to_string()))? {
            Ok(enrolled) => Ok(Response::new(enrolled.encode())),
            Err(refused) => Err(self.refused(peer, refused, None).await),
        }
    }
}

fn address<T>(request: &Request<T>) -> Result<IpAddr, Status> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.address.ip());
    peer.ok_or_else(|| Status::internal("the connection has no address"))
}

type EnrolOutcome = Result<Enrolled, (Refused, Option<driftline_canon::Environment>)>;

fn enrol(
    draft: &mut Draft<'_>,
    parts: &EnrolParts,
    asked: &EnrolRequest,
    csr: &ca::Request,
) -> Result<EnrolOutcome, StoreError> {
    let now_ms = draft.now_ms;
    let token = draft.token(&asked.token_id)?;
    let host = draft.host(&asked.hostname)?;
    let environment = token.as_ref().map(|token| token.environment.clone());
    let question = Asked {
        secret: &asked.token_secret,
        hostname: &asked.hostname,
        public_key_sha256: csr.public_key_sha256(),
        now_ms,
    };
    let verdict = rules::decide(token.as_ref(), host.as_ref(), &question);
    let (verdict, token) = match (verdict, token) {
        (Ok(verdict), Some(token)) => (verdict, token),
        (Err(refused), _) => return Ok(Err((refused, environment))),
        (Ok(_), None) => return Ok(Err((Refused::Unknown, environment))),
    };
    Ok(match verdict {
        Verdict::Again => again(parts, &token, now_ms).map_err(|refused| (refused, environment)),
        Verdict::Issue => issue(draft, parts, csr, (token, host, asked)).map_err(|refused| (refused, environment)),
    })
}

/// The answer was lost: the same one again.
fn again(parts: &EnrolParts, token: &TokenRecord, now_ms: i64) -> Result<Enrolled, Refused> {
    let used = token.used.as_ref().ok_or(Refused::Used)?;
    let facts = crate::x509::facts(&used.certificate).ok_or(Refused::Used)?;
    let identity = PeerIdentity {
        agent: used.agent.clone(),
        host: used.host.clone(),
        environment: token.environment.clone(),
        role: token.role.clone(),
    };
    let issued =
        Issued { certificate: used.certificate.clone().into(), serial: facts.serial, not_after_ms: facts.not_after_ms };
    Ok(answer(parts, identity, &issued, now_ms))
}

fn issue(
    draft: &mut Draft<'_>,
    parts: &EnrolParts,
    csr: &ca::Request,
    (mut token, known, asked): (TokenRecord, Option<HostRecord>, &EnrolRequest),
) -> Result<Enrolled, Refused> {
    let now_ms = draft.now_ms;
    // Above the one before, even if the clock was stepped back since.
    let before_ms = known.as_ref().map_or(0, |host| id_ms(&host.agent));
    let agent = new_agent_id(now_ms.max(before_ms.saturating_add(1))).ok_or(Refused::Internal)?;
    let identity = PeerIdentity {
        agent: agent.clone(),
        host: asked.hostname.clone(),
        environment: token.environment.clone(),
        role: token.role.clone(),
    };
    let issued = parts.ca.issue_agent(csr, &identity.to_uri(), now_ms).map_err(|error| {
        tracing::error!(%error, "a certificate could not be signed");
        Refused::Internal
    })?;
    // Of a forgotten one only the number that its old certificates stay below.
    let known = known.filter(|host| host.status != HostStatus::Forgotten);
    let replaced = known.is_some();
    let mut host = known.unwrap_or_else(|| fresh_host(&identity, now_ms));
    host.agent = agent.clone();
    host.role = identity.role.clone();
    host.serials = vec![issued.serial.clone()];
    host.public_key_sha256 = csr.public_key_sha256();
    host.status = HostStatus::Never;
    host.instances = [Vec::new(), Vec::new()];
    host.enrolled_ms = now_ms;
    let what = if replaced { "enrolled again, its old certificate is refused" } else { "enrolled" };
    let used_message = format!("token {} was used by {}", token.id, host.host);
    let mut enrolled = event::of_host(&host, EventKind::HostEnrolled, format!("{} {what}", host.host));
    if replaced {
        enrolled = event::with_severity(enrolled, Severity::Warning);
    }
    draft.append(vec![enrolled, event::of_host(&host, EventKind::TokenUsed, used_message)]);
    if replaced {
        let reason = "this host enrolled again".to_owned();
        parts.live.close(&host.host, Refusal { kind: RefusalKind::Revoked, reason });
    }
    token.used = Some(TokenUse {
        host: host.host.clone(),
        agent,
        public_key_sha256: csr.public_key_sha256(),
        certificate: issued.certificate.to_vec(),
        used_ms: now_ms,
    });
    draft.put_token(token);
    draft.put_host(host);
    Ok(answer(parts, identity, &issued, now_ms))
}

/// Begins with the time, so that the later of two enrolments has the higher id.
fn new_agent_id(now_ms: i64) -> Option<AgentId> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).ok()?;
    AgentId::new(format!("{}-{}", hex::encode(&ca::time_prefix(now_ms)), hex::encode(&random))).ok()
}

/// The time that an agent id begins with; 0 if it is none of ours.
fn id_ms(agent: &AgentId) -> i64 {
    let digits = agent.as_str().get(..2 * ca::time_prefix(0).len());
    digits.and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

fn answer(parts: &EnrolParts, identity: PeerIdentity, issued: &Issued, now_ms: i64) -> Enrolled {
    Enrolled {
        certificate: issued.certificate.to_vec(),
        ca_certificate: parts.ca.certificate().to_vec(),
        identity,
        not_after_ms: issued.not_after_ms,
        sent_ms: now_ms,
    }
}
