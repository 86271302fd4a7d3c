//! A stretch of time as an auditor asks for it, in one document.
//!
//! It counts and arranges what the collector said, and judges nothing. What
//! could not be had is said, never left out.

mod rows;

use std::collections::BTreeMap;

use driftline_api::change::{Beginning, Change, Event, Verification};
use driftline_api::host::Host;
use driftline_api::report::Report;
use driftline_compare::Severity;
use serde::{Deserialize, Serialize};

use super::{count, severity};
use crate::printer::chart::{self, Chart, Point};
use crate::printer::document::{Block, Document, Row, Table};
use crate::time_text;
pub use rows::{TITLES, rows};

/// Changes that are listed one by one. A page of more is read by nobody; the
/// counts are of all of them, and `csv` has each.
pub const LISTED_MAX: usize = 500;

/// Everything of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Version of its shape.
    pub schema_version: u32,
    /// Not before.
    pub from: String,
    /// Not after.
    pub to: String,
    /// When it was made.
    pub made_at: String,
    /// The environment, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Changes by verdict and severity.
    pub verdicts: Vec<Verdict>,
    /// What did not come through CI/CD, newest first, at most [`LISTED_MAX`].
    pub out_of_band: Vec<Change>,
    /// Open drift.
    pub drift: Vec<Drift>,
    /// Differences that are meant.
    pub acceptances: Vec<Acceptance>,
    /// What scheduled scans found, oldest first.
    pub scans: Vec<Report>,
    /// Hosts, and what of them is watched.
    pub hosts: Vec<Host>,
    /// Times in which changes may have gone unseen, and other incidents.
    pub gaps: Vec<Event>,
    /// Whether the history is whole.
    pub history: Option<Verification>,
    /// What this report lacks, and why.
    pub lacking: Vec<String>,
}

/// Changes of one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which.
    pub verdict: String,
    /// How many are critical.
    pub critical: u64,
    /// How many are warnings.
    pub warning: u64,
    /// How many are informative.
    pub info: u64,
}

/// An open difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// How to ask for its story.
    pub id: String,
    /// Environment.
    pub environment: String,
    /// Role.
    pub role: String,
    /// Source.
    pub source: String,
    /// Key.
    pub key: String,
    /// Held against what.
    pub rule: String,
    /// How much it matters.
    pub severity: String,
    /// Since when.
    pub opened_at: String,
}

/// A difference that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Its number.
    pub id: String,
    /// What it covers.
    pub covers: String,
    /// `valid`, `expired` or `revoked`.
    pub status: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub expires_at: String,
}

/// Changes by verdict and severity, the verdicts sorted.
#[must_use]
pub fn verdicts<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<Verdict> {
    let mut by: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for change in changes {
        let at = match severity(&change.severity) {
            Severity::Critical => 0,
            Severity::Warning => 1,
            Severity::Info => 2,
        };
        by.entry(&change.verdict).or_default()[at] += 1;
    }
    let verdict = |(verdict, [critical, warning, info]): (&str, [u64; 3])| Verdict {
        verdict: verdict.to_owned(),
        critical,
        warning,
        info,
    };
    by.into_iter().map(verdict).collect()
}

/// Whether a change did not come as it should.
#[must_use]
pub fn is_notable(change: &Change) -> bool {
    matches!(change.verdict.as_str(), "out_of_band" | "content_mismatch")
}

/// The report as a document.
#[must_use]
pub fn document(audit: &Audit) -> Document {
    let whose = audit.environment.as_deref().unwrap_or("all environments");
    let mut document = Document::default().heading(format!("Drift report: {whose}")).facts([
        ("from (utc)", time_text::short(&audit.from)),
        ("to (utc)", time_text::short(&audit.to)),
        ("made (utc)", time_text::short(&audit.made_at)),
    ]);
    for lack in &audit.lacking {
        document = document.text(format!("Not in this report: {lack}."));
    }
    let parts = [changes, out_of_band, drift, trend, acceptances, coverage, gaps, history];
    parts.into_iter().fold(document, |document, part| part(audit, document))
}

