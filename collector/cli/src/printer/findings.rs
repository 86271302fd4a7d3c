//! What was checked, one by one, for programs that collect findings: passed,
//! failed, or not to be told.
//!
//! It holds no value: messages are recommendations, made of what may be shown.

use std::collections::BTreeSet;

use driftline_compare::Severity;
use sha2::{Digest as _, Sha256};

/// What was checked, and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What was asked: `production against staging`.
    pub title: String,
    /// Each thing that was checked.
    pub checks: Vec<Check>,
    /// What could not be checked at all, in words.
    pub unchecked: Vec<String>,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which rule: `differs`, `missing_left`, `out_of_band` …
    pub rule: String,
    /// Where it belongs: `web/app`, `production/web-1/app`.
    pub group: String,
    /// Key.
    pub key: String,
    /// Tells things of one rule and key apart: the id of a change.
    pub occurrence: Option<u64>,
    /// How it went.
    pub outcome: Outcome,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The file that it stands in, where known.
    pub place: Option<Place>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed {
        /// How much it matters.
        severity: Severity,
        /// Whether it fails what was asked (`--fail-on`).
        fails: bool,
    },
    /// Not to be told.
    Unknown,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host, where the file is on another machine.
    pub host: Option<String>,
    /// Path of the file.
    pub path: String,
    /// Line, from 1.
    pub line: Option<u32>,
}

impl Findings {
    /// The rules that anything was found by, sorted.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        let found = self.checks.iter().filter(|check| check.outcome != Outcome::Passed);
        found.map(|check| check.rule.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether something could not be checked.
    #[must_use]
    pub fn is_inconclusive(&self) -> bool {
        !self.unchecked.is_empty() || self.checks.iter().any(|check| check.outcome == Outcome::Unknown)
    }
}

impl Check {
    /// What names this finding from run to run: where it is, not what it says.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.rule, &self.group, &self.key] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(self.occurrence.unwrap_or_default().to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        crate::hex::encode(&digest)
    }
}

impl Place {
    /// The place as a URI reference (RFC 3986): relative for a file of this
    /// machine, with the host for one of another.
    #[must_use]
    pub fn uri(&self) -> String {
        let path = self.path.strip_prefix("./").unwrap_or(&self.path);
        match &self.host {
            Some(host) => format!("file://{}/{}", percent(host), percent(path.trim_start_matches('/'))),
            None if path.starts_with('/') => format!("file://{}", percent(path)),
            None => percent(path),
        }
    }
}

/// Everything but unreserved characters and `/`, escaped.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What a rule means, for those who meet it in a list of findings.
#[must_use]
pub fn meaning(rule: &str) -> &'static str {
    match rule {
        "differs" => "Each side has one value, and not the same",
        "missing_left" => "Only the right side has the key",
        "missing_right" => "Only the left side has the key",
        "equal" => "Both sides have the same value, and must not",
        "split" => "Hosts of one side disagree",
        "undetermined" => "It could not be checked, or there was nothing to judge it by",
        "authorised" => "The change is what CI/CD declared, or its cause is certain",
        "authorised_unverified" => "Made by an allowed actor in an open window; its content is not proven",
        "window_only" => "Made inside a change window, and nothing else speaks for it",
        "content_mismatch" => "Declared, but with another value",
        "out_of_band" => "The change did not come through CI/CD",
        _ => "Found by a newer collector",
    }
}

#[cfg(test)]
pub(crate) mod tests;
