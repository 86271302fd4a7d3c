//! What the kernel's events mean: pure, from notify's events to happenings.
//!
//! Nobody else in the agent knows notify's types.

use std::path::PathBuf;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};

use crate::observe::Urgency;

/// What happened to a name in a watched directory, or to the directory itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A file that was open for writing was closed.
    Written,
    /// A file was written and is still open, or was truncated.
    Modified,
    /// Mode, owner, list or times changed.
    Attributes,
    /// A name appeared: created, linked.
    Created,
    /// A name appeared or vanished by a rename, or vanished.
    Moved,
}

impl Happening {
    /// How urgent it is to look.
    #[must_use]
    pub fn urgency(self) -> Urgency {
        match self {
            Self::Written | Self::Attributes | Self::Moved => Urgency::Now,
            Self::Created => Urgency::Created,
            Self::Modified => Urgency::Settle,
        }
    }

    /// Whether the name may lead elsewhere now.
    #[must_use]
    pub fn renames(self) -> bool {
        matches!(self, Self::Created | Self::Moved)
    }
}

/// What was heard of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Directory as it was watched, and the name, unless it is the directory.
    pub path: PathBuf,
    /// What happened.
    pub happening: Happening,
}

/// Translates an event; none for what concerns nobody.
#[must_use]
pub fn heard(mut event: notify::Event) -> Option<Heard> {
    let happening = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Happening::Written,
        // notify tells both halves of a rename one by one before.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return None,
        EventKind::Modify(ModifyKind::Name(_)) | EventKind::Remove(_) => Happening::Moved,
        EventKind::Modify(ModifyKind::Metadata(_)) => Happening::Attributes,
        EventKind::Modify(_) => Happening::Modified,
        EventKind::Create(_) => Happening::Created,
        EventKind::Access(_) | EventKind::Any | EventKind::Other => return None,
    };
    Some(Heard { path: event.paths.pop()?, happening })
}
