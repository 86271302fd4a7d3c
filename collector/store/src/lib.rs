//! The collector's store: what is known of each host now, and everything that
//! happened, in one layout over two engines.
//!
//! Few coarse operations: a [`Reader`] that sees one consistent state, and one
//! [`Writer`] with one atomic, durable [`Writer::commit`]. It knows neither
//! wire nor JSON, and decides nothing. Every call blocks: callers use threads
//! that may.

pub mod anchor;
pub mod batch;
pub mod chain;
pub mod document;
pub mod query;
pub mod reader;
pub mod record;
pub mod store;
pub mod writer;

mod codec;
mod draft;
mod engine;
mod error;
mod layout;
mod posting;

pub use anchor::{Anchor, CUT_ENTRIES_MAX, Cut};
pub use batch::{Batch, Committed, Operation};
pub use chain::{ChainLink, ChainVerifier, VerifyReport, entry_hash, verify_chain};
pub use codec::ItemView;
pub use document::{DOCUMENT_ID_BYTES_MAX, Document, DocumentKind, Written, numbered};
pub use engine::EngineKind;
pub use error::{ErrorKind, OpenError, StoreError};
pub use query::{ActorPattern, EntryFilter, EntryQuery, Opens, PAGE_ENTRIES_MAX, Page, SCAN_ROWS_MAX};
pub use reader::{
    ANOTHER_FORM, Amended, ENTRIES_WALKED_MAX, HostThen, OUTBOX_DUE_MAX, Reader, Rejudged, SeverityCounts, SourceItems,
    SourceThen,
};
pub use record::{
    AlertRecord, Amendment, Beside, Change, Entry, EntryBody, Event, EventKind, Grounds, HostFacts, HostRecord,
    HostStatus, ItemRecord, OperatorRecord, Rejudgement, Side, SourceRecord, StoredDigest, TokenRecord, TokenUse,
};
pub use store::{CACHE_BYTES_DEFAULT, OpenReport, RESERVE_BYTES_DEFAULT, Store, StoreOptions};
pub use writer::Writer;
