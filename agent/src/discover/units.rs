//! systemd's services: the environment files that they read, and the
//! configuration that their programs are started with.
//!
//! Unit files are read as systemd.unit(5) says, drop-ins and precedence
//! included; systemd itself is not asked.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use driftline_canon::SourceKind;
use driftline_canon::key::escape;

use super::processes::{self, program_of};
use super::root::Root;
use super::{Gathered, Table, names};
use crate::process::find::{Selector, find};

/// Where units lie, the most important first (systemd.unit(5)).
const DIRECTORIES: [&str; 12] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
    "/etc/systemd/system.attached",
];

/// Services that are read: a host has some hundreds.
const SERVICES_MAX: usize = 2_000;

/// What matters of a service.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Service {
    /// Its environment files, in order, without `-`.
    pub(super) environment: Vec<String>,
    /// What it starts, word by word.
    pub(super) starts: Vec<Vec<String>>,
}

impl Service {
    /// Adds what one file says, as systemd does: an empty value forgets what was
    /// said before.
    fn add(&mut self, text: &str) {
        let mut in_service = false;
        for line in logical_lines(text) {
            if let Some(section) = line.strip_prefix('[') {
                in_service = section.strip_suffix(']') == Some("Service");
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| in_service) else {
                continue;
            };
            match (key.trim(), value.trim()) {
                ("EnvironmentFile", "") => self.environment.clear(),
                ("EnvironmentFile", value) => {
                    self.environment.push(value.strip_prefix('-').unwrap_or(value).to_owned());
                }
                ("ExecStart", "") => self.starts.clear(),
                ("ExecStart", value) => self.starts.push(words(value)),
                _ => {}
            }
        }
    }
}

/// Lines without comments, those that end with a backslash joined with the
/// next.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut begun = String::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(line) = line.strip_suffix('\\') {
            begun.push_str(line);
            begun.push(' ');
            continue;
        }
        begun.push_str(line);
        let whole = std::mem::take(&mut begun);
        if !whole.trim().is_empty() {
            lines.push(whole.trim().to_owned());
        }
    }
    lines
}

/// The words of a command, quotes taken off, systemd's prefixes too.
fn words(command: &str) -> Vec<String> {
    let command = command.trim_start_matches(['@', '-', ':', '+', '!', '|']);
    command.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
}

/// A path with specifiers, as a path or a pattern: of a template every
/// instance; none where a specifier is not known from the outside.
fn specified(text: &str, unit: &str) -> Option<String> {
    let stem = unit.strip_suffix(".service").unwrap_or(unit);
    let (prefix, instance) = match stem.split_once('@') {
        Some((prefix, "")) => (prefix, "*"),
        Some((prefix, instance)) => (prefix, instance),
        None => (stem, ""),
    };
    let mut found = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '%' { rest.next() } else { None }) {
            ('%', Some('%')) => found.push('%'),
            ('%', Some('i' | 'I')) => found.push_str(instance),
            ('%', Some('p' | 'P')) => found.push_str(prefix),
            ('%', Some('N')) => found.push_str(stem),
            ('%', Some('n')) => found.push_str(unit),
            ('%', _) => return None,
            (c, _) => found.push(c),
        }
    }
    Some(found)
}

pub(super) fn gather(root: &Root, gathered: &mut Gathered) {
    for (unit, path) in services(root).into_iter().take(SERVICES_MAX) {
        let service = read(root, &unit, &path);
        let owner = unit.strip_suffix(".service").unwrap_or(&unit);
        let owner = owner.split_once('@').map_or(owner, |(prefix, _)| prefix);
        for written in &service.environment {
            let Some(pattern) = specified(written, &unit) else {
                gathered.remarks.insert(format!(
                    "{}: its EnvironmentFile depends on more than the unit's name",
                    escape(unit.as_bytes())
                ));
                continue;
            };
            environment(root, gathered, (&unit, owner), Path::new(&pattern));
        }
        for start in &service.starts {
            let program = program_of(start);
            let arguments: Vec<_> = start
                .iter()
                .skip(1)
                .filter_map(|word| specified(word, &unit))
                .filter(|word| !word.contains('*'))
                .collect();
            for named in processes::named(&program, &arguments, None) {
                let reason = format!("{unit} starts {program} with it as `{}`", named.by);
                processes::note(root, gathered, &program, named, reason);
            }
        }
    }
}

fn environment(root: &Root, gathered: &mut Gathered, (unit, owner): (&str, &str), pattern: &Path) {
    if !pattern.is_absolute() {
        return;
    }
    let is_pattern = super::plain(pattern).is_none();
    for path in root.files(pattern) {
        let table = || {
            let table = if is_pattern {
                let pattern = pattern.to_str().filter(|text| !text.contains(char::is_control))?;
                Table::new(SourceKind::EnvFile, owner).with("path", pattern)
            } else {
                Table::of_file(SourceKind::EnvFile, &names::below(owner, &path), &path)?
            };
            Some(table.with("dialect", "systemd"))
        };
        gathered.note(path.clone(), table, format!("environment of {unit}"));
        if !is_pattern && !find(root, &Selector::Unit(unit.to_owned())).is_empty() {
            gathered.note_running(&path, unit);
        }
    }
}

/// Services by name, each with the file that counts.
fn services(root: &Root) -> BTreeMap<String, PathBuf> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for dir in DIRECTORIES.map(Path::new) {
        for name in root.list(dir) {
            if let Some(unit) = name.to_str().filter(|name| name.ends_with(".service")) {
                found.entry(unit.to_owned()).or_insert_with(|| dir.join(unit));
            }
        }
    }
    // A link to another unit is that unit's second name, one to nothing masks.
    found.retain(|unit, path| {
        let target = root.link(path);
        let target = target.as_deref().and_then(Path::file_name);
        target.is_none_or(|name| name == OsStr::new(unit.as_str()) || instance_of(unit, name))
    });
    found
}

/// Whether a link makes an instance of a template.
fn instance_of(unit: &str, target: &OsStr) -> bool {
    unit.split_once('@').is_some_and(|(prefix, _)| target == OsStr::new(&format!("{prefix}@.service")))
}

fn read(root: &Root, unit: &str, path: &Path) -> Service {
    let mut service = Service::default();
    service.add(&root.text(path).unwrap_or_default());
    for path in drop_ins(root, unit) {
        service.add(&root.text(&path).unwrap_or_default());
    }
    service
}

/// A unit's drop-ins in the order in which they count: by file name, whatever
/// directory; of one name only the most important.
fn drop_ins(root: &Root, unit: &str) -> Vec<PathBuf> {
    let mut owners = vec![unit.to_owned()];
    if let Some((prefix, _)) = unit.split_once('@') {
        owners.push(format!("{prefix}@.service"));
    }
    let stem = unit.strip_suffix(".service").unwrap_or(unit);
    let dashes: Vec<usize> = stem.match_indices('-').map(|(at, _)| at).collect();
    owners.extend(dashes.iter().rev().map(|at| format!("{}-.service", &stem[..*at])));
    owners.push("service".to_owned());
    let mut found: BTreeMap<Vec<u8>, PathBuf> = BTreeMap::new();
    for owner in &owners {
        for base in DIRECTORIES {
            let dir = Path::new(base).join(format!("{owner}.d"));
            for name in root.list(&dir).into_iter().filter(|name| name.as_encoded_bytes().ends_with(b".conf")) {
                let path = dir.join(&name);
                found.entry(name.into_encoded_bytes()).or_insert(path);
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests;
