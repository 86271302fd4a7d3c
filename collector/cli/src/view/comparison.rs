//! A comparison as an operations lead needs it: the share that differs, then
//! key, both sides, severity and what would bring them together.

use std::collections::BTreeSet;

use driftline_api::SCHEMA_VERSION;
use driftline_api::compare::{Cell, CellState, Comparison, Difference, Group};
use driftline_compare::compare::{self, Comparison as Judged};

use super::{HIDDEN, NONE, count, severity, shown};
use crate::exit::{Exit, FailOn};
use crate::printer::document::{Document, Row, Table};

/// The comparison as a document.
#[must_use]
pub fn document(comparison: &Comparison) -> Document {
    let title = format!("{} against {}", side(comparison, true), side(comparison, false));
    let mut document = Document::default().heading(title).text(summary(comparison));
    document = left_out(comparison).into_iter().fold(document, Document::text);
    let (meant, found): (Vec<_>, Vec<_>) = comparison.differences.iter().partition(|one| one.meant.is_some());
    let (metadata, settings): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.metadata);
    if !settings.is_empty() {
        document = document.table(table(comparison, &settings));
    }
    for (heading, rows) in [("Beside the settings", metadata), ("Meant", meant)] {
        if !rows.is_empty() {
            document = document.heading(heading).table(table(comparison, &rows));
        }
    }
    document
}

/// How a comparison ends the program.
#[must_use]
pub fn exit(comparison: &Comparison, fail_on: FailOn) -> Exit {
    let findings = comparison.differences.iter().filter(|one| one.is_finding());
    let worst = findings.map(|one| severity(&one.severity)).max();
    let unknown = comparison.undetermined > 0 || comparison.differences.iter().any(|one| one.what == "undetermined");
    let nobody = comparison.left_hosts == 0 || comparison.right_hosts == 0;
    // Nothing to compare, or nobody there to ask, is no proof of anything.
    let unchecked = comparison.keys == 0 || !comparison.unchecked.is_empty();
    Exit::of_drift(worst, unknown || nobody || unchecked, fail_on)
}

fn side(comparison: &Comparison, left: bool) -> String {
    let (name, hosts) =
        if left { (&comparison.left, comparison.left_hosts) } else { (&comparison.right, comparison.right_hosts) };
    if hosts == 1 { name.clone() } else { format!("{name} ({})", count(hosts.into(), "host", "hosts")) }
}

fn summary(comparison: &Comparison) -> String {
    let verb = if comparison.differing == 1 { "differs" } else { "differ" };
    let mut text = format!(
        "{} of {} {verb} ({} %).",
        comparison.differing,
        count(comparison.keys, "setting", "settings"),
        comparison.percent
    );
    for (count, said) in [
        (comparison.accepted, "accepted"),
        (comparison.expected, "expected to"),
        (comparison.violations, "as they must not be"),
    ] {
        if count > 0 {
            text.push_str(&format!(" {count} more: {said}."));
        }
    }
    if comparison.undetermined > 0 {
        text.push_str(&format!(" {} could not be compared.", comparison.undetermined));
    }
    if comparison.metadata_differing > 0 {
        let files = count(comparison.metadata_differing, "difference", "differences");
        text.push_str(&format!(" Beside the settings: {files}."));
    }
    text
}

/// What makes it less than a check, and what was not asked.
fn left_out(comparison: &Comparison) -> Vec<String> {
    let mut said = Vec::new();
    if !comparison.unchecked.is_empty() {
        said.push(format!("Not checked, or not as of now: {}.", comparison.unchecked.join(", ")));
    }
    if !comparison.uncovered.is_empty() {
        let sources = comparison.uncovered.join(", ");
        said.push(format!("Not compared, for the other side says nothing of it: {sources}."));
    }
    said
}

