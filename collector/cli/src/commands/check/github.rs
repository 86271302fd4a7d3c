//! What GitHub shows of a check: annotations by workflow commands on standard
//! output, and the step's summary in the file that it names.
//!
//! A text from a host is escaped as the runner unescapes it: it never becomes a
//! command of its own.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use driftline_compare::Severity;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::findings::{Check, Findings, Outcome as Went};
use crate::printer::text;

/// Annotations of one run. GitHub shows ten of a kind in a step; the rest is in
/// the summary.
const ANNOTATIONS_MAX: usize = 50;

/// Bytes that are added to a summary. GitHub refuses a step's summary over
/// 1 MiB, and other steps write to theirs.
const SUMMARY_BYTES_MAX: usize = 900 * 1024;

/// What of GitHub's runner is there.
#[derive(Debug, Default)]
pub(super) struct Github {
    /// Whether findings are annotated.
    pub(super) annotates: bool,
    /// Where the summary goes.
    pub(super) summary: Option<PathBuf>,
}

impl Github {
    pub(super) fn from_environment() -> Self {
        Self::of(|name| std::env::var_os(name))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            annotates: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            summary: variable("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }
}

/// The findings as workflow commands, one a line.
pub(super) fn annotations(findings: &Findings) -> String {
    let unchecked = findings.unchecked.iter();
    let unchecked = unchecked.map(|what| format!("::error title=not checked::{}\n", message(what)));
    let found: Vec<String> = findings.checks.iter().filter_map(annotation).collect();
    let more = found.len().saturating_sub(ANNOTATIONS_MAX);
    let mut out: String = unchecked.chain(found.into_iter().take(ANNOTATIONS_MAX)).collect();
    if more > 0 {
        out.push_str(&format!("::notice title=driftline::{more} more findings are in the summary\n"));
    }
    out
}

fn annotation(check: &Check) -> Option<String> {
    let level = match check.outcome {
        Went::Passed => return None,
        Went::Unknown | Went::Failed { severity: Severity::Critical, fails: true } => "error",
        Went::Failed { fails: true, .. } => "warning",
        Went::Failed { fails: false, .. } => "notice",
    };
    let mut properties = Vec::new();
    // A file of another machine is none of the repository.
    if let Some(place) = check.place.as_ref().filter(|place| place.host.is_none()) {
        properties.push(format!("file={}", property(&place.path)));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&format!("{} {}", check.key, check.rule))));
    Some(format!("::{level} {}::{}\n", properties.join(","), message(&check.message)))
}

fn message(raw: &str) -> String {
    text::safe(raw).replace("##[", "# #[").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(raw: &str) -> String {
    message(raw).replace(':', "%3A").replace(',', "%2C")
}

/// Adds a text to the step's summary.
pub(super) fn append(path: &Path, summary: &str) -> Outcome<()> {
    let mut text = summary;
    if text.len() > SUMMARY_BYTES_MAX {
        let end = text.floor_char_boundary(SUMMARY_BYTES_MAX);
        text = text[..end].rsplit_once('\n').map_or("", |(whole, _)| whole);
    }
    let cut = if text.len() < summary.len() { "\n\nThe rest is left out: it would not fit.\n" } else { "\n" };
    let opened = OpenOptions::new().append(true).create(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(format!("{text}{cut}").as_bytes()));
    written.map_err(|error| Failure::file(Exit::Internal, "write the step's summary", path, &error))
}

#[cfg(test)]
mod tests;
