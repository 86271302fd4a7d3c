//! What one commit does, all of it or nothing.
//!
//! A batch is data: the stages that decide fill it, the writer carries it out.

use driftline_canon::{HostName, ItemKey, SourceName};

use crate::anchor::Cut;
use crate::document::Written;
use crate::record::{Entry, EntryBody, HostRecord, ItemRecord, OperatorRecord, SourceRecord, TokenRecord};

/// One step of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "short-lived, moved once into the writer")]
pub enum Operation {
    /// Inserts or replaces a host.
    PutHost(HostRecord),
    /// Inserts or replaces a source (not its items).
    PutSource(SourceRecord),
    /// Inserts or replaces items of a source.
    PutItems {
        /// Host.
        host: HostName,
        /// Source.
        source: SourceName,
        /// The items.
        items: Vec<ItemRecord>,
    },
    /// Removes items of a source.
    RemoveItems {
        /// Host.
        host: HostName,
        /// Source.
        source: SourceName,
        /// Their keys.
        keys: Vec<ItemKey>,
    },
    /// Removes every source of a host, with its items.
    RemoveSources(HostName),
    /// Appends entries to the history, and for each route named an alert that
    /// tells of those of them that the route wants (indexes into `entries`).
    Append {
        /// What is said, in order.
        entries: Vec<EntryBody>,
        /// (route, indexes into `entries`).
        alerts: Vec<(String, Vec<u32>)>,
    },
    /// An alert that tells of entries of earlier commits.
    Alert {
        /// Who is told.
        route: String,
        /// Of what.
        entries: Vec<Entry>,
    },
    /// Takes a delivered (or given up) alert out of the outbox.
    AlertDone(u64),
    /// Puts an alert off.
    AlertDeferred {
        /// Its id.
        id: u64,
        /// Tries so far.
        attempts: u32,
        /// Not before.
        next_attempt_ms: i64,
    },
    /// Inserts or replaces a token.
    PutToken(TokenRecord),
    /// Inserts or replaces an operator.
    PutOperator(OperatorRecord),
    /// Inserts, replaces or removes a document.
    Document(Written),
    /// Cuts a piece off the beginning of the history.
    Cut(Cut),
    /// Removes entries that were kept beside the chain when its beginning was
    /// cut off, and that nobody needs any more. At most
    /// [`crate::anchor::CUT_ENTRIES_MAX`]; others are left alone.
    DropKept(Vec<u64>),
}

/// Operations that are committed together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Carried out in order.
    pub operations: Vec<Operation>,
    /// The collector's time, for the entries.
    pub now_ms: i64,
}

/// What a commit made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// Ids of the appended entries, in order of the batch.
    pub entries: Vec<u64>,
    /// Ids of the alerts made.
    pub alerts: Vec<u64>,
}
