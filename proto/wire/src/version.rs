//! Which protocol versions talk to each other: one pure rule.
//!
//! It knows nothing of the versions of programs, which are for people.

use std::fmt;

use driftline_canon::{Problem, SourceKind};

use crate::convert::{Record, RecordBody};

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion {
    /// A different major cannot talk.
    pub major: u32,
    /// A higher minor has something to add, which the other may ignore.
    pub minor: u32,
}

/// The version that this program speaks.
pub const PROTOCOL: ProtocolVersion = ProtocolVersion { major: 1, minor: 2 };

/// From then on kinds of sources beside env files and files are known, and one
/// that is not known ends no stream.
const MORE_KINDS: ProtocolVersion = ProtocolVersion { major: 1, minor: 1 };

/// From then on records say who did it and what it means.
const ACTORS: ProtocolVersion = ProtocolVersion { major: 1, minor: 2 };

/// What both sides speak: neither sends what a higher minor added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed(pub ProtocolVersion);

impl Agreed {
    /// The kind that a source travels as. Before 1.1 an unknown one is a
    /// protocol error, which would hold up every other source: there it is a
    /// file, as unknown kinds are since.
    #[must_use]
    pub fn kind(self, kind: SourceKind) -> SourceKind {
        match kind {
            SourceKind::EnvFile | SourceKind::File => kind,
            _ if self.0 >= MORE_KINDS => kind,
            _ => SourceKind::File,
        }
    }

    /// Whether the other side knows who did it and what it means.
    #[must_use]
    pub fn names_actors(self) -> bool {
        self.0 >= ACTORS
    }

    /// The record that is sent: before 1.2 without who did it and what it
    /// means.
    ///
    /// Of an amendment nothing would be left, but its number cannot be left
    /// out: the collector would report a hole. So it becomes the list of the
    /// source's open problems as they are now (`problems`): a list says all of
    /// it each time, so that one told twice, or before its time, changes
    /// nothing in the end.
    #[must_use]
    pub fn record(self, record: Record, problems: impl FnOnce() -> Vec<Problem>) -> Record {
        if self.names_actors() {
            return record;
        }
        let body = match record.body {
            RecordBody::Amendment(_) => RecordBody::Problems(problems()),
            body => body,
        };
        Record { actor: None, meanings: Vec::new(), body, ..record }
    }
}

/// Two versions that cannot talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this side speaks protocol {ours}, the other {theirs}: upgrade {}", if ours < theirs { "this side" } else { "the other side" })]
pub struct Incompatible {
    /// The version of this side.
    pub ours: ProtocolVersion,
    /// The version of the other side.
    pub theirs: ProtocolVersion,
}

/// The rule: equal majors talk, in the lower of the two minors. Major 0 is no
/// version (an unset field reads as 0.0).
///
/// # Errors
/// [`Incompatible`] says which side to upgrade.
pub fn compatible(ours: ProtocolVersion, theirs: ProtocolVersion) -> Result<Agreed, Incompatible> {
    if ours.major != theirs.major || ours.major == 0 {
        return Err(Incompatible { ours, theirs });
    }
    Ok(Agreed(ours.min(theirs)))
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests;
