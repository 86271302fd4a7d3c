//! File against server: which settings a server runs with another value than
//! its file says, told as problems.
//!
//! Pure. It names no value of a secret, and none that the source's policy does
//! not show.

use std::collections::{BTreeMap, HashMap};

use driftline_canon::digest::KeyedDigest;
use driftline_canon::limits::PROBLEMS_MAX;
use driftline_canon::{DisplayPolicy, Item, ItemKey, Observation, Problem, ProblemKind, Setting, Value};

use super::{Awaiting, Origin};

/// Directives of Redis that are changed on the way: a directory is made
/// absolute, and units start the server with their own words for the others.
const REDIS_ELSEWHERE: &[&str] = &["daemonize", "dir", "supervised"];

/// Values that ask the server to choose one itself.
const SERVERS_CHOICE: &[&str] = &["-1", "0", "AUTO", "auto", "default", "DEFAULT"];

/// A configuration file as it was read last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReading {
    /// Its path, for messages.
    pub path: String,
    /// Its items.
    pub observation: Observation,
}

/// What is known of a running server.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// Its settings.
    pub settings: &'a [Setting],
    /// The items that were made of them.
    pub observation: &'a Observation,
    /// Where values come from, where the server says it.
    pub origins: &'a HashMap<ItemKey, Origin>,
}

/// The server itself says that this waits for a restart.
#[must_use]
pub fn awaiting(one: &Awaiting, keyed: &KeyedDigest, policy: DisplayPolicy) -> Problem {
    let live = item(&one.live, keyed, policy);
    let file = one.file.as_ref().and_then(|file| item(file, keyed, policy));
    let key = &one.live.key;
    let reason = match (live.as_ref().and_then(shown), file.as_ref().and_then(shown)) {
        (Some(live), Some(file)) => format!("{key}: file says {file}, server runs {live}: restart pending"),
        (Some(live), None) if one.file.is_none() => {
            format!("{key}: changed in its file, server runs {live}: restart pending")
        }
        _ => format!("{key}: file and server differ: restart pending"),
    };
    Problem::whole(ProblemKind::Pending, reason)
}

/// Settings that the files of a MySQL or Redis server say otherwise than it
/// runs, and those that only run.
#[must_use]
pub fn against_files(live: Live<'_>, files: &[FileReading], keyed: &KeyedDigest) -> Vec<Problem> {
    let mut said: BTreeMap<ItemKey, Vec<(&FileReading, &Item)>> = BTreeMap::new();
    for file in files {
        for item in file.observation.items() {
            said.entry(live_key(&item.key)).or_default().push((file, item));
        }
    }
    let mut problems = Vec::new();
    for setting in live.settings.iter().filter(|one| !is_elsewhere(&one.key)) {
        let Some(item) = live.observation.get(&setting.key) else { continue };
        let origin = live.origins.get(&setting.key).copied();
        let reason = match said.get(&setting.key) {
            Some(said) if said.iter().any(|(_, file)| is_same(setting, file, keyed)) => None,
            Some(said) => said.last().and_then(|(file, other)| differs(item, other, &file.path, origin)),
            None if origin == Some(Origin::Statement) => Some(only_live(item)),
            None => None,
        };
        problems.extend(reason.map(|reason| Problem::whole(ProblemKind::Pending, reason)));
    }
    if problems.len() >= PROBLEMS_MAX {
        let more = problems.split_off(PROBLEMS_MAX - 1).len();
        problems.push(Problem::whole(ProblemKind::Limit, format!("{more} more settings differ from their file")));
    }
    problems
}

/// What a file's key is on the server: whichever group of the server an option
/// stands in, the server has it once.
fn live_key(key: &ItemKey) -> ItemKey {
    match key.as_str().rsplit_once('.') {
        Some((group, option)) if is_server_group(group) => ItemKey::from_bytes(format!("mysqld.{option}").as_bytes()),
        _ => key.clone(),
    }
}

fn is_server_group(group: &str) -> bool {
    let word = group.trim_matches('"').trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    matches!(word, "mysqld" | "server" | "mariadb" | "mariadbd" | "galera" | "client-server")
}

fn is_elsewhere(key: &ItemKey) -> bool {
    REDIS_ELSEWHERE.contains(&key.as_str())
}

/// Whether the file says what the server runs; a directory may end with `/`.
fn is_same(live: &Setting, file: &Item, keyed: &KeyedDigest) -> bool {
    let bytes = live.value.bytes();
    let digest = |value: &Value| keyed.digest(&file.key, value) == file.digest;
    digest(&live.value) || bytes.strip_suffix(b"/").is_some_and(|bytes| digest(&Value::text(bytes)))
}

fn differs(live: &Item, file: &Item, path: &str, origin: Option<Origin>) -> Option<String> {
    let why = match origin {
        Some(Origin::Statement) => "set at run time, gone at restart",
        Some(Origin::Start) if shown(file).is_some_and(|value| SERVERS_CHOICE.contains(&value)) => return None,
        Some(Origin::Start) => "restart pending, or adjusted by the server",
        None => "set at run time and gone at restart, or restart pending",
    };
    let path = file.file.as_deref().unwrap_or(path);
    let line = file.line.map_or_else(String::new, |line| format!(" line {line}"));
    let name = name(&live.key);
    Some(match (shown(live), shown(file)) {
        (Some(live), Some(file)) => format!("{name}: {live} live, {file} in {path}{line}: {why}"),
        _ => format!("{name}: the server has another value than {path}{line}: {why}"),
    })
}

fn only_live(live: &Item) -> String {
    let name = name(&live.key);
    match shown(live) {
        Some(value) => format!("{name}: {value} live, in no file: set at run time, gone at restart"),
        None => format!("{name}: in no file: set at run time, gone at restart"),
    }
}

fn name(key: &ItemKey) -> &str {
    key.as_str().strip_prefix("mysqld.").unwrap_or(key.as_str())
}

/// The value, where it may be named.
fn shown(item: &Item) -> Option<&str> {
    if item.secret { None } else { item.display.as_ref().map(driftline_canon::Masked::as_str) }
}

fn item(setting: &Setting, keyed: &KeyedDigest, policy: DisplayPolicy) -> Option<Item> {
    Observation::of_settings(std::slice::from_ref(setting), keyed, policy).into_items().pop()
}

#[cfg(test)]
mod tests;
