//! Questions to what stands beside a change: what it opens, and who did it.
//!
//! Pure; it ranks nobody and judges nothing.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{Actor, Effect, Meaning, Reach};

use crate::record::Change;

/// What a change has to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// Something from exactly there.
    From(Reach),
    /// Something, wherever from.
    Anything,
}

impl Opens {
    /// Its names in queries: those of [`Reach`], and `anything`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == Self::Anything.as_str() { Some(Self::Anything) } else { Reach::from_name(name).map(Self::From) }
    }

    /// Its name in queries, and in the index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From(reach) => reach.as_str(),
            Self::Anything => "anything",
        }
    }

    /// Under which names a change of that meaning is found.
    pub(crate) fn names_of(meaning: &Meaning) -> impl Iterator<Item = &'static str> {
        let opens = meaning.effect == Effect::Opens;
        [Self::From(meaning.reach), Self::Anything].into_iter().filter(move |_| opens).map(Self::as_str)
    }

    pub(crate) fn matches(self, change: &Change) -> bool {
        let meaning = change.beside.meaning.as_deref();
        meaning.is_some_and(|meaning| Self::names_of(meaning).any(|name| name == self.as_str()))
    }
}

/// Whom to look for. A number is exactly a uid, process or session; any text is
/// part of a login, user, name, executable or unit, or is the container's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorPattern {
    text: String,
    number: Option<u32>,
}

impl ActorPattern {
    /// Letters of either case are the same.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_lowercase(), number: text.parse().ok() }
    }

    /// Whether that is one of them. Somebody of whom nothing is known never is.
    #[must_use]
    pub fn matches(&self, actor: &Actor) -> bool {
        let users = || [&actor.login, &actor.user].into_iter().flatten();
        if let Some(number) = self.number {
            let ids = [actor.pid, actor.session].into_iter().flatten().chain(users().map(|user| user.uid));
            if ids.into_iter().any(|id| id == number) {
                return true;
            }
        }
        let names = users().filter_map(|user: &User| user.name.as_ref());
        let others = [&actor.name, &actor.executable, &actor.unit].into_iter().flatten();
        let is_part = |text: &ActorText| text.as_str().to_lowercase().contains(&self.text);
        let container = actor.container.as_ref().is_some_and(|id| id.as_str().to_lowercase() == self.text);
        container || names.chain(others).any(is_part)
    }
}

#[cfg(test)]
mod tests;
