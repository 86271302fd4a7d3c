//! The collector's store: what is known of each host now, and everything that
//! happened, in one layout over two engines.
//!
//! Few coarse operations: a [`Reader`] that sees one consistent state, and one
//! [`Writer`] with one atomic, durable [`Writer::commit`]. It knows neither
//! wire nor JSON, and decides nothing.

pub mod batch;
pub mod record;

pub use batch::{Batch, Operation};
pub use record::{
    AlertRecord, Change, Entry, EntryBody, Event, EventKind, HostFacts, HostRecord, HostStatus, ItemRecord,
    OperatorRecord, SourceRecord, StoredDigest, TokenRecord,
};
