//! Frames to messages and back: where protobuf ends.
//!
//! Decoding refuses whatever breaks a limit or the canonical form, and says
//! what; it never panics and never repairs. Encoding asserts the same limits,
//! after making free text printable, so that nothing an agent sees on its host
//! can make a record that no collector takes.

mod actor;
mod agent;
mod collector;
mod coverage;
mod enrolment;
mod field;
mod item;
mod meaning;
mod record;
mod split;

use std::fmt;

pub use agent::{
    AgentMessage, Epoch, Heartbeat, Hello, HostFacts, Instance, SourceRoot, decode_agent_frame, encode_agent,
    encode_some_source_roots, encode_source_roots,
};
pub use collector::{CollectorMessage, Refusal, RefusalKind, Welcome, decode_collector_frame, encode_collector};
pub use coverage::{Coverage, Unwatched};
pub use enrolment::{EnrolRequest, Enrolled, RenewRequest};
pub use record::{Amendment, Gap, Record, RecordBody, Snapshot, SnapshotReason, SourceRef};
pub use split::{RecordAssembler, RecordPart, encode_record};

/// What to do about an error of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireErrorKind {
    /// The same may work later.
    Retry,
    /// The same will be refused again.
    Reject,
}

/// A message that cannot be taken, or a call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct WireError {
    /// What to do about it.
    pub kind: WireErrorKind,
    /// What is wrong: names the field and the limit, never a value.
    pub what: String,
}

impl WireError {
    /// A message that breaks the protocol or a limit.
    #[must_use]
    pub fn reject(what: impl Into<String>) -> Self {
        Self { kind: WireErrorKind::Reject, what: what.into() }
    }

    /// Something that passes.
    #[must_use]
    pub fn retry(what: impl Into<String>) -> Self {
        Self { kind: WireErrorKind::Retry, what: what.into() }
    }

    fn of(field: &'static str, error: impl fmt::Display) -> Self {
        Self::reject(format!("{field}: {error}"))
    }
}

impl From<WireError> for tonic::Status {
    fn from(error: WireError) -> Self {
        match error.kind {
            WireErrorKind::Retry => Self::unavailable(error.what),
            WireErrorKind::Reject => Self::invalid_argument(error.what),
        }
    }
}

impl From<tonic::Status> for WireError {
    /// Codes by which a server, or the network, says that it may work later
    /// (gRPC's guide to status codes) become [`WireErrorKind::Retry`].
    fn from(status: tonic::Status) -> Self {
        use tonic::Code;
        let kind = match status.code() {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Aborted
            | Code::ResourceExhausted
            | Code::Internal
            | Code::Unknown => WireErrorKind::Retry,
            _ => WireErrorKind::Reject,
        };
        Self { kind, what: field::printable(status.message(), crate::limits::TEXT_BYTES_MAX) }
    }
}

#[cfg(test)]
mod tests;
