//! Documents: what operators and the collector decide by - desired revisions,
//! windows, policies, acceptances, baselines, open drift, reports.
//!
//! One table for all of them, keyed by kind and id, so that a new kind is no
//! new layout. What a document means is not known here; whoever writes one
//! says how its id is made, and ids of a kind sort as they are to be listed.

use driftline_compare::acceptance::Acceptance;
use driftline_compare::baseline::Baseline;
use driftline_compare::desired::{Pruned, Revision, Sheet};
use driftline_compare::drift::Drift;
use driftline_compare::judge::held::Held;
use driftline_compare::policy::PolicyVersion;
use driftline_compare::report::Report;
use driftline_compare::window::Window;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::Operation;
use crate::codec::{decode, encode};
use crate::engine::{Direction, Flow};
use crate::error::StoreError;
use crate::layout::{Span, Table};
use crate::reader::Reader;

/// Bytes of an id. Selectors and names are within theirs.
pub const DOCUMENT_ID_BYTES_MAX: usize = 4_096;

/// Digits of a number in an id: every `u64` fits, so that numbers sort.
const NUMBER_DIGITS: usize = 20;

/// What a document is. The numbers are part of the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DocumentKind {
    /// What CI/CD declared, without its items.
    Revision = 1,
    /// The items of one source of a revision or baseline.
    Sheet = 2,
    /// A stretch of time in which changes are expected.
    Window = 3,
    /// A version of the policy.
    Policy = 4,
    /// A difference that is meant.
    Acceptance = 5,
    /// What a person approved as known-good, without its items.
    Baseline = 6,
    /// A difference with a life.
    Drift = 7,
    /// What a scheduled scan found.
    Report = 8,
    /// A change whose alert waits until its deployment has settled.
    Held = 9,
    /// A revision whose items are kept no longer.
    Pruned = 10,
}

/// What can be kept as a document.
pub trait Document: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: DocumentKind;

    /// Names it among those of its kind: text without control characters, at
    /// most [`DOCUMENT_ID_BYTES_MAX`] bytes.
    fn id(&self) -> String;
}

impl Document for Revision {
    const KIND: DocumentKind = DocumentKind::Revision;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for Sheet {
    const KIND: DocumentKind = DocumentKind::Sheet;

    fn id(&self) -> String {
        format!("{}/{}", self.owner, self.source)
    }
}

impl Document for Pruned {
    const KIND: DocumentKind = DocumentKind::Pruned;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for Baseline {
    const KIND: DocumentKind = DocumentKind::Baseline;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for PolicyVersion {
    const KIND: DocumentKind = DocumentKind::Policy;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for Window {
    const KIND: DocumentKind = DocumentKind::Window;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for Report {
    const KIND: DocumentKind = DocumentKind::Report;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

impl Document for Held {
    const KIND: DocumentKind = DocumentKind::Held;

    fn id(&self) -> String {
        numbered(self.change)
    }
}

impl Document for Acceptance {
    const KIND: DocumentKind = DocumentKind::Acceptance;

    fn id(&self) -> String {
        numbered(self.number)
    }
}

/// By where it is, so that those of a source are found together.
impl Document for Drift {
    const KIND: DocumentKind = DocumentKind::Drift;

    fn id(&self) -> String {
        self.identity.text()
    }
}

/// A document on its way to the disk, or its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its id.
    pub id: String,
    /// Its encoded form; none removes it.
    bytes: Option<Vec<u8>>,
}

impl Written {
    /// A document that is inserted or replaced.
    ///
    /// # Errors
    /// When its id is not one, or it cannot be encoded: both are bugs.
    pub fn put<D: Document>(document: &D) -> Result<Self, StoreError> {
        let id = checked(document.id())?;
        Ok(Self { kind: D::KIND, id, bytes: Some(encode(Table::Documents, document)?) })
    }

    /// The removal of a document; one that is not there is left so.
    #[must_use]
    pub fn remove(kind: DocumentKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), bytes: None }
    }

    /// The document, if it is of that kind and not removed.
    ///
    /// # Errors
    /// When it does not decode.
    pub fn read<D: Document>(&self) -> Result<Option<D>, StoreError> {
        let bytes = self.bytes.as_ref().filter(|_| self.kind == D::KIND);
        bytes.map(|bytes| decode(Table::Documents, bytes)).transpose()
    }

    pub(crate) fn row(&self) -> (Vec<u8>, Option<&[u8]>) {
        (row_key(self.kind, &self.id), self.bytes.as_deref())
    }
}

impl From<Written> for Operation {
    fn from(written: Written) -> Self {
        Self::Document(written)
    }
}

/// A number as a part of an id: sorts as it counts.
#[must_use]
pub fn numbered(number: u64) -> String {
    format!("{number:0NUMBER_DIGITS$}")
}

fn checked(id: String) -> Result<String, StoreError> {
    if id.len() > DOCUMENT_ID_BYTES_MAX || id.chars().any(char::is_control) {
        return Err(StoreError::bug("name a document", format!("its id has {} bytes or control characters", id.len())));
    }
    Ok(id)
}

fn row_key(kind: DocumentKind, id: &str) -> Vec<u8> {
    [&[kind as u8], id.as_bytes()].concat()
}

impl Reader {
    /// One document.
    ///
    /// # Errors
    /// When the engine cannot read, or it does not decode.
    pub fn document<D: Document>(&self, id: &str) -> Result<Option<D>, StoreError> {
        let bytes = self.snapshot.get(Table::Documents, &row_key(D::KIND, id))?;
        bytes.map(|bytes| decode(Table::Documents, &bytes)).transpose()
    }

    /// The documents of a kind whose ids begin so, by id.
    ///
    /// # Errors
    /// See [`Self::document`].
    pub fn documents<D: Document>(&self, prefix: &str) -> Result<Vec<D>, StoreError> {
        let mut found = Vec::new();
        self.scan_documents(prefix, Direction::Up, |document| {
            found.push(document);
            Flow::Go
        })?;
        Ok(found)
    }

    /// The last document of a kind whose id begins so.
    ///
    /// # Errors
    /// See [`Self::document`].
    pub fn last_document<D: Document>(&self, prefix: &str) -> Result<Option<D>, StoreError> {
        let mut last = None;
        self.scan_documents(prefix, Direction::Down, |document| {
            last = Some(document);
            Flow::Stop
        })?;
        Ok(last)
    }

    /// The documents of a kind from the last id on, for as long as `visit` says
    /// so.
    ///
    /// # Errors
    /// See [`Self::document`].
    pub fn newest_documents<D: Document>(&self, mut visit: impl FnMut(D) -> bool) -> Result<(), StoreError> {
        self.scan_documents("", Direction::Down, |document| if visit(document) { Flow::Go } else { Flow::Stop })
    }

    fn scan_documents<D: Document>(
        &self,
        prefix: &str,
        direction: Direction,
        mut visit: impl FnMut(D) -> Flow,
    ) -> Result<(), StoreError> {
        let span = Span::starting_with(&row_key(D::KIND, prefix));
        self.snapshot
            .scan(Table::Documents, &span, direction, &mut |_, value| Ok(visit(decode(Table::Documents, value)?)))
    }
}
