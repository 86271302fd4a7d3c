//! The stage that remembers: what changed is on disk before it is sent, in one
//! file with the state it changed.
//!
//! It never drops a record that the collector has not acknowledged, except by
//! folding a full journal, and then says so.

pub mod entry;
pub mod fold;
mod reader;
pub mod recovery;
pub mod store;
mod writer;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use driftline_canon::SourceName;
use driftline_canon::actor::Actor;
use tokio::sync::{mpsc, oneshot, watch};

use crate::observe::{ObservationNumber, Observed};
use crate::status::Trouble;
pub use entry::{Body, Entry, Gap, SourceRef};
pub use reader::{JournalReader, NextRoot, Roots};
pub use store::{Meta, StoreError};
pub(crate) use writer::chain;
pub use writer::{Journal, JournalSettings};

/// Batches and marks on their way to the journal.
pub const INPUTS: usize = 2;

/// Requests of the shipping stage on their way.
pub const REQUESTS: usize = 64;

/// What the pipeline sends.
#[derive(Debug)]
pub enum Input {
    /// Sources were seen.
    Observed(Vec<Observed>),
    /// Everything asked for before was seen.
    Mark(Mark),
    /// Who made a change that was seen before is known by now.
    Amend(Box<Amend>),
}

/// Who made the changes of an earlier observation. It says nothing if that
/// observation changed nothing, or if the journal no longer knows its records.
#[derive(Debug, Clone)]
pub struct Amend {
    /// The source.
    pub source: SourceName,
    /// The observation, as its clue numbers it.
    pub number: ObservationNumber,
    /// Who it was.
    pub actor: Actor,
}

/// A place in the stream of observations.
#[derive(Debug)]
pub enum Mark {
    /// Changes may have gone unseen.
    Gap(Gap),
    /// The whole configuration was seen: sources that are not among these are
    /// retired.
    Retain(HashSet<NameHash>),
    /// Tell that everything before is on disk.
    Durable(oneshot::Sender<()>),
}

/// Sixty-four bits of a source's name. A hundred thousand names would take
/// megabytes to hold only for comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(u64);

impl NameHash {
    /// Of a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut hash = DefaultHasher::new();
        name.hash(&mut hash);
        Self(hash.finish())
    }
}

/// What the shipping stage asks for.
#[derive(Debug)]
pub enum Request {
    /// The collector has everything of this epoch up to here.
    Acked {
        /// The epoch of the session.
        epoch: [u8; 16],
        /// The highest sequence number on the collector's disk.
        seq: u64,
    },
    /// The collector wants all of these.
    SendAll(Vec<SourceName>),
    /// The collector's numbers and ours do not fit: begin a new epoch.
    BeginEpoch {
        /// Why, for the gap record.
        reason: String,
    },
}

/// How far the journal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is known about the journal.
    pub meta: Meta,
    /// The pipeline has ended and everything is on disk.
    pub finished: bool,
    /// Why nothing can be written, if so.
    pub blocked: Option<String>,
    /// Rises with every change of a source's root.
    pub generation: u64,
    /// Sources that are polled, or cannot be read.
    pub degraded: u32,
    /// Some of them, for `status`.
    pub troubles: Vec<Trouble>,
}

/// The journal's ends.
#[derive(Debug)]
pub struct Ends {
    /// From the observe stage.
    pub inputs: mpsc::Receiver<Input>,
    /// From the shipping stage.
    pub requests: mpsc::Receiver<Request>,
    /// To whoever wants to know.
    pub progress: watch::Sender<Progress>,
}
