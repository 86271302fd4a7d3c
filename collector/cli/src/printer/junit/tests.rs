//! The document read back by Python's parser of XML.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::printer::findings::tests::{HOSTILE, check, sample};
use driftline_compare::Severity;

/// Suites with their counts, cases with what is in them, as Python reads them.
fn parsed(document: &str) -> serde_json::Value {
    const READ: &str = "import json, sys, xml.etree.ElementTree as tree\n\
        root = tree.fromstring(sys.stdin.buffer.read())\n\
        case = lambda one: [one.get('classname'), one.get('name'), [[c.tag, c.get('message')] for c in one]]\n\
        suite = lambda one: [one.get('name'), one.attrib, [case(c) for c in one.findall('testcase')]]\n\
        print(json.dumps([root.attrib, [suite(one) for one in root.findall('testsuite')]]))\n";
    let mut command = Command::new("python3");
    let mut child =
        command.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{document}\n{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn every_key_is_a_case_and_the_counts_are_those_of_the_cases() {
    let read = parsed(&render(&sample()));
    let counts = |at: &serde_json::Value| {
        ["tests", "failures", "errors", "skipped"].map(|name| at[name].as_str().unwrap().to_owned())
    };
    assert_eq!(counts(&read[0]), ["6", "2", "2", "1"]);
    let suites = read[1].as_array().unwrap();
    assert_eq!(suites.iter().map(|suite| suite[0].as_str().unwrap()).collect::<Vec<_>>(), ["web/app", "not checked"]);
    assert_eq!(counts(&suites[0][1]), ["5", "2", "1", "1"]);
    let cases = suites[0][2].as_array().unwrap();
    let tags: Vec<_> = cases.iter().map(|case| (case[1].as_str().unwrap(), case[2][0][0].as_str())).collect();
    assert_eq!(
        tags,
        [
            ("DB_HOST", Some("failure")),
            ("DB_TIMEOUT", Some("failure")),
            ("LOG", Some("skipped")),
            ("PORT", None),
            ("X", Some("error")),
        ]
    );
}

#[test]
fn j9_a_host_that_could_not_be_asked_is_an_error() {
    let read = parsed(&render(&sample()));
    let suite = &read[1][1];
    assert_eq!(suite[2][0][2][0], serde_json::json!(["error", "web-9 (silent)"]));
}

#[test]
fn a_hostile_key_stays_a_text() {
    let failed = Outcome::Failed { severity: Severity::Critical, fails: true };
    let hostile = Findings { title: HOSTILE.to_owned(), checks: vec![check(HOSTILE, HOSTILE, failed)], ..sample() };
    let read = parsed(&render(&hostile));
    let name = read[1][0][2][0][1].as_str().unwrap();
    assert!(name.contains("</td><script>alert(1)</script>\"'"), "{name}");
    assert!(!name.contains('\u{1b}') && name.contains("\\u{1b}[2J\\u{202e}&amp;"), "{name}");
}
