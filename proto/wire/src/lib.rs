//! The language between agent and collector: `driftline.v1` over mutually
//! authenticated TLS 1.3.
//!
//! Only this crate knows protobuf. Frames become canon's types here, checked
//! against every limit, and nowhere else. It opens no socket and reads no file.

pub mod limits;

/// Generated from `proto/driftline/v1/driftline.proto`; the test
/// `generated_code_is_current` makes it anew and compares.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::too_many_lines)]
#[rustfmt::skip]
#[path = "gen/driftline.v1.rs"]
pub mod v1;
