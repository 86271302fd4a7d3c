//! A report as rows of one table, for spreadsheets: each says which part it is
//! of.

use driftline_api::change::Change;

use super::Audit;
use crate::view::changes::what;

/// Titles of the columns.
pub const TITLES: [&str; 10] =
    ["part", "time", "environment", "host", "source", "key", "severity", "verdict", "what", "id"];

/// The rows: every change, and what else the report has.
#[must_use]
pub fn rows(audit: &Audit, changes: &[Change]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = changes.iter().map(change).collect();
    rows.extend(audit.drift.iter().map(|one| {
        row([
            "drift",
            &one.opened_at,
            &one.environment,
            &one.role,
            &one.source,
            &one.key,
            &one.severity,
            "",
            &one.rule,
            &one.id,
        ])
    }));
    rows.extend(audit.acceptances.iter().map(|one| {
        let what = format!("{}; owner {}", one.reason, one.owner);
        row(["acceptance", &one.expires_at, "", "", "", &one.covers, "", "", &what, &one.id])
    }));
    rows.extend(audit.scans.iter().map(|one| {
        let what = match (&one.found, &one.failed) {
            (Some(found), _) => format!("{} % ({} of {})", found.percent, found.differing, found.keys),
            (None, failed) => failed.clone().unwrap_or_default(),
        };
        let sides = format!("{} against {}", one.left, one.right);
        row(["scan", &one.ran_at, &sides, "", &one.schedule, "", "", "", &what, &one.number.to_string()])
    }));
    rows.extend(audit.gaps.iter().map(|one| {
        let [environment, host, source] =
            [&one.environment, &one.host, &one.source].map(|name| name.as_deref().unwrap_or(""));
        row([
            "gap",
            &one.at,
            environment,
            host,
            source,
            "",
            &one.severity,
            &one.what,
            &one.message,
            &one.id.to_string(),
        ])
    }));
    rows
}

fn row(cells: [&str; 10]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

fn change(one: &Change) -> Vec<String> {
    let (what, id) = (what(one), one.id.to_string());
    row([
        "change",
        &one.observed_at,
        &one.environment,
        &one.host,
        &one.source,
        &one.key,
        &one.severity,
        &one.verdict,
        &what,
        &id,
    ])
}
