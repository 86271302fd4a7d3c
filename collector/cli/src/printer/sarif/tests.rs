//! The document held against what SARIF 2.1.0 asks of one (OASIS, sections 3.13
//! to 3.27).

use super::*;
use crate::printer::findings::tests::{HOSTILE, check, sample};

fn results(document: &Value) -> &Vec<Value> {
    document["runs"][0]["results"].as_array().unwrap()
}

/// The rules of the standard that readers stumble over.
fn assert_valid(document: &Value) {
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &document["runs"][0];
    assert_eq!(document["runs"].as_array().unwrap().len(), 1);
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "driftline");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
    }
    for one in results(document) {
        let index = usize::try_from(one["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], one["ruleId"]);
        assert!(["error", "warning", "note"].contains(&one["level"].as_str().unwrap()));
        assert!(!one["message"]["text"].as_str().unwrap().is_empty());
        assert_eq!(one["partialFingerprints"]["driftline/v1"].as_str().unwrap().len(), 64);
        for location in one["locations"].as_array().unwrap() {
            assert!(location["logicalLocations"][0]["fullyQualifiedName"].is_string());
            if let Some(physical) = location.get("physicalLocation") {
                let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
                assert!(!uri.contains(' ') && uri.is_ascii(), "{uri}");
                assert!(physical.get("region").is_none_or(|region| region["startLine"].as_u64() >= Some(1)));
            }
        }
    }
}

#[test]
fn the_document_keeps_the_rules_that_matter() {
    let document = render(&sample());
    assert_valid(&document);
    let levels: Vec<_> = results(&document).iter().map(|one| one["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "warning", "note", "warning"]);
}

#[test]
fn a_finding_in_a_file_has_its_line() {
    let document = render(&sample());
    let physical = &results(&document)[0]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "deploy/a%20b.env");
    assert_eq!(physical["region"]["startLine"], 7);
    let physical = &results(&document)[1]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "file://web-1/srv/app/.env");
    assert!(physical.get("region").is_none());
}

#[test]
fn j9_what_could_not_be_checked_is_a_result_and_no_success() {
    let document = render(&sample());
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "not checked: web-9 (silent)");
    assert_eq!(results(&document)[3]["ruleId"], "undetermined");
    let clean = render(&Findings { checks: vec![check("A", "equal", Outcome::Passed)], ..Findings::default() });
    assert_valid(&clean);
    assert_eq!(clean["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert!(results(&clean).is_empty());
}

#[test]
fn a_hostile_key_stays_a_text() {
    let failed = Outcome::Failed { severity: Severity::Critical, fails: true };
    let document = render(&Findings { checks: vec![check(HOSTILE, "differs", failed)], ..Findings::default() });
    assert_valid(&document);
    let text = document.to_string();
    assert!(!text.contains('\u{1b}') && !text.contains("\\u001b") && !text.contains('\u{202e}'), "{text}");
}
