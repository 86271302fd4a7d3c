//! A report as rows of one table, for spreadsheets: each says which part it is
//! of.

use driftline_api::change::Change;
use driftline_api::host::Host;

use super::Audit;
use crate::view::changes::what;

/// Titles of the columns.
pub const TITLES: [&str; 10] =
    ["part", "time", "environment", "host", "source", "key", "severity", "verdict", "what", "id"];

/// The rows: what the report lacks, every change, and what else it has.
#[must_use]
pub fn rows(audit: &Audit, changes: &[Change]) -> Vec<Vec<String>> {
    let lacking = |lack: &String| row(["lacking", &audit.made_at, "", "", "", "", "", "", lack, ""]);
    let mut rows: Vec<Vec<String>> = audit.lacking.iter().map(lacking).collect();
    rows.extend(changes.iter().map(change));
    rows.extend(audit.hosts.iter().map(coverage));
    rows.extend(audit.history.iter().map(|history| {
        let said = match &history.reason {
            _ if history.intact => format!("whole: {} entries, head {}", history.entries, history.head),
            reason => format!("broken after {} entries: {}", history.entries, reason.as_deref().unwrap_or_default()),
        };
        row(["history", &audit.made_at, "", "", "", "", "", "", &said, ""])
    }));
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

fn coverage(one: &Host) -> Vec<String> {
    let what = format!(
        "{}; {} sources, {} degraded, {} problems",
        one.status, one.sources, one.degraded_sources, one.problems
    );
    let seen = one.last_seen.as_deref().unwrap_or_default();
    row(["coverage", seen, &one.environment, &one.host, "", "", "", "", &what, ""])
}
