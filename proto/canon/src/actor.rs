//! Who made a change: as far as the host could tell, and how sure it is.
//!
//! It guesses nothing and looks nothing up. What a process called itself is
//! printable text of bounded length here; secrets of a command line are masked
//! by whoever read it.

pub mod command;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::printable;

/// Bytes of one text of an actor. A path of the kernel may have 4096; what is
/// longer than this says nothing more to a reader.
pub const ACTOR_TEXT_BYTES_MAX: usize = 256;

/// Bytes of a command line, masked. As much as a terminal shows in a few rows.
pub const ACTOR_COMMAND_BYTES_MAX: usize = 512;

/// Parents that are named: a login shell is hardly ever further up.
pub const ACTOR_PARENTS_MAX: usize = 8;

/// How sure it is that this is who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Nobody can be named.
    Unknown,
    /// Somebody who was there at the time; another one is possible.
    Probable,
    /// The kernel named them with the change itself.
    Exact,
}

/// Where it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Records of the kernel's audit subsystem.
    Audit,
    /// A fanotify event.
    Fanotify,
    /// The generation message of nftables.
    Netlink,
    /// `/proc` at the time.
    Proc,
}

/// Printable text without control or deceptive characters, cut at
/// [`ACTOR_TEXT_BYTES_MAX`] or [`ACTOR_COMMAND_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct ActorText(String);

/// A user by number, and by name where the host has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its name on that host.
    pub name: Option<ActorText>,
}

/// A process that the actor descends from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub pid: u32,
    /// What it calls itself (`comm`), or its executable.
    pub name: ActorText,
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is known from, each once, in the order of [`Evidence`].
    pub evidence: Vec<Evidence>,
    /// Who logged in (`loginuid`): the person behind `sudo`.
    pub login: Option<User>,
    /// As whom it was done.
    pub user: Option<User>,
    /// The process.
    pub pid: Option<u32>,
    /// What the process calls itself (`comm`), at most 15 bytes on Linux.
    pub name: Option<ActorText>,
    /// The path of its executable.
    pub executable: Option<ActorText>,
    /// Its command line; arguments that look like secrets are masked.
    pub command: Option<ActorText>,
    /// The processes that it descends from, nearest first.
    pub parents: Vec<Parent>,
    /// The audit session.
    pub session: Option<u32>,
    /// The terminal.
    pub tty: Option<ActorText>,
    /// The systemd unit.
    pub unit: Option<ActorText>,
    /// The container's id.
    pub container: Option<ActorText>,
}

impl Confidence {
    /// Every confidence, least first.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Probable, Self::Exact];

    /// Its name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Probable => "probable",
            Self::Exact => "exact",
        }
    }

    /// The confidence of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl Evidence {
    /// Every kind of evidence.
    pub const ALL: [Self; 4] = [Self::Audit, Self::Fanotify, Self::Netlink, Self::Proc];

    /// Its name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Fanotify => "fanotify",
            Self::Netlink => "netlink",
            Self::Proc => "proc",
        }
    }

    /// The evidence of that name, if there is any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl ActorText {
    /// A name, a path or a terminal.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(printable::line(text, ACTOR_TEXT_BYTES_MAX))
    }

    /// A command line whose secrets are masked already.
    #[must_use]
    pub fn command(masked: &str) -> Self {
        Self(printable::line(masked, ACTOR_COMMAND_BYTES_MAX))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bounds what comes from elsewhere as a command line is bounded.
impl From<String> for ActorText {
    fn from(text: String) -> Self {
        Self::command(&text)
    }
}

impl fmt::Display for ActorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}"),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

impl Actor {
    /// Somebody, and nothing is known of them.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            confidence: Confidence::Unknown,
            evidence: Vec::new(),
            login: None,
            user: None,
            pid: None,
            name: None,
            executable: None,
            command: None,
            parents: Vec::new(),
            session: None,
            tty: None,
            unit: None,
            container: None,
        }
    }

    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.confidence != Confidence::Unknown
    }

    /// Who it was, in a few words: `alice (root): nft add rule …`, `unit
    /// nginx.service`, `unknown`.
    #[must_use]
    pub fn summary(&self) -> String {
        if !self.is_known() {
            return "unknown".to_owned();
        }
        let who = match (&self.login, &self.user) {
            (Some(login), Some(user)) if login.uid != user.uid => Some(format!("{login} ({user})")),
            (Some(one), _) | (None, Some(one)) => Some(one.to_string()),
            (None, None) => self.unit.as_ref().map(|unit| format!("unit {unit}")),
        };
        let what = self.command.as_ref().or(self.executable.as_ref()).or(self.name.as_ref());
        let text = match (who, what) {
            (Some(who), Some(what)) => format!("{who}: {what}"),
            (Some(who), None) => who,
            (None, Some(what)) => what.to_string(),
            (None, None) => match self.pid {
                Some(pid) => format!("process {pid}"),
                None => return "unknown".to_owned(),
            },
        };
        if self.confidence == Confidence::Probable { format!("probably {text}") } else { text }
    }
}

#[cfg(test)]
mod tests;
