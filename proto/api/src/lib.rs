//! The JSON shapes between operator and collector: one for the HTTP API, the
//! command line's `--output json` and webhooks.
//!
//! Plain data with serde and nothing else: no behaviour, no I/O. Times are
//! RFC 3339 UTC texts with milliseconds beside nothing else; a digest appears
//! only where a command line hands over what it read. Fields are added, never
//! renamed; [`SCHEMA_VERSION`] moves when one must change its meaning.

pub mod actor;
pub mod alert;
pub mod baseline;
pub mod change;
pub mod compare;
pub mod desired;
pub mod drift;
pub mod explain;
pub mod host;
pub mod judge;
pub mod operator;
pub mod policy;
pub mod problem;
pub mod report;
pub mod snapshot;
pub mod token;
pub mod window;

/// Version of every document's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// Rows of one page at most; a query that wants more follows `next`.
pub const PAGE_ROWS_MAX: u32 = 1000;

/// Rows of one page when the query does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 100;
