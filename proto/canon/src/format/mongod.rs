//! `mongod.conf`: YAML, and the older form of `name = value`.
//!
//! Runs nothing and fetches nothing: what `__exec` and `__rest` would give is
//! unresolved. Fills in no default.

use std::collections::HashMap;

use super::gather::{Gather, text};
use super::lines::{Line, lines, unreadable};
use super::{Reading, yaml};
use crate::{ItemKey, Place, Problem, ProblemKind, Value};

/// Older names and what they became (`mongod --help` and the manual's table).
const RENAMED: [(&str, &str); 18] = [
    ("auth", "security.authorization"),
    ("bind_ip", "net.bindIp"),
    ("dbpath", "storage.dbPath"),
    ("directoryperdb", "storage.directoryPerDB"),
    ("fork", "processManagement.fork"),
    ("ipv6", "net.ipv6"),
    ("keyFile", "security.keyFile"),
    ("logappend", "systemLog.logAppend"),
    ("logpath", "systemLog.path"),
    ("maxConns", "net.maxIncomingConnections"),
    ("oplogSize", "replication.oplogSizeMB"),
    ("pidfilepath", "processManagement.pidFilePath"),
    ("port", "net.port"),
    ("quiet", "systemLog.quiet"),
    ("replSet", "replication.replSetName"),
    ("slowms", "operationProfiling.slowOpThresholdMs"),
    ("storageEngine", "storage.engine"),
    ("unixSocketPrefix", "net.unixDomainSocket.pathPrefix"),
];

/// Reads a file in the form that it has.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    if is_older_form(bytes) { read_older_form(bytes) } else { as_mongod(yaml::read(bytes)) }
}

/// Whether the first line that says something has a `=` and no `:` before it.
fn is_older_form(bytes: &[u8]) -> bool {
    let first = lines(bytes).map(|line| said(&line)).find(|text| !text.is_empty());
    let sign = |text: &[u8]| text.iter().copied().find(|b| matches!(b, b'=' | b':' | b'{'));
    first.and_then(sign) == Some(b'=')
}

/// A line without its comment and the white space around it.
fn said<'a>(line: &Line<'a>) -> &'a [u8] {
    line.text.split(|&b| b == b'#').next().unwrap_or_default().trim_ascii()
}

fn read_older_form(bytes: &[u8]) -> Reading {
    let mut out = Gather::with_room(bytes.len());
    for line in lines(bytes) {
        let text_of_line = said(&line);
        let equals = text_of_line.iter().position(|&b| b == b'=').filter(|&at| at > 0 && !line.is_too_long());
        match equals {
            _ if text_of_line.is_empty() => {}
            Some(equals) => {
                let name = text_of_line[..equals].trim_ascii();
                let value = text_of_line[equals + 1..].trim_ascii();
                out.set(renamed(name), text(value), line.place(0));
            }
            None => {
                out.problem(ProblemKind::Syntax, line.place(0), "a line is `name = value`", None);
                out.unread(line.text);
            }
        }
    }
    as_mongod(out.finish(bytes))
}

fn renamed(name: &[u8]) -> &[u8] {
    let found = RENAMED.iter().find(|(old, _)| old.as_bytes() == name);
    found.map_or(name, |(_, new)| new.as_bytes())
}

/// `"net.port"` is `net: port`; lists of addresses are sets; what would be
/// fetched is unresolved.
fn as_mongod(mut reading: Reading) -> Reading {
    let mut renamed = false;
    for setting in &mut reading.settings {
        if let Some(key) = nested(&setting.key) {
            setting.key = key;
            renamed = true;
        }
        let place = Place { line: setting.line.unwrap_or(1), column: 1 };
        match setting.key.as_str() {
            "net.bindIp" => setting.value = as_set(&setting.value),
            "security.authorization" if setting.value.bytes() == b"true" => setting.value = text(*b"enabled"),
            key if key.ends_with("__exec") || key.ends_with("__rest") => {
                // The command or address may hold a password of its own.
                setting.secret = true;
                let reason = "the value comes from a command or an address; it is not fetched";
                reading.problems.push(Problem::at(ProblemKind::Unresolved, place, reason, None));
            }
            _ => {}
        }
    }
    if renamed {
        without_earlier(&mut reading);
    }
    reading.problems.truncate(crate::limits::PROBLEMS_MAX);
    reading
}

/// Leaves the last of each key.
fn without_earlier(reading: &mut Reading) {
    let mut last: HashMap<ItemKey, usize> = HashMap::with_capacity(reading.settings.len());
    let mut overruled = vec![false; reading.settings.len()];
    for (at, setting) in reading.settings.iter().enumerate() {
        if let Some(earlier) = last.insert(setting.key.clone(), at) {
            overruled[earlier] = true;
            let place = Place { line: setting.line.unwrap_or(1), column: 1 };
            let reason = format!("`{}` is set twice, nested and with dots; the last one counts", setting.key);
            reading.problems.push(Problem::at(ProblemKind::DuplicateKey, place, reason, None));
        }
    }
    let mut overruled = overruled.into_iter();
    reading.settings.retain(|_| !overruled.next().unwrap_or(false));
}

/// The key without quotes around names that hold dots only, where it has such.
fn nested(key: &ItemKey) -> Option<ItemKey> {
    let text = key.as_str();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'"');
    if !text.contains('"') || !text.bytes().all(plain) || text.contains("\"\"") {
        return None;
    }
    let bare = text.replace('"', "");
    (!bare.is_empty()).then(|| ItemKey::from_bytes(bare.as_bytes()))
}

fn as_set(value: &Value) -> Value {
    let Value::Text(list) = value else { return value.clone() };
    let mut parts: Vec<&[u8]> = list.split(|&b| b == b',').map(<[u8]>::trim_ascii).collect();
    parts.sort_unstable();
    parts.dedup();
    text(parts.join(&b','))
}

#[cfg(test)]
mod tests;
