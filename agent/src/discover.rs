//! What this host has that could be watched: files that running programs,
//! systemd units and conventions name, each with the reason why.
//!
//! It looks below one directory (`/`, or an image) and changes nothing. A command
//! line is read for the names of files in it; nothing else of it goes on.

mod compose;
pub mod coverage;
mod kernel;
mod names;
mod places;
mod processes;
mod render;
pub(crate) mod root;
mod servers;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use driftline_canon::SourceKind;

pub use coverage::{Coverage, Unwatched, covered};
pub use render::{additions, document};
use root::Root;
pub use servers::Running;

use crate::config::display_path;

/// Files that are told of. A host has some dozens; more is a directory of
/// things that nobody configures by hand.
pub const FINDINGS_MAX: usize = 1_000;

/// A `[[source]]` that would watch something, as it would be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table {
    /// How environments would compare it: the same name wherever it lies.
    pub name: String,
    /// How it would be read.
    pub kind: SourceKind,
    /// Its other keys, in order, with their values.
    pub keys: Vec<(&'static str, String)>,
}

impl Table {
    fn new(kind: SourceKind, name: &str) -> Self {
        Self { name: names::stable(name), kind, keys: Vec::new() }
    }

    fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// Of a file whose path is text, and no pattern.
    fn of_file(kind: SourceKind, name: &str, path: &Path) -> Option<Self> {
        plain(path).map(|path| Self::new(kind, name).with("path", path))
    }
}

/// A path that `path` can say: text, without what would be a wildcard.
fn plain(path: &Path) -> Option<&str> {
    path.to_str().filter(|path| !path.contains(['*', '?', '[', '{', '\\']) && !path.contains(char::is_control))
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, as the host says it.
    pub path: PathBuf,
    /// What would watch it; none: its path cannot be written down.
    pub table: Option<Table>,
    /// Who reads it, in sentences.
    pub reasons: Vec<String>,
    /// Units that run with it as their environment.
    pub running: Vec<String>,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Files, in the order of their paths.
    pub files: Vec<Finding>,
    /// What is there and no source could watch yet.
    pub remarks: BTreeSet<String>,
    /// Database servers that run and could be asked.
    pub servers: BTreeSet<Running>,
}

/// What one way of looking adds.
#[derive(Debug, Default)]
struct Gathered {
    files: BTreeMap<PathBuf, Finding>,
    remarks: BTreeSet<String>,
    servers: BTreeSet<Running>,
}

impl Gathered {
    /// Notes a file: the first way of looking that found it says how it would
    /// be watched, later ones add their reason.
    fn note(&mut self, path: PathBuf, table: impl FnOnce() -> Option<Table>, reason: String) {
        if let Some(known) = self.files.get_mut(&path) {
            if !known.reasons.contains(&reason) {
                known.reasons.push(reason);
            }
            // Of two that would read it alike the shorter name says more: a
            // service's own file is not its worker's.
            if let (Some(mine), Some(other)) = (known.table.as_mut(), table())
                && (other.kind, &other.keys) == (mine.kind, &mine.keys)
                && other.name.len() < mine.name.len()
            {
                mine.name = other.name;
            }
        } else if self.files.len() < FINDINGS_MAX {
            let table = table();
            self.files.insert(path.clone(), Finding { path, table, reasons: vec![reason], running: Vec::new() });
        } else {
            self.remarks.insert(format!("there are more than {FINDINGS_MAX} files: the rest is not listed"));
        }
    }
}

impl Gathered {
    /// Notes that a unit runs with an env file.
    fn note_running(&mut self, path: &Path, unit: &str) {
        if let Some(known) = self.files.get_mut(path) {
            known.running.push(unit.to_owned());
        }
    }
}

/// Looks at a host, or at an image of one below `root`.
///
/// # Errors
/// When `root` cannot be opened. What cannot be read below it is not found.
pub fn look(root: &Path) -> io::Result<Findings> {
    let root = Root::open(root)?;
    let mut gathered = Gathered::default();
    units::gather(&root, &mut gathered);
    processes::gather(&root, &mut gathered);
    compose::gather(&root, &mut gathered);
    places::gather(&root, &mut gathered);
    kernel::gather(&root, &mut gathered);
    Ok(finish(gathered))
}

fn finish(gathered: Gathered) -> Findings {
    let Gathered { files, remarks, servers } = gathered;
    let mut findings = Findings { files: files.into_values().collect(), remarks, servers };
    for finding in findings.files.iter().filter(|finding| finding.table.is_none()) {
        let reason = "its path has characters that `path` cannot say: a pattern with `?` in their place can";
        findings.remarks.insert(format!("{}: {reason}", display_path(&finding.path)));
    }
    names::tell_apart(&mut findings.files);
    findings
}

#[cfg(test)]
mod tests;
