//! Workflow commands as the runner reads them back.

use super::*;
use crate::printer::findings::tests::{HOSTILE, check, sample};

#[test]
fn findings_are_annotated_by_what_they_do_to_the_check() {
    let said = annotations(&sample());
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "::error title=not checked::web-9 (silent)");
    assert!(
        lines[1].starts_with("::error file=./deploy/a b.env,line=7,title=DB_HOST differs::Sync 'DB_HOST'"),
        "{said}"
    );
    // A file of a host is not one of the repository.
    assert!(lines[2].starts_with("::warning title=DB_TIMEOUT split::"), "{said}");
    assert!(lines[3].starts_with("::notice title=LOG missing_left::"), "{said}");
    assert!(lines[4].starts_with("::error title=X undetermined::"), "{said}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_hostile_text_is_no_command_of_its_own() {
    let failed = Went::Failed { severity: Severity::Critical, fails: true };
    let mut one = check("A\n::set-output name=x::y", "differs", failed);
    one.message = format!("50 %0A::error::\r\n{HOSTILE}");
    let said = annotations(&Findings { checks: vec![one], ..Findings::default() });
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("50 %250A"), "{said}");
    assert!(said.starts_with("::error title=A\\n%3A%3Aset-output name=x%3A%3Ay differs::"), "{said}");
}

#[test]
fn a_thousand_findings_are_fifty_and_a_word_on_the_rest() {
    let failed = Went::Failed { severity: Severity::Info, fails: true };
    let checks = (0..1000).map(|n| check(&format!("K{n}"), "differs", failed)).collect();
    let said = annotations(&Findings { checks, ..Findings::default() });
    assert_eq!(said.lines().count(), ANNOTATIONS_MAX + 1);
    assert!(said.ends_with("::notice title=driftline::950 more findings are in the summary\n"));
}

#[test]
fn only_the_word_true_means_that_github_runs_it() {
    let with = |value: &'static str| Github::of(move |name| (name == "GITHUB_ACTIONS").then(|| value.into()));
    assert!(with("true").annotates);
    assert!(!with("1").annotates && !with("").annotates && !Github::of(|_| None).annotates);
    assert_eq!(Github::of(|_| Some("".into())).summary, None);
}

#[test]
fn the_summary_is_appended_and_never_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.md");
    append(&path, "## one").unwrap();
    append(&path, &"é | row\n".repeat(200_000)).unwrap();
    let text = String::from_utf8(crate::input::read_limited(&path, 4 << 20).unwrap()).unwrap();
    assert!(text.starts_with("## one\né | row\n"));
    assert!(text.len() < 1024 * 1024 && text.ends_with("it would not fit.\n"));
    assert!(append(folder.path(), "x").is_err());
}
