//! The language between agent and collector: `driftline.v1` over mutually
//! authenticated TLS 1.3.
//!
//! Only this crate knows protobuf. Frames become canon's types here, checked
//! against every limit, and nowhere else. It reads no file, spawns no task and
//! reads no clock of its own; the only sockets are those it is asked to open or
//! to accept.

pub mod accept;
pub mod codec;
pub mod connect;
pub mod convert;
pub mod identity;
pub mod limits;
pub mod service;
pub mod tls;
pub mod version;

#[cfg(test)]
mod testing;

/// Generated from `proto/driftline/v1/driftline.proto`; the test
/// `generated_code_is_current` makes it anew and compares.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::too_many_lines)]
#[rustfmt::skip]
#[path = "gen/driftline.v1.rs"]
pub mod v1;

pub use accept::{Peer, TlsConn};
pub use convert::{AgentMessage, CollectorMessage, Record, RecordAssembler, RecordBody, SourceRef, WireError};
pub use identity::{AgentId, PeerIdentity};
pub use version::{PROTOCOL, ProtocolVersion};
