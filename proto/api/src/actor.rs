//! Who made a change, and what it means for a firewall.

use serde::{Deserialize, Serialize};

/// Who made a change, as far as its host could tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `exact`: the kernel named them with the change. `probable`: they were
    /// there at the time. `unknown`: nobody can be named.
    pub confidence: String,
    /// In a few words: `alice (root): nft add rule …`.
    pub summary: String,
    /// Where it is known from: `audit`, `fanotify`, `netlink`, `proc`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<String>,
    /// Who logged in: the person behind `sudo`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login: Option<User>,
    /// As whom it was done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<User>,
    /// The process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pid: Option<u32>,
    /// What the process calls itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The path of its executable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub executable: Option<String>,
    /// Its command line; arguments that look like secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
    /// The processes that it descends from, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parents: Vec<Parent>,
    /// The audit session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<u32>,
    /// The terminal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tty: Option<String>,
    /// The systemd unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// The container's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
    /// When it was said, if that was after the change was recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amended_at: Option<String>,
}

/// A user of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its name, where the host has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// A process that an actor descends from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub pid: u32,
    /// What it calls itself.
    pub name: String,
}

/// What a change of a firewall means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// `opens`, `closes`, `neutral` or `unclear`.
    pub effect: String,
    /// From where: `any`, `bounded` or `local`.
    pub reach: String,
    /// Whose chains these are, if a program writes them: `docker` ….
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub machine: Option<String>,
    /// As the rest of a sentence: `opens tcp/5432 to any source`.
    pub text: String,
}

/// An entry of the history that says who made earlier changes. The changes name
/// the same host and `record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// Position in the history.
    pub id: u64,
    /// When it was on the collector's disk.
    pub recorded_at: String,
    /// Where.
    pub environment: String,
    /// Host name.
    pub host: String,
    /// Logical source name.
    pub source: String,
    /// The record that it amends, as its changes name it.
    pub record: String,
    /// Worst severity among the changes that were found: `info` if none was.
    pub severity: String,
    /// How many were found.
    pub changes: u32,
    /// The first of their keys.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub keys: Vec<String>,
    /// Who it was.
    pub actor: Actor,
}
