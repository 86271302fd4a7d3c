//! Renewal: the newest certificate of a host, expired or not, for the next.
//!
//! Two phases: the next certificate is valid beside the one before until it is
//! used, so that an agent that loses the answer is never stranded.

use driftline_store::{EventKind, HostRecord, HostStatus, StoreError};
use driftline_wire::PeerIdentity;
use driftline_wire::convert::{Enrolled, Refusal, RefusalKind, RenewRequest};

use super::rules::Refused;
use super::{EnrolParts, answer};
use crate::admit::identity::{self, Admission};
use crate::record::Draft;
use crate::session::fresh_host;
use crate::{ca, event, x509};

/// How long after its end a certificate can still be renewed.
const EXPIRED_MS_MAX: i64 = 90 * 86_400_000;

/// Certificates of one host that are valid at once: the newest, and the one in
/// use while the newest has not been seen.
const SERIALS_MAX: usize = 2;

pub(super) fn renew(
    draft: &mut Draft<'_>,
    parts: &EnrolParts,
    csr: &ca::Request,
    (identity, facts): (PeerIdentity, x509::Facts),
) -> Result<Result<Enrolled, Refused>, StoreError> {
    let now_ms = draft.now_ms;
    let known = draft.host(&identity.host)?;
    let mut host = match identity::decide(known.as_ref(), &identity, &facts.serial) {
        Admission::Newest | Admission::Previous | Admission::Newer => {
            known.unwrap_or_else(|| fresh_host(&identity, now_ms))
        }
        Admission::Revoked => return Ok(Err(Refused::Revoked)),
        Admission::Retired => return Ok(Err(Refused::NotNewest)),
        Admission::Copied => {
            if let Some(host) = known {
                quarantine(draft, parts, host);
            }
            return Ok(Err(Refused::Quarantined));
        }
        Admission::Quarantined => return Ok(Err(Refused::Quarantined)),
    };
    let issued = match parts.ca.issue_agent(csr, &identity.to_uri(), now_ms) {
        Ok(issued) => issued,
        Err(error) => {
            tracing::error!(%error, "a certificate could not be signed");
            return Ok(Err(Refused::Internal));
        }
    };
    host.agent = identity.agent.clone();
    // The one that was shown stays valid; one that was issued in between and
    // never shown is the answer that was lost.
    host.serials = vec![issued.serial.clone(), facts.serial];
    host.serials.truncate(SERIALS_MAX);
    host.public_key_sha256 = csr.public_key_sha256();
    if host.status == HostStatus::Never && host.enrolled_ms == 0 {
        host.enrolled_ms = now_ms;
    }
    draft.append(vec![event::of_host(&host, EventKind::HostRenewed, format!("{} renewed its certificate", host.host))]);
    draft.put_host(host);
    Ok(Ok(answer(parts, identity, &issued, now_ms)))
}

/// A certificate that was renewed and retired is shown again: somebody has a
/// copy of the agent's state.
fn quarantine(draft: &mut Draft<'_>, parts: &EnrolParts, mut host: HostRecord) {
    let message = format!("a retired certificate of {} was shown: it is refused until it enrols again", host.host);
    draft.append(vec![event::of_host(&host, EventKind::HostQuarantined, message)]);
    host.status = HostStatus::Quarantined;
    let reason = "two agents use this identity".to_owned();
    parts.live.close(&host.host, Refusal { kind: RefusalKind::Quarantined, reason });
    draft.put_host(host);
}

/// Who asks, if the certificate is ours, not too old, and its key signed.
pub(super) fn proven(
    parts: &EnrolParts,
    asked: &RenewRequest,
    now_ms: i64,
) -> Result<(PeerIdentity, x509::Facts), Refused> {
    let ours = x509::is_signed_by(&asked.certificate, parts.ca.certificate())
        && x509::is_signature(&asked.certificate, &asked.csr, &asked.signature);
    if !ours {
        return Err(Refused::NotOurs);
    }
    let identity = PeerIdentity::from_certificate(&asked.certificate).map_err(|_| Refused::NotOurs)?;
    let facts = x509::facts(&asked.certificate).ok_or(Refused::NotOurs)?;
    if now_ms.saturating_sub(facts.not_after_ms) > EXPIRED_MS_MAX {
        return Err(Refused::TooOld);
    }
    Ok((identity, facts))
}
