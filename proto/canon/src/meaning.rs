//! What a change of a firewall means: what it lets in that was kept out, or
//! keeps out what was let in, and from where.
//!
//! The words only: who works them out of rules is `format::firewall::meaning`,
//! and how much they matter is the collector's judgement.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::printable;

/// Bytes of a meaning's text: one line of a terminal, or two.
pub const MEANING_TEXT_BYTES_MAX: usize = 256;

/// What becomes of packets by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Neither opens nor closes: logs, counts, marks, or repeats what holds.
    Neutral,
    /// Something is kept out that was let in.
    Closes,
    /// Nobody can say: a statement that is not understood.
    Unclear,
    /// Something is let in that was kept out.
    Opens,
}

/// From where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// From this host itself alone.
    Local,
    /// From named addresses, networks, sets or interfaces.
    Bounded,
    /// From anywhere.
    Any,
}

/// What a change means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Meaning {
    /// What becomes of packets.
    pub effect: Effect,
    /// From where.
    pub reach: Reach,
    /// Whose chains these are, if a program writes them: `docker`,
    /// `kube-proxy`, `fail2ban`, `firewalld`, `ufw`, `libvirt`.
    pub machine: Option<MeaningText>,
    /// As the rest of a sentence: `opens tcp/5432 to any source`.
    pub text: MeaningText,
}

/// Printable text of at most [`MEANING_TEXT_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct MeaningText(String);

impl MeaningText {
    /// Cut where it is too long; what could move a cursor is replaced.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(printable::line(text, MEANING_TEXT_BYTES_MAX))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for MeaningText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Display for MeaningText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 4] = [Self::Neutral, Self::Closes, Self::Unclear, Self::Opens];

    /// Its name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Closes => "closes",
            Self::Unclear => "unclear",
            Self::Opens => "opens",
        }
    }

    /// The effect of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl Reach {
    /// Every reach, narrowest first.
    pub const ALL: [Self; 3] = [Self::Local, Self::Bounded, Self::Any];

    /// Its name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Bounded => "bounded",
            Self::Any => "any",
        }
    }

    /// The reach of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

#[cfg(test)]
mod tests;
