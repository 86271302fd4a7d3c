//! What is there and not watched: findings held against the configuration.
//!
//! It judges nothing: a file that nobody watches may well be meant so.

use std::path::Path;

use driftline_canon::key::escape;

use crate::config::{Config, Pattern, SourceSpec, display_path};

use super::{Finding, Findings};

/// How much of what was found is watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Files that were found.
    pub found: u32,
    /// Of those, files that a source watches.
    pub watched: u32,
    /// The others, in the order of their paths, as far as they are listed.
    pub unwatched: Vec<Unwatched>,
}

/// A file that no source watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatched {
    /// Where it is, escaped for display.
    pub path: String,
    /// Who reads it.
    pub reason: String,
}

impl Coverage {
    /// Holds what was found against what is configured.
    #[must_use]
    pub fn of(findings: &Findings, config: &Config) -> Self {
        let unwatched: Vec<Unwatched> = unwatched(findings, config).map(described).collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let watched = count(findings.files.len() - unwatched.len());
        Self { found: count(findings.files.len()), watched, unwatched }
    }
}

/// What was found and no source watches.
pub(super) fn unwatched<'a>(findings: &'a Findings, config: &'a Config) -> impl Iterator<Item = &'a Finding> {
    findings.files.iter().filter(|finding| !config.sources.iter().any(|source| covers(source, &finding.path)))
}

fn covers(source: &SourceSpec, path: &Path) -> bool {
    match &source.pattern {
        Pattern::Path(watched) => watched == path,
        Pattern::Glob(glob) => glob.matches(path),
    }
}

fn described(finding: &Finding) -> Unwatched {
    Unwatched { path: display_path(&finding.path), reason: escape(finding.reasons.join("; ").as_bytes()) }
}

#[cfg(test)]
mod tests;
