//! What a better verdict would have needed and was not there.
//!
//! Closed, and variants are only appended: the store keeps their numbers.

use serde::{Deserialize, Serialize};

use super::words;

/// One thing that was missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// No revision declares its source.
    NoRevision {
        /// The source.
        source: String,
    },
    /// Revisions do not say such things of a source.
    Undeclarable {
        /// The key.
        key: String,
    },
    /// A revision declared it, and its time was over.
    Expired {
        /// Which.
        revision: String,
        /// Since so long.
        ago_ms: i64,
    },
    /// A revision declared it, and a newer one had taken its place.
    Superseded {
        /// Which.
        revision: String,
        /// Since so long.
        ago_ms: i64,
    },
    /// A revision was made with another fleet key or canonical form than the
    /// host's digests.
    OtherKey {
        /// Which.
        revision: String,
    },
    /// A rule names the actor, but it is not certain who it was.
    ActorOnlyProbable {
        /// The rule.
        rule: String,
    },
    /// Nobody can be named.
    ActorUnknown,
    /// No rule speaks of the actor.
    NoRule,
    /// No window was ever opened for it.
    NoWindow,
    /// The nearest window was over.
    WindowClosed {
        /// Its ticket.
        ticket: String,
        /// Since so long.
        before_ms: i64,
    },
    /// The nearest window opened later.
    WindowLater {
        /// Its ticket.
        ticket: String,
        /// So much later.
        after_ms: i64,
    },
    /// A window was open for a part of the time in which nobody watched.
    WindowPart {
        /// Its ticket.
        ticket: String,
    },
    /// A window was open for somebody else.
    WindowOfAnother {
        /// Its ticket.
        ticket: String,
        /// For whom.
        actor: String,
        /// It may have been them, but that is not certain.
        probable: bool,
    },
    /// A revision declares it, and another one for the host counts before it.
    Overruled {
        /// Which.
        revision: String,
    },
    /// A revision counted for a part of the time in which nobody watched.
    RevisionPart {
        /// Which.
        revision: String,
    },
}

impl Missing {
    /// Its stable word: part of the API.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoRevision { .. } => "no_revision",
            Self::Undeclarable { .. } => "undeclarable",
            Self::Expired { .. } => "expired",
            Self::Superseded { .. } => "superseded",
            Self::OtherKey { .. } => "other_key",
            Self::ActorOnlyProbable { .. } => "actor_only_probable",
            Self::ActorUnknown => "actor_unknown",
            Self::NoRule => "no_rule",
            Self::NoWindow => "no_window",
            Self::WindowClosed { .. } => "window_closed",
            Self::WindowLater { .. } => "window_later",
            Self::WindowPart { .. } => "window_part",
            Self::WindowOfAnother { .. } => "window_of_another",
            Self::Overruled { .. } => "overruled",
            Self::RevisionPart { .. } => "revision_part",
        }
    }

    /// It as a sentence without its end: no capital, no full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NoRevision { source } => format!("no revision declares source {source}"),
            Self::Undeclarable { key } => format!("revisions declare settings, and `{key}` is none"),
            Self::Expired { revision, ago_ms } => format!(
                "revision {} declared it and expired {} before",
                words::revision(revision),
                words::duration(*ago_ms)
            ),
            Self::Superseded { revision, ago_ms } => format!(
                "revision {} declared it, but a newer one had taken its place {} before",
                words::revision(revision),
                words::duration(*ago_ms)
            ),
            Self::OtherKey { revision } => format!(
                "revision {} was made with another fleet key or form than the host's digests: push it again",
                words::revision(revision)
            ),
            Self::ActorOnlyProbable { rule } => {
                format!("the actor of rule `{rule}` is only probable: the kernel did not name it with the change")
            }
            Self::ActorUnknown => "nothing told who made it".to_owned(),
            Self::NoRule => "no rule of the policy speaks of who made it".to_owned(),
            Self::NoWindow => "no window was ever opened for it".to_owned(),
            Self::WindowClosed { ticket, before_ms } => {
                format!("nearest window {ticket} closed {} before", words::duration(*before_ms))
            }
            Self::WindowLater { ticket, after_ms } => {
                format!("nearest window {ticket} opened {} later", words::duration(*after_ms))
            }
            Self::WindowPart { ticket } => {
                format!("window {ticket} was open for a part only of the time in which nobody watched")
            }
            Self::WindowOfAnother { ticket, actor, probable } => {
                let why = if *probable { ", who may have made it, but that is not certain" } else { "" };
                format!("window {ticket} was open for {actor} only{why}")
            }
            Self::Overruled { revision } => format!(
                "revision {} declares it, but another one counts before it for this host",
                words::revision(revision)
            ),
            Self::RevisionPart { revision } => format!(
                "revision {} counted for a part only of the time in which nobody watched",
                words::revision(revision)
            ),
        }
    }
}

#[cfg(test)]
mod tests;
