//! Findings as JUnit's XML, as CI servers read it: a test case for each key
//! that was checked, a failure for each that is not as it should be, an error
//! for each that could not be checked.
//!
//! What is below `--fail-on` is skipped with its message, not failed.

use super::findings::{Check, Findings, Outcome};

/// The findings as one document.
#[must_use]
pub fn render(findings: &Findings) -> String {
    let mut checks: Vec<&Check> = findings.checks.iter().collect();
    checks.sort_by(|a, b| (&a.group, &a.key).cmp(&(&b.group, &b.key)));
    let unchecked = suite_of_unchecked(&findings.unchecked);
    let suites: String = checks.chunk_by(|a, b| a.group == b.group).map(suite).collect();
    let counts = Counts::of(&checks, findings.unchecked.len());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name={} {counts}>\n{suites}{unchecked}</testsuites>\n",
        quoted(&format!("driftline {}", findings.title))
    )
}

struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(checks: &[&Check], unchecked: usize) -> Self {
        let count = |which: fn(&Outcome) -> bool| checks.iter().filter(|check| which(&check.outcome)).count();
        Self {
            tests: checks.len() + unchecked,
            failures: count(|outcome| matches!(outcome, Outcome::Failed { fails: true, .. })),
            errors: count(|outcome| matches!(outcome, Outcome::Unknown)) + unchecked,
            skipped: count(|outcome| matches!(outcome, Outcome::Failed { fails: false, .. })),
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tests, failures, errors, skipped } = self;
        write!(f, "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

fn suite(checks: &[&Check]) -> String {
    let Some(first) = checks.first() else { return String::new() };
    let cases: String = checks.iter().map(|check| case(check)).collect();
    format!("  <testsuite name={} {}>\n{cases}  </testsuite>\n", quoted(&first.group), Counts::of(checks, 0))
}

fn suite_of_unchecked(unchecked: &[String]) -> String {
    if unchecked.is_empty() {
        return String::new();
    }
    let case = |what: &String| {
        let name = quoted(what);
        format!(
            "    <testcase classname=\"driftline\" name={name}>\n      \
             <error type=\"unchecked\" message={name}/>\n    </testcase>\n"
        )
    };
    let cases: String = unchecked.iter().map(case).collect();
    format!("  <testsuite name=\"not checked\" {}>\n{cases}  </testsuite>\n", Counts::of(&[], unchecked.len()))
}

fn case(check: &Check) -> String {
    let head = format!("    <testcase classname={} name={}", quoted(&check.group), quoted(&check.key));
    let (kind, rule, message) = (check.outcome, quoted(&check.rule), quoted(&check.message));
    let inner = match kind {
        Outcome::Passed => return format!("{head}/>\n"),
        Outcome::Failed { severity, fails: true } => {
            format!("<failure type={rule} message={message}>{severity}</failure>")
        }
        Outcome::Failed { severity, fails: false } => {
            format!("<skipped message={}/>", quoted(&format!("{severity}, below --fail-on: {}", check.message)))
        }
        Outcome::Unknown => format!("<error type={rule} message={message}/>"),
    };
    format!("{head}>\n      {inner}\n    </testcase>\n")
}

/// The text as an attribute's value, with its quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", super::html::escaped(text))
}

#[cfg(test)]
mod tests;
