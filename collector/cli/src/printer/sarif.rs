//! Findings as SARIF 2.1.0 (OASIS), for code scanning and editors.
//!
//! What could not be checked is a result too, and makes the invocation one
//! that did not succeed: it is never green.

use serde_json::{Value, json};

use super::findings::{Check, Findings, Outcome, meaning};
use super::text;
use driftline_compare::Severity;

/// The schema that OASIS publishes.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings as one document.
#[must_use]
pub fn render(findings: &Findings) -> Value {
    let rules = findings.rules();
    let results = findings.checks.iter().filter_map(|check| result(check, &rules));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "driftline",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("driftline/{}", findings.title) },
            "columnKind": "utf16CodeUnits",
            "invocations": [{
                "executionSuccessful": !findings.is_inconclusive(),
                "toolExecutionNotifications": findings.unchecked.iter().map(|one| notification(one)).collect::<Vec<_>>(),
            }],
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(id: &str) -> Value {
    json!({ "id": id, "shortDescription": { "text": meaning(id) } })
}

fn notification(text: &str) -> Value {
    json!({ "level": "error", "message": { "text": format!("not checked: {}", text::safe(text)) } })
}

fn result(check: &Check, rules: &[&str]) -> Option<Value> {
    let level = match check.outcome {
        Outcome::Passed => return None,
        Outcome::Unknown => "warning",
        Outcome::Failed { severity: Severity::Critical, .. } => "error",
        Outcome::Failed { severity: Severity::Warning, .. } => "warning",
        Outcome::Failed { severity: Severity::Info, .. } => "note",
    };
    let name = format!("{}/{}", check.group, check.key);
    let mut location = json!({ "logicalLocations": [{
        "name": text::safe(&check.key),
        "fullyQualifiedName": text::safe(&name),
        "kind": "member",
    }]});
    if let Some(place) = &check.place {
        let mut physical = json!({ "artifactLocation": { "uri": place.uri() } });
        if let Some(line) = place.line {
            physical["region"] = json!({ "startLine": line });
        }
        location["physicalLocation"] = physical;
    }
    Some(json!({
        "ruleId": check.rule,
        "ruleIndex": rules.iter().position(|id| *id == check.rule),
        "level": level,
        "message": { "text": plain(&check.message) },
        "locations": [location],
        "partialFingerprints": { "driftline/v1": check.fingerprint() },
    }))
}

/// A message without the markup of SARIF (2.1.0, 3.11.5 and 3.11.6): links and
/// places to fill in.
fn plain(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for c in text::safe(message).chars() {
        match c {
            '[' | ']' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
