//! Whether a token holds: every rule in one pure function.

use driftline_canon::digest::equal_in_constant_time;
use driftline_canon::{EnrolmentToken, HostName};
use driftline_store::{HostRecord, HostStatus, TokenRecord};
use tonic::Status;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The token's secret.
    pub secret: &'a [u8; 32],
    /// The name that the host asks for.
    pub hostname: &'a HostName,
    /// SHA-256 of the public key that wants a certificate.
    pub public_key_sha256: [u8; 32],
    /// The collector's time.
    pub now_ms: i64,
}

/// A token that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Issue a certificate.
    Issue,
    /// The same key asks again: its answer was lost.
    Again,
}

/// Why an enrolment or renewal is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No such token, or another secret.
    Unknown,
    /// Its time is over.
    Expired,
    /// Another key has used it.
    Used,
    /// Revoked by hand.
    Revoked,
    /// It is for another host.
    WrongHost,
    /// The host is one of another environment.
    WrongEnvironment,
    /// The host exists, and the token is not for it alone.
    HostKnown,
    /// The certificate to renew is not of this CA, or its key did not sign.
    NotOurs,
    /// The certificate to renew is not the newest of its host.
    NotNewest,
    /// The certificate to renew expired too long ago.
    TooOld,
    /// Two live agents use this identity.
    Quarantined,
    /// The collector could not do it.
    Internal,
}

impl Refused {
    /// For the collector's log and history.
    #[must_use]
    pub fn log(self) -> &'static str {
        match self {
            Self::Unknown => "no such token, or a wrong secret",
            Self::Expired => "the token has expired",
            Self::Used => "the token was used before, by another key",
            Self::Revoked => "it was revoked",
            Self::WrongHost => "the token is for another host",
            Self::WrongEnvironment => "the host name belongs to another environment",
            Self::HostKnown => "the host is enrolled already: to replace it, make its token with `--host`",
            Self::NotOurs => "the certificate is not of this collector, or its key did not sign the request",
            Self::NotNewest => "the certificate is not the newest of its host",
            Self::TooOld => "the certificate expired too long ago",
            Self::Quarantined => "two live agents use this identity",
            Self::Internal => "the collector could not do it",
        }
    }

    /// Whether somebody claims what is not theirs.
    #[must_use]
    pub fn is_violation(self) -> bool {
        matches!(self, Self::WrongHost | Self::WrongEnvironment | Self::HostKnown | Self::NotOurs)
    }

    /// What the agent is told. Who holds the secret may know what is wrong with
    /// the token; who does not learns nothing.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Unknown => Status::permission_denied("the token is not valid"),
            Self::Internal => Status::unavailable("the collector could not issue a certificate, try again"),
            other => Status::permission_denied(other.log()),
        }
    }
}

/// Decides on a token; every rule, in the order in which they may be told.
///
/// # Errors
/// [`Refused`] says why not.
pub fn decide(token: Option<&TokenRecord>, host: Option<&HostRecord>, asked: &Asked<'_>) -> Result<Verdict, Refused> {
    // A forgotten name is free again.
    let host = host.filter(|host| host.status != HostStatus::Forgotten);
    let hash = EnrolmentToken::secret_hash(asked.secret);
    // Compared even without a token, so that the time says nothing.
    let expected = token.map_or([0; 32], |token| token.secret_hash);
    let equal = equal_in_constant_time(&hash, &expected);
    let Some(token) = token.filter(|_| equal) else { return Err(Refused::Unknown) };
    if token.revoked {
        return Err(Refused::Revoked);
    }
    if let Some(used) = &token.used {
        let same = used.public_key_sha256 == asked.public_key_sha256 && used.host == *asked.hostname;
        let still = host.is_some_and(|host| host.agent == used.agent);
        return if same && still { Ok(Verdict::Again) } else { Err(Refused::Used) };
    }
    if asked.now_ms > token.expires_ms {
        return Err(Refused::Expired);
    }
    if token.host.as_ref().is_some_and(|only| only != asked.hostname) {
        return Err(Refused::WrongHost);
    }
    if host.is_some_and(|host| host.environment != token.environment) {
        return Err(Refused::WrongEnvironment);
    }
    // A token for any new host must not take the place of one that is there.
    if host.is_some() && token.host.is_none() {
        return Err(Refused::HostKnown);
    }
    Ok(Verdict::Issue)
}

#[cfg(test)]
mod tests;
