//! What is asked of the judge: a change, and what was found that may speak of it.
//!
//! References only; nothing here decides or finds.

use driftline_canon::{Actor, Confidence, Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use serde::{Deserialize, Serialize};

use super::Declaration;
use crate::window::Window;
use crate::{Severity, verdict::Mark};

/// When a change happened, by the collector's clock: between both, which are
/// the same where somebody watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Not before.
    pub since_ms: i64,
    /// Not after.
    pub until_ms: i64,
}

impl Stretch {
    /// A moment.
    #[must_use]
    pub fn at(time_ms: i64) -> Self {
        Self { since_ms: time_ms, until_ms: time_ms }
    }

    /// From the times that an agent gave. Its clock is `skew_ms` ahead of the
    /// collector's, and nothing happens after it was told.
    #[must_use]
    pub fn of_agent(observed_ms: i64, unobserved_since_ms: Option<i64>, skew_ms: i64, now_ms: i64) -> Self {
        let until_ms = observed_ms.saturating_sub(skew_ms).min(now_ms);
        let since = unobserved_since_ms.map(|since| since.saturating_sub(skew_ms));
        Self { since_ms: since.unwrap_or(until_ms).min(until_ms), until_ms }
    }
}

/// Why nobody could see a change as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// Nobody watched.
    Unobserved,
    /// Several changes may hide in it.
    Coalesced,
    /// It came out when states that did not fit were made to fit.
    Resynchronised,
}

impl Blind {
    /// What the marks of a change say of it.
    #[must_use]
    pub fn of_marks(marks: &[Mark], unobserved_since_ms: Option<i64>) -> Option<Self> {
        if marks.contains(&Mark::Resynchronised) {
            Some(Self::Resynchronised)
        } else if marks.contains(&Mark::Unobserved) || unobserved_since_ms.is_some() {
            Some(Self::Unobserved)
        } else if marks.contains(&Mark::Coalesced) {
            Some(Self::Coalesced)
        } else {
            None
        }
    }
}

/// What a rule of the policy says of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// What it does is meant: a package manager, a deploy user.
    Authorises,
    /// It may do something inside a window.
    Allows,
}

/// A rule of the policy that names who made a change, whether or not that is
/// certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleHit<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says.
    pub power: Power,
}

/// A change, as the judge sees it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Environment.
    pub environment: &'a Environment,
    /// Role.
    pub role: &'a Role,
    /// Host.
    pub host: &'a HostName,
    /// Source.
    pub source: &'a SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Key.
    pub key: &'a ItemKey,
    /// Peppered digest before; none when added.
    pub before: Option<&'a [u8; 32]>,
    /// Peppered digest after; none when removed.
    pub after: Option<&'a [u8; 32]>,
    /// When.
    pub when: Stretch,
    /// Who did it.
    pub actor: Option<&'a Actor>,
    /// Why nobody could see it as it was made.
    pub blind: Option<Blind>,
    /// How severe it is.
    pub severity: Severity,
    /// It follows from changes of the same look whose content is declared: the
    /// order of rules that came, the mode of a file that came.
    pub comes_with_declared: bool,
}

impl Question<'_> {
    /// How sure it is who did it.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.actor.map_or(Confidence::Unknown, |actor| actor.confidence)
    }
}

/// What was found that may speak of a change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// Of each revision for its host what it says of its key.
    pub declarations: &'a [Declaration<'a>],
    /// Windows for its host and source, open or not.
    pub windows: &'a [&'a Window],
    /// The rule that names its actor.
    pub actor_rule: Option<RuleHit<'a>>,
    /// Why its environment is frozen, if it is.
    pub frozen: Option<&'a str>,
    /// Whether any desired state, window, rule or freeze was ever given for its
    /// environment.
    pub anything_given: bool,
}

#[cfg(test)]
mod tests;