fn changes(audit: &Audit, document: Document) -> Document {
    let document = document.heading("Changes");
    let total: u64 = audit.verdicts.iter().map(|one| one.critical + one.warning + one.info).sum();
    let document = document.text(format!("{} in this time, by verdict.", count(total, "change", "changes")));
    if audit.verdicts.is_empty() {
        return document;
    }
    let mut table = Table::new(&["verdict", "critical", "warning", "info", "all"]);
    for one in &audit.verdicts {
        let all = one.critical + one.warning + one.info;
        let numbers = [one.critical, one.warning, one.info, all].map(|number| number.to_string());
        table.row(std::iter::once(one.verdict.replace('_', " ")).chain(numbers));
    }
    document.table(table)
}

fn out_of_band(audit: &Audit, document: Document) -> Document {
    let document = document.heading("Around CI/CD");
    if audit.out_of_band.is_empty() {
        let document = document.text("No change is out-of-band or of another content than was declared.");
        let undetermined = audit.verdicts.iter().filter(|one| one.verdict == "undetermined");
        let undetermined: u64 = undetermined.map(|one| one.critical + one.warning + one.info).sum();
        if undetermined == 0 {
            return document;
        }
        let said = count(undetermined, "change is undetermined", "changes are undetermined");
        return document.text(format!("Of {said} nobody can say: nothing was declared to judge by."));
    }
    let found = super::changes::document(&audit.out_of_band);
    let document = found.blocks.into_iter().fold(document, Document::block);
    if audit.out_of_band.len() < LISTED_MAX {
        return document;
    }
    document.text(format!("The latest {LISTED_MAX} are listed; `--output csv` has each."))
}

fn drift(audit: &Audit, document: Document) -> Document {
    let document = document.heading("Open drift");
    if audit.drift.is_empty() {
        return document.text("None is open.");
    }
    let mut table = Table::new(&["severity", "where", "key", "against", "open since (utc)", "id"]);
    table.rows = audit.drift.iter().map(drift_row).collect();
    document.table(table)
}

fn drift_row(one: &Drift) -> Row {
    let since = time_text::short(&one.opened_at);
    let place = format!("{}/{}/{}", one.environment, one.role, one.source);
    let cells = [&one.severity, &place, &one.key, &one.rule, &since, &one.id].map(Clone::clone).to_vec();
    Row { cells, note: None, severity: Some(severity(&one.severity)) }
}

fn trend(audit: &Audit, document: Document) -> Document {
    let mut document = document.heading("Trend");
    let charts = charts(&audit.scans);
    if charts.is_empty() {
        return document.text(
            "No scan is scheduled: `[[schedule]]` in the policy compares environments, or hosts with their \
             baseline, at set times.",
        );
    }
    for chart in charts {
        document = document.block(Block::Chart(chart));
    }
    let unchecked = |one: &Report| one.found.as_ref().map_or(0, |found| found.unchecked);
    let is_odd = |one: &&Report| one.failed.is_some() || one.missed > 0 || unchecked(one) > 0;
    let odd: Vec<&Report> = audit.scans.iter().filter(is_odd).collect();
    if odd.is_empty() {
        return document;
    }
    let mut table = Table::new(&["due (utc)", "schedule", "what was not found"]);
    for one in odd {
        let missed = count(one.missed.into(), "run before it was missed", "runs before it were missed");
        let left_out = count(unchecked(one), "host was not checked", "hosts were not checked");
        let what = [one.failed.clone(), (unchecked(one) > 0).then_some(left_out), (one.missed > 0).then_some(missed)];
        table.row([
            time_text::short(&one.due_at),
            one.schedule.clone(),
            what.into_iter().flatten().collect::<Vec<_>>().join("; "),
        ]);
    }
    document.table(table)
}