fn table(comparison: &Comparison, differences: &[&Difference]) -> Table {
    let places: BTreeSet<_> = comparison.differences.iter().map(|one| (&one.role, &one.source)).collect();
    let many = places.len() > 1;
    let mut titles = vec!["severity", "key", comparison.left.as_str(), comparison.right.as_str()];
    if many {
        titles.insert(1, "source");
    }
    let mut table = Table::new(&titles);
    table.note_title = "recommendation".to_owned();
    table.against = Some((titles.len() - 2, titles.len() - 1));
    table.rows = differences.iter().map(|one| row(one, many)).collect();
    table
}

fn row(one: &Difference, many: bool) -> Row {
    let word = match one.what.as_str() {
        _ if one.violation.is_some() => one.severity.as_str(),
        _ if one.meant.is_some() => "meant",
        "undetermined" => "unknown",
        "equal" => "equal",
        _ => one.severity.as_str(),
    };
    let mut cells = vec![word.to_owned(), one.key.clone(), cell(&one.left), cell(&one.right)];
    if many {
        cells.insert(1, format!("{}/{}", one.role, one.source));
    }
    let advice = (!one.recommendation.is_empty()).then_some(&one.recommendation);
    let note = one.meant.as_ref().or(advice).cloned();
    Row { cells, note, severity: Some(severity(&one.severity)) }
}

fn cell(cell: &Cell) -> String {
    match cell.state {
        CellState::Missing => NONE.to_owned(),
        CellState::Unknown => "(unreadable)".to_owned(),
        CellState::Value => cell.display.as_deref().map_or_else(|| HIDDEN.to_owned(), shown),
        CellState::Split => cell.groups.iter().map(share).collect::<Vec<_>>().join(" | "),
    }
}

fn share(group: &Group) -> String {
    let what = match &group.display {
        _ if group.missing => NONE.to_owned(),
        Some(display) => shown(display),
        None => HIDDEN.to_owned(),
    };
    format!("{what} x{}", group.count)
}

/// A comparison made here in the shape that the collector answers with.
#[must_use]
pub fn of_judged(judged: &Judged, left: &str, right: &str) -> Comparison {
    Comparison {
        schema_version: SCHEMA_VERSION,
        left: left.to_owned(),
        right: right.to_owned(),
        left_hosts: judged.left_hosts,
        right_hosts: judged.right_hosts,
        keys: judged.keys,
        differing: judged.differing,
        accepted: judged.accepted,
        expected: judged.expected,
        violations: judged.violations,
        undetermined: judged.undetermined,
        percent: judged.percent(),
        unchecked: Vec::new(),
        uncovered: Vec::new(),
        metadata_differing: judged.metadata_differing,
        differences: judged.differences.iter().map(difference).collect(),
    }
}

fn difference(one: &compare::Difference) -> Difference {
    Difference {
        role: one.role.clone(),
        source: one.source.to_string(),
        kind: one.kind.to_string(),
        key: one.key.to_string(),
        what: one.what.to_string(),
        left: of_cell(&one.left),
        right: of_cell(&one.right),
        severity: one.severity.to_string(),
        class: one.class.to_string(),
        recommendation: one.recommendation.clone(),
        metadata: one.metadata,
        // Nothing is accepted or expected without a collector.
        meant: None,
        meant_kind: None,
        violation: one.violation.clone(),
    }
}

fn of_cell(cell: &compare::Cell) -> Cell {
    let state = match cell.state {
        compare::CellState::Value => CellState::Value,
        compare::CellState::Missing => CellState::Missing,
        compare::CellState::Split => CellState::Split,
        compare::CellState::Unknown => CellState::Unknown,
    };
    let groups = cell.groups.iter().map(|group| Group {
        hosts: group.hosts.iter().map(ToString::to_string).collect(),
        count: group.count,
        display: group.display.clone(),
        missing: group.missing,
    });
    Cell { state, display: cell.display.clone(), secret: cell.secret, groups: groups.collect(), at: None }
}

#[cfg(test)]
mod tests;
