//! Answers as documents: what a person is shown of them.
//!
//! It changes no data and reads nothing; severities and verdicts are shown as
//! they came.

pub mod baseline;
pub mod changes;
pub mod comparison;
pub mod desired;
pub mod drift;
pub mod explanation;
pub mod findings;
pub mod hosts;
pub mod policy;
pub mod reading;
pub mod report;
pub mod status;

use driftline_api::change::Side;
pub use driftline_canon::count;
use driftline_compare::Severity;

/// What stands where nothing is.
pub const NONE: &str = "—";

/// What stands where something is that may not be shown.
pub const HIDDEN: &str = "(not shown)";

/// One side of a change as a cell.
#[must_use]
pub fn side(side: Option<&Side>) -> String {
    match side {
        None => NONE.to_owned(),
        Some(Side { display: Some(display), .. }) => shown(display),
        Some(_) => HIDDEN.to_owned(),
    }
}

/// A display text as a cell: an empty value must not look like none.
#[must_use]
pub fn shown(display: &str) -> String {
    if display.is_empty() { "(empty)".to_owned() } else { display.to_owned() }
}

/// A severity by its name in JSON; what this version does not know is the worst.
#[must_use]
pub fn severity(name: &str) -> Severity {
    Severity::from_name(name).unwrap_or(Severity::Critical)
}

/// Where an item of the file `root` stands, as a cell: `12`, or
/// `conf.d/x.conf:12` in an included file.
#[must_use]
pub fn place(root: &str, file: Option<&str>, line: Option<u32>) -> String {
    let line = line.map(|line| line.to_string());
    let Some(file) = file else {
        return line.unwrap_or_default();
    };
    let directory = root.rsplit_once('/').map_or("", |(directory, _)| directory);
    let below = file.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')).filter(|_| !directory.is_empty());
    let shown = below.unwrap_or(file);
    line.map_or_else(|| shown.to_owned(), |line| format!("{shown}:{line}"))
}

#[cfg(test)]
mod tests;