/// One chart for each schedule.
fn charts(scans: &[Report]) -> Vec<Chart> {
    let mut charts: BTreeMap<&str, Chart> = BTreeMap::new();
    for one in scans {
        let chart = charts.entry(&one.schedule).or_default();
        chart.title = chart_title(one);
        let tenths = one.found.as_ref().and_then(|found| chart::tenths(&found.percent));
        chart.points.push(Point { label: time_text::short(&one.ran_at), tenths });
    }
    charts.into_values().collect()
}

fn chart_title(one: &Report) -> String {
    let Report { schedule, left, right, .. } = one;
    match left.strip_prefix("baseline:") {
        Some(of) if of == right => format!("{schedule}: settings of {of} that are not as its baseline has them"),
        _ => format!("{schedule}: settings of {left} and {right} that differ"),
    }
}

fn acceptances(audit: &Audit, document: Document) -> Document {
    let document = document.heading("Accepted differences");
    if audit.acceptances.is_empty() {
        return document.text("None.");
    }
    let mut table = Table::new(&["what", "owner", "until (utc)", "status", "id"]);
    table.note_title = "reason".to_owned();
    table.rows = audit.acceptances.iter().map(acceptance_row).collect();
    document.table(table)
}

fn acceptance_row(one: &Acceptance) -> Row {
    let until = time_text::short(&one.expires_at);
    let cells = vec![one.covers.clone(), one.owner.clone(), until, one.status.clone(), one.id.clone()];
    Row { cells, note: Some(one.reason.clone()), severity: None }
}

fn coverage(audit: &Audit, document: Document) -> Document {
    let found = super::hosts::document(&audit.hosts, audit.made_at.parse().unwrap_or_default());
    let document = document.heading("Coverage");
    found.blocks.into_iter().fold(document, Document::block)
}

fn gaps(audit: &Audit, document: Document) -> Document {
    let document = document.heading("Gaps and incidents");
    if audit.gaps.is_empty() && !audit.lacking.is_empty() {
        return document.text("None is known; what this report lacks is named at its top.");
    }
    if audit.gaps.is_empty() {
        return document.text("No gap: nothing says that a change may have gone unseen.");
    }
    super::changes::events(&audit.gaps).blocks.into_iter().fold(document, Document::block)
}

fn history(audit: &Audit, document: Document) -> Document {
    let document = document.heading("The history");
    let Some(history) = &audit.history else { return document.text("It could not be proven.") };
    let entries = count(history.entries, "entry", "entries");
    let said = match (&history.reason, history.intact) {
        (_, true) => format!("Whole: {entries}, each holding to the one before."),
        (reason, false) => format!("Broken after {entries}: {}", reason.as_deref().unwrap_or("no reason was given")),
    };
    let document = match &history.begins {
        Some(begins) => document.text(said).text(beginning(begins)),
        None => document.text(said),
    };
    document.facts([("head", history.head.clone())]).text(
        "The head covers every entry, those of this report among them. To prove it without believing \
         the collector: `driftline verify --export history.ndjson`, then `driftline verify --file history.ndjson \
         --head HEAD`, which recomputes every hash on another machine.",
    )
}

/// Where a history begins whose oldest entries were removed.
#[must_use]
pub fn beginning(begins: &Beginning) -> String {
    let Beginning { first, removed, beside, days, policy, announced_by, .. } = begins;
    let kept = match beside {
        0 => String::new(),
        some => format!("; {} from before are kept beside it, unproven", count(*some, "entry", "entries")),
    };
    format!(
        "It begins at entry {first}, recorded {} (utc). {} from before were removed, the last on {}, as policy {policy} \
         keeps {days} days; entry {announced_by} says so{kept}.",
        time_text::short(&begins.at),
        count(*removed, "entry", "entries"),
        time_text::short(&begins.cut_at),
    )
}

#[cfg(test)]
mod tests;
